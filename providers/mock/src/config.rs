use crate::numbers;
use cordboard::telephony::{Agent, CallerId, Capabilities, PhoneNumber};
use core::time::Duration;

/// What a network offers, and how it behaves.
#[derive(Clone, Debug)]
pub struct MockConfig {
    /// What every line can do, and how agents sign in.
    pub capabilities: Capabilities,
    /// Decides how long the numbers ring that are not in the table. It is part of every call's id, so give each page load
    /// another one, or calls of different days have the same ids.
    pub seed: u32,
    /// How long an order is on its way to the network.
    pub latency: Duration,
    /// How many events a line keeps for a listener that is behind.
    pub backlog: usize,
}

impl Default for MockConfig {
    /// Everything claimed, one button to sign in, and no delay.
    fn default() -> Self {
        Self { capabilities: Capabilities::all(), seed: 1, latency: Duration::ZERO, backlog: 256 }
    }
}

/// The agents of the account.
///
/// | agent | signs in as | with the password | number |
/// |---|---|---|---|
/// | `Alex` | `alex` | `demo` | [`numbers::ALEX`] |
/// | `Blake` | `blake` | `demo` | [`numbers::BLAKE`] |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockAgent {
    /// The first agent.
    Alex,
    /// The second agent.
    Blake,
}

impl MockAgent {
    /// Both agents.
    pub const ALL: [Self; 2] = [Self::Alex, Self::Blake];
    /// The password of both.
    pub const PASSWORD: &'static str = "demo";

    /// The name to sign in with.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Alex => "alex",
            Self::Blake => "blake",
        }
    }

    /// The agent's own number, in E.164.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::Alex => numbers::ALEX,
            Self::Blake => numbers::BLAKE,
        }
    }

    pub(crate) fn named(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.id() == id)
    }

    pub(crate) fn profile(self) -> Agent {
        let name = match self {
            Self::Alex => "Alex Demo",
            Self::Blake => "Blake Demo",
        };
        Agent { id: self.id().to_owned(), name: name.to_owned() }
    }

    /// The numbers that the agent may show: their own, and those of the account.
    pub(crate) fn caller_ids(self) -> Vec<CallerId> {
        let labels =
            [(self.number(), "Direct line"), (numbers::SALES, "Sales, Boston"), (numbers::SUPPORT, "Support, London")];
        let mut caller_ids = Vec::new();
        for (number, label) in labels {
            if let Ok(number) = PhoneNumber::from_e164(number) {
                caller_ids.push(CallerId { number, label: label.to_owned() });
            }
        }
        caller_ids
    }
}
