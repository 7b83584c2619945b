//! The mock network as the conformance suite plays it.

use cordboard::platform::Clock;
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{Credentials, PhoneNumber, SignInMethod, Telephony};
use cordboard_mock::{Exchange, Fault, MockAgent, MockConfig, Network, VirtualClock, numbers};
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

const fn agent(agent: TestAgent) -> MockAgent {
    match agent {
        TestAgent::First => MockAgent::Alex,
        TestAgent::Second => MockAgent::Blake,
    }
}

pub(crate) fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

impl Harness for MockHarness {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.clock.block_on(self.exchange.run(), test);
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn line(&self, test_agent: TestAgent) -> Option<Box<dyn Telephony>> {
        Some(Box::new(self.exchange.line(agent(test_agent))))
    }

    fn credentials(&self, test_agent: TestAgent) -> Credentials {
        if !self.passwords() {
            return Credentials::None;
        }
        let name = agent(test_agent).id().to_owned();
        Credentials::Password { name, password: MockAgent::PASSWORD.to_owned() }
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        let wrong = Credentials::Password { name: "alex".to_owned(), password: "wrong".to_owned() };
        self.passwords().then_some(wrong)
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        Some(number(match far_end {
            FarEnd::Answers => numbers::ANSWERS,
            FarEnd::Busy => numbers::BUSY,
            FarEnd::NoAnswer => numbers::NO_ANSWER,
            FarEnd::Rejects => numbers::REJECTS,
            FarEnd::Invalid => numbers::INVALID,
            FarEnd::Unreachable => numbers::UNREACHABLE,
            FarEnd::DropsMidCall => numbers::DROPS_MID_CALL,
            FarEnd::EchoesDigits => numbers::ECHOES_DIGITS,
            FarEnd::SecondAgent => numbers::BLAKE,
        }))
    }

    fn backlog(&self) -> Option<usize> {
        Some(self.config.backlog)
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        self.exchange.control(|network, now| match cue {
            Cue::CallIn => drop(network.incoming(now, Some(number(numbers::ANSWERS)), &number(numbers::ALEX))),
            Cue::HangUp(call) => network.far_end_hangs_up(now, call),
            Cue::SendDigits(call, digits) => network.far_end_sends(now, call, digits),
            Cue::LoseReply => network.inject(now, Fault::LoseReply),
            Cue::LoseConnection => network.inject(now, Fault::LoseConnection(Duration::from_secs(3))),
            Cue::ExpireSession => network.expire_session(now, MockAgent::Alex),
        });
        Ok(())
    }
}
