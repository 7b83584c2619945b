use crate::config::MockAgent;
use crate::network::Network;
use crate::telephony::Mock;
use cordboard::platform::{Clock, Lock, MaybeSend, MaybeSync};
use cordboard::telephony::EventHub;
use cordboard::{Timestamp, Value};
use core::future::{Future, poll_fn};
use core::task::{Poll, Waker};
use std::sync::{Arc, Weak};

/// Where a network is kept while no page holds it.
pub trait Store: MaybeSend + MaybeSync {
    /// Replaces what was kept. Called after every change; it must not call the exchange.
    fn save(&self, network: &Value);
}

/// Drives a [`Network`]: gives it the time, and its events to the lines.
pub struct Exchange {
    pub(crate) clock: Arc<dyn Clock>,
    store: Option<Box<dyn Store>>,
    state: Lock<State>,
}

struct State {
    network: Network,
    lines: Vec<Weak<Line>>,
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
        Self::start(network, clock, None)
    }

    /// An exchange that keeps its network in a store. Read what was kept before, and
    /// [`restore`](Network::restore) the network from it.
    pub fn with_store(network: Network, clock: impl Clock + 'static, store: impl Store + 'static) -> Arc<Self> {
        Self::start(network, clock, Some(Box::new(store)))
    }

    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    fn start(network: Network, clock: impl Clock + 'static, store: Option<Box<dyn Store>>) -> Arc<Self> {
        let state = Lock::new(State { network, lines: Vec::new(), driver: None });
        Arc::new(Self { clock: Arc::new(clock), store, state })
    }

    /// Another instance of an agent's line. With [`SignInMethod::Password`](cordboard::telephony::SignInMethod), who signs in
    /// decides whose line it is.
    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    pub fn line(self: &Arc<Self>, agent: MockAgent) -> Mock {
        let mut state = self.state.lock();
        let hub = EventHub::new(state.network.config().backlog);
        let line = Arc::new(Line { hub, agent: Lock::default() });
        state.lines.retain(|line| line.strong_count() > 0);
        state.lines.push(Arc::downgrade(&line));
        Mock::new(Arc::clone(self), line, agent)
    }

    /// Does something to the network: lets somebody call, say, or something go wrong.
    pub fn control<T>(&self, act: impl FnOnce(&mut Network, Timestamp) -> T) -> T {
        let mut state = self.state.lock();
        let result = act(&mut state.network, self.clock.now());
        self.settle(&mut state);
        result
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Network) -> T) -> T {
        read(&self.state.lock().network)
    }

    /// Lets time pass. Never ends.
    pub fn run(self: &Arc<Self>) -> impl Future<Output = ()> + use<> {
        let exchange = Arc::clone(self);
        let mut alarm = None;
        poll_fn(move |context| {
            loop {
                let mut state = exchange.state.lock();
                let now = exchange.clock.now();
                state.network.advance(now);
                exchange.deliver(&mut state);
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

    /// Hands out what an order changed, and has the driver look at the time again.
    fn settle(&self, state: &mut State) {
        self.deliver(state);
        if let Some(driver) = state.driver.take() {
            driver.wake();
        }
    }

    /// Hands out what happened, and keeps what is now.
    fn deliver(&self, state: &mut State) {
        let State { network, lines, .. } = state;
        while let Some((agent, event)) = network.poll_output() {
            for line in lines.iter().filter_map(Weak::upgrade).filter(|line| line.agent() == Some(agent)) {
                line.hub.publish(&event);
            }
        }
        if let Some(store) = &self.store {
            store.save(&network.save());
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
