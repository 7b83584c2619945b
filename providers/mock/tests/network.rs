//! The network by itself: it is told the time, so it needs no executor.

use cordboard::telephony::{
    Availability, CallEvent, CallEventKind, CallId, CallState, Connection, Credentials, DialKey, DialRequest, Digits,
    EndReason, ErrorKind, Event, Operation, PhoneNumber, Transfer,
};
use cordboard::{Object, Timestamp, Value};
use cordboard_mock::{Fault, MockAgent, MockConfig, Network, numbers};
use std::time::Duration;

const ALEX: Option<MockAgent> = Some(MockAgent::Alex);
const BLAKE: Option<MockAgent> = Some(MockAgent::Blake);

type Told = (MockAgent, Event);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn number(e164: &str) -> PhoneNumber {
    PhoneNumber::from_e164(e164).expect("a test number is a number")
}

fn config(seed: u32) -> MockConfig {
    MockConfig { seed, ..MockConfig::default() }
}

/// Both agents, signed in and available.
fn network(seed: u32) -> Network {
    let mut network = Network::new(config(seed));
    for agent in MockAgent::ALL {
        network.sign_in(at(0), agent, &Credentials::None).expect("nothing is wrong");
        network.set_availability(at(0), Some(agent), Availability::Available).expect("nothing is wrong");
    }
    network
}

fn dial(network: &mut Network, now: u64, key: &str, to: &str) -> CallId {
    let request = DialRequest { key: DialKey::new(key), to: number(to), from: None };
    network.dial(at(now), ALEX, request).expect("nothing is wrong")
}

fn outputs(network: &mut Network) -> Vec<Told> {
    std::iter::from_fn(|| network.poll_output()).collect()
}

/// Everything that happens by itself up to a time.
fn run_until(network: &mut Network, end: u64) -> Vec<Told> {
    let mut told = outputs(network);
    while let Some(next) = network.poll_timeout().filter(|next| *next <= at(end)) {
        network.advance(next);
        told.extend(outputs(network));
    }
    network.advance(at(end));
    told
}

fn calls_of(told: &[Told], agent: MockAgent) -> impl Iterator<Item = &CallEvent> {
    told.iter().filter_map(move |told| match told {
        (whose, Event::Call(event)) if *whose == agent => Some(event),
        _ => None,
    })
}

fn kinds(told: &[Told], agent: MockAgent) -> Vec<&CallEventKind> {
    calls_of(told, agent).map(|event| &event.kind).collect()
}

/// A busy hour: something of everything, and what was told.
fn hour(network: &mut Network) -> Vec<Told> {
    let digits = Digits::parse("42#").expect("these are keys");
    let first = dial(network, 0, "1", "+12125550142");
    let mut told = run_until(network, 6_000);
    network.act(at(6_000), ALEX, Operation::Hold, &first).expect("they talk");
    let echo = dial(network, 7_000, "2", numbers::ECHOES_DIGITS);
    told.extend(run_until(network, 8_000));
    network.send_digits(at(8_000), ALEX, &echo, &digits).expect("they talk");
    let transfer = Transfer::Attended { consultation: echo };
    told.extend(run_until(network, 9_000));
    network.transfer(at(9_000), ALEX, &first, transfer).expect("they talk");
    network.schedule_incoming(at(20_000), None, number(numbers::SALES));
    told.extend(run_until(network, 120_000));
    told
}

#[test]
fn the_same_seed_tells_the_same() {
    assert_eq!(hour(&mut network(7)), hour(&mut network(7)));
}

#[test]
fn another_seed_rings_longer_or_shorter() {
    let answered_at = |seed| {
        let mut network = network(seed);
        dial(&mut network, 0, "1", "+12125550142");
        let told = run_until(&mut network, 6_000);
        let connected = calls_of(&told, MockAgent::Alex).find(|event| event.kind == CallEventKind::Connected);
        connected.expect("it answers").at
    };
    assert_eq!(answered_at(7), answered_at(7));
    assert_ne!(answered_at(7), answered_at(8));
}

/// Saved and restored after any moment of a call, it goes on as if nothing had been.
#[test]
fn goes_on_after_a_reload_at_any_moment() {
    let mut states = Vec::new();
    for to in [numbers::ANSWERS_AFTER_3_S, numbers::DROPS_MID_CALL, numbers::NO_ANSWER, numbers::BUSY, numbers::BLAKE] {
        for moment in (0..9_000).step_by(100) {
            let mut original = network(1);
            let call = dial(&mut original, 0, "1", to);
            original.schedule_incoming(at(10_000), Some(number(numbers::HANGS_UP)), number(numbers::ALEX));
            run_until(&mut original, moment);
            // Held and muted as soon as people talk.
            for operation in [Operation::Hold, Operation::Mute, Operation::StartRecording] {
                let _ = original.act(at(moment), ALEX, operation, &call);
            }
            outputs(&mut original);
            states.extend(original.active_calls(at(moment), ALEX).expect("signed in").iter().map(|call| call.state));

            let saved = original.save();
            let mut restored = Network::restore(config(99), &saved).expect("what was saved is read");
            assert_eq!(restored.save(), saved);
            assert_eq!(
                restored.active_calls(at(moment), ALEX).expect("still signed in"),
                original.active_calls(at(moment), ALEX).expect("signed in"),
            );
            let _ = restored.act(at(moment), ALEX, Operation::Resume, &call);
            let _ = original.act(at(moment), ALEX, Operation::Resume, &call);
            assert_eq!(dial(&mut restored, moment, "1", to), call, "the key is remembered");
            assert_eq!(run_until(&mut restored, 60_000), run_until(&mut original, 60_000));
        }
    }
    for state in [CallState::Dialing, CallState::Ringing, CallState::OnHold] {
        assert!(states.contains(&state), "{state:?} was not tried");
    }
}

#[test]
fn what_was_due_while_the_page_was_away_happens_after() {
    let mut original = network(1);
    let call = dial(&mut original, 0, "1", numbers::DROPS_MID_CALL);
    run_until(&mut original, 1_000);
    let mut restored = Network::restore(config(1), &original.save()).expect("what was saved is read");
    assert_eq!(restored.active_calls(at(600_000), ALEX).expect("still signed in"), []);
    restored.act(at(600_000), ALEX, Operation::HangUp, &call).expect("it is over, which is fine");
}

#[test]
fn restores_nothing_else() {
    let mut network = network(1);
    dial(&mut network, 0, "1", numbers::BLAKE);
    let saved = network.save();
    let refused = |value: &Value| Network::restore(config(1), value).is_none();
    assert!(!refused(&saved));
    assert!(refused(&Value::Null));
    // Each field in turn is missing, or is something else.
    let fields: Vec<(&str, &Value)> = saved.as_object().expect("an object").iter().collect();
    for (name, _) in &fields {
        let others = fields.iter().filter(|(other, _)| other != name);
        let without = others.fold(Object::new(), |object, (name, value)| object.with(name, (*value).clone()));
        assert!(refused(&without.clone().into()), "without {name}");
        assert!(refused(&without.with(name, "?").into()), "with another {name}");
    }
}

#[test]
fn refused_orders_are_not_carried_out() {
    let mut network = network(1);
    let request = DialRequest { key: DialKey::new("1"), to: number(numbers::ANSWERS), from: None };
    for (fault, kind) in [
        (Fault::Refuse(ErrorKind::Provider), ErrorKind::Provider),
        (Fault::Refuse(ErrorKind::Microphone), ErrorKind::Microphone),
        (Fault::LoseOrder, ErrorKind::OutcomeUnknown),
    ] {
        network.inject(at(0), fault);
        let error = network.dial(at(0), ALEX, request.clone()).expect_err("a fault was injected");
        assert_eq!((error.kind(), error.operation()), (kind, Operation::Dial));
        assert_eq!(network.active_calls(at(0), ALEX).expect("one fault, one failure"), []);
    }
}

#[test]
fn a_lost_reply_leaves_a_call() {
    let mut network = network(1);
    let request = DialRequest { key: DialKey::new("1"), to: number(numbers::ANSWERS), from: None };
    network.inject(at(0), Fault::LoseReply);
    let error = network.dial(at(0), ALEX, request.clone()).expect_err("a fault was injected");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    let calls = network.active_calls(at(0), ALEX).expect("one fault, one failure");
    assert_eq!(calls.len(), 1);
    assert_eq!(network.dial(at(0), ALEX, request).expect("the key is known"), calls[0].id);
}

#[test]
fn events_come_twice() {
    let mut network = network(1);
    network.inject(at(0), Fault::DuplicateEvent);
    dial(&mut network, 0, "1", numbers::ANSWERS);
    let told = outputs(&mut network);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1]);
}

#[test]
fn events_come_late_and_in_order() {
    let mut network = network(1);
    network.inject(at(0), Fault::DelayEvents(Duration::from_secs(5)));
    dial(&mut network, 0, "1", numbers::ANSWERS);
    assert_eq!(run_until(&mut network, 4_999), []);
    assert_eq!(network.poll_timeout(), Some(at(5_000)));
    let told = run_until(&mut network, 5_000);
    let sequences: Vec<u64> = calls_of(&told, MockAgent::Alex).map(|event| event.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
}

#[test]
fn what_happens_without_a_connection_is_counted() {
    let mut network = network(1);
    let call = dial(&mut network, 0, "1", numbers::ANSWERS);
    outputs(&mut network);
    network.inject(at(0), Fault::LoseConnection(Duration::from_secs(2)));
    let error = network.act(at(100), ALEX, Operation::HangUp, &call).expect_err("there is no connection");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let told: Vec<Event> = run_until(&mut network, 3_000)
        .into_iter()
        .filter_map(|(agent, event)| (agent == MockAgent::Alex).then_some(event))
        .collect();
    let restored = Event::Connection(Connection::Restored);
    assert_eq!(told, [Event::Connection(Connection::Lost), Event::Lagged { missed: 2 }, restored]);
}

#[test]
fn a_number_of_the_account_rings_at_who_is_free() {
    let mut network = network(1);
    let sales = number(numbers::SALES);
    network.set_availability(at(0), ALEX, Availability::Away).expect("nothing is wrong");
    let call = network.incoming(at(0), None, &sales).expect("Blake is free");
    assert_eq!(network.active_calls(at(0), BLAKE).expect("signed in")[0].id, call);
    network.set_availability(at(0), BLAKE, Availability::Away).expect("nothing is wrong");
    assert_eq!(network.incoming(at(0), None, &sales), None);
    assert_eq!(network.incoming(at(0), None, &number(numbers::ANSWERS)), None, "not a number of the account");
}

#[test]
fn a_caller_gives_up() {
    let mut network = network(1);
    network.incoming(at(0), None, &number(numbers::ALEX)).expect("Alex is free");
    let told = run_until(&mut network, 60_000);
    assert_eq!(kinds(&told, MockAgent::Alex).last(), Some(&&CallEventKind::Ended(EndReason::Missed)));
}

/// A transferred customer talks with whom they were handed to.
#[test]
fn a_transferred_call_goes_on() {
    let mut network = network(1);
    let call = network.incoming(at(0), Some(number(numbers::ANSWERS)), &number(numbers::ALEX)).expect("Alex is free");
    network.act(at(0), ALEX, Operation::Answer, &call).expect("it rings");
    let to = number(numbers::BLAKE);
    network.transfer(at(0), ALEX, &call, Transfer::Blind { to }).expect("they talk");
    run_until(&mut network, 1_000);
    let calls = network.active_calls(at(1_000), BLAKE).expect("signed in");
    assert_eq!(calls[0].remote, Some(number(numbers::ANSWERS)), "the customer's number is shown");
    network.act(at(1_000), BLAKE, Operation::Answer, &calls[0].id).expect("it rings");
    let told = run_until(&mut network, 60_000);
    assert_eq!(kinds(&told, MockAgent::Blake), [&CallEventKind::Connected]);
}

#[test]
fn an_agent_who_is_transferred_talks_with_the_number() {
    let mut network = network(1);
    let call = dial(&mut network, 0, "1", numbers::BLAKE);
    let inbound = network.active_calls(at(0), BLAKE).expect("signed in")[0].id.clone();
    network.act(at(0), BLAKE, Operation::Answer, &inbound).expect("it rings");
    let to = number(numbers::ECHOES_DIGITS);
    network.transfer(at(0), BLAKE, &inbound, Transfer::Blind { to }).expect("they talk");
    run_until(&mut network, 1_000);
    let digits = Digits::parse("7").expect("this is a key");
    network.send_digits(at(1_000), ALEX, &call, &digits).expect("they talk");
    let told = run_until(&mut network, 2_000);
    assert_eq!(kinds(&told, MockAgent::Alex), [&CallEventKind::DigitsReceived(digits)]);
}

#[test]
fn agents_hear_each_others_digits() {
    let mut network = network(1);
    let call = dial(&mut network, 0, "1", numbers::BLAKE);
    let inbound = network.active_calls(at(0), BLAKE).expect("signed in")[0].id.clone();
    network.act(at(0), BLAKE, Operation::Answer, &inbound).expect("it rings");
    let digits = Digits::parse("7").expect("this is a key");
    network.send_digits(at(0), ALEX, &call, &digits).expect("they talk");
    let told = outputs(&mut network);
    assert_eq!(kinds(&told, MockAgent::Blake).last(), Some(&&CallEventKind::DigitsReceived(digits)));
}

#[test]
fn only_own_numbers_are_shown() {
    let mut network = network(1);
    let from = Some(number(numbers::BUSY));
    let request = DialRequest { key: DialKey::new("1"), to: number(numbers::ANSWERS), from };
    let error = network.dial(at(0), ALEX, request).expect_err("it is somebody else's number");
    assert_eq!(error.kind(), ErrorKind::NotAllowed);
}

#[test]
fn a_number_may_be_forbidden() {
    let mut network = network(1);
    let request = DialRequest { key: DialKey::new("1"), to: number(numbers::NOT_ALLOWED), from: None };
    assert_eq!(network.dial(at(0), ALEX, request).expect_err("it is forbidden").kind(), ErrorKind::NotAllowed);
}

#[test]
fn an_agent_has_so_many_calls() {
    let mut network = network(1);
    for key in 0..6 {
        dial(&mut network, 0, &key.to_string(), numbers::ANSWERS);
    }
    let request = DialRequest { key: DialKey::new("more"), to: number(numbers::ANSWERS), from: None };
    assert_eq!(network.dial(at(0), ALEX, request).expect_err("enough").kind(), ErrorKind::TooManyCalls);
}

#[test]
fn test_numbers_are_numbers() {
    for (digits, label) in numbers::LABELLED {
        assert!(PhoneNumber::from_e164(digits).is_ok(), "{label}");
    }
}
