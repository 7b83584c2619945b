//! A small server around the backend, and Twilio's emulator behind it, in virtual time.

#![allow(dead_code, reason = "each test uses some of it")]

use cordboard::platform::{Clock, Lock};
use cordboard::telephony::{
    Agent, AgentId, Availability, Backend, Call, CallEvent, CallEventKind, CallId, CallerId, Capabilities, Credentials,
    DialKey, DialRequest, Digits, Direction, EndReason, Entry, Error, ErrorKind, Event, Events, Fallback, Journal,
    JournalError, Operation, PhoneNumber, ProviderInfo, Route, Telephony, Transfer, Webhook, WebhookReply,
    WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_mock::VirtualClock;
use cordboard_twilio::{ApiKey, Transport, TransportError, Twilio, TwilioConfig};
use cordboard_twilio_emulator::{Callback, Cloud, CloudConfig, numbers};
use futures_util::StreamExt as _;
use futures_util::future::{Either, join, select};
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

pub(crate) const PUBLIC_URL: &str = "https://calls.example.com";
pub(crate) const ALEX: &str = "alex";
pub(crate) const BLAKE: &str = "blake";

/// Everything that survives a crash of the server: Twilio, the journal, and who works here.
pub(crate) struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) cloud: Lock<Cloud>,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) available: Lock<BTreeSet<String>>,
    pub(crate) fallback: Lock<Fallback>,
    pub(crate) ring: Lock<Duration>,
    /// Every request that was sent, as method and path.
    pub(crate) requests: Lock<Vec<String>>,
    /// Every callback that reached the server, in order.
    pub(crate) delivered: Lock<Vec<Request<Vec<u8>>>>,
    /// Whether callbacks reach the server.
    pub(crate) reachable: Lock<bool>,
    /// What the server that was started last writes to.
    books: Lock<Arc<dyn Journal>>,
    backlog: usize,
    changed: Notify,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Self::with_backlog(16)
    }

    pub(crate) fn with_backlog(backlog: usize) -> Arc<Self> {
        let mut config = CloudConfig::for_tests(&format!("{PUBLIC_URL}/webhooks/twilio/inbound"));
        for number in &mut config.numbers {
            number.status_callback = Some(format!("{PUBLIC_URL}/webhooks/twilio/status"));
        }
        let journal = Arc::new(MemoryJournal::default());
        Arc::new(Self {
            clock: VirtualClock::default(),
            cloud: Lock::new(Cloud::new(config)),
            books: Lock::new(Arc::clone(&journal) as _),
            journal,
            available: Lock::default(),
            fallback: Lock::new(Fallback::Goodbye("Goodbye".to_owned())),
            ring: Lock::new(Duration::from_secs(20)),
            requests: Lock::default(),
            delivered: Lock::default(),
            reachable: Lock::new(true),
            backlog,
            changed: Notify::new(),
        })
    }

    pub(crate) fn config(&self) -> TwilioConfig {
        let cloud = self.cloud.lock();
        let key =
            ApiKey { sid: cloud.config().api_key_sid.clone(), secret: cloud.config().api_key_secret.clone().into() };
        let token = cloud.config().auth_token.clone().into();
        let mut config = TwilioConfig::new(&cloud.config().account_sid, token, key, PUBLIC_URL);
        config.backlog = self.backlog;
        config
    }

    /// A server that has just been started, with nothing in its memory.
    pub(crate) fn start(self: &Arc<Self>) -> Twilio {
        self.start_over(Arc::clone(&self.journal) as _)
    }

    /// The same over another journal.
    pub(crate) fn start_over(self: &Arc<Self>, journal: Arc<dyn Journal>) -> Twilio {
        *self.books.lock() = journal;
        self.start_with(self.config())
    }

    /// The same with another configuration.
    pub(crate) fn start_with(self: &Arc<Self>, config: TwilioConfig) -> Twilio {
        let transport = Arc::new(Wire(Arc::clone(self)));
        let journal = Arc::clone(&self.books.lock());
        Twilio::new(config, transport, journal, Arc::new(self.clock.clone())).expect("the configuration is right")
    }

    /// A server that takes up what the journal says, as the gateway does.
    pub(crate) async fn restart(self: &Arc<Self>) -> Twilio {
        let twilio = self.start();
        for entry in self.journal.unfinished() {
            twilio.apply(&entry).await.expect("nothing fails");
        }
        twilio
    }

    /// Does something at Twilio.
    pub(crate) fn at_twilio<T>(&self, act: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        let result = act(&mut self.cloud.lock(), self.clock.now());
        self.changed.notify_one();
        result
    }

    /// Asks how a call stands, as the gateway does after a start and for silent calls.
    pub(crate) async fn reconcile(&self, twilio: &Twilio, call: &CallId) {
        let found = twilio.reconcile(call, self.clock.now()).await.expect("Twilio can be asked");
        for entry in self.journal.record(found).await.expect("a journal in memory") {
            twilio.apply(&entry).await.expect("nothing fails");
        }
    }

    /// Runs Twilio's callbacks against a server, and the server's own time.
    pub(crate) async fn serve(&self, twilio: &Twilio) {
        join(self.callbacks(twilio), twilio.run()).await;
    }

    async fn callbacks(&self, twilio: &Twilio) {
        loop {
            let now = self.clock.now();
            self.cloud.lock().handle_timeout(now);
            while self.cloud.lock().poll_signal().is_some() {}
            let callback = self.cloud.lock().poll_callback();
            if let Some(callback) = callback {
                self.deliver(twilio, callback).await;
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

    async fn deliver(&self, twilio: &Twilio, callback: Callback) {
        if !*self.reachable.lock() {
            let unanswered = Err(cordboard_twilio_emulator::Unanswered::Connect);
            return self.cloud.lock().handle_callback_response(self.clock.now(), callback.id, unanswered);
        }
        self.delivered.lock().push(callback.request.clone());
        let (webhook, applies) = self.take(twilio, &callback.request).await;
        let response = Response::builder().status(webhook.status).header("content-type", webhook.content_type);
        let response = response.body(webhook.body.into_bytes()).expect("a response");
        self.cloud.lock().handle_callback_response(self.clock.now(), callback.id, Ok(response));
        for entry in applies {
            twilio.apply(&entry).await.expect("nothing fails");
        }
    }

    /// What the gateway does: verify, record, answer; then apply.
    async fn take(&self, twilio: &Twilio, request: &Request<Vec<u8>>) -> (WebhookReply, Vec<Entry>) {
        let url = request.uri().to_string();
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("plain headers")))
            .collect();
        let method = request.method().as_str();
        let request = WebhookRequest { method, url: &url, headers: &headers, body: request.body() };
        let journal = Arc::clone(&self.books.lock());
        match twilio.decode(self.clock.now(), &request).expect("the emulator's webhooks are right") {
            Webhook::Report { entries, reply } => {
                let new = journal.record(entries).await.expect("a journal in memory");
                (reply, new)
            }
            Webhook::Inbound { call, entry } => {
                let new = journal.record(vec![entry]).await.expect("a journal in memory");
                for entry in new {
                    twilio.apply(&entry).await.expect("nothing fails");
                }
                let available = self.available.lock().clone();
                let called = match call.to.as_e164() {
                    numbers::ALEX => vec![ALEX],
                    numbers::BLAKE => vec![BLAKE],
                    _ => vec![ALEX, BLAKE],
                };
                let agents = called.into_iter().filter(|agent| available.contains(*agent)).map(AgentId::new).collect();
                let route = Route { agents, ring: *self.ring.lock(), fallback: self.fallback.lock().clone() };
                (twilio.route(&call, &route).await.expect("a route"), Vec::new())
            }
        }
    }
}

/// Requests go to the emulator.
struct Wire(Arc<World>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.0.requests.lock().push(format!("{} {}", request.method(), request.uri().path()));
        let answer = self.0.at_twilio(|cloud, now| cloud.handle_request(now, &request));
        answer.ok_or(TransportError::NoAnswer)
    }
}

/// A journal that lasts as long as the test, and can let the server die at a write.
#[derive(Default)]
pub(crate) struct MemoryJournal {
    entries: Lock<Vec<Entry>>,
    crash: Lock<Option<Crash>>,
    pub(crate) crashed: Notify,
}

/// When the server dies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crash {
    /// So many writes succeed before.
    pub(crate) writes: usize,
    /// Whether the write at which it dies is durable.
    pub(crate) durable: bool,
}

impl MemoryJournal {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().clone()
    }

    pub(crate) fn crash_at(&self, crash: Option<Crash>) {
        *self.crash.lock() = crash;
    }

    /// The entries of calls that are not over, in order.
    pub(crate) fn unfinished(&self) -> Vec<Entry> {
        let entries = self.entries();
        let over: BTreeSet<CallId> =
            entries.iter().filter(|entry| entry.is_last).map(|entry| entry.call.clone()).collect();
        entries.into_iter().filter(|entry| !over.contains(&entry.call)).collect()
    }

    fn write(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut known = self.entries.lock();
        let mut new = Vec::new();
        for entry in entries {
            if !known.iter().any(|known| known.key == entry.key) {
                known.push(entry.clone());
                new.push(entry);
            }
        }
        new
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, JournalError> {
        let crash = *self.crash.lock();
        if let Some(Crash { writes, durable }) = crash {
            if writes == 0 {
                if durable {
                    self.write(entries);
                }
                self.crashed.notify_one();
                return std::future::pending().await;
            }
            self.crash_at(Some(Crash { writes: writes - 1, durable }));
        }
        Ok(self.write(entries))
    }
}

/// A page's line: what the gateway adds to a backend's line is that somebody must be signed in.
pub(crate) struct Page {
    world: Arc<World>,
    agent: &'static str,
    line: Arc<dyn Telephony>,
    signed_in: Lock<bool>,
}

impl Page {
    pub(crate) fn new(world: Arc<World>, twilio: &Twilio, agent: &'static str) -> Self {
        let line = twilio.line(&AgentId::new(agent));
        Self { world, agent, line, signed_in: Lock::new(false) }
    }

    fn admit(&self, operation: Operation) -> Result<&dyn Telephony, Error> {
        if !self.capabilities().supports(operation) {
            return Err(Error::new(ErrorKind::Unsupported, operation));
        }
        if *self.signed_in.lock() { Ok(&*self.line) } else { Err(Error::new(ErrorKind::NotSignedIn, operation)) }
    }
}

#[async_trait]
impl Telephony for Page {
    fn info(&self) -> ProviderInfo {
        self.line.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.line.capabilities()
    }

    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error> {
        let agent = self.line.sign_in(credentials).await?;
        *self.signed_in.lock() = true;
        Ok(agent)
    }

    async fn sign_out(&self) -> Result<(), Error> {
        if std::mem::take(&mut *self.signed_in.lock()) {
            self.world.available.lock().remove(self.agent);
            return self.line.sign_out().await;
        }
        Ok(())
    }

    async fn set_availability(&self, availability: Availability) -> Result<(), Error> {
        self.admit(Operation::SetAvailability)?.set_availability(availability).await?;
        let mut available = self.world.available.lock();
        match availability {
            Availability::Available => drop(available.insert(self.agent.to_owned())),
            Availability::Away => drop(available.remove(self.agent)),
        }
        Ok(())
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        self.admit(Operation::CallerIds)?.caller_ids().await
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        self.admit(Operation::Dial)?.dial(request).await
    }

    async fn answer(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Answer)?.answer(call).await
    }

    async fn reject(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Reject)?.reject(call).await
    }

    async fn hang_up(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::HangUp)?.hang_up(call).await
    }

    async fn mute(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Mute)?.mute(call).await
    }

    async fn unmute(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Unmute)?.unmute(call).await
    }

    async fn hold(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Hold)?.hold(call).await
    }

    async fn resume(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::Resume)?.resume(call).await
    }

    async fn send_digits(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        self.admit(Operation::SendDigits)?.send_digits(call, digits).await
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        self.admit(transfer.operation())?.transfer(call, transfer).await
    }

    async fn start_recording(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::StartRecording)?.start_recording(call).await
    }

    async fn pause_recording(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::PauseRecording)?.pause_recording(call).await
    }

    async fn resume_recording(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::ResumeRecording)?.resume_recording(call).await
    }

    async fn stop_recording(&self, call: &CallId) -> Result<(), Error> {
        self.admit(Operation::StopRecording)?.stop_recording(call).await
    }

    async fn active_calls(&self) -> Result<Vec<Call>, Error> {
        self.admit(Operation::ActiveCalls)?.active_calls().await
    }

    fn events(&self) -> Events {
        self.line.events()
    }
}

pub(crate) fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

/// The legs of a call's conference, by their labels.
pub(crate) fn legs(world: &World, call: &CallId) -> BTreeMap<String, cordboard_twilio_emulator::Leg> {
    let legs = world.cloud.lock().legs();
    let inside = legs.into_iter().filter(|leg| leg.conference.as_deref() == Some(call.as_str()));
    inside.filter_map(|leg| Some((leg.label.clone()?, leg))).collect()
}

/// An agent who listens, and waits for what they expect.
pub(crate) struct Listener {
    world: Arc<World>,
    pub(crate) line: Arc<dyn Telephony>,
    events: Events,
    pub(crate) heard: Vec<CallEvent>,
}

impl Listener {
    pub(crate) fn new(world: &Arc<World>, twilio: &Twilio, agent: &str) -> Self {
        world.available.lock().insert(agent.to_owned());
        let line = twilio.line(&AgentId::new(agent));
        let events = line.events();
        Self { world: Arc::clone(world), line, events, heard: Vec::new() }
    }

    /// The next event, if one comes within a minute.
    pub(crate) async fn next(&mut self) -> CallEvent {
        let sleep = self.world.clock.sleep(Duration::from_secs(60));
        match select(self.events.next(), sleep).await {
            Either::Left((Some(Event::Call(event)), _)) => {
                self.heard.push(event.clone());
                event
            }
            other => panic!("no event came: {}; heard {:?}", matches!(other, Either::Right(_)), self.heard),
        }
    }

    /// Waits for one event of a call, and passes over others.
    pub(crate) async fn until(&mut self, call: &CallId, kind: CallEventKind) {
        loop {
            let event = self.next().await;
            if event.call == *call && event.kind == kind {
                return;
            }
        }
    }

    pub(crate) async fn until_end(&mut self, call: &CallId) -> EndReason {
        loop {
            let event = self.next().await;
            if let CallEventKind::Ended(reason) = event.kind
                && event.call == *call
            {
                return reason;
            }
        }
    }

    /// Waits for an inbound call.
    pub(crate) async fn until_ringing(&mut self) -> CallId {
        loop {
            let event = self.next().await;
            if let CallEventKind::Started(call) = event.kind
                && call.direction == Direction::Inbound
            {
                return event.call;
            }
        }
    }

    pub(crate) async fn dial(&self, key: &str, to: &str) -> Result<CallId, Error> {
        self.line.dial(DialRequest { key: DialKey::new(key), to: number(to), from: None }).await
    }

    /// Dials someone who answers, and waits until they talk.
    pub(crate) async fn talk(&mut self, key: &str) -> CallId {
        let call = self.dial(key, numbers::ANSWERS).await.expect("a call");
        self.until(&call, CallEventKind::Connected).await;
        call
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, seconds: u64) {
        self.world.clock.sleep(Duration::from_secs(seconds)).await;
    }
}
