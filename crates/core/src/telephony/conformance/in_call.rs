use super::desk::{Desk, accepted};
use super::{Cue, FarEnd, Harness, contract};
use crate::telephony::{CallEventKind, Capability, Digits, EndReason};

fn keys() -> Digits {
    Digits::parse("159*0#").expect("these are keys")
}

pub async fn hold_and_resume<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Hold) {
        return;
    }
    let call = desk.talk().await;
    for _ in 0..2 {
        accepted(contract::ACCEPTED, desk.line.hold(&call).await);
        desk.expect(&call, CallEventKind::Held, contract::ACCEPTED).await;
        accepted(contract::ACCEPTED, desk.line.resume(&call).await);
        desk.expect(&call, CallEventKind::Resumed, contract::ACCEPTED).await;
    }
}

pub async fn a_held_call_can_be_hung_up<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Hold) {
        return;
    }
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.hold(&call).await);
    desk.expect(&call, CallEventKind::Held, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.expect_end(&call, EndReason::HungUp, contract::END_REASON).await;
}

pub async fn mute_and_unmute<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Mute) {
        return;
    }
    let call = desk.talk().await;
    for _ in 0..2 {
        accepted(contract::ACCEPTED, desk.line.mute(&call).await);
        desk.expect(&call, CallEventKind::Muted, contract::ACCEPTED).await;
        accepted(contract::ACCEPTED, desk.line.unmute(&call).await);
        desk.expect(&call, CallEventKind::Unmuted, contract::ACCEPTED).await;
    }
}

pub async fn far_end_hears_digits<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Digits) {
        return;
    }
    let Some(call) = desk.dial(FarEnd::EchoesDigits).await else { return };
    desk.expect(&call, CallEventKind::Connected, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.send_digits(&call, &keys()).await);
    desk.expect_digits(&call, &keys()).await;
}

pub async fn agent_hears_digits<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Digits) {
        return;
    }
    let call = desk.talk().await;
    if harness.play(Cue::SendDigits(&call, &keys())).await.is_ok() {
        desk.expect_digits(&call, &keys()).await;
    }
}

pub async fn recording<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Recording) {
        return;
    }
    let call = desk.talk().await;
    for _ in 0..2 {
        accepted(contract::ACCEPTED, desk.line.start_recording(&call).await);
        desk.expect_recording(&call).await;
        accepted(contract::ACCEPTED, desk.line.stop_recording(&call).await);
        desk.expect(&call, CallEventKind::RecordingStopped, contract::ACCEPTED).await;
    }
}

pub async fn recording_pauses<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::Recording) || !desk.can(Capability::PauseRecording) {
        return;
    }
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.start_recording(&call).await);
    desk.expect_recording(&call).await;
    accepted(contract::ACCEPTED, desk.line.pause_recording(&call).await);
    desk.expect(&call, CallEventKind::RecordingPaused, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.resume_recording(&call).await);
    desk.expect(&call, CallEventKind::RecordingResumed, contract::ACCEPTED).await;
    accepted(contract::ACCEPTED, desk.line.stop_recording(&call).await);
    desk.expect(&call, CallEventKind::RecordingStopped, contract::ACCEPTED).await;
}
