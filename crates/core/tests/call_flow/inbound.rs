use crate::desk::Desk;
use cordboard::call_flow::{Action, Intent, Notice};
use cordboard::protocol::{
    CallEndStatus, CallerIdMatch, ContactMatch, Id, ObjectCoordinates, ObjectTypeId, SessionEvent, WidgetMessage,
};
use cordboard::telephony::{Availability, CallState, Capabilities, Capability};
use cordboard_mock::numbers;

fn end_status(desk: &Desk) -> Option<CallEndStatus> {
    desk.crm.iter().find_map(|message| match message {
        WidgetMessage::CallEnded(ended) => ended.call_end_status,
        _ => None,
    })
}

#[test]
fn answered() {
    let mut desk = Desk::new();
    desk.incoming();
    assert!(desk.call().is_incoming());
    desk.act(Action::Answer);
    desk.seconds(1);
    assert_eq!(desk.state(), CallState::Connected);
    desk.act(Action::HangUp);
    desk.act(Action::Save);
    assert_eq!(desk.told(), ["INCOMING_CALL", "CALL_ANSWERED", "CALL_ENDED", "CALL_COMPLETED"]);
}

#[test]
fn what_nobody_answers_completes_itself() {
    let mut desk = Desk::new();
    let call = desk.incoming().unwrap();
    desk.network.far_end_hangs_up(desk.now, &call);
    desk.settle();
    assert_eq!(end_status(&desk), Some(CallEndStatus::Missed));
    assert_eq!(desk.told(), ["INCOMING_CALL", "CALL_ENDED", "CALL_COMPLETED"]);
    assert!(desk.flow.calls().is_empty());

    desk.incoming();
    desk.act(Action::Reject);
    assert_eq!(end_status(&desk), Some(CallEndStatus::Rejected));
    assert_eq!(desk.told(), ["INCOMING_CALL", "CALL_ENDED", "CALL_COMPLETED"]);
}

#[test]
fn the_callers_record_can_be_opened() {
    let mut desk = Desk::new();
    desk.incoming();
    desk.act(Action::OpenRecord);
    let object_coordinates = ObjectCoordinates {
        portal_id: Id::from("1"),
        object_id: Id::from("2"),
        object_type_id: ObjectTypeId::contact(),
    };
    let contact = ContactMatch { object_coordinates, first_name: None, last_name: None, email: None };
    let matches = vec![CallerIdMatch::Contact(contact)];
    desk.session(SessionEvent::CallerIdMatched { call: desk.call().id.clone(), matches });
    desk.act(Action::OpenRecord);
    assert_eq!(desk.told(), ["INCOMING_CALL", "NAVIGATE_TO_RECORD"]);
}

#[test]
fn a_second_call_lets_the_first_wait() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.incoming();
    desk.act(Action::Answer);
    desk.seconds(1);
    let states: Vec<_> = desk.flow.calls().iter().map(|call| call.state()).collect();
    assert_eq!(states, [CallState::OnHold, CallState::Connected]);
}

#[test]
fn without_hold_the_first_call_must_end() {
    let mut desk = Desk::without_crm(Capabilities::all().without(Capability::Hold));
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.incoming();
    desk.act(Action::Answer);
    assert_eq!(desk.notices, [Notice::FinishCallFirst]);
    assert!(desk.call().is_incoming());
}

#[test]
fn who_is_away_is_not_called() {
    let mut desk = Desk::new();
    desk.intend(Intent::SetAvailability(Availability::Away));
    assert_eq!(desk.told(), ["USER_UNAVAILABLE"]);
    assert_eq!(desk.incoming(), None);
    assert!(desk.flow.calls().is_empty());
}
