use super::desk::{Desk, accepted};
use super::{Cue, FarEnd, Harness, contract};
use crate::telephony::{Availability, CallEventKind, Capability, EndReason};

pub async fn answered_by_the_agent<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    accepted(contract::ACCEPTED, desk.line.answer(&call).await);
    desk.expect(&call, CallEventKind::Connected, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::HungUp, contract::END_REASON).await;
}

pub async fn rejected_by_the_agent<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    accepted(contract::ACCEPTED, desk.line.reject(&call).await);
    desk.expect_end(&call, EndReason::Rejected, contract::END_REASON).await;
}

pub async fn hung_up_while_it_rings<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::Rejected, contract::END_REASON).await;
}

pub async fn missed<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    if harness.play(Cue::HangUp(&call)).await.is_ok() {
        desk.expect_end(&call, EndReason::Missed, contract::END_REASON).await;
    }
}

pub async fn hung_up_by_the_caller<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    accepted(contract::ACCEPTED, desk.line.answer(&call).await);
    desk.expect(&call, CallEventKind::Connected, contract::ACCEPTED).await;
    if harness.play(Cue::HangUp(&call)).await.is_ok() {
        desk.expect_end(&call, EndReason::RemoteHungUp, contract::END_REASON).await;
    }
}

pub async fn does_not_ring_while_away<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Inbound) {
        return;
    }
    accepted(contract::AWAY, desk.line.set_availability(Availability::Away).await);
    if harness.play(Cue::CallIn).await.is_err() {
        return;
    }
    desk.expect_no_call(contract::AWAY).await;
    accepted(contract::AWAY, desk.line.set_availability(Availability::Available).await);
    desk.ring().await;
}

pub async fn does_not_ring_unless_claimed<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if desk.can(Capability::Inbound) || harness.play(Cue::CallIn).await.is_err() {
        return;
    }
    desk.expect_no_call(contract::UNSUPPORTED).await;
}

pub async fn agents_call_each_other<H: Harness>(harness: &H) {
    let Some(mut callee) = Desk::open_second(harness).await else { return };
    let mut caller = Desk::open(harness).await;
    let Some(outbound) = caller.dial(FarEnd::SecondAgent).await else { return };
    let inbound = callee.expect_inbound().await;
    accepted(contract::ACCEPTED, callee.line.answer(&inbound).await);
    callee.expect(&inbound, CallEventKind::Connected, contract::ACCEPTED).await;
    caller.expect(&outbound, CallEventKind::Connected, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, caller.line.hang_up(&outbound).await);
    caller.expect_end(&outbound, EndReason::HungUp, contract::END_REASON).await;
    callee.expect_end(&inbound, EndReason::RemoteHungUp, contract::END_REASON).await;
}

pub async fn rejected_by_the_other_agent<H: Harness>(harness: &H) {
    let Some(mut callee) = Desk::open_second(harness).await else { return };
    let mut caller = Desk::open(harness).await;
    let Some(outbound) = caller.dial(FarEnd::SecondAgent).await else { return };
    let inbound = callee.expect_inbound().await;
    accepted(contract::ACCEPTED, callee.line.reject(&inbound).await);
    callee.expect_end(&inbound, EndReason::Rejected, contract::END_REASON).await;
    caller.expect_end(&outbound, EndReason::Rejected, contract::END_REASON).await;
}
