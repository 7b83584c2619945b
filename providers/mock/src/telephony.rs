use crate::config::MockAgent;
use crate::exchange::{Exchange, Line};
use crate::network::Network;
use cordboard::Timestamp;
use cordboard::async_trait;
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

    /// Brings an order to the network, which takes its time.
    async fn order<T>(
        &self,
        to: Option<&PhoneNumber>,
        call: Option<&CallId>,
        order: impl FnOnce(&mut Network, Timestamp, Option<MockAgent>) -> T,
    ) -> T {
        let latency = self.exchange.read(|network| network.latency(to, call));
        if !latency.is_zero() {
            self.exchange.clock.sleep(latency).await;
        }
        self.exchange.control(|network, now| order(network, now, self.line.agent()))
    }

    async fn act(&self, operation: Operation, call: &CallId) -> Result<(), Error> {
        self.order(None, Some(call), |network, now, agent| network.act(now, agent, operation, call)).await
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
        let sign_in = |network: &mut Network, now, before: Option<MockAgent>| {
            let agent = network.sign_in(now, self.own, &credentials)?;
            if before.is_some_and(|before| before != agent) {
                network.sign_out(now, before)?;
            }
            self.line.set_agent(Some(agent));
            Ok(agent.profile())
        };
        self.order(None, None, sign_in).await
    }

    async fn sign_out(&self) -> Result<(), Error> {
        self.order(None, None, |network, now, agent| network.sign_out(now, agent)).await
    }

    async fn set_availability(&self, availability: Availability) -> Result<(), Error> {
        self.order(None, None, |network, now, agent| network.set_availability(now, agent, availability)).await
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        self.order(None, None, Network::caller_ids).await
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        let to = request.to.clone();
        self.order(Some(&to), None, |network, now, agent| network.dial(now, agent, request)).await
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
        self.order(None, Some(call), |network, now, agent| network.send_digits(now, agent, call, digits)).await
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        self.order(None, Some(call), |network, now, agent| network.transfer(now, agent, call, transfer)).await
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
        self.order(None, None, Network::active_calls).await
    }

    fn events(&self) -> Events {
        self.line.hub.subscribe()
    }
}
