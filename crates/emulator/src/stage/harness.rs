//! The core's suites over a stage.

use super::{ALEX, BLAKE, LegState, Page, Stage, World, number};
use crate::server::control::Hands as _;
use crate::{Answer, Disturbance, Emulated as _, Fault, numbers};
use cordboard::Timestamp;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::conformance::backend::{BackendHarness, SignedWebhook};
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{AgentId, Backend, CallId, Credentials, Journal, PhoneNumber, Telephony};
use cordboard_bridge::Switchboard;
use futures_util::future::select;
use http::{Method, Request};
use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Agents' lines, for [`conformance_tests!`](cordboard::conformance_tests).
pub struct LineHarness<S: Stage> {
    world: Arc<World<S>>,
    backend: Switchboard<S::Carrier>,
}

impl<S: Stage> LineHarness<S> {
    /// With callbacks that come so.
    #[must_use]
    pub fn new(disturbance: Disturbance) -> Self {
        let world = World::<S>::new();
        world.cloud.lock().disturb(disturbance);
        let backend = world.start();
        Self { world, backend }
    }
}

impl<S: Stage> Harness for LineHarness<S> {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.world.clock.block_on(self.world.serve(&self.backend), test);
        assert_eq!(self.world.cloud.lock().warnings(), [""; 0], "the provider finds nothing wrong");
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(3)
    }

    fn line(&self, agent: TestAgent) -> Option<Box<dyn Telephony>> {
        let agent = match agent {
            TestAgent::First => ALEX,
            TestAgent::Second => BLAKE,
        };
        Some(Box::new(Page::new(Arc::clone(&self.world), &self.backend, agent)))
    }

    fn credentials(&self, _agent: TestAgent) -> Credentials {
        Credentials::None
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        None
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        Some(number(match far_end {
            FarEnd::Answers => numbers::ANSWERS,
            FarEnd::Busy => numbers::BUSY,
            FarEnd::NoAnswer => numbers::NO_ANSWER,
            FarEnd::Rejects => numbers::REJECTS,
            FarEnd::Invalid => numbers::INVALID,
            FarEnd::Unreachable => numbers::UNREACHABLE,
            // Of keys that the far end presses no provider here tells. What the far end hears is tested with the calls.
            FarEnd::EchoesDigits => return None,
            // Whoever calls one of the account's numbers is answered by the provider before an agent answers, so they can't be
            // told that the agent declined. Agents call each other in the tests of calls.
            FarEnd::SecondAgent => return None,
            // A lost connection is reported as a hang-up.
            FarEnd::DropsMidCall => return None,
        }))
    }

    fn backlog(&self) -> Option<usize> {
        Some(self.world.backlog())
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        match cue {
            Cue::CallIn => {
                let came = self.world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX));
                came.map(drop).map_err(|_| CannotPlay)
            }
            Cue::HangUp(call) => {
                let customer = self.world.legs(call).remove("customer").map(|leg| leg.id);
                // An inbound call is named after its leg, which may not be in the room yet.
                let leg = customer.unwrap_or_else(|| call.as_str().to_owned());
                self.world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, &leg)).map_err(|_| CannotPlay)
            }
            Cue::LoseReply => {
                let lost = Fault::after(Answer::Nothing).on(Method::POST, S::MAKES_LEGS);
                self.world.at_provider(|cloud, _| cloud.inject([lost]));
                Ok(())
            }
            Cue::SendDigits(..) | Cue::LoseConnection | Cue::ExpireSession => Err(CannotPlay),
        }
    }
}

/// The server side, for [`backend_conformance_tests!`](cordboard::backend_conformance_tests).
pub struct AccountHarness<S: Stage> {
    world: Arc<World<S>>,
    /// The instance that was started last.
    backend: Lock<Option<Switchboard<S::Carrier>>>,
}

impl<S: Stage> AccountHarness<S> {
    /// With callbacks that come so.
    #[must_use]
    pub fn new(disturbance: Disturbance) -> Self {
        let world = World::<S>::new();
        world.cloud.lock().disturb(disturbance);
        Self { world, backend: Lock::new(None) }
    }
}

impl<S: Stage> BackendHarness for AccountHarness<S> {
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
        let backend = self.world.start_over(journal);
        *self.backend.lock() = Some(backend.clone());
        Arc::new(backend)
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
        let legs = self.world.all_legs();
        let made = legs.iter().filter(|leg| leg.is_made);
        let (agents, numbers): (Vec<_>, Vec<_>) = made.partition(|leg| leg.is_browser);
        agents.len().max(numbers.len())
    }

    /// The number is called when the agent's leg is there, so the server runs meanwhile.
    async fn reports(&self, call: &CallId) -> Vec<SignedWebhook> {
        let backend = self.backend.lock().clone().expect("an instance was started");
        let answered = async {
            while self.world.legs(call).get("customer").is_none_or(|leg| leg.state != LegState::Up) {
                self.world.clock.sleep(Duration::from_millis(100)).await;
            }
            // And what is late.
            self.world.clock.sleep(Duration::from_secs(5)).await;
        };
        select(pin!(self.world.serve(&backend)), pin!(answered)).await;
        // What came twice was one report.
        let mut known = BTreeSet::new();
        let delivered = self.world.delivered.lock();
        delivered.iter().filter(|request| known.insert(S::report(request))).map(signed).collect()
    }

    fn inbound(&self) -> Option<SignedWebhook> {
        let request = self.world.at_provider(|cloud, now| {
            cloud.incoming(now, numbers::ANSWERS, numbers::SALES).expect("a number of the account");
            cloud.handle_timeout(now + Duration::from_secs(1));
            let callbacks = std::iter::from_fn(|| cloud.poll_callback());
            callbacks.filter(|callback| callback.awaits_document).map(|callback| callback.request).last()
        });
        request.as_ref().map(signed)
    }

    async fn pass(&self, time: Duration) {
        let backend = self.backend.lock().clone().expect("an instance was started");
        select(pin!(self.world.serve(&backend)), self.world.clock.sleep(time)).await;
    }
}

fn signed(request: &Request<Vec<u8>>) -> SignedWebhook {
    let headers = request.headers().iter();
    let text = |value: &http::HeaderValue| value.to_str().expect("a text").to_owned();
    SignedWebhook {
        method: request.method().to_string(),
        url: request.uri().to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: request.body().clone(),
    }
}
