use crate::wire;
use cordboard::telephony::{CallId, Event};
use cordboard::{Object, Value};

/// How many calls' last sequences are kept.
const MAX_CALLS: usize = 64;
/// After how many events the gateway is told that it may forget them.
const ACK_AFTER: u64 = 32;

/// Which events have been taken in: those that come again are dropped, and a gap is noticed.
#[derive(Default)]
pub(crate) struct Inbox {
    /// The numbering that the gateway's events have.
    stream: Option<String>,
    /// The last of them.
    sequence: u64,
    /// The last that the gateway may forget.
    acked: u64,
    /// The last sequence of each call, by the call's own numbering, which outlives the stream.
    calls: Vec<(CallId, u64)>,
}

/// What an event message brought.
#[derive(Default)]
pub(crate) struct Taken {
    /// How many events are missing before it.
    pub(crate) missed: u64,
    /// The event, if it is a new one.
    pub(crate) event: Option<Event>,
}

impl Inbox {
    /// Where the gateway should go on.
    pub(crate) fn resume(&self) -> Option<(&str, u64)> {
        self.stream.as_deref().map(|stream| (stream, self.sequence))
    }

    /// Begins to read what follows a welcome. Returns whether nothing is missing before it.
    pub(crate) fn begin(&mut self, welcome: &Value) -> bool {
        let stream = wire::text(welcome, "stream");
        let is_same = stream.is_some() && stream == self.stream.as_deref();
        if is_same && welcome.get("resumed").and_then(Value::as_bool) == Some(true) {
            return true;
        }
        self.stream = stream.map(str::to_owned);
        self.sequence = wire::number(welcome, "sequence").unwrap_or_default();
        self.acked = self.sequence;
        false
    }

    /// Does not go on: another agent's events follow, or none.
    pub(crate) fn forget(&mut self) {
        self.stream = None;
    }

    pub(crate) fn take(&mut self, message: &Value) -> Taken {
        let mut missed = 0;
        if let Some(sequence) = wire::number(message, "sequence") {
            if sequence <= self.sequence {
                return Taken::default();
            }
            missed = sequence - self.sequence - 1;
            self.sequence = sequence;
        }
        let Some(event) = message.get("event").and_then(wire::event) else {
            // One that this side can't read has happened all the same.
            return Taken { missed: missed + 1, event: None };
        };
        if let Event::Call(event) = &event {
            let known = self.calls.iter_mut().find(|(call, _)| *call == event.call);
            if let Some((_, last)) = known {
                if event.sequence <= *last {
                    return Taken { missed, event: None };
                }
                *last = event.sequence;
            } else {
                // One that begins in the middle began before this line did: the app knows it from `active_calls`.
                if self.calls.len() == MAX_CALLS {
                    self.calls.remove(0);
                }
                self.calls.push((event.call.clone(), event.sequence));
            }
        }
        Taken { missed, event: Some(event) }
    }

    /// What tells the gateway that it may forget, if it is time.
    pub(crate) fn ack(&mut self, is_time: bool) -> Option<Value> {
        let fresh = self.sequence.saturating_sub(self.acked);
        if fresh == 0 || !(is_time || fresh >= ACK_AFTER) {
            return None;
        }
        self.acked = self.sequence;
        Some(Object::new().with("type", "ack").with("sequence", wire::from_number(self.sequence)).into())
    }
}
