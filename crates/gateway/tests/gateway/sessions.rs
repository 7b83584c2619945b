//! Signing in, and what a token is good for.

use crate::support::{PATIENCE, Server, start};
use cordboard::async_trait;
use cordboard::telephony::{Agent, AgentId};
use cordboard_gateway::{AgentFile, Directory, DirectoryError, Identity, MockBackend, MockDirectory, hash_password};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::header::HeaderValue;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

#[tokio::test]
async fn a_password_gives_tokens() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    assert_eq!(session["agent"], json!({"id": "alex", "name": "Alex Demo"}));
    assert_eq!(session["expires_in"], 900);
    let access = session["access_token"].as_str().unwrap();
    assert_eq!(access.len(), 64, "256 bits in hexadecimal");
    let other = server.sign_in("alex").await;
    assert_ne!(other["access_token"], session["access_token"]);

    let calls = server.http.get(server.url("/api/calls"));
    assert_eq!(calls.bearer_auth(access).send().await.unwrap().status(), 200);
    for token in ["", "0", session["refresh_token"].as_str().unwrap()] {
        let calls = server.http.get(server.url("/api/calls"));
        assert_eq!(calls.bearer_auth(token).send().await.unwrap().status(), 401, "{token}");
    }
    server.clock.advance(Duration::from_secs(900));
    let calls = server.http.get(server.url("/api/calls"));
    assert_eq!(calls.bearer_auth(access).send().await.unwrap().status(), 401);
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_password_gives_nothing() {
    let (server, _mock) = start("").await;
    for (name, password) in [("alex", "wrong"), ("nobody", "demo"), ("", ""), ("alex", "")] {
        let (status, answer) = server.post("/api/session", json!({"name": name, "password": password})).await;
        assert_eq!((status.as_u16(), &answer["error"]["kind"]), (401, &json!("bad_credentials")));
    }
    for body in [json!({}), json!([]), json!({"name": 1, "password": "demo"})] {
        assert_eq!(server.post("/api/session", body).await.0, 422);
    }
    server.stop().await;
}

#[tokio::test]
async fn who_guesses_is_slowed_down() {
    let (server, _mock) = start("").await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(server.post("/api/session", json!({"name": "alex", "password": "wrong"})).await.0.as_u16());
    }
    assert!(statuses.contains(&429));
    server.sign_in("blake").await;
    server.stop().await;
}

/// The mock network's agents, of a directory that answers when it has time.
struct Busy(watch::Receiver<bool>);

#[async_trait]
impl Directory for Busy {
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Agent>, DirectoryError> {
        let _ = self.0.clone().wait_for(|has_time| *has_time).await;
        MockDirectory.sign_in(name, password).await
    }

    fn has_passwords(&self) -> bool {
        true
    }

    async fn vouched(&self, identity: &Identity) -> Result<Option<Agent>, DirectoryError> {
        MockDirectory.vouched(identity).await
    }

    async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError> {
        MockDirectory.agent(id).await
    }
}

#[tokio::test]
async fn nobody_queues_behind_a_crowd_that_guesses() {
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let has_time = watch::Sender::new(false);
    let directory = Busy(has_time.subscribe());
    let server = Server::start(Arc::new(tempfile::tempdir().unwrap()), "", |builder| {
        builder.directory(directory).backend(|_| mock)
    });
    let server = server.await;
    let mut guesses = FuturesUnordered::new();
    for number in 0..100 {
        let guess = json!({"name": format!("nobody{number}"), "password": "demo"});
        guesses.push(server.http.post(server.url("/api/session")).json(&guess).send());
    }
    // As many as there is no place for are told at once, although nobody has an answer yet.
    for _ in 0..100 - 64 {
        let refused = timeout(PATIENCE, guesses.next()).await.expect("an answer").unwrap().unwrap();
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["retry-after"]),
            (429, &HeaderValue::from_static("1"))
        );
        assert_eq!(refused.json::<Json>().await.unwrap()["error"]["kind"], "rate_limited");
    }
    has_time.send_replace(true);
    while let Some(answer) = guesses.next().await {
        assert_eq!(answer.unwrap().status(), 401);
    }
    server.sign_in("alex").await;
    server.stop().await;
}

#[tokio::test]
async fn a_refresh_token_is_spent_once() {
    let (server, _mock) = start("").await;
    let refresh =
        async |token: &serde_json::Value| server.post("/api/session/refresh", json!({"refresh_token": token})).await;
    let first = server.sign_in("alex").await;
    let (status, second) = refresh(&first["refresh_token"]).await;
    assert_eq!(status, 200);
    let (status, third) = refresh(&second["refresh_token"]).await;
    assert_eq!(status, 200);
    let mut agent = server.open().await;
    agent.hello(&third, None).await;
    // Somebody has a copy of the first one: nobody goes on with the session.
    assert_eq!(refresh(&first["refresh_token"]).await.0, 401);
    assert_eq!(agent.closed().await, (Some(4401), vec![json!({"type": "signed_out", "reason": "revoked"})]));
    assert_eq!(refresh(&third["refresh_token"]).await.0, 401);
    for token in [json!(""), json!("a.b"), json!("x"), json!(".")] {
        assert_eq!(refresh(&token).await.0, 401, "{token}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_runs_out() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    server.clock.advance(Duration::from_secs(12 * 3_600 + 1));
    let refresh = json!({"refresh_token": session["refresh_token"]});
    assert_eq!(server.post("/api/session/refresh", refresh).await.0, 401);
    server.stop().await;
}

#[tokio::test]
async fn a_file_of_agents() {
    let text =
        format!("[[agents]]\nid = \"alex\"\nname = \"Alex\"\npassword = \"{}\"\n", hash_password("demo").unwrap());
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let agents = AgentFile::from_toml(&text).unwrap();
    let server = Server::start(Arc::new(tempfile::tempdir().unwrap()), "", |builder| {
        builder.directory(agents).backend(|_| mock)
    });
    let server = server.await;
    let session = server.sign_in("alex").await;
    assert_eq!(session["agent"]["name"], "Alex");
    let wrong = json!({"name": "alex", "password": "Demo"});
    assert_eq!(server.post("/api/session", wrong).await.0, 401);
    server.stop().await;
}

/// The mock network's agents, when they can be asked for.
struct Outage(Arc<AtomicBool>);

impl Outage {
    fn asked(&self) -> Result<MockDirectory, DirectoryError> {
        if self.0.load(Ordering::Relaxed) { Err(DirectoryError::new("an outage")) } else { Ok(MockDirectory) }
    }
}

#[async_trait]
impl Directory for Outage {
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Agent>, DirectoryError> {
        self.asked()?.sign_in(name, password).await
    }

    fn has_passwords(&self) -> bool {
        true
    }

    async fn vouched(&self, identity: &Identity) -> Result<Option<Agent>, DirectoryError> {
        self.asked()?.vouched(identity).await
    }

    async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError> {
        self.asked()?.agent(id).await
    }
}

#[tokio::test]
async fn an_outage_of_the_directory_spends_no_token() {
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let is_out = Arc::new(AtomicBool::new(false));
    let directory = Outage(Arc::clone(&is_out));
    let server = Server::start(Arc::new(tempfile::tempdir().unwrap()), "", |builder| {
        builder.directory(directory).backend(|_| mock)
    });
    let server = server.await;
    let session = server.sign_in("alex").await;
    is_out.store(true, Ordering::Relaxed);
    let refresh = json!({"refresh_token": session["refresh_token"]});
    for _ in 0..3 {
        assert_eq!(server.post("/api/session/refresh", refresh.clone()).await.0, 503);
        server.clock.advance(Duration::from_secs(60));
    }
    is_out.store(false, Ordering::Relaxed);
    assert_eq!(server.post("/api/session/refresh", refresh).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn other_origins_need_leave() {
    let (server, _mock) = start("").await;
    let preflight = |origin: &'static str| {
        let request = server.http.request(reqwest::Method::OPTIONS, server.url("/api/session"));
        request.header("origin", origin).header("access-control-request-method", "POST").send()
    };
    let allowed = preflight(crate::support::ORIGIN).await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], crate::support::ORIGIN);
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    let refused = preflight("https://evil.example").await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    server.stop().await;
}
