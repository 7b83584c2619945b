use crate::address::{LegId, Webhooks, to_wire};
use crate::config::VonageConfig;
use crate::documents;
use crate::error::refusal;
use crate::rest::{Action, Api, CALLS, Created, Endpoint, NewCall, OTHERS, authorize, read_numbers};
use crate::signature::Verifier;
use crate::token::{Bearer, Signer, uuid};
use crate::webhook::Inbox;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    AgentId, CallId, CallerId, Capabilities, Capability, Digits, Error, ErrorKind, MediaToken, Operation, ProviderInfo,
    RecordingError, RecordingSound, SoundPart, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_bridge::{
    Answer, ApiError, Call, Carrier, Change, Client, ConfigProblem, Effect, Found, Goes, Leg, Made, NewLeg, Party,
    Place, Refusal, Settings, Transport, Wanted, identity,
};
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The page accepts at once, or is not there.
const AGENT_RING_SECONDS: u16 = 10;
/// What Vonage takes within a second. Source: Vonage's documentation, "Voice API: troubleshooting".
const PACES: [(usize, usize); 2] = [(OTHERS, 15), (CALLS, 3)];

/// Speaks to Vonage.
pub struct VonageCarrier {
    pub(crate) api: Api,
    config: VonageConfig,
    inbox: Inbox,
    signer: Signer,
    bearer: Bearer,
    client: Client,
    clock: Arc<dyn Clock>,
    /// Users of the application that are known to be there.
    users: Lock<BTreeSet<String>>,
}

impl VonageCarrier {
    /// Sends a request with the application's token, and with a new one if that was not taken.
    pub(crate) async fn send(&self, call: Call) -> Result<Response<Vec<u8>>, ApiError> {
        let mut last = false;
        loop {
            let token = self.bearer.token(&self.signer, self.clock.now()).ok_or(ApiError::Unsupported)?;
            let mut call = call.clone();
            authorize(&mut call, &format!("Bearer {token}"));
            match self.client.send(call).await {
                Err(ApiError::Refused(Refusal { status: StatusCode::UNAUTHORIZED, .. })) if !last => {
                    self.bearer.forget();
                    last = true;
                }
                result => return result,
            }
        }
    }

    pub(crate) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        serde_json::from_slice(self.send(call).await?.body()).map_err(|_| ApiError::Garbled)
    }

    async fn order(&self, call: Call) -> Result<(), ApiError> {
        self.send(call).await.map(drop)
    }

    /// Several orders that are one: when not all are carried out, it is not known how things stand.
    async fn orders(&self, calls: impl IntoIterator<Item = Call>) -> Result<(), ApiError> {
        for (place, call) in calls.into_iter().enumerate() {
            let outcome = self.order(call).await;
            outcome.map_err(|error| if place == 0 || error.is_gone() { error } else { ApiError::NoAnswer })?;
        }
        Ok(())
    }

    /// Lets a customer wait, or takes them back.
    pub(crate) async fn set_held(&self, customer: &str, held: bool) -> Result<(), ApiError> {
        let leg = leg_id(customer)?;
        if held {
            let music = self.config.hold_music_url.as_deref().map(|url| self.api.stream(leg, url));
            let silence = [Action::Earmuff, Action::Mute].map(|action| self.api.update(leg, action));
            return self.orders(silence.into_iter().chain(music)).await;
        }
        if self.config.hold_music_url.is_some() {
            match self.order(self.api.stop_stream(leg)).await {
                // There was none, or the leg is over, which comes out next.
                Err(error) if !error.is_gone() => return Err(error),
                _ => {}
            }
        }
        self.orders([Action::Unmute, Action::Unearmuff].map(|action| self.api.update(leg, action))).await
    }

    pub(crate) async fn set_muted(&self, agent: &str, muted: bool) -> Result<(), ApiError> {
        let action = if muted { Action::Mute } else { Action::Unmute };
        self.order(self.api.update(leg_id(agent)?, action)).await
    }

    /// The conversation that a leg is in now, which is what can be recorded.
    async fn conversation(&self, leg: LegId<'_>) -> Result<String, ApiError> {
        let state: crate::rest::CallState = self.read(self.api.get_call(leg)).await?;
        state.conversation_uuid.filter(|id| cordboard_bridge::is_id(id)).ok_or(ApiError::not_found())
    }

    pub(crate) async fn stop_recording(&self, customer: &str) -> Result<(), ApiError> {
        let leg = leg_id(customer)?;
        let conversation = self.conversation(leg).await?;
        self.order(self.api.stop_recording(leg, &conversation)).await
    }

    /// Makes a user for an agent, once.
    async fn know_user(&self, name: &str) -> Result<(), ApiError> {
        if self.users.lock().contains(name) {
            return Ok(());
        }
        match self.order(self.api.create_user(name)).await {
            // A name that is taken is theirs, since an earlier start.
            Err(ApiError::Refused(Refusal { status: StatusCode::BAD_REQUEST | StatusCode::CONFLICT, .. })) => {}
            outcome => outcome?,
        }
        self.users.lock().insert(name.to_owned());
        Ok(())
    }
}

/// What the books call a leg.
fn leg_id(id: &str) -> Result<LegId<'_>, ApiError> {
    LegId::parse(id).ok_or(ApiError::not_found())
}

#[async_trait]
impl Carrier for VonageCarrier {
    type Config = VonageConfig;

    const INFO: ProviderInfo = ProviderInfo { id: "vonage", name: "Vonage" };

    fn new(config: Self::Config, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Result<Self, ConfigProblem> {
        if let Some(problem) = config.problems().first() {
            return Err(*problem);
        }
        let Some(signer) = Signer::new(&config) else {
            return Err(ConfigProblem { key: "private_key", problem: "it is no key" });
        };
        let inbox = Inbox { webhooks: Webhooks::new(&config.public_url), verifier: Verifier::new(&config) };
        let client = Client::new(transport, Arc::clone(&clock), refusal);
        Ok(Self {
            api: Api::new(config.clone()),
            client: PACES.iter().fold(client, |client, (_, per_second)| client.with_pace(*per_second)),
            config,
            inbox,
            signer,
            bearer: Bearer::default(),
            clock,
            users: Lock::default(),
        })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all().without(Capability::PauseRecording)
    }

    fn settings(&self) -> Settings {
        self.config.calls.settings(AGENT_RING_SECONDS)
    }

    async fn add(&self, call: &CallId, new: &NewLeg<'_>) -> Result<Made, ApiError> {
        let user;
        let to = match new.to {
            Party::Agent(agent) => {
                user = identity(agent);
                Endpoint::App { user: &user }
            }
            Party::Number(number) => Endpoint::Phone { number: to_wire(number) },
        };
        // Legs meet in a conversation of one region.
        let region = new.beside.and_then(LegId::parse).and_then(|leg| leg.region);
        let new = NewCall {
            to,
            from: to_wire(new.from),
            ncco: documents::into_conversation(&self.config, call, new.leg, new.muted),
            event_url: &self.inbox.webhooks.leg(call, new.leg),
            ring_seconds: new.ring_seconds,
        };
        let made: Created = self.read(self.api.create_call(region, &new)).await?;
        let id = LegId { uuid: &made.uuid, region };
        // It was made; an id that can't be one is told by the events.
        leg_id(&id.to_string()).map_err(|_| ApiError::Garbled)?;
        Ok(Made { id: id.to_string(), room: None })
    }

    async fn end_leg(&self, id: &str) -> Result<(), ApiError> {
        self.order(self.api.update(leg_id(id)?, Action::HangUp)).await
    }

    async fn end_room(&self, _room: &str) -> Result<(), ApiError> {
        // Conversations are never reported as rooms: their legs are ended one by one.
        Err(ApiError::Unsupported)
    }

    /// What a recording is called is told when it is over.
    async fn change(&self, change: Change, place: &Place<'_>) -> Result<Option<String>, ApiError> {
        let changed = match change {
            Change::Hold => self.set_held(place.customer, true).await,
            Change::Resume => self.set_held(place.customer, false).await,
            Change::Mute | Change::Unmute => match place.agent {
                Some(agent) => self.set_muted(agent, change == Change::Mute).await,
                // It comes back as the agent wishes.
                None => Ok(()),
            },
            Change::StartRecording => {
                let leg = leg_id(place.customer)?;
                let conversation = self.conversation(leg).await?;
                let callback = self.inbox.webhooks.recording(place.call, place.order);
                self.order(self.api.start_recording(leg, &conversation, &callback)).await
            }
            Change::StopRecording => self.stop_recording(place.customer).await,
            Change::PauseRecording | Change::ResumeRecording => Err(ApiError::Unsupported),
        };
        changed.map(|()| None)
    }

    async fn keep(&self, _call: &CallId, _room: Option<&str>, _id: &str) -> Result<(), ApiError> {
        // A conversation ends with whom a call was handed to, from the start.
        Ok(())
    }

    async fn bring(&self, call: &CallId, leg: Leg, id: &str, held: bool) -> Result<(), ApiError> {
        let ncco = documents::into_conversation(&self.config, call, leg, false);
        self.order(self.api.transfer(leg_id(id)?, &ncco, Effect::Creates)).await?;
        // Being muted belongs to the leg, and goes with it.
        if held { self.set_held(id, false).await } else { Ok(()) }
    }

    async fn divert(&self, call: &CallId, id: &str, goes: &Goes) -> Result<(), ApiError> {
        let ncco = documents::otherwise(&self.config, call, goes);
        // Another number must not ring twice.
        let effect = if matches!(goes, Goes::Number { .. }) { Effect::Creates } else { Effect::Repeatable };
        self.order(self.api.transfer(leg_id(id)?, &ncco, effect)).await
    }

    async fn send_digits(&self, id: &str, digits: &Digits) -> Result<(), ApiError> {
        self.order(self.api.send_digits(leg_id(id)?, digits.as_str())).await
    }

    async fn look_up(&self, _call: &CallId, wanted: &Wanted) -> Result<Found, ApiError> {
        self.find(wanted).await
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, ApiError> {
        let read = |page, response: &Response<Vec<u8>>| read_numbers(&self.api, page, response);
        let numbers = self.client.list(self.api.numbers(1), read).await?;
        let voices = numbers.iter().filter(|number| number.has_voice()).filter_map(|number| number.number());
        // Vonage's numbers have no names.
        Ok(voices.map(|number| CallerId { label: number.to_international(), number }).collect())
    }

    async fn recording(&self, id: &str, part: Option<SoundPart>) -> Result<RecordingSound, RecordingError> {
        let mut call = self.api.recording(id).ok_or(RecordingError::Gone)?;
        let token = self.bearer.token(&self.signer, self.clock.now()).ok_or(RecordingError::Unavailable)?;
        authorize(&mut call, &format!("Bearer {token}"));
        self.client.sound(call, part, "audio/mpeg").await
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<MediaToken, Error> {
        let user = identity(agent);
        let known = self.know_user(&user).await;
        known.map_err(|error| error.into_error(Effect::Repeatable, Operation::SignIn, None))?;
        let issued = now.as_millis() / 1000;
        let expires = issued + u64::from(self.config.calls.token_seconds);
        let Some(token) = self.signer.for_user(&user, &uuid(), issued, expires) else {
            return Err(Error::new(ErrorKind::NotAllowed, Operation::SignIn));
        };
        let settings = self.config.sdk_settings();
        Ok(MediaToken { token, settings, expires_at: Timestamp::from_millis(expires * 1000) })
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        self.inbox.decode(&self.api, now, request)
    }

    fn answer(&self, call: &CallId, answer: Answer<'_>) -> WebhookReply {
        documents::reply(&match answer {
            Answer::Room => documents::into_conversation(&self.config, call, Leg::Customer, false),
            Answer::Goes(goes) => documents::otherwise(&self.config, call, goes),
        })
    }
}
