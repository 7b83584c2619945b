//! The line and its service in one process and in virtual time, as the conformance suite plays them.

#![allow(dead_code, reason = "each test uses some of it")]

mod service;

use cordboard::Value;
use cordboard::platform::{BoxFuture, Clock, Lock};
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{Credentials, PhoneNumber, Telephony};
use cordboard_mock::{Exchange, VirtualClock, conformance};
use cordboard_my_pbx::{Heard, MyPbx, MyPbxConfig, Platform, Socket};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, Abortable, join, select};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

type Task = BoxFuture<'static, ()>;

/// Agents' pages, and the service that they are connected to.
pub(crate) struct Office {
    pub(crate) clock: VirtualClock,
    pub(crate) network: Arc<Exchange>,
    pub(crate) wires: Wires,
    tasks: Lock<Option<UnboundedReceiver<Task>>>,
}

/// Where the service can be reached, and what one page remembers. Clones are the same.
#[derive(Clone)]
pub(crate) struct Wires {
    network: Arc<Exchange>,
    spawn: UnboundedSender<Task>,
    state: Arc<Lock<State>>,
}

#[derive(Default)]
struct State {
    open: Vec<AbortHandle>,
    is_down: bool,
    token: Option<String>,
}

impl Office {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::default();
        let network = service::network(clock.clone(), 1);
        let (spawn, tasks) = unbounded();
        let wires = Wires { network: Arc::clone(&network), spawn, state: Arc::default() };
        Self { clock, network, wires, tasks: Lock::new(Some(tasks)) }
    }

    /// A line as a page makes one when it is loaded; one that remembers what the page before it kept.
    pub(crate) fn open(&self) -> MyPbx {
        let (line, driver) = MyPbx::new(MyPbxConfig::default(), self.wires.clone(), self.clock.clone(), 7);
        self.wires.run(driver);
        line
    }

    pub(crate) fn run<F: Future>(&self, test: F) -> F::Output {
        let tasks = self.tasks.lock().take().expect("an office runs once");
        let background = async {
            join(self.network.run(), tasks.for_each_concurrent(None, |task| task)).await;
        };
        self.clock.block_on(background, test)
    }
}

impl Wires {
    fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn.unbounded_send(Box::pin(task)).expect("the office runs");
    }

    /// Cuts every socket.
    pub(crate) fn cut(&self) {
        for socket in self.state.lock().open.drain(..) {
            socket.abort();
        }
    }

    /// Whether new sockets find nobody.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state.lock().is_down = is_down;
    }
}

struct Wire(UnboundedSender<serde_json::Value>);

impl Socket for Wire {
    fn send(&self, message: &Value) {
        let message = serde_json::to_value(message).expect("a message is JSON");
        // Fails when it was cut, as on a socket.
        let _ = self.0.unbounded_send(message);
    }
}

impl Platform for Wires {
    fn connect(&self, _: &str, heard: UnboundedSender<Heard>) -> Option<Box<dyn Socket>> {
        let mut state = self.state.lock();
        let tell = move |what| drop(heard.unbounded_send(what));
        if state.is_down {
            tell(Heard::Closed);
            return Some(Box::new(Wire(unbounded().0)));
        }
        let ((near, orders), (said, answers)) = (unbounded(), unbounded());
        let (handle, registration) = AbortHandle::new_pair();
        state.open.push(handle);
        let conversation = service::converse(Arc::clone(&self.network), orders, said);
        self.run(async move {
            tell(Heard::Opened);
            let carry = answers.for_each(|message: serde_json::Value| {
                tell(Heard::Message(serde_json::from_value(message).expect("JSON is a value")));
                std::future::ready(())
            });
            let both = async {
                select(pin!(conversation), pin!(carry)).await;
            };
            // Cut, or left by the line.
            let _ = Abortable::new(both, registration).await;
            tell(Heard::Closed);
        });
        Some(Box::new(Wire(near)))
    }

    fn recall(&self) -> Option<String> {
        self.state.lock().token.clone()
    }

    fn keep(&self, token: Option<&str>) {
        self.state.lock().token = token.map(str::to_owned);
    }
}

impl Harness for Office {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.run(test);
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn line(&self, _: TestAgent) -> Option<Box<dyn Telephony>> {
        Some(Box::new(self.open()))
    }

    fn credentials(&self, agent: TestAgent) -> Credentials {
        conformance::password(conformance::agent(agent))
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        Some(conformance::wrong_password())
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        conformance::number(far_end)
    }

    fn backlog(&self) -> Option<usize> {
        Some(256)
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        match cue {
            Cue::LoseConnection => self.wires.cut(),
            cue => self.network.control(|network, now| conformance::play(network, now, cue)),
        }
        Ok(())
    }
}
