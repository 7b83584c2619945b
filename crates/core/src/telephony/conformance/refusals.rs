use super::desk::{Desk, accepted, refused};
use super::{FarEnd, Harness, TestAgent, contract};
use crate::telephony::{Availability, CallId, Capability, Digits, Error, ErrorKind, Operation, PhoneNumber, Transfer};

/// Every operation but signing in and out, about a call.
pub(super) async fn every_operation<H: Harness>(
    desk: &mut Desk<'_, H>,
    call: &CallId,
) -> Vec<(Operation, Result<(), Error>)> {
    let to = desk.harness.number(FarEnd::Answers).expect("the harness has a number that answers");
    let request = desk.request(to.clone());
    let line = &desk.line;
    let mut results = vec![
        (Operation::SetAvailability, line.set_availability(Availability::Available).await),
        (Operation::CallerIds, line.caller_ids().await.map(drop)),
        (Operation::ActiveCalls, line.active_calls().await.map(drop)),
        (Operation::Dial, line.dial(request).await.map(drop)),
    ];
    results.extend(every_operation_on(desk, call, to).await);
    results
}

/// Every operation that takes a call, but hanging up.
async fn every_operation_on<H: Harness>(
    desk: &Desk<'_, H>,
    call: &CallId,
    to: PhoneNumber,
) -> Vec<(Operation, Result<(), Error>)> {
    let line = &desk.line;
    let digits = Digits::parse("1").expect("this is a key");
    let consultation = CallId::new("unknown-too");
    vec![
        (Operation::Answer, line.answer(call).await),
        (Operation::Reject, line.reject(call).await),
        (Operation::Mute, line.mute(call).await),
        (Operation::Unmute, line.unmute(call).await),
        (Operation::Hold, line.hold(call).await),
        (Operation::Resume, line.resume(call).await),
        (Operation::SendDigits, line.send_digits(call, &digits).await),
        (Operation::BlindTransfer, line.transfer(call, Transfer::Blind { to }).await),
        (Operation::AttendedTransfer, line.transfer(call, Transfer::Attended { consultation }).await),
        (Operation::StartRecording, line.start_recording(call).await),
        (Operation::PauseRecording, line.pause_recording(call).await),
        (Operation::ResumeRecording, line.resume_recording(call).await),
        (Operation::StopRecording, line.stop_recording(call).await),
    ]
}

fn check_all(
    line: &str,
    results: Vec<(Operation, Result<(), Error>)>,
    kind: ErrorKind,
    asked: impl Fn(Operation) -> bool,
) {
    for (operation, result) in results {
        if asked(operation) {
            refused(&format!("{line}\n{operation:?}"), result, kind);
        }
    }
}

pub async fn unclaimed_is_unsupported<H: Harness>(harness: &H) {
    let Some(mut desk) = Desk::signed_out(harness, TestAgent::First) else { return };
    let capabilities = desk.line.capabilities();
    let unclaimed = |operation| !capabilities.supports(operation);
    let results = every_operation(&mut desk, &CallId::new("unknown")).await;
    check_all(contract::UNSUPPORTED, results, ErrorKind::Unsupported, unclaimed);
    desk.sign_in(TestAgent::First).await;
    let call = desk.talk().await;
    let results = every_operation(&mut desk, &call).await;
    check_all(contract::UNSUPPORTED, results, ErrorKind::Unsupported, unclaimed);
}

pub async fn claimed_is_never_unsupported<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let capabilities = desk.line.capabilities();
    for (operation, result) in every_operation(&mut desk, &CallId::new("unknown")).await {
        let unsupported = result.is_err_and(|error| error.kind() == ErrorKind::Unsupported);
        assert!(!(unsupported && capabilities.supports(operation)), "{}\n{operation:?}", contract::SUPPORTED);
    }
}

pub async fn an_unknown_call_is_no_such_call<H: Harness>(harness: &H) {
    let desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let capabilities = desk.line.capabilities();
    let unknown = CallId::new("unknown");
    let results = every_operation_on(&desk, &unknown, to).await;
    check_all(contract::NO_SUCH_CALL, results, ErrorKind::NoSuchCall, |operation| capabilities.supports(operation));
    refused(contract::NO_SUCH_CALL, desk.line.hang_up(&unknown).await, ErrorKind::NoSuchCall);
}

pub async fn an_ended_call_is_no_such_call<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let capabilities = desk.line.capabilities();
    let call = desk.talk().await;
    accepted(contract::ACCEPTED, desk.line.hang_up(&call).await);
    desk.end_of(&call).await;
    let results = every_operation_on(&desk, &call, to).await;
    check_all(contract::NO_SUCH_CALL, results, ErrorKind::NoSuchCall, |operation| capabilities.supports(operation));
    accepted(contract::NO_SUCH_CALL, desk.line.hang_up(&call).await);
}

pub async fn not_before_the_call_is_answered<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(to) = harness.number(FarEnd::Answers) else { return };
    let capabilities = desk.line.capabilities();
    let Some(call) = desk.dial(FarEnd::NoAnswer).await else { return };
    let asked = |operation| {
        // With a consultation that does not exist, either refusal is right.
        capabilities.supports(operation) && operation != Operation::AttendedTransfer
    };
    let results = every_operation_on(&desk, &call, to).await;
    check_all(contract::WRONG_STATE, results, ErrorKind::WrongState, asked);
}

pub async fn only_a_ringing_inbound_call_is_answered<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    let Some(call) = desk.ring().await else { return };
    accepted(contract::ACCEPTED, desk.line.answer(&call).await);
    desk.expect(&call, crate::telephony::CallEventKind::Connected, contract::ACCEPTED).await;
    refused(contract::WRONG_STATE, desk.line.answer(&call).await, ErrorKind::WrongState);
    refused(contract::WRONG_STATE, desk.line.reject(&call).await, ErrorKind::WrongState);
}

pub async fn only_a_recording_is_paused<H: Harness>(harness: &H) {
    let mut desk = Desk::open(harness).await;
    if !desk.can(Capability::PauseRecording) {
        return;
    }
    let call = desk.talk().await;
    refused(contract::WRONG_STATE, desk.line.pause_recording(&call).await, ErrorKind::WrongState);
    refused(contract::WRONG_STATE, desk.line.resume_recording(&call).await, ErrorKind::WrongState);
}
