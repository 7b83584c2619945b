use crate::desk::Desk;
use cordboard::call_flow::Action;
use cordboard::telephony::CallState;
use cordboard_mock::numbers;

#[test]
fn a_call_goes_on_and_is_not_told_twice() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.act(Action::SetNotes("half a sen".to_owned()));
    desk.told();
    desk.reload();
    desk.sign_in();
    desk.crm_ready(Some("1"));
    assert_eq!(desk.state(), CallState::Connected);
    assert_eq!(desk.call().notes, "half a sen");
    desk.act(Action::HangUp);
    desk.act(Action::Save);
    assert_eq!(desk.told(), ["CALL_ENDED", "CALL_COMPLETED"]);
}

#[test]
fn an_end_during_the_reload_is_told_afterwards() {
    let mut desk = Desk::new();
    desk.dial(numbers::HANGS_UP);
    desk.seconds(1);
    desk.told();
    desk.reload();
    desk.network.advance(desk.now + std::time::Duration::from_secs(10));
    while desk.network.poll_output().is_some() {}
    desk.sign_in();
    desk.crm_ready(None);
    desk.seconds(6);
    assert_eq!(desk.told(), ["CALL_ENDED"]);
    desk.act(Action::Save);
    assert_eq!(desk.told(), ["CALL_COMPLETED"]);
}

#[test]
fn notes_that_were_not_saved_are_still_there() {
    let mut desk = Desk::new();
    desk.dial(numbers::BUSY);
    desk.seconds(1);
    desk.act(Action::SetNotes("try again".to_owned()));
    desk.told();
    desk.reload();
    desk.sign_in();
    desk.crm_ready(None);
    assert!(desk.call().is_wrap_up());
    desk.act(Action::Save);
    assert_eq!(desk.told(), ["CALL_COMPLETED"]);
}

#[test]
fn a_call_of_which_the_page_kept_nothing_is_taken_up_by_its_engagement() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    let id = desk.call().id.clone();
    desk.told();
    desk.flow.restore(&cordboard::Value::Null);
    let kept_nothing = Desk::without_crm(cordboard::telephony::Capabilities::all()).flow;
    desk.flow = kept_nothing;
    desk.reload();
    desk.sign_in();
    assert_eq!(desk.call().id, id, "one external id per call");
    desk.crm_ready(Some("1"));
    assert!(desk.told().is_empty(), "the CRM knows it");
    desk.act(Action::HangUp);
    assert_eq!(desk.told(), ["CALL_ENDED"]);
}
