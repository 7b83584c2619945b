//! The API for scripts, and its description.

use crate::support::start;
use cordboard_mock::numbers;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_call_by_rest() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    let token = session["access_token"].as_str().unwrap().to_owned();
    let ask = async |method: Method, path: &str, body: Option<Json>| {
        let request = server.http.request(method, server.url(path)).bearer_auth(&token);
        let request = body.into_iter().fold(request, |request, body| request.json(&body));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        (response.status().as_u16(), response.json::<Json>().await.unwrap())
    };
    let dial = json!({"key": "k1", "to": numbers::ANSWERS});
    let (status, dialled) = ask(Method::POST, "/api/calls", Some(dial.clone())).await;
    assert_eq!(status, 200);
    let call = dialled["call"].as_str().unwrap();
    assert_eq!(ask(Method::POST, "/api/calls", Some(dial)).await.1["call"], call, "the same key");
    let second = json!({"key": "k2", "to": numbers::ANSWERS});
    let (status, problem) = ask(Method::POST, "/api/calls", Some(second)).await;
    assert_eq!((status, &problem["error"]["kind"]), (409, &json!("too_many_calls")));
    let (_, calls) = ask(Method::GET, "/api/calls", None).await;
    assert_eq!(calls["calls"][0]["id"], call);

    let path = |operation: &str| format!("/api/calls/{call}/{operation}");
    assert_eq!(ask(Method::POST, &path("hold"), None).await.0, 409, "nobody has answered");
    assert_eq!(ask(Method::POST, &path("dance"), None).await.0, 400);
    assert_eq!(ask(Method::POST, &path("sign_out"), None).await.0, 400);
    assert_eq!(ask(Method::POST, &path("send_digits"), None).await.0, 400);
    assert_eq!(ask(Method::POST, "/api/calls/none/hang_up", None).await.0, 404);
    assert_eq!(ask(Method::POST, &path("hang_up"), Some(json!({}))).await, (200, json!({})));
    let (_, history) = ask(Method::GET, "/api/history?most=5", None).await;
    assert_eq!(history["calls"][0]["id"], call);
    server.stop().await;
}

/// Case 9 of the facts page; all that there is to it is in `policy`.
#[tokio::test]
async fn the_dial_list() {
    let (server, mock) = start("").await;
    let session = server.sign_in("alex").await;
    let token = session["access_token"].as_str().unwrap();
    let mut alex = server.open().await;
    alex.hello(&session, None).await;
    for (to, kind) in [
        ("+19005550142", "not_allowed"),
        ("+449012345678", "not_allowed"),
        ("+881612345678", "not_allowed"),
        ("+12684641234", "not_allowed"),
        ("+882161234567", "not_allowed"),
        ("+33123456789", "not_allowed"),
        ("911", "not_allowed"),
        ("112", "not_allowed"),
        ("22000", "invalid_number"),
        ("+1617555014201234", "invalid_number"),
        ("+１６１７５５５０１４２", "invalid_number"),
        ("\u{200f}+16175550142", "invalid_number"),
        ("+16175550142;ext=5", "invalid_number"),
        ("tel:+16175550142", "invalid_number"),
        ("sip:alex@example.com", "invalid_number"),
        ("client:alex", "invalid_number"),
    ] {
        assert_eq!(alex.refused("dial", json!({"key": to, "to": to})).await, kind, "{to}");
        let dial = server.http.post(server.url("/api/calls")).bearer_auth(token).json(&json!({"key": to, "to": to}));
        let response = dial.send().await.unwrap();
        assert!(response.status().is_client_error(), "{to}");
        assert_eq!(response.json::<Json>().await.unwrap()["error"]["kind"], kind, "{to}");
    }
    let stranger = json!({"key": "k", "to": numbers::ANSWERS, "from": "+16175550199"});
    assert_eq!(alex.refused("dial", stranger).await, "not_allowed");
    let own = json!({"key": "k", "to": numbers::ANSWERS, "from": numbers::SALES});
    let call = alex.order("dial", own).await["call"].as_str().unwrap().to_owned();
    assert_eq!(alex.event(&call, "started").await["event"]["started"]["local"], numbers::SALES);
    // A transfer is a call that somebody pays, too.
    alex.event(&call, "connected").await;
    let away = json!({"call": call, "to": "+881612345678"});
    assert_eq!(alex.refused("transfer_blind", away).await, "not_allowed");
    let active =
        mock.exchange().control(|network, now| network.active_calls(now, Some(cordboard_mock::MockAgent::Alex)));
    assert_eq!(active.unwrap().len(), 1, "nothing else was dialled");
    server.stop().await;
}

#[tokio::test]
async fn there_are_ceilings() {
    let (server, _mock) = start("[policy]\nagent_per_day = 2\naccount_per_day = 3").await;
    let mut alex = server.agent("alex").await;
    let mut blake = server.agent("blake").await;
    let call = async |agent: &mut crate::support::Agent, key: &str| {
        let reply = agent.ask("dial", json!({"key": key, "to": numbers::ANSWERS})).await;
        let Some(call) = reply["result"]["call"].as_str() else { return reply["error"]["kind"].clone() };
        agent.order("hang_up", json!({"call": call})).await;
        json!("dialled")
    };
    assert_eq!(call(&mut alex, "1").await, "dialled");
    assert_eq!(call(&mut alex, "2").await, "dialled");
    assert_eq!(call(&mut alex, "3").await, "not_allowed");
    assert_eq!(call(&mut blake, "1").await, "dialled");
    assert_eq!(call(&mut blake, "2").await, "not_allowed");
    server.clock.advance(std::time::Duration::from_secs(86_401));
    let mut alex = server.agent("alex").await;
    assert_eq!(call(&mut alex, "3").await, "dialled");
    server.stop().await;
}

/// The routes as they stand in the source, with the names that OpenAPI gives to parameters.
fn routes() -> BTreeSet<String> {
    let source = concat!(include_str!("../../src/api.rs"), include_str!("../../src/operator.rs"));
    let paths = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    paths.map(|path| path.replace("{*", "{")).collect()
}

#[tokio::test]
async fn the_description_is_of_these_routes() {
    let (server, _mock) = start("[server]\noperator_token = \"not-a-secret-operator-token-at-all\"\n").await;
    let response = server.http.get(server.url("/api/openapi.json")).send().await.unwrap();
    let description: Json = response.json().await.unwrap();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), routes());
    for (path, methods) in paths {
        let concrete = path
            .replace("{call}", "c1")
            .replace("{operation}", "mute")
            .replace("{provider}", "mock")
            .replace("{recording}", "RE1")
            .replace("{secret}", "x")
            .replace("{portal}", "1")
            .replace("{path}", "x");
        for (method, operation) in methods.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let response = server.http.request(method.clone(), server.url(&concrete)).send().await.unwrap();
            let status = response.status().as_u16();
            assert_ne!(status, 405, "{method} {path}");
            if operation.get("security").is_some() {
                assert_eq!(status, 401, "{method} {path}");
            }
            let is_known = operation["responses"].get(status.to_string()).is_some()
                || (status == 204 && operation["responses"].get("2XX").is_some())
                // What can't be read at all.
                || matches!(status, 400 | 415 | 422);
            assert!(is_known, "{method} {path}: {status}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn metrics_can_be_kept_private() {
    let (server, _mock) = start("").await;
    assert_eq!(server.http.get(server.url("/metrics")).send().await.unwrap().status(), 200);
    server.stop().await;
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mock = cordboard_gateway::MockBackend::start(Default::default()).await.unwrap();
    let mut config = crate::support::config(folder.path(), "");
    config.server.metrics_token = Some(cordboard_gateway::config::Hidden("secret".to_owned()));
    let builder = cordboard_gateway::Gateway::builder(config).directory(mock.directory()).backend(|_| mock);
    let gateway = builder.build().await.unwrap();
    let (url, control) = (format!("http://{}/metrics", gateway.address()), gateway.control());
    let serving = tokio::spawn(gateway.serve());
    let http = crate::support::http();
    assert_eq!(http.get(&url).send().await.unwrap().status(), 401);
    assert_eq!(http.get(&url).bearer_auth("secrets").send().await.unwrap().status(), 401);
    let metrics = http.get(&url).bearer_auth("secret").send().await.unwrap();
    assert!(metrics.text().await.unwrap().contains("cordboard_journal_commits_total"));
    control.stop();
    serving.await.unwrap().unwrap();
}
