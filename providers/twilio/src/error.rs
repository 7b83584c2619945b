//! What Twilio's refusals mean to whoever ordered.

use cordboard::telephony::ErrorKind;
use cordboard_bridge::Refusal;
use http::Response;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    code: Option<u32>,
}

/// What an answer that is no success says.
pub(crate) fn refusal(response: &Response<Vec<u8>>) -> Refusal {
    // Bodies that are not JSON occur: the status says enough.
    let code = serde_json::from_slice::<Body>(response.body()).ok().and_then(|body| body.code);
    let mut refusal = Refusal::of(response);
    refusal.gone |= matches!(code, Some(20404 | 21220 | 16022));
    refusal.kind = code.and_then(of_code);
    refusal.code = code.map(|code| code.to_string());
    refusal
}

/// Twilio's codes. Source: twilio.com/docs/api/errors; what they ask for is our reading.
fn of_code(code: u32) -> Option<ErrorKind> {
    Some(match code {
        // The number, as it was typed.
        21211 | 21214 | 21217 | 13223 | 13224 => ErrorKind::InvalidNumber,
        // Not permitted: destination (geo permissions, block list, trial account), caller id.
        21203 | 21215 | 13227 | 21216 | 13225 | 21219 => ErrorKind::NotAllowed,
        21210 | 21212 | 13214 | 13247 => ErrorKind::NotAllowed,
        // What the operator has to set right, and no other number would help: account, credentials, application, webhook signature.
        10001 | 20005 | 20003 | 20006 | 20403 | 20008 | 21218 | 57012 => ErrorKind::Provider,
        // The conference is full.
        16020 => ErrorKind::TooManyCalls,
        // Too many at once, of the whole account.
        10004 | 16021 | 20429 => ErrorKind::RateLimited { retry_after: None },
        // The call, the leg or the conference is over.
        20404 | 21220 | 16022 => ErrorKind::NoSuchCall,
        16025 => ErrorKind::WrongState,
        // A token that was refused is made anew; a request that was refused for its form is a bug of ours; a webhook that
        // could not be reached or read is our server's.
        20101..=20107 | 20151..=20157 => ErrorKind::Provider,
        20001 | 20409 | 20422 | 20423 | 21201 | 21205 | 21206 | 21208 | 21213 | 21234 => ErrorKind::Provider,
        11200 | 11205 | 11206 | 11210 | 11220 | 12100 | 12200 | 12300 => ErrorKind::Provider,
        20500 | 20503 => ErrorKind::Provider,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard::telephony::Operation;
    use cordboard_bridge::{ApiError, Effect};

    fn answer(status: u16, body: &str) -> ApiError {
        let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        ApiError::Refused(refusal(&response))
    }

    fn coded(code: u32) -> ErrorKind {
        let body = format!(r#"{{"code":{code},"message":"m","more_info":"https://example.com","status":400}}"#);
        answer(400, &body).kind(Effect::Creates)
    }

    macro_rules! rows {
        ($($name:ident: $($code:literal)+ => $kind:expr;)+) => {
            $(#[test]
            fn $name() {
                for code in [$($code),+] {
                    assert_eq!(coded(code), $kind, "{code}");
                }
            })+
        };
    }

    rows! {
        account_not_active: 10001 20005 => ErrorKind::Provider;
        too_many_calls_at_once: 10004 => ErrorKind::RateLimited { retry_after: None };
        too_many_conference_joins_at_once: 16021 => ErrorKind::RateLimited { retry_after: None };
        unknown_parameters: 20001 => ErrorKind::Provider;
        not_authenticated: 20003 => ErrorKind::Provider;
        access_denied: 20006 20403 => ErrorKind::Provider;
        test_credentials: 20008 => ErrorKind::Provider;
        access_token: 20101 20102 20103 20104 20105 20106 20107 => ErrorKind::Provider;
        authentication: 20151 20152 20153 20154 20155 20156 20157 => ErrorKind::Provider;
        not_found: 20404 => ErrorKind::NoSuchCall;
        conflict_or_invalid: 20409 20422 20423 => ErrorKind::Provider;
        too_many_requests: 20429 => ErrorKind::RateLimited { retry_after: None };
        server_error: 20500 20503 => ErrorKind::Provider;
        no_to_no_from: 21201 21213 => ErrorKind::Provider;
        destination_not_enabled: 21203 21215 13227 => ErrorKind::NotAllowed;
        bad_url: 21205 => ErrorKind::Provider;
        bad_digits_or_timeout: 21206 21208 => ErrorKind::Provider;
        caller_id: 21210 21212 13214 13247 => ErrorKind::NotAllowed;
        to_invalid: 21211 21214 21217 13223 13224 => ErrorKind::InvalidNumber;
        to_blocked: 21216 13225 => ErrorKind::NotAllowed;
        bad_application: 21218 => ErrorKind::Provider;
        trial_account: 21219 => ErrorKind::NotAllowed;
        call_not_in_progress: 21220 => ErrorKind::NoSuchCall;
        bad_machine_detection: 21234 => ErrorKind::Provider;
        our_webhook: 11200 11205 11206 11210 11220 => ErrorKind::Provider;
        our_twiml: 12100 12200 12300 => ErrorKind::Provider;
        conference_full: 16020 => ErrorKind::TooManyCalls;
        conference_gone: 16022 => ErrorKind::NoSuchCall;
        label_in_use: 16025 => ErrorKind::WrongState;
        webhook_signature: 57012 => ErrorKind::Provider;
    }

    #[test]
    fn bodies_that_say_nothing_leave_the_status() {
        for body in ["", "<html>Bad gateway</html>", "[]", "null", "{\"code\":\"x\"}", "{\"code\":-1}", "\u{0}"] {
            assert_eq!(answer(401, body).kind(Effect::Creates), ErrorKind::Provider);
            assert_eq!(answer(403, body).kind(Effect::Creates), ErrorKind::NotAllowed);
            assert_eq!(answer(404, body).kind(Effect::Creates), ErrorKind::NoSuchCall);
            assert_eq!(answer(409, body).kind(Effect::Creates), ErrorKind::WrongState);
            assert_eq!(answer(400, body).kind(Effect::Creates), ErrorKind::Provider);
            assert_eq!(answer(429, body).kind(Effect::Creates), ErrorKind::RateLimited { retry_after: None });
            assert_eq!(answer(302, body).kind(Effect::Creates), ErrorKind::Provider);
        }
    }

    #[test]
    fn what_may_have_dialled_is_not_sent_again() {
        for error in [answer(500, ""), answer(503, r#"{"code":20503}"#), answer(408, ""), ApiError::NoAnswer] {
            assert_eq!(error.kind(Effect::Creates), ErrorKind::OutcomeUnknown);
            assert!(!error.may_repeat(Effect::Creates));
            assert!(error.may_repeat(Effect::Repeatable));
        }
        assert_eq!(ApiError::Garbled.kind(Effect::Creates), ErrorKind::OutcomeUnknown);
        assert!(answer(429, "").may_repeat(Effect::Creates));
        assert!(!answer(400, "").may_repeat(Effect::Repeatable));
    }

    #[test]
    fn a_dial_is_of_no_call_that_could_be_over() {
        let missing = || answer(404, r#"{"code":20404}"#);
        assert_eq!(missing().into_error(Effect::Creates, Operation::Dial, None).kind(), ErrorKind::Provider);
        assert_eq!(missing().into_error(Effect::Repeatable, Operation::Hold, None).kind(), ErrorKind::NoSuchCall);
    }

    #[test]
    fn an_error_has_the_code_and_one_line() {
        let error = answer(400, r#"{"code":21215}"#).into_error(Effect::Creates, Operation::Dial, None);
        assert_eq!(error.to_string(), "Dial failed: not allowed for this account (provider code 21215)");
        assert_eq!(error.provider_code(), Some("21215"));
        let error = answer(502, "").into_error(Effect::Repeatable, Operation::Hold, None);
        assert_eq!(error.provider_code(), Some("HTTP 502"));
    }
}
