//! An agent signs in, calls somebody, and does not miss an event.

use crate::support::start;
use cordboard_mock::numbers;
use serde_json::json;

#[tokio::test]
async fn a_call_from_dial_to_end() {
    let (server, _mock) = start("").await;
    let mut alex = server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    let started = alex.event(&call, "started").await;
    assert_eq!(started["event"]["started"]["remote"], numbers::ANSWERS);
    alex.event(&call, "connected").await;
    alex.order("mute", json!({"call": call})).await;
    alex.event(&call, "muted").await;
    alex.order("hang_up", json!({"call": call})).await;
    let ended = alex.event(&call, "ended").await;
    assert_eq!(ended["event"]["reason"], "hung-up");
    let count = alex.sequences().len() as u64;
    assert_eq!(alex.sequences(), (1..=count).collect::<Vec<_>>());
    assert_eq!(alex.order("active_calls", json!({})).await, json!({"calls": []}));
    server.stop().await;
}

#[tokio::test]
async fn who_comes_back_gets_what_they_missed_once() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    let mut alex = server.open().await;
    let welcome = alex.hello(&session, None).await;
    assert_eq!((&welcome["resumed"], &welcome["sequence"]), (&json!(false), &json!(0)));
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "started").await;
    let after = *alex.sequences().last().unwrap();
    drop(alex);

    // Meanwhile it goes on, on another socket.
    let mut other = server.open().await;
    other.hello(&session, Some(json!({"stream": welcome["stream"], "after": after}))).await;
    other.event(&call, "connected").await;
    other.order("hang_up", json!({"call": call})).await;
    other.event(&call, "ended").await;
    let last = *other.sequences().last().unwrap();

    let mut back = server.open().await;
    let resumed = back.hello(&session, Some(json!({"stream": welcome["stream"], "after": after}))).await;
    assert_eq!((&resumed["resumed"], &resumed["sequence"]), (&json!(true), &json!(after)));
    back.event(&call, "ended").await;
    assert_eq!(back.sequences(), (after + 1..=last).collect::<Vec<_>>());

    // Another numbering, and a number that never was: it is said that something may be missing.
    for resume in [json!({"stream": "other", "after": 1}), json!({"stream": welcome["stream"], "after": last + 7})] {
        let mut lost = server.open().await;
        let welcome = lost.hello(&session, Some(resume)).await;
        assert_eq!((&welcome["resumed"], &welcome["sequence"]), (&json!(false), &json!(last)));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_restart_keeps_the_events() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    let mut alex = server.open().await;
    let welcome = alex.hello(&session, None).await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    let after = *alex.sequences().last().unwrap();
    let folder = server.stop().await;

    // The mock's network is gone, and so is the call.
    let mock = cordboard_gateway::MockBackend::start(Default::default()).await.unwrap();
    let with = |builder: cordboard_gateway::Builder| builder.directory(mock.directory()).backend(|_| mock);
    let server = crate::support::Server::start(folder, "", with).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let (status, session) = server.post("/api/session/refresh", refresh).await;
    assert_eq!(status, 200);
    let mut alex = server.open().await;
    let resumed = alex.hello(&session, Some(json!({"stream": welcome["stream"], "after": after}))).await;
    assert_eq!(resumed["resumed"], true);
    let ended = alex.event(&call, "ended").await;
    assert_eq!(ended["event"]["reason"], "connection-lost");
    assert_eq!(alex.sequences(), [after + 1]);
    // The same wish is the same call.
    assert_eq!(alex.dial("k1", numbers::ANSWERS).await, call);
    server.stop().await;
}
