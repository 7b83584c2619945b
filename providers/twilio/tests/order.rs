//! Whatever order a call's webhooks come in, and however often: one and the same end, and nobody is dialled.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::async_trait;
use cordboard::platform::Clock as _;
use cordboard::telephony::{
    AgentId, Backend as _, CallEvent, CallEventKind, CallId, CallState, EndReason, Entry, Event, Journal as _, Webhook,
    WebhookRequest,
};
use cordboard_emulator::stage::{ALEX, BLAKE, MemoryJournal};
use cordboard_mock::VirtualClock;
use cordboard_twilio::{Chunks, Transport, TransportError, Twilio, TwilioConfig};
use cordboard_twilio_emulator::{Hands as _, numbers};
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Method, Request, Response};
use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Listener, World};

/// A call that was made once, and what Twilio told of it.
struct Recorded {
    config: TwilioConfig,
    /// What the server knew by itself: orders and their outcomes.
    own: Vec<Entry>,
    webhooks: Vec<Request<Vec<u8>>>,
}

/// Twilio can't be reached any more. Counts what would have called somebody.
#[derive(Default)]
struct Nobody {
    dials: AtomicUsize,
}

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let is_dial = request.method() == Method::POST && request.uri().path().ends_with("/Participants.json");
        self.dials.fetch_add(is_dial.into(), Ordering::Relaxed);
        Err(TransportError::NoAnswer)
    }

    async fn open(&self, request: Request<Vec<u8>>) -> Result<Response<Chunks>, TransportError> {
        self.send(request).await.map(|_| unreachable!("nobody answers"))
    }
}

fn decode(twilio: &Twilio, clock: &VirtualClock, request: &Request<Vec<u8>>) -> Vec<Entry> {
    let url = request.uri().to_string();
    let headers: Vec<(&str, &str)> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let method = request.method().as_str();
    let request = WebhookRequest { method, url: &url, headers: &headers, body: request.body() };
    match twilio.decode(clock.now(), &request).unwrap() {
        Webhook::Report { entries, .. } => entries,
        Webhook::Inbound { entry, .. } => vec![entry],
    }
}

/// Runs the call, and takes apart what came of it.
fn record(call: impl AsyncFnOnce(&Arc<World>, &Twilio)) -> Recorded {
    let world = World::new();
    let twilio = world.start();
    world.clock.block_on(world.serve(&twilio), async {
        call(&world, &twilio).await;
        world.clock.sleep(Duration::from_secs(60)).await;
    });
    let webhooks = world.delivered.lock().clone();
    let told: BTreeSet<String> =
        webhooks.iter().flat_map(|request| decode(&twilio, &world.clock, request)).map(|entry| entry.key).collect();
    // That it is over follows from the rest, and comes last.
    let is_own = |entry: &Entry| !told.contains(&entry.key) && !entry.is_last;
    let own = world.journal.entries().into_iter().filter(is_own).collect();
    Recorded { config: world.config(), own, webhooks }
}

/// How a call ended for each agent who was told of it.
type Ends = BTreeMap<&'static str, Vec<EndReason>>;

impl Recorded {
    /// The webhooks of a kind: the end of their path and a field.
    fn take(&mut self, path: &str, field: &str) -> Request<Vec<u8>> {
        let is_it = |request: &Request<Vec<u8>>| {
            request.uri().path().ends_with(path) && form_urlencoded_contains(request.body(), field)
        };
        let place = self.webhooks.iter().position(is_it).unwrap_or_else(|| panic!("{path} tells {field}"));
        self.webhooks.remove(place)
    }

    /// What agents are told when the rest of the webhooks came before, and these come in that order, twice.
    fn play(&self, order: &[&Request<Vec<u8>>]) -> Ends {
        let (clock, transport) = (VirtualClock::default(), Arc::<Nobody>::default());
        let journal = Arc::new(MemoryJournal::default());
        let twilio = Twilio::new(
            self.config.clone(),
            Arc::clone(&transport) as _,
            Arc::clone(&journal) as _,
            Arc::new(clock.clone()),
        );
        let twilio = twilio.unwrap();
        let lines = [ALEX, BLAKE].map(|agent| (agent, twilio.line(&AgentId::new(agent))));
        let mut listeners = lines.each_ref().map(|(agent, line)| (*agent, line.events()));
        clock.block_on(pending(), async {
            let take_in = async |entries: Vec<Entry>| {
                for entry in journal.record(entries).await.unwrap() {
                    // What it would have Twilio do fails, as it must.
                    let _ = twilio.apply(&entry).await;
                }
            };
            // A call that comes in is known before anything is done about it.
            let (first, rest): (Vec<_>, Vec<_>) =
                self.webhooks.iter().partition(|request| request.uri().path().ends_with("/inbound"));
            for request in first {
                take_in(decode(&twilio, &clock, request)).await;
            }
            take_in(self.own.clone()).await;
            for request in rest.into_iter().chain(order.iter().copied()).chain(order.iter().rev().copied()) {
                take_in(decode(&twilio, &clock, request)).await;
            }
            for (_, line) in &lines {
                assert_eq!(line.active_calls().await.unwrap(), [], "the call is over");
            }
        });
        assert_eq!(transport.dials.load(Ordering::Relaxed), 0, "nobody is called by what is told");
        let mut ends = Ends::new();
        for (agent, events) in &mut listeners {
            let mut told: BTreeMap<CallId, Vec<CallEvent>> = BTreeMap::new();
            while let Some(Some(Event::Call(event))) = events.next().now_or_never() {
                told.entry(event.call.clone()).or_default().push(event);
            }
            for events in told.values() {
                ends.entry(*agent).or_default().push(end(events));
            }
        }
        ends
    }
}

fn form_urlencoded_contains(body: &[u8], field: &str) -> bool {
    body.split(|byte| *byte == b'&').any(|pair| pair == field.as_bytes())
}

/// One call's events as the contract has them; how it ended.
fn end(events: &[CallEvent]) -> EndReason {
    assert!(events.iter().map(|event| event.sequence).eq(1..=events.len() as u64), "{events:?}");
    let CallEventKind::Started(call) = &events[0].kind else { panic!("{events:?}") };
    assert_ne!(call.state, CallState::Ended(EndReason::HungUp));
    let ends: Vec<EndReason> = events
        .iter()
        .filter_map(|event| match event.kind {
            CallEventKind::Ended(reason) => Some(reason),
            _ => None,
        })
        .collect();
    let [reason] = ends.as_slice() else { panic!("it ends once: {events:?}") };
    assert!(matches!(events[events.len() - 1].kind, CallEventKind::Ended(_)), "nothing follows: {events:?}");
    *reason
}

/// Calls `visit` with every order of the items, by Heap's algorithm.
fn each_order<T>(items: &mut [T], size: usize, visit: &mut impl FnMut(&[T])) {
    if size <= 1 {
        return visit(items);
    }
    for place in 0..size {
        each_order(items, size - 1, visit);
        items.swap(if size.is_multiple_of(2) { place } else { 0 }, size - 1);
    }
}

fn every_order(recorded: &Recorded, shuffled: &[Request<Vec<u8>>], expected: &Ends) {
    let mut order: Vec<&Request<Vec<u8>>> = shuffled.iter().collect();
    let (count, mut orders) = (order.len(), 0);
    each_order(&mut order, count, &mut |order| {
        orders += 1;
        let paths = || order.iter().map(|request| request.uri().path()).collect::<Vec<_>>();
        assert_eq!(recorded.play(order), *expected, "{:?}", paths());
    });
    assert_eq!(orders, (1..=count).product::<usize>());
}

#[test]
fn of_a_call_that_was_answered() {
    let mut recorded = record(async |world, twilio| {
        let mut alex = Listener::new(world, twilio, ALEX);
        let call = alex.talk("1").await;
        let customer = world.legs(&call)["customer"].id.clone();
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, &customer)).unwrap();
        alex.until_end(&call).await;
    });
    let shuffled = [
        recorded.take("/customer", "CallStatus=ringing"),
        recorded.take("/customer", "CallStatus=in-progress"),
        recorded.take("/customer", "CallStatus=completed"),
        recorded.take("/agent-1", "CallStatus=completed"),
        recorded.take("", "StatusCallbackEvent=participant-leave"),
        recorded.take("", "StatusCallbackEvent=conference-end"),
    ];
    every_order(&recorded, &shuffled, &Ends::from([(ALEX, vec![EndReason::RemoteHungUp])]));
}

#[test]
fn of_a_call_that_was_not_answered() {
    let mut recorded = record(async |world, twilio| {
        let mut alex = Listener::new(world, twilio, ALEX);
        let call = alex.dial("1", numbers::REJECTS).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Rejected);
    });
    let shuffled = [
        recorded.take("/customer", "CallStatus=initiated"),
        recorded.take("/customer", "CallStatus=ringing"),
        recorded.take("/customer", "CallStatus=busy"),
        recorded.take("/agent-1", "CallStatus=completed"),
        recorded.take("", "StatusCallbackEvent=participant-leave"),
    ];
    every_order(&recorded, &shuffled, &Ends::from([(ALEX, vec![EndReason::Rejected])]));
}

#[test]
fn of_a_call_that_came_in() {
    let mut recorded = record(async |world, twilio| {
        let mut alex = Listener::new(world, twilio, ALEX);
        let mut blake = Listener::new(world, twilio, BLAKE);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
        let call = alex.until_ringing().await;
        blake.until_ringing().await;
        alex.line.answer(&call).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, call.as_str())).unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::RemoteHungUp);
    });
    let shuffled = [
        recorded.take("/agent-2", "CallStatus=initiated"),
        recorded.take("/agent-2", "CallStatus=ringing"),
        recorded.take("/agent-2", "CallStatus=in-progress"),
        recorded.take("", "StatusCallbackEvent=participant-join"),
        recorded.take("", "StatusCallbackEvent=participant-leave"),
        recorded.take("/status", "CallStatus=completed"),
    ];
    let ends = Ends::from([(ALEX, vec![EndReason::RemoteHungUp]), (BLAKE, vec![EndReason::AnsweredElsewhere])]);
    every_order(&recorded, &shuffled, &ends);
}
