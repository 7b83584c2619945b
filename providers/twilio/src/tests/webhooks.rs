//! Webhooks: what is verified, what they say, and what must never panic.

use crate::signature::SigningKey;
use crate::webhook::decode;
use cordboard::Timestamp;
use cordboard::telephony::{Entry, Webhook, WebhookError, WebhookRequest};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_365_600_000);
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

fn key() -> SigningKey {
    SigningKey::AuthToken("0123456789abcdef".into())
}

fn post(path: &str, form: &[(&str, &str)]) -> Result<Webhook, WebhookError> {
    let url = format!("https://calls.example.com/webhooks/twilio/{path}");
    let pairs: Vec<(String, String)> =
        form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signature = key().sign(&url, &pairs);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [("content-type", FORM), ("x-twilio-signature", signature.as_str())];
    decode(&key(), NOW, &WebhookRequest { method: "POST", url: &url, headers: &headers, body: body.as_bytes() })
}

fn entry(webhook: Result<Webhook, WebhookError>) -> Entry {
    match webhook.unwrap() {
        Webhook::Report { mut entries, .. } => entries.remove(0),
        Webhook::Inbound { entry, .. } => entry,
    }
}

#[test]
fn the_same_fact_has_the_same_key_however_it_is_delivered() {
    let status = |form: &[(&str, &str)]| {
        let mut all = vec![("CallSid", "CA1"), ("CallStatus", "ringing")];
        all.extend(form);
        entry(post("call/c1/customer", &all)).key
    };
    assert_eq!(status(&[("SequenceNumber", "1")]), "call/CA1/1");
    assert_eq!(status(&[]), "call/CA1/ringing");
    // What a retry adds is in a header, and is missing from the first delivery.
    assert_eq!(status(&[("SequenceNumber", "1"), ("Timestamp", "Sun, 22 Nov 2026 16:38:25 +0000")]), "call/CA1/1");
    let left = [("ConferenceSid", "CF1"), ("StatusCallbackEvent", "participant-leave"), ("CallSid", "CA1")];
    assert_eq!(entry(post("conference/c1", &left)).key, "conference/CF1/participant-leave/CA1");
    let mut numbered = left.to_vec();
    numbered.push(("SequenceNumber", "4"));
    assert_eq!(entry(post("conference/c1", &numbered)).key, "conference/CF1/4");
    let recorded = [("RecordingSid", "RE1"), ("RecordingStatus", "completed"), ("RecordingDuration", "7")];
    assert_eq!(entry(post("recording/c1", &recorded)).key, "recording/RE1/completed");
}

#[test]
fn a_fact_is_dated_when_it_happened() {
    let at = |time: &str| {
        entry(post("call/c1/customer", &[("CallSid", "CA1"), ("CallStatus", "busy"), ("Timestamp", time)])).at
    };
    assert_eq!(at("Sun, 22 Nov 2026 16:39:45 +0000"), Timestamp::from_millis(1_795_365_585_000));
    // Nothing is on its way for so long: this machine's clock is fast, and ten minutes would be lost of the call.
    assert_eq!(at("Sun, 22 Nov 2026 16:30:00 +0000"), NOW);
    // Not in the future, and not to the second when it is as good as now.
    assert_eq!(at("Sun, 22 Nov 2026 16:50:00 +0000"), NOW);
    assert_eq!(at("Sun, 22 Nov 2026 16:39:58 +0000"), NOW);
    assert_eq!(at("yesterday"), NOW);
}

#[test]
fn an_inbound_call_is_named_after_its_leg() {
    let webhook = post("inbound", &[("CallSid", "CA1"), ("From", "+16175550142"), ("To", "+16175550190")]).unwrap();
    let Webhook::Inbound { call, entry } = webhook else { panic!("it is a call") };
    assert_eq!((call.id.as_str(), entry.key.as_str()), ("CA1", "inbound/CA1"));
    assert!(call.from.is_some() && entry.body.contains(r#""fact":"arrived""#));
    for from in ["", "anonymous", "client:alex", "sip:a@x.example", "+1"] {
        let webhook = post("inbound", &[("CallSid", "CA1"), ("From", from), ("To", "+16175550190")]).unwrap();
        let Webhook::Inbound { call, .. } = webhook else { panic!("it is a call") };
        assert_eq!(call.from, None, "{from}");
    }
    assert_eq!(post("inbound", &[("CallSid", "CA1"), ("To", "x")]), Err(WebhookError::Malformed { field: "To" }));
}

#[test]
fn what_is_not_there_is_refused() {
    let status = [("CallSid", "CA1"), ("CallStatus", "ringing")];
    for path in [
        "",
        "x",
        "call/c1",
        "call/c1/nobody",
        "call/c1/customer/x",
        "call//customer",
        "call/a%2Fb/customer",
        "../inbound",
    ] {
        assert_eq!(post(path, &status), Err(WebhookError::UnknownPath), "{path}");
    }
    let malformed = |field| Err(WebhookError::Malformed { field });
    assert_eq!(post("call/c1/customer", &[("CallStatus", "ringing")]), malformed("CallSid"));
    assert_eq!(post("call/c1/customer", &[("CallSid", "../x"), ("CallStatus", "ringing")]), malformed("CallSid"));
    assert_eq!(post("call/c1/customer", &[("CallSid", "CA1")]), malformed("CallStatus"));
    assert_eq!(post("call/c1/customer", &[("CallSid", "CA1"), ("CallStatus", "x")]), malformed("CallStatus"));
    assert_eq!(post("conference/c1", &[("ConferenceSid", "CF1")]), malformed("StatusCallbackEvent"));
}

#[test]
fn only_what_twilio_signed_is_read() {
    let url = "https://calls.example.com/webhooks/twilio/inbound";
    let body = b"CallSid=CA1&To=%2B16175550190";
    let form = [("CallSid".to_owned(), "CA1".to_owned()), ("To".to_owned(), "+16175550190".to_owned())];
    let right = key().sign(url, &form);
    let ask = |url: &str, headers: &[(&str, &str)], body: &[u8]| {
        decode(&key(), NOW, &WebhookRequest { method: "POST", url, headers, body })
    };
    assert!(ask(url, &[("content-type", FORM), ("x-twilio-signature", &right)], body).is_ok());
    let refused = Err(WebhookError::BadSignature);
    assert_eq!(ask(url, &[("content-type", FORM)], body), refused);
    // Two signatures are none.
    let two = [("content-type", FORM), ("x-twilio-signature", right.as_str()), ("x-twilio-signature", "x")];
    assert_eq!(ask(url, &two, body), refused);
    assert_eq!(ask(url, &[("content-type", FORM), ("x-twilio-signature", &right)], b"CallSid=CA2"), refused);
    // The same bytes under another name are not a form, and no body's hash was signed.
    assert_eq!(ask(url, &[("content-type", "text/plain"), ("x-twilio-signature", &right)], body), refused);
    let other = "https://evil.example.com/webhooks/twilio/inbound";
    assert_eq!(ask(other, &[("content-type", FORM), ("x-twilio-signature", &right)], body), refused);
    // A shared key that is configured is the only one, whatever a header asks for.
    let shared = SigningKey::SharedKey("0123456789abcdef".into());
    let headers = [
        ("content-type", FORM),
        ("x-twilio-signature", right.as_str()),
        ("x-twilio-webhooks-signature-settings", "algorithm=HMAC_SHA1"),
    ];
    assert_eq!(decode(&shared, NOW, &WebhookRequest { method: "POST", url, headers: &headers, body }), refused);
    let signature = shared.sign(url, &form);
    let headers = [("content-type", FORM), ("x-twilio-signature", signature.as_str())];
    assert!(decode(&shared, NOW, &WebhookRequest { method: "POST", url, headers: &headers, body }).is_ok());
}

#[test]
fn the_fields_of_a_get_are_in_its_address() {
    let url = "https://calls.example.com/webhooks/twilio/call/c1/customer?CallSid=CA1&CallStatus=busy";
    let signature = key().sign(url, &[]);
    let headers = [("x-twilio-signature", signature.as_str())];
    let webhook = decode(&key(), NOW, &WebhookRequest { method: "GET", url, headers: &headers, body: b"" });
    assert_eq!(entry(webhook).key, "call/CA1/busy");
}

#[test]
fn a_long_body_is_not_read() {
    let body = vec![b'a'; 10 << 20];
    let headers = [("content-type", FORM), ("x-twilio-signature", "x")];
    let url = "https://calls.example.com/webhooks/twilio/inbound";
    let webhook = decode(&key(), NOW, &WebhookRequest { method: "POST", url, headers: &headers, body: &body });
    assert_eq!(webhook, Err(WebhookError::Malformed { field: "body" }));
}

proptest! {
    #[test]
    fn garbage_never_panics(url in ".{0,80}", body in proptest::collection::vec(any::<u8>(), 0..200), signature in ".{0,40}") {
        let url = format!("https://x.example/webhooks/twilio/{url}");
        let headers = [("content-type", FORM), ("x-twilio-signature", signature.as_str())];
        let webhook = decode(&key(), NOW, &WebhookRequest { method: "POST", url: &url, headers: &headers, body: &body });
        prop_assert!(webhook.is_err());
    }

    #[test]
    fn signed_garbage_never_panics(
        path in prop_oneof![Just("inbound"), Just("status"), Just("call/c1/customer"), Just("conference/c1"), Just("recording/c1")],
        form in proptest::collection::vec(
            (prop_oneof![
                Just("CallSid"), Just("CallStatus"), Just("To"), Just("From"), Just("SequenceNumber"), Just("Timestamp"),
                Just("ConferenceSid"), Just("StatusCallbackEvent"), Just("RecordingSid"), Just("RecordingStatus"),
                Just("CallDuration"), Just("SipResponseCode"),
            ], ".{0,30}"),
            0..10,
        ),
    ) {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        drop(post(path, &form));
    }
}
