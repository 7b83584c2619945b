use crate::config::MockAgent;
use crate::exchange::{Exchange, Line};
use crate::network::Network;
use cordboard::Timestamp;
use cordboard::async_trait;
use cordboard::platform::BoxFuture;
use cordboard::telephony::{
    Agent, Availability, Call, CallId, CallerId, Capabilities, Credentials, DialRequest, Digits, Error, Events,
    Operation, PhoneNumber, ProviderInfo, Telephony, Transfer,
};
use std::sync::Arc;

/// An agent's line in an [`Exchange`].
pub struct Mock {
    exchange: Arc<Exchange>,
    line: Arc<Line>,
    own: MockAgent,
}

impl Mock {
    pub(crate) const fn new(exchange: Arc<Exchange>, line: Arc<Line>, own: MockAgent) -> Self {
        Self { exchange, line, own }
    }

    /// Lets an order travel to the network. Boxed, so that what waits for it has no copy of its code.
    fn travel(&self, to: Option<&PhoneNumber>, call: Option<&CallId>) -> BoxFuture<'static, ()> {
        let latency = self.exchange.read(|network| network.latency(to, call));
        if latency.is_zero() { Box::pin(core::future::ready(())) } else { self.exchange.clock.sleep(latency) }
    }

    /// Has the network carry out an order of whoever is signed in.
    fn order<T>(&self, order: impl FnOnce(&mut Network, Timestamp, Option<MockAgent>) -> T) -> T {
        self.exchange.control(|network, now| order(network, now, self.line.agent()))
    }

    fn act<'a>(&'a self, operation: Operation, call: &'a CallId) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.travel(None, Some(call)).await;
            self.order(|network, now, agent| network.act(now, agent, operation, call))
        })
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Telephony for Mock {
    fn info(&self) -> ProviderInfo {
        ProviderInfo { id: "mock", name: "Mock network" }
    }

    fn capabilities(&self) -> Capabilities {
        self.exchange.read(|network| network.config().capabilities)
    }

    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error> {
        self.travel(None, None).await;
        self.order(|network, now, before| {
            let agent = network.sign_in(now, self.own, &credentials)?;
            if before.is_some_and(|before| before != agent) {
                network.sign_out(now, before)?;
            }
            self.line.set_agent(Some(agent));
            Ok(agent.profile())
        })
    }

    async fn sign_out(&self) -> Result<(), Error> {
        self.travel(None, None).await;
        self.order(|network, now, agent| network.sign_out(now, agent))
    }

    async fn set_availability(&self, availability: Availability) -> Result<(), Error> {
        self.travel(None, None).await;
        self.order(|network, now, agent| network.set_availability(now, agent, availability))
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        self.travel(None, None).await;
        self.order(Network::caller_ids)
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        self.travel(Some(&request.to), None).await;
        self.order(|network, now, agent| network.dial(now, agent, request))
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
        self.travel(None, Some(call)).await;
        self.order(|network, now, agent| network.send_digits(now, agent, call, digits))
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        self.travel(None, Some(call)).await;
        self.order(|network, now, agent| network.transfer(now, agent, call, transfer))
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
        self.travel(None, None).await;
        self.order(Network::active_calls)
    }

    fn events(&self) -> Events {
        self.line.hub.subscribe()
    }
}
