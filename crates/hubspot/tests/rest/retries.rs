//! What is sent again, and what is not.

use crate::catalogue::call_properties;
use crate::world::{World, api};
use ::http::Method;
use cordboard_hubspot::{Call, Error, ErrorKind, Id, NewCall, Request, Retries};
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use std::sync::Arc;
use std::time::Duration;

fn create() -> Request<Call> {
    api().calls().create(&NewCall { properties: call_properties(), associations: vec![] })
}

fn after(world: &World, answer: FaultAnswer) {
    world.cloud.lock().inject(Fault::after(answer));
}

fn refuse(world: &World, answer: FaultAnswer) {
    world.cloud.lock().inject(Fault::refuse(answer));
}

fn send<T>(world: &Arc<World>, request: &Request<T>) -> (Result<T, Error>, Duration) {
    let client = world.private();
    world.run(client.send(request))
}

#[test]
fn a_call_is_never_made_twice() {
    for answer in [FaultAnswer::Nothing, FaultAnswer::Status(500), FaultAnswer::Page(504), FaultAnswer::Page(200)] {
        let world = World::new();
        after(&world, answer);
        let (result, _) = send(&world, &create());
        assert_eq!(result.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(world.cloud.lock().kept_calls().len(), 1);
        assert_eq!(world.requests("/calls").len(), 1);
    }
}

#[test]
fn what_was_not_carried_out_is_sent_again() {
    let world = World::new();
    *world.unreachable.lock() = 2;
    refuse(&world, FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(2)));
    let (result, took) = send(&world, &create());
    assert!(result.is_ok());
    assert_eq!(world.cloud.lock().kept_calls().len(), 1);
    assert!(took >= Duration::from_secs(2), "{took:?}");
}

#[test]
fn what_may_be_done_twice_is_sent_again() {
    for answer in [FaultAnswer::Nothing, FaultAnswer::Status(502), FaultAnswer::Page(503), FaultAnswer::Status(423)] {
        let world = World::new();
        let id = send(&world, &create()).0.unwrap().id;
        after(&world, answer);
        let (result, _) = send(&world, &api().calls().update(&id, &call_properties()));
        assert!(result.is_ok());
        assert_eq!(world.requests(&format!("/calls/{id}")).len(), 2);
    }
}

#[test]
fn what_was_removed_is_gone() {
    let world = World::new();
    let api = api();
    let settings = api.settings::<cordboard_hubspot::CallingSettings>(crate::world::APP);
    let client = world.developer();
    world.run(client.send(&settings.create(&crate::catalogue::calling_settings()))).0.unwrap();
    // It was removed, and the answer was lost: the second is told that there is nothing.
    after(&world, FaultAnswer::Nothing);
    assert_eq!(world.run(client.send(&settings.delete())).0.map_err(|error| error.kind()), Ok(()));
    assert_eq!(world.requests("/settings"), [Some(200), None, Some(404)]);
    // Nothing was lost here: there was nothing to remove.
    let error = world.run(client.send(&settings.delete())).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn it_ends() {
    let world = World::new();
    for _ in 0..10 {
        refuse(&world, FaultAnswer::Page(503));
    }
    let (result, took) = send(&world, &api().dispositions());
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable { retry_after: None });
    assert_eq!(world.requests("/dispositions").len(), 4);
    // Half a second, one, two; each from half to the whole.
    assert!(took >= Duration::from_millis(1_750) && took <= Duration::from_millis(3_600), "{took:?}");
}

#[test]
fn nobody_waits_for_hours() {
    let world = World::new();
    refuse(&world, FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(3_600)));
    let (result, took) = send(&world, &api().dispositions());
    let hour = Duration::from_hours(1);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::RateLimited { retry_after: Some(hour) });
    assert!(took < Duration::from_secs(1), "{took:?}");
    refuse(&world, FaultAnswer::TooMany("DAILY".to_owned(), None));
    assert_eq!(send(&world, &api().dispositions()).0.unwrap_err().kind(), ErrorKind::DailyLimit);
    assert_eq!(world.requests("/dispositions").len(), 2);
}

#[test]
fn a_refusal_for_pace_holds_everybody() {
    let world = World::new();
    let client = world.private();
    refuse(&world, FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(5)));
    world.run(async {
        let first = api().dispositions();
        let other = async {
            use cordboard::platform::Clock as _;
            world.clock.sleep(Duration::from_secs(1)).await;
            client.send(&api().dispositions()).await
        };
        let (first, other) = futures_util::future::join(client.send(&first), other).await;
        assert!(first.is_ok() && other.is_ok());
    });
    let sent = world.sent.lock().clone();
    assert!(sent[1].since(sent[0]) >= Duration::from_secs(5), "{sent:?}");
}

#[test]
fn waits_are_spread_and_can_be_replayed() {
    let waits = |seed| {
        let world = World::new();
        for _ in 0..3 {
            refuse(&world, FaultAnswer::Page(503));
        }
        let client = world.seeded(cordboard_hubspot::Access::Bearer("not-a-secret-private-token".into()), seed);
        world.run(client.send(&api().dispositions())).1
    };
    assert_eq!(waits(1), waits(1));
    let all: std::collections::BTreeSet<Duration> = (0..20).map(waits).collect();
    assert!(all.len() > 15, "{all:?}");
}

#[test]
fn whoever_wants_no_repetition_has_none() {
    let world = World::new();
    world.cloud.lock().inject(Fault::refuse(FaultAnswer::Page(503)).on(&Method::GET, "/calls/1"));
    let client = world.private().with_retries(Retries::NONE);
    let get = api().calls().get(&Id::from(1), Default::default());
    assert_eq!(world.run(client.send(&get)).0.unwrap_err().status().unwrap(), 503);
    assert_eq!(world.requests("/calls/1").len(), 1);
}
