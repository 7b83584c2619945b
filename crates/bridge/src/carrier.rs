use crate::bridge::{Change, Goes, Leg, LegStatus, Wanted};
use crate::config::ConfigProblem;
use crate::error::ApiError;
use crate::transport::Transport;
use cordboard::platform::Clock;
use cordboard::telephony::{
    AgentId, CallId, CallerId, Capabilities, Digits, Error, MediaToken, PhoneNumber, ProviderInfo, Recording,
    RecordingError, RecordingSound, SoundPart, Transcript, TranscriptError, Webhook, WebhookError, WebhookReply,
    WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use std::sync::Arc;
use std::time::Duration;

/// What a provider does its own way: a translation of orders into its requests, and of its answers and webhooks into
/// [`News`](crate::News).
///
/// # Contract
/// - It keeps nothing of calls. Ids are the provider's, as it gave them out, and may hold what it needs to find a leg.
/// - A room is the conference that is named after the call. It has an id of its own where the provider can end or change
///   it by that; else none is ever reported.
/// - A leg is [`Up`](LegStatus::Up) when somebody answered it, and in the room soon after.
/// - The room ends when the [customer's](Leg::Customer) leg does, or one that was [kept](Self::keep).
/// - An error says whether the request may have been carried out. Requests that are carried out once or twice with the
///   same result are repeated by the [`Client`](crate::Client), others never are.
#[async_trait]
pub trait Carrier: Sized + Send + Sync + 'static {
    /// What an operator configures.
    type Config;

    /// Which provider it is.
    const INFO: ProviderInfo;

    /// A carrier that sends its requests so.
    ///
    /// # Errors
    /// When the configuration can't be used: the first key that is wrong.
    fn new(config: Self::Config, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Result<Self, ConfigProblem>;

    /// What an agent's line can do here. What is not claimed is never asked of the carrier.
    fn capabilities(&self) -> Capabilities;

    /// How calls are made.
    fn settings(&self) -> Settings;

    /// Calls someone into the call's room, which is made if there is none.
    ///
    /// # Errors
    /// When nobody is called, or the outcome is not known.
    async fn add(&self, call: &CallId, new: &NewLeg<'_>) -> Result<Made, ApiError>;

    /// Ends a leg, whether it rings or is answered.
    ///
    /// # Errors
    /// When it may go on. [Gone](ApiError::is_gone) is as good as ended.
    async fn end_leg(&self, id: &str) -> Result<(), ApiError>;

    /// Ends a room, and with it the legs in it.
    ///
    /// # Errors
    /// As for a leg.
    async fn end_room(&self, room: &str) -> Result<(), ApiError>;

    /// Changes something in a call in which people talk. What comes back is the provider's id of a recording that began, if
    /// it says so at once. If not, [`RecordingFile::order`](crate::RecordingFile::order) finds it later.
    ///
    /// # Errors
    /// When nothing was changed, or the outcome is not known.
    async fn change(&self, change: Change, place: &Place<'_>) -> Result<Option<String>, ApiError>;

    /// From now on the room ends when this leg does.
    ///
    /// # Errors
    /// When it does not.
    async fn keep(&self, call: &CallId, room: Option<&str>, id: &str) -> Result<(), ApiError>;

    /// Brings a leg of another call into this one's room, and back from waiting if it was held.
    ///
    /// # Errors
    /// When it stays where it was, or the outcome is not known.
    async fn bring(&self, call: &CallId, leg: Leg, id: &str, held: bool) -> Result<(), ApiError>;

    /// Sends a caller where nobody answered calls go. It is asked for again when it may have failed and
    /// [`Found::diverted`] does not say otherwise, so a number must not be dialled by a request that is repeated.
    ///
    /// # Errors
    /// When they are not, or the outcome is not known.
    async fn divert(&self, call: &CallId, id: &str, goes: &Goes) -> Result<(), ApiError>;

    /// Lets a leg hear digits.
    ///
    /// # Errors
    /// When it did not hear all of them, or the outcome is not known.
    async fn send_digits(&self, id: &str, digits: &Digits) -> Result<(), ApiError>;

    /// How a call stands.
    ///
    /// # Errors
    /// When the provider can't be asked.
    async fn look_up(&self, call: &CallId, wanted: &Wanted) -> Result<Found, ApiError>;

    /// The numbers that may be shown to whom one calls.
    ///
    /// # Errors
    /// When the provider can't be asked.
    async fn caller_ids(&self) -> Result<Vec<CallerId>, ApiError>;

    /// The sound of a recording, by the provider's id of it, or a part of that.
    ///
    /// # Errors
    /// When there is nothing to be heard, or not yet.
    async fn recording(&self, id: &str, part: Option<SoundPart>) -> Result<RecordingSound, RecordingError>;

    /// What was said in a call that is over; `None` if nobody wrote it down. Nobody does, unless a carrier says otherwise.
    ///
    /// # Errors
    /// When it can't be had, or not yet.
    async fn transcript(&self, call: &CallId) -> Result<Option<Transcript>, TranscriptError> {
        let _ = call;
        Ok(None)
    }

    /// What an agent's browser needs to carry the audio.
    ///
    /// # Errors
    /// When it can't be made.
    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<MediaToken, Error>;

    /// Verifies a webhook, and says what it reports. Pure: the same bytes give the same facts.
    ///
    /// # Errors
    /// When it is not the provider's, or can't be read.
    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError>;

    /// The answer to the webhook that told of an inbound call.
    fn answer(&self, call: &CallId, answer: Answer<'_>) -> WebhookReply;
}

/// How calls are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a dialled number rings.
    pub ring_seconds: u16,
    /// How long an agent's browser is called: it takes the call by itself, or is not there.
    pub agent_ring_seconds: u16,
    /// How long a customer waits for an agent whose browser was lost.
    pub rejoin_within: Duration,
    /// The number to show when an agent names none; the account's first if none.
    pub default_caller_id: Option<PhoneNumber>,
    /// How many events a line keeps for a listener that is behind.
    pub backlog: usize,
}

/// A leg that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewLeg<'a> {
    /// Its name in the call.
    pub leg: Leg,
    /// Who is called.
    pub to: Party<'a>,
    /// The number to show.
    pub from: &'a PhoneNumber,
    /// Whether nobody hears it.
    pub muted: bool,
    /// Whether the room ends when this leg does.
    pub ends_room: bool,
    /// How long it rings.
    pub ring_seconds: u16,
    /// A leg that is in the room already.
    pub beside: Option<&'a str>,
}

/// Who is called.
#[derive(Clone, Copy, Debug)]
pub enum Party<'a> {
    /// An agent's browser, which takes the call by itself. It must learn the call's id.
    Agent(&'a AgentId),
    /// A number.
    Number(&'a PhoneNumber),
}

/// A leg that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The provider's id of it.
    pub id: String,
    /// The room's id, if it has one.
    pub room: Option<String>,
}

/// Where something changes.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The call.
    pub call: &'a CallId,
    /// The number of the order, which no other order of the call has.
    pub order: u32,
    /// The room's id, if it is known.
    pub room: Option<&'a str>,
    /// The customer's leg.
    pub customer: &'a str,
    /// The agent's leg, if it is there.
    pub agent: Option<&'a str>,
}

/// What becomes of an inbound call.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// It waits in its room.
    Room,
    /// There is nobody to wait for.
    Goes(&'a Goes),
}

/// How a call stands at the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The wanted legs that are there, or were. Of others nothing is known at the provider.
    pub legs: Vec<FoundLeg>,
    /// How the call stands, if that was wanted and can be told.
    pub stands: Option<Standing>,
    /// Whether the leg that was to be brought here is here.
    pub came: bool,
    /// Whether the caller was sent on already, if that was wanted.
    pub diverted: bool,
}

/// A leg, as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLeg {
    /// Its name in the call.
    pub leg: Leg,
    /// The provider's id of it.
    pub id: String,
    /// The room's id, if it has one.
    pub room: Option<String>,
    /// The provider's word for how far it has come.
    pub word: String,
    /// What that means, if it is known.
    pub status: Option<LegStatus>,
}

/// How a call stands in which people talk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the customer waits.
    pub held: bool,
    /// Whether the agent is not heard.
    pub muted: bool,
    /// Whether the call is recorded, if that is known.
    pub recording: Option<Recording>,
    /// The provider's id of the recording that goes on or pauses, if it says so.
    pub named: Option<String>,
}

/// A name for an agent's browser that any provider takes: letters, digits and underscores, different for different agents.
#[must_use]
pub fn identity(agent: &AgentId) -> String {
    let mut identity = String::new();
    for byte in agent.as_str().bytes() {
        if byte.is_ascii_alphanumeric() {
            identity.push(char::from(byte));
        } else {
            identity.push_str(&format!("_{byte:02x}"));
        }
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_differ_as_agents_do() {
        let identity = |id: &str| identity(&AgentId::new(id));
        assert_eq!(identity("alex"), "alex");
        assert_eq!(identity("a.b@x"), "a_2eb_40x");
        assert_eq!(identity("a_2eb"), "a_5f2eb");
    }
}
