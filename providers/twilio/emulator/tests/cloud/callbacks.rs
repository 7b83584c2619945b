//! How requests to the account's server go: late, twice, again after failures.

use crate::world::World;
use cordboard_twilio_emulator::{Disturbance, Hands as _, numbers, signature};
use core::time::Duration;
use std::collections::BTreeSet;

/// The example of Twilio's documentation, and what its libraries compute for distinct values.
#[test]
fn signatures_are_twilios() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let parameters = [
        pair("CallSid", "CA1234567890ABCDE"),
        pair("Caller", "+14158675309"),
        pair("Digits", "1234"),
        pair("From", "+14158675309"),
        pair("To", "+18005551212"),
    ];
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    assert_eq!(signature("12345", url, &parameters), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    let doubled: Vec<_> = parameters.iter().chain(&parameters).rev().cloned().collect();
    assert_eq!(signature("12345", url, &doubled), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

#[test]
fn callbacks_come_late_in_any_order_and_twice() {
    let mut world = World::new();
    world.cloud.disturb(Disturbance { delay: Duration::from_secs(5), repeats: 50 });
    for _ in 0..10 {
        world.call(numbers::ANSWERS, "<Response><Pause length=\"1\"/></Response>");
    }
    world.run(20_000);
    let told: Vec<(&str, &str, &str)> =
        world.webhooks.iter().map(|hook| (hook.get("CallSid"), hook.get("SequenceNumber"), &*hook.token)).collect();
    let distinct: BTreeSet<_> = told.iter().copied().collect();
    assert_eq!(distinct.len(), 40, "none is lost, and a repetition carries the same token");
    assert!(told.len() > 45, "{}", told.len());
    let out_of_order = told.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 > pair[1].1);
    assert!(out_of_order);
}

#[test]
fn a_callback_that_is_not_delivered_is_tried_once_more() {
    let mut world = World::new();
    world.reachable = false;
    world.call(numbers::ANSWERS, "<Response><Hangup/></Response>");
    world.run(500);
    world.reachable = true;
    world.run(3_000);
    let told: BTreeSet<&str> = world.told("/status", "SequenceNumber").into_iter().collect();
    assert_eq!(told, BTreeSet::from(["0", "1", "2", "3"]));
    // For good, it is a warning.
    world.reachable = false;
    world.call(numbers::ANSWERS, "<Response><Hangup/></Response>");
    world.run(10_000);
    assert_eq!(world.cloud.warnings().iter().filter(|warning| warning.starts_with("11200")).count(), 4);
}
