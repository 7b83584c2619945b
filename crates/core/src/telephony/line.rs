use super::call::{Call, CallId};
use super::capabilities::Capabilities;
use super::digits::Digits;
use super::error::Error;
use super::events::Events;
use super::number::PhoneNumber;
use crate::platform::{MaybeSend, MaybeSync};
use async_trait::async_trait;
use core::fmt;

/// One agent's telephone line: the trait that a provider implements.
///
/// # Contract
/// - `Ok` means that the order was accepted. What becomes of it arrives as an [`Event`](super::Event), and only so.
/// - Each call's events are numbered from 1 and delivered in that order. `Started` is the first, `Ended` the
///   last, and both come exactly once.
/// - An operation that [`capabilities`](Self::capabilities) does not claim fails with
///   [`ErrorKind::Unsupported`](super::ErrorKind::Unsupported), before anything else is looked at. One that it claims never does.
/// - Without a signed-in agent, everything but `info`, `capabilities`, `sign_in`, `sign_out` and `events` fails with
///   [`ErrorKind::NotSignedIn`](super::ErrorKind::NotSignedIn).
/// - An unknown call is [`ErrorKind::NoSuchCall`](super::ErrorKind::NoSuchCall). So is one that has ended, except for `hang_up`, which then
///   succeeds: both sides may hang up at once.
/// - A [`DialKey`] that was used before returns the call of the first time and does not dial again.
/// - `active_calls` returns every call that has not ended, also those begun before this instance existed: it is how a
///   call survives the reload of a page.
/// - `sign_out` ends the agent's calls as if they had hung up.
/// - Methods may be called at any time and from several places; none blocks.
///
/// The suite in [`conformance`](super::conformance) checks each of these lines.
#[cfg_attr(feature = "mock", mockall::automock)]
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Telephony: MaybeSend + MaybeSync {
    /// Who provides the line.
    fn info(&self) -> ProviderInfo;

    /// What the line can do.
    fn capabilities(&self) -> Capabilities;

    /// Signs an agent in. Signing in again replaces the agent.
    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error>;

    /// Signs the agent out and ends their calls. Nothing happens when nobody is signed in.
    async fn sign_out(&self) -> Result<(), Error>;

    /// Says whether the agent takes inbound calls.
    async fn set_availability(&self, availability: Availability) -> Result<(), Error>;

    /// The numbers that may be shown to the called party, the default one first.
    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error>;

    /// Calls a number.
    async fn dial(&self, request: DialRequest) -> Result<CallId, Error>;

    /// Takes an inbound call that rings.
    async fn answer(&self, call: &CallId) -> Result<(), Error>;

    /// Declines an inbound call that rings.
    async fn reject(&self, call: &CallId) -> Result<(), Error>;

    /// Ends a call, or gives up before it is answered.
    async fn hang_up(&self, call: &CallId) -> Result<(), Error>;

    /// Stops the agent's sound.
    async fn mute(&self, call: &CallId) -> Result<(), Error>;

    /// Lets the agent's sound through again.
    async fn unmute(&self, call: &CallId) -> Result<(), Error>;

    /// Lets the other party wait.
    async fn hold(&self, call: &CallId) -> Result<(), Error>;

    /// Takes the other party back.
    async fn resume(&self, call: &CallId) -> Result<(), Error>;

    /// Presses keys.
    async fn send_digits(&self, call: &CallId, digits: &Digits) -> Result<(), Error>;

    /// Hands the call over. When it worked, the call ends as `Transferred`; when not, `TransferFailed` says so.
    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error>;

    /// Begins to record.
    async fn start_recording(&self, call: &CallId) -> Result<(), Error>;

    /// Lets the recording wait: while a card number is spoken, say.
    async fn pause_recording(&self, call: &CallId) -> Result<(), Error>;

    /// Lets the recording go on.
    async fn resume_recording(&self, call: &CallId) -> Result<(), Error>;

    /// Ends the recording.
    async fn stop_recording(&self, call: &CallId) -> Result<(), Error>;

    /// The calls that have not ended.
    async fn active_calls(&self) -> Result<Vec<Call>, Error>;

    /// The line's events from now on. Each caller gets all of them.
    fn events(&self) -> Events;
}

/// Who provides a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    /// A short name in lower case, such as `twilio`: part of ids and settings.
    pub id: &'static str,
    /// The name that people read.
    pub name: &'static str,
}

/// What an agent proves themselves with. Its `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing: the line knows its agent, asks in a way of its own, or goes on with a session that it remembers.
    None,
    /// A name and a password.
    Password {
        /// The agent's name.
        name: String,
        /// The password.
        password: String,
    },
    /// What the provider's own page asks for, in a window that the line opens at once: call `sign_in` while the user clicks, or the
    /// browser blocks it. [`ErrorKind::NotSignedIn`](super::ErrorKind::NotSignedIn) if it was blocked, or closed too early.
    Redirect,
}

/// Who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Agent {
    /// The provider's id of the agent.
    pub id: String,
    /// The name that people read.
    pub name: String,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Agent(…)")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Password { .. } => "Password(…)",
            Self::Redirect => "Redirect",
        })
    }
}

/// Whether an agent takes inbound calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    /// Inbound calls ring.
    Available,
    /// They don't.
    #[default]
    Away,
}

/// A number that may be shown to the called party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerId {
    /// The number.
    pub number: PhoneNumber,
    /// What the account calls it, such as "Sales, Boston".
    pub label: String,
}

/// Names one wish to call: the same key never dials twice, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialKey(String);

impl DialKey {
    /// Wraps a key, which must be unique per wish.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom to call and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialRequest {
    /// Names this wish to call.
    pub key: DialKey,
    /// The number to call.
    pub to: PhoneNumber,
    /// The number to show; the line's default if none.
    pub from: Option<PhoneNumber>,
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// To a number, without talking to it first.
    Blind {
        /// The number.
        to: PhoneNumber,
    },
    /// To the party of another call of this agent, after talking to them.
    Attended {
        /// The other call. It ends as `Transferred` too.
        consultation: CallId,
    },
}

impl Transfer {
    /// Which operation this is, for errors and capabilities.
    #[must_use]
    pub const fn operation(&self) -> super::Operation {
        match self {
            Self::Blind { .. } => super::Operation::BlindTransfer,
            Self::Attended { .. } => super::Operation::AttendedTransfer,
        }
    }
}
