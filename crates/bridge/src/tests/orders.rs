//! Whatever the order in which a call's webhooks arrive, and however often: one final state.

use crate::bridge::{Action, Bridge, Change, Fact, Goes, Leg, LegEnd, LegStatus, Limits, Output};
use cordboard::Timestamp;
use cordboard::telephony::{
    AgentId, Call, CallEvent, CallEventKind, CallId, CallState, EndReason, FailureReason, PhoneNumber,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const ALEX: &str = "alex";
const BLAKE: &str = "blake";

fn number() -> PhoneNumber {
    PhoneNumber::from_e164("+16175550142").unwrap()
}

fn agent(id: &str) -> AgentId {
    AgentId::new(id)
}

fn leg(leg: Leg, status: LegStatus) -> Fact {
    Fact::Leg { leg, id: Some(format!("CA-{leg}")), status }
}

fn made(leg: Leg) -> Fact {
    Fact::Made { leg, id: format!("CA-{leg}"), room: Some("CF1".to_owned()) }
}

fn ended(end: LegEnd, seconds: u64) -> LegStatus {
    LegStatus::Ended { end, seconds: Some(seconds) }
}

fn joined(leg: Leg) -> Fact {
    Fact::Joined { leg: Some(leg), id: format!("CA-{leg}"), room: "CF1".to_owned() }
}

fn left(leg: Leg) -> Fact {
    Fact::Left { id: format!("CA-{leg}"), room: "CF1".to_owned() }
}

fn dial() -> Vec<Fact> {
    vec![
        Fact::Dial { agent: agent(ALEX), key: "k".to_owned(), to: number(), from: number() },
        made(Leg::Agent(1)),
        Fact::Asked { action: "add/customer".to_owned() },
        made(Leg::Customer),
    ]
}

fn ring() -> Vec<Fact> {
    let otherwise = Goes::Goodbye { words: "Bye".to_owned() };
    vec![
        Fact::Arrived { id: "CA-customer".to_owned(), from: Some(number()), to: number() },
        Fact::Rang { agents: vec![agent(ALEX), agent(BLAKE)], until: 60_000, otherwise },
    ]
}

fn progress(of: Leg, last: LegStatus) -> Vec<Fact> {
    [LegStatus::Dialing, LegStatus::Ringing, LegStatus::Up, last].map(|status| leg(of, status)).into()
}

fn unanswered(of: Leg, end: LegEnd) -> Vec<Fact> {
    [LegStatus::Dialing, LegStatus::Ringing, ended(end, 0)].map(|status| leg(of, status)).into()
}

/// A machine, and what each agent was told; fails if it is not what the contract allows.
struct Desk {
    bridge: Bridge,
    call: CallId,
    now: u64,
    told: BTreeMap<AgentId, Call>,
    events: Vec<(AgentId, CallEvent)>,
    actions: Vec<Action>,
}

impl Desk {
    fn new() -> Self {
        let limits = Limits { rejoin_within: Duration::from_secs(30), remembered: 10 };
        let (told, events, actions) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { bridge: Bridge::new(limits), call: CallId::new("c1"), now: 0, told, events, actions }
    }

    fn take(&mut self, fact: &Fact) {
        self.now += 10;
        for output in self.bridge.handle(&self.call, Timestamp::from_millis(self.now), fact) {
            match output {
                Output::Event(agent, event) => {
                    match (&event.kind, self.told.get_mut(&agent)) {
                        (CallEventKind::Started(call), None) => drop(self.told.insert(agent.clone(), (**call).clone())),
                        (_, Some(call)) => {
                            assert_eq!(event.sequence, call.sequence + 1);
                            assert_eq!(call.apply(&event), Ok(true), "{:?} in {:?}", event.kind, call.state);
                        }
                        _ => panic!("{:?} came before Started", event.kind),
                    }
                    self.events.push((agent, event));
                }
                Output::Act(_, action) => self.actions.push(action),
                Output::Record(..) | Output::Bring { .. } | Output::LookUp(_) => {}
            }
        }
    }

    fn reason(&self, agent: &str) -> Option<EndReason> {
        match self.told.get(&AgentId::new(agent))?.state {
            CallState::Ended(reason) => Some(reason),
            _ => None,
        }
    }
}

/// What happened, in the order in which we did our part, and what the provider tells of it, in any order.
struct History {
    name: &'static str,
    ours: Vec<Fact>,
    told: Vec<Fact>,
    ends: Vec<(&'static str, EndReason)>,
}

fn histories() -> Vec<History> {
    let agent_talked = || progress(Leg::Agent(1), ended(LegEnd::HungUp, 14));
    let outbound = |name, told: Vec<Fact>, reason| History {
        name,
        ours: dial(),
        told: agent_talked().into_iter().chain(told).collect(),
        ends: vec![(ALEX, reason)],
    };
    let answered = progress(Leg::Customer, ended(LegEnd::HungUp, 12));
    let answer =
        || [ring(), vec![Fact::Answer { agent: agent(ALEX), leg: Leg::Agent(2) }, made(Leg::Agent(2))]].concat();
    let gone = || vec![joined(Leg::Customer), left(Leg::Customer), leg(Leg::Customer, ended(LegEnd::HungUp, 0))];
    let talking = || [dial(), vec![leg(Leg::Agent(1), LegStatus::Up), leg(Leg::Customer, LegStatus::Up)]].concat();
    let transfer = || {
        [talking(), vec![Fact::Transfer { order: 2, leg: Leg::Target(2), to: number() }, made(Leg::Target(2))]].concat()
    };
    let hang_up = |established| {
        vec![Fact::HangUp { agent: agent(ALEX), order: 2, established }, Fact::Done { order: 2, recording: None }]
    };
    let mut histories = vec![
        outbound("answered", answered.clone(), EndReason::RemoteHungUp),
        outbound("busy", unanswered(Leg::Customer, LegEnd::Busy), EndReason::Busy),
        outbound("no answer", unanswered(Leg::Customer, LegEnd::NoAnswer), EndReason::NoAnswer),
        outbound("declined", unanswered(Leg::Customer, LegEnd::Rejected), EndReason::Rejected),
        outbound(
            "invalid",
            unanswered(Leg::Customer, LegEnd::Invalid),
            EndReason::Failed(FailureReason::InvalidNumber),
        ),
        outbound(
            "lost while talking",
            progress(Leg::Customer, ended(LegEnd::Unreachable, 9)),
            EndReason::Failed(FailureReason::ConnectionLost),
        ),
        History {
            name: "hung up by the agent",
            ours: [talking(), hang_up(true)].concat(),
            told: [agent_talked(), answered.clone()].concat(),
            ends: vec![(ALEX, EndReason::HungUp)],
        },
        History {
            name: "given up",
            ours: [dial(), hang_up(false)].concat(),
            told: [agent_talked(), unanswered(Leg::Customer, LegEnd::Canceled)].concat(),
            ends: vec![(ALEX, EndReason::Canceled)],
        },
        History {
            name: "missed",
            ours: ring(),
            told: gone(),
            ends: vec![(ALEX, EndReason::Missed), (BLAKE, EndReason::Missed)],
        },
        History {
            name: "answered by one of two",
            ours: answer(),
            told: [progress(Leg::Agent(2), ended(LegEnd::HungUp, 8)), gone()].concat(),
            ends: vec![(ALEX, EndReason::RemoteHungUp), (BLAKE, EndReason::AnsweredElsewhere)],
        },
        History {
            name: "gave up while it was being answered",
            ours: answer(),
            told: [unanswered(Leg::Agent(2), LegEnd::Canceled), gone()].concat(),
            // Who had answered is told that it failed if that is known first.
            ends: vec![(BLAKE, EndReason::Missed)],
        },
        History {
            name: "transferred",
            ours: transfer(),
            told: [
                progress(Leg::Target(2), ended(LegEnd::HungUp, 20)),
                vec![leg(Leg::Customer, ended(LegEnd::HungUp, 40)), leg(Leg::Agent(1), ended(LegEnd::HungUp, 14))],
            ]
            .concat(),
            ends: vec![(ALEX, EndReason::Transferred)],
        },
        History {
            name: "not transferred",
            ours: transfer(),
            told: [
                unanswered(Leg::Target(2), LegEnd::Busy),
                vec![leg(Leg::Customer, ended(LegEnd::HungUp, 40)), leg(Leg::Agent(1), ended(LegEnd::HungUp, 44))],
            ]
            .concat(),
            ends: vec![(ALEX, EndReason::RemoteHungUp)],
        },
    ];
    // What the conference tells besides changes nothing.
    if let Some(first) = histories.first_mut() {
        first.told.push(left(Leg::Customer));
    }
    histories
}

fn assert_ends(history: &History, order: &[&Fact]) {
    let mut desk = Desk::new();
    for fact in history.ours.iter().chain(order.iter().copied()) {
        desk.take(fact);
    }
    for (agent, reason) in &history.ends {
        assert_eq!(desk.reason(agent), Some(*reason), "{}: {agent} after {order:?}", history.name);
    }
    let ends = desk.events.iter().filter(|(_, event)| matches!(event.kind, CallEventKind::Ended(_))).count();
    assert_eq!(ends, desk.told.len(), "{}: each is told once", history.name);
}

/// Calls `visit` with every order of the items, by Heap's algorithm.
fn each_order<'f>(items: &mut Vec<&'f Fact>, size: usize, visit: &mut impl FnMut(&[&'f Fact])) {
    if size <= 1 {
        return visit(items);
    }
    for place in 0..size {
        each_order(items, size - 1, visit);
        items.swap(if size.is_multiple_of(2) { place } else { 0 }, size - 1);
    }
}

#[test]
fn every_order_of_a_calls_webhooks() {
    for history in histories() {
        // 9 facts have 362880 orders; what is left of the longest is drawn below.
        let mut told: Vec<&Fact> = history.told.iter().filter(|fact| !is_progress(fact)).collect();
        let count = told.len();
        assert!(count <= 7, "{}: {count}", history.name);
        each_order(&mut told, count, &mut |order| assert_ends(&history, order));
    }
}

fn is_progress(fact: &Fact) -> bool {
    matches!(fact, Fact::Leg { status: LegStatus::Dialing | LegStatus::Ringing, .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_with_repetitions(
        which in 0..histories().len(),
        shuffle in proptest::collection::vec(any::<prop::sample::Index>(), 30),
        repeats in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let history = histories().remove(which);
        let mut order: Vec<&Fact> = history.told.iter().collect();
        for (place, index) in shuffle.iter().enumerate().take(order.len()) {
            let other = index.index(order.len());
            order.swap(place, other);
        }
        for repeat in &repeats {
            let again = order[repeat.index(order.len())];
            order.insert(repeat.index(order.len()), again);
        }
        assert_ends(&history, &order);
    }

    /// Whatever facts a journal holds, in whatever order: no panic, and only events that the contract allows.
    #[test]
    fn no_fact_breaks_a_call(
        histories_of in (0..histories().len(), 0..histories().len()),
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let facts: Vec<Fact> = {
            let mut all = histories();
            let (one, other) = (all.remove(histories_of.0), histories().remove(histories_of.1));
            [one.ours, one.told, other.ours, other.told].concat()
        };
        let mut desk = Desk::new();
        for pick in picks {
            desk.take(&facts[pick.index(facts.len())]);
        }
    }
}

#[test]
fn the_customer_is_dialled_when_the_agent_is_there_and_once() {
    let mut desk = Desk::new();
    desk.take(&dial()[0]);
    desk.take(&made(Leg::Agent(1)));
    let adds = |desk: &Desk| desk.actions.iter().filter(|action| action.name() == "add/customer").count();
    assert_eq!(adds(&desk), 0);
    for _ in 0..3 {
        desk.take(&leg(Leg::Agent(1), LegStatus::Up));
        assert_eq!(adds(&desk), 1);
    }
}

#[test]
fn a_customer_is_not_dialled_for_an_agent_who_is_not_there() {
    let mut desk = Desk::new();
    desk.take(&dial()[0]);
    desk.take(&made(Leg::Agent(1)));
    desk.take(&leg(Leg::Agent(1), ended(LegEnd::NoAnswer, 0)));
    assert_eq!(desk.reason(ALEX), Some(EndReason::Failed(FailureReason::Provider)));
    assert!(!desk.actions.iter().any(|action| action.name() == "add/customer"));
}

#[test]
fn a_refused_dial_was_never_a_call() {
    let mut desk = Desk::new();
    desk.take(&dial()[0]);
    desk.take(&Fact::Refused { leg: Leg::Agent(1), end: LegEnd::Failed });
    assert!(desk.events.is_empty());
    assert_eq!(desk.bridge.was_refused(&desk.call), Some(true));
}

#[test]
fn the_agent_comes_back_as_they_were() {
    let mut desk = Desk::new();
    for fact in dial() {
        desk.take(&fact);
    }
    for fact in [
        leg(Leg::Agent(1), LegStatus::Up),
        leg(Leg::Customer, LegStatus::Up),
        Fact::Change { order: 2, change: Change::Mute },
        Fact::Done { order: 2, recording: None },
        leg(Leg::Agent(1), ended(LegEnd::HungUp, 3)),
    ] {
        desk.take(&fact);
    }
    let due = desk.bridge.poll_timeout().expect("the agent is called again");
    let outputs = desk.bridge.handle_timeout(due);
    let [Output::Record(_, _, rejoin @ Fact::Rejoin { .. })] = outputs.as_slice() else { panic!("{outputs:?}") };
    desk.take(rejoin);
    let again = desk.actions.iter().find(|action| action.name() == "add/agent-3");
    assert!(matches!(again, Some(Action::AddAgent { muted: true, .. })));
    // It fails, as the page is still loading, and is tried again.
    desk.take(&leg(Leg::Agent(3), ended(LegEnd::NoAnswer, 0)));
    let due = desk.bridge.poll_timeout().expect("and again");
    let outputs = desk.bridge.handle_timeout(due);
    let [Output::Record(_, _, rejoin)] = outputs.as_slice() else { panic!("{outputs:?}") };
    desk.take(rejoin);
    desk.take(&made(Leg::Agent(4)));
    desk.take(&leg(Leg::Agent(4), LegStatus::Up));
    assert_eq!(desk.bridge.poll_timeout(), None);
    assert_eq!(desk.reason(ALEX), None);
}

#[test]
fn a_customer_does_not_wait_for_ever() {
    let mut desk = Desk::new();
    for fact in dial() {
        desk.take(&fact);
    }
    desk.take(&leg(Leg::Agent(1), LegStatus::Up));
    desk.take(&leg(Leg::Customer, LegStatus::Up));
    desk.take(&leg(Leg::Agent(1), ended(LegEnd::HungUp, 3)));
    let late = Timestamp::from_millis(desk.now) + Duration::from_secs(31);
    let outputs = desk.bridge.handle_timeout(late);
    let [Output::Record(_, _, fact)] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(fact, &Fact::GaveUp);
    desk.take(fact);
    assert_eq!(desk.reason(ALEX), Some(EndReason::Failed(FailureReason::ConnectionLost)));
    assert!(desk.actions.iter().any(|action| action.name() == "close"));
}

#[test]
fn a_leg_that_was_made_too_late_is_ended() {
    let mut desk = Desk::new();
    desk.take(&dial()[0]);
    desk.take(&Fact::Unsure { leg: Leg::Agent(1) });
    desk.take(&Fact::HangUp { agent: agent(ALEX), order: 2, established: false });
    desk.take(&Fact::Done { order: 2, recording: None });
    assert_eq!(desk.reason(ALEX), Some(EndReason::Canceled));
    desk.take(&made(Leg::Agent(1)));
    assert!(desk.actions.iter().any(|action| action.name() == "end/agent-1"));
}

fn settled(desk: &mut Desk, name: &str) {
    let action = desk.actions.iter().find(|action| action.name() == name).expect("it was given out").clone();
    let (_, _, fact) = action.settled(&desk.call);
    desk.take(&fact);
}

#[test]
fn what_is_settled_stays_settled() {
    let mut desk = Desk::new();
    for fact in ring() {
        desk.take(&fact);
    }
    desk.take(&Fact::Answer { agent: agent(ALEX), leg: Leg::Agent(2) });
    desk.take(&made(Leg::Agent(2)));
    desk.take(&Fact::Reject { agent: agent(ALEX) });
    settled(&mut desk, "end/agent-2");
    desk.take(&Fact::Answer { agent: agent(BLAKE), leg: Leg::Agent(3) });
    desk.take(&made(Leg::Agent(3)));
    desk.take(&leg(Leg::Agent(3), LegStatus::Up));
    desk.take(&Fact::HangUp { agent: agent(BLAKE), order: 4, established: true });
    desk.take(&Fact::NotDone { order: 4 });
    assert_eq!(desk.bridge.wanted(&desk.call).unwrap().unsettled, []);
    assert_eq!(desk.bridge.poll_timeout(), None, "nothing is in doubt");
}

#[test]
fn a_leg_that_was_given_up_and_comes_after_all_is_ended() {
    let mut desk = Desk::new();
    desk.take(&dial()[0]);
    desk.take(&made(Leg::Agent(1)));
    desk.take(&leg(Leg::Agent(1), LegStatus::Up));
    desk.take(&Fact::Leg { leg: Leg::Customer, id: None, status: ended(LegEnd::Failed, 0) });
    assert_eq!(desk.reason(ALEX), Some(EndReason::Failed(FailureReason::Provider)));
    assert!(!desk.actions.iter().any(|action| action.name() == "end/customer"));
    desk.take(&made(Leg::Customer));
    assert!(desk.actions.iter().any(|action| action.name() == "end/customer"));
}

#[test]
fn a_call_whose_end_is_not_known_is_not_closed() {
    let mut desk = Desk::new();
    for fact in dial() {
        desk.take(&fact);
    }
    desk.take(&leg(Leg::Agent(1), LegStatus::Up));
    desk.take(&Fact::HangUp { agent: agent(ALEX), order: 2, established: false });
    desk.take(&leg(Leg::Customer, ended(LegEnd::Canceled, 0)));
    assert_eq!(desk.reason(ALEX), Some(EndReason::Canceled));
    let due = desk.bridge.poll_timeout().expect("it is looked up");
    assert!(matches!(desk.bridge.handle_timeout(due)[..], [Output::LookUp(_)]));
    assert_eq!(desk.bridge.wanted(&desk.call).unwrap().hang_up, Some(2));
    desk.take(&Fact::Done { order: 2, recording: None });
    let due = desk.bridge.poll_timeout().expect("it is closed");
    assert!(matches!(&desk.bridge.handle_timeout(due)[..], [Output::Record(_, _, Fact::Over)]));
}

#[test]
fn facts_survive_the_journal_and_name_nobody() {
    for history in histories() {
        for fact in history.ours.iter().chain(&history.told) {
            assert_eq!(Fact::from_body(&fact.to_body()).as_ref(), Some(fact));
            let shown = format!("{fact:?}");
            assert!(!shown.contains("617") && !shown.contains(ALEX), "{shown}");
        }
    }
    for body in ["", "{}", "null", "{\"fact\":\"unheard_of\"}", "{\"fact\":\"leg\",\"leg\":\"nobody\"}"] {
        assert_eq!(Fact::from_body(body), None);
    }
}
