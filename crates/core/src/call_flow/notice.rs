use crate::protocol::ExternalCallId;
use crate::telephony::{ErrorKind, NumberError, Operation, PolicyViolation, SignedOutReason};

/// Something that the user should be told. The widget finds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// What was typed is not a number that can be called.
    BadNumber(NumberError),
    /// The number may not be called.
    Denied(PolicyViolation),
    /// Nobody is signed in.
    NotSignedIn,
    /// Another call must end first.
    FinishCallFirst,
    /// The line refused or failed.
    Failed {
        /// What was tried.
        operation: Operation,
        /// What to do about it.
        kind: ErrorKind,
        /// The provider's code, for support.
        provider_code: Option<String>,
    },
    /// The agent was signed out.
    SignedOut(SignedOutReason),
    /// A transfer did not happen; the call is as before.
    TransferFailed,
    /// The CRM did not make a record of the call.
    NotLogged(ExternalCallId),
    /// The CRM did not take notes and outcome; they are kept.
    NotSaved(ExternalCallId),
    /// The CRM took notes and outcome.
    Saved(ExternalCallId),
    /// The CRM could not show the record.
    RecordNotOpened,
}
