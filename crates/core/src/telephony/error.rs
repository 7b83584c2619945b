use super::call::CallId;
use super::capabilities::Capability;
use core::fmt;
use core::time::Duration;

#[cfg(not(target_arch = "wasm32"))]
type Source = Box<dyn core::error::Error + Send + Sync>;
#[cfg(target_arch = "wasm32")]
type Source = Box<dyn core::error::Error>;

/// The methods of [`Telephony`](super::Telephony) that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `sign_in`
    SignIn,
    /// `sign_out`
    SignOut,
    /// `set_availability`
    SetAvailability,
    /// `caller_ids`
    CallerIds,
    /// `dial`
    Dial,
    /// `answer`
    Answer,
    /// `reject`
    Reject,
    /// `hang_up`
    HangUp,
    /// `mute`
    Mute,
    /// `unmute`
    Unmute,
    /// `hold`
    Hold,
    /// `resume`
    Resume,
    /// `send_digits`
    SendDigits,
    /// `transfer` to a number
    BlindTransfer,
    /// `transfer` to another call
    AttendedTransfer,
    /// `start_recording`
    StartRecording,
    /// `pause_recording`
    PauseRecording,
    /// `resume_recording`
    ResumeRecording,
    /// `stop_recording`
    StopRecording,
    /// `active_calls`
    ActiveCalls,
}

impl Operation {
    /// What a line must claim to offer this.
    #[must_use]
    pub const fn capability(self) -> Option<Capability> {
        Some(match self {
            Self::SetAvailability | Self::Answer | Self::Reject => Capability::Inbound,
            Self::Mute | Self::Unmute => Capability::Mute,
            Self::Hold | Self::Resume => Capability::Hold,
            Self::SendDigits => Capability::Digits,
            Self::BlindTransfer => Capability::BlindTransfer,
            Self::AttendedTransfer => Capability::AttendedTransfer,
            Self::StartRecording | Self::StopRecording => Capability::Recording,
            Self::PauseRecording | Self::ResumeRecording => Capability::PauseRecording,
            Self::SignIn | Self::SignOut | Self::CallerIds | Self::Dial | Self::HangUp | Self::ActiveCalls => {
                return None;
            }
        })
    }
}

/// What the caller should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// This line can't do that at all. Don't retry.
    Unsupported,
    /// Nobody is signed in, or the session ran out: sign in again, then retry.
    NotSignedIn,
    /// Name or password are wrong. Ask again.
    BadCredentials,
    /// The provider does not take this number. Don't retry.
    InvalidNumber,
    /// The account or its policy does not allow it. Don't retry.
    NotAllowed,
    /// There is no such call, or no longer. Read `active_calls`.
    NoSuchCall,
    /// The call is not in a state for that. Read `active_calls`.
    WrongState,
    /// No further call is possible now. Retry when one has ended.
    TooManyCalls,
    /// Too fast. Retry after the time given, if one is.
    RateLimited {
        /// When to retry.
        retry_after: Option<Duration>,
    },
    /// The browser did not give the microphone. Ask the user.
    Microphone,
    /// The order did not reach the provider. Retrying is safe.
    Unreachable,
    /// The order may or may not have been carried out. Read `active_calls` before a retry.
    OutcomeUnknown,
    /// The provider refused or failed. Retrying is safe, and may not help.
    Provider,
}

impl ErrorKind {
    /// Whether the same request may be sent again without doing something twice.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unreachable | Self::Provider | Self::TooManyCalls)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "not supported by this line",
            Self::NotSignedIn => "not signed in",
            Self::BadCredentials => "wrong name or password",
            Self::InvalidNumber => "not a number that can be called",
            Self::NotAllowed => "not allowed for this account",
            Self::NoSuchCall => "no such call",
            Self::WrongState => "not possible in the call's state",
            Self::TooManyCalls => "too many calls at once",
            Self::RateLimited { .. } => "too many requests",
            Self::Microphone => "the microphone is not available",
            Self::Unreachable => "the provider can't be reached",
            Self::OutcomeUnknown => "the outcome is not known",
            Self::Provider => "the provider refused or failed",
        })
    }
}

/// Why an operation failed. Its text is one line, holds no personal data and does not repeat its source.
///
/// Boxed, because it is rare and every `Result` would have to hold the place for it.
#[derive(Debug)]
pub struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    kind: ErrorKind,
    operation: Operation,
    call: Option<CallId>,
    provider_code: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: Operation) -> Self {
        Self(Box::new(Details { kind, operation, call: None, provider_code: None, source: None }))
    }

    /// Says which call it was about.
    #[must_use]
    pub fn for_call(mut self, call: &CallId) -> Self {
        self.0.call = Some(call.clone());
        self
    }

    /// Adds the provider's own code, for support.
    #[must_use]
    pub fn with_provider_code(mut self, code: impl Into<String>) -> Self {
        self.0.provider_code = Some(code.into());
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What failed.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Which call it was about.
    #[must_use]
    pub fn call(&self) -> Option<&CallId> {
        self.0.call.as_ref()
    }

    /// The provider's own code, or what a gateway that refused says instead. For details that people can open.
    #[must_use]
    pub fn provider_code(&self) -> Option<&str> {
        self.0.provider_code.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} failed: {}", self.0.operation, self.0.kind)?;
        if let Some(code) = &self.0.provider_code {
            write!(f, " (provider code {code})")?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_line_that_does_not_repeat_its_source() {
        let error = Error::new(ErrorKind::Provider, Operation::Hold)
            .for_call(&CallId::new("c1"))
            .with_provider_code("21220")
            .with_source("socket closed");
        assert_eq!(error.to_string(), "Hold failed: the provider refused or failed (provider code 21220)");
        let source = core::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("socket closed"));
    }

    #[test]
    fn an_order_of_unknown_outcome_is_never_sent_again() {
        assert!(!ErrorKind::OutcomeUnknown.is_retryable());
        assert!(ErrorKind::Unreachable.is_retryable());
    }
}
