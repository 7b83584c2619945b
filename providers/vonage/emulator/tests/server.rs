//! The server: the APIs, control and webhooks over HTTP.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use cordboard_vonage_emulator::{CloudConfig, numbers, start};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A request to the application's server: who signed, and what.
type Asked = (String, Value);

async fn answer(State(asked): State<mpsc::UnboundedSender<Asked>>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    asked.send((authorization, serde_json::from_slice(&body).unwrap())).unwrap();
    Vec::new()
}

#[tokio::test]
async fn somebody_calls_and_hangs_up() {
    let (sender, mut asked) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhooks = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/answer", post(answer)).route("/event", post(answer)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let config = CloudConfig::for_tests(&format!("{webhooks}/answer"), &format!("{webhooks}/event"));
    let server = start(config, 0).await.unwrap();
    let control = format!("http://{}/control", server.rest());
    let client = reqwest::Client::new();

    let body = json!({ "from": numbers::ANSWERS, "to": numbers::SALES }).to_string();
    let came = client.post(format!("{control}/incoming")).body(body).send().await.unwrap().bytes().await.unwrap();
    let came: Value = serde_json::from_slice(&came).unwrap();
    let leg = came["call"].as_str().unwrap();
    // Started, ringing, and the question what to do.
    for _ in 0..3 {
        let (authorization, body) = asked.recv().await.unwrap();
        assert!(authorization.starts_with("Bearer ") && body["uuid"] == leg, "{body}");
    }
    let legs = client.get(format!("{control}/legs")).send().await.unwrap().bytes().await.unwrap();
    let legs: Value = serde_json::from_slice(&legs).unwrap();
    assert_eq!(legs[0]["direction"], "inbound");
    let gone = client.post(format!("{control}/legs/nobody/hang_up")).send().await.unwrap();
    assert_eq!(gone.status(), 404);

    let unauthorized = client.get(format!("http://{}/v1/calls", server.rest())).send().await.unwrap();
    assert_eq!(unauthorized.status(), 401);
    let faults = json!([{ "answer": "nothing", "path": "/v1/calls" }]).to_string();
    assert_eq!(client.post(format!("{control}/faults")).body(faults).send().await.unwrap().status(), 204);
    let lost = client.get(format!("http://{}/v1/calls", server.rest())).send().await;
    assert!(lost.is_err(), "the connection is lost");
    server.with(|cloud, _| assert_eq!(cloud.legs().len(), 1));
}
