//! A call as a [`Value`], for whoever keeps calls through the reload of a page.

use super::call::{Call, CallId, CallState, Direction, EndReason, FailureReason, Recording};
use super::line::DialKey;
use super::number::PhoneNumber;
use super::recording::RecordingRef;
use crate::{Object, Timestamp, Value};

const DIRECTIONS: [(&str, Direction); 2] = [("outbound", Direction::Outbound), ("inbound", Direction::Inbound)];

const RECORDINGS: [(&str, Recording); 3] =
    [("off", Recording::Off), ("on", Recording::On), ("paused", Recording::Paused)];

const STATES: [(&str, CallState); 18] = [
    ("dialing", CallState::Dialing),
    ("ringing", CallState::Ringing),
    ("connected", CallState::Connected),
    ("on-hold", CallState::OnHold),
    ("hung-up", CallState::Ended(EndReason::HungUp)),
    ("remote-hung-up", CallState::Ended(EndReason::RemoteHungUp)),
    ("transferred", CallState::Ended(EndReason::Transferred)),
    ("canceled", CallState::Ended(EndReason::Canceled)),
    ("busy", CallState::Ended(EndReason::Busy)),
    ("no-answer", CallState::Ended(EndReason::NoAnswer)),
    ("rejected", CallState::Ended(EndReason::Rejected)),
    ("missed", CallState::Ended(EndReason::Missed)),
    ("answered-elsewhere", CallState::Ended(EndReason::AnsweredElsewhere)),
    ("invalid-number", CallState::Ended(EndReason::Failed(FailureReason::InvalidNumber))),
    ("not-allowed", CallState::Ended(EndReason::Failed(FailureReason::NotAllowed))),
    ("unreachable", CallState::Ended(EndReason::Failed(FailureReason::Unreachable))),
    ("connection-lost", CallState::Ended(EndReason::Failed(FailureReason::ConnectionLost))),
    ("provider-failed", CallState::Ended(EndReason::Failed(FailureReason::Provider))),
];

fn name<T: Copy + PartialEq>(table: &[(&'static str, T)], item: T) -> &'static str {
    table.iter().find(|(_, known)| *known == item).map_or("", |(name, _)| name)
}

fn named<T: Copy>(table: &[(&str, T)], value: Option<&Value>) -> Option<T> {
    let text = value?.as_str()?;
    table.iter().find(|(name, _)| *name == text).map(|(_, item)| *item)
}

impl From<&Call> for Value {
    fn from(call: &Call) -> Self {
        let mut saved = Object::new();
        saved.set("id", call.id.as_str());
        saved.set("direction", name(&DIRECTIONS, call.direction));
        saved.set("remote", call.remote.as_ref().map(PhoneNumber::as_e164));
        saved.set("local", call.local.as_ref().map(PhoneNumber::as_e164));
        saved.set("key", call.key.as_ref().map(DialKey::as_str));
        saved.set("state", name(&STATES, call.state));
        saved.set("muted", call.muted);
        saved.set("recording", name(&RECORDINGS, call.recording));
        if !call.recordings.is_empty() {
            saved.set("recordings", call.recordings.iter().map(|one| one.as_str().into()).collect::<Vec<Value>>());
        }
        saved.set("startedAt", call.started_at);
        saved.set("connectedAt", call.connected_at);
        saved.set("endedAt", call.ended_at);
        saved.set("sequence", Timestamp::from_millis(call.sequence));
        saved.into()
    }
}

impl Call {
    /// Reads what `Value::from(&call)` wrote. `None` if it is something else.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        let time = |field: &str| value.get(field).and_then(Value::as_timestamp);
        let number = |field: &str| text(field).and_then(|number| PhoneNumber::from_e164(number).ok());
        // What may be missing comes before what is copied: there is nothing to drop then.
        let id = text("id")?;
        let direction = named(&DIRECTIONS, value.get("direction"))?;
        let state = named(&STATES, value.get("state"))?;
        let muted = value.get("muted")?.as_bool()?;
        let recording = named(&RECORDINGS, value.get("recording"))?;
        // Who saved the call may not have known of them.
        let recordings = value.get("recordings").and_then(Value::as_array).unwrap_or_default();
        let started_at = time("startedAt")?;
        let sequence = time("sequence")?.as_millis();
        Some(Self {
            id: CallId::new(id),
            direction,
            remote: number("remote"),
            local: number("local"),
            key: text("key").map(DialKey::new),
            state,
            muted,
            recording,
            recordings: recordings.iter().filter_map(Value::as_str).map(RecordingRef::new).collect(),
            started_at,
            connected_at: time("connectedAt"),
            ended_at: time("endedAt"),
            sequence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives() {
        for (_, state) in STATES {
            let call = Call {
                id: CallId::new("c1"),
                direction: Direction::Inbound,
                remote: PhoneNumber::from_e164("+16175550142").ok(),
                local: None,
                key: Some(DialKey::new("k")),
                state,
                muted: true,
                recording: Recording::Paused,
                recordings: vec![RecordingRef::new("RE1"), RecordingRef::new("https://a/2")],
                started_at: Timestamp::from_millis(1_700_000_000_000),
                connected_at: Some(Timestamp::from_millis(1_700_000_001_000)),
                ended_at: None,
                sequence: 7,
            };
            assert_eq!(Call::from_value(&Value::from(&call)), Some(call));
        }
        assert_eq!(Call::from_value(&Value::Null), None);
    }
}
