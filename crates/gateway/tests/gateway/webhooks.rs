//! Webhooks: durable before they are answered, applied in order, once.

use crate::support::{PATIENCE, Server, start};
use cordboard::platform::Lock;
use cordboard::telephony::{
    AgentId, Backend, CallId, Entry, Error, InboundCall, MediaToken, ProviderInfo, RecordingError, RecordingRef,
    RecordingSound, Route, SoundPart, Telephony, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_gateway::{MockBackend, MockDirectory};
use cordboard_mock::numbers;
use futures_util::future::join;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const SECRET: &str = "a secret";

async fn with_webhooks(more: &str) -> Server {
    let mock = MockBackend::start(Default::default()).await.unwrap().with_webhooks(SECRET);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    Server::start(folder, more, move |builder| builder.directory(MockDirectory).backend(|_| mock)).await
}

async fn deliver(server: &Server, path: &str, body: Vec<u8>) -> reqwest::Response {
    let url = format!("https://calls.example.com/webhooks/mock/{path}");
    let signature = MockBackend::sign(SECRET, &url, &body);
    let request = server.http.post(server.url(&format!("/webhooks/mock/{path}"))).body(body);
    // What anybody can set changes nothing.
    let request = request.header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "http");
    request.header("x-mock-signature", signature).send().await.unwrap()
}

fn note(call: &str, key: &str) -> Vec<u8> {
    json!({"call": call, "key": key, "at": 1}).to_string().into_bytes()
}

async fn keys(server: &Server) -> Vec<String> {
    let file = SqliteConnectOptions::new().filename(server.folder.path().join("journal.db"));
    let mut journal = file.connect().await.unwrap();
    sqlx::query_scalar("SELECT key FROM entries ORDER BY id").fetch_all(&mut journal).await.unwrap()
}

#[tokio::test]
async fn what_is_answered_is_in_the_journal() {
    let server = with_webhooks("").await;
    for (call, key) in [("c1", "a"), ("c1", "b"), ("c1", "a"), ("c2", "a")] {
        assert_eq!(deliver(&server, "note", note(call, key)).await.status(), 204);
    }
    assert_eq!(keys(&server).await, ["mock/note/c1/a", "mock/note/c1/b", "mock/note/c2/a"]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_the_providers_is_refused() {
    let server = with_webhooks("").await;
    let post = async |path: &str, signature: Option<String>, body: Vec<u8>| {
        let request = server.http.post(server.url(path)).body(body);
        let request = signature.iter().fold(request, |request, value| request.header("x-mock-signature", value));
        request.send().await.unwrap().status().as_u16()
    };
    let url = "https://calls.example.com/webhooks/mock/note";
    let good = MockBackend::sign(SECRET, url, &note("c1", "a"));
    assert_eq!(post("/webhooks/mock/note", None, note("c1", "a")).await, 403);
    assert_eq!(post("/webhooks/mock/note", Some(good.clone()), note("c1", "b")).await, 403);
    assert_eq!(post("/webhooks/mock/note?x=1", Some(good.clone()), note("c1", "a")).await, 403);
    let by_host = MockBackend::sign(SECRET, &server.url("/webhooks/mock/note"), &note("c1", "a"));
    assert_eq!(post("/webhooks/mock/note", Some(by_host), note("c1", "a")).await, 403, "the address is the public one");
    assert_eq!(post("/webhooks/other/note", Some(good.clone()), note("c1", "a")).await, 404);
    assert_eq!(post("/webhooks/mock/none", Some(good.clone()), note("c1", "a")).await, 404);
    let malformed = MockBackend::sign(SECRET, url, b"{}");
    assert_eq!(post("/webhooks/mock/note", Some(malformed), b"{}".to_vec()).await, 400);
    assert_eq!(post("/webhooks/mock/note", Some(good.clone()), vec![b'x'; 10 << 20]).await, 413);
    let put = server.http.put(server.url("/webhooks/mock/note")).send().await.unwrap();
    assert_eq!(put.status(), 405);
    assert!(keys(&server).await.is_empty());
    assert_eq!(post("/webhooks/mock/note", Some(good), note("c1", "a")).await, 204);
    server.stop().await;
}

#[tokio::test]
async fn a_locked_database_is_never_answered_2xx() {
    let server = with_webhooks("busy = \"50ms\"").await;
    let mut alex = server.agent("alex").await;
    let file = SqliteConnectOptions::new().filename(server.folder.path().join("journal.db"));
    let mut other = file.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(deliver(&server, "note", note("c1", "a")).await.status(), 503);
    assert_eq!(server.http.get(server.url("/ready")).send().await.unwrap().status(), 503);
    assert_eq!(server.http.get(server.url("/health")).send().await.unwrap().status(), 200);
    // Nothing is dialled that can't be written down.
    assert_eq!(alex.refused("dial", json!({"key": "k", "to": numbers::ANSWERS})).await, "unreachable");
    assert_eq!(alex.order("active_calls", json!({})).await, json!({"calls": []}));
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(deliver(&server, "note", note("c1", "a")).await.status(), 204);
    assert_eq!(server.http.get(server.url("/ready")).send().await.unwrap().status(), 200);
    let call = alex.dial("k", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    assert_eq!(keys(&server).await, ["mock/note/c1/a"]);
    server.stop().await;
}

#[tokio::test]
async fn a_full_disk_is_never_answered_2xx() {
    let server = with_webhooks("most = 1").await;
    let mut answered = Vec::new();
    let mut refused = 0;
    for number in 0..400 {
        // Keys as long as they may be, so that it fills soon.
        let key = format!("{number}-{}", "x".repeat(8_000));
        match deliver(&server, "note", note("c1", &key)).await.status().as_u16() {
            204 => answered.push(format!("mock/note/c1/{key}")),
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(!answered.is_empty() && refused > 0, "{} {refused}", answered.len());
    assert_eq!(keys(&server).await, answered);
    server.stop().await;
}

#[tokio::test]
async fn an_inbound_call_rings_who_is_there_and_free() {
    let server = with_webhooks(&format!(
        "[[routes]]\nnumber = \"{}\"\nagents = [\"alex\"]\nvoicemail = \"Speak.\"\n[other_calls]\nstrategy = \"longest-idle\"",
        numbers::SALES
    ))
    .await;
    let ring = async |id: &str, to: &str| -> Json {
        let body = json!({"id": id, "from": "+16175550142", "to": to, "at": 1}).to_string();
        let response = deliver(&server, "call", body.into_bytes()).await;
        assert_eq!(response.status(), 200);
        response.json::<Json>().await.unwrap()["call"].clone()
    };
    assert_eq!(ring("in1", numbers::SALES).await, "voicemail", "nobody is there");
    let mut alex = server.agent("alex").await;
    let mut blake = server.agent("blake").await;
    assert_eq!(ring("in2", numbers::SALES).await, "voicemail", "alex is away");
    for agent in [&mut alex, &mut blake] {
        agent.order("set_availability", json!({"available": true})).await;
    }
    assert_eq!(ring("in3", numbers::SALES).await, "ringing");
    assert_eq!(ring("in3", numbers::SALES).await, "ringing", "the provider may ask twice");
    let started = alex.message().await.unwrap();
    assert_eq!(started["event"]["started"]["remote"], "+16175550142");
    let call = started["event"]["call"].as_str().unwrap().to_owned();
    assert_eq!(alex.order("active_calls", json!({})).await["calls"].as_array().unwrap().len(), 1, "it rings once");
    assert_eq!(ring("in4", numbers::SALES).await, "voicemail", "alex is busy, and this is no number of blake's");
    assert_eq!(ring("in5", numbers::SUPPORT).await, "ringing", "blake takes all others");
    let started = blake.message().await.unwrap();
    assert_eq!(started["event"]["kind"], "started");
    alex.order("answer", json!({"call": call})).await;
    alex.event(&call, "connected").await;
    drop(blake);
    server.stop().await;
}

const LONGEST_IDLE: &str = "[other_calls]\nstrategy = \"longest-idle\"";

fn inbound(id: &str) -> Vec<u8> {
    json!({"id": id, "from": "+16175550142", "to": numbers::SALES, "at": 1}).to_string().into_bytes()
}

#[tokio::test]
async fn who_has_been_free_for_longest_gets_the_call() {
    let server = with_webhooks(LONGEST_IDLE).await;
    let (mut alex, mut blake) = (server.agent("alex").await, server.agent("blake").await);
    for agent in [&mut blake, &mut alex] {
        agent.order("set_availability", json!({"available": true})).await;
        server.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(deliver(&server, "call", inbound("in1")).await.status(), 200);
    let started = blake.message().await.unwrap();
    assert_eq!(started["event"]["kind"], "started");
    let call = started["event"]["call"].as_str().unwrap().to_owned();
    blake.order("reject", json!({"call": call})).await;
    blake.event(&call, "ended").await;
    // Now blake has been free for less.
    assert_eq!(deliver(&server, "call", inbound("in2")).await.status(), 200);
    assert_eq!(alex.message().await.unwrap()["event"]["kind"], "started");
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_forwarded_while_dialling_is_stopped() {
    let forward = "[policy]\nkill_switch = \"stop\"\n[other_calls]\nforward = \"+16175550191\"";
    let server = with_webhooks(forward).await;
    let becomes = async |id| {
        let response = deliver(&server, "call", inbound(id)).await;
        response.json::<Json>().await.unwrap()["call"].clone()
    };
    assert_eq!(becomes("in1").await, "forwarded");
    let switch = server.folder.path().join("stop");
    std::fs::write(&switch, "").unwrap();
    assert_eq!(becomes("in2").await, "goodbye");
    std::fs::remove_file(&switch).unwrap();
    assert_eq!(becomes("in3").await, "forwarded");
    server.stop().await;
}

#[tokio::test]
async fn two_calls_at_once_ring_two_agents() {
    let backend = Slow::start(false).await;
    let slow = Arc::clone(&backend);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start(folder, LONGEST_IDLE, |builder| builder.directory(MockDirectory).backend(|_| slow));
    let server = server.await;
    let (mut alex, mut blake) = (server.agent("alex").await, server.agent("blake").await);
    for agent in [&mut alex, &mut blake] {
        agent.order("set_availability", json!({"available": true})).await;
    }
    let both_chosen = async {
        backend.wait(2).await;
        backend.gate.send_replace(true);
    };
    let calls = join(deliver(&server, "call", inbound("in1")), deliver(&server, "call", inbound("in2")));
    let ((first, second), ()) = join(calls, both_chosen).await;
    assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::OK));
    let mut rung = backend.applied.lock().clone();
    rung.sort();
    assert_eq!(rung, ["rings alex", "rings blake"]);
    for agent in [&mut alex, &mut blake] {
        assert_eq!(agent.message().await.unwrap()["event"]["kind"], "started");
    }
    server.stop().await;
}

/// Notes what is applied and who rings, and waits at each until it is let go.
struct Slow {
    inner: Arc<MockBackend>,
    applied: Lock<Vec<String>>,
    count: watch::Sender<usize>,
    gate: watch::Sender<bool>,
}

#[async_trait]
impl Backend for Slow {
    fn info(&self) -> ProviderInfo {
        self.inner.info()
    }

    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony> {
        self.inner.line(agent)
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        self.inner.decode(now, request)
    }

    async fn apply(&self, entry: &Entry) -> Result<(), Error> {
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
        self.applied.lock().push(entry.key.clone());
        self.count.send_modify(|count| *count += 1);
        assert!(!entry.key.ends_with("panic"), "a backend with a mistake");
        Ok(())
    }

    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error> {
        let agents: Vec<&str> = route.agents.iter().map(AgentId::as_str).collect();
        self.applied.lock().push(format!("rings {}", agents.join(" and ")));
        self.count.send_modify(|count| *count += 1);
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
        self.inner.route(call, route).await
    }

    async fn media_token(&self, _: &AgentId, _: Timestamp) -> Result<Option<MediaToken>, Error> {
        Ok(Some(MediaToken {
            token: "m1".to_owned(),
            expires_at: Timestamp::from_millis(5),
            settings: "{}".to_owned(),
        }))
    }

    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error> {
        let entry = |key: &str, is_last| Entry {
            call: call.clone(),
            key: format!("asked/{call}/{key}"),
            at: now,
            is_last,
            body: String::new(),
        };
        Ok(vec![entry("1", false), entry("2", true)])
    }

    async fn recording(
        &self,
        recording: &RecordingRef,
        part: Option<SoundPart>,
    ) -> Result<RecordingSound, RecordingError> {
        self.inner.recording(recording, part).await
    }
}

impl Slow {
    async fn start(is_open: bool) -> Arc<Self> {
        let inner = MockBackend::start(Default::default()).await.unwrap().with_webhooks(SECRET);
        let (count, gate) = (watch::Sender::new(0), watch::Sender::new(is_open));
        Arc::new(Self { inner, applied: Lock::default(), count, gate })
    }

    async fn wait(&self, count: usize) {
        let mut counted = self.count.subscribe();
        let wait = counted.wait_for(|counted| *counted >= count);
        tokio::time::timeout(PATIENCE, wait).await.expect("it is applied").unwrap();
    }
}

#[tokio::test]
async fn facts_are_applied_in_order_after_the_answer() {
    let backend = Slow::start(false).await;
    let slow = Arc::clone(&backend);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start(folder, "", |builder| builder.directory(MockDirectory).backend(|_| slow)).await;
    // Answered although nothing can be applied.
    for (call, key) in [("c1", "1"), ("c1", "panic"), ("c2", "1"), ("c1", "3"), ("c1", "1")] {
        assert_eq!(deliver(&server, "note", note(call, key)).await.status(), 204);
    }
    assert!(backend.applied.lock().is_empty());
    backend.gate.send_replace(true);
    backend.wait(4).await;
    let of_c1: Vec<String> = backend.applied.lock().iter().filter(|key| key.contains("/c1/")).cloned().collect();
    assert_eq!(of_c1, ["mock/note/c1/1", "mock/note/c1/panic", "mock/note/c1/3"], "in order, once, and past a panic");

    // A media token, while there is a backend with one.
    let mut alex = server.agent("alex").await;
    let token = json!({"media_token": {"token": "m1", "expires_at": 5, "settings": "{}"}});
    assert_eq!(alex.order("media_token", json!({})).await, token);
    server.stop().await;
}

#[tokio::test]
async fn a_start_applies_what_is_unfinished_and_then_asks() {
    let first = Slow::start(false).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start(folder, "", |builder| builder.directory(MockDirectory).backend(|_| first)).await;
    for key in ["1", "2", "3"] {
        assert_eq!(deliver(&server, "note", note("c1", key)).await.status(), 204);
    }
    // None of them was applied.
    let folder = server.stop().await;

    let second = Slow::start(true).await;
    let slow = Arc::clone(&second);
    let server = Server::start(folder, "", |builder| builder.directory(MockDirectory).backend(|_| slow)).await;
    second.wait(5).await;
    let applied = second.applied.lock().clone();
    assert_eq!(applied, ["mock/note/c1/1", "mock/note/c1/2", "mock/note/c1/3", "asked/c1/1", "asked/c1/2"]);
    server.stop().await;
}

#[tokio::test]
async fn without_a_secret_there_are_no_webhooks() {
    let (server, _mock) = start("").await;
    assert_eq!(deliver(&server, "note", note("c1", "a")).await.status(), 404);
    server.stop().await;
}
