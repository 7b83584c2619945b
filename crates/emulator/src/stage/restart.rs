//! The server dies, and the next one goes on: from the journal, with the same events, and without dialling anybody twice.

#![expect(missing_docs, reason = "tests say by their names what they test")]
#![expect(clippy::unwrap_used, reason = "a test says by panicking that it failed")]
#![expect(clippy::missing_panics_doc, reason = "a test says by panicking that it failed")]

use super::{ALEX, BLAKE, Crash, LegState, Listener, Stage, World, number};
use crate::server::control::Hands as _;
use crate::{Disturbance, Hears, numbers};
use cordboard::platform::{Clock as _, Lock};
use cordboard::telephony::{
    AgentId, Backend as _, CallEvent, CallEventKind, CallId, Capability, Event, Events, Transfer,
};
use cordboard_bridge::{Switchboard, identity};
use futures_util::future::{Either, join, select};
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

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
async fn work<S: Stage>(world: &Arc<World<S>>, backend: &Switchboard<S::Carrier>) {
    let mut alex = Listener::new(world, backend, ALEX);
    let mut blake = Listener::new(world, backend, BLAKE);
    let call = alex.talk("1").await;
    alex.line.hold(&call).await.unwrap();
    let consultation = alex.talk("2").await;
    alex.line.transfer(&call, Transfer::Attended { consultation }).await.unwrap();

    let call = alex.talk("3").await;
    alex.line.mute(&call).await.unwrap();
    if alex.line.capabilities().has(Capability::Recording) {
        alex.line.start_recording(&call).await.unwrap();
    }
    alex.line.transfer(&call, Transfer::Blind { to: number(numbers::BUSY) }).await.unwrap();
    alex.until(&call, CallEventKind::TransferFailed).await;
    alex.line.hang_up(&call).await.unwrap();

    world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
    let call = alex.until_ringing().await;
    alex.line.reject(&call).await.unwrap();
    blake.until_ringing().await;
    blake.line.answer(&call).await.unwrap();
    blake.until(&call, CallEventKind::Connected).await;
    blake.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS) }).await.unwrap();
    blake.until_end(&call).await;
    let busy = alex.dial("4", numbers::BUSY).await.unwrap();
    alex.until_end(&busy).await;

    // Nobody takes a call, and it goes on elsewhere.
    world.at_provider(|cloud, now| cloud.incoming(now, numbers::NO_ANSWER, numbers::ALEX)).unwrap();
    let call = alex.until_ringing().await;
    alex.line.reject(&call).await.unwrap();
    // An agent whose page is lost for good leaves nobody behind.
    let call = alex.talk("5").await;
    let inside = world.legs(&call);
    world.at_provider(|cloud, now| S::take_over(cloud, now, &identity(&AgentId::new(ALEX))));
    world.at_provider(|cloud, now| cloud.client_vanishes(now, &inside["agent-1"].id)).unwrap();
    alex.until_end(&call).await;
    alex.wait(30).await;
}

/// Runs something beside the provider, a server and its store of events, until it is done or the server dies.
async fn beside<S: Stage>(
    world: &World<S>,
    backend: &Switchboard<S::Carrier>,
    store: &Store,
    work: impl Future<Output = ()>,
) -> bool {
    let events = |agent| backend.line(&AgentId::new(agent)).events();
    let followers = join(store.follow(ALEX, events(ALEX)), store.follow(BLAKE, events(BLAKE)));
    let server = async {
        join(world.serve(backend), followers).await;
    };
    let crashed = world.journal.crashed.notified();
    match select(pin!(work), select(pin!(server), pin!(crashed))).await {
        Either::Left(_) => true,
        Either::Right(_) => false,
    }
}

/// Works until the server dies, if it does; starts another one, and ends what goes on.
fn die_and_go_on<S: Stage>(crash: Option<Crash>, disturbance: Disturbance) -> bool {
    let world = World::<S>::with_backlog(4096);
    world.cloud.lock().disturb(disturbance);
    let store = Store::default();
    let clock = world.clock.clone();
    let finished = clock.block_on(std::future::pending(), async {
        world.journal.crash_at(crash);
        let backend = world.start();
        let finished = beside(&world, &backend, &store, work(&world, &backend)).await;
        drop(backend);
        world.journal.crash_at(None);
        while world.journal.crashed.notified().now_or_never().is_some() {}

        // The provider waits for nobody.
        world.clock.sleep(Duration::from_secs(5)).await;
        let backend = world.start();
        let resumed = async {
            for entry in world.journal.unfinished() {
                backend.apply(&entry).await.expect("nothing fails");
            }
            for _ in 0..3 {
                world.clock.sleep(Duration::from_secs(20)).await;
                let calls: std::collections::BTreeSet<CallId> =
                    world.journal.unfinished().into_iter().map(|entry| entry.call).collect();
                for call in calls {
                    world.reconcile(&backend, &call).await;
                }
            }
            for agent in [ALEX, BLAKE] {
                let line = backend.line(&AgentId::new(agent));
                for call in line.active_calls().await.unwrap() {
                    line.hang_up(&call.id).await.unwrap();
                }
            }
            world.clock.sleep(Duration::from_secs(20)).await;
        };
        assert!(beside(&world, &backend, &store, resumed).await);
        finished
    });
    store.check();
    assert!(world.journal.unfinished().is_empty(), "{crash:?}: {:?}", world.journal.unfinished());
    let legs = world.all_legs();
    // Nobody is left behind: who is still there was handed on, and talks with somebody.
    for leg in legs.iter().filter(|leg| leg.state != LegState::Over) {
        let hears = world.hears(&leg.id);
        assert!(matches!(hears, Hears::Legs(_)), "{crash:?}: {} to {} hears {hears:?}", leg.from, leg.to);
    }
    // Five wishes to dial were made, and one transfer to a number that answers: none was carried out twice.
    let dialled = |to: &str| legs.iter().filter(|leg| leg.to == to && leg.is_made).count();
    assert!(dialled(numbers::ANSWERS) <= 5, "{crash:?}: {}", dialled(numbers::ANSWERS));
    assert!(dialled(numbers::BUSY) <= 2, "{crash:?}: {}", dialled(numbers::BUSY));
    if finished {
        assert_eq!((dialled(numbers::ANSWERS), dialled(numbers::BUSY)), (5, 2));
    }
    finished
}

pub fn the_server_may_die_at_any_write<S: Stage>() {
    for durable in [true, false] {
        let mut writes = 0;
        while !die_and_go_on::<S>(Some(Crash { writes, durable }), Disturbance::default()) {
            writes += 1;
        }
        assert!(writes > 60, "there are more writes than {writes} to die at");
    }
}

pub fn the_server_may_die_while_webhooks_come_late_and_twice<S: Stage>() {
    let disturbance = Disturbance { delay: Duration::from_millis(900), repeats: 30 };
    for durable in [true, false] {
        let mut writes = 0;
        while !die_and_go_on::<S>(Some(Crash { writes, durable }), disturbance) {
            writes += 7;
        }
    }
}

/// Everything that was told live is told again, the same, and nothing is asked of the provider.
pub fn the_journal_tells_what_was_told<S: Stage>() {
    let world = World::<S>::with_backlog(4096);
    let (live, again) = (Store::default(), Store::default());
    let clock = world.clock.clone();
    clock.block_on(std::future::pending(), async {
        let backend = world.start();
        assert!(beside(&world, &backend, &live, work(&world, &backend)).await);
        let asked = world.requests.lock().len();
        let backend = world.start();
        let replay = async {
            for entry in world.journal.entries() {
                backend.apply(&entry).await.expect("nothing fails");
            }
            world.clock.sleep(Duration::from_secs(60)).await;
        };
        assert!(beside(&world, &backend, &again, replay).await);
        assert_eq!(world.requests.lock().len(), asked);
    });
    live.check();
    assert_eq!(*live.0.lock(), *again.0.lock());
}

/// Makes a `#[test]` of each of these for a [`Stage`](crate::stage::Stage).
#[macro_export]
macro_rules! restart_tests {
    ($stage:ty) => {
        $crate::restart_tests! { $stage =>
            the_server_may_die_at_any_write
            the_server_may_die_while_webhooks_come_late_and_twice
            the_journal_tells_what_was_told
        }
    };
    ($stage:ty => $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $crate::stage::restart::$name::<$stage>();
            }
        )+
    };
}
