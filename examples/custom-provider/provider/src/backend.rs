use crate::config::{CAPABILITIES, INFO, TinCanConfig};
use crate::error::refusal;
use crate::rest::{Api, Created, LegState, Number, Token, number, otherwise, place};
use crate::webhook;
use cordboard::platform::Clock;
use cordboard::telephony::{
    AgentId, CallId, CallerId, Capabilities, Digits, Error, MediaToken, Operation, ProviderInfo, RecordingError,
    RecordingSound, SoundPart, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_bridge::{
    Answer, ApiError, Call, Carrier, Change, Client, ConfigProblem, Effect, Found, FoundLeg, Goes, Leg, Made, NewLeg,
    Place, Settings, Standing, Transport, Wanted, WantedLeg, identity, is_id,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Speaks to Tin Can.
pub struct TinCanCarrier {
    config: TinCanConfig,
    api: Api,
    client: Client,
}

impl TinCanCarrier {
    async fn read<T: DeserializeOwned>(&self, call: Result<Call, ApiError>) -> Result<T, ApiError> {
        self.client.read(call?).await
    }

    async fn order(&self, call: Result<Call, ApiError>) -> Result<(), ApiError> {
        self.client.send(call?).await.map(drop)
    }

    async fn set(&self, leg: &str, fields: Value) -> Result<(), ApiError> {
        self.order(self.api.change(leg, &fields)).await
    }

    /// How a leg stands; `None` if it is not there.
    async fn find(&self, here: &[LegState], wanted: &WantedLeg) -> Result<Option<LegState>, ApiError> {
        let name = wanted.leg.to_string();
        let Some(id) = &wanted.id else {
            return Ok(here.iter().find(|leg| leg.name.as_deref() == Some(&*name)).cloned());
        };
        match self.read(self.api.leg(id)).await {
            Err(error) if error.is_gone() => Ok(None),
            state => state.map(Some),
        }
    }
}

#[async_trait]
impl Carrier for TinCanCarrier {
    type Config = TinCanConfig;

    const INFO: ProviderInfo = INFO;

    fn new(config: Self::Config, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Result<Self, ConfigProblem> {
        match config.problems().first() {
            Some(problem) => Err(*problem),
            None => Ok(Self { api: Api::new(config.clone()), client: Client::new(transport, clock, refusal), config }),
        }
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn settings(&self) -> Settings {
        Settings {
            ring_seconds: 30,
            agent_ring_seconds: 10,
            rejoin_within: Duration::from_secs(30),
            default_caller_id: None,
            backlog: self.config.backlog,
        }
    }

    async fn add(&self, call: &CallId, new: &NewLeg<'_>) -> Result<Made, ApiError> {
        let Created { id } = self.read(self.api.add(call, new)).await?;
        // It was made; what it is called is told by the webhooks, too.
        if is_id(&id) { Ok(Made { id, room: None }) } else { Err(ApiError::Garbled) }
    }

    async fn end_leg(&self, id: &str) -> Result<(), ApiError> {
        self.order(self.api.end(id)).await
    }

    async fn end_room(&self, _room: &str) -> Result<(), ApiError> {
        // No room has an id of its own, so legs are ended one by one.
        Err(ApiError::Unsupported)
    }

    async fn change(&self, change: Change, at: &Place<'_>) -> Result<Option<String>, ApiError> {
        let changed = match change {
            Change::Hold | Change::Resume => self.set(at.customer, json!({ "held": change == Change::Hold })).await,
            Change::Mute | Change::Unmute => match at.agent {
                Some(agent) => self.set(agent, json!({ "muted": change == Change::Mute })).await,
                // It comes back as the agent wishes.
                None => Ok(()),
            },
            // Not claimed.
            Change::StartRecording | Change::PauseRecording | Change::ResumeRecording | Change::StopRecording => {
                Err(ApiError::Unsupported)
            }
        };
        changed.map(|()| None)
    }

    async fn keep(&self, _call: &CallId, _room: Option<&str>, id: &str) -> Result<(), ApiError> {
        self.set(id, json!({ "ends_room": true })).await
    }

    async fn bring(&self, call: &CallId, leg: Leg, id: &str, _held: bool) -> Result<(), ApiError> {
        self.set(id, place(call, leg)).await
    }

    async fn divert(&self, _call: &CallId, id: &str, goes: &Goes) -> Result<(), ApiError> {
        let mut order = self.api.change(id, &otherwise(goes))?;
        // Another number must not ring twice.
        if matches!(goes, Goes::Number { .. }) {
            order.effect = Effect::Creates;
        }
        self.order(Ok(order)).await
    }

    async fn send_digits(&self, id: &str, digits: &Digits) -> Result<(), ApiError> {
        self.order(self.api.digits(id, digits)).await
    }

    async fn look_up(&self, call: &CallId, wanted: &Wanted) -> Result<Found, ApiError> {
        let here: Vec<LegState> = self.read(self.api.legs(call)).await?;
        let live = |id: &str| here.iter().find(|leg| leg.id == id && leg.is_live());
        let mut found = Found::default();
        let mut stands = Standing::default();
        for wanted_leg in &wanted.legs {
            let Some(state) = self.find(&here, wanted_leg).await? else { continue };
            stands.held |= state.held && wanted_leg.leg == Leg::Customer;
            stands.muted |= state.muted && Some(wanted_leg.leg) == wanted.agent;
            let status = state.progress();
            found.legs.push(FoundLeg { leg: wanted_leg.leg, id: state.id, room: None, word: state.status, status });
        }
        found.stands = Some(stands);
        // Who was sent on is no longer in the room.
        found.diverted = wanted.divert.is_some()
            && !here.iter().any(|leg| leg.is_live() && leg.name.as_deref() == Some(&*Leg::Customer.to_string()));
        found.came = wanted.merge.as_ref().is_some_and(|merge| live(&merge.leg_id).is_some());
        Ok(found)
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, ApiError> {
        let numbers: Vec<Number> = self.read(self.api.numbers()).await?;
        let known = |Number { number: text, label }| Some(CallerId { number: number(&text)?, label });
        Ok(numbers.into_iter().filter_map(known).collect())
    }

    async fn recording(&self, _id: &str, _part: Option<SoundPart>) -> Result<RecordingSound, RecordingError> {
        // Recording is not claimed, so there are none.
        Err(RecordingError::Gone)
    }

    async fn media_token(&self, agent: &AgentId, _now: Timestamp) -> Result<MediaToken, Error> {
        let token = self.read(self.api.token(&identity(agent))).await;
        let Token { token, expires_at } =
            token.map_err(|error| error.into_error(Effect::Repeatable, Operation::SignIn, None))?;
        Ok(MediaToken { token, expires_at: Timestamp::from_millis(expires_at), settings: "{}".to_owned() })
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        webhook::decode(&self.config, now, request)
    }

    fn answer(&self, call: &CallId, answer: Answer<'_>) -> WebhookReply {
        let body = match answer {
            Answer::Room => place(call, Leg::Customer),
            Answer::Goes(goes) => otherwise(goes),
        };
        WebhookReply { status: 200, content_type: "application/json", body: body.to_string() }
    }
}
