//! What HubSpot's refusals mean.

use crate::world::{World, api};
use cordboard_hubspot::{Category, Error, ErrorKind, Id, NewCall, Problem, Retries};
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use serde_json::json;
use std::time::Duration;

/// The error of a read that is answered so.
fn of(answer: FaultAnswer) -> Error {
    let world = World::new();
    world.cloud.lock().inject(Fault::refuse(answer));
    let client = world.private().with_retries(Retries::NONE);
    let get = api().calls().get(&Id::from(1), Default::default());
    world.run(client.send(&get)).0.unwrap_err()
}

#[test]
fn each_status_says_what_to_do() {
    let unavailable = |seconds: Option<u64>| ErrorKind::Unavailable { retry_after: seconds.map(Duration::from_secs) };
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (401, ErrorKind::Unauthorized),
        (402, ErrorKind::NotAllowed),
        (403, ErrorKind::NotAllowed),
        (404, ErrorKind::NotFound),
        (405, ErrorKind::Refused),
        (408, unavailable(None)),
        (409, ErrorKind::AlreadyExists),
        (410, ErrorKind::NotFound),
        (414, ErrorKind::Invalid),
        (415, ErrorKind::Refused),
        (422, ErrorKind::Invalid),
        (423, unavailable(Some(2))),
        (477, unavailable(None)),
        (500, unavailable(None)),
        (502, unavailable(None)),
        (521, unavailable(None)),
        (302, ErrorKind::Refused),
    ] {
        assert_eq!(of(FaultAnswer::Page(status)).kind(), kind, "{status}");
        assert_eq!(of(FaultAnswer::Status(status)).kind(), kind, "{status}");
    }
    // A page where an answer should be.
    assert_eq!(of(FaultAnswer::Page(200)).kind(), ErrorKind::Refused);
}

#[test]
fn limits_say_which() {
    let policy = |policy: &str, after| of(FaultAnswer::TooMany(policy.to_owned(), after)).kind();
    let limited = |seconds| ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    assert_eq!(policy("TEN_SECONDLY_ROLLING", Some(3)), limited(3));
    assert_eq!(policy("TEN_SECONDLY_ROLLING", None), limited(10));
    assert_eq!(policy("DAILY", None), ErrorKind::DailyLimit);
    assert_eq!(policy("DAILY", Some(3)), ErrorKind::DailyLimit);
    assert!(!ErrorKind::DailyLimit.is_retryable());
}

#[test]
fn an_error_names_the_field_and_shows_nobody() {
    let world = World::new();
    let client = world.private();
    let properties = crate::catalogue::call_properties().with("hs_call_status", "+16175550142 Ada");
    let create = api().calls().create(&NewCall { properties, associations: vec![] });
    let error = world.run(client.send(&create)).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.status().unwrap(), 400);
    let problem = error.problem();
    assert_eq!(problem.category, Some(Category::ValidationError));
    assert_eq!(problem.fields[0].field.as_deref(), Some("hs_call_status"));
    assert_eq!(problem.fields[0].code.as_deref(), Some("INVALID_OPTION"));
    assert_eq!(problem.correlation_id.as_ref().unwrap().len(), 36);
    // Who may see it, can.
    assert!(problem.message.as_ref().unwrap().contains("Ada"));
    assert!(problem.fields[0].message.as_ref().unwrap().contains("Ada"));
    let (text, debug) = (error.to_string(), format!("{error:?}"));
    assert!(!text.contains("Ada") && !text.contains("6175550142"), "{text}");
    assert!(!debug.contains("Ada") && !debug.contains("6175550142"), "{debug}");
    let start = "calls.create failed: a value is not taken (HTTP 400, VALIDATION_ERROR, hs_call_status: INVALID_OPTION, correlation id ";
    assert!(text.starts_with(start) && !text.contains('\n'), "{text}");
}

#[test]
fn problems_of_every_shape_are_read() {
    let read = |body| Problem::read(&body);
    // Of batches: another shape, and a subcategory that is an object.
    let problem = read(json!({
        "status": "error", "category": "OBJECT_NOT_FOUND", "message": "+16175550142", "links": {},
        "subCategory": { "name": "crm.generic.NOT_FOUND" }, "context": { "ids": ["1"] },
        "errors": [{ "message": "x", "in": "properties" }, { "message": "y" }],
    }));
    assert_eq!(problem.sub_category.as_deref(), Some("crm.generic.NOT_FOUND"));
    assert_eq!(problem.fields.len(), 2);
    // Of OAuth.
    let problem = read(json!({ "error": "invalid_grant", "error_description": "d", "status": "BAD_REFRESH_TOKEN" }));
    assert_eq!(problem.category, Some(Category::InvalidGrant));
    assert_eq!(problem.sub_category.as_deref(), Some("BAD_REFRESH_TOKEN"));
    assert_eq!(problem.message.as_deref(), Some("d"));
    // Of scopes, in either place.
    let scopes = json!(["crm.objects.contacts.write"]);
    for body in [
        json!({ "category": "MISSING_SCOPES", "context": { "missingScopes": scopes } }),
        json!({ "category": "MISSING_SCOPES", "errors": [{ "context": { "requiredGranularScopes": scopes } }] }),
    ] {
        assert_eq!(read(body).scopes, ["crm.objects.contacts.write"]);
    }
    // Words that are none are not taken for words: they would be logged.
    let person = "+16175550142 Ada";
    let problem = read(json!({
        "category": person, "subCategory": person, "correlationId": "x".repeat(1_000), "policyName": person,
        "errors": [{ "in": "16175550142", "code": person, "message": person, "context": { "propertyName": [person] } }],
        "context": { "missingScopes": [person] },
    }));
    assert_eq!(format!("{problem:?}"), format!("{:?}", read(json!({ "errors": [{}] }))));
    for garbage in [json!(null), json!([]), json!("x"), json!({ "errors": 7 }), json!({ "errors": [null, 7, []] })] {
        assert_eq!(read(garbage).category, None);
    }
}

#[test]
fn a_missing_scope_is_named() {
    let mut config = cordboard_hubspot_emulator::CloudConfig::for_tests();
    config.scopes = vec!["oauth".to_owned()];
    let world = World::with(config);
    let app = world.app();
    let (error, _) = world.run(async {
        let code = world.cloud.lock().consent(None);
        let portal = app.install(&code, None).await.unwrap();
        let client = world.client(cordboard_hubspot::Access::Account(app.tokens(portal)));
        client.send(&api().calls().get(&Id::from(1), Default::default())).await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::MissingScopes);
    assert_eq!(error.scopes(), ["crm.objects.contacts.read"]);
}
