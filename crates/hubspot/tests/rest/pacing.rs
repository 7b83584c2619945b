//! Requests go no faster than HubSpot allows.

use crate::world::{World, api};
use cordboard_hubspot::{Allowance, Limit, Search};
use cordboard_hubspot_emulator::CloudConfig;
use futures_util::future::{join, join_all};
use std::time::Duration;

#[test]
fn a_crowd_is_let_in_without_one_refusal() {
    let world = World::new();
    let client = world.private();
    let create = api().calls().list(Default::default(), 10, None);
    let (results, took) = world.run(join_all((0..500).map(|_| client.send(&create))));
    assert!(results.iter().all(Result::is_ok));
    assert!(world.requests("/calls").iter().all(|status| *status == Some(200)));
    // 90 at first; then HubSpot says that it allows 110, of which 99 are used.
    assert!(took > Duration::from_secs(40) && took < Duration::from_secs(51), "{took:?}");
    assert_eq!(client.allowance(Limit::General), Allowance { requests: 110, per: Duration::from_secs(10) });
}

#[test]
fn a_smaller_plan_is_found_out() {
    let world = World::with(CloudConfig { burst: 30, ..CloudConfig::for_tests() });
    let client = world.private();
    let list = api().calls().list(Default::default(), 10, None);
    let (results, _) = world.run(async {
        client.send(&list).await.unwrap();
        join_all((0..200).map(|_| client.send(&list))).await
    });
    assert!(results.iter().all(Result::is_ok));
    assert!(world.requests("/calls").iter().all(|status| *status == Some(200)));
}

/// Certification asks for less than 5 % errors.
#[test]
fn two_processes_share_an_account() {
    let world = World::new();
    let (one, other) = (world.private(), world.private());
    let list = api().calls().list(Default::default(), 10, None);
    // One after the other in each, as a queue sends them.
    let many = async |client: &cordboard_hubspot::Client| {
        for _ in 0..600 {
            client.send(&list).await.unwrap();
        }
    };
    world.run(join(many(&one), many(&other)));
    let statuses = world.requests("/calls");
    let refused = statuses.iter().filter(|status| **status == Some(429)).count();
    assert!(refused * 20 < statuses.len(), "{refused} of {}", statuses.len());
}

#[test]
fn searches_have_a_limit_of_their_own() {
    let world = World::new();
    let client = world.private();
    let search = api().calls().search(&Search::by("hs_call_external_id", "x", &[]));
    let (results, took) = world.run(join_all((0..20).map(|_| client.send(&search))));
    assert!(results.iter().all(Result::is_ok));
    assert!(world.requests("/search").iter().all(|status| *status == Some(200)));
    assert!(took >= Duration::from_secs(3) && took < Duration::from_secs(6), "{took:?}");
    assert_eq!(client.allowance(Limit::Search), Allowance::SEARCH);
}
