//! The server side under the suite that every backend runs, with Twilio's emulator at its other end.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::Timestamp;
use cordboard::platform::{Clock as _, Lock};
use cordboard::telephony::conformance::backend::{BackendHarness, SignedWebhook};
use cordboard::telephony::{AgentId, Backend, CallId, Journal, PhoneNumber};
use cordboard_twilio::Twilio;
use cordboard_twilio_emulator::{Disturbance, numbers};
use futures_util::future::select;
use http::Request;
use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use support::{ALEX, World, legs, number};

struct Account {
    world: Arc<World>,
    /// The instance that was started last.
    twilio: Lock<Option<Twilio>>,
}

impl Account {
    fn new(disturbance: Disturbance) -> Self {
        let world = World::new();
        world.cloud.lock().disturb(disturbance);
        Self { world, twilio: Lock::default() }
    }
}

impl BackendHarness for Account {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.world.clock.block_on(pending(), async {
            // So that there is a past.
            self.world.clock.sleep(Duration::from_secs(100)).await;
            test.await;
        });
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    async fn backend(&self, journal: Arc<dyn Journal>) -> Arc<dyn Backend> {
        let twilio = self.world.start_over(journal);
        *self.twilio.lock() = Some(twilio.clone());
        Arc::new(twilio)
    }

    fn agent(&self) -> AgentId {
        AgentId::new(ALEX)
    }

    fn number(&self) -> PhoneNumber {
        number(numbers::ANSWERS)
    }

    fn outlives(&self) -> bool {
        true
    }

    /// Each call is two requests, for the agent and for the number; what was asked for twice counts twice.
    fn dialled(&self) -> usize {
        let legs = self.world.cloud.lock().legs();
        let made = legs.iter().filter(|leg| leg.direction == "outbound-api");
        let (agents, numbers): (Vec<_>, Vec<_>) = made.partition(|leg| leg.to.starts_with("client:"));
        agents.len().max(numbers.len())
    }

    /// The number is called when the agent's leg is there, so the server runs meanwhile.
    async fn reports(&self, call: &CallId) -> Vec<SignedWebhook> {
        let twilio = self.twilio.lock().clone().unwrap();
        let answered = async {
            while legs(&self.world, call).get("customer").is_none_or(|leg| leg.status != "in-progress") {
                self.world.clock.sleep(Duration::from_millis(100)).await;
            }
            // And what is late.
            self.world.clock.sleep(Duration::from_secs(5)).await;
        };
        select(pin!(self.world.serve(&twilio)), pin!(answered)).await;
        // What came twice was one report.
        let mut tokens = BTreeSet::new();
        let delivered = self.world.delivered.lock();
        let once =
            delivered.iter().filter(|request| tokens.insert(request.headers()["i-twilio-idempotency-token"].clone()));
        once.map(signed).collect()
    }

    fn inbound(&self) -> Option<SignedWebhook> {
        let request = self.world.at_twilio(|cloud, now| {
            cloud.incoming(now, numbers::ANSWERS, numbers::SALES).unwrap();
            cloud.handle_timeout(now + Duration::from_secs(1));
            std::iter::from_fn(|| cloud.poll_callback()).map(|callback| callback.request).last()
        });
        request.as_ref().map(signed)
    }
}

fn signed(request: &Request<Vec<u8>>) -> SignedWebhook {
    let headers = request.headers().iter();
    SignedWebhook {
        method: request.method().to_string(),
        url: request.uri().to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
        body: request.body().clone(),
    }
}

mod in_order {
    cordboard::backend_conformance_tests!(super::Account::new(super::Disturbance::default()));
}

mod late_and_twice {
    use super::*;

    const DISTURBANCE: Disturbance = Disturbance { delay: Duration::from_millis(1_500), repeats: 60 };

    cordboard::backend_conformance_tests!(Account::new(DISTURBANCE));
}
