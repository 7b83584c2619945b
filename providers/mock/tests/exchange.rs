//! The exchange: time passes, lines hear, and a store outlives the page.

mod support;

use cordboard::Value;
use cordboard::platform::Clock as _;
use cordboard::telephony::{
    CallEventKind, CallState, Capabilities, Credentials, DialKey, DialRequest, ErrorKind, Event, PhoneNumber,
    SignInMethod, Telephony as _,
};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, Store, VirtualClock, numbers};
use futures_util::StreamExt as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use support::MockHarness;

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

/// A store that counts how often it is used.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    network: Option<Value>,
    loads: usize,
    saves: usize,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics with it")
    }

    /// How often it was read and written.
    fn uses(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.loads, kept.saves)
    }
}

impl Store for Memory {
    fn load(&self) -> Option<Value> {
        let mut kept = self.lock();
        kept.loads += 1;
        kept.network.clone()
    }

    fn save(&self, network: &Value) {
        let mut kept = self.lock();
        kept.saves += 1;
        kept.network = Some(network.clone());
    }
}

fn with_passwords() -> MockConfig {
    let capabilities = Capabilities::all().with_sign_in(SignInMethod::Password);
    MockConfig { capabilities, ..MockConfig::default() }
}

fn request(to: &str) -> DialRequest {
    DialRequest { key: DialKey::new("1"), to: number(to), from: None }
}

#[test]
fn a_call_outlives_the_page() {
    let clock = VirtualClock::default();
    let config = with_passwords();
    let memory = Memory::default();

    let page = Exchange::with_store(Network::new(config.clone()), clock.clone(), memory.clone());
    let call = clock.block_on(page.run(), async {
        let line = page.line(MockAgent::Alex);
        let password = Credentials::Password { name: "alex".to_owned(), password: MockAgent::PASSWORD.to_owned() };
        line.sign_in(password).await.unwrap();
        let call = line.dial(request(numbers::HANGS_UP)).await.unwrap();
        clock.sleep(Duration::from_secs(1)).await;
        call
    });
    drop(page);

    let page = Exchange::with_store(Network::new(config), clock.clone(), memory);
    clock.block_on(page.run(), async {
        let line = page.line(MockAgent::Alex);
        let mut events = line.events();
        line.sign_in(Credentials::None).await.expect("the session is remembered");
        let calls = line.active_calls().await.unwrap();
        assert_eq!((&calls[0].id, calls[0].state), (&call, CallState::Connected));
        let Some(Event::Call(event)) = events.next().await else { panic!("the far end hangs up") };
        assert_eq!(event.sequence, calls[0].sequence + 1);
        assert!(matches!(event.kind, CallEventKind::Ended(_)));
    });
}

/// A page can make its line before it has time for storage.
#[test]
fn the_store_is_read_once_and_not_before_it_is_needed() {
    let clock = VirtualClock::default();
    let uses: [fn(&Arc<Exchange>, &VirtualClock); 2] = [
        |exchange, clock| {
            let line = exchange.line(MockAgent::Alex);
            clock.block_on(std::future::ready(()), line.sign_in(Credentials::None)).expect("nothing is wrong");
        },
        |exchange, _| exchange.control(|_, _| ()),
    ];
    for use_it in uses {
        let memory = Memory::default();
        let exchange = Exchange::with_store(Network::new(MockConfig::default()), clock.clone(), memory.clone());
        let line = exchange.line(MockAgent::Alex);
        let _events = line.events();
        assert_eq!((line.info().id, line.capabilities()), ("mock", Capabilities::all()));
        let _order = line.sign_in(Credentials::None);
        clock.block_on(exchange.run(), clock.sleep(Duration::from_secs(1)));
        assert_eq!(memory.uses(), (0, 0));
        for _ in 0..2 {
            use_it(&exchange, &clock);
            assert_eq!(memory.uses().0, 1);
        }
    }
}

#[test]
fn the_store_hears_of_changes_only() {
    let clock = VirtualClock::default();
    let memory = Memory::default();
    let exchange = || Exchange::with_store(Network::new(MockConfig::default()), clock.clone(), memory.clone());
    let page = exchange();
    let line = page.line(MockAgent::Alex);
    clock.block_on(page.run(), line.sign_in(Credentials::None)).expect("nothing is wrong");
    let (_, saves) = memory.uses();
    clock.block_on(page.run(), line.active_calls()).expect("signed in");
    assert_eq!(memory.uses(), (1, saves));
    let reloaded = exchange();
    let line = reloaded.line(MockAgent::Alex);
    clock.block_on(reloaded.run(), line.active_calls()).expect_err("this page did not sign in yet");
    assert_eq!(memory.uses(), (2, saves), "what was just read is there already");
    clock.block_on(reloaded.run(), line.sign_in(Credentials::None)).expect("nothing is wrong");
    clock.block_on(reloaded.run(), line.sign_out()).expect("nothing is wrong");
    assert!(memory.uses().1 > saves);
}

#[test]
fn what_cannot_be_read_is_replaced() {
    let clock = VirtualClock::default();
    let memory = Memory::default();
    memory.lock().network = Some("?".into());
    let page = Exchange::with_store(Network::new(with_passwords()), clock.clone(), memory.clone());
    page.control(|network, _| assert_eq!(network.config().capabilities.sign_in(), SignInMethod::Password));
    let saved = memory.lock().network.clone().expect("it was replaced");
    assert!(Network::restore(MockConfig::default(), &saved).is_some());
}

#[test]
fn events_end_with_their_line() {
    let harness = MockHarness::new(MockConfig::default());
    let line = harness.exchange.line(MockAgent::Alex);
    let mut events = line.events();
    drop(line);
    harness.clock.block_on(harness.exchange.run(), async { assert_eq!(events.next().await, None) });
}

#[test]
fn a_slow_network_takes_its_time() {
    let harness = MockHarness::new(MockConfig::default());
    let clock = &harness.clock;
    clock.block_on(harness.exchange.run(), async {
        let line = harness.exchange.line(MockAgent::Alex);
        line.sign_in(Credentials::None).await.unwrap();
        let before = clock.now();
        line.dial(request(numbers::SLOW_NETWORK)).await.unwrap();
        assert_eq!(clock.now() - before, Duration::from_secs(3));
    });
}

#[test]
fn another_agent_signs_in_on_the_same_line() {
    let harness = MockHarness::new(with_passwords());
    harness.clock.block_on(harness.exchange.run(), async {
        let line = harness.exchange.line(MockAgent::Alex);
        let password = |name: &str| Credentials::Password { name: name.to_owned(), password: "demo".to_owned() };
        let refused = line.sign_in(Credentials::None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadCredentials);
        assert_eq!(line.sign_in(password("alex")).await.unwrap().id, "alex");
        assert_eq!(line.sign_in(password("blake")).await.unwrap().id, "blake");
        let refused = line.sign_in(Credentials::None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::BadCredentials, "Alex was signed out");
    });
}
