//! A line over the emulator keeps the contract.

mod support;

use cordboard::platform::Clock;
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{Credentials, PhoneNumber, Telephony};
use cordboard_twilio::Twilio;
use cordboard_twilio_emulator::{Answer, Disturbance, Fault, numbers};
use http::Method;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use support::{ALEX, BLAKE, Page, World, legs, number};

struct TwilioHarness {
    world: Arc<World>,
    twilio: Twilio,
}

impl TwilioHarness {
    fn new() -> Self {
        Self::disturbed(Disturbance::default())
    }

    /// With callbacks that come late, in any order and twice.
    fn disturbed(disturbance: Disturbance) -> Self {
        let world = World::new();
        world.cloud.lock().disturb(disturbance);
        let twilio = world.start();
        Self { world, twilio }
    }
}

impl Harness for TwilioHarness {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.world.clock.block_on(self.world.serve(&self.twilio), test);
        assert_eq!(self.world.cloud.lock().warnings(), [""; 0], "Twilio's debugger is empty");
    }

    fn clock(&self) -> &dyn Clock {
        &self.world.clock
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn silence(&self) -> Duration {
        Duration::from_secs(3)
    }

    fn line(&self, agent: TestAgent) -> Option<Box<dyn Telephony>> {
        let agent = match agent {
            TestAgent::First => ALEX,
            TestAgent::Second => BLAKE,
        };
        Some(Box::new(Page::new(Arc::clone(&self.world), &self.twilio, agent)))
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
            FarEnd::EchoesDigits => numbers::ECHOES_DIGITS,
            // Whoever calls one of the account's numbers is answered by Twilio's music before an agent answers, so they can't
            // be told that the agent declined. Agents call each other in calls.rs.
            FarEnd::SecondAgent => return None,
            // Twilio reports a lost connection as it reports a hang-up.
            FarEnd::DropsMidCall => return None,
        }))
    }

    fn backlog(&self) -> Option<usize> {
        Some(self.world.config().backlog)
    }

    async fn play(&self, cue: Cue<'_>) -> Result<(), CannotPlay> {
        match cue {
            Cue::CallIn => {
                let came = self.world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX));
                came.map(drop).map_err(|_| CannotPlay)
            }
            Cue::HangUp(call) => {
                let customer = legs(&self.world, call).remove("customer").map(|leg| leg.sid);
                // An inbound call is named after its leg, which may not be in the conference yet.
                let sid = customer.unwrap_or_else(|| call.as_str().to_owned());
                self.world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, &sid)).map_err(|_| CannotPlay)
            }
            Cue::LoseReply => {
                let lost = Fault::after(Answer::Nothing).on(Method::POST, "/Participants");
                self.world.at_twilio(|cloud, _| cloud.inject([lost]));
                Ok(())
            }
            Cue::SendDigits(..) | Cue::LoseConnection | Cue::ExpireSession => Err(CannotPlay),
        }
    }
}

mod in_order {
    cordboard::conformance_tests!(super::TwilioHarness::new());
}

mod late_and_twice {
    use super::*;

    const DISTURBANCE: Disturbance = Disturbance { delay: Duration::from_millis(700), repeats: 40 };

    cordboard::conformance_tests!(TwilioHarness::disturbed(DISTURBANCE));
}
