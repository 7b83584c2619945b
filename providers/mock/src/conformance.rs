//! What the conformance suite asks of far ends, on this network: for whoever plays a line over it.

use crate::config::MockAgent;
use crate::fault::Fault;
use crate::network::Network;
use crate::numbers;
use cordboard::Timestamp;
use cordboard::telephony::conformance::{Cue, FarEnd, TestAgent};
use cordboard::telephony::{Credentials, PhoneNumber};
use core::time::Duration;

/// The suite's agents.
#[must_use]
pub const fn agent(agent: TestAgent) -> MockAgent {
    match agent {
        TestAgent::First => MockAgent::Alex,
        TestAgent::Second => MockAgent::Blake,
    }
}

/// What an agent signs in with, where passwords are asked for.
#[must_use]
pub fn password(agent: MockAgent) -> Credentials {
    Credentials::Password { name: agent.id().to_owned(), password: MockAgent::PASSWORD.to_owned() }
}

/// What nobody signs in with.
#[must_use]
pub fn wrong_password() -> Credentials {
    Credentials::Password { name: MockAgent::Alex.id().to_owned(), password: "wrong".to_owned() }
}

/// The number to dial for an outcome.
#[must_use]
pub fn number(far_end: FarEnd) -> Option<PhoneNumber> {
    let number = match far_end {
        FarEnd::Answers => numbers::ANSWERS,
        FarEnd::Busy => numbers::BUSY,
        FarEnd::NoAnswer => numbers::NO_ANSWER,
        FarEnd::Rejects => numbers::REJECTS,
        FarEnd::Invalid => numbers::INVALID,
        FarEnd::Unreachable => numbers::UNREACHABLE,
        FarEnd::DropsMidCall => numbers::DROPS_MID_CALL,
        FarEnd::EchoesDigits => numbers::ECHOES_DIGITS,
        FarEnd::SecondAgent => MockAgent::Blake.number(),
    };
    PhoneNumber::from_e164(number).ok()
}

/// Plays a cue in the network.
pub fn play(network: &mut Network, now: Timestamp, cue: Cue<'_>) {
    match cue {
        Cue::CallIn => {
            if let Ok(to) = PhoneNumber::from_e164(MockAgent::Alex.number()) {
                network.incoming(now, number(FarEnd::Answers), &to);
            }
        }
        Cue::HangUp(call) => network.far_end_hangs_up(now, call),
        Cue::SendDigits(call, digits) => network.far_end_sends(now, call, digits),
        Cue::LoseReply => network.inject(now, Fault::LoseReply),
        Cue::LoseConnection => network.inject(now, Fault::LoseConnection(Duration::from_secs(3))),
        Cue::ExpireSession => network.expire_session(now, MockAgent::Alex),
    }
}
