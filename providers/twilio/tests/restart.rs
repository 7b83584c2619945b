//! The server dies, and the next one goes on: from the journal, with the same events, and without dialling anybody twice.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::platform::{Clock as _, Lock};
use cordboard::telephony::{AgentId, Backend as _, CallEvent, CallEventKind, CallId, Event, Events, Transfer};
use cordboard_twilio::Twilio;
use cordboard_twilio_emulator::{Disturbance, numbers};
use futures_util::future::{Either, join, select};
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use support::{ALEX, BLAKE, Crash, Listener, World, number};

/// What the gateway stores of events: by agent, call and sequence. The same must be told again.
#[derive(Default)]
struct Store(Lock<BTreeMap<(&'static str, CallId, u64), CallEvent>>);

impl Store {
    async fn follow(&self, agent: &'static str, mut events: Events) {
        while let Some(event) = events.next().await {
            let Event::Call(event) = event else { panic!("{event:?}") };
            let key = (agent, event.call.clone(), event.sequence);
            let told = self.0.lock().entry(key).or_insert_with(|| event.clone()).clone();
            assert_eq!(told, event, "what was told once is told again, and nothing else");
        }
    }

    /// Each call's events are numbered from one without gaps, begin with `Started`, and end with `Ended`.
    fn check(&self) {
        let events = self.0.lock();
        let mut calls: BTreeMap<(&str, &CallId), Vec<&CallEvent>> = BTreeMap::new();
        for ((agent, call, _), event) in events.iter() {
            calls.entry((agent, call)).or_default().push(event);
        }
        for events in calls.values() {
            assert!(events.iter().map(|event| event.sequence).eq(1..=events.len() as u64), "{events:?}");
            assert!(matches!(events[0].kind, CallEventKind::Started(_)));
            assert!(matches!(events[events.len() - 1].kind, CallEventKind::Ended(_)), "{events:?}");
        }
    }
}

/// An agent's work for a few minutes.
async fn work(world: &Arc<World>, twilio: &Twilio) {
    let mut alex = Listener::new(world, twilio, ALEX);
    let mut blake = Listener::new(world, twilio, BLAKE);
    let call = alex.talk("1").await;
    alex.line.hold(&call).await.unwrap();
    let consultation = alex.talk("2").await;
    alex.line.transfer(&call, Transfer::Attended { consultation }).await.unwrap();

    let call = alex.talk("3").await;
    alex.line.mute(&call).await.unwrap();
    alex.line.start_recording(&call).await.unwrap();
    alex.line.transfer(&call, Transfer::Blind { to: number(numbers::BUSY) }).await.unwrap();
    alex.until(&call, CallEventKind::TransferFailed).await;
    alex.line.hang_up(&call).await.unwrap();

    world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
    let call = alex.until_ringing().await;
    alex.line.reject(&call).await.unwrap();
    blake.until_ringing().await;
    blake.line.answer(&call).await.unwrap();
    blake.until(&call, CallEventKind::Connected).await;
    blake.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS) }).await.unwrap();
    blake.until_end(&call).await;
    let busy = alex.dial("4", numbers::BUSY).await.unwrap();
    alex.until_end(&busy).await;
    alex.wait(30).await;
}

/// Runs something beside Twilio, a server and its store of events, until it is done or the server dies.
async fn beside<F: Future<Output = ()>>(world: &World, twilio: &Twilio, store: &Store, work: F) -> bool {
    let events = |agent| twilio.line(&AgentId::new(agent)).events();
    let followers = join(store.follow(ALEX, events(ALEX)), store.follow(BLAKE, events(BLAKE)));
    let server = async {
        join(world.serve(twilio), followers).await;
    };
    let crashed = world.journal.crashed.notified();
    match select(pin!(work), select(pin!(server), pin!(crashed))).await {
        Either::Left(_) => true,
        Either::Right(_) => false,
    }
}

/// Works until the server dies, if it does; starts another one, and ends what goes on.
fn die_and_go_on(crash: Option<Crash>, disturbance: Disturbance) -> bool {
    let world = World::with_backlog(4096);
    world.cloud.lock().disturb(disturbance);
    let store = Store::default();
    let clock = world.clock.clone();
    let finished = clock.block_on(std::future::pending(), async {
        world.journal.crash_at(crash);
        let twilio = world.start();
        let finished = beside(&world, &twilio, &store, work(&world, &twilio)).await;
        drop(twilio);
        world.journal.crash_at(None);
        while world.journal.crashed.notified().now_or_never().is_some() {}

        // Twilio waits for nobody.
        world.clock.sleep(Duration::from_secs(5)).await;
        let twilio = world.start();
        let resumed = async {
            for entry in world.journal.unfinished() {
                twilio.apply(&entry).await.expect("nothing fails");
            }
            for _ in 0..3 {
                world.clock.sleep(Duration::from_secs(20)).await;
                let calls: std::collections::BTreeSet<CallId> =
                    world.journal.unfinished().into_iter().map(|entry| entry.call).collect();
                for call in calls {
                    world.reconcile(&twilio, &call).await;
                }
            }
            for agent in [ALEX, BLAKE] {
                let line = twilio.line(&AgentId::new(agent));
                for call in line.active_calls().await.unwrap() {
                    line.hang_up(&call.id).await.unwrap();
                }
            }
            world.clock.sleep(Duration::from_secs(20)).await;
        };
        assert!(beside(&world, &twilio, &store, resumed).await);
        finished
    });
    store.check();
    assert!(world.journal.unfinished().is_empty(), "{crash:?}: {:?}", world.journal.unfinished());
    // Four wishes to dial were made, and one transfer to a number that answers: none was carried out twice.
    let cloud = world.cloud.lock();
    let dialled = |to: &str| cloud.legs().iter().filter(|leg| leg.to == to && leg.direction == "outbound-api").count();
    assert!(dialled(numbers::ANSWERS) <= 4, "{crash:?}: {}", dialled(numbers::ANSWERS));
    assert!(dialled(numbers::BUSY) <= 2, "{crash:?}: {}", dialled(numbers::BUSY));
    if finished {
        assert_eq!((dialled(numbers::ANSWERS), dialled(numbers::BUSY)), (4, 2));
    }
    finished
}

#[test]
fn the_server_may_die_at_any_write() {
    for durable in [true, false] {
        let mut writes = 0;
        while !die_and_go_on(Some(Crash { writes, durable }), Disturbance::default()) {
            writes += 1;
        }
        assert!(writes > 60, "there are more writes than {writes} to die at");
    }
}

#[test]
fn the_server_may_die_while_webhooks_come_late_and_twice() {
    let disturbance = Disturbance { delay: Duration::from_millis(900), repeats: 30 };
    for durable in [true, false] {
        let mut writes = 0;
        while !die_and_go_on(Some(Crash { writes, durable }), disturbance) {
            writes += 7;
        }
    }
}

/// Everything that was told live is told again, the same, and nothing is asked of Twilio.
#[test]
fn the_journal_tells_what_was_told() {
    let world = World::with_backlog(4096);
    let (live, again) = (Store::default(), Store::default());
    let clock = world.clock.clone();
    clock.block_on(std::future::pending(), async {
        let twilio = world.start();
        assert!(beside(&world, &twilio, &live, work(&world, &twilio)).await);
        let asked = world.requests.lock().len();
        let twilio = world.start();
        let replay = async {
            for entry in world.journal.entries() {
                twilio.apply(&entry).await.expect("nothing fails");
            }
            world.clock.sleep(Duration::from_secs(60)).await;
        };
        assert!(beside(&world, &twilio, &again, replay).await);
        assert_eq!(world.requests.lock().len(), asked);
    });
    live.check();
    assert_eq!(*live.0.lock(), *again.0.lock());
}
