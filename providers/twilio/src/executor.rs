//! Makes facts durable, and does what follows from them.

use crate::address::{Addresses, identity};
use crate::bridge::{Action, Bridge, Change, Fact, Facts, Gate, Leg, LegEnd, Output, entry};
use crate::client::Client;
use crate::config::TwilioConfig;
use crate::documents;
use crate::error::{ApiError, Effect};
use crate::rest::{Conference, NewParticipant, Participant, RecordingChange};
use crate::signature::SigningKey;
use cordboard::Timestamp;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    AgentId, CallId, CallerId, Entry, Error, ErrorKind, Event, EventHub, Journal, JournalError, Operation,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// How long an agent's browser is called: it takes the call by itself, or is not there. Twilio takes no less, and adds
/// five seconds.
const AGENT_RING_SECONDS: u16 = 5;
/// Enough that calls seldom wait for each other.
const SHARDS: usize = 64;

/// What the backend and its lines share.
pub(crate) struct Executor {
    pub(crate) config: TwilioConfig,
    pub(crate) addresses: Addresses,
    pub(crate) key: SigningKey,
    pub(crate) client: Client,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bridge: Lock<Bridge>,
    hubs: Lock<BTreeMap<AgentId, Arc<EventHub>>>,
    pub(crate) caller_ids: Mutex<Option<(Timestamp, Vec<CallerId>)>>,
    /// Told when the time to look at the time has changed.
    pub(crate) timers: Notify,
    /// Whoever adds facts to a call holds its shard, so that the journal has them in the order of the fold.
    folds: [Mutex<()>; SHARDS],
    /// Whoever has an order of a call carried out holds its shard, so that orders arrive in order.
    orders: [Mutex<()>; SHARDS],
}

/// Why an order failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Api(ApiError, Effect),
    Journal(JournalError),
}

impl Failure {
    pub(crate) fn into_error(self, operation: Operation, call: Option<&CallId>) -> Error {
        match self {
            Self::Api(error, effect) => error.into_error(effect, operation, call),
            Self::Journal(error) => Error::new(ErrorKind::Provider, operation).with_source(error),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Whether actions that an order began are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orders {
    /// By whoever took the order.
    CarryOut,
    /// Not from the journal: their outcome is looked up.
    Leave,
}

pub(crate) type Actions = Vec<(CallId, Action)>;

impl Executor {
    pub(crate) fn new(
        config: TwilioConfig,
        key: SigningKey,
        client: Client,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        bridge: Bridge,
    ) -> Self {
        Self {
            addresses: Addresses::new(&config.public_url),
            config,
            key,
            client,
            journal,
            clock,
            bridge: Lock::new(bridge),
            hubs: Lock::default(),
            caller_ids: Mutex::new(None),
            timers: Notify::new(),
            folds: [const { Mutex::const_new(()) }; SHARDS],
            orders: [const { Mutex::const_new(()) }; SHARDS],
        }
    }

    /// Nobody else adds facts to these calls meanwhile.
    pub(crate) async fn hold_folds(&self, calls: &[&CallId]) -> Vec<MutexGuard<'_, ()>> {
        let shards: BTreeSet<usize> = calls.iter().map(|call| shard(call)).collect();
        let mut guards = Vec::new();
        for shard in shards {
            guards.push(self.folds[shard].lock().await);
        }
        guards
    }

    /// Nobody else has an order of this call carried out meanwhile.
    pub(crate) async fn hold_orders(&self, call: &CallId) -> MutexGuard<'_, ()> {
        self.orders[shard(call)].lock().await
    }

    /// Records facts and takes them in. Returns what follows, or nothing if all were known.
    pub(crate) async fn commit(&self, facts: Facts) -> Result<Option<Actions>, JournalError> {
        let calls: Vec<&CallId> = facts.iter().map(|(call, ..)| call).collect();
        let guards = self.hold_folds(&calls).await;
        let actions = self.commit_held(facts).await;
        drop(guards);
        actions
    }

    /// The same, for whoever holds the calls.
    pub(crate) async fn commit_held(&self, facts: Facts) -> Result<Option<Actions>, JournalError> {
        if facts.is_empty() {
            return Ok(None);
        }
        let at = self.clock.now();
        let entries = facts.into_iter().map(|(call, key, fact)| entry(call, key, at, &fact)).collect();
        let new = self.journal.record(entries).await?;
        if new.is_empty() {
            return Ok(None);
        }
        self.take_in(new).await.map(Some)
    }

    /// Takes entries in that are in the journal, and records what they bring about.
    pub(crate) async fn take_in(&self, entries: Vec<Entry>) -> Result<Actions, JournalError> {
        let mut actions = Vec::new();
        let mut waiting = VecDeque::from(entries);
        while let Some(entry) = waiting.pop_front() {
            let Some(fact) = Fact::from_body(&entry.body) else {
                tracing::warn!(call = %entry.call, "an entry of the journal can't be read and is passed over");
                continue;
            };
            let outputs = self.bridge.lock().handle(&entry.call, entry.at, &fact);
            let mut records = Vec::new();
            for output in outputs {
                match output {
                    Output::Event(agent, event) => self.hub(&agent).publish(&Event::Call(event)),
                    Output::Act(call, action) => actions.push((call, action)),
                    Output::Record(call, key, fact) => records.push(self::entry(call, key, entry.at, &fact)),
                    Output::Bring { .. } => {}
                }
            }
            if !records.is_empty() {
                waiting.extend(self.journal.record(records).await?);
            }
        }
        self.timers.notify_one();
        Ok(actions)
    }

    /// Does what follows from facts, and what follows from that. Returns the first failure of an order's action, or, if
    /// orders are left alone, the first one that no fact tells of.
    pub(crate) async fn run(&self, actions: Actions, orders: Orders) -> Result<(), Failure> {
        let mut result = Ok(());
        let mut waiting = VecDeque::from(actions);
        while let Some((call, action)) = waiting.pop_front() {
            let is_order = action.gate() == Gate::Order;
            if is_order && orders == Orders::Leave {
                continue;
            }
            if !is_order {
                let name = action.name();
                let asked = vec![(call.clone(), format!("asked/{call}/{name}"), Fact::Asked { action: name })];
                match self.commit(asked).await? {
                    Some(actions) => waiting.extend(actions),
                    // Somebody did it, before this process was started.
                    None => continue,
                }
            }
            let (facts, outcome) = self.carry_out(&call, &action).await;
            // What became a fact has been told to whom it concerns.
            let is_noted = !facts.is_empty();
            waiting.extend(self.commit(facts).await?.unwrap_or_default());
            if let Err((error, effect)) = outcome {
                tracing::warn!(%call, ?action, %error, "an action failed");
                if result.is_ok() && (is_order || orders == Orders::Leave && !is_noted) {
                    result = Err(Failure::Api(error, effect));
                }
            }
        }
        result
    }

    /// Has Twilio do something. Returns what is known then.
    pub(crate) async fn carry_out(&self, call: &CallId, action: &Action) -> (Facts, Result<(), (ApiError, Effect)>) {
        match action {
            Action::AddAgent { leg, agent, from, muted } => {
                // The page learns which of its calls this leg carries: it may have several.
                let to = format!("client:{}?call={call}", identity(agent));
                self.add(call, *leg, &to, from.as_e164(), *muted, false).await
            }
            Action::AddNumber { leg, to, from, ends_room, .. } => {
                self.add(call, *leg, to.as_e164(), from.as_e164(), false, *ends_room).await
            }
            Action::EndAll { order, room, legs } => {
                self.settle(call, *order, Effect::Repeatable, self.end_all(room.as_deref(), legs).await)
            }
            Action::Change { order, change, room, customer, agent } => {
                let effect = if *change == Change::StartRecording { Effect::Creates } else { Effect::Repeatable };
                let outcome = self.change(call, *change, room.as_deref(), customer, agent.as_deref()).await;
                self.settle(call, *order, effect, outcome)
            }
            Action::Move { leg, id, .. } => self.bring(call, *leg, id).await,
            Action::CloseRoom { room, legs } => best(self.end_all(room.as_deref(), legs).await),
            Action::EndLeg { id, .. } => best(self.send(self.client.api.end_call(id)).await),
            Action::Unhold { room, customer, .. } => {
                best(self.change(call, Change::Resume, room.as_deref(), customer, None).await)
            }
            Action::Keep { room, id, .. } => best(match self.room(call, room.as_deref()).await {
                Ok(room) => self.send(self.client.api.ends_conference(&room, id)).await,
                Err(error) => Err(error),
            }),
            Action::Divert { id, goes } => {
                let twiml = documents::otherwise(&self.addresses, call, goes).build();
                best(self.send(self.client.api.redirect(id, &twiml, Effect::Repeatable)).await)
            }
        }
    }

    async fn add(
        &self,
        call: &CallId,
        leg: Leg,
        to: &str,
        from: &str,
        muted: bool,
        ends_conference: bool,
    ) -> (Facts, Result<(), (ApiError, Effect)>) {
        let is_agent = matches!(leg, Leg::Agent(_));
        let new = NewParticipant {
            to,
            from,
            label: &leg.to_string(),
            muted,
            ends_conference,
            ring_seconds: if is_agent { AGENT_RING_SECONDS } else { self.config.ring_seconds },
            wait_url: self.config.wait_url.as_deref(),
            status_callback: &self.addresses.leg(call, leg),
            conference_callback: &self.addresses.conference(call),
        };
        let made: Result<Participant, ApiError> =
            self.client.read(self.client.api.add_participant(call.as_str(), &new)).await;
        let one = |key: &str, fact| vec![(call.clone(), format!("{key}/{call}/{leg}"), fact)];
        match made {
            Ok(made) => (one("made", Fact::Made { leg, id: made.call_sid, room: Some(made.conference_sid) }), Ok(())),
            Err(error) => {
                let fact = match error.kind(Effect::Creates) {
                    // A label in use is a leg that was made.
                    ErrorKind::OutcomeUnknown | ErrorKind::WrongState => one("unsure", Fact::Unsure { leg }),
                    ErrorKind::InvalidNumber => one("refused", Fact::Refused { leg, end: LegEnd::Invalid }),
                    _ => one("refused", Fact::Refused { leg, end: LegEnd::Failed }),
                };
                (fact, Err((error, Effect::Creates)))
            }
        }
    }

    /// What is known after an order's request. When that is nothing, the order stays open and is looked up.
    fn settle(
        &self,
        call: &CallId,
        order: u32,
        effect: Effect,
        outcome: Result<(), ApiError>,
    ) -> (Facts, Result<(), (ApiError, Effect)>) {
        let one = |key: &str, fact| vec![(call.clone(), format!("{key}/{call}/{order}"), fact)];
        match outcome {
            Ok(()) => (one("done", Fact::Done { order }), Ok(())),
            Err(error) if is_certain(&error) => (one("not-done", Fact::NotDone { order }), Err((error, effect))),
            Err(error) => (Vec::new(), Err((error, effect))),
        }
    }

    async fn end_all(&self, room: Option<&str>, legs: &[String]) -> Result<(), ApiError> {
        let mut result = Ok(());
        if let Some(room) = room {
            result = self.send(self.client.api.end_conference(room)).await;
        }
        for leg in legs {
            let ended = self.send(self.client.api.end_call(leg)).await;
            result = result.and(ended);
        }
        result
    }

    async fn change(
        &self,
        call: &CallId,
        change: Change,
        room: Option<&str>,
        customer: &str,
        agent: Option<&str>,
    ) -> Result<(), ApiError> {
        let api = &self.client.api;
        let wait_url = self.config.wait_url.as_deref();
        let request = match change {
            Change::Hold => api.hold(&self.room(call, room).await?, customer, true, wait_url),
            Change::Resume => api.hold(&self.room(call, room).await?, customer, false, wait_url),
            Change::Mute | Change::Unmute => match agent {
                Some(agent) => api.mute(&self.room(call, room).await?, agent, change == Change::Mute),
                // The agent's leg is away, and comes back as it should be.
                None => return Ok(()),
            },
            Change::StartRecording => api.start_recording(customer, &self.addresses.recording(call)),
            Change::PauseRecording => api.change_recording(customer, RecordingChange::Pause),
            Change::ResumeRecording => api.change_recording(customer, RecordingChange::Resume),
            Change::StopRecording => api.change_recording(customer, RecordingChange::Stop),
        };
        self.client.send(request).await.map(drop)
    }

    /// Brings a leg of another call into this one's conference.
    async fn bring(&self, call: &CallId, leg: Leg, id: &str) -> (Facts, Result<(), (ApiError, Effect)>) {
        let wait_url = self.config.wait_url.as_deref();
        let twiml = documents::into_conference(&self.addresses, wait_url, call, leg).build();
        let outcome = self.client.send(self.client.api.redirect(id, &twiml, Effect::Creates)).await;
        let merge = self.bridge.lock().merge(call);
        let Some(merge) = merge else { return (Vec::new(), Ok(())) };
        let both = [(call, merge.order), (&merge.consultation, merge.consultation_order)];
        let (mut facts, mut result) = (Vec::new(), Ok(()));
        for (call, order) in both {
            let outcome = outcome.as_ref().map(drop).map_err(Clone::clone);
            let (more, outcome) = self.settle(call, order, Effect::Creates, outcome);
            facts.extend(more);
            result = result.and(outcome);
        }
        (facts, result)
    }

    /// The conference of a call, asked for if no webhook has told.
    pub(crate) async fn room(&self, call: &CallId, known: Option<&str>) -> Result<String, ApiError> {
        match known {
            Some(known) => Ok(known.to_owned()),
            None => self.find_room(call).await?.ok_or(ApiError::Refused {
                status: http::StatusCode::NOT_FOUND,
                code: None,
                retry_after: None,
            }),
        }
    }

    pub(crate) async fn find_room(&self, call: &CallId) -> Result<Option<String>, ApiError> {
        let found: Vec<Conference> =
            self.client.list(self.client.api.find_conference(call.as_str()), "conferences").await?;
        let open = found.into_iter().find(|conference| conference.status != "completed");
        Ok(open.map(|conference| conference.sid))
    }

    /// Sends what ends or changes something that may be over already.
    async fn send(&self, call: crate::rest::Call) -> Result<(), ApiError> {
        match self.client.send(call).await {
            Err(error) if !error.is_gone() => Err(error),
            _ => Ok(()),
        }
    }

    /// Where an agent's events go.
    pub(crate) fn hub(&self, agent: &AgentId) -> Arc<EventHub> {
        let mut hubs = self.hubs.lock();
        Arc::clone(hubs.entry(agent.clone()).or_insert_with(|| Arc::new(EventHub::new(self.config.backlog))))
    }
}

/// What nobody waits for: it is done, or logged.
fn best(outcome: Result<(), ApiError>) -> (Facts, Result<(), (ApiError, Effect)>) {
    (Vec::new(), outcome.map_err(|error| (error, Effect::Repeatable)))
}

/// Whether it is known that nothing was done.
fn is_certain(error: &ApiError) -> bool {
    match error {
        ApiError::NotSent => true,
        ApiError::Refused { status, .. } => status.is_client_error() && *status != http::StatusCode::REQUEST_TIMEOUT,
        ApiError::NoAnswer | ApiError::Garbled => false,
    }
}

fn shard(call: &CallId) -> usize {
    let mut hasher = DefaultHasher::new();
    call.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default()
}
