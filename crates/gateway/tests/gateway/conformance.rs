//! The mock's server side under the suite that every backend runs.

use cordboard::Timestamp;
use cordboard::platform::Clock as _;
use cordboard::telephony::conformance::backend::{BackendHarness, SignedWebhook};
use cordboard::telephony::{AgentId, Backend, CallId, Journal, PhoneNumber};
use cordboard_gateway::MockBackend;
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, VirtualClock, numbers};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

const SECRET: &str = "a secret";

struct Playground {
    clock: VirtualClock,
    exchange: Arc<Exchange>,
}

impl Playground {
    fn start() -> Self {
        let clock = VirtualClock::default();
        Self { exchange: Exchange::new(Network::new(MockConfig::default()), clock.clone()), clock }
    }

    fn signed(path: &str, body: &str) -> SignedWebhook {
        let url = format!("https://calls.example.com/webhooks/mock/{path}");
        let signature = MockBackend::sign(SECRET, &url, body.as_bytes());
        let headers = vec![("x-mock-signature".to_owned(), signature)];
        SignedWebhook { method: "POST".to_owned(), url, headers, body: body.into() }
    }
}

impl BackendHarness for Playground {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.clock.block_on(self.exchange.run(), async {
            // So that there is a past.
            self.clock.sleep(Duration::from_secs(100)).await;
            test.await;
        });
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn backend(&self, _: Arc<dyn Journal>) -> Arc<dyn Backend> {
        MockBackend::new(Arc::clone(&self.exchange)).await.unwrap().with_webhooks(SECRET)
    }

    fn agent(&self) -> AgentId {
        AgentId::new(MockAgent::Alex.id())
    }

    fn number(&self) -> PhoneNumber {
        PhoneNumber::from_e164(numbers::ANSWERS).unwrap()
    }

    fn outlives(&self) -> bool {
        false
    }

    fn dialled(&self) -> usize {
        // Each call is of this agent, and none has ended.
        let calls = self.exchange.control(|network, now| network.active_calls(now, Some(MockAgent::Alex)));
        calls.unwrap().len()
    }

    async fn reports(&self, call: &CallId) -> Vec<SignedWebhook> {
        let report = |key: &str| format!(r#"{{"call":"{call}","key":"{key}","at":5}}"#);
        ["a", "b"].map(|key| Self::signed("note", &report(key))).into()
    }

    fn inbound(&self) -> Option<SignedWebhook> {
        let body = format!(r#"{{"id":"in1","from":"{}","to":"{}","at":7}}"#, numbers::ANSWERS, numbers::SALES);
        Some(Self::signed("call", &body))
    }

    async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }
}

cordboard::backend_conformance_tests!(Playground::start());
