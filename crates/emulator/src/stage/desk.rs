//! The agents' side: a page's line, and an agent who waits for what they expect.

use super::world::World;
use super::{Stage, number};
use crate::numbers;
use cordboard::async_trait;
use cordboard::platform::{Clock as _, Lock};
use cordboard::telephony::{
    Agent, AgentId, Availability, Backend as _, Call, CallEvent, CallEventKind, CallId, CallerId, Capabilities,
    Credentials, DialKey, DialRequest, Digits, Direction, EndReason, Error, ErrorKind, Event, Events, Operation,
    ProviderInfo, RecordingRef, Telephony, Transfer,
};
use cordboard_bridge::Switchboard;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use std::sync::Arc;
use std::time::Duration;

/// A page's line: what the gateway adds to a backend's line is that somebody must be signed in.
pub struct Page<S: Stage> {
    world: Arc<World<S>>,
    agent: &'static str,
    line: Arc<dyn Telephony>,
    signed_in: Lock<bool>,
}

impl<S: Stage> Page<S> {
    /// An agent's page.
    #[must_use]
    pub fn new(world: Arc<World<S>>, backend: &Switchboard<S::Carrier>, agent: &'static str) -> Self {
        let line = backend.line(&AgentId::new(agent));
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
impl<S: Stage> Telephony for Page<S> {
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

/// An agent who listens, and waits for what they expect.
pub struct Listener<S: Stage> {
    world: Arc<World<S>>,
    /// Their line.
    pub line: Arc<dyn Telephony>,
    events: Events,
    /// What they heard so far.
    pub heard: Vec<CallEvent>,
}

impl<S: Stage> Listener<S> {
    /// An agent who is available from now on.
    #[must_use]
    pub fn new(world: &Arc<World<S>>, backend: &Switchboard<S::Carrier>, agent: &str) -> Self {
        world.available.lock().insert(agent.to_owned());
        let line = backend.line(&AgentId::new(agent));
        let events = line.events();
        Self { world: Arc::clone(world), line, events, heard: Vec::new() }
    }

    /// The next event, if one comes within a minute.
    ///
    /// # Panics
    /// If none comes.
    pub async fn next(&mut self) -> CallEvent {
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
    pub async fn until(&mut self, call: &CallId, kind: CallEventKind) {
        loop {
            let event = self.next().await;
            if event.call == *call && event.kind == kind {
                return;
            }
        }
    }

    /// Waits until a call is being recorded, and says what the recording is called.
    ///
    /// # Panics
    /// If it has no name.
    pub async fn until_recording(&mut self, call: &CallId) -> RecordingRef {
        loop {
            let event = self.next().await;
            if let CallEventKind::RecordingStarted(name) = event.kind
                && event.call == *call
            {
                return name.expect("recordings have names");
            }
        }
    }

    /// Waits for the end of a call.
    pub async fn until_end(&mut self, call: &CallId) -> EndReason {
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
    pub async fn until_ringing(&mut self) -> CallId {
        loop {
            let event = self.next().await;
            if let CallEventKind::Started(call) = event.kind
                && call.direction == Direction::Inbound
            {
                return event.call;
            }
        }
    }

    /// Dials.
    ///
    /// # Errors
    /// As the line's `dial`.
    pub async fn dial(&self, key: &str, to: &str) -> Result<CallId, Error> {
        self.line.dial(DialRequest { key: DialKey::new(key), to: number(to), from: None }).await
    }

    /// Dials someone who answers, and waits until they talk.
    ///
    /// # Panics
    /// If the dial fails.
    pub async fn talk(&mut self, key: &str) -> CallId {
        let call = self.dial(key, numbers::ANSWERS).await.expect("a call");
        self.until(&call, CallEventKind::Connected).await;
        call
    }

    /// Lets time pass.
    pub async fn wait(&self, seconds: u64) {
        self.world.clock.sleep(Duration::from_secs(seconds)).await;
    }
}
