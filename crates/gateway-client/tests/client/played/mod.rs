//! The line over a gateway that the test plays, in virtual time: the contract, and what only a line over a socket has.

mod gateway;
mod tasks;

use cordboard::platform::Clock;
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{
    CallId, Capabilities, Capability, Connection, Credentials, DialKey, DialRequest, Digits, Error, ErrorKind, Event,
    Events, Operation, PhoneNumber, ProviderInfo, SignInMethod, Telephony,
};
use cordboard_gateway_client::{GatewayConfig, GatewayLine, Keys, MemoryTokens};
use cordboard_mock::conformance::password;
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, VirtualClock, conformance, numbers};
use futures_util::StreamExt as _;
use futures_util::future::{Either, join, select};
use gateway::Gateway;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tasks::Tasks;

struct Stage {
    clock: VirtualClock,
    exchange: Arc<Exchange>,
    tasks: Tasks,
    gateway: Gateway,
}

impl Stage {
    fn new(capabilities: Capabilities) -> Self {
        let clock = VirtualClock::default();
        let network = Network::new(MockConfig { capabilities, ..MockConfig::default() });
        let exchange = Exchange::new(network, clock.clone());
        let tasks = Tasks::default();
        let gateway = Gateway::new(&exchange, clock.clone(), tasks.clone());
        Self { clock, exchange, tasks, gateway }
    }

    fn config(&self) -> GatewayConfig {
        GatewayConfig {
            url: "https://gateway.example".to_owned(),
            provider: ProviderInfo { id: "mock", name: "Mock network" },
            capabilities: self.gateway.capabilities().with_sign_in(SignInMethod::Password),
        }
    }

    fn open(&self, tokens: MemoryTokens) -> GatewayLine {
        let line = GatewayLine::with_tokens(self.config(), self.gateway.clone(), self.clock.clone(), 7, tokens);
        self.tasks.spawn(line.run());
        line
    }

    fn run<F: Future>(&self, test: F) -> F::Output {
        let background = async {
            join(self.exchange.run(), self.tasks.run()).await;
        };
        self.clock.block_on(background, test)
    }

    async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// What happens within a time.
    async fn listen(&self, events: &mut Events, time: Duration) -> Vec<Event> {
        let mut heard = Vec::new();
        let mut over = self.clock.sleep(time);
        while let Either::Left((Some(event), rest)) = select(events.next(), over).await {
            heard.push(event);
            over = rest;
        }
        heard
    }
}

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

impl Harness for Stage {
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
        Some(Box::new(self.open(MemoryTokens::default())))
    }

    fn credentials(&self, agent: TestAgent) -> Credentials {
        password(conformance::agent(agent))
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
            Cue::LoseConnection => self.gateway.cut(),
            Cue::ExpireSession => self.gateway.expire(MockAgent::Alex),
            cue => self.exchange.control(|network, now| conformance::play(network, now, cue)),
        }
        Ok(())
    }
}

mod everything {
    cordboard::conformance_tests!(super::Stage::new(super::Capabilities::all()));
}

mod nothing {
    cordboard::conformance_tests!(super::Stage::new(super::Capabilities::basic()));
}

/// Passes the time until an event comes.
async fn next(events: &mut Events) -> Event {
    events.next().await.expect("events don't end while the line is there")
}

#[test]
fn a_reload_keeps_the_agent_and_the_call() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let tokens = MemoryTokens::default();
        let line = stage.open(tokens.clone());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let request = cordboard::telephony::DialRequest {
            key: cordboard::telephony::DialKey::new("k"),
            to: number(numbers::ANSWERS),
            from: None,
        };
        let call = line.dial(request).await.unwrap();
        stage.pass(Duration::from_secs(1)).await;
        drop(line);

        let line = stage.open(tokens.clone());
        line.sign_in(Credentials::None).await.unwrap();
        let calls = line.active_calls().await.unwrap();
        assert_eq!(calls.iter().map(|found| &found.id).collect::<Vec<_>>(), [&call]);
        line.sign_out().await.unwrap();

        let line = stage.open(tokens);
        let refused = line.sign_in(Credentials::None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSignedIn, "signing out forgets the token");
    });
}

#[test]
fn an_outage_is_told_and_survived() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let mut events = line.events();
        stage.gateway.go_down();
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
        // As quick as an order is: no waiting for the gateway.
        let before = stage.clock.now();
        assert_eq!(line.caller_ids().await.unwrap_err().kind(), ErrorKind::Unreachable);
        assert_eq!(stage.clock.now(), before);
        // Longer than an access token lives.
        stage.pass(Duration::from_secs(2_000)).await;
        assert_eq!(stage.listen(&mut events, Duration::from_secs(60)).await, []);
        stage.gateway.come_up();
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Restored));
        assert_eq!(line.caller_ids().await.unwrap().len(), 3);
    });
}

#[test]
fn a_link_that_only_seems_to_be_there_is_noticed() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let mut events = line.events();
        stage.gateway.fall_silent();
        let before = stage.clock.now();
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
        assert!(stage.clock.now().since(before) <= Duration::from_secs(31));
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Restored));
    });
}

#[test]
fn sessions_go_on_for_days() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let mut events = line.events();
        let heard = stage.listen(&mut events, Duration::from_secs(2 * 86_400)).await;
        assert_eq!(heard, []);
        // A token of 15 minutes is replaced after 10.5 to 13.
        let refreshes = stage.gateway.refreshes();
        assert!((220..=280).contains(&refreshes), "{refreshes}");
        assert_eq!(line.active_calls().await.unwrap(), []);
    });
}

#[test]
fn a_line_that_is_dropped_closes_its_socket_and_its_driver_ends() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        assert_eq!(stage.gateway.sockets(), 1);
        let runs = line.run();
        drop(line);
        runs.await;
        stage.pass(Duration::from_secs(1)).await;
        assert_eq!(stage.gateway.sockets(), 0);
    });
}

/// The agent's own audio, in which one call is heard.
struct Audio {
    heard: CallId,
    pressed: Arc<Mutex<String>>,
}

impl Keys for Audio {
    fn press(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        if call != &self.heard {
            return Err(Error::new(ErrorKind::NoSuchCall, Operation::SendDigits).for_call(call));
        }
        self.pressed.lock().expect("nobody panics").push_str(digits.as_str());
        Ok(())
    }
}

#[test]
fn keys_that_a_gateway_cannot_press_are_pressed_beside_it() {
    let stage = Stage::new(Capabilities::all().without(Capability::Digits));
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let (call, digits) = (CallId::new("c1"), Digits::parse("5#").unwrap());
        assert!(!line.capabilities().has(Capability::Digits));
        assert_eq!(line.send_digits(&call, &digits).await.unwrap_err().kind(), ErrorKind::Unsupported);

        let pressed = Arc::new(Mutex::new(String::new()));
        line.press_keys_by(Audio { heard: call.clone(), pressed: Arc::clone(&pressed) });
        assert_eq!(line.capabilities(), Capabilities::all().with_sign_in(SignInMethod::Password));
        line.send_digits(&call, &digits).await.unwrap();
        assert_eq!(*pressed.lock().unwrap(), "5#");
        let other = line.send_digits(&CallId::new("c2"), &digits).await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::NoSuchCall);
    });
}

#[test]
fn a_call_waits_for_audio_that_is_on_its_way() {
    let stage = Stage::new(Capabilities::all());
    stage.run(async {
        let line = stage.open(MemoryTokens::default());
        line.sign_in(password(MockAgent::Alex)).await.unwrap();
        let dial =
            |key: &str| line.dial(DialRequest { key: DialKey::new(key), to: number(numbers::ANSWERS), from: None });
        let is_dialled = async || !line.active_calls().await.unwrap().is_empty();

        line.audio_is_coming(true);
        line.audio_is_coming(true);
        let (waited, call) = join(
            async {
                stage.pass(Duration::from_secs(9)).await;
                let waited = !is_dialled().await;
                line.audio_is_coming(false);
                waited
            },
            dial("1"),
        )
        .await;
        assert!(waited);
        line.hang_up(&call.unwrap()).await.unwrap();
        stage.pass(Duration::from_secs(1)).await;

        // Audio that never comes is not waited for for ever, and what is there is not waited for at all.
        line.audio_is_coming(true);
        let began = stage.clock.now();
        let call = dial("2").await.unwrap();
        assert!((10..12).contains(&stage.clock.now().since(began).as_secs()));
        line.hang_up(&call).await.unwrap();
        line.audio_is_coming(false);
        let began = stage.clock.now();
        dial("3").await.unwrap();
        assert!(stage.clock.now().since(began) < Duration::from_secs(2));
    });
}

#[test]
fn nothing_secret_is_shown() {
    let stage = Stage::new(Capabilities::all());
    let shown = format!("{:?} {:?}", stage.config(), password(MockAgent::Alex));
    assert!(!shown.contains(MockAgent::PASSWORD), "{shown}");
}
