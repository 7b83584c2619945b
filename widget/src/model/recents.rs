use super::name_of;
use cordboard::call_flow::TrackedCall;
use cordboard::telephony::{Direction, PhoneNumber};
use cordboard::{Object, Timestamp, Value};

/// How many calls are remembered.
const MAX_RECENTS: usize = 20;

/// A call that is over.
#[derive(Clone, PartialEq, Eq)]
pub struct Recent {
    /// The other party; `None` when they withheld their number.
    pub number: Option<PhoneNumber>,
    /// Their name, as the CRM had it.
    pub name: Option<String>,
    /// Who called whom.
    pub direction: Direction,
    /// Whether the parties talked.
    pub answered: bool,
    /// When it began.
    pub at: Timestamp,
}

impl core::fmt::Debug for Recent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Recent(…)")
    }
}

impl Recent {
    pub(super) fn new(call: &TrackedCall) -> Self {
        Self {
            number: call.remote.clone(),
            name: name_of(call),
            direction: call.direction,
            answered: call.connected_at().is_some(),
            at: call.began_at,
        }
    }

    fn save(&self) -> Value {
        Object::new()
            .with("number", self.number.as_ref().map(PhoneNumber::as_e164))
            .with("name", self.name.as_deref())
            .with("inbound", self.direction == Direction::Inbound)
            .with("answered", self.answered)
            .with("at", self.at)
            .into()
    }

    fn restore(saved: &Value) -> Option<Self> {
        let text = |field: &str| saved.get(field).and_then(Value::as_str);
        let inbound = saved.get("inbound")?.as_bool()?;
        Some(Self {
            number: text("number").and_then(|number| PhoneNumber::from_e164(number).ok()),
            name: text("name").map(str::to_owned),
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            answered: saved.get("answered")?.as_bool()?,
            at: saved.get("at")?.as_timestamp()?,
        })
    }
}

/// Puts a call at the top; an older one with the same party gives way.
pub(super) fn add(recents: &mut Vec<Recent>, recent: Recent) {
    recents.retain(|known| known.number != recent.number);
    recents.insert(0, recent);
    recents.truncate(MAX_RECENTS);
}

pub(crate) fn save(recents: &[Recent]) -> Value {
    Value::Array(recents.iter().map(Recent::save).collect())
}

pub(crate) fn restore(saved: &Value) -> Vec<Recent> {
    saved.as_array().unwrap_or_default().iter().filter_map(Recent::restore).take(MAX_RECENTS).collect()
}
