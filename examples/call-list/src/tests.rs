use super::*;
use cordboard::telephony::{Call, CallState, Direction, MockTelephony, Operation, Recording};
use futures_util::FutureExt as _;
use mockall::Sequence;
use mockall::predicate::function;

fn numbers() -> [PhoneNumber; 2] {
    ["+16175550100", "+16175550103"].map(|number| PhoneNumber::from_e164(number).unwrap())
}

/// A line without calls.
fn free_line() -> MockTelephony {
    let mut line = MockTelephony::new();
    line.expect_active_calls().returning(|| Ok(Vec::new()));
    line
}

fn call_next(list: &mut CallList, line: &MockTelephony) -> Result<Option<CallId>, Error> {
    list.call_next(line).now_or_never().expect("a mock answers at once")
}

// ANCHOR: expectation
#[test]
fn calls_one_number_after_the_other() {
    let [first, second] = numbers();
    let mut line = free_line();
    let mut order = Sequence::new();
    for (number, call) in [(first.clone(), "call-1"), (second.clone(), "call-2")] {
        line.expect_dial()
            .with(function(move |request: &DialRequest| request.to == number && request.from.is_none()))
            .once()
            .in_sequence(&mut order)
            .returning(move |_| Ok(CallId::new(call)));
    }
    let mut list = CallList::new("monday", [first, second]);
    for expected in [Some("call-1"), Some("call-2"), None] {
        assert_eq!(call_next(&mut list, &line).unwrap(), expected.map(CallId::new));
    }
}
// ANCHOR_END: expectation

#[test]
fn does_not_dial_during_a_call() {
    let mut line = MockTelephony::new();
    line.expect_active_calls().once().returning(|| {
        Ok(vec![Call {
            id: CallId::new("call-1"),
            direction: Direction::Inbound,
            remote: None,
            local: None,
            key: None,
            state: CallState::Ringing,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: Default::default(),
            connected_at: None,
            ended_at: None,
            sequence: 1,
        }])
    });
    line.expect_dial().never();
    assert_eq!(call_next(&mut CallList::new("monday", numbers()), &line).unwrap(), None);
}

#[test]
fn skips_a_number_that_cannot_be_called() {
    let [first, second] = numbers();
    let mut line = free_line();
    let refused = first.clone();
    line.expect_dial().times(2).returning(move |request| {
        if request.to == refused {
            return Err(Error::new(ErrorKind::InvalidNumber, Operation::Dial));
        }
        Ok(CallId::new("call-2"))
    });
    let mut list = CallList::new("monday", [first, second]);
    assert_eq!(call_next(&mut list, &line).unwrap(), Some(CallId::new("call-2")));
}

#[test]
fn asks_again_with_the_same_key() {
    let mut line = free_line();
    let mut order = Sequence::new();
    let is_first = |request: &DialRequest| request.key == DialKey::new("monday-2");
    line.expect_dial()
        .with(function(is_first))
        .once()
        .in_sequence(&mut order)
        .returning(|_| Err(Error::new(ErrorKind::OutcomeUnknown, Operation::Dial)));
    line.expect_dial().with(function(is_first)).once().in_sequence(&mut order).returning(|_| Ok(CallId::new("call-1")));
    let mut list = CallList::new("monday", numbers());
    assert_eq!(call_next(&mut list, &line).unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(call_next(&mut list, &line).unwrap(), Some(CallId::new("call-1")));
}
