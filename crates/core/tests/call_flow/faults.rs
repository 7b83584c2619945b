use crate::desk::Desk;
use cordboard::call_flow::{Action, Notice};
use cordboard::telephony::{CallState, ErrorKind, Operation};
use cordboard_mock::{Fault, numbers};
use std::time::Duration;

#[test]
fn a_dial_without_an_answer_that_was_carried_out() {
    let mut desk = Desk::new();
    desk.inject(Fault::LoseReply);
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    assert_eq!(desk.state(), CallState::Connected);
    assert_eq!(desk.told(), ["OUTGOING_CALL_STARTED", "CALL_ANSWERED"]);
}

#[test]
fn a_dial_without_an_answer_that_was_not_carried_out() {
    let mut desk = Desk::new();
    desk.inject(Fault::LoseOrder);
    desk.dial(numbers::ANSWERS);
    assert!(desk.flow.calls().is_empty());
    assert!(desk.told().is_empty(), "no ghost");
    let failed = Notice::Failed { operation: Operation::Dial, kind: ErrorKind::Unreachable, provider_code: None };
    assert_eq!(desk.notices, [failed]);
}

#[test]
fn events_that_come_twice_or_late() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.inject(Fault::DuplicateEvent);
    desk.inject(Fault::DelayEvents(Duration::from_secs(2)));
    desk.seconds(3);
    desk.act(Action::HangUp);
    assert_eq!(desk.told(), ["OUTGOING_CALL_STARTED", "CALL_ANSWERED", "CALL_ENDED"]);
}

#[test]
fn a_call_that_ends_while_the_line_is_lost() {
    let mut desk = Desk::new();
    desk.dial(numbers::HANGS_UP);
    desk.seconds(1);
    desk.inject(Fault::LoseConnection(Duration::from_secs(20)));
    desk.seconds(10);
    assert_eq!(desk.state(), CallState::Connected, "nothing else is known");
    desk.seconds(20);
    assert!(desk.call().is_wrap_up());
    assert_eq!(desk.told(), ["OUTGOING_CALL_STARTED", "CALL_ANSWERED", "CALL_ENDED"]);
}

#[test]
fn a_session_that_ran_out() {
    let mut desk = Desk::new();
    desk.network.expire_session(desk.now, cordboard_mock::MockAgent::Alex);
    desk.settle();
    assert!(desk.flow.agent().is_none());
    assert_eq!(desk.told(), ["LOGGED_OUT"]);
    desk.host_dials(numbers::ANSWERS);
    assert_eq!(desk.told(), ["ERROR"]);
}
