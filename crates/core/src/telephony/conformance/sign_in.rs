use super::desk::{Desk, accepted, refused};
use super::refusals::every_operation;
use super::{FarEnd, Harness, TestAgent, contract};
use crate::telephony::{CallEventKind, CallId, EndReason, ErrorKind};

pub async fn everything_else_needs_an_agent<H: Harness>(harness: &H) {
    let Some(mut desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    let capabilities = desk.line.capabilities();
    for (operation, result) in every_operation(&mut desk, &CallId::new("unknown")).await {
        if capabilities.supports(operation) {
            let line = format!("{}\n{operation:?}", contract::NEEDS_AGENT);
            refused(&line, result, ErrorKind::NotSignedIn);
        }
    }
    accepted(contract::NEEDS_AGENT, desk.line.sign_out().await);
}

pub async fn an_agent_signs_in<H: Harness>(harness: &H) {
    let Some(desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    let agent = accepted(contract::SIGN_IN, desk.line.sign_in(harness.credentials(TestAgent::First)).await);
    assert!(!agent.id.is_empty(), "{}\nthe agent has no id", contract::SIGN_IN);
    assert!(desk.active_calls().await.is_empty(), "{}\nthere are calls already", contract::ACTIVE_CALLS);
}

pub async fn wrong_credentials_are_refused<H: Harness>(harness: &H) {
    let Some(wrong) = harness.wrong_credentials() else { return };
    let Some(desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    refused(contract::SIGN_IN, desk.line.sign_in(wrong).await, ErrorKind::BadCredentials);
    refused(contract::NEEDS_AGENT, desk.line.active_calls().await, ErrorKind::NotSignedIn);
}

pub async fn signing_out_ends_a_connected_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let call = desk.talk().await;
    accepted(contract::SIGN_OUT, desk.line.sign_out().await);
    desk.expect_end(&call, EndReason::HungUp, contract::SIGN_OUT).await;
    refused(contract::NEEDS_AGENT, desk.line.active_calls().await, ErrorKind::NotSignedIn);
}

pub async fn signing_out_gives_up_a_dialled_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.dial(FarEnd::NoAnswer).await else { return };
    desk.expect(&call, CallEventKind::Ringing, contract::ACCEPTED).await;
    accepted(contract::SIGN_OUT, desk.line.sign_out().await);
    desk.expect_end(&call, EndReason::Canceled, contract::SIGN_OUT).await;
}

pub async fn signing_out_twice_is_fine<H: Harness>(harness: &H) {
    let desk = Desk::open(harness).await;
    accepted(contract::SIGN_OUT, desk.line.sign_out().await);
    accepted(contract::NEEDS_AGENT, desk.line.sign_out().await);
}

pub async fn signing_in_again_works<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    accepted(contract::SIGN_OUT, desk.line.sign_out().await);
    desk.sign_in(TestAgent::First).await;
    desk.talk().await;
}
