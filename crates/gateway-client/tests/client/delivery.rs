//! Whatever is lost or comes twice: each call's events come out in order and once each, and if one is missing, that is told.

use crate::support::{Rig, Wanted, event, tokens, welcome};
use cordboard::telephony::Event;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What happens between the line and its gateway.
#[derive(Clone, Debug)]
enum Step {
    /// The next event of one of the calls.
    Happen(u8),
    /// The socket delivers so many of the messages that are on their way.
    Deliver(u8),
    /// The socket is lost, with what is on its way.
    Cut,
    /// The last messages come again.
    Repeat(u8),
    /// A message is dropped, though no socket does that.
    Drop,
    /// The gateway restarts and has forgotten its numbering.
    Restart,
    /// Time passes.
    Pass(u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u8..4).prop_map(Step::Happen),
        4 => (1_u8..6).prop_map(Step::Deliver),
        2 => Just(Step::Cut),
        2 => (1_u8..8).prop_map(Step::Repeat),
        1 => Just(Step::Drop),
        1 => Just(Step::Restart),
        2 => (0_u16..40_000).prop_map(Step::Pass),
    ]
}

/// A gateway that keeps its events.
#[derive(Default)]
struct Gateway {
    stream: u32,
    log: Vec<Json>,
    calls: BTreeMap<u8, u64>,
    /// What is on its way on the socket, if there is one.
    socket: Option<Vec<Json>>,
    sent: Vec<Json>,
}

impl Gateway {
    fn happen(&mut self, call: u8) {
        let n = self.calls.entry(call).and_modify(|n| *n += 1).or_insert(1);
        let event = event(self.log.len() as u64 + 1, &format!("c{call}"), *n);
        self.log.push(event.clone());
        if let Some(socket) = &mut self.socket {
            socket.push(event);
        }
    }

    fn restart(&mut self) {
        self.stream += 1;
        self.log.clear();
        self.socket = None;
    }

    fn greet(&mut self, hello: &Json) -> Json {
        let stream = format!("s{}", self.stream);
        let resumed = hello["resume"]["stream"] == stream.as_str();
        let after = hello["resume"]["after"].as_u64().filter(|_| resumed).unwrap_or(self.log.len() as u64);
        let missed = self.log.iter().skip(usize::try_from(after).expect("a short log")).cloned();
        self.socket = Some(missed.collect());
        welcome(&stream, after, resumed)
    }
}

/// Both ends and what was heard.
struct Scene {
    rig: Rig,
    gateway: Gateway,
    heard: Vec<Event>,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut rig = Rig::seeded(seed);
        rig.client.sign_in(rig.now, crate::support::password(), None);
        let post = rig.expect_post("/api/session");
        rig.respond(post, 200, &tokens(1));
        let mut scene = Self { rig, gateway: Gateway::default(), heard: Vec::new() };
        scene.work();
        scene
    }

    fn play(&mut self, step: &Step) {
        match step {
            Step::Happen(call) => self.gateway.happen(*call),
            Step::Deliver(count) => {
                for _ in 0..*count {
                    let next = self.gateway.socket.as_mut().filter(|socket| !socket.is_empty());
                    let Some(message) = next.map(|socket| socket.remove(0)) else { break };
                    self.gateway.sent.push(message.clone());
                    self.rig.hear(&message);
                }
            }
            Step::Cut => self.cut(),
            Step::Repeat(count) => {
                let from = self.gateway.sent.len().saturating_sub(usize::from(*count));
                for message in self.gateway.sent.split_off(from) {
                    self.rig.hear(&message);
                    self.gateway.sent.push(message);
                }
            }
            Step::Drop => {
                if let Some(socket) = self.gateway.socket.as_mut().filter(|socket| !socket.is_empty()) {
                    socket.remove(0);
                }
            }
            Step::Restart => {
                self.gateway.restart();
                self.gateway.sent.clear();
                self.cut();
            }
            Step::Pass(millis) => self.rig.pass(Duration::from_millis((*millis).into())),
        }
        self.work();
    }

    fn cut(&mut self) {
        if self.gateway.socket.take().is_some() {
            self.rig.close();
        }
    }

    /// Does what the machine wants, until it wants nothing.
    fn work(&mut self) {
        loop {
            let wanted = self.rig.take();
            if wanted.is_empty() {
                return;
            }
            for wanted in wanted {
                match wanted {
                    Wanted::Connect => {
                        self.rig.client.handle_opened(self.rig.now);
                    }
                    Wanted::Disconnect => self.gateway.socket = None,
                    Wanted::Send(message) if message["type"] == "hello" => {
                        let welcome = self.gateway.greet(&message);
                        self.rig.hear(&welcome);
                    }
                    Wanted::Send(message) if message["type"] == "ping" => {
                        if let Some(socket) = &mut self.gateway.socket {
                            socket.push(json!({ "type": "pong" }));
                        }
                    }
                    Wanted::Post(id, ..) => self.rig.respond(id, 200, &tokens(1)),
                    Wanted::Event(event) => self.heard.push(event),
                    Wanted::Get(..) | Wanted::Show(..) => panic!("nothing else is asked for"),
                    Wanted::Send(_) | Wanted::Reply(..) | Wanted::Remember(_) => {}
                }
            }
        }
    }
}

/// Fails unless each call's events are in order and once each, and gaps are told.
fn check(heard: &[Event], may_begin_late: bool) -> Result<(), TestCaseError> {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut lagged_since: BTreeMap<&str, bool> = BTreeMap::new();
    let mut lagged = false;
    for event in heard {
        match event {
            Event::Lagged { missed } => {
                prop_assert!(*missed > 0);
                lagged = true;
                lagged_since.values_mut().for_each(|told| *told = true);
            }
            Event::Call(event) => {
                let before = last.insert(event.call.as_str(), event.sequence).unwrap_or(0);
                prop_assert!(event.sequence > before, "{} after {before}", event.sequence);
                let told = lagged_since.insert(event.call.as_str(), false).unwrap_or(lagged);
                prop_assert!(event.sequence == before + 1 || told || may_begin_late, "a gap that nobody was told of");
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Sockets that are cut, and messages that come twice: nothing is missing in the end.
    #[test]
    fn everything_comes_once(seed: u64, steps in prop::collection::vec(any_step(), 0..120)) {
        let mut scene = Scene::new(seed);
        for step in steps.iter().filter(|step| !matches!(step, Step::Drop | Step::Restart)) {
            scene.play(step);
        }
        for _ in 0..200 {
            scene.play(&Step::Pass(1_000));
            scene.play(&Step::Deliver(100));
        }
        check(&scene.heard, false)?;
        let has_lagged = scene.heard.iter().any(|event| matches!(event, Event::Lagged { .. }));
        prop_assert!(!has_lagged, "nothing was missed");
        let mut told: BTreeMap<String, u64> = BTreeMap::new();
        for event in &scene.heard {
            if let Event::Call(event) = event {
                told.insert(event.call.as_str().to_owned(), event.sequence);
            }
        }
        let happened = scene.gateway.calls.iter().map(|(call, n)| (format!("c{call}"), *n)).collect();
        prop_assert_eq!(told, happened);
        let mut is_lost = false;
        for event in &scene.heard {
            if let Event::Connection(connection) = event {
                let now = *connection == cordboard::telephony::Connection::Lost;
                prop_assert!(now != is_lost, "lost and restored take turns");
                is_lost = now;
            }
        }
        prop_assert!(!is_lost, "restored in the end");
    }

    /// And messages that are dropped, and gateways that forget: what is missing is told.
    #[test]
    fn what_is_missing_is_told(seed: u64, steps in prop::collection::vec(any_step(), 0..120)) {
        let mut scene = Scene::new(seed);
        for step in &steps {
            scene.play(step);
        }
        check(&scene.heard, false)?;
    }
}
