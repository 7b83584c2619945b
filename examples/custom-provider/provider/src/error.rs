use cordboard::telephony::ErrorKind;
use cordboard_bridge::Refusal;
use http::Response;
use serde::Deserialize;

/// What the service's codes tell whoever ordered. Of others, the status says enough.
const CODES: [(&str, ErrorKind); 4] = [
    ("invalid_number", ErrorKind::InvalidNumber),
    ("not_allowed", ErrorKind::NotAllowed),
    ("no_such_leg", ErrorKind::NoSuchCall),
    ("wrong_state", ErrorKind::WrongState),
];

/// The longest code that is kept.
const MAX_CODE: usize = 32;

#[derive(Deserialize)]
struct Body {
    error: String,
}

/// What an answer that is no success says.
pub(crate) fn refusal(response: &Response<Vec<u8>>) -> Refusal {
    let mut refusal = Refusal::of(response);
    if let Ok(Body { error }) = serde_json::from_slice(response.body()) {
        refusal.kind = CODES.iter().find(|(code, _)| *code == error).map(|(_, kind)| *kind);
        refusal.code = Some(error.chars().take(MAX_CODE).collect());
    }
    refusal
}
