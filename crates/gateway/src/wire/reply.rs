use super::Secret;
use cordboard::telephony::{Call, CallId, ErrorKind, MediaToken};
use cordboard::{Timestamp, Value};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What became of a request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was accepted.
    Result(Answer),
    /// It was not.
    Error(Refusal),
}

/// What a request that was accepted gives.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of `caller_ids`, the default one first.
    CallerIds {
        /// The numbers.
        caller_ids: Vec<WireCallerId>,
    },
    /// Of `active_calls`.
    Calls {
        /// Each as `Value::from(&Call)` writes it.
        calls: Vec<Value>,
    },
    /// Of `media_token`.
    MediaToken {
        /// Nothing if the browser carries no audio.
        #[serde(deserialize_with = "Option::deserialize")]
        media_token: Option<WireMediaToken>,
    },
    /// Of `dial`.
    Dialled {
        /// The call's id.
        call: String,
    },
    /// Of everything else.
    Accepted {},
}

impl Answer {
    /// The answer of `active_calls`.
    #[must_use]
    pub fn calls(calls: &[Call]) -> Self {
        Self::Calls { calls: calls.iter().map(Value::from).collect() }
    }
}

/// A number that may be shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireCallerId {
    /// In E.164.
    pub number: String,
    /// What the account calls it.
    pub label: String,
}

/// What the browser needs to carry audio.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireMediaToken {
    /// The secret.
    pub token: Secret,
    /// When it runs out.
    pub expires_at: u64,
    /// What the provider's voice SDK is to be told: a JSON object, as a text, which only the page that loads the SDK reads.
    pub settings: String,
}

impl From<MediaToken> for WireMediaToken {
    fn from(token: MediaToken) -> Self {
        Self { token: Secret(token.token), expires_at: token.expires_at.as_millis(), settings: token.settings }
    }
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What to do about it.
    pub kind: ErrorName,
    /// The provider's own code, for support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_code: Option<String>,
    /// In how many milliseconds to retry; with `rate_limited` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The call that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// A sentence for people, where there is more to say than the kind does. It holds no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal of that kind and nothing more.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        let retry_after = match kind {
            ErrorKind::RateLimited { retry_after } => retry_after.map(millis),
            _ => None,
        };
        Self { kind: kind.into(), provider_code: None, retry_after, call: None, message: None }
    }

    /// Adds a sentence for people.
    #[must_use]
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.message = Some(sentence.into());
        self
    }

    /// Says which call it is about.
    #[must_use]
    pub fn about(mut self, call: &CallId) -> Self {
        self.call = Some(call.as_str().to_owned());
        self
    }
}

impl From<&cordboard::telephony::Error> for Refusal {
    fn from(error: &cordboard::telephony::Error) -> Self {
        Self {
            provider_code: error.provider_code().map(str::to_owned),
            call: error.call().map(|call| call.as_str().to_owned()),
            ..Self::new(error.kind())
        }
    }
}

fn millis(duration: Duration) -> u64 {
    // As the core adds a duration to a time, which saturates.
    (Timestamp::default() + duration).as_millis()
}

/// An [`ErrorKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum ErrorName {
    Unsupported,
    NotSignedIn,
    BadCredentials,
    InvalidNumber,
    NotAllowed,
    NoSuchCall,
    WrongState,
    TooManyCalls,
    RateLimited,
    Microphone,
    Unreachable,
    OutcomeUnknown,
    Provider,
}

impl From<ErrorKind> for ErrorName {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::NotSignedIn => Self::NotSignedIn,
            ErrorKind::BadCredentials => Self::BadCredentials,
            ErrorKind::InvalidNumber => Self::InvalidNumber,
            ErrorKind::NotAllowed => Self::NotAllowed,
            ErrorKind::NoSuchCall => Self::NoSuchCall,
            ErrorKind::WrongState => Self::WrongState,
            ErrorKind::TooManyCalls => Self::TooManyCalls,
            ErrorKind::RateLimited { .. } => Self::RateLimited,
            ErrorKind::Microphone => Self::Microphone,
            ErrorKind::Unreachable => Self::Unreachable,
            ErrorKind::OutcomeUnknown => Self::OutcomeUnknown,
            ErrorKind::Provider => Self::Provider,
        }
    }
}
