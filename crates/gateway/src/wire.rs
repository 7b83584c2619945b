//! What a widget and the gateway say to each other over the socket, as JSON text frames.
//!
//! The names on the wire stand here only. The client has a small codec of its own; `tests/wire.rs` holds a snapshot of
//! each message, which is what both sides are compared with.
//!
//! - Times and sequences are whole numbers below 2^53, times in milliseconds since the epoch.
//! - Who reads ignores fields that it does not know.
//! - Ids of requests are the client's, and each is answered once.

use cordboard::telephony::{
    Call, CallEvent, CallEventKind, CallId, Capability, Connection, EndReason, ErrorKind, Event, FailureReason,
    MediaToken, Operation, SignedOutReason,
};
use cordboard::{Timestamp, Value};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The subprotocol that both name in the handshake.
pub const SUBPROTOCOL: &str = "cordboard.v1";

/// The longest frame and the longest message, either way.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// A secret on its way. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a widget says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who it is. The first message.
    Hello {
        /// The access token.
        token: Secret,
        /// Where it stopped reading, when it was connected before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
    },
    /// An order or a question.
    Request {
        /// Names the answer.
        id: u64,
        /// What to do.
        #[serde(flatten)]
        order: Order,
    },
    /// Everything up to this event has been taken in.
    Ack {
        /// The event's sequence.
        sequence: u64,
    },
    /// Asks for a [`ServerMessage::Pong`]: a page can't send the protocol's own ping.
    Ping,
}

/// Where a client stopped reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Which numbering.
    pub stream: String,
    /// The last event that was taken in.
    pub after: u64,
}

/// The methods of [`Telephony`](cordboard::telephony::Telephony), and `media_token`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the methods")]
pub enum Order {
    /// Whether inbound calls ring.
    SetAvailability { available: bool },
    /// Answered by [`Answer::CallerIds`].
    CallerIds,
    /// Answered by [`Answer::Dialled`]. Numbers in E.164.
    Dial {
        key: String,
        to: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
    },
    /// Takes an inbound call.
    Answer { call: String },
    /// Declines an inbound call.
    Reject { call: String },
    /// Ends a call.
    HangUp { call: String },
    /// Stops the agent's sound.
    Mute { call: String },
    /// Lets it through.
    Unmute { call: String },
    /// Lets the other party wait.
    Hold { call: String },
    /// Takes them back.
    Resume { call: String },
    /// Presses keys.
    SendDigits { call: String, digits: String },
    /// Hands a call to a number.
    TransferBlind { call: String, to: String },
    /// Hands a call to the party of another.
    TransferAttended { call: String, consultation: String },
    /// Begins to record.
    StartRecording { call: String },
    /// Lets the recording wait.
    PauseRecording { call: String },
    /// Lets it go on.
    ResumeRecording { call: String },
    /// Ends it.
    StopRecording { call: String },
    /// Answered by [`Answer::Calls`].
    ActiveCalls,
    /// Answered by [`Answer::MediaToken`].
    MediaToken,
    /// Ends the agent's calls and this session; then the server closes the socket.
    SignOut,
}

impl Order {
    /// The call that it is about, if it is about one.
    #[must_use]
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Answer { call }
            | Self::Reject { call }
            | Self::HangUp { call }
            | Self::Mute { call }
            | Self::Unmute { call }
            | Self::Hold { call }
            | Self::Resume { call }
            | Self::SendDigits { call, .. }
            | Self::TransferBlind { call, .. }
            | Self::TransferAttended { call, .. }
            | Self::StartRecording { call }
            | Self::PauseRecording { call }
            | Self::ResumeRecording { call }
            | Self::StopRecording { call } => Some(call),
            Self::SetAvailability { .. }
            | Self::CallerIds
            | Self::Dial { .. }
            | Self::ActiveCalls
            | Self::MediaToken
            | Self::SignOut => None,
        }
    }

    /// The operation, for errors; `media_token` has none of its own.
    #[must_use]
    pub const fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::SetAvailability { .. } => Operation::SetAvailability,
            Self::CallerIds => Operation::CallerIds,
            Self::Dial { .. } => Operation::Dial,
            Self::Answer { .. } => Operation::Answer,
            Self::Reject { .. } => Operation::Reject,
            Self::HangUp { .. } => Operation::HangUp,
            Self::Mute { .. } => Operation::Mute,
            Self::Unmute { .. } => Operation::Unmute,
            Self::Hold { .. } => Operation::Hold,
            Self::Resume { .. } => Operation::Resume,
            Self::SendDigits { .. } => Operation::SendDigits,
            Self::TransferBlind { .. } => Operation::BlindTransfer,
            Self::TransferAttended { .. } => Operation::AttendedTransfer,
            Self::StartRecording { .. } => Operation::StartRecording,
            Self::PauseRecording { .. } => Operation::PauseRecording,
            Self::ResumeRecording { .. } => Operation::ResumeRecording,
            Self::StopRecording { .. } => Operation::StopRecording,
            Self::ActiveCalls => Operation::ActiveCalls,
            Self::SignOut => Operation::SignOut,
            Self::MediaToken => return None,
        })
    }
}

/// What the gateway says.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to a good hello.
    Welcome(Welcome),
    /// Something happened.
    Event {
        /// Its place in the stream, one more than the one before. What is about the line and not about a call has none: it is
        /// said to whoever is there, and is not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sequence: Option<u64>,
        /// What.
        event: WireEvent,
    },
    /// The answer to a request.
    Reply {
        /// The request's id.
        id: u64,
        /// What became of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// The session is over, and the socket closes.
    SignedOut {
        /// Why.
        reason: SignedOut,
    },
    /// The answer to [`ClientMessage::Ping`].
    Pong,
}

/// What the agent's line is, and where its events stand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who is signed in.
    pub agent: Party,
    /// Who provides the line.
    pub provider: Party,
    /// What the line can do: names of [`Capability`], in snake case.
    pub capabilities: Vec<CapabilityName>,
    /// Which numbering the events have. Another one than before means that events may be missing.
    pub stream: String,
    /// The event after which this connection goes on: `resume.after` if that worked, else the last that there was.
    pub sequence: u64,
    /// Whether nothing is missing. If not, read `active_calls`.
    pub resumed: bool,
}

/// An id and the name that people read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
}

/// A [`Capability`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum CapabilityName {
    Inbound,
    Mute,
    Hold,
    Digits,
    BlindTransfer,
    AttendedTransfer,
    Recording,
    PauseRecording,
    ConcurrentCalls,
}

impl From<Capability> for CapabilityName {
    fn from(capability: Capability) -> Self {
        match capability {
            Capability::Inbound => Self::Inbound,
            Capability::Mute => Self::Mute,
            Capability::Hold => Self::Hold,
            Capability::Digits => Self::Digits,
            Capability::BlindTransfer => Self::BlindTransfer,
            Capability::AttendedTransfer => Self::AttendedTransfer,
            Capability::Recording => Self::Recording,
            Capability::PauseRecording => Self::PauseRecording,
            Capability::ConcurrentCalls => Self::ConcurrentCalls,
        }
    }
}

/// An [`Event`]. `SignedOut` is a message of its own.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WireEvent {
    /// Something happened to a call.
    Call(WireCallEvent),
    /// The line to the provider changed.
    Connection {
        /// How it is now.
        state: ConnectionState,
    },
    /// The gateway itself missed events. Read `active_calls`.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// A [`CallEvent`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct WireCallEvent {
    /// Which call.
    pub call: String,
    /// Counts the call's own events from 1.
    pub sequence: u64,
    /// When it happened.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: WireCallEventKind,
}

/// A [`CallEventKind`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum WireCallEventKind {
    Started {
        /// The call, as `Value::from(&Call)` writes it.
        started: Value,
    },
    Ringing,
    Connected,
    Held,
    Resumed,
    Muted,
    Unmuted,
    RecordingStarted {
        /// Where it can be heard when it is ready.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<Secret>,
    },
    RecordingPaused,
    RecordingResumed,
    RecordingStopped,
    DigitsReceived {
        digits: String,
    },
    TransferFailed,
    Ended {
        reason: EndReasonName,
    },
}

/// An [`EndReason`], by the words in which a call's state is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum EndReasonName {
    HungUp,
    RemoteHungUp,
    Transferred,
    Canceled,
    Busy,
    NoAnswer,
    Rejected,
    Missed,
    AnsweredElsewhere,
    InvalidNumber,
    Unreachable,
    ConnectionLost,
    ProviderFailed,
}

impl From<EndReason> for EndReasonName {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::HungUp => Self::HungUp,
            EndReason::RemoteHungUp => Self::RemoteHungUp,
            EndReason::Transferred => Self::Transferred,
            EndReason::Canceled => Self::Canceled,
            EndReason::Busy => Self::Busy,
            EndReason::NoAnswer => Self::NoAnswer,
            EndReason::Rejected => Self::Rejected,
            EndReason::Missed => Self::Missed,
            EndReason::AnsweredElsewhere => Self::AnsweredElsewhere,
            EndReason::Failed(FailureReason::InvalidNumber) => Self::InvalidNumber,
            EndReason::Failed(FailureReason::Unreachable) => Self::Unreachable,
            EndReason::Failed(FailureReason::ConnectionLost) => Self::ConnectionLost,
            EndReason::Failed(FailureReason::Provider) => Self::ProviderFailed,
        }
    }
}

impl From<&CallEvent> for WireCallEvent {
    fn from(event: &CallEvent) -> Self {
        Self {
            call: event.call.as_str().to_owned(),
            sequence: event.sequence,
            at: event.at.as_millis(),
            kind: match &event.kind {
                CallEventKind::Started(call) => WireCallEventKind::Started { started: Value::from(&**call) },
                CallEventKind::Ringing => WireCallEventKind::Ringing,
                CallEventKind::Connected => WireCallEventKind::Connected,
                CallEventKind::Held => WireCallEventKind::Held,
                CallEventKind::Resumed => WireCallEventKind::Resumed,
                CallEventKind::Muted => WireCallEventKind::Muted,
                CallEventKind::Unmuted => WireCallEventKind::Unmuted,
                CallEventKind::RecordingStarted(recording) => WireCallEventKind::RecordingStarted {
                    recording: recording.as_ref().map(|recording| Secret(recording.as_str().to_owned())),
                },
                CallEventKind::RecordingPaused => WireCallEventKind::RecordingPaused,
                CallEventKind::RecordingResumed => WireCallEventKind::RecordingResumed,
                CallEventKind::RecordingStopped => WireCallEventKind::RecordingStopped,
                CallEventKind::DigitsReceived(digits) => {
                    WireCallEventKind::DigitsReceived { digits: digits.as_str().to_owned() }
                }
                CallEventKind::TransferFailed => WireCallEventKind::TransferFailed,
                CallEventKind::Ended(reason) => WireCallEventKind::Ended { reason: (*reason).into() },
            },
        }
    }
}

/// A [`Connection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum ConnectionState {
    Lost,
    Restored,
    Poor,
    Good,
}

impl From<Connection> for ConnectionState {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Lost => Self::Lost,
            Connection::Restored => Self::Restored,
            Connection::Poor => Self::Poor,
            Connection::Good => Self::Good,
        }
    }
}

impl WireEvent {
    /// The event as it is said; `None` for the one that is a message of its own.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Call(event) => Self::Call(event.into()),
            Event::Connection(connection) => Self::Connection { state: (*connection).into() },
            Event::Lagged { missed } => Self::Lagged { missed: *missed },
            Event::SignedOut(_) => return None,
        })
    }
}

/// A [`SignedOutReason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of the contract")]
pub enum SignedOut {
    Expired,
    Replaced,
    Revoked,
}

impl From<SignedOutReason> for SignedOut {
    fn from(reason: SignedOutReason) -> Self {
        match reason {
            SignedOutReason::Expired => Self::Expired,
            SignedOutReason::Replaced => Self::Replaced,
            SignedOutReason::Revoked => Self::Revoked,
        }
    }
}

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

/// `POST /api/session`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The agent's name.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// `POST /api/session/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The token of the last answer; it is spent with this.
    pub refresh_token: Secret,
}

/// `POST /api/session/oidc`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeem {
    /// What the window said, good once.
    pub code: Secret,
    /// Of what the SHA-256, in hexadecimal, was the challenge.
    pub verifier: Secret,
}

/// The answer to all of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// For the socket's hello and for `Authorization: Bearer`.
    pub access_token: Secret,
    /// For how many seconds the access token is good.
    pub expires_in: u64,
    /// Gives the next access token, once.
    pub refresh_token: Secret,
    /// Who is signed in.
    pub agent: Party,
}
