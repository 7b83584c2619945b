use super::desk::{Desk, accepted, refused};
use super::{Cue, FarEnd, Harness, contract};
use crate::telephony::{
    CallEventKind, CallState, Capability, DialRequest, Direction, EndReason, ErrorKind, FailureReason,
};
use futures_util::future::join;

pub async fn answered<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    let active = desk.active(&call).await.unwrap_or_else(|| panic!("{}\nthe call is missing", contract::ACTIVE_CALLS));
    assert!(active.state == CallState::Connected, "{}\nit is {:?}", contract::ACTIVE_CALLS, active.state);
    assert!(active.connected_at.is_some(), "{}\nit does not say since when", contract::ACTIVE_CALLS);
}

async fn ends_by_itself<H: Harness>(harness: &H, far_end: FarEnd, reason: EndReason) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.dial(far_end).await else { return };
    desk.expect_end(&call, reason, contract::END_REASON).await;
    assert!(desk.active_calls().await.is_empty(), "{}\nit returned one that has", contract::ACTIVE_CALLS);
}

pub async fn busy<H: Harness>(harness: &H) {
    ends_by_itself(harness, FarEnd::Busy, EndReason::Busy).await;
}

pub async fn no_answer<H: Harness>(harness: &H) {
    ends_by_itself(harness, FarEnd::NoAnswer, EndReason::NoAnswer).await;
}

pub async fn rejected<H: Harness>(harness: &H) {
    ends_by_itself(harness, FarEnd::Rejects, EndReason::Rejected).await;
}

pub async fn unreachable<H: Harness>(harness: &H) {
    ends_by_itself(harness, FarEnd::Unreachable, EndReason::Failed(FailureReason::Unreachable)).await;
}

pub async fn dropped_mid_call<H: Harness>(harness: &H) {
    ends_by_itself(harness, FarEnd::DropsMidCall, EndReason::Failed(FailureReason::ConnectionLost)).await;
}

/// A provider may know at once that there is no such number, or learn it from the network.
pub async fn invalid_number<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Invalid) else { return };
    let request = desk.request(to);
    match desk.line.dial(request).await {
        Err(error) => refused::<()>(contract::END_REASON, Err(error), ErrorKind::InvalidNumber),
        Ok(call) => {
            desk.expect_end(&call, EndReason::Failed(FailureReason::InvalidNumber), contract::END_REASON).await;
        }
    }
}

pub async fn agent_hangs_up<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::HungUp, contract::END_REASON).await;
    assert!(desk.active_calls().await.is_empty(), "{}\nit returned one that has", contract::ACTIVE_CALLS);
}

pub async fn far_end_hangs_up<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    if harness.play(Cue::HangUp(&call)).await.is_ok() {
        desk.expect_end(&call, EndReason::RemoteHungUp, contract::END_REASON).await;
    }
}

pub async fn both_hang_up_at_once<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    let (far_end, agent) = join(harness.play(Cue::HangUp(&call)), desk.line.hang_up(&call)).await;
    accepted(contract::NO_SUCH_CALL, agent);
    let reason = desk.end_of(&call).await;
    let expected = match far_end {
        Ok(()) => matches!(reason, EndReason::HungUp | EndReason::RemoteHungUp),
        Err(_) => reason == EndReason::HungUp,
    };
    assert!(expected, "{}\nthe call ended as {reason:?}", contract::END_REASON);
    desk.listen().await;
}

pub async fn given_up_while_dialing<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.dial(FarEnd::NoAnswer).await else { return };
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::Canceled, contract::END_REASON).await;
}

pub async fn given_up_while_ringing<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.dial(FarEnd::NoAnswer).await else { return };
    desk.expect(&call, CallEventKind::Ringing, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::Canceled, contract::END_REASON).await;
}

pub async fn a_call_says_what_was_dialled<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    let call = accepted(contract::ACCEPTED, desk.line.dial(request.clone()).await);
    let started = desk.expect_started(&call).await;
    assert!(started.direction == Direction::Outbound, "{}\nthe direction is wrong", contract::STARTED);
    assert!(started.remote == Some(request.to), "{}\nthe number is another", contract::STARTED);
    assert!(started.key == Some(request.key), "{}\nthe key is another", contract::STARTED);
}

pub async fn shows_the_caller_id_asked_for<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let caller_ids = accepted(contract::CALLER_ID, desk.line.caller_ids().await);
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    for caller_id in caller_ids {
        let request = DialRequest { from: Some(caller_id.number.clone()), ..desk.request(to.clone()) };
        let call = accepted(contract::CALLER_ID, desk.line.dial(request).await);
        let started = desk.expect_started(&call).await;
        assert!(started.local == Some(caller_id.number), "{}\nanother was shown", contract::CALLER_ID);
        accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
        desk.end_of(&call).await;
    }
}

pub async fn a_key_dials_once<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    let call = accepted(contract::ACCEPTED, desk.line.dial(request.clone()).await);
    desk.expect_started(&call).await;
    let again = accepted(contract::DIAL_KEY, desk.line.dial(request).await);
    assert!(again == call, "{}\nit returned another call", contract::DIAL_KEY);
    desk.expect_no_call(contract::DIAL_KEY).await;
}

pub async fn a_key_dials_once_when_sent_twice_at_once<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    let (first, second) = join(desk.line.dial(request.clone()), desk.line.dial(request)).await;
    let call = accepted(contract::DIAL_KEY, first);
    assert!(accepted(contract::DIAL_KEY, second) == call, "{}\nit returned another call", contract::DIAL_KEY);
    desk.expect_started(&call).await;
    desk.expect_no_call(contract::DIAL_KEY).await;
}

pub async fn a_key_is_remembered_after_the_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    let call = accepted(contract::ACCEPTED, desk.line.dial(request.clone()).await);
    desk.expect_started(&call).await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.end_of(&call).await;
    let again = accepted(contract::DIAL_KEY, desk.line.dial(request).await);
    assert!(again == call, "{}\nit returned another call", contract::DIAL_KEY);
    desk.expect_no_call(contract::DIAL_KEY).await;
}

pub async fn two_calls_at_once<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::ConcurrentCalls) {
        return;
    }
    let first = desk.talk().await;
    let second = desk.talk().await;
    desk.check_active_calls().await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&second).await);
    desk.expect_end(&second, EndReason::HungUp, contract::END_REASON).await;
    let active = desk.active_calls().await;
    assert!(active.len() == 1 && active.iter().all(|call| call.id == first), "{}", contract::ACTIVE_CALLS);
}

pub async fn one_call_at_a_time<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if desk.can(Capability::ConcurrentCalls) {
        return;
    }
    let call = desk.talk().await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    refused(contract::CONCURRENT, desk.line.dial(request.clone()).await, ErrorKind::TooManyCalls);
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.end_of(&call).await;
    accepted(contract::CONCURRENT, desk.line.dial(request).await);
}
