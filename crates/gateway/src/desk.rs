//! An agent's place in the gateway: their line, and the way of its events into the journal and to the sockets.

use crate::feed::Feed;
use crate::journal::{Store, StoreError};
use crate::links::Links;
use crate::metrics::Metrics;
use crate::sessions::Sessions;
use crate::wire::{ServerMessage, WireEvent};
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    AgentId, Availability, Backend, CallEvent, CallEventKind, Capability, EndReason, Event, Events, FailureReason,
    Telephony,
};
use cordboard::{Timestamp, telephony::Call};
use futures_channel::{mpsc, oneshot};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::AbortHandle;

/// How many events go into the journal at once.
const BATCH: usize = 256;
/// How long to wait before a journal that failed is tried again. Events wait in the line meanwhile.
const RETRY: Duration = Duration::from_millis(250);
/// How long somebody waits for events to be durable.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);
/// How many may wait for that.
const FLUSHES: usize = 64;

/// An agent's place.
pub(crate) struct Desk {
    pub(crate) agent: AgentId,
    pub(crate) line: Arc<dyn Telephony>,
    pub(crate) feed: Feed,
    /// One dial at a time, so that how many calls there are is known.
    pub(crate) dialling: Mutex<()>,
    presence: Lock<Presence>,
    /// Of a kind that holds no room for what is not in it, for there is one for each agent.
    flushes: mpsc::Sender<oneshot::Sender<()>>,
}

/// Whether the agent can be rung.
#[derive(Clone, Copy, Debug)]
struct Presence {
    availability: Availability,
    sockets: usize,
    /// Calls that are about to ring there, and that the line does not know yet.
    offers: usize,
    /// Since when the agent has had nothing to do.
    idle_since: Timestamp,
}

/// All agents' places, each made when it is first needed.
pub(crate) struct Desks {
    parts: Parts,
    desks: Lock<BTreeMap<AgentId, Arc<OnceCell<Arc<Desk>>>>>,
    pumps: Lock<Vec<AbortHandle>>,
}

/// What a desk is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) links: Arc<Links>,
    pub(crate) store: Store,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    /// How many events are kept ready.
    pub(crate) backlog: usize,
}

impl Desks {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts, desks: Lock::default(), pumps: Lock::default() }
    }

    /// An agent's place.
    pub(crate) async fn of(&self, agent: &AgentId) -> Result<Arc<Desk>, StoreError> {
        let cell = Arc::clone(self.desks.lock().entry(agent.clone()).or_default());
        cell.get_or_try_init(|| self.open(agent)).await.map(Arc::clone)
    }

    /// The places that there are.
    pub(crate) fn all(&self) -> Vec<Arc<Desk>> {
        self.desks.lock().values().filter_map(|cell| cell.get().cloned()).collect()
    }

    /// Waits until everything that the lines have said is durable. `false` if that may not be so.
    pub(crate) async fn flush(&self) -> bool {
        let desks = self.all();
        let flushes = desks.iter().map(|desk| desk.flush());
        futures_util::future::join_all(flushes).await.into_iter().all(|flushed| flushed)
    }

    /// Ends what runs for the desks.
    pub(crate) fn close(&self) {
        for pump in self.pumps.lock().drain(..) {
            pump.abort();
        }
    }

    async fn open(&self, agent: &AgentId) -> Result<Arc<Desk>, StoreError> {
        let Parts { backend, store, clock, backlog, .. } = &self.parts;
        let stream = store.stream(agent).await?;
        let availability = store.availability(agent).await?;
        let line = backend.line(agent);
        let events = line.events();
        let (flushes, flush) = mpsc::channel(FLUSHES);
        let desk = Arc::new(Desk {
            agent: agent.clone(),
            line,
            feed: Feed::new(stream, *backlog),
            dialling: Mutex::default(),
            presence: Lock::new(Presence { availability, sockets: 0, offers: 0, idle_since: clock.now() }),
            flushes,
        });
        if availability == Availability::Available
            && let Err(error) = desk.line.set_availability(availability).await
        {
            tracing::warn!(%error, "an agent's availability could not be restored");
        }
        let pump = Pump { desk: Arc::clone(&desk), parts: self.parts.clone() };
        self.pumps.lock().push(tokio::spawn(pump.run(events, flush)).abort_handle());
        Ok(desk)
    }
}

impl Desk {
    /// Waits until everything that the line has said is durable. `false` if that may not be so.
    pub(crate) async fn flush(&self) -> bool {
        let (reply, done) = oneshot::channel();
        let mut flushes = self.flushes.clone();
        let flushed = async { flushes.send(reply).await.is_ok() && done.await.is_ok() };
        tokio::time::timeout(FLUSH_PATIENCE, flushed).await.unwrap_or(false)
    }

    /// Notes what the agent said, for routing.
    pub(crate) fn set_availability(&self, availability: Availability, now: Timestamp) {
        let mut presence = self.presence.lock();
        if presence.availability != availability {
            *presence = Presence { availability, idle_since: now, ..*presence };
        }
    }

    /// Counts a socket until the result is dropped.
    pub(crate) fn attend(self: &Arc<Self>) -> Attendance {
        self.presence.lock().sockets += 1;
        Attendance(Arc::clone(self))
    }

    /// Keeps the agent from being chosen for another call until the result is dropped.
    pub(crate) fn offer(self: &Arc<Self>) -> Offer {
        self.presence.lock().offers += 1;
        Offer(Arc::clone(self))
    }

    /// Since when the agent could have taken a call; `None` if they can't: not connected, away, or chosen for one.
    pub(crate) fn ready_since(&self) -> Option<Timestamp> {
        let presence = self.presence.lock();
        let is_there = presence.sockets > 0 && presence.availability == Availability::Available;
        (is_there && presence.offers == 0).then_some(presence.idle_since)
    }
}

/// A socket of an agent.
pub(crate) struct Attendance(Arc<Desk>);

impl Drop for Attendance {
    fn drop(&mut self) {
        let mut presence = self.0.presence.lock();
        presence.sockets = presence.sockets.saturating_sub(1);
    }
}

/// A call for which an agent was chosen.
pub(crate) struct Offer(Arc<Desk>);

impl Drop for Offer {
    fn drop(&mut self) {
        let mut presence = self.0.presence.lock();
        presence.offers = presence.offers.saturating_sub(1);
    }
}

/// Carries a line's events.
struct Pump {
    desk: Arc<Desk>,
    parts: Parts,
}

impl Pump {
    async fn run(self, mut events: Events, mut flush: mpsc::Receiver<oneshot::Sender<()>>) {
        loop {
            let mut batch = Vec::new();
            let mut waiting = Vec::new();
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => batch.push(event),
                    None => return tracing::error!("a line has ended"),
                },
                Some(reply) = flush.next() => waiting.push(reply),
            }
            loop {
                let mut is_more = false;
                while let Some(Some(event)) = events.next().now_or_never() {
                    batch.push(event);
                    is_more = batch.len() >= BATCH;
                    if is_more {
                        break;
                    }
                }
                // Boxed, so that each agent's pump is small while it waits.
                Box::pin(self.take(std::mem::take(&mut batch))).await;
                if !is_more {
                    break;
                }
            }
            for reply in waiting {
                // Who waited may have given up.
                let _ = reply.send(());
            }
        }
    }

    async fn take(&self, batch: Vec<Event>) {
        let mut calls = Vec::new();
        for event in batch {
            match event {
                Event::Call(mut event) => {
                    self.parts.links.put_into_event(&mut event);
                    calls.push(event);
                }
                Event::Connection(_) => {
                    self.keep(std::mem::take(&mut calls)).await;
                    self.say(&event);
                }
                Event::SignedOut(reason) => {
                    self.keep(std::mem::take(&mut calls)).await;
                    self.parts.sessions.end_all(&self.desk.agent, reason.into()).await;
                }
                Event::Lagged { missed } => {
                    self.keep(std::mem::take(&mut calls)).await;
                    self.parts.metrics.lagged.increment(1);
                    tracing::warn!(missed, "a line's events were missed");
                    self.catch_up().await;
                    self.say(&event);
                }
            }
        }
        self.keep(calls).await;
    }

    /// Makes events durable, then hands them out.
    async fn keep(&self, events: Vec<CallEvent>) {
        if events.is_empty() {
            return;
        }
        let Parts { store, clock, metrics, .. } = &self.parts;
        let now = clock.now();
        let stored = self.retried(|| store.append(&self.desk.agent, now, events.clone())).await;
        if events.iter().any(|event| matches!(event.kind, CallEventKind::Ended(_))) {
            self.desk.presence.lock().idle_since = now;
        }
        metrics.events.increment(stored.len() as u64);
        self.desk.feed.publish(&stored);
    }

    /// The line told more than could be taken in: its calls are read anew, and clients that come back are told that events are
    /// missing.
    async fn catch_up(&self) {
        let Parts { store, .. } = &self.parts;
        let stream = self.retried(|| store.break_stream(&self.desk.agent)).await;
        self.desk.feed.rename(stream);
        match self.desk.line.active_calls().await {
            Ok(mut calls) => {
                let told = self.retried(|| store.unended(&self.desk.agent)).await;
                self.parts.links.put_into_calls(&mut calls, &told);
                self.retried(|| store.adopt(&self.desk.agent, calls.clone())).await;
                self.end_missing(&calls).await;
            }
            Err(error) => tracing::warn!(%error, "an agent's calls can't be read"),
        }
    }

    /// Ends the calls that the agent was told of and that the line knows nothing of.
    async fn end_missing(&self, active: &[Call]) {
        let Parts { store, clock, .. } = &self.parts;
        let told = self.retried(|| store.unended(&self.desk.agent)).await;
        let now = clock.now();
        self.keep(ends(&told, active, now)).await;
    }

    fn say(&self, event: &Event) {
        let Some(event) = WireEvent::of(event) else { return };
        if let Ok(frame) = serde_json::to_string(&ServerMessage::Event { sequence: None, event }) {
            self.desk.feed.say(frame);
        }
    }

    /// Until it works: what is lost here is lost for good. When the journal is closed, this task is ended.
    async fn retried<T, F: Future<Output = Result<T, StoreError>>>(&self, mut write: impl FnMut() -> F) -> T {
        loop {
            match write().await {
                Ok(value) => return value,
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }
}

/// The ends of calls that were told of and that nobody knows any more.
fn ends(told: &[Call], active: &[Call], now: Timestamp) -> Vec<CallEvent> {
    let is_missing = |call: &&Call| !active.iter().any(|known| known.id == call.id);
    let end = |call: &Call| CallEvent {
        call: call.id.clone(),
        sequence: call.sequence + 1,
        at: now,
        kind: CallEventKind::Ended(EndReason::Failed(FailureReason::ConnectionLost)),
    };
    told.iter().filter(is_missing).map(end).collect()
}

/// After a start, when the line has taken in the whole journal: the agent's calls that it does not know are over.
pub(crate) async fn end_lost_calls(desk: &Desk, store: &Store, now: Timestamp) -> Result<(), StoreError> {
    let active = match desk.line.active_calls().await {
        Ok(active) => active,
        Err(error) => {
            tracing::warn!(%error, "an agent's calls can't be read");
            return Ok(());
        }
    };
    let told = store.unended(&desk.agent).await?;
    let stored = store.append(&desk.agent, now, ends(&told, &active, now)).await?;
    desk.feed.publish(&stored);
    Ok(())
}

/// Whether a line has inbound calls at all.
pub(crate) fn takes_inbound(line: &dyn Telephony) -> bool {
    line.capabilities().has(Capability::Inbound)
}
