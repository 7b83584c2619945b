use super::desk::{Desk, accepted, next_within};
use super::{FarEnd, Harness, TestAgent, contract};
use crate::telephony::{CallEventKind, CallState, Capability, Event};

pub async fn two_listeners_get_the_same<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let mut listeners = [desk.line.events(), desk.line.events()];
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.end_of(&call).await;
    let told = desk.pictures.0.get(&call).map_or(0, |picture| picture.sequence);
    for listener in &mut listeners {
        let mut heard = 0;
        while let Some(event) = next_within(listener, harness.clock(), harness.silence()).await {
            heard += u64::from(matches!(event, Event::Call(event) if event.call == call));
        }
        assert!(heard == told, "{}\none heard {heard} of {told}", contract::EACH_LISTENER);
    }
}

/// After each step, what was told and what is returned are the same picture.
pub async fn active_calls_agrees_with_the_events<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if desk.dial(FarEnd::NoAnswer).await.is_some() {
        desk.check_active_calls().await;
        let ids: Vec<_> = desk.pictures.0.keys().cloned().collect();
        for id in ids {
            accepted(contract::ACCEPTED, desk.line.hang_up(&id).await);
        }
        desk.check_active_calls().await;
    }
    let call = desk.talk().await;
    desk.check_active_calls().await;
    if desk.can(Capability::Mute) {
        accepted(contract::ACCEPTED, desk.line.mute(&call).await);
        desk.check_active_calls().await;
    }
    if desk.can(Capability::Hold) {
        accepted(contract::ACCEPTED, desk.line.hold(&call).await);
        desk.check_active_calls().await;
    }
    if desk.can(Capability::Recording) {
        accepted(contract::ACCEPTED, desk.line.start_recording(&call).await);
        desk.check_active_calls().await;
    }
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.check_active_calls().await;
}

pub async fn a_slow_listener_is_told<H: Harness>(harness: &H) {
    let Some(backlog) = harness.backlog() else { return };
    let mut desk = Desk::open(harness).await;
    let mut slow = desk.line.events();
    // Each call is two events at least.
    for _ in 0..=backlog / 2 {
        let Some(call) = desk.dial(FarEnd::NoAnswer).await else { return };
        accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
        desk.end_of(&call).await;
    }
    desk.talk().await;
    let mut lagged = false;
    while let Some(event) = next_within(&mut slow, harness.clock(), harness.silence()).await {
        lagged |= matches!(event, Event::Lagged { missed } if missed > 0);
    }
    assert!(lagged, "{}\nit was not told", contract::LAGGED);
    desk.check_active_calls().await;
}

pub async fn a_new_instance_finds_the_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    if desk.can(Capability::Mute) {
        accepted(contract::ACCEPTED, desk.line.mute(&call).await);
        desk.expect(&call, CallEventKind::Muted, contract::ACCEPTED).await;
    }
    if desk.can(Capability::Hold) {
        accepted(contract::ACCEPTED, desk.line.hold(&call).await);
        desk.expect(&call, CallEventKind::Held, contract::ACCEPTED).await;
    }
    let before = desk.active(&call).await;
    drop(desk);

    let Some(mut desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    accepted(contract::SIGN_IN, desk.line.sign_in(harness.credentials(TestAgent::First)).await);
    let found = desk.attach().await;
    let same = before.is_some() && found.len() == 1 && found.first() == before.as_ref();
    assert!(same, "{}\nit was {before:#?}\nand the new instance finds {found:#?}", contract::ACTIVE_CALLS);
    accepted(contract::ACTIVE_CALLS, desk.line.hang_up(&call).await);
    // That its number follows is what the desk checks of each event.
    desk.end_of(&call).await;
}

pub async fn a_new_instance_finds_a_ringing_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    drop(desk);

    let Some(mut desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    accepted(contract::SIGN_IN, desk.line.sign_in(harness.credentials(TestAgent::First)).await);
    let found = desk.attach().await;
    let rings = found.iter().any(|found| found.id == call && found.state == CallState::Ringing);
    assert!(rings, "{}\nthe new instance finds {found:#?}", contract::ACTIVE_CALLS);
    accepted(contract::ACTIVE_CALLS, desk.line.answer(&call).await);
    desk.expect(&call, CallEventKind::Connected, contract::ACCEPTED).await;
}
