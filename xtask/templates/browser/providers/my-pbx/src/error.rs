use crate::wire::Request;
use cordboard::telephony::{Error, ErrorKind};

/// What the service's codes tell a caller to do. Any other is the provider's own failure.
const CODES: [(&str, ErrorKind); 8] = [
    ("bad_credentials", ErrorKind::BadCredentials),
    ("invalid_number", ErrorKind::InvalidNumber),
    ("no_such_call", ErrorKind::NoSuchCall),
    ("not_allowed", ErrorKind::NotAllowed),
    ("not_signed_in", ErrorKind::NotSignedIn),
    ("rate_limited", ErrorKind::RateLimited { retry_after: None }),
    ("too_many_calls", ErrorKind::TooManyCalls),
    ("wrong_state", ErrorKind::WrongState),
];

/// The longest code that is kept.
const MAX_CODE: usize = 32;

/// The service refused a request.
pub(crate) fn refused(request: &Request, code: &str) -> Error {
    let known = CODES.iter().find(|(known, _)| *known == code);
    let kind = known.map_or(ErrorKind::Provider, |(_, kind)| *kind);
    failed(request, kind).with_provider_code(code.chars().take(MAX_CODE).collect::<String>())
}

/// A request failed on the way.
pub(crate) fn failed(request: &Request, kind: ErrorKind) -> Error {
    let error = Error::new(kind, request.operation());
    match request.call() {
        Some(call) => error.for_call(call),
        None => error,
    }
}

/// No answer came, and none will.
pub(crate) fn unanswered(request: &Request) -> Error {
    failed(request, if request.changes_calls() { ErrorKind::OutcomeUnknown } else { ErrorKind::Unreachable })
}
