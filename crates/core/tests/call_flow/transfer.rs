use crate::desk::Desk;
use cordboard::call_flow::Action;
use cordboard::telephony::CallState;
use cordboard_mock::numbers;

#[test]
fn blind() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.told();
    desk.act(Action::Transfer(numbers::ANSWERS_AFTER_3_S.to_owned()));
    desk.seconds(10);
    assert_eq!(desk.told(), ["CALL_TRANSFERRED", "CALL_ENDED"]);
    desk.act(Action::Save);
    assert_eq!(desk.told(), ["CALL_COMPLETED"]);
}

#[test]
fn after_a_consultation_of_which_the_crm_hears_nothing() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    desk.told();
    let customer = desk.call().id.clone();
    desk.act(Action::Consult(numbers::ANSWERS_AFTER_3_S.to_owned()));
    desk.seconds(5);
    let states: Vec<_> = desk.flow.calls().iter().map(|call| call.state()).collect();
    assert_eq!(states, [CallState::OnHold, CallState::Connected]);
    assert!(desk.told().is_empty());
    desk.intend(cordboard::call_flow::Intent::Act(customer, Action::CompleteTransfer));
    desk.seconds(1);
    assert_eq!(desk.told(), ["CALL_TRANSFERRED", "CALL_ENDED"]);
    assert_eq!(desk.flow.calls().len(), 1, "the consultation leaves nothing to save");
}

#[test]
fn swap() {
    let mut desk = Desk::new();
    desk.dial(numbers::ANSWERS);
    desk.seconds(1);
    let customer = desk.call().id.clone();
    desk.act(Action::Consult(numbers::ANSWERS.to_owned()));
    desk.seconds(1);
    desk.intend(cordboard::call_flow::Intent::Act(customer, Action::Resume));
    desk.seconds(1);
    let states: Vec<_> = desk.flow.calls().iter().map(|call| call.state()).collect();
    assert_eq!(states, [CallState::Connected, CallState::OnHold]);
}
