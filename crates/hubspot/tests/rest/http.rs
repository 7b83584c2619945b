//! The same over real sockets.

use crate::catalogue::{call_properties, calling_settings};
use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use cordboard_hubspot::{
    Access, Api, ApiVersion, AppId, CallingSettings, Client, ErrorKind, Https, NewCall, Put, Retries, Transport as _,
};
use cordboard_hubspot_emulator::{CloudConfig, Fault, FaultAnswer, Server};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Nothing here waits.
struct NoTime;

impl Clock for NoTime {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn client(access: Access) -> Client {
    let https = Arc::new(Https::new().expect("a client"));
    Client::new(https, Arc::new(NoTime), access, 1).with_retries(Retries::NONE)
}

#[tokio::test]
async fn settings_and_calls_go_over_the_wire() {
    let config = CloudConfig::for_tests();
    let (key, token) = (config.developer_key.clone(), config.private_token.clone());
    let server = Server::start(config, 0).expect("a port");
    let api = Api::at(&server.url(), ApiVersion::September2026).expect("this machine");
    let developer = client(Access::DeveloperKey(key.into()));
    let settings = api.settings::<CallingSettings>(AppId(12_345));
    let put = developer.put(&settings, &calling_settings()).await;
    assert!(matches!(put, Ok(Put::Created(_))), "{put:?}");

    let account = client(Access::Bearer(token.into()));
    let create = api.calls().create(&NewCall { properties: call_properties(), associations: vec![] });
    account.send(&create).await.expect("a call");
    server.with(|cloud| cloud.inject(Fault::after(FaultAnswer::Nothing)));
    let error = account.send(&create).await.expect_err("the connection is lost");
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(server.with(|cloud| cloud.kept_calls().len()), 2);
}

#[tokio::test]
async fn redirects_are_not_followed_and_nobody_there_is_told_apart() {
    let server = Server::start(CloudConfig::for_tests(), 0).expect("a port");
    let api = Api::at(&server.url(), ApiVersion::V3).expect("this machine");
    let account = client(Access::Bearer("not-a-secret-private-token".into()));
    server.with(|cloud| cloud.inject(Fault::refuse(FaultAnswer::Page(302))));
    let error = account.send(&api.dispositions()).await.expect_err("a redirect");
    assert_eq!(error.status().expect("an answer"), 302);
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let nobody = Api::at(&format!("http://{port}"), ApiVersion::V3).expect("this machine");
    // Even what must not be done twice was not done.
    let create = nobody.calls().create(&NewCall { properties: call_properties(), associations: vec![] });
    assert_eq!(account.send(&create).await.expect_err("nobody listens").kind(), ErrorKind::Unreachable);
}

#[tokio::test]
async fn a_tests_hands_are_under_control() {
    let server = Server::start(CloudConfig::for_tests(), 0).expect("a port");
    let api = Api::at(&server.url(), ApiVersion::V3).expect("this machine");
    let account = client(Access::Bearer("not-a-secret-private-token".into()));
    let https = Https::new().expect("a client");
    let ask = async |method: &str, path: &str, body: &str| {
        let request = ::http::Request::builder().method(method).uri(format!("{}/control/{path}", server.url()));
        let answer = https.send(request.body(body.as_bytes().to_vec()).expect("a request")).await.expect("an answer");
        (answer.status().as_u16(), serde_json::from_slice::<Value>(answer.body()).unwrap_or_default())
    };
    let faults =
        r#"[{"answer":{"page":503},"method":"GET","path":"dispositions"},{"answer":"nothing","carried_out":true}]"#;
    assert_eq!(ask("POST", "faults", faults).await.0, 204);
    assert_eq!(ask("POST", "faults", "[{}]").await.0, 400);
    let kind = async || account.send(&api.dispositions()).await.map_err(|error| error.kind());
    assert_eq!(kind().await, Err(ErrorKind::Unavailable { retry_after: None }));
    assert_eq!(kind().await, Err(ErrorKind::Unreachable));
    assert!(kind().await.is_ok());
    let (_, requests) = ask("GET", "requests", "").await;
    let statuses: Vec<&Value> = requests.as_array().expect("a list").iter().map(|seen| &seen["status"]).collect();
    assert_eq!(statuses, [&json!(503), &json!(null), &json!(200)]);

    // A user installs the app, and the token that this gives is too old after a word.
    let (_, consent) = ask("POST", "consent", "").await;
    let credentials = crate::catalogue::credentials();
    let exchange = api.oauth(&credentials).exchange(consent["code"].as_str().expect("a code"), None);
    let token = client(Access::Open).send(&exchange).await.expect("a token").access;
    let user = client(Access::Bearer(token));
    assert!(user.send(&api.dispositions()).await.is_ok());
    assert_eq!(ask("POST", "expire", "").await.0, 204);
    assert_eq!(user.send(&api.dispositions()).await.expect_err("it is too old").kind(), ErrorKind::Unauthorized);
}
