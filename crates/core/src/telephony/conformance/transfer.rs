use super::desk::{Desk, accepted, refused};
use super::{FarEnd, Harness, contract};
use crate::telephony::{CallEventKind, CallId, Capability, EndReason, ErrorKind, Transfer};

pub async fn blind<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers).filter(|_| desk.can(Capability::BlindTransfer)) else { return };
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.transfer(&call, Transfer::Blind { to }).await);
    desk.expect_end(&call, EndReason::Transferred, contract::TRANSFER).await;
}

pub async fn blind_of_a_held_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    if !desk.can(Capability::BlindTransfer) || !desk.can(Capability::Hold) {
        return;
    }
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.hold(&call).await);
    desk.expect(&call, CallEventKind::Held, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.transfer(&call, Transfer::Blind { to }).await);
    desk.expect_end(&call, EndReason::Transferred, contract::TRANSFER).await;
}

pub async fn blind_to_the_other_agent<H: Harness>(harness: &H) {
    let Some(mut other) = Desk::open_second(harness).await else { return };
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::SecondAgent).filter(|_| desk.can(Capability::BlindTransfer)) else { return };
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.transfer(&call, Transfer::Blind { to }).await);
    let inbound = other.expect_inbound().await;
    accepted(contract::ACCEPTED, other.line.answer(&inbound).await);
    other.expect(&inbound, CallEventKind::Connected, contract::ACCEPTED).await;
    desk.expect_end(&call, EndReason::Transferred, contract::TRANSFER).await;
}

pub async fn blind_that_fails<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Busy).filter(|_| desk.can(Capability::BlindTransfer)) else { return };
    let call = desk.talk().await;
    let before = desk.active(&call).await;
    accepted(contract::ACCEPTED, desk.line.transfer(&call, Transfer::Blind { to }).await);
    desk.expect(&call, CallEventKind::TransferFailed, contract::TRANSFER).await;
    let after = desk.active(&call).await;
    let state = |call: Option<crate::telephony::Call>| call.map(|call| (call.state, call.muted, call.connected_at));
    assert!(state(before) == state(after), "{}\nthe call is not as it was before", contract::TRANSFER);
}

pub async fn attended<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::AttendedTransfer) || !desk.can(Capability::ConcurrentCalls) {
        return;
    }
    let call = desk.talk().await;
    let consultation = desk.talk().await;
    let transfer = Transfer::Attended { consultation: consultation.clone() };
    accepted(contract::ACCEPTED, desk.line.transfer(&call, transfer).await);
    desk.expect_end(&call, EndReason::Transferred, contract::TRANSFER).await;
    desk.expect_end(&consultation, EndReason::Transferred, contract::TRANSFER).await;
}

pub async fn attended_needs_a_consultation<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::AttendedTransfer) {
        return;
    }
    let call = desk.talk().await;
    let unknown = Transfer::Attended { consultation: CallId::new("unknown") };
    refused(contract::NO_SUCH_CALL, desk.line.transfer(&call, unknown).await, ErrorKind::NoSuchCall);
    let itself = Transfer::Attended { consultation: call.clone() };
    refused(contract::WRONG_STATE, desk.line.transfer(&call, itself).await, ErrorKind::WrongState);
    if !desk.can(Capability::ConcurrentCalls) {
        return;
    }
    let Some(ringing) = desk.dial(FarEnd::NoAnswer).await else { return };
    let unanswered = Transfer::Attended { consultation: ringing };
    refused(contract::WRONG_STATE, desk.line.transfer(&call, unanswered).await, ErrorKind::WrongState);
}
