//! Makes facts durable, and does what follows from them.

use crate::bridge::{Action, Bridge, Change, Fact, Facts, Gate, Leg, LegEnd, Limits, Output, entry};
use crate::carrier::{Carrier, Made, NewLeg, Party, Place, Settings};
use crate::error::{ApiError, Effect};
use crate::recording;
use cordboard::Timestamp;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    AgentId, CallId, CallerId, Entry, Error, ErrorKind, Event, EventHub, Journal, JournalError, Operation,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard, Notify};

/// Calls that are over are remembered for a day's work, so that a repeated wish to call finds them.
const REMEMBERED: usize = 10_000;
/// Enough that calls seldom wait for each other.
const SHARDS: usize = 64;

/// What the backend and its lines share.
pub(crate) struct Executor<C> {
    pub(crate) carrier: C,
    pub(crate) settings: Settings,
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
    /// What is being asked of the provider: it says itself how it ended, and nobody else asks for it meanwhile.
    under_way: Lock<BTreeSet<(CallId, String)>>,
}

/// Why an order failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Api(ApiError),
    Journal(JournalError),
}

impl Failure {
    pub(crate) fn into_error(self, operation: Operation, call: Option<&CallId>) -> Error {
        match self {
            // What was tried again may have been carried out at any time.
            Self::Api(error) => error.into_error(Effect::Creates, operation, call),
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

/// What is known after a request, and whether it failed.
type Outcome = (Facts, Result<(), ApiError>);

impl<C: Carrier> Executor<C> {
    pub(crate) fn new(carrier: C, journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> Self {
        let settings = carrier.settings();
        let limits = Limits { rejoin_within: settings.rejoin_within, remembered: REMEMBERED };
        Self {
            carrier,
            settings,
            journal,
            clock,
            bridge: Lock::new(Bridge::new(limits)),
            hubs: Lock::default(),
            caller_ids: Mutex::new(None),
            timers: Notify::new(),
            folds: [const { Mutex::const_new(()) }; SHARDS],
            orders: [const { Mutex::const_new(()) }; SHARDS],
            under_way: Lock::default(),
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
                    Output::Bring { .. } | Output::LookUp(_) => {}
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
            if let Err(error) = outcome {
                tracing::warn!(%call, ?action, %error, "an action failed");
                if result.is_ok() && (is_order || orders == Orders::Leave && !is_noted) {
                    result = Err(Failure::Api(error));
                }
            }
        }
        result
    }

    /// Has the provider do something. Returns what is known then.
    pub(crate) async fn carry_out(&self, call: &CallId, action: &Action) -> Outcome {
        let Some(_under_way) = self.set_out(call, action.name()) else { return (Vec::new(), Ok(())) };
        let place = |order, room, customer, agent| Place { call, order, room, customer, agent };
        match action {
            Action::AddAgent { leg, agent, from, muted } => {
                let ring_seconds = self.settings.agent_ring_seconds;
                let (to, muted) = (Party::Agent(agent), *muted);
                self.add(call, NewLeg { leg: *leg, to, from, muted, ends_room: false, ring_seconds, beside: None })
                    .await
            }
            Action::AddNumber { leg, to, from, ends_room, .. } => {
                let ring_seconds = self.settings.ring_seconds;
                let (to, ends_room) = (Party::Number(to), *ends_room);
                self.add(call, NewLeg { leg: *leg, to, from, muted: false, ends_room, ring_seconds, beside: None })
                    .await
            }
            Action::EndAll { order, room, legs } => {
                let outcome = self.end_all(room.as_deref(), legs).await;
                settle(call, *order, outcome.map(|()| None))
            }
            Action::Change { order, change, room, customer, agent } => {
                let place = place(*order, room.as_deref(), customer, agent.as_deref());
                let own_name = || (*change == Change::StartRecording).then(|| recording::name(call, *order));
                let outcome = self.carrier.change(*change, &place).await;
                settle(call, *order, outcome.map(|named| named.or_else(own_name)))
            }
            Action::Move { leg, id, held, .. } => self.bring(call, *leg, id, *held).await,
            Action::CloseRoom { room, legs } => follow_up(call, action, self.end_all(room.as_deref(), legs).await),
            Action::EndLeg { id, .. } => follow_up(call, action, self.carrier.end_leg(id).await),
            Action::Unhold { order, room, customer } => {
                let place = place(*order, room.as_deref(), customer, None);
                follow_up(call, action, self.carrier.change(Change::Resume, &place).await.map(drop))
            }
            Action::Keep { room, id, .. } => {
                follow_up(call, action, self.carrier.keep(call, room.as_deref(), id).await)
            }
            Action::Divert { id, goes } => follow_up(call, action, self.carrier.divert(call, id, goes).await),
        }
    }

    /// Notes that something is under way until the result is dropped; `None` if it is already.
    pub(crate) fn set_out(&self, call: &CallId, name: String) -> Option<UnderWay<'_, C>> {
        let what = (call.clone(), name);
        let is_new = self.under_way.lock().insert(what.clone());
        is_new.then(|| UnderWay { executor: self, what })
    }

    /// The names of what is under way for a call.
    pub(crate) fn under_way(&self, call: &CallId) -> BTreeSet<String> {
        self.under_way.lock().iter().filter(|(of, _)| of == call).map(|(_, name)| name.clone()).collect()
    }

    async fn add(&self, call: &CallId, new: NewLeg<'_>) -> Outcome {
        let leg = new.leg;
        let beside = self.bridge.lock().beside(call);
        let made = self.carrier.add(call, &NewLeg { beside: beside.as_deref(), ..new }).await;
        let one = |key: &str, fact| vec![(call.clone(), format!("{key}/{call}/{leg}"), fact)];
        match made {
            Ok(Made { id, room }) => (one("made", Fact::Made { leg, id, room }), Ok(())),
            Err(error) => {
                let fact = match error.kind(Effect::Creates) {
                    // A leg of that name is there already: it was made.
                    ErrorKind::OutcomeUnknown | ErrorKind::WrongState => one("unsure", Fact::Unsure { leg }),
                    ErrorKind::InvalidNumber => one("refused", Fact::Refused { leg, end: LegEnd::Invalid }),
                    ErrorKind::NotAllowed => one("refused", Fact::Refused { leg, end: LegEnd::NotAllowed }),
                    _ => one("refused", Fact::Refused { leg, end: LegEnd::Failed }),
                };
                (fact, Err(error))
            }
        }
    }

    async fn end_all(&self, room: Option<&str>, legs: &[String]) -> Result<(), ApiError> {
        let mut result = Ok(());
        if let Some(room) = room {
            result = unless_gone(self.carrier.end_room(room).await);
        }
        for leg in legs {
            let ended = unless_gone(self.carrier.end_leg(leg).await);
            result = result.and(ended);
        }
        result
    }

    /// Brings a leg of another call into this one's room.
    async fn bring(&self, call: &CallId, leg: Leg, id: &str, held: bool) -> Outcome {
        let outcome = self.carrier.bring(call, leg, id, held).await.map(|()| None);
        let merge = self.bridge.lock().merge(call);
        let Some(merge) = merge else { return (Vec::new(), Ok(())) };
        let both = [(call, merge.order), (&merge.consultation, merge.consultation_order)];
        let (mut facts, mut result) = (Vec::new(), Ok(()));
        for (call, order) in both {
            let (more, outcome) = settle(call, order, outcome.clone());
            facts.extend(more);
            result = result.and(outcome);
        }
        (facts, result)
    }

    /// Where an agent's events go.
    pub(crate) fn hub(&self, agent: &AgentId) -> Arc<EventHub> {
        let mut hubs = self.hubs.lock();
        Arc::clone(hubs.entry(agent.clone()).or_insert_with(|| Arc::new(EventHub::new(self.settings.backlog))))
    }
}

/// Something that is being asked of the provider.
pub(crate) struct UnderWay<'a, C> {
    executor: &'a Executor<C>,
    what: (CallId, String),
}

impl<C> Drop for UnderWay<'_, C> {
    fn drop(&mut self) {
        self.executor.under_way.lock().remove(&self.what);
    }
}

/// What is known after an order's request. When that is nothing, the order stays open and is looked up.
fn settle(call: &CallId, order: u32, outcome: Result<Option<String>, ApiError>) -> Outcome {
    let one = |key: &str, fact| vec![(call.clone(), format!("{key}/{call}/{order}"), fact)];
    match outcome {
        Ok(recording) => (one("done", Fact::Done { order, recording }), Ok(())),
        Err(error) if error.is_certain() => (one("not-done", Fact::NotDone { order }), Err(error)),
        Err(error) => (Vec::new(), Err(error)),
    }
}

/// What is known after a request that nobody waits for. When that is nothing, it is made again later.
fn follow_up(call: &CallId, action: &Action, outcome: Result<(), ApiError>) -> Outcome {
    let outcome = unless_gone(outcome);
    let is_settled = outcome.as_ref().map_or_else(ApiError::is_final, |()| true);
    (if is_settled { vec![action.settled(call)] } else { Vec::new() }, outcome)
}

/// To end or change what is over already is no failure.
fn unless_gone(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
    match outcome {
        Err(error) if !error.is_gone() => Err(error),
        _ => Ok(()),
    }
}

fn shard(call: &CallId) -> usize {
    let mut hasher = DefaultHasher::new();
    call.hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or_default()
}
