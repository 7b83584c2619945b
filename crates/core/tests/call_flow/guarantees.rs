//! Whatever happens, in whatever order: what the CRM hears of a call is started, answered, ended, completed, each once,
//! and nothing that was started is left open.

use crate::desk::Desk;
use cordboard::call_flow::{Action, TrackedCall};
use cordboard::protocol::{Request, SessionEvent, WidgetMessage};
use cordboard::telephony::Digits;
use cordboard_mock::{Fault, numbers};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Dial(usize),
    HostDials(usize),
    HostEndsCall,
    Incoming,
    Act(usize, Deed),
    FarEndHangsUp,
    Wait(u64),
    CrmAnswers(bool),
    CrmRefuses(usize, bool),
    Reload,
    Fault(usize),
}

#[derive(Clone, Debug)]
enum Deed {
    Answer,
    Reject,
    HangUp,
    Hold,
    Resume,
    Mute,
    Key,
    Record,
    Transfer,
    Consult,
    CompleteTransfer,
    Notes,
    Save,
}

const NUMBERS: [&str; 8] = [
    numbers::ANSWERS,
    numbers::ANSWERS_AFTER_3_S,
    numbers::BUSY,
    numbers::REJECTS,
    numbers::UNREACHABLE,
    numbers::HANGS_UP,
    numbers::DROPS_MID_CALL,
    numbers::NOT_ALLOWED,
];

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        Just(Deed::Answer),
        Just(Deed::Reject),
        Just(Deed::HangUp),
        Just(Deed::Hold),
        Just(Deed::Resume),
        Just(Deed::Mute),
        Just(Deed::Key),
        Just(Deed::Record),
        Just(Deed::Transfer),
        Just(Deed::Consult),
        Just(Deed::CompleteTransfer),
        Just(Deed::Notes),
        Just(Deed::Save),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..NUMBERS.len()).prop_map(Step::Dial),
        1 => (0..NUMBERS.len()).prop_map(Step::HostDials),
        1 => Just(Step::HostEndsCall),
        2 => Just(Step::Incoming),
        8 => (0..3_usize, deeds()).prop_map(|(call, deed)| Step::Act(call, deed)),
        1 => Just(Step::FarEndHangsUp),
        4 => (1..8_000_u64).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::CrmAnswers),
        1 => (0..3_usize, any::<bool>()).prop_map(|(call, create)| Step::CrmRefuses(call, create)),
        1 => Just(Step::Reload),
        2 => (0..5_usize).prop_map(Step::Fault),
    ]
}

fn nth(desk: &Desk, index: usize) -> Option<&TrackedCall> {
    let calls = desk.flow.calls();
    calls.get(index % calls.len().max(1))
}

fn run(desk: &mut Desk, step: Step) {
    match step {
        Step::Dial(number) => desk.dial(NUMBERS[number]),
        Step::HostDials(number) => desk.host_dials(NUMBERS[number]),
        Step::HostEndsCall => desk.host_ends_call(),
        Step::Incoming => drop(desk.incoming()),
        Step::Act(index, deed) => {
            let Some(id) = nth(desk, index).map(|call| call.id.clone()) else { return };
            desk.intend(cordboard::call_flow::Intent::Act(id, action(deed)));
        }
        Step::FarEndHangsUp => {
            let line = desk.flow.calls().iter().find(|call| call.is_live()).and_then(|call| call.line.as_ref());
            if let Some(id) = line.map(|line| line.id.clone()) {
                desk.network.far_end_hangs_up(desk.now, &id);
                desk.settle();
            }
        }
        Step::Wait(millis) => desk.wait(Duration::from_millis(millis)),
        Step::CrmAnswers(answers) => desk.crm_answers = answers,
        Step::CrmRefuses(index, create) => {
            let Some(call) = nth(desk, index).map(|call| call.id.clone()) else { return };
            let request = if create { Request::CreateEngagement } else { Request::UpdateEngagement };
            // Refusing to save makes the user save again, which is the one reason to complete twice.
            if create {
                desk.session(SessionEvent::RequestFailed { request, call, reason: None });
            } else {
                desk.session(SessionEvent::RequestExpired { request, call });
            }
        }
        Step::Reload => {
            desk.reload();
            desk.sign_in();
            desk.crm_ready(None);
        }
        Step::Fault(fault) => desk.inject(
            [
                Fault::LoseOrder,
                Fault::LoseReply,
                Fault::DuplicateEvent,
                Fault::DelayEvents(Duration::from_secs(3)),
                Fault::LoseConnection(Duration::from_secs(4)),
            ][fault],
        ),
    }
}

fn action(deed: Deed) -> Action {
    match deed {
        Deed::Answer => Action::Answer,
        Deed::Reject => Action::Reject,
        Deed::HangUp => Action::HangUp,
        Deed::Hold => Action::Hold,
        Deed::Resume => Action::Resume,
        Deed::Mute => Action::Mute,
        Deed::Key => Action::SendDigits(Digits::parse("5").expect("a key")),
        Deed::Record => Action::StartRecording,
        Deed::Transfer => Action::Transfer(numbers::BLAKE.to_owned()),
        Deed::Consult => Action::Consult(numbers::ANSWERS.to_owned()),
        Deed::CompleteTransfer => Action::CompleteTransfer,
        Deed::Notes => Action::SetNotes("noted".to_owned()),
        Deed::Save => Action::Save,
    }
}

/// Everybody goes home: the faults are over, every call is hung up, every note saved.
fn finish(desk: &mut Desk) {
    desk.crm_answers = true;
    for _ in 0..8 {
        desk.seconds(60);
        desk.sign_in();
        let ids: Vec<_> = desk.flow.calls().iter().map(|call| call.id.clone()).collect();
        for id in ids {
            desk.intend(cordboard::call_flow::Intent::Act(id.clone(), Action::HangUp));
            desk.intend(cordboard::call_flow::Intent::Act(id.clone(), Action::Save));
            // What the CRM left unanswered the session gives up.
            desk.session(SessionEvent::RequestExpired { request: Request::UpdateEngagement, call: id });
        }
    }
}

fn check(messages: &[WidgetMessage]) -> Result<(), TestCaseError> {
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for message in messages {
        let id = match message {
            WidgetMessage::OutgoingCallStarted(call) => &call.external_call_id,
            WidgetMessage::IncomingCall(call) => &call.external_call_id,
            WidgetMessage::CallAnswered(call) => &call.external_call_id,
            WidgetMessage::CallEnded(call) => &call.external_call_id,
            WidgetMessage::CallCompleted(call) => &call.external_call_id,
            _ => continue,
        };
        let name = match message.message_type() {
            "OUTGOING_CALL_STARTED" | "INCOMING_CALL" => "STARTED",
            name => name,
        };
        told.entry(id.as_str().to_owned()).or_default().push(name);
    }
    for (id, names) in told {
        let answered = ["STARTED", "CALL_ANSWERED", "CALL_ENDED", "CALL_COMPLETED"];
        let unanswered = ["STARTED", "CALL_ENDED", "CALL_COMPLETED"];
        prop_assert!(names == answered || names == unanswered, "{id}: {names:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn hold(steps in prop::collection::vec(steps(), 1..40)) {
        let mut desk = Desk::new();
        for step in steps {
            run(&mut desk, step);
        }
        finish(&mut desk);
        prop_assert!(desk.flow.calls().is_empty(), "{:?}", desk.flow.calls());
        check(&desk.crm)?;
    }
}
