//! An app's settings are what they should be, whatever they were.

use crate::catalogue::{calling_settings, credentials};
use crate::world::{APP, World, api};
use ::http::Method;
use cordboard_hubspot::{
    Access, Api, ApiVersion, AppId, CallingSettings, ChannelConnection, ErrorKind, Put, RecordingSettings, Setting,
};
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use serde_json::{Map, json};

#[test]
fn put_creates_changes_and_leaves_alone() {
    for version in ApiVersion::ALL {
        let world = World::new();
        let client = world.developer();
        let api = Api::new(version);
        let settings = api.settings::<CallingSettings>(APP);
        let mut wanted = calling_settings();
        world.run(async {
            assert!(matches!(client.put(&settings, &wanted).await, Ok(Put::Created(_))));
            assert!(matches!(client.put(&settings, &wanted).await, Ok(Put::Unchanged(_))));
            wanted.is_ready = true;
            let Ok(Put::Changed(change, stored)) = client.put(&settings, &wanted).await else { panic!("{version}") };
            let fields: Vec<_> = change.fields().map(|(name, difference)| (name, &difference.wanted)).collect();
            assert_eq!(fields, [("isReady", &json!(true))]);
            assert_eq!(stored.setting, wanted);
            client.send(&settings.delete()).await.unwrap();
            assert_eq!(client.send(&settings.get()).await.unwrap_err().kind(), ErrorKind::NotFound);
        });
    }
}

#[test]
fn fields_that_hubspot_added_stay() {
    let world = World::new();
    let mut fields: Map<_, _> = serde_json::from_value(serde_json::to_value(calling_settings()).unwrap()).unwrap();
    let later = json!({ "addedLater": { "mode": "ADDED_LATER" }, "createdAt": "2026-11-27T01:15:01Z", "updatedAt": "2026-11-27T01:15:01Z" });
    fields.extend(later.as_object().unwrap().clone());
    world.cloud.lock().keep_setting("settings", fields);
    let client = world.developer();
    let api = api();
    let settings = api.settings::<CallingSettings>(APP);
    world.run(async {
        let mut read = client.send(&settings.get()).await.unwrap().setting;
        assert_eq!(read.other["addedLater"], later["addedLater"]);
        read.width = 500;
        client.put(&settings, &read).await.unwrap();
    });
    let kept = world.cloud.lock().kept_setting("settings").unwrap();
    assert_eq!((&kept["width"], &kept["addedLater"]), (&json!(500), &later["addedLater"]));
}

#[test]
fn put_goes_on_where_an_answer_was_lost() {
    let world = World::new();
    world.cloud.lock().inject(Fault::after(FaultAnswer::Nothing).on(&Method::POST, "/settings"));
    let client = world.developer();
    let api = api();
    let put = world.run(client.put(&api.settings::<CallingSettings>(APP), &calling_settings())).0;
    assert!(matches!(put, Ok(Put::Unchanged(_))), "{put:?}");
    // Nothing, made, made again, read.
    assert_eq!(world.requests("/settings"), [Some(404), None, Some(409), Some(200)]);
}

async fn cycle<S: Setting + PartialEq + std::fmt::Debug>(world: &std::sync::Arc<World>, wanted: S, other: S) {
    let client = world.developer();
    let api = api();
    let setting = api.settings::<S>(APP);
    assert_eq!(wanted.problems(), []);
    assert!(matches!(client.put(&setting, &wanted).await, Ok(Put::Created(stored)) if stored.setting == wanted));
    assert!(matches!(client.put(&setting, &other).await, Ok(Put::Changed(_, stored)) if stored.setting == other));
}

#[test]
fn channel_and_recordings_are_set() {
    let world = World::new();
    let channel =
        ChannelConnection { url: "https://calls.example.com/numbers".to_owned(), is_ready: true, other: Map::new() };
    let recording = RecordingSettings {
        url_to_retrieve_authed_recording: "https://calls.example.com/recordings/%s".to_owned(),
        other: Map::new(),
    };
    world.run(async {
        cycle(&world, channel.clone(), ChannelConnection { is_ready: false, ..channel.clone() }).await;
        let elsewhere = "https://other.example.com/%s".to_owned();
        cycle(
            &world,
            recording.clone(),
            RecordingSettings { url_to_retrieve_authed_recording: elsewhere, ..recording.clone() },
        )
        .await;
        let api = api();
        world.developer().send(&api.settings::<ChannelConnection>(APP).delete()).await.unwrap();
    });
    let bad =
        RecordingSettings { url_to_retrieve_authed_recording: "https://x.example/".to_owned(), other: Map::new() };
    assert_eq!(bad.problems()[0].0, "urlToRetrieveAuthedRecording");
}

#[test]
fn either_way_of_authenticating_is_taken_and_a_wrong_one_not() {
    let world = World::new();
    let api = api();
    let settings = api.settings::<CallingSettings>(APP);
    world.run(async {
        let credentials = credentials();
        let own = api.oauth(&credentials).client_credentials(&["developers-read", "developers-write"]);
        let token = world.client(Access::Open).send(&own).await.unwrap().access;
        let bearer = world.client(Access::Bearer(token));
        assert!(matches!(bearer.put(&settings, &calling_settings()).await, Ok(Put::Created(_))));
        assert!(world.developer().send(&settings.get()).await.is_ok());

        let wrong = world.client(Access::DeveloperKey("a&b=c#d e".into()));
        let error = wrong.send(&settings.get()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let other = api.settings::<CallingSettings>(AppId(1));
        assert_eq!(world.developer().send(&other.get()).await.unwrap_err().kind(), ErrorKind::NotFound);
        let reads = api.oauth(&credentials).client_credentials(&["developers-read"]);
        let token = world.client(Access::Open).send(&reads).await.unwrap().access;
        let error = world.client(Access::Bearer(token)).send(&settings.delete()).await.unwrap_err();
        assert_eq!((error.kind(), error.scopes()), (ErrorKind::MissingScopes, &["developers-write".to_owned()][..]));
    });
}

#[test]
fn a_refused_field_is_named() {
    let world = World::new();
    let wanted = CallingSettings { url: "http://x.example".to_owned(), ..calling_settings() };
    let api = api();
    let error = world.run(world.developer().put(&api.settings(APP), &wanted)).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.problem().fields[0].field.as_deref(), Some("url"));
}
