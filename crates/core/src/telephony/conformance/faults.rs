use super::desk::{Desk, accepted, refused};
use super::{Cue, FarEnd, Harness, TestAgent, contract};
use crate::telephony::{Connection, ErrorKind};

/// The key makes it safe to ask again.
pub async fn outcome_of_a_dial_unknown<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let request = desk.request(to);
    if harness.play(Cue::LoseReply).await.is_err() {
        return;
    }
    refused(contract::DIAL_KEY, desk.line.dial(request.clone()).await, ErrorKind::OutcomeUnknown);
    let active = desk.active_calls().await;
    let dialled = active.iter().find(|call| call.key.as_ref() == Some(&request.key));
    let dialled = dialled.unwrap_or_else(|| panic!("{}\nthe call is missing", contract::ACTIVE_CALLS));
    let call = accepted(contract::DIAL_KEY, desk.line.dial(request).await);
    assert!(call == dialled.id, "{}\nit returned another call", contract::DIAL_KEY);
    desk.expect_started(&call).await;
    desk.expect_no_call(contract::DIAL_KEY).await;
}

pub async fn connection_lost_and_restored<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    if harness.play(Cue::LoseConnection).await.is_err() {
        return;
    }
    desk.expect_connection(Connection::Lost).await;
    desk.expect_connection(Connection::Restored).await;
    desk.check_active_calls().await;
    accepted(contract::CONNECTION, desk.line.hang_up(&call).await);
    desk.end_of(&call).await;
}

pub async fn session_expires<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if harness.play(Cue::ExpireSession).await.is_err() {
        return;
    }
    desk.expect_signed_out().await;
    refused(contract::NEEDS_AGENT, desk.line.active_calls().await, ErrorKind::NotSignedIn);
    desk.sign_in(TestAgent::First).await;
    desk.talk().await;
}
