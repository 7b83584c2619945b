use crate::arrival::{Arrival, Giver, arrival};
use crate::client::{Client, Output};
use crate::requests::Order;
use crate::transport::{Answer, Ears, Keys, Socket, TokenStore, Transport};
use crate::wire::SUBPROTOCOL;
use cordboard::platform::{BoxFuture, Clock, Lock};
use cordboard::telephony::{
    CallId, Capabilities, Capability, Credentials, Error, ErrorKind, EventHub, MediaToken, Operation, ProviderInfo,
};
use cordboard::{Object, Timestamp, Value};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, OnceLock, Weak};

/// How many events are kept for a listener that is behind.
const BACKLOG: usize = 256;

/// How long a call waits for audio that is on its way.
const AUDIO_WAIT: Duration = Duration::from_secs(10);

/// Where the gateway is, and what the app is built for.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The gateway's origin, such as `https://calls.example.com`.
    pub url: String,
    /// Whose name the app bears; the provider's short name is part of the CRM's ids of calls.
    pub provider: ProviderInfo,
    /// What the app offers. What the gateway does not claim too is [`Unsupported`](ErrorKind::Unsupported) once somebody is
    /// signed in. Where the way to sign in is [`None`](cordboard::telephony::SignInMethod::None), the gateway is asked for it when it is
    /// first needed.
    pub capabilities: Capabilities,
}

/// An agent's line over a gateway's socket. [`run`](Self::run) must run for time to pass in it; dropping the line closes the socket, and
/// leaves the agent signed in and their calls as they are.
pub struct GatewayLine {
    pub(crate) config: GatewayConfig,
    pub(crate) shared: Arc<Shared>,
}

/// What the line shares with its transport.
pub(crate) struct Shared {
    me: Weak<Self>,
    url: String,
    pub(crate) hub: EventHub,
    transport: Box<dyn Transport>,
    tokens: Option<Box<dyn TokenStore>>,
    clock: Box<dyn Clock>,
    pub(crate) keys: OnceLock<Box<dyn Keys>>,
    /// Who waits for the agent's audio, while it is on its way.
    audio: Lock<Option<Vec<Giver<()>>>>,
    state: Lock<State>,
}

struct State {
    client: Client,
    socket: Option<Box<dyn Socket>>,
    /// Which socket it is: of older ones nothing is heard.
    number: u32,
    waiting: Vec<(u32, Giver<Result<Value, Error>>)>,
    /// When the driver looks at the time, and who wakes it to do so earlier.
    alarm: Option<Timestamp>,
    driver: Option<Waker>,
}

impl GatewayLine {
    /// A line that nobody is signed in to. `seed` is random: it makes this line's waits differ from those of others.
    pub fn new(
        config: GatewayConfig,
        transport: impl Transport + 'static,
        clock: impl Clock + 'static,
        seed: u64,
    ) -> Self {
        Self::build(config, Box::new(transport), Box::new(clock), seed, None)
    }

    /// A line whose agent stays signed in when another one is made with the same store, such as after the reload of a page. Then
    /// `sign_in` needs no credentials.
    pub fn with_tokens(
        config: GatewayConfig,
        transport: impl Transport + 'static,
        clock: impl Clock + 'static,
        seed: u64,
        tokens: impl TokenStore + 'static,
    ) -> Self {
        Self::build(config, Box::new(transport), Box::new(clock), seed, Some(Box::new(tokens)))
    }

    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    fn build(
        config: GatewayConfig,
        transport: Box<dyn Transport>,
        clock: Box<dyn Clock>,
        seed: u64,
        tokens: Option<Box<dyn TokenStore>>,
    ) -> Self {
        let shared = Arc::new_cyclic(|me| Shared {
            me: me.clone(),
            url: config.url.trim_end_matches('/').to_owned(),
            hub: EventHub::new(BACKLOG),
            transport,
            tokens,
            clock,
            keys: OnceLock::new(),
            audio: Lock::default(),
            state: Lock::new(State {
                client: Client::new(config.capabilities, seed),
                socket: None,
                number: 0,
                waiting: Vec::new(),
                alarm: None,
                driver: None,
            }),
        });
        Self { config, shared }
    }

    /// Lets time pass: tries again, notices a dead link, renews tokens. Ends with the line.
    pub fn run(&self) -> impl Future<Output = ()> + use<> {
        let line = Arc::downgrade(&self.shared);
        let mut alarm = None;
        poll_fn(move |context| Shared::tick(&line, &mut alarm, context))
    }

    /// What the agent's browser needs to carry the audio; `None` if the audio does not come this way.
    ///
    /// # Errors
    /// As an order that changes nothing. There is no [`Operation`] of its own; its errors are [`Operation::SignIn`]'s.
    pub fn media_token(&self) -> BoxFuture<'static, Result<Option<MediaToken>, Error>> {
        let order = Order { name: "media_token", operation: Operation::SignIn, call: None, fields: Object::new() };
        self.shared.order(order, crate::wire::media_token)
    }

    /// Names the CRM's record of a call, which the gateway completes when the call is over. May be repeated.
    ///
    /// # Errors
    /// As an order that changes nothing. There is no [`Operation`] of its own; its errors are [`Operation::ActiveCalls`]'s.
    pub fn log(&self, call: &CallId, engagement: &str) -> BoxFuture<'static, Result<(), Error>> {
        self.shared.log(call, engagement)
    }

    /// From now on keys can be pressed whatever the gateway claims, and are pressed there. The first that are given stay.
    pub fn press_keys_by(&self, keys: impl Keys + 'static) {
        let _ = self.shared.keys.set(Box::new(keys));
    }

    /// Says whether the agent's audio is on its way. Calls that are dialled or answered wait till it is there, 10 s at most: the provider
    /// rings the agent's audio for each, and gives the call up where nobody is.
    pub fn audio_is_coming(&self, is_coming: bool) {
        let mut audio = self.shared.audio.lock();
        let arrived = if is_coming {
            audio.get_or_insert_default();
            None
        } else {
            audio.take()
        };
        drop(audio);
        // Whoever waits hears that.
        drop(arrived);
    }

    /// The browser or the system says that the network came or went: try at once, or see whether the link still holds.
    pub fn network_changed(&self, is_there: bool) {
        self.shared.drive(|client, now| client.handle_network(now, is_there));
    }
}

impl Shared {
    pub(crate) fn capabilities(&self) -> Capabilities {
        let claimed = self.state.lock().client.capabilities();
        if self.keys.get().is_some() { claimed.with(Capability::Digits) } else { claimed }
    }

    /// Does something to the machine, and what follows from it.
    pub(crate) fn drive<T>(&self, act: impl FnOnce(&mut Client, Timestamp) -> T) -> T {
        let mut state = self.state.lock();
        let result = act(&mut state.client, self.clock.now());
        self.settle(&mut state);
        result
    }

    /// Does something because of a socket, if it is the present one.
    pub(crate) fn hear(&self, socket: u32, act: impl FnOnce(&mut Client, Timestamp)) {
        let mut state = self.state.lock();
        if state.number == socket {
            act(&mut state.client, self.clock.now());
            self.settle(&mut state);
        }
    }

    pub(crate) fn sign_in<T: 'static>(
        &self,
        credentials: Credentials,
        read: fn(&Value) -> Option<T>,
    ) -> BoxFuture<'static, Result<T, Error>> {
        if credentials == Credentials::Redirect {
            let random = self.transport.random();
            return self.ask(Operation::SignIn, read, |client, now| client.sign_in_elsewhere(now, random));
        }
        let remembered = self.tokens.as_ref().and_then(|tokens| tokens.load());
        self.ask(Operation::SignIn, read, |client, now| client.sign_in(now, credentials, remembered))
    }

    pub(crate) fn order<T: 'static>(
        &self,
        order: Order,
        read: fn(&Value) -> Option<T>,
    ) -> BoxFuture<'static, Result<T, Error>> {
        self.ask(order.operation, read, |client, now| client.order(now, order))
    }

    /// As [`GatewayLine::log`].
    pub(crate) fn log(&self, call: &CallId, engagement: &str) -> BoxFuture<'static, Result<(), Error>> {
        let fields = Object::new().with("engagement", engagement);
        let (operation, call) = (Operation::ActiveCalls, Some(call.clone()));
        self.order(Order { name: "log", operation, call, fields }, crate::wire::accepted)
    }

    /// As [`order`](Self::order), once the agent's audio is there if it is on its way.
    pub(crate) fn order_with_audio<T: 'static>(
        &self,
        order: Order,
        read: fn(&Value) -> Option<T>,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let Some(audio) = self.audio_comes() else { return self.order(order, read) };
        let me = self.me.clone();
        Box::pin(async move {
            audio.await;
            let operation = order.operation;
            let asked = me.upgrade().map(|line| line.order(order, read));
            match asked {
                Some(asked) => asked.await,
                None => Err(Error::new(ErrorKind::Unreachable, operation)),
            }
        })
    }

    /// Waits for the audio that is on its way, and not too long; nothing if none is.
    fn audio_comes(&self) -> Option<BoxFuture<'static, ()>> {
        let (giver, mut audio) = arrival();
        self.audio.lock().as_mut()?.push(giver);
        let mut patience = self.clock.sleep(AUDIO_WAIT);
        Some(Box::pin(poll_fn(move |context| {
            let is_there = Pin::new(&mut audio).poll(context).is_ready();
            if is_there { Poll::Ready(()) } else { patience.as_mut().poll(context) }
        })))
    }

    /// Asks the machine something, and waits for its answer.
    fn ask<T: 'static>(
        &self,
        operation: Operation,
        read: fn(&Value) -> Option<T>,
        act: impl FnOnce(&mut Client, Timestamp) -> u32,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let (giver, arrival) = arrival();
        let mut state = self.state.lock();
        let id = act(&mut state.client, self.clock.now());
        state.waiting.push((id, giver));
        self.settle(&mut state);
        drop(state);
        Box::pin(Asked { arrival, operation, read })
    }

    /// Carries out what the machine wants.
    fn settle(&self, state: &mut State) {
        while let Some(output) = state.client.poll_output() {
            match output {
                Output::Connect => {
                    state.number = state.number.wrapping_add(1);
                    let ears = Ears::new(self.me.clone(), state.number);
                    // Where the scheme is `http`, the socket's is `ws`; so it is with the `s`.
                    let url = ["ws", self.url.strip_prefix("http").unwrap_or(&self.url), "/api/socket"].concat();
                    state.socket = self.transport.open(&url, SUBPROTOCOL, ears);
                    if state.socket.is_none() {
                        state.client.handle_closed(self.clock.now());
                    }
                }
                Output::Disconnect => {
                    state.number = state.number.wrapping_add(1);
                    state.socket = None;
                }
                Output::Send(message) => {
                    if let Some(socket) = &state.socket {
                        socket.send(&message);
                    }
                }
                Output::Post(post) => {
                    let url = [&self.url, post.path].concat();
                    self.transport.post(&url, post.body, Answer::new(self.me.clone(), post.id));
                }
                Output::Get { id, path } => {
                    self.transport.get(&[&self.url, path].concat(), Answer::new(self.me.clone(), id));
                }
                Output::Show { id, path } => {
                    self.transport.show(&[&self.url, &*path].concat(), Answer::new(self.me.clone(), id));
                }
                Output::Event(event) => self.hub.publish(&event),
                Output::Reply { id, result } => {
                    if let Some(index) = state.waiting.iter().position(|(waiting, _)| *waiting == id) {
                        // Who no longer waits does not want to know.
                        state.waiting.swap_remove(index).1.give(result);
                    }
                }
                Output::Remember(token) => {
                    if let Some(tokens) = &self.tokens {
                        tokens.save(token.as_deref());
                    }
                }
            }
        }
        let due = state.client.poll_timeout();
        if due.is_some_and(|due| state.alarm.is_none_or(|alarm| due < alarm))
            && let Some(driver) = state.driver.take()
        {
            driver.wake();
        }
    }

    fn tick(
        line: &Weak<Self>,
        alarm: &mut Option<(Timestamp, BoxFuture<'static, ()>)>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            let Some(line) = line.upgrade() else { return Poll::Ready(()) };
            let mut state = line.state.lock();
            let now = line.clock.now();
            state.client.handle_timeout(now);
            line.settle(&mut state);
            state.driver = Some(context.waker().clone());
            let due = state.client.poll_timeout();
            // An alarm that rings earlier will do.
            if let Some(due) = due
                && alarm.as_ref().is_none_or(|(set, _)| due < *set)
            {
                *alarm = Some((due, line.clock.sleep(due.since(now))));
            }
            state.alarm = alarm.as_ref().map(|(set, _)| *set);
            drop(state);
            let Some((_, rings)) = alarm else { return Poll::Pending };
            if rings.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            *alarm = None;
        }
    }
}

impl Drop for GatewayLine {
    fn drop(&mut self) {
        // The driver must see that the line is gone.
        let driver = self.shared.state.lock().driver.take();
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

/// An answer that is waited for. Written out, because the compiler's own code for it would be there once for each order.
struct Asked<T> {
    arrival: Arrival<Result<Value, Error>>,
    operation: Operation,
    read: fn(&Value) -> Option<T>,
}

impl<T> Future for Asked<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (operation, read) = (self.operation, self.read);
        let answer = answered(&mut self.arrival, operation, context);
        // What can't be read is the gateway's fault.
        answer.map(|answer| {
            answer.and_then(|value| read(&value).ok_or_else(|| Error::new(ErrorKind::Provider, operation)))
        })
    }
}

/// What all answers have in common, once.
#[inline(never)]
fn answered(
    arrival: &mut Arrival<Result<Value, Error>>,
    operation: Operation,
    context: &mut Context<'_>,
) -> Poll<Result<Value, Error>> {
    // Without an answer the line is gone.
    let gone = || Err(Error::new(ErrorKind::Unreachable, operation));
    Pin::new(arrival).poll(context).map(|answer| answer.unwrap_or_else(gone))
}
