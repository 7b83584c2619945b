use crate::config::{CAPABILITIES, INFO, MyPbxConfig};
use crate::error;
use crate::line::{Ask, Driver};
use crate::platform::Platform;
use crate::wire::{self, Proof, Request};
use cordboard::platform::Clock;
use cordboard::telephony::{
    Agent, Availability, Call, CallId, CallerId, Capabilities, Credentials, DialRequest, Digits, Error, ErrorKind,
    EventHub, Events, Operation, ProviderInfo, Telephony, Transfer,
};
use cordboard::{Value, async_trait};
use core::future::Future;
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_channel::oneshot;
use std::sync::Arc;

/// How many events are kept for a listener that is behind.
const BACKLOG: usize = 256;

/// An agent's line. Dropping it closes its socket, and leaves the agent signed in and their calls as they are.
pub struct MyPbx {
    asks: UnboundedSender<Ask>,
    hub: Arc<EventHub>,
    platform: Arc<dyn Platform>,
}

impl MyPbx {
    /// A line that nobody is signed in to, and what drives it: nothing happens unless that runs. It ends with the line. `seed` is
    /// random: it makes this line's waits differ from those of others.
    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    pub fn new(
        config: MyPbxConfig,
        platform: impl Platform + 'static,
        clock: impl Clock + 'static,
        seed: u64,
    ) -> (Self, impl Future<Output = ()>) {
        let (sender, asks) = unbounded();
        let (hub, platform) = (Arc::new(EventHub::new(BACKLOG)), Arc::new(platform));
        let driver = Driver::new(config, Arc::clone(&platform) as _, Box::new(clock), Arc::clone(&hub), asks, seed);
        (Self { asks: sender, hub, platform }, driver.run())
    }

    /// Asks the service for something, if the line claims it, and reads the answer.
    async fn ask<T>(&self, request: Request, read: fn(&Value) -> Option<T>) -> Result<T, Error> {
        if !CAPABILITIES.supports(request.operation()) || request.name().is_none() {
            return Err(error::failed(&request, ErrorKind::Unsupported));
        }
        // For when no answer comes, or none that can be read.
        let gone = error::unanswered(&request);
        let unreadable = error::failed(&request, ErrorKind::Provider);
        let (reply, answer) = oneshot::channel();
        // When the driver has ended, nobody has the other end of `answer`.
        let _ = self.asks.unbounded_send(Ask { request, reply: Some(reply) });
        let answer = answer.await.unwrap_or(Err(gone))?;
        read(&answer).ok_or(unreadable)
    }

    /// An order of which only its acceptance is to be known.
    async fn order(&self, request: Request) -> Result<(), Error> {
        self.ask(request, |_| Some(())).await
    }

    /// An order that says nothing but which call.
    async fn act(&self, operation: Operation, call: &CallId) -> Result<(), Error> {
        self.order(Request::Act(operation, call.clone())).await
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Telephony for MyPbx {
    fn info(&self) -> ProviderInfo {
        INFO
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error> {
        let proof = match credentials {
            Credentials::Password { name, password } => Proof::Password { name, password },
            Credentials::None => match self.platform.recall() {
                Some(token) => Proof::Token(token),
                None => return Err(Error::new(ErrorKind::NotSignedIn, Operation::SignIn)),
            },
            // `SignInMethod::Password` promises no page to sign in on.
            Credentials::Redirect => return Err(Error::new(ErrorKind::BadCredentials, Operation::SignIn)),
        };
        self.ask(Request::SignIn(proof), wire::agent).await
    }

    async fn sign_out(&self) -> Result<(), Error> {
        self.order(Request::SignOut).await
    }

    async fn set_availability(&self, availability: Availability) -> Result<(), Error> {
        self.order(Request::SetAvailability(availability)).await
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        self.ask(Request::CallerIds, wire::caller_ids).await
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        self.ask(Request::Dial(request), wire::dialled).await
    }

    async fn answer(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Answer, call).await
    }

    async fn reject(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Reject, call).await
    }

    async fn hang_up(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::HangUp, call).await
    }

    async fn mute(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Mute, call).await
    }

    async fn unmute(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Unmute, call).await
    }

    async fn hold(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Hold, call).await
    }

    async fn resume(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::Resume, call).await
    }

    async fn send_digits(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        self.order(Request::SendDigits(call.clone(), digits.clone())).await
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unsupported, transfer.operation()).for_call(call))
    }

    async fn start_recording(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::StartRecording, call).await
    }

    async fn pause_recording(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::PauseRecording, call).await
    }

    async fn resume_recording(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::ResumeRecording, call).await
    }

    async fn stop_recording(&self, call: &CallId) -> Result<(), Error> {
        self.act(Operation::StopRecording, call).await
    }

    async fn active_calls(&self) -> Result<Vec<Call>, Error> {
        self.ask(Request::Calls, wire::calls).await
    }

    fn events(&self) -> Events {
        self.hub.subscribe()
    }
}
