//! Every message between the page and the widget, for the developer who keeps the inspector open.

mod pairs;
mod trace;

pub(crate) use trace::{MAX_TRACE, Replay, export, import};

use cordboard::{Timestamp, Value};
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

/// How many entries are kept; the oldest go first.
const MAX_ENTRIES: usize = 1_000;

/// The longest summary of a message, in characters.
const MAX_SUMMARY: usize = 120;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToWidget,
    FromWidget,
}

/// Whether a message is one of the protocol's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Invalid(String),
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Counts from 1 and is never given twice.
    pub(crate) number: u32,
    pub(crate) at: Timestamp,
    pub(crate) direction: Direction,
    pub(crate) message: Value,
    pub(crate) verdict: Verdict,
    /// The message that this one answers, and how long it took.
    pub(crate) answer: Option<Answer>,
}

/// That a message answers an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) to: u32,
    pub(crate) after: Duration,
}

/// What the developer wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) direction: Option<Direction>,
    pub(crate) kind: Option<String>,
    /// Part of the type or the payload, in any case.
    pub(crate) search: String,
}

/// The latest messages, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inspector {
    entries: VecDeque<Entry>,
    last: u32,
}

impl Inspector {
    pub(crate) fn record(&mut self, at: Timestamp, direction: Direction, message: Value, verdict: Verdict) {
        self.last += 1;
        let mut entry = Entry { number: self.last, at, direction, message, verdict, answer: None };
        entry.answer = pairs::find_question(&self.entries, &entry)
            .map(|question| Answer { to: question.number, after: at.since(question.at) });
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(crate) fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    /// The entries that the developer wants to see, newest first.
    pub(crate) fn matching(&self, filter: &Filter) -> impl Iterator<Item = &Entry> {
        let search = filter.search.trim().to_lowercase();
        self.entries.iter().rev().filter(move |entry| {
            filter.direction.is_none_or(|direction| direction == entry.direction)
                && filter.kind.as_deref().is_none_or(|kind| kind == entry.kind())
                && (search.is_empty() || entry.json().to_lowercase().contains(&search))
        })
    }

    /// The types seen, for the filter's choices.
    pub(crate) fn kinds(&self) -> BTreeSet<String> {
        self.entries.iter().map(|entry| entry.kind().to_owned()).collect()
    }
}

impl Entry {
    /// The message's type, or a dash.
    pub(crate) fn kind(&self) -> &str {
        self.message.get("type").and_then(Value::as_str).unwrap_or("—")
    }

    /// The message's data on one line.
    pub(crate) fn summary(&self) -> String {
        let data = self.message.get("data").unwrap_or(&Value::Null);
        let text = serde_json::to_string(data).unwrap_or_default();
        if *data == Value::Null { String::new() } else { text.chars().take(MAX_SUMMARY).collect() }
    }

    /// The message as JSON, to read and to copy.
    pub(crate) fn json(&self) -> String {
        to_json(&self.message)
    }
}

/// Indented JSON.
fn to_json(value: &Value) -> String {
    // Fails for numbers that JSON has not, such as NaN, only.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard::Object;

    fn message(kind: &str, data: Object) -> Value {
        Object::new().with("type", kind).with("messageId", "1").with("data", data).into()
    }

    fn record(inspector: &mut Inspector, at: u64, direction: Direction, message: Value) {
        inspector.record(Timestamp::from_millis(at), direction, message, Verdict::Valid);
    }

    fn numbers(inspector: &Inspector, filter: &Filter) -> Vec<u32> {
        inspector.matching(filter).map(|entry| entry.number).collect()
    }

    #[test]
    fn filters_by_direction_type_and_text() {
        let mut inspector = Inspector::default();
        let data = Object::new().with("phoneNumber", "+15550100123");
        record(&mut inspector, 1, Direction::ToWidget, message("DIAL_NUMBER", data));
        record(&mut inspector, 2, Direction::FromWidget, message("OUTGOING_CALL_STARTED", Object::new()));
        record(&mut inspector, 3, Direction::ToWidget, message("END_CALL", Object::new()));

        assert_eq!(numbers(&inspector, &Filter::default()), [3, 2, 1]);
        let to_widget = Filter { direction: Some(Direction::ToWidget), ..Filter::default() };
        assert_eq!(numbers(&inspector, &to_widget), [3, 1]);
        let dial = Filter { kind: Some("DIAL_NUMBER".to_owned()), ..Filter::default() };
        assert_eq!(numbers(&inspector, &dial), [1]);
        let in_payload = Filter { search: " 5550100 ".to_owned(), ..Filter::default() };
        assert_eq!(numbers(&inspector, &in_payload), [1]);
        let in_type = Filter { search: "call".to_owned(), ..Filter::default() };
        assert_eq!(numbers(&inspector, &in_type), [3, 2]);
        assert_eq!(inspector.kinds().len(), 3);
    }

    #[test]
    fn keeps_the_latest_entries() {
        let mut inspector = Inspector::default();
        for at in 0..1_500 {
            record(&mut inspector, at, Direction::ToWidget, message("SYNC", Object::new()));
        }
        assert_eq!(inspector.len(), MAX_ENTRIES);
        assert_eq!(inspector.entries().next().map(|entry| entry.number), Some(501));
        assert!(inspector.entry(500).is_none());
    }

    #[test]
    fn a_message_without_a_type_is_shown_too() {
        let mut inspector = Inspector::default();
        record(&mut inspector, 0, Direction::FromWidget, Value::Null);
        assert_eq!(inspector.entry(1).map(Entry::kind), Some("—"));
        assert_eq!(inspector.entry(1).map(Entry::json).as_deref(), Some("null"));
    }
}
