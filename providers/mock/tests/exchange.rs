//! The exchange: time passes, lines hear, and a store outlives the page.

mod support;

use cordboard::Value;
use cordboard::platform::Clock as _;
use cordboard::telephony::{
    CallEventKind, CallState, Capabilities, Credentials, DialKey, DialRequest, ErrorKind, Event, SignInMethod,
    Telephony as _,
};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, Store, VirtualClock, numbers};
use futures_util::StreamExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{MockHarness, number};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Value>>);

impl Store for Memory {
    fn save(&self, network: &Value) {
        *self.0.lock().expect("nothing panics with it") = network.clone();
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

    let saved = memory.0.lock().unwrap().clone();
    let network = Network::restore(config, &saved).unwrap();
    let page = Exchange::with_store(network, clock.clone(), memory);
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
