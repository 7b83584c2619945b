//! Who is in a conference, who hears whom, and what is told of it.

use crate::world::World;
use cordboard_twilio_emulator::{Hands as _, Hears, numbers};
use std::collections::BTreeSet;

/// An agent and a customer who talk, and the conference.
fn talk(world: &mut World) -> (String, String, String) {
    let agent = world.add("room", "client:alex", &[("Label", "agent")]);
    let customer = world.add("room", numbers::ANSWERS, &[("Label", "customer"), ("EndConferenceOnExit", "true")]);
    let conference = world.conference("room");
    world.run(1_000);
    (agent, customer, conference)
}

fn hears(world: &World, leg: &str, others: &[&str]) {
    let others: BTreeSet<String> = others.iter().map(|other| (*other).to_owned()).collect();
    let heard = world.cloud.hears(leg);
    assert!(heard == Hears::Legs(others.clone()) || others.is_empty() && heard == Hears::Silence, "{heard:?}");
}

#[test]
fn legs_hear_each_other_unless_held_or_muted() {
    let mut world = World::new();
    let agent = world.add("room", "client:alex", &[]);
    world.run(1_000);
    assert_eq!(world.cloud.hears(&agent), Hears::Music, "who is alone hears music");
    let mut world = World::new();
    let (agent, customer, conference) = talk(&mut world);
    hears(&world, &agent, &[&customer]);
    hears(&world, &customer, &[&agent]);
    let change = |world: &mut World, leg: &str, fields: &[(&str, &str)]| {
        let (code, body) = world.post(&format!("/Conferences/{conference}/Participants/{leg}.json"), fields);
        assert_eq!(code, 200, "{body}");
        body
    };
    assert_eq!(change(&mut world, &agent, &[("Muted", "true")])["muted"], true);
    hears(&world, &customer, &[]);
    hears(&world, &agent, &[&customer]);
    change(&mut world, &agent, &[("Muted", "false")]);
    let hook = "https://calls.example.com/hold";
    assert_eq!(change(&mut world, "customer", &[("Hold", "true"), ("HoldUrl", hook)])["hold"], true);
    assert_eq!(world.cloud.hears(&customer), Hears::Music);
    hears(&world, &agent, &[]);
    change(&mut world, "customer", &[("Hold", "false")]);
    hears(&world, &customer, &[&agent]);
    world.run(100);
    assert!(world.webhooks.iter().any(|hook| hook.path == "/hold"), "the music is fetched");
}

#[test]
fn a_conference_tells_what_happens() {
    let mut world = World::new();
    let (agent, customer, conference) = talk(&mut world);
    world.post(&format!("/Conferences/{conference}/Participants/{customer}.json"), &[("Hold", "true")]);
    world.run(100);
    world.cloud.far_end_hangs_up(world.now, &customer).unwrap();
    world.run(100);
    let told = world.told("/conference", "StatusCallbackEvent");
    let expected = [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-hold",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ];
    assert_eq!(told, expected);
    assert_eq!(world.told("/conference", "SequenceNumber"), ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(world.told("/conference", "ParticipantLabel")[..2], ["agent", "customer"]);
    let last = world.webhooks.last().unwrap();
    assert_eq!(last.get("ReasonConferenceEnded"), "participant-with-end-conference-on-exit-left");
    assert_eq!(last.get("CallSidEndingConference"), customer);
    assert_eq!(last.get("FriendlyName"), "room");
    assert_eq!(world.status(&agent), "completed", "it had nothing else to do");
    let (_, body) = world.get(&format!("/Conferences/{conference}.json"));
    assert_eq!(body["reason_conference_ended"], "participant-with-end-conference-on-exit-left");
    assert_eq!(body["call_sid_ending_conference"], customer);
    assert_eq!(
        world.get(&format!("/Conferences/{conference}/Participants.json")).1["participants"],
        serde_json::json!([])
    );
    // The name is free again.
    world.add("room", numbers::ANSWERS, &[]);
    assert_ne!(world.conference("room"), conference);
}

#[test]
fn a_warm_transfer_leaves_the_customer_with_the_second_agent() {
    let mut world = World::new();
    let (first, customer, conference) = talk(&mut world);
    let participants = format!("/Conferences/{conference}/Participants");
    world.post(&format!("{participants}/{customer}.json"), &[("Hold", "true")]);
    let second = world.add(&conference, "client:blake", &[]);
    world.run(1_000);
    hears(&world, &first, &[&second]);
    hears(&world, &second, &[&first]);
    world.post(&format!("{participants}/{customer}.json"), &[("Hold", "false")]);
    assert_eq!(world.delete(&format!("{participants}/{first}.json")), 204);
    assert_eq!(world.status(&first), "completed");
    hears(&world, &customer, &[&second]);
    assert_eq!(world.get(&format!("{participants}/{first}.json")).0, 404);
}

#[test]
fn a_conference_is_ended_for_all() {
    let mut world = World::new();
    let (agent, customer, conference) = talk(&mut world);
    let (code, body) = world.post(&format!("/Conferences/{conference}.json"), &[("Status", "completed")]);
    assert_eq!((code, body["reason_conference_ended"].as_str()), (200, Some("conference-ended-via-api")));
    assert!([&agent, &customer].iter().all(|leg| world.status(leg) == "completed"));
    let (code, body) = world.post(
        &format!("/Conferences/{conference}/Participants.json"),
        &[("To", numbers::ANSWERS), ("From", numbers::SALES)],
    );
    assert_eq!((code, body["code"].as_u64()), (400, Some(16022)));
}

#[test]
fn labels_are_used_once_and_rooms_are_full() {
    let mut world = World::new();
    let (_, _, conference) = talk(&mut world);
    let mut refused = |more: (&str, &str)| {
        let fields = [("To", numbers::ANSWERS), ("From", numbers::SALES), more];
        world.post(&format!("/Conferences/{conference}/Participants.json"), &fields).1["code"].as_u64()
    };
    assert_eq!(refused(("Label", "agent")), Some(16025));
    assert_eq!(refused(("Label", "a/b")), Some(16025));
    assert_eq!(refused(("MaxParticipants", "2")), Some(16020));
}

#[test]
fn digits_reach_the_others_and_come_back_from_who_echoes() {
    let mut world = World::new();
    let agent = world.add("room", "client:alex", &[]);
    let customer = world.add("room", numbers::ECHOES_DIGITS, &[]);
    world.run(1_000);
    world.cloud.far_end_presses(world.now, &agent, "12#").unwrap();
    let heard = |leg: &str| world.cloud.leg(leg).unwrap().digits_heard;
    assert_eq!((heard(&customer), heard(&agent)), ("12#".to_owned(), "12#".to_owned()));
}

/// A participant who never answers is out again, and the conference with them.
#[test]
fn who_does_not_come_in_leaves() {
    let mut world = World::new();
    let customer = world.add("room", numbers::BUSY, &[]);
    let conference = world.conference("room");
    world.run(1_000);
    assert_eq!(world.status(&customer), "busy");
    assert_eq!(world.get(&format!("/Conferences/{conference}.json")).1["status"], "completed");
    assert_eq!(world.told("/conference", "ReasonParticipantLeft")[0], "participant_add_failed");
}
