//! A small server around a provider's backend, and the provider behind it.

use super::{ALEX, BLAKE, Leg, MemoryJournal, Stage};
use crate::{Callback, Emulated as _, Hears, Unanswered, numbers};
use cordboard::platform::{Clock as _, Lock};
use cordboard::telephony::{
    AgentId, Backend as _, CallId, Entry, Fallback, Journal, Route, Webhook, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_bridge::{Carrier, Chunks, Switchboard, Transport, TransportError};
use cordboard_mock::VirtualClock;
use futures_util::future::{join, select};
use futures_util::stream;
use http::{Method, Request, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Everything that survives a crash of the server: the provider, the journal, and who works here.
pub struct World<S: Stage> {
    /// The time.
    pub clock: VirtualClock,
    /// The provider.
    pub cloud: Lock<S::Cloud>,
    /// The journal.
    pub journal: Arc<MemoryJournal>,
    /// Who takes calls.
    pub available: Lock<BTreeSet<String>>,
    /// What becomes of calls that nobody takes.
    pub fallback: Lock<Fallback>,
    /// How long calls ring.
    pub ring: Lock<Duration>,
    /// Every request that was sent, as method and path.
    pub requests: Lock<Vec<String>>,
    /// Every callback that reached the server, in order.
    pub delivered: Lock<Vec<Request<Vec<u8>>>>,
    /// Requests with that method and path take so long to arrive.
    pub slow: Lock<Option<(Method, &'static str, Duration)>>,
    /// Whether callbacks reach the server.
    pub reachable: Lock<bool>,
    /// What the server that was started last writes to.
    books: Lock<Arc<dyn Journal>>,
    backlog: usize,
    changed: Notify,
}

impl<S: Stage> World<S> {
    /// A world whose lines keep few events.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Self::with_backlog(16)
    }

    /// A world whose lines keep so many events.
    #[must_use]
    pub fn with_backlog(backlog: usize) -> Arc<Self> {
        let journal = Arc::new(MemoryJournal::default());
        Arc::new(Self {
            clock: VirtualClock::default(),
            cloud: Lock::new(S::cloud()),
            books: Lock::new(Arc::clone(&journal) as _),
            journal,
            available: Lock::default(),
            fallback: Lock::new(Fallback::Goodbye("Goodbye".to_owned())),
            ring: Lock::new(Duration::from_secs(20)),
            requests: Lock::default(),
            delivered: Lock::default(),
            slow: Lock::default(),
            reachable: Lock::new(true),
            backlog,
            changed: Notify::new(),
        })
    }

    /// How many events a line keeps.
    #[must_use]
    pub const fn backlog(&self) -> usize {
        self.backlog
    }

    /// The configuration of a server here.
    pub fn config(&self) -> <S::Carrier as Carrier>::Config {
        S::config(&self.cloud.lock(), self.backlog)
    }

    /// A server that has just been started, with nothing in its memory.
    pub fn start(self: &Arc<Self>) -> Switchboard<S::Carrier> {
        self.start_over(Arc::clone(&self.journal) as _)
    }

    /// The same over another journal.
    pub fn start_over(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Switchboard<S::Carrier> {
        *self.books.lock() = journal;
        self.start_with(self.config())
    }

    /// The same with another configuration.
    ///
    /// # Panics
    /// If it is wrong.
    pub fn start_with(self: &Arc<Self>, config: <S::Carrier as Carrier>::Config) -> Switchboard<S::Carrier> {
        let transport = Arc::new(Wire(Arc::clone(self)));
        let journal = Arc::clone(&self.books.lock());
        let started = Switchboard::new(config, transport, journal, Arc::new(self.clock.clone()));
        started.expect("the configuration is right")
    }

    /// A server that takes up what the journal says, as the gateway does.
    ///
    /// # Panics
    /// If something fails.
    pub async fn restart(self: &Arc<Self>) -> Switchboard<S::Carrier> {
        let backend = self.start();
        for entry in self.journal.unfinished() {
            backend.apply(&entry).await.expect("nothing fails");
        }
        backend
    }

    /// Does something at the provider.
    pub fn at_provider<T>(&self, act: impl FnOnce(&mut S::Cloud, Timestamp) -> T) -> T {
        let result = act(&mut self.cloud.lock(), self.clock.now());
        self.changed.notify_one();
        result
    }

    /// Asks how a call stands, as the gateway does after a start and for silent calls.
    ///
    /// # Panics
    /// If the provider can't be asked.
    pub async fn reconcile(&self, backend: &Switchboard<S::Carrier>, call: &CallId) {
        let found = backend.reconcile(call, self.clock.now()).await.expect("the provider can be asked");
        for entry in self.journal.record(found).await.expect("a journal in memory") {
            backend.apply(&entry).await.expect("nothing fails");
        }
    }

    /// The legs of a call's room, by their labels.
    pub fn legs(&self, call: &CallId) -> BTreeMap<String, Leg> {
        let legs = self.all_legs();
        let inside = legs.into_iter().filter(|leg| leg.room.as_deref() == Some(call.as_str()));
        inside.filter_map(|leg| Some((leg.label.clone()?, leg))).collect()
    }

    /// All legs, the oldest first.
    pub fn all_legs(&self) -> Vec<Leg> {
        S::legs(&self.cloud.lock())
    }

    /// What the far end of a leg hears.
    pub fn hears(&self, leg: &str) -> Hears {
        S::hears(&self.cloud.lock(), leg)
    }

    /// Runs the provider's callbacks against a server, and the server's own time.
    pub async fn serve(&self, backend: &Switchboard<S::Carrier>) {
        join(self.callbacks(backend), backend.run()).await;
    }

    async fn callbacks(&self, backend: &Switchboard<S::Carrier>) {
        loop {
            let now = self.clock.now();
            self.cloud.lock().handle_timeout(now);
            while self.cloud.lock().poll_signal().is_some() {}
            let callback = self.cloud.lock().poll_callback();
            if let Some(callback) = callback {
                self.deliver(backend, callback).await;
                continue;
            }
            let due = self.cloud.lock().poll_timeout();
            let wait = async {
                match due {
                    Some(due) => self.clock.sleep(due.since(now)).await,
                    None => std::future::pending().await,
                }
            };
            select(pin!(self.changed.notified()), pin!(wait)).await;
        }
    }

    async fn deliver(&self, backend: &Switchboard<S::Carrier>, callback: Callback) {
        if !*self.reachable.lock() {
            let unanswered = Err(Unanswered::Connect);
            return self.cloud.lock().handle_callback_response(self.clock.now(), callback.id, unanswered);
        }
        self.delivered.lock().push(callback.request.clone());
        let (webhook, applies) = self.take(backend, &callback.request).await;
        let response = Response::builder().status(webhook.status).header("content-type", webhook.content_type);
        let response = response.body(webhook.body.into_bytes()).expect("a response");
        self.cloud.lock().handle_callback_response(self.clock.now(), callback.id, Ok(response));
        for entry in applies {
            backend.apply(&entry).await.expect("nothing fails");
        }
    }

    /// What the gateway does: verify, record, answer; then apply.
    async fn take(&self, backend: &Switchboard<S::Carrier>, request: &Request<Vec<u8>>) -> (WebhookReply, Vec<Entry>) {
        let url = request.uri().to_string();
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("plain headers")))
            .collect();
        let method = request.method().as_str();
        let request = WebhookRequest { method, url: &url, headers: &headers, body: request.body() };
        let journal = Arc::clone(&self.books.lock());
        match backend.decode(self.clock.now(), &request).expect("the emulator's webhooks are right") {
            Webhook::Report { entries, reply } => {
                let new = journal.record(entries).await.expect("a journal in memory");
                (reply, new)
            }
            Webhook::Inbound { call, entry } => {
                let new = journal.record(vec![entry]).await.expect("a journal in memory");
                for entry in new {
                    backend.apply(&entry).await.expect("nothing fails");
                }
                let available = self.available.lock().clone();
                let called = match call.to.as_e164() {
                    numbers::ALEX => vec![ALEX],
                    numbers::BLAKE => vec![BLAKE],
                    _ => vec![ALEX, BLAKE],
                };
                let agents = called.into_iter().filter(|agent| available.contains(*agent)).map(AgentId::new).collect();
                let route = Route { agents, ring: *self.ring.lock(), fallback: self.fallback.lock().clone() };
                (backend.route(&call, &route).await.expect("a route"), Vec::new())
            }
        }
    }
}

/// Requests go to the emulator.
struct Wire<S: Stage>(Arc<World<S>>);

#[async_trait]
impl<S: Stage> Transport for Wire<S> {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.0.requests.lock().push(format!("{} {}", request.method(), request.uri().path()));
        let slow = self.0.slow.lock().clone();
        if let Some((_, _, takes)) =
            slow.filter(|(method, path, _)| request.method() == method && request.uri().path().contains(path))
        {
            self.0.clock.sleep(takes).await;
        }
        let answer = self.0.at_provider(|cloud, now| cloud.handle_request(now, &request));
        answer.ok_or(TransportError::NoAnswer)
    }

    async fn open(&self, request: Request<Vec<u8>>) -> Result<Response<Chunks>, TransportError> {
        let answer = self.send(request).await?;
        Ok(answer.map(|body| Box::pin(stream::iter([Ok(body)])) as Chunks))
    }
}
