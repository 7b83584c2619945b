//! Calls, and what belongs to them.

use crate::catalogue::{call_properties, inbound_call, transcript};
use crate::world::{APP, World, api};
use cordboard::platform::Clock as _;
use cordboard_hubspot::{
    Api, ApiVersion, Association, AssociationType, CallProperties, CallQuery, CallStatus, CallUpdate, CallerIdMatch,
    CallingProvider, Category, ErrorKind, Id, NewCall, ObjectType, Search, TranscriptSource, UserId, property,
};
use std::time::Duration;

fn new() -> NewCall {
    let association = Association::new(Id::from(101), vec![AssociationType::CALL_TO_CONTACT]);
    NewCall { properties: call_properties(), associations: vec![association] }
}

#[test]
fn a_call_lives_in_every_version() {
    for version in ApiVersion::ALL {
        let world = World::new();
        let client = world.private();
        let api = Api::new(version);
        let calls = api.calls();
        world.run(async {
            let id = client.send(&calls.create(&new())).await.unwrap().id;
            let company = Id::from(201);
            let default = client.send(&calls.associate(&id, &ObjectType::COMPANIES, &company)).await.unwrap();
            assert!(default.is_whole());
            let default = &default.results[0];
            assert_eq!(
                (default.from(), default.to(), &default.kind),
                (&id, &company, &AssociationType::CALL_TO_COMPANY)
            );

            let kinds = [ObjectType::CONTACTS, ObjectType::COMPANIES];
            let query = CallQuery {
                properties: &[property::STATUS, property::DURATION],
                associations: &kinds,
                archived: false,
            };
            let call = client.send(&calls.get(&id, query)).await.unwrap();
            assert_eq!(call.associations["contacts"][0].id, Id::from(101));
            assert_eq!(call.associations["companies"][0].kind, "call_to_company");
            assert_eq!(call.properties.status(), Some(CallStatus::Completed));
            assert_eq!(call.properties.duration(), Some(Duration::from_millis(61_500)));

            // Read, changed, written: what was not changed is not sent.
            let wanted = call_properties().with_status(&CallStatus::Busy);
            let change = wanted.changed_from(&call.properties);
            assert_eq!(change.get(property::STATUS), Some("BUSY"));
            assert_eq!(change.get(property::DURATION), None);
            client.send(&calls.update(&id, &change)).await.unwrap();

            let types = [AssociationType::CALL_TO_CONTACT];
            let ada = Id::from(101);
            let labels = client.send(&calls.associate_as(&id, &ObjectType::CONTACTS, &ada, &types)).await.unwrap();
            assert_eq!(labels.to_object_id, ada);
            client.send(&calls.dissociate(&id, &ObjectType::CONTACTS, &ada)).await.unwrap();
            client.send(&calls.archive(&id)).await.unwrap();
            let error = client.send(&calls.get(&id, query)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            let archived = client.send(&calls.get(&id, CallQuery { archived: true, ..query })).await.unwrap();
            assert!(archived.archived);
        });
        assert_eq!(world.cloud.lock().kept_records(9_000), [("companies".to_owned(), 201)]);
    }
}

#[test]
fn what_was_just_made_is_found_some_seconds_later() {
    let world = World::new();
    let client = world.private();
    let api = api();
    let search = api.calls().search(&Search::by(property::EXTERNAL_ID, "call/1?x", &[property::STATUS]));
    world.run(async {
        let id = client.send(&api.calls().create(&new())).await.unwrap().id;
        assert_eq!(client.send(&search).await.unwrap().results, []);
        world.clock.sleep(Duration::from_secs(6)).await;
        let page = client.send(&search).await.unwrap();
        assert_eq!((page.total, page.next, &page.results[0].id), (Some(1), None, &id));
        // By a property that is unique it is found at once.
        let read = api.calls().read_all(&["call/1?x"], Some(property::EXTERNAL_ID), &[property::STATUS]);
        assert_eq!(client.send(&read).await.unwrap().results[0].id, id);
    });
}

#[test]
fn lists_have_pages() {
    let world = World::new();
    let client = world.private();
    let api = api();
    world.run(async {
        let all: Vec<NewCall> = (0..25).map(|_| new()).collect();
        assert_eq!(client.send(&api.calls().create_all(&all)).await.unwrap().results.len(), 25);
        let (mut seen, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = client.send(&api.calls().list(CallQuery::default(), 10, after.as_deref())).await.unwrap();
            seen.extend(page.results.into_iter().map(|call| call.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 25);
        seen.dedup();
        assert_eq!(seen.len(), 25);
    });
}

#[test]
fn a_batch_can_be_done_in_part() {
    let world = World::new();
    let client = world.private();
    let api = api();
    let calls = api.calls();
    world.run(async {
        let id = client.send(&calls.create(&new())).await.unwrap().id;
        let update = |id: &str| CallUpdate {
            id: id.to_owned(),
            id_property: None,
            properties: CallProperties::new().with_status(&CallStatus::Failed),
        };
        let batch = client.send(&calls.update_all(&[update(id.as_str()), update("1")])).await.unwrap();
        assert!(!batch.is_whole());
        assert_eq!((batch.results.len(), batch.num_errors), (1, 1));
        assert_eq!(batch.errors[0].category, Some(Category::ObjectNotFound));

        let external = |id: &str| CallUpdate {
            id: id.to_owned(),
            id_property: Some(property::EXTERNAL_ID.to_owned()),
            properties: call_properties().with(property::EXTERNAL_ID, id),
        };
        let batch = client.send(&calls.upsert_all(&[external("call/1?x"), external("call/2")])).await.unwrap();
        assert_eq!(batch.results.iter().map(|upserted| upserted.new).collect::<Vec<_>>(), [false, true]);
        let ids: Vec<Id> = batch.results.into_iter().map(|upserted| upserted.call.id).collect();
        client.send(&calls.archive_all(&ids)).await.unwrap();
        assert!(world.cloud.lock().kept_calls().is_empty());
    });
}

#[test]
fn the_accounts_own_rules_refuse() {
    let world = World::new();
    let client = world.private();
    let api = api();
    world.run(async {
        let id = client.send(&api.calls().create(&new())).await.unwrap().id;
        let fault = cordboard_hubspot_emulator::FaultAnswer::Refuse(property::BODY.to_owned());
        world.cloud.lock().inject(cordboard_hubspot_emulator::Fault::refuse(fault));
        let error = client.send(&api.calls().update(&id, &call_properties())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.problem().fields[0].field.as_deref(), Some(property::BODY));
        assert_eq!(world.requests(&format!("/{id}")).len(), 1, "it would be refused again");
    });
}

#[test]
fn recordings_are_announced_and_transcripts_kept() {
    let world = World::new();
    let client = world.private();
    let api = api();
    world.run(async {
        let id = client.send(&api.calls().create(&new())).await.unwrap().id;
        let number = id.number().unwrap();
        let error = client.send(&api.recording_ready(number)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "the call does not say where its recording is");
        let complete = CallProperties::new()
            .with(property::EXTERNAL_ACCOUNT_ID, "acme")
            .with(property::APP_ID, APP.0.to_string())
            .with(property::SOURCE, property::INTEGRATIONS_PLATFORM);
        client.send(&api.calls().update(&id, &complete)).await.unwrap();
        client.send(&api.recording_ready(number)).await.unwrap();
        assert_eq!(world.cloud.lock().ready_recordings(), [9_000]);

        let made = client.send(&api.transcripts().create(&transcript(number))).await.unwrap();
        let kept = client.send(&api.transcripts().get(&made.id)).await.unwrap();
        assert_eq!((kept.engagement_id, &kept.source), (number, &TranscriptSource::Integrator));
        assert_eq!(kept.utterances[0].text, "My number is +16175550142");
        client.send(&api.transcripts().delete(&made.id)).await.unwrap();
        assert_eq!(client.send(&api.transcripts().get(&made.id)).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn inbound_calls_are_logged_and_matched() {
    let world = World::new();
    let client = world.private();
    let (answer, _) = world.run(client.send(&api().inbound_call(&inbound_call())));
    let answer = answer.unwrap();
    let [CallerIdMatch::Contact { object_coordinates, first_name, .. }] = &answer.caller_id_matches[..] else {
        panic!("one contact has the number");
    };
    assert_eq!((&object_coordinates.object_id, first_name.as_deref()), (&Id::from(101), Some("Ada")));
    let calls = world.cloud.lock().kept_calls();
    assert_eq!(calls[&9_000]["hs_call_external_id"], "call/1?x");
}

#[test]
fn who_can_be_called_and_what_can_become_of_calls() {
    let world = World::new();
    let client = world.private();
    let api = api();
    world.run(async {
        let me = client.send(&api.connection().me()).await.unwrap();
        assert_eq!(me.provider, Some(CallingProvider::App { app_id: APP, app_name: None }));
        let listed = client.send(&api.connection().list(&[UserId(7), UserId(8)])).await.unwrap().results;
        assert_eq!(listed.iter().map(|user| user.connected).collect::<Vec<_>>(), [true, false]);
        let read = client.send(&api.connection().read(&[Id::from(8)])).await.unwrap().results;
        assert_eq!(read[0].user_id, Id::from(8));
        assert!(client.send(&api.dispositions()).await.unwrap().iter().any(|known| known.label == "Connected"));
    });
}

#[test]
fn people_are_found_by_their_number() {
    for version in ApiVersion::ALL {
        let world = World::new();
        let client = world.private();
        let api = Api::new(version);
        world.run(async {
            let of = async |number: &str| client.send(&api.people_of(number, "none")).await.unwrap().results;
            let found = of("+16175550142").await;
            assert_eq!(found.into_iter().map(|person| person.id).collect::<Vec<_>>(), [Id::from(101)]);
            assert!(of("+16175550199").await.is_empty());
        });
    }
}
