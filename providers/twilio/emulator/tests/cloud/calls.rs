//! What becomes of a call, by its number; clients; what the API changes.

use crate::world::{FROM, World};
use cordboard_twilio_emulator::{ClientScript, CloudConfig, Emulated as _, Hands as _, Hears, SignalKind, numbers};
use core::time::Duration;

const QUIET: &str = "<Response><Pause length=\"600\"/></Response>";

#[test]
fn numbers_do_as_they_say() {
    for (number, status, code) in [
        (numbers::BUSY, "busy", "486"),
        (numbers::NO_ANSWER, "no-answer", "480"),
        (numbers::REJECTS, "busy", "603"),
        (numbers::UNREACHABLE, "failed", "503"),
        (numbers::INVALID, "failed", "404"),
        (numbers::HANGS_UP, "completed", "200"),
        (numbers::DROPS_MID_CALL, "completed", "200"),
    ] {
        let mut world = World::new();
        let call = world.call(number, QUIET);
        world.run(31_000);
        assert_eq!(world.status(&call), status, "{number}");
        let last = world.webhooks.last().unwrap();
        assert_eq!((last.get("CallStatus"), last.get("SipResponseCode")), (status, code), "{number}");
    }
    for (number, millis) in
        [(numbers::ANSWERS, 400), (numbers::ANSWERS_AFTER_3_S, 3_000), (numbers::SLOW_NETWORK, 6_000)]
    {
        let mut world = World::new();
        let call = world.call(number, QUIET);
        world.run(millis - 1);
        assert_ne!(world.status(&call), "in-progress", "{number}");
        world.run(1);
        assert_eq!(world.status(&call), "in-progress", "{number}");
    }
}

#[test]
fn progress_is_told_in_order() {
    let mut world = World::new();
    let call = world.call(numbers::ANSWERS, "<Response><Pause length=\"3\"/></Response>");
    world.run(5_000);
    assert_eq!(world.told("/status", "CallStatus"), ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(world.told("/status", "SequenceNumber"), ["0", "1", "2", "3"]);
    let last = world.webhooks.last().unwrap();
    assert_eq!((last.get("CallSid"), last.get("CallDuration"), last.get("Duration")), (&*call, "3", "1"));
    assert_eq!((last.get("From"), last.get("To"), last.get("Direction")), (FROM, numbers::ANSWERS, "outbound-api"));
    assert_eq!(last.get("CallbackSource"), "call-progress-events");
    assert!(last.get("Timestamp").ends_with(" +0000"));
}

#[test]
fn a_call_is_canceled_hung_up_and_redirected() {
    let mut world = World::new();
    let ringing = world.call(numbers::NO_ANSWER, QUIET);
    world.run(1_000);
    assert_eq!(world.post(&format!("/Calls/{ringing}.json"), &[("Twiml", QUIET)]).1["code"], 21220);
    assert_eq!(world.post(&format!("/Calls/{ringing}.json"), &[("Status", "canceled")]).0, 200);
    assert_eq!(world.status(&ringing), "canceled");
    let call = world.call(numbers::ANSWERS, QUIET);
    world.run(1_000);
    assert_eq!(world.post(&format!("/Calls/{call}.json"), &[("Status", "canceled")]).1["status"], "in-progress");
    let said = "<Response><Say>Hello there</Say></Response>";
    assert_eq!(world.post(&format!("/Calls/{call}.json"), &[("Twiml", said)]).0, 200);
    assert_eq!(world.cloud.hears(&call), Hears::Speech);
    world.run(2_000);
    assert_eq!(world.status(&call), "completed");
    // It is over: that is 21220, which a client takes as done.
    assert_eq!(world.post(&format!("/Calls/{call}.json"), &[("Status", "completed")]).1["code"], 21220);
    let call = world.call(numbers::ANSWERS, QUIET);
    world.run(1_000);
    world.post(&format!("/Calls/{call}.json"), &[("Status", "completed")]);
    assert_eq!(world.status(&call), "completed");
}

#[test]
fn times_run_out() {
    let mut world = World::new();
    let fields = [("To", numbers::NO_ANSWER), ("From", FROM), ("Twiml", QUIET), ("Timeout", "5")];
    let (_, body) = world.post("/Calls.json", &fields);
    world.run(5_000);
    assert_eq!(world.status(body["sid"].as_str().unwrap()), "no-answer");
    let fields = [("To", numbers::ANSWERS), ("From", FROM), ("Twiml", QUIET), ("TimeLimit", "10")];
    let (_, body) = world.post("/Calls.json", &fields);
    world.run(10_399);
    assert_eq!(world.status(body["sid"].as_str().unwrap()), "in-progress");
    world.run(1);
    assert_eq!(world.status(body["sid"].as_str().unwrap()), "completed");
}

/// More than one call a second waits, and is not refused.
#[test]
fn calls_wait_in_the_queue() {
    let mut config = CloudConfig::for_tests("https://calls.example.com/voice");
    config.call_start_interval = Duration::from_secs(1);
    let mut world = World::with(config);
    let calls: Vec<String> = (0..3).map(|_| world.call(numbers::ANSWERS, QUIET)).collect();
    world.run(500);
    assert_eq!(calls.iter().map(|call| world.status(call)).collect::<Vec<_>>(), ["in-progress", "queued", "queued"]);
    world.run(2_000);
    assert!(calls.iter().all(|call| world.status(call) == "in-progress"));
}

#[test]
fn clients_without_a_browser_do_as_they_are_told() {
    let second = Duration::from_secs(1);
    for (script, status) in [
        (ClientScript::Accepts(second), "in-progress"),
        (ClientScript::Rejects(second), "busy"),
        (ClientScript::Ignores, "ringing"),
        (ClientScript::Absent, "no-answer"),
    ] {
        let mut world = World::new();
        world.cloud.script_clients(script);
        let call = world.call("client:alex", QUIET);
        world.run(1_500);
        assert_eq!(world.status(&call), status, "{script:?}");
    }
}

#[test]
fn a_browser_takes_its_calls() {
    let mut world = World::new();
    world.cloud.register(world.now, "alex");
    let call = world.call("client:alex?ticket=7", QUIET);
    world.run(5_000);
    assert_eq!(world.status(&call), "ringing");
    let signal = world.cloud.poll_signal().unwrap();
    assert_eq!((&*signal.identity, &*signal.call), ("alex", &*call));
    let SignalKind::Invite { parameters } = signal.kind else { panic!("no invite") };
    assert!(parameters.contains(&("Params".to_owned(), "ticket=7".to_owned())));
    assert!(parameters.contains(&("To".to_owned(), "client:alex".to_owned())));
    world.cloud.client_accepts(world.now, &call).unwrap();
    assert_eq!(world.status(&call), "in-progress");
    assert!(world.cloud.client_accepts(world.now, &call).is_err());
    world.post(&format!("/Calls/{call}.json"), &[("Status", "completed")]);
    assert!(world.cloud.poll_signal().is_some_and(|signal| signal.kind == SignalKind::Hangup { error: None }));
    // One that is not taken.
    let call = world.call("client:alex", QUIET);
    world.run(100);
    world.cloud.poll_signal();
    world.post(&format!("/Calls/{call}.json"), &[("Status", "canceled")]);
    assert!(world.cloud.poll_signal().is_some_and(|signal| signal.kind == SignalKind::Cancel));
}

#[test]
fn a_browser_calls_through_the_application() {
    let mut world = World::answering("<Response><Dial><Number>+16175550100</Number></Dial></Response>");
    // Nobody can pretend to be somebody else.
    let parameters = [("To", "x"), ("ticket", "7"), ("From", "client:blake"), ("CallSid", "CA0")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = world.cloud.client_dials(world.now, "alex", parameters.into()).unwrap();
    world.run(1_000);
    let asked = &world.webhooks[0];
    assert_eq!((asked.get("From"), asked.get("ticket"), asked.get("CallSid")), ("client:alex", "7", &*call));
    assert_eq!(asked.get("Direction"), "inbound");
    // The telephone network is shown a number, and not a client's name.
    assert_eq!(world.cloud.legs().len(), 1);
    assert!(world.cloud.warnings()[0].starts_with("13214"));
}
