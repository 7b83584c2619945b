//! What a request that failed means to whoever ordered.

use cordboard::telephony::{CallId, Error, ErrorKind, Operation};
use http::{Response, StatusCode};
use std::fmt;
use std::time::Duration;

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// The provider said no, or failed.
    Refused(Refusal),
    /// The request did not reach the provider.
    NotSent,
    /// The request went out, and no answer came.
    NoAnswer,
    /// It was answered, and the answer can't be read. It was carried out.
    Garbled,
    /// The provider has no request for it.
    Unsupported,
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// The provider's own code, if the body had one.
    pub code: Option<String>,
    /// What that code asks for, if it is known.
    pub kind: Option<ErrorKind>,
    /// Whether what was to be changed or ended is over already.
    pub gone: bool,
    /// When to ask again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// What the status says alone.
    #[must_use]
    pub fn of(response: &Response<Vec<u8>>) -> Self {
        let seconds =
            response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            status: response.status(),
            code: None,
            kind: None,
            gone: response.status() == StatusCode::NOT_FOUND,
            retry_after: seconds.map(Duration::from_secs),
        }
    }
}

/// What may be concluded from a request that failed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It creates something: it may have been created.
    Creates,
    /// Carried out twice, it is the same as once.
    Repeatable,
}

impl ApiError {
    /// There is no such thing at the provider.
    #[must_use]
    pub const fn not_found() -> Self {
        let status = StatusCode::NOT_FOUND;
        Self::Refused(Refusal { status, code: None, kind: None, gone: true, retry_after: None })
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self, effect: Effect) -> ErrorKind {
        let unknown = match effect {
            Effect::Creates => ErrorKind::OutcomeUnknown,
            Effect::Repeatable => ErrorKind::Unreachable,
        };
        match self {
            Self::NotSent => ErrorKind::Unreachable,
            Self::NoAnswer | Self::Garbled => unknown,
            Self::Unsupported => ErrorKind::Unsupported,
            Self::Refused(Refusal { status, kind, retry_after, .. }) => {
                if *status == StatusCode::TOO_MANY_REQUESTS {
                    return ErrorKind::RateLimited { retry_after: *retry_after };
                }
                // A 5xx may have been carried out, whatever its code says.
                if status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT {
                    return if effect == Effect::Creates { unknown } else { ErrorKind::Provider };
                }
                kind.unwrap_or_else(|| of_status(*status))
            }
        }
    }

    /// Whether the request may be sent again.
    #[must_use]
    pub fn may_repeat(&self, effect: Effect) -> bool {
        match self {
            // A request that was refused for its pace was not processed.
            Self::Refused(refusal) if refusal.status == StatusCode::TOO_MANY_REQUESTS => true,
            Self::Refused(Refusal { status, .. }) => {
                effect == Effect::Repeatable && (status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT)
            }
            Self::NotSent => true,
            Self::NoAnswer => effect == Effect::Repeatable,
            Self::Garbled | Self::Unsupported => false,
        }
    }

    /// Whether it makes no sense to try again, however much later. Credentials are set right some day.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let may_pass = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
        match self {
            Self::Refused(Refusal { status, .. }) => self.is_certain() && !may_pass.contains(status),
            Self::Unsupported => true,
            Self::NotSent | Self::NoAnswer | Self::Garbled => false,
        }
    }

    /// Whether what was to be changed or ended is over already.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Refused(Refusal { gone: true, .. }))
    }

    /// Whether it is known that nothing was done.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::NotSent | Self::Unsupported => true,
            Self::Refused(Refusal { status, .. }) => status.is_client_error() && *status != StatusCode::REQUEST_TIMEOUT,
            Self::NoAnswer | Self::Garbled => false,
        }
    }

    /// The error for whoever ordered.
    #[must_use]
    pub fn into_error(self, effect: Effect, operation: Operation, call: Option<&CallId>) -> Error {
        let kind = match self.kind(effect) {
            // There is no call yet that could be over: it is the account or the address that is not there.
            ErrorKind::NoSuchCall if operation == Operation::Dial => ErrorKind::Provider,
            kind => kind,
        };
        let mut error = Error::new(kind, operation);
        if let Some(call) = call {
            error = error.for_call(call);
        }
        match &self {
            Self::Refused(Refusal { code: Some(code), .. }) => error = error.with_provider_code(code.clone()),
            Self::Refused(Refusal { status, .. }) => {
                error = error.with_provider_code(format!("HTTP {}", status.as_u16()));
            }
            _ => {}
        }
        error.with_source(self)
    }
}

fn of_status(status: StatusCode) -> ErrorKind {
    match status {
        // Not the agent's doing, but the credentials.
        StatusCode::UNAUTHORIZED => ErrorKind::Provider,
        StatusCode::FORBIDDEN => ErrorKind::NotAllowed,
        StatusCode::NOT_FOUND | StatusCode::GONE => ErrorKind::NoSuchCall,
        StatusCode::CONFLICT => ErrorKind::WrongState,
        _ => ErrorKind::Provider,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(Refusal { status, code: Some(code), .. }) => {
                write!(f, "the provider answered {} with code {code}", status.as_u16())
            }
            Self::Refused(Refusal { status, .. }) => write!(f, "the provider answered {}", status.as_u16()),
            Self::NotSent => f.write_str("the provider can't be reached"),
            Self::NoAnswer => f.write_str("the provider did not answer"),
            Self::Garbled => f.write_str("the provider's answer can't be read"),
            Self::Unsupported => f.write_str("the provider has no request for it"),
        }
    }
}

impl std::error::Error for ApiError {}
