use super::fact::{Fact, RecordingFile, entry};
use super::leg::{Leg, LegStatus};
use cordboard::Timestamp;
use cordboard::telephony::{CallId, Entry, InboundCall};

/// What a provider tells of a call.
#[derive(Clone, PartialEq, Eq)]
pub enum News {
    /// How far a leg has come.
    Leg {
        /// Which.
        leg: Leg,
        /// The provider's id of it.
        id: String,
        /// How far.
        status: LegStatus,
    },
    /// A leg is in the room.
    Joined {
        /// Which, if the provider says so.
        leg: Option<Leg>,
        /// The provider's id of it.
        id: String,
        /// The room's id.
        room: String,
    },
    /// A leg has left the room.
    Left {
        /// The provider's id of it.
        id: String,
        /// The room's id.
        room: String,
    },
    /// The room is there, or is over.
    Room {
        /// The room's id.
        id: String,
        /// Whether it is over.
        closed: bool,
    },
    /// A recording is ready, or will never be.
    Recorded(RecordingFile),
}

impl News {
    /// An entry for the journal. The key is the same for each delivery of the same news, and no other news has it.
    #[must_use]
    pub fn entry(self, call: CallId, key: String, at: Timestamp) -> Entry {
        let fact = match self {
            Self::Leg { leg, id, status } => Fact::Leg { leg, id: Some(id), status },
            Self::Joined { leg, id, room } => Fact::Joined { leg, id, room },
            Self::Left { id, room } => Fact::Left { id, room },
            Self::Room { id, closed } => Fact::Room { id, closed },
            Self::Recorded(file) => Fact::Recorded { file },
        };
        entry(call, key, at, &fact)
    }

    /// The entry that an inbound call came, on a leg of that id.
    #[must_use]
    pub fn arrived(call: &InboundCall, id: String) -> Entry {
        let fact = Fact::Arrived { id, from: call.from.clone(), to: call.to.clone() };
        entry(call.id.clone(), format!("inbound/{}", call.id), call.at, &fact)
    }
}
