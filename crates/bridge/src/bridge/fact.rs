use super::leg::{Leg, LegEnd, LegStatus};
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, CallId, Entry, PhoneNumber};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that is known about a call: an order, its outcome, or news. This is what the journal keeps.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub(crate) enum Fact {
    /// An agent dials: their own leg first, so that they hear it ring.
    Dial {
        #[serde(with = "agent")]
        agent: AgentId,
        key: String,
        #[serde(with = "number")]
        to: PhoneNumber,
        #[serde(with = "number")]
        from: PhoneNumber,
    },
    /// Somebody calls; their leg is there already.
    Arrived {
        id: String,
        #[serde(with = "optional_number")]
        from: Option<PhoneNumber>,
        #[serde(with = "number")]
        to: PhoneNumber,
    },
    /// These agents' lines ring until then.
    Rang {
        #[serde(with = "agents")]
        agents: Vec<AgentId>,
        /// Milliseconds since the epoch.
        until: u64,
        otherwise: Goes,
    },
    /// An agent takes the call, on a leg that is now asked for.
    Answer {
        #[serde(with = "agent")]
        agent: AgentId,
        leg: Leg,
    },
    /// An agent declines.
    Reject {
        #[serde(with = "agent")]
        agent: AgentId,
    },
    /// An agent ends the call, which they saw as answered or not.
    HangUp {
        #[serde(with = "agent")]
        agent: AgentId,
        order: u32,
        established: bool,
    },
    /// An agent changes something in the call.
    Change { order: u32, change: Change },
    /// An agent hands the call to a number.
    Transfer {
        order: u32,
        leg: Leg,
        #[serde(with = "number")]
        to: PhoneNumber,
    },
    /// An agent joins this call's customer with that of another call, whose leg comes here.
    Merge {
        order: u32,
        leg: Leg,
        #[serde(with = "call")]
        consultation: CallId,
    },
    /// The same, in the books of the other call.
    Merged {
        order: u32,
        #[serde(with = "call")]
        into: CallId,
    },
    /// The agent's leg was lost and is asked for again.
    Rejoin { leg: Leg },
    /// Nobody answered in time.
    RingTimedOut,
    /// The agent did not come back in time.
    GaveUp,

    /// An action is about to be carried out. Recorded once, so that nobody else begins it.
    Asked { action: String },
    /// An action needs nothing more: it was carried out, or never will be.
    Settled { action: String },
    /// A leg was asked for, and the provider took it.
    Made { leg: Leg, id: String, room: Option<String> },
    /// A leg was asked for, and the provider refused.
    Refused { leg: Leg, end: LegEnd },
    /// A leg was asked for, and the outcome is not known.
    Unsure { leg: Leg },
    /// An order was carried out.
    Done {
        order: u32,
        /// What the provider calls the recording that the order began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recording: Option<String>,
    },
    /// An order was not carried out.
    NotDone { order: u32 },

    /// The provider says how far a leg has come.
    Leg { leg: Leg, id: Option<String>, status: LegStatus },
    /// A leg, by its id, is in the room.
    Joined { leg: Option<Leg>, id: String, room: String },
    /// A leg, by its id, has left the room.
    Left { id: String, room: String },
    /// The room is there, or is over.
    Room { id: String, closed: bool },
    /// Looked up: how the call stands, as of an order.
    Stands {
        order: u32,
        held: bool,
        muted: bool,
        recording: Option<bool>,
        /// Whether a recording that goes on pauses.
        #[serde(default)]
        paused: bool,
        /// What the provider calls the recording that goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        named: Option<String>,
    },
    /// A recording is ready, or will never be.
    Recorded { file: RecordingFile },
    /// Nothing of interest.
    Noted { what: String },
    /// The call is over, and nothing more needs to be asked.
    Over,
}

/// What an agent can change in a call in which people talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The customer waits.
    Hold,
    /// The customer is back.
    Resume,
    /// The agent is not heard.
    Mute,
    /// The agent is heard again.
    Unmute,
    /// The call is recorded from now on.
    StartRecording,
    /// Recording pauses.
    PauseRecording,
    /// Recording goes on.
    ResumeRecording,
    /// Recording is over.
    StopRecording,
}

/// Where a caller goes whom nobody answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Goes {
    /// May leave a message after these words.
    Voicemail {
        /// What they hear first.
        greeting: String,
    },
    /// To another number.
    Number {
        /// Which.
        #[serde(with = "number")]
        number: PhoneNumber,
    },
    /// Hears these words, and the call ends.
    Goodbye {
        /// Which.
        words: String,
    },
}

impl fmt::Debug for Goes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Voicemail { .. } => "Voicemail(…)",
            Self::Number { .. } => "Number(…)",
            Self::Goodbye { .. } => "Goodbye(…)",
        })
    }
}

/// What is known of a recording's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingFile {
    /// The provider's id.
    pub id: String,
    /// Whether there is something to be heard.
    pub ready: bool,
    /// How long it is, in seconds.
    pub seconds: Option<u64>,
    /// Whether it is a message for whoever did not answer.
    pub voicemail: bool,
    /// The number of the order that began it, from a provider that gives ids to recordings only when they are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
}

impl Fact {
    /// The fact as the journal keeps it.
    pub(crate) fn to_body(&self) -> String {
        // Strings, numbers and lists only, so it can't fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what the journal kept. `None` if another version wrote it.
    pub(crate) fn from_body(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// The number of an order, if it has one.
    pub(crate) const fn order(&self) -> Option<u32> {
        match self {
            Self::HangUp { order, .. }
            | Self::Change { order, .. }
            | Self::Transfer { order, .. }
            | Self::Merge { order, .. }
            | Self::Merged { order, .. } => Some(*order),
            Self::Answer { leg: Leg::Agent(number), .. } | Self::Rejoin { leg: Leg::Agent(number) } => Some(*number),
            _ => None,
        }
    }

    pub(crate) const fn until(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }
}

/// An entry of the journal.
pub(crate) fn entry(call: CallId, key: String, at: Timestamp, fact: &Fact) -> Entry {
    Entry { call, key, at, is_last: *fact == Fact::Over, body: fact.to_body() }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only what names nobody.
        match self {
            Self::Leg { leg, status, .. } => write!(f, "Leg({leg}, {status:?})"),
            Self::Change { change, .. } => write!(f, "Change({change:?})"),
            Self::Asked { action } | Self::Settled { action } => write!(f, "action {action}"),
            Self::Refused { leg, end } => write!(f, "Refused({leg}, {end:?})"),
            Self::Made { leg, .. } | Self::Unsure { leg } | Self::Rejoin { leg } | Self::Answer { leg, .. } => {
                write!(f, "leg {leg}")
            }
            _ => f.write_str("Fact(…)"),
        }
    }
}

macro_rules! as_text {
    ($module:ident, $type:ty, $write:expr, $read:expr) => {
        mod $module {
            use super::*;
            use serde::{Deserializer, Serializer};

            pub(super) fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&$type) -> &str = $write;
                serializer.serialize_str(write(value))
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let text = String::deserialize(deserializer)?;
                let read: fn(&str) -> Option<$type> = $read;
                read(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($module))))
            }
        }
    };
}

as_text!(agent, AgentId, AgentId::as_str, |text| Some(AgentId::new(text)));
as_text!(call, CallId, CallId::as_str, |text| Some(CallId::new(text)));
as_text!(number, PhoneNumber, PhoneNumber::as_e164, |text| PhoneNumber::from_e164(text).ok());

mod optional_number {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<PhoneNumber>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(PhoneNumber::as_e164).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PhoneNumber>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.and_then(|text| PhoneNumber::from_e164(&text).ok()))
    }
}

mod agents {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &[AgentId], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value.iter().map(AgentId::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AgentId>, D::Error> {
        Ok(Vec::<String>::deserialize(deserializer)?.into_iter().map(AgentId::new).collect())
    }
}
