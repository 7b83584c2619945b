//! Recordings of calls and conferences.

use crate::world::{BASE, World, text};
use cordboard_twilio_emulator::numbers;
use http::Method;

const QUIET: &str = "<Response><Pause length=\"600\"/></Response>";

#[test]
fn a_recording_is_paused_and_stopped_and_its_file_fetched() {
    let mut world = World::new();
    let call = world.call(numbers::ANSWERS, QUIET);
    let recordings = format!("/Calls/{call}/Recordings");
    assert_eq!(world.post(&format!("{recordings}.json"), &[]).1["code"], 21220, "it still rings");
    world.run(1_000);
    let status = format!("{BASE}/recording");
    let fields = [
        ("RecordingStatusCallback", &*status),
        ("RecordingStatusCallbackEvent", "in-progress completed"),
        ("RecordingChannels", "dual"),
    ];
    let (code, body) = world.post(&format!("{recordings}.json"), &fields);
    assert_eq!((code, body["status"].as_str(), body["channels"].as_u64()), (201, Some("in-progress"), Some(2)));
    let sid = text(&body, "sid");
    let change = |world: &mut World, status: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("Status", status)];
        fields.extend(more);
        world.post(&format!("{recordings}/Twilio.CURRENT.json"), &fields)
    };
    world.run(4_000);
    assert_eq!(change(&mut world, "paused", &[("PauseBehavior", "skip")]).1["status"], "paused");
    world.run(10_000);
    assert_eq!(change(&mut world, "in-progress", &[]).1["sid"], sid);
    world.run(2_000);
    assert_eq!(change(&mut world, "stopped", &[]).1["status"], "stopped");
    assert_eq!(change(&mut world, "paused", &[]).0, 404, "none is current");
    assert_eq!(world.post(&format!("{recordings}/{sid}.json"), &[("Status", "paused")]).1["code"], 21220);
    assert_eq!(world.request(Method::GET, &format!("/Recordings/{sid}.wav"), &[]).status(), 404, "not ready");
    world.run(2_000);
    assert_eq!(world.told("/recording", "RecordingStatus"), ["in-progress", "completed"]);
    let last = world.webhooks.last().unwrap();
    assert_eq!((last.get("RecordingDuration"), last.get("RecordingSid")), ("6", &*sid), "the pause was skipped");
    assert!(last.get("RecordingUrl").ends_with(&format!("/Recordings/{sid}")));
    let file = world.request(Method::GET, &format!("/Recordings/{sid}.wav"), &[]);
    assert_eq!(&file.body()[..4], b"RIFF");
    assert_eq!(file.body().len(), 44 + 2 * 6 * 8_000);
    assert_eq!(
        world.request(Method::GET, &format!("/Recordings/{sid}.mp3"), &[]).headers()["content-type"],
        "audio/mpeg"
    );
    assert_eq!(world.delete(&format!("/Recordings/{sid}.json")), 204);
    assert_eq!(world.get(&format!("{recordings}/{sid}.json")).0, 404);
}

#[test]
fn a_recording_ends_with_its_call() {
    let mut world = World::new();
    let call = world.call(numbers::HANGS_UP, QUIET);
    world.run(1_000);
    let (_, body) = world.post(&format!("/Calls/{call}/Recordings.json"), &[]);
    let sid = text(&body, "sid");
    world.run(10_000);
    assert_eq!(world.get(&format!("/Recordings/{sid}.json")).1["status"], "completed");
}

#[test]
fn a_conference_is_recorded_from_its_start() {
    let mut world = World::new();
    let status = format!("{BASE}/recording");
    let record = [("ConferenceRecord", "record-from-start"), ("ConferenceRecordingStatusCallback", &*status)];
    world.add("room", "client:alex", &record);
    world.run(5_000);
    let conference = world.conference("room");
    let list = format!("/Conferences/{conference}/Recordings.json");
    assert_eq!(world.get(&list).1["recordings"].as_array().unwrap().len(), 0, "it has not started");
    world.add("room", numbers::ANSWERS, &[]);
    world.run(5_000);
    let (_, body) = world.get(&list);
    assert_eq!(body["recordings"][0]["conference_sid"], conference);
    world.post(&format!("/Conferences/{conference}.json"), &[("Status", "completed")]);
    world.run(2_000);
    assert_eq!(world.told("/recording", "RecordingStatus"), ["completed"]);
}
