use super::name_of;
use crate::text;
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
    /// Why the parties did not talk; empty if they did.
    pub outcome: String,
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
            outcome: match call.end_reason() {
                Some(reason) if call.connected_at().is_none() => text::ended_because(reason).to_owned(),
                _ => String::new(),
            },
            at: call.began_at,
        }
    }

    fn save(&self) -> Value {
        Object::new()
            .with("number", self.number.as_ref().map(PhoneNumber::as_e164))
            .with("name", self.name.as_deref())
            .with("inbound", self.direction == Direction::Inbound)
            .with("outcome", self.outcome.as_str())
            .with("at", self.at)
            .into()
    }

    fn restore(saved: &Value) -> Option<Self> {
        let text = |field| saved.get(field).and_then(Value::as_str);
        let inbound = saved.get("inbound")?.as_bool()?;
        Some(Self {
            number: text("number").and_then(|number| PhoneNumber::from_e164(number).ok()),
            name: text("name").map(str::to_owned),
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            outcome: text("outcome")?.to_owned(),
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
    let mut list = Vec::new();
    for recent in recents {
        list.push(recent.save());
    }
    Value::Array(list)
}

pub(crate) fn restore(saved: &Value) -> Vec<Recent> {
    let mut recents = Vec::new();
    for item in saved.as_array().unwrap_or_default() {
        if let Some(recent) = Recent::restore(item)
            && recents.len() < MAX_RECENTS
        {
            recents.push(recent);
        }
    }
    recents
}
