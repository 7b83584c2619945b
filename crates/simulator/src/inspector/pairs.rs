//! Which message answers which.

use super::{Direction, Entry};
use cordboard::Value;
use std::collections::VecDeque;

/// An answer's type and the types that it can answer.
const PAIRS: [(&str, &[&str]); 13] = [
    ("SYNC_ACK", &["SYNC"]),
    ("OUTGOING_CALL_STARTED", &["DIAL_NUMBER"]),
    ("CALL_ENDED", &["END_CALL"]),
    ("CREATE_ENGAGEMENT_SUCCEEDED", &["OUTGOING_CALL_STARTED", "INCOMING_CALL"]),
    ("CREATE_ENGAGEMENT_FAILED", &["OUTGOING_CALL_STARTED", "INCOMING_CALL"]),
    ("CALLER_ID_MATCH_SUCCEEDED", &["INCOMING_CALL"]),
    ("CALLER_ID_MATCH_FAILED", &["INCOMING_CALL"]),
    ("UPDATE_ENGAGEMENT_SUCCEEDED", &["CALL_COMPLETED"]),
    ("UPDATE_ENGAGEMENT_FAILED", &["CALL_COMPLETED"]),
    ("NAVIGATE_TO_RECORD_FAILED", &["NAVIGATE_TO_RECORD"]),
    ("FINALIZE_ENGAGEMENT_SUCCEEDED", &["FINALIZE_ENGAGEMENT"]),
    ("FINALIZE_ENGAGEMENT_FAILED", &["FINALIZE_ENGAGEMENT"]),
    ("SET_WIDGET_URL_FAILED", &["SET_WIDGET_URL"]),
];

/// The latest message that `answer` answers and that nothing of its type answered before. Only the handshake is
/// matched by its id: the protocol gives nothing else that all versions of the SDK repeat.
pub(super) fn find_question<'a>(entries: &'a VecDeque<Entry>, answer: &Entry) -> Option<&'a Entry> {
    let kind = answer.kind();
    let (_, questions) = PAIRS.iter().find(|(answer, _)| *answer == kind)?;
    let message_id = |entry: &Entry| entry.message.get("messageId").and_then(Value::as_str).map(str::to_owned);
    let by_id = kind == "SYNC_ACK";
    for entry in entries.iter().rev() {
        if !by_id && entry.direction == answer.direction && entry.kind() == kind {
            return None;
        }
        if entry.direction == opposite(answer.direction)
            && questions.contains(&entry.kind())
            && (!by_id || message_id(entry) == message_id(answer))
        {
            return Some(entry);
        }
    }
    None
}

const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::ToWidget => Direction::FromWidget,
        Direction::FromWidget => Direction::ToWidget,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Inspector, Verdict};
    use super::*;
    use cordboard::{Object, Timestamp};

    /// Records messages given as time, direction, type and id, and gives the answers found.
    fn answers(messages: &[(u64, Direction, &str, &str)]) -> Vec<Option<(u32, u64)>> {
        let mut inspector = Inspector::default();
        for &(at, direction, kind, id) in messages {
            let message = Object::new().with("type", kind).with("messageId", id);
            inspector.record(Timestamp::from_millis(at), direction, message.into(), Verdict::Valid);
        }
        let millis = |Answer { to, after }: Answer| (to, u64::try_from(after.as_millis()).unwrap());
        inspector.entries().map(|entry| entry.answer.map(millis)).collect()
    }

    use Direction::{FromWidget, ToWidget};

    #[test]
    fn the_handshake_is_paired_by_id() {
        let found = answers(&[
            (100, ToWidget, "SYNC", "a"),
            (200, ToWidget, "SYNC", "b"),
            (230, FromWidget, "SYNC_ACK", "a"),
            (231, FromWidget, "SYNC_ACK", "forged"),
        ]);
        assert_eq!(found, [None, None, Some((1, 130)), None]);
    }

    #[test]
    fn an_answer_is_paired_with_the_latest_question() {
        let found = answers(&[
            (0, ToWidget, "DIAL_NUMBER", "1"),
            (20, FromWidget, "OUTGOING_CALL_STARTED", "2"),
            (25, ToWidget, "CREATE_ENGAGEMENT_SUCCEEDED", "3"),
            (25, ToWidget, "ENGAGEMENT_CREATED", "4"),
            (900, FromWidget, "INCOMING_CALL", "5"),
            (903, ToWidget, "CALLER_ID_MATCH_SUCCEEDED", "6"),
            (904, ToWidget, "CREATE_ENGAGEMENT_FAILED", "7"),
        ]);
        assert_eq!(found, [None, Some((1, 20)), Some((2, 5)), None, None, Some((5, 3)), Some((5, 4))]);
    }

    #[test]
    fn a_question_is_answered_once() {
        let found = answers(&[
            (0, ToWidget, "END_CALL", "1"),
            (40, FromWidget, "CALL_ENDED", "2"),
            (90, FromWidget, "CALL_ENDED", "3"),
        ]);
        assert_eq!(found, [None, Some((1, 40)), None]);
    }

    #[test]
    fn a_message_does_not_answer_its_own_side() {
        let found = answers(&[(0, FromWidget, "END_CALL", "1"), (5, FromWidget, "CALL_ENDED", "2")]);
        assert_eq!(found, [None, None]);
    }
}
