use crate::config::MockAgent;
use crate::exchange::{Exchange, Line};
use crate::network::Order;
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
    fn order<'a>(&'a self, order: Order<'a>) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.travel(None, order.call()).await;
            self.exchange.control(|network, now| network.accept(now, self.line.agent(), order))
        })
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.exchange.close(&self.line);
    }
}

/// Methods that pass an order on, as `#[async_trait]` would sign them: an `async fn` each would have a future each.
macro_rules! orders {
    ($($method:ident<$($life:lifetime),*>($($argument:ident: $type:ty),*) => $order:expr;)*) => {
        $(fn $method<'line, $($life,)* 'order>(&'line self, $($argument: $type),*) -> BoxFuture<'order, Result<(), Error>>
        where
            'line: 'order,
            $($life: 'order,)*
            Self: 'order,
        {
            self.order($order)
        })*
    };
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Telephony for Mock {
    fn info(&self) -> ProviderInfo {
        ProviderInfo { id: "mock", name: "Mock network" }
    }

    fn capabilities(&self) -> Capabilities {
        self.exchange.capabilities()
    }

    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error> {
        self.travel(None, None).await;
        self.exchange.control(|network, now| {
            let agent = network.sign_in(now, self.own, &credentials)?;
            let before = self.line.agent();
            if before.is_some_and(|before| before != agent) {
                network.sign_out(now, before)?;
            }
            self.line.set_agent(Some(agent));
            Ok(agent.profile())
        })
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        self.travel(None, None).await;
        self.exchange.control(|network, now| network.caller_ids(now, self.line.agent()))
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        self.travel(Some(&request.to), None).await;
        self.exchange.control(|network, now| network.dial(now, self.line.agent(), request))
    }

    async fn active_calls(&self) -> Result<Vec<Call>, Error> {
        self.travel(None, None).await;
        self.exchange.control(|network, now| network.active_calls(now, self.line.agent()))
    }

    orders! {
        sign_out<>() => Order::SignOut;
        set_availability<>(availability: Availability) => Order::SetAvailability(availability);
        answer<'call>(call: &'call CallId) => Order::Act(Operation::Answer, call);
        reject<'call>(call: &'call CallId) => Order::Act(Operation::Reject, call);
        hang_up<'call>(call: &'call CallId) => Order::Act(Operation::HangUp, call);
        mute<'call>(call: &'call CallId) => Order::Act(Operation::Mute, call);
        unmute<'call>(call: &'call CallId) => Order::Act(Operation::Unmute, call);
        hold<'call>(call: &'call CallId) => Order::Act(Operation::Hold, call);
        resume<'call>(call: &'call CallId) => Order::Act(Operation::Resume, call);
        send_digits<'call, 'keys>(call: &'call CallId, digits: &'keys Digits) => Order::SendDigits(call, digits);
        transfer<'call>(call: &'call CallId, transfer: Transfer) => Order::Transfer(call, transfer);
        start_recording<'call>(call: &'call CallId) => Order::Act(Operation::StartRecording, call);
        pause_recording<'call>(call: &'call CallId) => Order::Act(Operation::PauseRecording, call);
        resume_recording<'call>(call: &'call CallId) => Order::Act(Operation::ResumeRecording, call);
        stop_recording<'call>(call: &'call CallId) => Order::Act(Operation::StopRecording, call);
    }

    fn events(&self) -> Events {
        self.line.hub.subscribe()
    }
}
