use crate::desk::Desk;
use cordboard::call_flow::{Action, Notice, Saving};
use cordboard::protocol::{CallEndStatus, CallStatus, Request, WidgetMessage};
use cordboard::telephony::{CallState, ErrorKind, NumberError, Operation, PolicyViolation};
use cordboard_mock::numbers;
use std::time::Duration;

const STARTED: &str = "OUTGOING_CALL_STARTED";
const ANSWERED: &str = "CALL_ANSWERED";
const ENDED: &str = "CALL_ENDED";
const COMPLETED: &str = "CALL_COMPLETED";

#[test]
fn from_the_click_to_the_timeline() {
    let mut desk = Desk::new();
    desk.host_dials("(617) 555-0100");
    assert_eq!(desk.told(), [STARTED]);
    desk.seconds(1);
    assert_eq!(desk.state(), CallState::Connected);
    assert_eq!(desk.told(), [ANSWERED]);
    desk.act(Action::SetNotes("Likes <b> & \"C\"\nCall again".to_owned()));
    desk.act(Action::SetOutcome(Some("f240".to_owned())));
    desk.seconds(61);
    desk.act(Action::HangUp);
    assert_eq!(desk.told(), [ENDED]);
    assert!(desk.call().is_wrap_up());
    desk.act(Action::Save);
    let [WidgetMessage::CallCompleted(completed)] = desk.crm.as_slice() else { panic!("completed once") };
    let properties = completed.engagement_properties.as_ref().unwrap();
    assert_eq!(properties.body.as_ref().unwrap().as_str(), "Likes &lt;b&gt; &amp; &quot;C&quot;<br>Call again");
    assert_eq!(properties.disposition.as_deref(), Some("f240"));
    assert_eq!(properties.status, Some(CallStatus::Completed));
    assert_eq!(properties.to_number.as_ref().unwrap().as_str(), numbers::ANSWERS);
    assert_eq!(properties.duration, Some(Duration::from_millis(61_600)));
    assert_eq!(completed.hide_widget, Some(true));
    assert_eq!(desk.notices.len(), 1, "only that it is saved");
    assert!(desk.flow.calls().is_empty());
}

#[test]
fn every_outcome_has_its_status() {
    for (number, status) in [
        (numbers::BUSY, CallEndStatus::Busy),
        (numbers::NO_ANSWER, CallEndStatus::NoAnswer),
        (numbers::REJECTS, CallEndStatus::Rejected),
        (numbers::UNREACHABLE, CallEndStatus::Failed),
        (numbers::INVALID, CallEndStatus::Failed),
        (numbers::DROPS_MID_CALL, CallEndStatus::Failed),
        (numbers::HANGS_UP, CallEndStatus::Completed),
    ] {
        let mut desk = Desk::new();
        desk.dial(number);
        desk.seconds(60);
        let ended = desk.crm.iter().find_map(|message| match message {
            WidgetMessage::CallEnded(ended) => Some(ended.clone()),
            _ => None,
        });
        assert_eq!(ended.unwrap().call_end_status, Some(status), "{number}");
        desk.act(Action::Save);
        assert_eq!(desk.told().last(), Some(&COMPLETED), "{number}");
    }
}

#[test]
fn a_call_that_is_never_placed_is_not_logged() {
    let mut desk = Desk::new();
    desk.host_dials(numbers::NOT_ALLOWED);
    assert_eq!(desk.told(), ["ERROR"], "the CRM hears that its wish failed");
    let failed = Notice::Failed { operation: Operation::Dial, kind: ErrorKind::NotAllowed, provider_code: None };
    assert_eq!(desk.notices, [failed]);
    assert!(desk.flow.calls().is_empty());
}

#[test]
fn bad_numbers_never_reach_the_line() {
    for (typed, notice) in [
        ("", Notice::BadNumber(NumberError::Empty)),
        ("call me", Notice::BadNumber(NumberError::NotANumber)),
        ("555", Notice::BadNumber(NumberError::TooShort)),
        ("sip:bob@example.com", Notice::BadNumber(NumberError::OtherAddress)),
        ("911", Notice::Denied(PolicyViolation::Emergency)),
        ("1-1-2", Notice::Denied(PolicyViolation::Emergency)),
        ("+1 900 555 0100", Notice::Denied(PolicyViolation::PremiumRate)),
        ("+881 612 345 678", Notice::Denied(PolicyViolation::PremiumRate)),
    ] {
        let mut desk = Desk::new();
        desk.dial(typed);
        assert_eq!(desk.notices, [notice], "{typed}");
        assert!(desk.told().is_empty() && desk.flow.calls().is_empty());
    }
    let mut desk = Desk::new();
    desk.dial(&"9".repeat(10_000));
    assert_eq!(desk.notices, [Notice::BadNumber(NumberError::TooLong)]);
}

#[test]
fn the_crm_can_hang_up() {
    let mut desk = Desk::new();
    desk.host_ends_call();
    assert!(desk.told().is_empty(), "nothing to end");
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.host_ends_call();
    assert_eq!(desk.told(), [STARTED, ANSWERED, ENDED]);
}

#[test]
fn one_call_at_a_time() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.host_dials(numbers::ANSWERS_AFTER_3_S);
    assert_eq!(desk.flow.calls().len(), 1);
    assert_eq!(desk.notices, [Notice::FinishCallFirst]);
    assert_eq!(desk.told(), [STARTED, "ERROR"]);
}

#[test]
fn the_next_call_saves_the_last_one() {
    let mut desk = Desk::new();
    desk.dial(numbers::BUSY);
    desk.seconds(1);
    desk.act(Action::SetNotes("try tomorrow".to_owned()));
    desk.dial(numbers::ANSWERS);
    assert_eq!(desk.told(), [STARTED, ENDED, COMPLETED, STARTED]);
}

#[test]
fn the_end_waits_for_the_engagement_but_not_for_ever() {
    let mut desk = Desk::new();
    desk.crm_answers = false;
    desk.dial(numbers::BUSY);
    desk.seconds(2);
    assert_eq!(desk.told(), [STARTED]);
    desk.seconds(5);
    assert_eq!(desk.told(), [ENDED]);
}

#[test]
fn without_an_engagement_the_call_is_completed_all_the_same() {
    let mut desk = Desk::new();
    desk.crm_answers = false;
    desk.dial(numbers::ANSWERS);
    desk.request_failed(Request::CreateEngagement);
    desk.seconds(1);
    desk.act(Action::HangUp);
    desk.act(Action::Save);
    assert_eq!(desk.told(), [STARTED, ANSWERED, ENDED, COMPLETED]);
    assert!(matches!(desk.notices.as_slice(), [Notice::NotLogged(_)]));
}

#[test]
fn notes_that_the_crm_refuses_stay() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.act(Action::SetNotes("keep me".to_owned()));
    desk.act(Action::HangUp);
    desk.crm_answers = false;
    desk.act(Action::Save);
    desk.request_failed(Request::UpdateEngagement);
    assert_eq!((desk.call().saving, desk.call().notes.as_str()), (Saving::Failed, "keep me"));
    desk.crm_answers = true;
    desk.act(Action::Save);
    assert!(desk.flow.calls().is_empty());
    assert_eq!(desk.told(), [STARTED, ANSWERED, ENDED, COMPLETED, COMPLETED]);
}

#[test]
fn a_crm_that_comes_late_hears_everything_in_order() {
    let mut desk = Desk::without_crm(cordboard::telephony::Capabilities::all());
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.act(Action::HangUp);
    desk.act(Action::Save);
    assert!(desk.told().is_empty());
    desk.crm_ready(None);
    assert_eq!(desk.told(), [STARTED, ANSWERED, ENDED, COMPLETED]);
}
