use crate::address::Addresses;
use crate::config::TwilioConfig;
use crate::documents;
use crate::error::refusal;
use crate::rest::{Api, Conference, NewParticipant, Number, Participant, Recording, RecordingChange};
use crate::signature::SigningKey;
use crate::token::{self, Grant};
use crate::webhook;
use cordboard::platform::Clock;
use cordboard::telephony::{
    AgentId, CallId, CallerId, Capabilities, Capability, Digits, Error, ErrorKind, MediaToken, Operation, PhoneNumber,
    ProviderInfo, RecordingError, RecordingSound, SoundPart, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_bridge::{
    Answer, ApiError, Call, Carrier, Change, Client, ConfigProblem, Effect, Found, Goes, LONGEST_TOKEN, Leg, Made,
    NewLeg, Party, Place, Settings, Transport, Wanted, identity, is_id,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Twilio takes no less, and adds five seconds.
const AGENT_RING_SECONDS: u16 = 5;
/// How fast this machine's clock may be, in seconds, before its tokens are of no use.
const CLOCK_LEEWAY: u64 = 900;

/// Speaks to Twilio.
pub struct TwilioCarrier {
    config: TwilioConfig,
    addresses: Addresses,
    key: SigningKey,
    pub(crate) api: Api,
    pub(crate) client: Client,
}

impl TwilioCarrier {
    pub(crate) async fn list<T: DeserializeOwned>(&self, first: Call, field: &str) -> Result<Vec<T>, ApiError> {
        self.client.list(first, |_, response| self.api.page(response, field)).await
    }

    async fn send(&self, call: Call) -> Result<(), ApiError> {
        self.client.send(call).await.map(drop)
    }

    fn wait_url(&self) -> Option<&str> {
        self.config.wait_url.as_deref()
    }

    /// The conference of a call, asked for if no webhook has told.
    async fn room(&self, call: &CallId, known: Option<&str>) -> Result<String, ApiError> {
        match known {
            Some(known) => Ok(known.to_owned()),
            None => self.find_room(call).await?.ok_or(ApiError::not_found()),
        }
    }

    /// Why a recording has no sound.
    async fn why_silent(&self, id: &str) -> RecordingError {
        match self.client.read::<Recording>(self.api.get_recording(id)).await {
            Ok(recording) if matches!(recording.status.as_str(), "absent" | "deleted" | "failed") => {
                RecordingError::Gone
            }
            Ok(_) => RecordingError::NotReady,
            Err(error) if error.is_gone() => RecordingError::Gone,
            Err(error) => {
                tracing::warn!(%error, "a recording can't be asked about");
                RecordingError::Unavailable
            }
        }
    }

    pub(crate) async fn find_room(&self, call: &CallId) -> Result<Option<String>, ApiError> {
        let found: Vec<Conference> = self.list(self.api.find_conference(call.as_str()), "conferences").await?;
        let open = found.into_iter().find(|conference| conference.status != "completed");
        Ok(open.map(|conference| conference.sid))
    }
}

#[async_trait]
impl Carrier for TwilioCarrier {
    type Config = TwilioConfig;

    const INFO: ProviderInfo = ProviderInfo { id: "twilio", name: "Twilio" };

    fn new(config: TwilioConfig, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Result<Self, ConfigProblem> {
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(problem);
        }
        // A shared key that is configured is the only one: a request can't choose the weaker.
        let key = match (&config.webhook_shared_key, &config.auth_token) {
            (Some(key), _) => SigningKey::SharedKey(key.clone()),
            (None, Some(token)) => SigningKey::AuthToken(token.clone()),
            (None, None) => return Err(ConfigProblem { key: "auth_token", problem: "it is needed to check webhooks" }),
        };
        let (addresses, api) = (Addresses::new(&config.public_url), Api::new(&config));
        Ok(Self { config, addresses, key, api, client: Client::new(transport, clock, refusal) })
    }

    fn capabilities(&self) -> Capabilities {
        // Not digits: they are sent by the browser, as Twilio has no request for it.
        Capabilities::all().without(Capability::Digits)
    }

    fn settings(&self) -> Settings {
        self.config.calls.settings(AGENT_RING_SECONDS)
    }

    async fn add(&self, call: &CallId, new: &NewLeg<'_>) -> Result<Made, ApiError> {
        let to = match new.to {
            // The page learns which of its calls this leg carries: it may have several.
            Party::Agent(agent) => format!("client:{}?call={call}", identity(agent)),
            Party::Number(number) => number.as_e164().to_owned(),
        };
        let new = NewParticipant {
            to: &to,
            from: new.from.as_e164(),
            label: &new.leg.to_string(),
            muted: new.muted,
            ends_conference: new.ends_room,
            ring_seconds: new.ring_seconds,
            wait_url: self.wait_url(),
            status_callback: &self.addresses.leg(call, new.leg),
            conference_callback: &self.addresses.conference(call),
        };
        let made: Participant = self.client.read(self.api.add_participant(call.as_str(), &new)).await?;
        Ok(Made { id: made.call_sid, room: Some(made.conference_sid) })
    }

    async fn end_leg(&self, id: &str) -> Result<(), ApiError> {
        self.send(self.api.end_call(id)).await
    }

    async fn end_room(&self, room: &str) -> Result<(), ApiError> {
        self.send(self.api.end_conference(room)).await
    }

    async fn change(&self, change: Change, place: &Place<'_>) -> Result<Option<String>, ApiError> {
        let (api, customer) = (&self.api, place.customer);
        let request = match change {
            Change::Hold | Change::Resume => {
                api.hold(&self.room(place.call, place.room).await?, customer, change == Change::Hold, self.wait_url())
            }
            Change::Mute | Change::Unmute => match place.agent {
                Some(agent) => api.mute(&self.room(place.call, place.room).await?, agent, change == Change::Mute),
                // The agent's leg is away, and comes back as it should be.
                None => return Ok(None),
            },
            Change::StartRecording => {
                let request = api.start_recording(customer, &self.addresses.recording(place.call));
                let begun: Recording = self.client.read(request).await?;
                return Ok(Some(begun.sid));
            }
            Change::PauseRecording => api.change_recording(customer, RecordingChange::Pause),
            Change::ResumeRecording => api.change_recording(customer, RecordingChange::Resume),
            Change::StopRecording => api.change_recording(customer, RecordingChange::Stop),
        };
        self.send(request).await.map(|()| None)
    }

    async fn keep(&self, call: &CallId, room: Option<&str>, id: &str) -> Result<(), ApiError> {
        self.send(self.api.ends_conference(&self.room(call, room).await?, id)).await
    }

    async fn bring(&self, call: &CallId, leg: Leg, id: &str, _held: bool) -> Result<(), ApiError> {
        // Who waits does so in a conference, and leaves that behind.
        let twiml = documents::into_conference(&self.addresses, self.wait_url(), call, leg).build();
        self.send(self.api.redirect(id, &twiml, Effect::Creates)).await
    }

    async fn divert(&self, call: &CallId, id: &str, goes: &Goes) -> Result<(), ApiError> {
        let twiml = documents::otherwise(&self.addresses, call, goes).build();
        // Another number must not ring twice.
        let effect = if matches!(goes, Goes::Number { .. }) { Effect::Creates } else { Effect::Repeatable };
        self.send(self.api.redirect(id, &twiml, effect)).await
    }

    async fn send_digits(&self, _id: &str, _digits: &Digits) -> Result<(), ApiError> {
        Err(ApiError::Unsupported)
    }

    async fn look_up(&self, call: &CallId, wanted: &Wanted) -> Result<Found, ApiError> {
        self.find(call, wanted).await
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, ApiError> {
        let mut numbers: Vec<Number> = self.list(self.api.incoming_numbers(), "incoming_phone_numbers").await?;
        numbers.retain(|number| number.capabilities.as_ref().is_none_or(|can| can.voice));
        numbers.extend(self.list::<Number>(self.api.outgoing_caller_ids(), "outgoing_caller_ids").await?);
        let caller_id = |Number { phone_number, friendly_name, .. }| {
            let number = PhoneNumber::from_e164(&phone_number?).ok()?;
            let label = friendly_name.unwrap_or_else(|| number.to_international());
            Some(CallerId { number, label })
        };
        Ok(numbers.into_iter().filter_map(caller_id).collect())
    }

    async fn recording(&self, id: &str, part: Option<SoundPart>) -> Result<RecordingSound, RecordingError> {
        if !is_id(id) {
            return Err(RecordingError::Gone);
        }
        match self.client.sound(self.api.recording_media(id), part, "audio/mpeg").await {
            Err(RecordingError::Gone) => Err(self.why_silent(id).await),
            sound => sound,
        }
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<MediaToken, Error> {
        let config = &self.config;
        let seconds = now.as_millis() / 1000;
        let expires = seconds + u64::from(config.calls.token_seconds);
        // Valid for a while already, lest a clock that is fast makes tokens that are not valid yet; and not for longer in all than
        // Twilio takes.
        let not_before = seconds.saturating_sub(CLOCK_LEEWAY).max(expires.saturating_sub(LONGEST_TOKEN.into()));
        let grant = Grant {
            account_sid: &config.account_sid,
            region: config.region.as_deref(),
            identity: &identity(agent),
            not_before,
            expires,
            incoming: true,
            outgoing: None,
        };
        let token = token::mint(&config.api_key, &grant);
        let token = token.ok_or_else(|| Error::new(ErrorKind::NotAllowed, Operation::SignIn))?;
        let expires_at = Timestamp::from_millis(expires * 1000);
        Ok(MediaToken { token, expires_at, settings: config.sdk_settings() })
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        webhook::decode(&self.key, now, request)
    }

    fn answer(&self, call: &CallId, answer: Answer<'_>) -> WebhookReply {
        let twiml = match answer {
            Answer::Room => documents::into_conference(&self.addresses, self.wait_url(), call, Leg::Customer),
            Answer::Goes(goes) => documents::otherwise(&self.addresses, call, goes),
        };
        twiml.reply()
    }
}
