use crate::config::MockAgent;
use crate::network::Network;
use crate::telephony::Mock;
use cordboard::platform::{Clock, Lock, MaybeSend, MaybeSync};
use cordboard::telephony::{Capabilities, EventHub};
use cordboard::{Timestamp, Value};
use core::future::{Future, poll_fn};
use core::ops::DerefMut;
use core::task::{Poll, Waker};
use std::sync::Arc;

/// Where a network is kept while no page holds it. It must not call the exchange.
pub trait Store: MaybeSend + MaybeSync {
    /// What was kept, if anything was. Called once, when the network is first needed.
    fn load(&self) -> Option<Value>;

    /// Replaces what was kept. Called after every change.
    fn save(&self, network: &Value);
}

/// Drives a [`Network`]: gives it the time, and its events to the lines.
pub struct Exchange {
    pub(crate) clock: Box<dyn Clock>,
    state: Lock<State>,
}

struct State {
    network: Network,
    store: Option<Box<dyn Store>>,
    /// What is in the store; `None` until it was read.
    kept: Option<Value>,
    lines: Vec<Arc<Line>>,
    driver: Option<Waker>,
}

/// One instance of an agent's line.
pub(crate) struct Line {
    pub(crate) hub: EventHub,
    agent: Lock<Option<MockAgent>>,
}

impl Exchange {
    /// An exchange over a network. [`run`](Self::run) must run for time to pass in it.
    pub fn new(network: Network, clock: impl Clock + 'static) -> Arc<Self> {
        Self::start(network, Box::new(clock), None)
    }

    /// An exchange that keeps its network in a store. What was kept before takes the place of `network`, if it can be
    /// read, as soon as the exchange runs or is asked for something: making it and its lines touches no storage.
    pub fn with_store(network: Network, clock: impl Clock + 'static, store: impl Store + 'static) -> Arc<Self> {
        Self::start(network, Box::new(clock), Some(Box::new(store)))
    }

    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    fn start(network: Network, clock: Box<dyn Clock>, store: Option<Box<dyn Store>>) -> Arc<Self> {
        let state = Lock::new(State { network, store, kept: None, lines: Vec::new(), driver: None });
        Arc::new(Self { clock, state })
    }

    /// Another instance of an agent's line. With [`SignInMethod::Password`](cordboard::telephony::SignInMethod), who signs in
    /// decides whose line it is.
    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    pub fn line(self: &Arc<Self>, agent: MockAgent) -> Mock {
        let mut state = self.state.lock();
        let hub = EventHub::new(state.network.config().backlog);
        let line = Arc::new(Line { hub, agent: Lock::default() });
        state.lines.push(Arc::clone(&line));
        Mock::new(Arc::clone(self), line, agent)
    }

    pub(crate) fn close(&self, line: &Arc<Line>) {
        self.state.lock().lines.retain(|open| !Arc::ptr_eq(open, line));
    }

    /// Does something to the network: lets somebody call, say, or something go wrong.
    pub fn control<T>(&self, act: impl FnOnce(&mut Network, Timestamp) -> T) -> T {
        let mut state = self.open();
        let result = act(&mut state.network, self.clock.now());
        state.settle();
        result
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Network) -> T) -> T {
        read(&self.open().network)
    }

    /// What every line can do. It was set up, so the store has no say in it.
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.state.lock().network.config().capabilities
    }

    /// Lets time pass, from the first order on: before, there is nobody to whom anything could happen. Never ends.
    pub fn run(self: &Arc<Self>) -> impl Future<Output = ()> + use<> {
        let exchange = Arc::clone(self);
        let mut alarm = None;
        poll_fn(move |context| {
            loop {
                let mut state = exchange.state.lock();
                if state.kept.is_none() {
                    state.driver = Some(context.waker().clone());
                    return Poll::Pending;
                }
                let now = exchange.clock.now();
                state.network.advance(now);
                state.deliver();
                state.driver = Some(context.waker().clone());
                let Some(next) = state.network.poll_timeout() else { return Poll::Pending };
                drop(state);
                let alarm = alarm.insert(exchange.clock.sleep(next.since(now)));
                if alarm.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
        })
    }

    /// The state, with the network that was kept.
    fn open(&self) -> impl DerefMut<Target = State> {
        let mut state = self.state.lock();
        if state.kept.is_none() {
            state.load();
        }
        state
    }
}

impl State {
    fn load(&mut self) {
        let kept = self.store.as_ref().and_then(|store| store.load()).unwrap_or_default();
        if let Some(network) = Network::restore(self.network.config().clone(), &kept) {
            self.network = network;
        }
        self.kept = Some(kept);
    }

    /// Hands out what an order changed, and has the driver look at the time again.
    fn settle(&mut self) {
        self.deliver();
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }

    /// Hands out what happened, and keeps what is now.
    fn deliver(&mut self) {
        while let Some((agent, event)) = self.network.poll_output() {
            for line in &self.lines {
                if line.agent() == Some(agent) {
                    line.hub.publish(&event);
                }
            }
        }
        let Some(store) = &self.store else { return };
        let network = self.network.save();
        if self.kept.as_ref() != Some(&network) {
            store.save(&network);
            self.kept = Some(network);
        }
    }
}

impl Line {
    pub(crate) fn agent(&self) -> Option<MockAgent> {
        *self.agent.lock()
    }

    pub(crate) fn set_agent(&self, agent: Option<MockAgent>) {
        *self.agent.lock() = agent;
    }
}
