use super::call::CallId;
use super::error::Error;
use super::line::{ProviderInfo, Telephony};
use super::number::PhoneNumber;
use super::recording::{RecordingError, RecordingRef, RecordingSound, SoundPart};
use super::transcript::{Transcript, TranscriptError};
use crate::Timestamp;
use crate::platform::{MaybeSend, MaybeSync};
use async_trait::async_trait;
use core::fmt;
use core::time::Duration;
use std::sync::Arc;

/// An account's server side: the agents' lines, the provider's webhooks, and what the agents' browsers need for audio.
///
/// # Contract
/// What a backend knows of its calls is a fold over [`Entry`]s, and nothing else: it [records](Journal::record) what an
/// agent ordered before it acts on the order, and the server records what a webhook said before it answers. So after a
/// crash the same entries, applied again, give the same calls, and the same events with the same sequences.
///
/// - [`decode`](Self::decode) is pure: the same bytes give the same entries. It performs no I/O.
/// - An entry's [`key`](Entry::key) is the same for each delivery of the same fact, and differs between facts.
/// - [`apply`](Self::apply) takes entries in any order: facts that arrive late change nothing that is already past them.
/// - A dial whose outcome is unknown is looked up, by [`reconcile`](Self::reconcile), and never repeated.
/// - What a line calls a recording, [`recording`](Self::recording) finds, in any instance, as long as the provider keeps it and the
///   journal has [entries](Journal::entries) of the call; better still without those.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Backend: MaybeSend + MaybeSync {
    /// Which provider this is.
    fn info(&self) -> ProviderInfo;

    /// An agent's line. The same line each time, however many ask for it.
    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony>;

    /// Verifies a webhook by its raw bytes, and says what it reports.
    ///
    /// # Errors
    /// When the request is not the provider's, or can't be read.
    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError>;

    /// Takes in what is in the journal: after a webhook, and, in order, everything unfinished after a start.
    ///
    /// # Errors
    /// When a request that follows from it fails.
    async fn apply(&self, entry: &Entry) -> Result<(), Error>;

    /// Lets an inbound call ring, and gives the answer to the webhook that told of it.
    ///
    /// # Errors
    /// When the route names what this account does not have.
    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error>;

    /// What the agent's browser needs to carry the audio; `None` if it carries none.
    ///
    /// # Errors
    /// When the account's configuration does not allow it.
    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<Option<MediaToken>, Error>;

    /// Does what time brings about, such as that a call stops ringing. The server begins it when the journal's entries were applied, and
    /// drops it when it ends. Nothing by default.
    async fn run(&self) {}

    /// Asks the provider how a call stands: after a start, and for calls that have been silent for long. The server records
    /// and applies what comes back, as if a webhook had said so.
    ///
    /// # Errors
    /// When the provider can't be asked. The call is then asked for again later.
    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error>;

    /// The sound of a recording, under the name that a line's event gave it, or a part of it. Who can't give parts gives the whole.
    ///
    /// # Errors
    /// When there is nothing to be heard, or not yet.
    async fn recording(
        &self,
        recording: &RecordingRef,
        part: Option<SoundPart>,
    ) -> Result<RecordingSound, RecordingError>;

    /// What was said in a call that is over; `None` if nobody wrote it down. Nobody does, unless a backend says otherwise.
    ///
    /// # Errors
    /// When it can't be had, or not yet.
    async fn transcript(&self, call: &CallId) -> Result<Option<Transcript>, TranscriptError> {
        let _ = call;
        Ok(None)
    }
}

/// Where a backend's facts are made durable.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Journal: MaybeSend + MaybeSync {
    /// Makes entries durable, all or none. Returns those that were not known by their keys.
    ///
    /// # Errors
    /// When they may not be durable. Nothing may then be done because of them.
    async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, JournalError>;

    /// What it still has of a call, in order.
    ///
    /// # Errors
    /// When it can't be read.
    async fn entries(&self, call: &CallId) -> Result<Vec<Entry>, JournalError>;
}

/// An agent, as the server's directory knows them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(String);

impl AgentId {
    /// Wraps the directory's id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentId(…)")
    }
}

/// One fact about one call.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The call.
    pub call: CallId,
    /// What tells this fact from others, over all deliveries of it.
    pub key: String,
    /// When it happened, as far as anyone can say; never later than it became known.
    pub at: Timestamp,
    /// Whether the call is over with it, and nothing more needs to be asked.
    pub is_last: bool,
    /// The fact in the backend's own words, usually JSON. The server keeps it and does not read it.
    pub body: String,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("call", &self.call).field("is_last", &self.is_last).finish_non_exhaustive()
    }
}

/// A request that claims to come from the provider.
#[derive(Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// `POST`, as a rule.
    pub method: &'a str,
    /// The address as the provider called it: the configured public one and the path and query that arrived. Never made
    /// from `Host` or `X-Forwarded-*`, which anybody can set.
    pub url: &'a str,
    /// Names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The bytes as they arrived.
    pub body: &'a [u8],
}

impl WebhookRequest<'_> {
    /// A header's only value; `None` if it is missing or there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value);
        values.next().filter(|_| values.next().is_none())
    }
}

impl fmt::Debug for WebhookRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookRequest({} with {} bytes)", self.method, self.body.len())
    }
}

/// What a webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Webhook {
    /// Something happened: record it, answer, then apply it.
    Report {
        /// What happened; may be nothing of interest.
        entries: Vec<Entry>,
        /// The answer, once the entries are durable.
        reply: WebhookReply,
    },
    /// Somebody calls, and the provider waits to hear what to do: record it, then
    /// [route](Backend::route).
    Inbound {
        /// The call.
        call: InboundCall,
        /// The fact that it came.
        entry: Entry,
    },
}

/// Somebody calls one of the account's numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundCall {
    /// The call.
    pub id: CallId,
    /// Who calls; `None` if withheld.
    pub from: Option<PhoneNumber>,
    /// The account's number.
    pub to: PhoneNumber,
    /// When.
    pub at: Timestamp,
}

impl fmt::Debug for InboundCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundCall").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who takes an inbound call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// These ring, all at once. If there are none, the fallback takes the call at once.
    pub agents: Vec<AgentId>,
    /// For so long.
    pub ring: Duration,
    /// What becomes of the call if nobody answers.
    pub fallback: Fallback,
}

/// What becomes of an inbound call that nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// The caller may leave a message after this sentence.
    Voicemail {
        /// What the caller hears first.
        greeting: String,
    },
    /// Another number is called.
    Number(PhoneNumber),
    /// The caller hears this sentence, and the call ends.
    Goodbye(String),
}

/// The answer to a webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookReply {
    /// The status, such as 200 or 204.
    pub status: u16,
    /// The type of the body, if there is one.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl WebhookReply {
    /// Nothing to say.
    #[must_use]
    pub const fn empty() -> Self {
        Self { status: 204, content_type: "text/plain", body: String::new() }
    }
}

impl fmt::Debug for WebhookReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookReply({} with {} bytes)", self.status, self.body.len())
    }
}

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookError {
    /// There is no such webhook.
    UnknownPath,
    /// It bears no signature, or one that is not the provider's. Answer 403 and change nothing.
    BadSignature,
    /// It was signed too long ago, or seen before.
    Stale,
    /// It is signed, and can't be read. Answer 400; the provider's wire may have changed.
    Malformed {
        /// Which part.
        field: &'static str,
    },
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPath => f.write_str("no webhook has this address"),
            Self::BadSignature => f.write_str("the signature is missing or not the provider's"),
            Self::Stale => f.write_str("the webhook is too old or was seen before"),
            Self::Malformed { field } => write!(f, "the webhook's {field} can't be read"),
        }
    }
}

impl core::error::Error for WebhookError {}

/// What an agent's browser needs to carry the audio of calls.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaToken {
    /// The secret, for the provider's own voice SDK.
    pub token: String,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// What else the SDK is to be told, such as its region: a JSON object, empty as a rule.
    pub settings: String,
}

impl fmt::Debug for MediaToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Why entries may not be durable, or can't be read.
#[derive(Debug)]
pub struct JournalError(Box<dyn core::error::Error + Send + Sync>);

impl JournalError {
    /// Wraps what the store said.
    pub fn new(source: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the journal can't be written or read")
    }
}

impl core::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&*self.0)
    }
}
