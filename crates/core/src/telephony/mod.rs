//! What a telephony provider implements, and the vocabulary of it.
#![cfg_attr(feature = "mock", doc = include_str!("mock.md"))]

mod backend;
mod call;
mod call_value;
mod capabilities;
mod digits;
mod error;
mod event;
mod events;
mod line;
mod media;
mod number;
mod policy;
mod recording;
mod transcript;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use backend::{
    AgentId, Backend, Entry, Fallback, InboundCall, Journal, JournalError, MediaToken, Route, Webhook, WebhookError,
    WebhookReply, WebhookRequest,
};
pub use call::{Call, CallId, CallState, Direction, EndReason, FailureReason, Recording, TransitionError};
pub use capabilities::{Capabilities, Capability, SignInMethod};
pub use digits::{Digits, DigitsError};
pub use error::{Error, ErrorKind, Operation};
pub use event::{CallEvent, CallEventKind, Connection, Event, SignedOutReason};
pub use events::{EventHub, Events};
#[cfg(feature = "mock")]
pub use line::MockTelephony;
pub use line::{Agent, Availability, CallerId, Credentials, DialKey, DialRequest, ProviderInfo, Telephony, Transfer};
pub use media::{MediaDevice, MediaEvent, MediaLeg, MediaProblem};
pub use number::{NumberError, PhoneNumber, format_typed};
pub use policy::{DialPolicy, PolicyViolation};
pub use recording::{RecordingError, RecordingRef, RecordingSound, SoundPart};
pub use transcript::{Speaker, Transcript, TranscriptError, Utterance};
