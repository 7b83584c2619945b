//! What the provider reports: made durable, answered, then handed to the backend, each call's facts one after the other.

use crate::app::App;
use crate::clock::before;
use crate::config::{GOODBYE, RouteSettings, Strategy};
use crate::desk::{self, Desk, Offer};
use crate::journal::{Chain, Store, StoreError};
use cordboard::async_trait;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    Backend, CallId, Entry, Fallback, InboundCall, Journal, JournalError, Route, Webhook, WebhookError, WebhookReply,
    WebhookRequest,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A call that is over is settled when nothing was heard of it for so long, so that what is on its way has arrived.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// How many entries are applied after a start before their events are waited for: fewer than a line keeps for a slow listener.
const REPLAYED_AT_ONCE: usize = 32;

/// Facts on their way to the backend.
pub(crate) struct Ledger {
    backend: Arc<dyn Backend>,
    queues: Arc<Lock<Queues>>,
}

/// Where the last inbound calls went: a provider that did not hear the answer asks again, and must get the same.
///
/// Locked while agents are chosen, so that two calls at once do not find the same one free.
#[derive(Default)]
pub(crate) struct Routes(Mutex<VecDeque<(CallId, Route)>>);

/// So many are remembered.
const ROUTES: usize = 1_024;

type Queues = BTreeMap<CallId, VecDeque<Entry>>;

impl Ledger {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, queues: Arc::default() }
    }

    /// Applies facts in the order in which they are given, call by call. Returns at once.
    pub(crate) fn apply(&self, entries: &[Entry]) {
        for entry in entries {
            let mut queues = self.queues.lock();
            if let Some(queue) = queues.get_mut(&entry.call) {
                queue.push_back(entry.clone());
                continue;
            }
            queues.insert(entry.call.clone(), VecDeque::from([entry.clone()]));
            drop(queues);
            tokio::spawn(work(Arc::clone(&self.backend), Arc::clone(&self.queues), entry.call.clone()));
        }
    }

    /// Whether facts of a call are on their way.
    fn is_busy(&self, call: &CallId) -> bool {
        self.queues.lock().contains_key(call)
    }
}

async fn work(backend: Arc<dyn Backend>, queues: Arc<Lock<Queues>>, call: CallId) {
    loop {
        let next = {
            let mut queues = queues.lock();
            let next = queues.get_mut(&call).and_then(VecDeque::pop_front);
            if next.is_none() {
                queues.remove(&call);
            }
            next
        };
        let Some(entry) = next else { return };
        let backend = Arc::clone(&backend);
        // A task of its own, so that a backend that panics does not keep the call's other facts.
        match tokio::spawn(async move { backend.apply(&entry).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%call, error = %Chain(&error), "what follows from a report failed"),
            Err(error) => tracing::error!(%call, panicked = error.is_panic(), "a report could not be applied"),
        }
    }
}

/// Where the backend writes down what it is about to do.
pub(crate) struct BackendJournal {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Journal for BackendJournal {
    async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, JournalError> {
        self.store.record(self.clock.now(), entries, |_| ()).await.map_err(JournalError::new)
    }

    async fn entries(&self, call: &CallId) -> Result<Vec<Entry>, JournalError> {
        self.store.entries(call).await.map_err(JournalError::new)
    }
}

/// Why a webhook is not answered as it hopes.
pub(crate) enum Refused {
    /// It was not the provider's, or can't be read.
    Webhook(WebhookError),
    /// It could not be made durable, or what it needs could not be done: it may come again.
    Unavailable,
}

impl From<StoreError> for Refused {
    fn from(_: StoreError) -> Self {
        Self::Unavailable
    }
}

impl App {
    /// Verifies a webhook, makes it durable, and gives the answer.
    pub(crate) async fn receive(self: &Arc<Self>, request: &WebhookRequest<'_>) -> Result<WebhookReply, Refused> {
        let now = self.clock.now();
        match self.backend.decode(now, request).map_err(Refused::Webhook)? {
            Webhook::Report { entries, reply } => {
                self.take_in(entries).await?;
                Ok(reply)
            }
            Webhook::Inbound { call, entry } => {
                self.store.record(now, vec![entry], |_| ()).await?;
                // Until the lines know of the call.
                let (route, _offers) = self.route(&call).await;
                self.backend.route(&call, &route).await.map_err(|error| {
                    tracing::error!(call = %call.id, error = %Chain(&error), "an inbound call could not be routed");
                    Refused::Unavailable
                })
            }
        }
    }

    /// Makes facts durable, and has them applied in the order of the journal.
    async fn take_in(self: &Arc<Self>, entries: Vec<Entry>) -> Result<(), StoreError> {
        let app = Arc::clone(self);
        let apply = move |new: &Vec<Entry>| app.ledger.apply(new);
        self.store.record(self.clock.now(), entries, apply).await.map(drop)
    }

    /// Who takes an inbound call, and the offers to them if it is a new one.
    async fn route(&self, call: &InboundCall) -> (Route, Vec<Offer>) {
        let mut routes = self.routes.0.lock().await;
        if let Some((_, route)) = routes.iter().rev().find(|(known, _)| *known == call.id) {
            return (route.clone(), Vec::new());
        }
        let of_number = self.config.routes.iter().find(|route| route.number.as_ref() == Some(&call.to));
        let settings = of_number.unwrap_or(&self.config.other_calls);
        let mut ready = Vec::new();
        for desk in self.desks.all() {
            if let Some(since) = free_since(&desk, settings).await {
                ready.push((since, desk));
            }
        }
        ready.sort_by(|(a, one), (b, other)| (a, &one.agent).cmp(&(b, &other.agent)));
        if settings.strategy == Strategy::LongestIdle {
            ready.truncate(1);
        }
        let agents = ready.iter().map(|(_, desk)| desk.agent.clone()).collect();
        let fallback = match &settings.fallback {
            // A call that somebody pays.
            Fallback::Number(_) if self.policy.is_open().is_err() => Fallback::Goodbye(GOODBYE.to_owned()),
            fallback => fallback.clone(),
        };
        let route = Route { agents, ring: settings.ring, fallback };
        if routes.len() >= ROUTES {
            routes.pop_front();
        }
        routes.push_back((call.id.clone(), route.clone()));
        tracing::info!(call = %call.id, agents = route.agents.len(), "a call came in");
        (route, ready.iter().map(|(_, desk)| desk.offer()).collect())
    }

    /// After a start: has the backend take in what the journal holds of unfinished calls.
    pub(crate) async fn replay(self: &Arc<Self>) -> Result<(), StoreError> {
        // The lines' listeners are there first, so that they hear what is told again.
        for agent in self.store.agents().await? {
            self.desks.of(&agent).await?;
        }
        let entries = self.store.open_entries().await?;
        let count = entries.len();
        for (index, entry) in entries.iter().enumerate() {
            if let Err(error) = self.backend.apply(entry).await {
                tracing::warn!(call = %entry.call, error = %Chain(&error), "what follows from a report failed");
            }
            if index % REPLAYED_AT_ONCE == REPLAYED_AT_ONCE - 1 {
                self.desks.flush().await;
            }
        }
        self.desks.flush().await;
        for desk in self.desks.all() {
            desk::end_lost_calls(&desk, &self.store, self.clock.now()).await?;
        }
        tracing::info!(entries = count, "the journal was replayed");
        Ok(())
    }

    /// Asks the provider about calls of which nothing was heard for `silent`.
    pub(crate) async fn reconcile(self: &Arc<Self>, silent: Duration) -> Result<(), StoreError> {
        let now = self.clock.now();
        for open in self.store.silent_calls(before(now, silent), false).await? {
            if self.is_stopping() {
                break;
            }
            match self.backend.reconcile(&open.call, self.clock.now()).await {
                Ok(entries) => self.take_in(entries).await?,
                Err(error) => {
                    tracing::warn!(call = %open.call, error = %Chain(&error), "the provider could not be asked about a call");
                }
            }
        }
        Ok(())
    }

    /// Closes the calls that are over and whose events are durable, and deletes what is old.
    pub(crate) async fn tidy(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut over = self.store.silent_calls(before(now, SETTLED_AFTER), true).await?;
        over.retain(|open| !self.ledger.is_busy(&open.call));
        if self.desks.flush().await {
            self.store.settle(over).await?;
        }
        self.sessions.forget_expired();
        let forgotten = self.store.forget_before(before(now, self.config.journal.keep)).await?;
        if forgotten > 0 {
            tracing::info!(rows = forgotten, "what is old was deleted");
        }
        Ok(())
    }

    /// Does both, again and again. Ends when the gateway does.
    pub(crate) async fn keep_house(self: Arc<Self>) {
        let mut stopping = self.stopping.subscribe();
        // After a start, everything that goes on may have changed meanwhile.
        let mut silent = Duration::ZERO;
        while !*stopping.borrow_and_update() {
            // The journal has logged what it could not do.
            let _ = self.reconcile(silent).await;
            let _ = self.tidy().await;
            silent = self.config.reconcile.silent;
            tokio::select! {
                () = tokio::time::sleep(self.config.reconcile.every) => {}
                _ = stopping.changed() => {}
            }
        }
    }
}

/// Since when an agent could have taken a call of that route; `None` if they can't.
async fn free_since(desk: &Desk, settings: &RouteSettings) -> Option<cordboard::Timestamp> {
    if !settings.agents.is_empty() && !settings.agents.contains(&desk.agent) || !desk::takes_inbound(&*desk.line) {
        return None;
    }
    let since = desk.ready_since()?;
    let calls = desk.line.active_calls().await.ok()?;
    calls.is_empty().then_some(since)
}
