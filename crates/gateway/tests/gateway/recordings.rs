//! Recordings: from the event that names one to whoever has its link.

use crate::support::{PATIENCE, Server, start};
use cordboard::platform::Lock;
use cordboard::telephony::{
    AgentId, Backend, CallId, Entry, Error, InboundCall, MediaToken, ProviderInfo, RecordingError, RecordingRef,
    RecordingSound, Route, SoundPart, Telephony, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_gateway::{MockBackend, MockDirectory};
use cordboard_mock::numbers;
use futures_util::{StreamExt as _, stream};
use reqwest::header::{HeaderMap, RANGE};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "[recordings]\nkey = \"0123456789abcdef0123456789abcdef\"\n";

/// As the CRM's user opens it, on the address where this gateway really listens.
async fn open(server: &Server, method: Method, link: &str, range: Option<&str>) -> Response {
    let path = link.strip_prefix("https://calls.example.com").unwrap();
    let mut request = server.http.request(method, server.url(path));
    if let Some(range) = range {
        request = request.header(RANGE, range);
    }
    request.send().await.unwrap()
}

async fn get(server: &Server, link: &str) -> Response {
    open(server, Method::GET, link, None).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Alex talks and records. The link, and the call.
async fn record(server: &Server) -> (String, String, crate::support::Agent) {
    let mut alex = server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    alex.order("start_recording", json!({"call": call})).await;
    let started = alex.event(&call, "recording_started").await;
    (started["event"]["recording"].as_str().unwrap().to_owned(), call, alex)
}

#[tokio::test]
async fn from_the_event_to_the_sound() {
    let (server, _mock) = start("").await;
    let (link, call, mut alex) = record(&server).await;
    let not_yet = get(&server, &link).await;
    assert_eq!((not_yet.status().as_u16(), header(not_yet.headers(), "retry-after")), (503, "10"));
    assert_eq!(not_yet.text().await.unwrap(), "The recording is not ready yet.\n");
    let active = alex.order("active_calls", json!({})).await;
    assert_eq!(active["calls"][0]["recordings"], json!([link]));
    alex.order("stop_recording", json!({"call": call})).await;

    let whole = get(&server, &link).await;
    assert_eq!(whole.status(), 200);
    let headers = whole.headers().clone();
    for (name, value) in [
        ("content-type", "audio/wav"),
        ("content-disposition", "inline"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(header(&headers, name), value);
    }
    let whole = whole.bytes().await.unwrap();
    assert_eq!((&whole[..4], header(&headers, "content-length")), (&b"RIFF"[..], &*whole.len().to_string()));

    let part = open(&server, Method::GET, &link, Some("bytes=8-11")).await;
    let range = format!("bytes 8-11/{}", whole.len());
    assert_eq!((part.status().as_u16(), header(part.headers(), "content-range")), (206, &*range));
    assert_eq!(part.bytes().await.unwrap(), &b"WAVE"[..]);
    let beyond = open(&server, Method::GET, &link, Some("bytes=9999999-")).await;
    let range = format!("bytes */{}", whole.len());
    assert_eq!((beyond.status().as_u16(), header(beyond.headers(), "content-range")), (416, &*range));
    let head = open(&server, Method::HEAD, &link, None).await;
    assert_eq!(header(head.headers(), "content-length"), whole.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_link_is_nothing() {
    let (server, _mock) = start("").await;
    let (link, call, mut alex) = record(&server).await;
    alex.order("stop_recording", json!({"call": call})).await;
    let (path, query) = link.split_once('?').unwrap();
    let last = if link.ends_with('0') { "1" } else { "0" };
    let nothing = get(&server, "https://calls.example.com/recordings/unknown").await;
    let (status, headers, said) = (nothing.status(), nothing.headers().clone(), nothing.text().await.unwrap());
    assert_eq!(status, StatusCode::NOT_FOUND);
    for tampered in [
        path.to_owned(),
        format!("{path}x?{query}"),
        format!("{path}?{}{last}", &query[..query.len() - 1]),
        format!("{path}?{query}0"),
        link.replace("made=", "made=1"),
        link.replace("signature=", "signatura="),
    ] {
        let response = get(&server, &tampered).await;
        assert_eq!((response.status(), response.headers().len()), (status, headers.len()), "{tampered}");
        assert_eq!(response.text().await.unwrap(), said, "nobody learns what was wrong");
    }
    assert_eq!(get(&server, &link).await.status(), 200);
    server.clock.advance(Duration::from_secs(366 * 86_400));
    assert_eq!(get(&server, &link).await.status(), 410);
    server.stop().await;
}

#[tokio::test]
async fn links_outlive_a_restart_and_not_their_key() {
    let (server, _mock) = start("").await;
    let (link, call, mut alex) = record(&server).await;
    alex.order("stop_recording", json!({"call": call})).await;
    let mut folder = server.stop().await;
    for (more, expected) in [("", 200), (KEY, 404), ("", 200)] {
        let mock = MockBackend::start(Default::default()).await.unwrap();
        let server = Server::start(folder, more, |builder| builder.directory(MockDirectory).backend(|_| mock)).await;
        assert_eq!(get(&server, &link).await.status(), expected);
        folder = server.stop().await;
    }
}

type Sound = Result<RecordingSound, RecordingError>;

/// Says of recordings what a test wants.
struct Played {
    inner: Arc<MockBackend>,
    next: Lock<Vec<Sound>>,
    asked: Lock<Vec<(String, Option<SoundPart>)>>,
}

#[async_trait]
impl Backend for Played {
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
        self.inner.apply(entry).await
    }

    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error> {
        self.inner.route(call, route).await
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<Option<MediaToken>, Error> {
        self.inner.media_token(agent, now).await
    }

    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error> {
        self.inner.reconcile(call, now).await
    }

    async fn recording(&self, recording: &RecordingRef, part: Option<SoundPart>) -> Sound {
        self.asked.lock().push((recording.as_str().to_owned(), part));
        self.next.lock().remove(0)
    }
}

async fn played(more: &str) -> (Server, Arc<Played>, String) {
    let inner = MockBackend::start(Default::default()).await.unwrap();
    let played = Arc::new(Played { inner, next: Lock::default(), asked: Lock::default() });
    let backend = Arc::clone(&played);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start(folder, more, move |builder| builder.directory(MockDirectory).backend(|_| backend));
    let server = server.await;
    let (link, ..) = record(&server).await;
    (server, played, link)
}

fn sound(length: Option<u64>, part: Option<(u64, u64)>, pieces: &[&str]) -> Sound {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(piece.as_bytes().to_vec())).collect();
    Ok(RecordingSound { content_type: "audio/mpeg", length, part, chunks: Box::pin(stream::iter(pieces)) })
}

#[tokio::test]
async fn the_provider_is_asked_for_the_part_or_it_is_cut_out() {
    let (server, played, link) = played("").await;
    let ten = ["012", "345", "678", "9"];
    for (range, sound, expected) in [
        ("bytes=4-6", sound(Some(10), Some((4, 6)), &["456"]), (206, "bytes 4-6/10", "456")),
        ("bytes=4-6", sound(None, Some((4, 6)), &["456"]), (206, "bytes 4-6/*", "456")),
        ("bytes=4-6", sound(Some(10), None, &ten), (206, "bytes 4-6/10", "456")),
        ("bytes=0-", sound(Some(10), None, &ten), (206, "bytes 0-9/10", "0123456789")),
        ("bytes=-1", sound(Some(10), None, &ten), (206, "bytes 9-9/10", "9")),
        ("bytes=3-5", sound(Some(10), None, &ten), (206, "bytes 3-5/10", "345")),
        ("bytes=4-6", sound(None, None, &ten), (200, "", "0123456789")),
        ("bytes=0-1,4-6", sound(Some(10), None, &ten), (200, "", "0123456789")),
        ("bytes=10-", sound(Some(10), None, &ten), (416, "bytes */10", "The recording has no such part.\n")),
        ("bytes=4-6", Err(RecordingError::NoSuchPart { length: None }), (416, "", "The recording has no such part.\n")),
    ] {
        played.next.lock().push(sound);
        let response = open(&server, Method::GET, &link, Some(range)).await;
        let (status, content_range) =
            (response.status().as_u16(), header(response.headers(), "content-range").to_owned());
        assert_eq!((status, &*content_range, &*response.text().await.unwrap()), expected, "{range}");
        let (name, part) = played.asked.lock().pop().unwrap();
        assert!(link.contains(&format!("/recordings/{name}?")), "{name}");
        assert_eq!(part, SoundPart::from_range(range));
    }
    server.stop().await;
}

#[tokio::test]
async fn each_failure_has_its_status() {
    let (server, played, link) = played("").await;
    for (sound, status, retry) in [
        (Err(RecordingError::NotReady), 503, "10"),
        (Err(RecordingError::Unavailable), 503, "2"),
        (Err(RecordingError::Gone), 410, ""),
        (sound(Some(1 << 31), None, &["too long"]), 502, ""),
    ] {
        played.next.lock().push(sound);
        let response = get(&server, &link).await;
        assert_eq!((response.status().as_u16(), header(response.headers(), "retry-after")), (status, retry));
        assert_eq!(header(response.headers(), "cache-control"), "private, no-store");
    }
    // A recording that breaks off is not taken for a short one.
    for length in [Some(10), None] {
        let chunks = Box::pin(stream::iter([Ok(b"012".to_vec()), Err(RecordingError::Unavailable)]));
        played.next.lock().push(Ok(RecordingSound { content_type: "audio/mpeg", length, part: None, chunks }));
        let response = get(&server, &link).await;
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err());
    }
    let metrics = server.http.get(server.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("cordboard_recordings_total{status=\"410\"} 1"), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn only_so_many_listen_at_a_time() {
    let (server, played, link) = played("[recordings]\nlisteners = 1").await;
    let endless = stream::once(async { Ok(b"012".to_vec()) }).chain(stream::pending());
    played.next.lock().push(Ok(RecordingSound {
        content_type: "audio/mpeg",
        length: Some(10),
        part: None,
        chunks: Box::pin(endless),
    }));
    let mut listening = get(&server, &link).await;
    assert_eq!(listening.chunk().await.unwrap().unwrap(), "012");
    let second = get(&server, &link).await;
    assert_eq!((second.status().as_u16(), header(second.headers(), "retry-after")), (503, "2"));
    drop(listening);
    played.next.lock().push(sound(Some(3), None, &["012"]));
    let free = async { while get(&server, &link).await.status() != 200 {} };
    tokio::time::timeout(PATIENCE, free).await.expect("who has left is not counted");
    server.stop().await;
}
