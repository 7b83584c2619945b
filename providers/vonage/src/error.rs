//! What Vonage's refusals mean to whoever ordered.

use cordboard::telephony::ErrorKind;
use cordboard_bridge::Refusal;
use http::{Response, StatusCode};
use serde_json::Value;

/// What an answer that is no success says: a problem of RFC 7807, an older shape, the Numbers API's, or nothing at all.
pub(crate) fn refusal(response: &Response<Vec<u8>>) -> Refusal {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    // RFC 7807 has an address, whose last part says which problem it is.
    let slug = text("type").and_then(|kind| kind.rsplit(['/', '#']).next());
    let code = slug.or(text("error-code")).filter(|code| !code.is_empty() && code.len() <= 64);
    let parameter = invalid_parameters(&body).into_iter().find_map(of_parameter);
    let mut refusal = Refusal::of(response);
    // What is not in a state for an order has ended, as far as is known.
    refusal.gone |= matches!(response.status(), StatusCode::GONE | StatusCode::CONFLICT);
    refusal.kind = parameter.or(code.and_then(of_code));
    refusal.code = code.map(str::to_owned);
    refusal
}

/// The names of what was wrong, in either form.
fn invalid_parameters(body: &Value) -> Vec<&str> {
    match body.get("invalid_parameters") {
        Some(Value::Array(list)) => list.iter().filter_map(|item| item.get("name")?.as_str()).collect(),
        Some(Value::Object(fields)) => fields.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The numbers that an agent can choose; everything else in a request is ours.
fn of_parameter(name: &str) -> Option<ErrorKind> {
    match name.split(['[', '.']).next()? {
        "to" => Some(ErrorKind::InvalidNumber),
        "from" => Some(ErrorKind::NotAllowed),
        _ => None,
    }
}

/// The problems that Vonage documents. Source: developer.vonage.com/api-errors; what they ask for is our reading.
fn of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "unavailable-legal" | "forbidden" | "FORBIDDEN" => ErrorKind::NotAllowed,
        // What the operator has to set right, and no other number would help.
        "low-balance" | "unprovisioned" | "account-suspended" | "application-suspended" => ErrorKind::Provider,
        "unauthorized" | "UNAUTHORIZED" | "invalid-api-key" | "invalid-signature" | "jwt-expired" | "jwt-revoked" => {
            ErrorKind::Provider
        }
        "invalid-ip" | "multiple-auth-methods" => ErrorKind::Provider,
        "not-found" | "NOT_FOUND" | "invalid-id" => ErrorKind::NoSuchCall,
        "rate-limit" | "throttled" => ErrorKind::RateLimited { retry_after: None },
        "invalid-json" | "wrong-verb" | "accept-header" | "content-type-header" => ErrorKind::Provider,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard_bridge::{ApiError, Effect};

    fn answer(status: u16, body: &str) -> ApiError {
        let response = Response::builder().status(status).body(body.as_bytes().to_vec());
        ApiError::Refused(refusal(&response.unwrap()))
    }

    #[test]
    fn every_shape_is_read() {
        for (status, body, kind) in [
            (
                402,
                r#"{"type":"https://developer.nexmo.com/api-errors#low-balance","title":"Low balance"}"#,
                ErrorKind::Provider,
            ),
            (401, r#"{"type":"https://developer.vonage.com/api-errors/unauthorized"}"#, ErrorKind::Provider),
            (401, r#"{"type":"UNAUTHORIZED","error_title":"Unauthorized"}"#, ErrorKind::Provider),
            (404, r#"{"type":"NOT_FOUND","error_title":"Not Found"}"#, ErrorKind::NoSuchCall),
            (
                400,
                r#"{"type":"BAD_REQUEST","error_title":"Bad Request","invalid_parameters":{"to":"no"}}"#,
                ErrorKind::InvalidNumber,
            ),
            (
                400,
                r#"{"type":"x","invalid_parameters":[{"name":"to[0].number","reason":"no"}]}"#,
                ErrorKind::InvalidNumber,
            ),
            (400, r#"{"type":"x","invalid_parameters":[{"name":"from.number","reason":"no"}]}"#, ErrorKind::NotAllowed),
            (400, r#"{"type":"x","invalid_parameters":[{"name":"ncco","reason":"no"}]}"#, ErrorKind::Provider),
            (401, r#"{"error-code":"401","error-code-label":"authentication failed"}"#, ErrorKind::Provider),
            (420, r#"{"error-code":"420","error-code-label":"method failed"}"#, ErrorKind::Provider),
            (429, "", ErrorKind::RateLimited { retry_after: None }),
            (400, "", ErrorKind::Provider),
            (401, "", ErrorKind::Provider),
            (403, "", ErrorKind::NotAllowed),
            (404, "", ErrorKind::NoSuchCall),
            (409, "", ErrorKind::WrongState),
            (404, "<html>", ErrorKind::NoSuchCall),
            (400, r#"{"type":1,"invalid_parameters":[1,{"name":2}]}"#, ErrorKind::Provider),
        ] {
            assert_eq!(answer(status, body).kind(Effect::Creates), kind, "{status} {body}");
        }
    }

    #[test]
    fn a_call_that_may_have_been_made_is_not_made_again() {
        for error in [answer(500, ""), answer(503, r#"{"type":"x#low-balance"}"#), ApiError::NoAnswer] {
            assert_eq!(error.kind(Effect::Creates), ErrorKind::OutcomeUnknown);
            assert!(!error.may_repeat(Effect::Creates) && error.may_repeat(Effect::Repeatable));
        }
        assert!(answer(429, "").may_repeat(Effect::Creates));
    }

    #[test]
    fn what_is_over_is_gone() {
        for (status, gone) in [(404, true), (409, true), (410, true), (400, false), (401, false), (500, false)] {
            assert_eq!(answer(status, "").is_gone(), gone, "{status}");
        }
    }
}
