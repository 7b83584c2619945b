use cordboard::Timestamp;
use cordboard::telephony::{AgentId, PhoneNumber};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One connection into a room. Its text is its label at the provider, unique in the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Leg {
    /// The other party.
    Customer,
    /// An agent's browser. Numbered, because a browser that was reloaded comes back as another leg.
    Agent(u32),
    /// Whom the call is being handed to.
    Target(u32),
}

impl Leg {
    /// Reads a label.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse().ok().filter(|number: &u32| text == number.to_string());
        match text.split_once('-') {
            None if text == "customer" => Some(Self::Customer),
            Some(("agent", rest)) => number(rest).map(Self::Agent),
            Some(("target", rest)) => number(rest).map(Self::Target),
            _ => None,
        }
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer => f.write_str("customer"),
            Self::Agent(number) => write!(f, "agent-{number}"),
            Self::Target(number) => write!(f, "target-{number}"),
        }
    }
}

impl From<Leg> for String {
    fn from(leg: Leg) -> Self {
        leg.to_string()
    }
}

impl TryFrom<String> for Leg {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a leg")
    }
}

/// How far a leg has come. It only ever goes down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegStatus {
    /// The provider is calling.
    Dialing,
    /// It rings.
    Ringing,
    /// Somebody answered.
    Up,
    /// It is over.
    Ended {
        /// Why.
        end: LegEnd,
        /// How long it was answered, in seconds, if the provider says so.
        seconds: Option<u64>,
    },
}

/// Why a leg is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegEnd {
    /// It was answered, and somebody hung up.
    HungUp,
    /// On the phone.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Declined.
    Rejected,
    /// Given up before it was answered.
    Canceled,
    /// No such number.
    Invalid,
    /// A number that the account may not call.
    NotAllowed,
    /// Not reachable now.
    Unreachable,
    /// The provider failed.
    Failed,
}

/// Who a leg was to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// An agent's browser.
    Agent(AgentId),
    /// A number.
    Number(PhoneNumber),
}

/// What is known of a leg.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegState {
    /// The provider's id, once known.
    pub(crate) id: Option<String>,
    pub(crate) asked_at: Timestamp,
    /// Who it was to reach, if we asked for it.
    pub(crate) whom: Option<Whom>,
    pub(crate) rings: bool,
    pub(crate) up: bool,
    /// Whether the leg has left the room. For a leg that the provider does not report on otherwise, that is its end.
    pub(crate) left: bool,
    /// Whether the request that makes the leg ended without an answer.
    pub(crate) unsure: bool,
    pub(crate) end: Option<LegEnd>,
    pub(crate) seconds: u64,
}

impl LegState {
    /// Takes in how far the leg has come.
    pub(crate) fn advance(&mut self, status: LegStatus) {
        match status {
            LegStatus::Dialing => {}
            LegStatus::Ringing => self.rings = true,
            LegStatus::Up => self.up = true,
            LegStatus::Ended { end, seconds } => {
                // The first end counts; a second one is another source's view of the same.
                if self.end.is_none() {
                    self.end = Some(end);
                    self.seconds = seconds.unwrap_or_default();
                    // What was answered for a while, or ended by hanging up, had been up, even if that is told later.
                    self.up |= end == LegEnd::HungUp || self.seconds > 0;
                }
            }
        }
    }

    /// Whether the leg is there: asked for and not over.
    pub(crate) const fn is_live(&self) -> bool {
        self.end.is_none()
    }

    /// Whether somebody is on it now.
    pub(crate) const fn talks(&self) -> bool {
        self.up && self.is_live() && !self.left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_back() {
        for leg in [Leg::Customer, Leg::Agent(1), Leg::Agent(42), Leg::Target(7)] {
            assert_eq!(Leg::parse(&leg.to_string()), Some(leg));
        }
        for text in ["", "customer-1", "agent", "agent-", "agent-01", "agent-+1", "agent--1", "target-99999999999", "x"]
        {
            assert_eq!(Leg::parse(text), None, "{text}");
        }
    }
}
