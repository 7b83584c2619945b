//! Recordings: HubSpot is told that one is ready, asks where it is, and fetches it.

use super::complete::Desk;
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use cordboard_mock::numbers;
use reqwest::{Method, Response};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// A call that was recorded, and is over.
async fn recorded(desk: &Desk) -> String {
    let mut alex = desk.server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    alex.order("start_recording", json!({"call": call})).await;
    alex.event(&call, "recording_started").await;
    alex.order("hang_up", json!({"call": call})).await;
    alex.event(&call, "ended").await;
    call
}

/// As HubSpot asks, at the address where this gateway really listens.
async fn ask(desk: &Desk, pattern: &str, name: &str, query: &str) -> Response {
    let path = pattern.strip_prefix("https://calls.example.com").unwrap().replace("%s", name);
    desk.server.http.get(desk.server.url(&format!("{path}?{query}"))).send().await.unwrap()
}

#[tokio::test]
async fn from_ready_to_the_sound() {
    let desk = Desk::open().await;
    let call = recorded(&desk).await;
    desk.until_told().await;
    let records = desk.records();
    let (id, record) = records.first_key_value().unwrap();
    assert!(record["hs_call_recording_url"].starts_with("https://calls.example.com/recordings/"));
    assert_eq!(desk.portal.server.with(|cloud| cloud.ready_recordings().to_vec()), [*id]);

    let pattern = desk.operate(Method::GET, "/operator/hubspot").await["recordings"].as_str().unwrap().to_owned();
    let query = format!("appId={}&externalAccountId=mock", desk.portal.config.app_id);
    let answer = ask(&desk, &pattern, &record["hs_call_external_id"], &query).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
    let answer: Json = answer.json().await.unwrap();
    let link = answer["authenticatedUrl"].as_str().unwrap();
    let path = link.strip_prefix("https://calls.example.com").unwrap();
    let sound = desk.server.http.get(desk.server.url(path)).header("range", "bytes=0-3").send().await.unwrap();
    assert_eq!(
        (sound.status().as_u16(), &sound.headers()["content-type"]),
        (206, &"application/octet-stream".parse().unwrap())
    );
    assert_eq!(sound.bytes().await.unwrap(), &b"RIFF"[..]);
    // By the name that the widget gave it.
    assert_eq!(ask(&desk, &pattern, "k1", &query).await.status(), 200);

    let (secret, _) = pattern.strip_suffix("/%s").unwrap().rsplit_once('/').unwrap();
    for (pattern, name, query) in [
        (format!("{secret}/{}/%s", "0".repeat(64)), &*call, &*query),
        (format!("{secret}//%s"), &call, &query),
        (pattern.clone(), "unknown", &query),
        (pattern.clone(), "..%2F..%2Foperator", &query),
        (pattern.clone(), &"x".repeat(257), &query),
        (pattern.clone(), &call, "appId=1&externalAccountId=mock"),
        (pattern.clone(), &call, &query.replace("mock", "other")),
        (pattern.clone(), &call, ""),
    ] {
        assert_eq!(ask(&desk, &pattern, name, query).await.status(), 404, "{name} {query}");
    }
    desk.server.clock.advance(Duration::from_secs(3_601));
    assert_eq!(desk.server.http.get(desk.server.url(path)).send().await.unwrap().status(), 410);
    desk.server.stop().await;
}

#[tokio::test]
async fn a_signature_that_is_there_must_be_good() {
    let desk = Desk::open().await;
    let call = recorded(&desk).await;
    let pattern = desk.operate(Method::GET, "/operator/hubspot").await["recordings"].as_str().unwrap().to_owned();
    let path = pattern.strip_prefix("https://calls.example.com").unwrap().replace("%s", &format!("mock-{call}"));
    let url = desk.server.url(&format!("{path}?appId={}&externalAccountId=mock", desk.portal.config.app_id));
    assert_eq!(desk.server.http.get(&url).send().await.unwrap().status(), 200);
    let signed = desk.server.http.get(&url).header("x-hubspot-signature-v3", "AAAA");
    let signed = signed.header("x-hubspot-request-timestamp", "1700000000000");
    assert_eq!(signed.send().await.unwrap().status(), 404);
    desk.server.stop().await;
}

#[tokio::test]
async fn ready_is_said_again_until_it_is_heard() {
    let desk = Desk::open().await;
    desk.fails(Fault::refuse(FaultAnswer::Status(503)).on(&Method::POST, "/recordings/ready"));
    recorded(&desk).await;
    desk.until_told().await;
    assert_eq!(desk.records().len(), 1);
    assert_eq!(desk.portal.server.with(|cloud| cloud.ready_recordings().len()), 1);
    desk.server.stop().await;
}
