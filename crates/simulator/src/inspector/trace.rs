//! A trace: messages as a JSON file, to keep, to compare and to replay.

use super::{Direction, Entry, to_json};
use cordboard::{Object, Timestamp, Value};
use core::fmt;
use core::time::Duration;

const FORMAT: &str = "cordboard-trace";
const VERSION: f64 = 1.0;
/// The longest file that is read, in bytes.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// The same, as a browser says how long a file is.
pub(crate) const MAX_TRACE: f64 = MAX_TEXT as f64;
/// The longest trace that is read, in messages.
const MAX_MESSAGES: usize = 5_000;
/// The longest pause that a replay keeps.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A message to send again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// How long after the step before, or after the replay's start.
    pub(crate) after: Duration,
    pub(crate) message: Value,
}

/// What the page said in a trace, step by step. The handshake is left out: the replay happens within the running one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replay {
    steps: Vec<Step>,
    next: usize,
}

/// Why a file is not a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceError {
    TooLong,
    NotJson,
    NotATrace,
    NothingToReplay,
}

impl Replay {
    pub(crate) fn next_step(&self) -> Option<&Step> {
        self.steps.get(self.next)
    }

    pub(crate) fn advance(&mut self) {
        self.next += 1;
    }

    /// How many steps are done, and how many there are.
    pub(crate) fn progress(&self) -> (usize, usize) {
        (self.next.min(self.steps.len()), self.steps.len())
    }
}

/// Writes a trace, its times in milliseconds from the first message.
pub(crate) fn export<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let mut start = None;
    let messages = entries.map(|entry| {
        let start = *start.get_or_insert(entry.at);
        let at = Timestamp::from_millis(entry.at.as_millis().saturating_sub(start.as_millis()));
        let object = Object::new()
            .with("at", at)
            .with("direction", entry.direction.name())
            .with("message", entry.message.clone());
        object.into()
    });
    let messages: Vec<Value> = messages.collect();
    to_json(&Object::new().with("format", FORMAT).with("version", VERSION).with("messages", messages).into())
}

/// Reads what the page said in a trace.
pub(crate) fn import(text: &str) -> Result<Replay, TraceError> {
    if text.len() > MAX_TEXT {
        return Err(TraceError::TooLong);
    }
    let trace: Value = serde_json::from_str(text).map_err(|_| TraceError::NotJson)?;
    if trace.get("format").and_then(Value::as_str) != Some(FORMAT)
        || trace.get("version").and_then(Value::as_number) != Some(VERSION)
    {
        return Err(TraceError::NotATrace);
    }
    let messages = trace.get("messages").and_then(Value::as_array).ok_or(TraceError::NotATrace)?;
    if messages.len() > MAX_MESSAGES {
        return Err(TraceError::TooLong);
    }
    let mut steps = Vec::new();
    let mut before = 0;
    for entry in messages {
        let (at, direction, message) = read_entry(entry).ok_or(TraceError::NotATrace)?;
        if direction == Direction::ToWidget && message.get("type").and_then(Value::as_str) != Some("SYNC") {
            let after = Duration::from_millis(at.saturating_sub(before)).min(MAX_PAUSE);
            steps.push(Step { after, message: message.clone() });
            before = at;
        }
    }
    if steps.is_empty() { Err(TraceError::NothingToReplay) } else { Ok(Replay { steps, next: 0 }) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be a positive number; a float's cast saturates"
)]
fn read_entry(entry: &Value) -> Option<(u64, Direction, &Value)> {
    let at = entry.get("at")?.as_number().filter(|at| *at >= 0.0)? as u64;
    let direction = Direction::from_name(entry.get("direction")?.as_str()?)?;
    Some((at, direction, entry.get("message")?))
}

impl Direction {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ToWidget => "to-widget",
            Self::FromWidget => "from-widget",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::ToWidget, Self::FromWidget].into_iter().find(|direction| direction.name() == name)
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the trace is too long to replay",
            Self::NotJson => "the file is not JSON",
            Self::NotATrace => "the file is not a trace that this page exported",
            Self::NothingToReplay => "the trace holds no message to the widget",
        })
    }
}

impl core::error::Error for TraceError {}

#[cfg(test)]
mod tests {
    use super::super::{Inspector, Verdict};
    use super::*;

    fn inspector(messages: &[(u64, Direction, &str)]) -> Inspector {
        let mut inspector = Inspector::default();
        for &(at, direction, kind) in messages {
            let message = Object::new().with("type", kind).with("messageId", "1");
            inspector.record(Timestamp::from_millis(at), direction, message.into(), Verdict::Valid);
        }
        inspector
    }

    #[test]
    fn a_trace_is_exported_and_read_for_replay() {
        use Direction::{FromWidget, ToWidget};
        let inspector = inspector(&[
            (1_000, ToWidget, "SYNC"),
            (1_050, FromWidget, "SYNC_ACK"),
            (3_000, ToWidget, "DIAL_NUMBER"),
            (3_010, FromWidget, "OUTGOING_CALL_STARTED"),
            (3_500, ToWidget, "END_CALL"),
            (500_000, ToWidget, "DIAL_NUMBER"),
        ]);
        let mut replay = import(&export(inspector.entries())).unwrap();
        let mut steps = Vec::new();
        while let Some(step) = replay.next_step().cloned() {
            let kind = step.message.get("type").and_then(Value::as_str).map(str::to_owned);
            steps.push((step.after.as_millis(), kind.unwrap()));
            replay.advance();
        }
        let expected = [(2_000, "DIAL_NUMBER"), (500, "END_CALL"), (60_000, "DIAL_NUMBER")];
        assert_eq!(steps, expected.map(|(after, kind)| (after, kind.to_owned())));
        assert_eq!(replay.progress(), (3, 3));
    }

    #[test]
    fn the_file_is_plain_json() {
        let text = export(inspector(&[(7, Direction::FromWidget, "LOGGED_IN")]).entries());
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "format": "cordboard-trace",
            "version": 1,
            "messages": [{"at": 0, "direction": "from-widget", "message": {"type": "LOGGED_IN", "messageId": "1"}}],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn says_why_a_file_is_not_a_trace() {
        let nested = "[".repeat(100_000);
        for (text, error) in [
            ("", TraceError::NotJson),
            (nested.as_str(), TraceError::NotJson),
            ("[]", TraceError::NotATrace),
            (r#"{"format":"cordboard-trace","version":2,"messages":[]}"#, TraceError::NotATrace),
            (r#"{"format":"cordboard-trace","version":1}"#, TraceError::NotATrace),
            (r#"{"format":"cordboard-trace","version":1,"messages":[3]}"#, TraceError::NotATrace),
            (r#"{"format":"cordboard-trace","version":1,"messages":[]}"#, TraceError::NothingToReplay),
        ] {
            assert_eq!(import(text), Err(error), "{text:.60}");
        }
        assert_eq!(import(&" ".repeat(MAX_TEXT + 1)), Err(TraceError::TooLong));
    }

    #[test]
    fn odd_times_do_no_harm() {
        for (at, after) in
            [("1e300", Ok(60_000)), ("-1", Err(TraceError::NotATrace)), ("null", Err(TraceError::NotATrace))]
        {
            let text = format!(
                r#"{{"format":"cordboard-trace","version":1,"messages":[{{"at":{at},"direction":"to-widget","message":{{}}}}]}}"#
            );
            let read = import(&text).map(|replay| replay.next_step().unwrap().after.as_millis());
            assert_eq!(read, after, "{at}");
        }
    }
}
