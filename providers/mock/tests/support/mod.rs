//! The mock network as the conformance suite plays it.

use cordboard::platform::Clock;
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{Credentials, PhoneNumber, SignInMethod, Telephony};
use cordboard_mock::{Exchange, MockConfig, Network, VirtualClock, conformance};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct MockHarness {
    pub(crate) clock: VirtualClock,
    pub(crate) exchange: Arc<Exchange>,
    config: MockConfig,
}

impl MockHarness {
    pub(crate) fn new(config: MockConfig) -> Self {
        let clock = VirtualClock::default();
        let exchange = Exchange::new(Network::new(config.clone()), clock.clone());
        Self { clock, exchange, config }
    }

    fn passwords(&self) -> bool {
        self.config.capabilities.sign_in() == SignInMethod::Password
    }
}

impl Harness for MockHarness {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.clock.block_on(self.exchange.run(), test);
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn line(&self, agent: TestAgent) -> Option<Box<dyn Telephony>> {
        Some(Box::new(self.exchange.line(conformance::agent(agent))))
    }

    fn credentials(&self, agent: TestAgent) -> Credentials {
        if self.passwords() { conformance::password(conformance::agent(agent)) } else { Credentials::None }
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        self.passwords().then(conformance::wrong_password)
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        conformance::number(far_end)
    }

    fn backlog(&self) -> Option<usize> {
        Some(self.config.backlog)
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        self.exchange.control(|network, now| conformance::play(network, now, cue));
        Ok(())
    }
}
