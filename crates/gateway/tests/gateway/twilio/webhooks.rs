//! Webhooks as Twilio signs them, and as nobody signs them. Case 5 of what must hold, over HTTP; the vectors are the provider's own
//! tests.

use crate::support::{PATIENCE, Server};
use cordboard_gateway::{MockDirectory, SystemClock};
use cordboard_twilio::{ApiKey, Https, Twilio, TwilioConfig};
use cordboard_twilio_emulator::signature;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::io::Write as _;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const TOKEN: &str = "an auth token";
const PUBLIC: &str = "https://calls.example.com";
const STATUS: &str = "/webhooks/twilio/status";

async fn start(change: impl FnOnce(&mut TwilioConfig) + Send + 'static) -> Server {
    Server::start(Arc::new(tempfile::tempdir().unwrap()), "", |builder| {
        builder.directory(MockDirectory).backend(|journal| {
            let key = ApiKey { sid: "SK1".to_owned(), secret: "a key's secret".into() };
            let mut config = TwilioConfig::new("AC1", TOKEN.into(), key, PUBLIC);
            change(&mut config);
            let https = Arc::new(Https::new().unwrap());
            Arc::new(Twilio::new(config, https, journal, Arc::new(SystemClock)).unwrap())
        })
    })
    .await
}

fn form(call: &str) -> Vec<(String, String)> {
    let fields = [
        ("AccountSid", "AC1"),
        ("CallSid", call),
        ("CallStatus", "completed"),
        ("CallbackSource", "call-progress-events"),
        ("From", "+16175550142"),
        ("SequenceNumber", "3"),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn encode(form: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

fn signed(path: &str, form: &[(String, String)]) -> String {
    signature(TOKEN, &format!("{PUBLIC}{path}"), form)
}

/// A request to the gateway, whatever is right about it.
struct Sent<'s> {
    server: &'s Server,
    request: reqwest::RequestBuilder,
}

impl<'s> Sent<'s> {
    fn form(server: &'s Server, path: &str, body: impl Into<reqwest::Body>) -> Self {
        let request = server.http.post(server.url(path)).body(body);
        Self { server, request: request.header("content-type", "application/x-www-form-urlencoded; charset=UTF-8") }
    }

    fn get(server: &'s Server, path: &str) -> Self {
        Self { server, request: server.http.get(server.url(path)) }
    }

    fn with(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    async fn status(self, signature: &str) -> u16 {
        let _ = self.server;
        self.with("x-twilio-signature", signature).request.send().await.unwrap().status().as_u16()
    }
}

async fn keys(server: &Server) -> Vec<String> {
    let file = SqliteConnectOptions::new().filename(server.folder.path().join("journal.db"));
    let mut journal = file.connect().await.unwrap();
    sqlx::query_scalar("SELECT key FROM entries ORDER BY id").fetch_all(&mut journal).await.unwrap()
}

#[tokio::test]
async fn what_twilio_signed_is_taken_once() {
    let server = start(|_| ()).await;
    let (first, second) = (form("CA1"), form("CA2"));
    for _ in 0..2 {
        let sent = Sent::form(&server, STATUS, encode(&first));
        assert_eq!(sent.status(&signed(STATUS, &first)).await, 204);
    }
    // Fields in another order are the same fields.
    let turned: Vec<_> = second.iter().rev().cloned().collect();
    assert_eq!(Sent::form(&server, STATUS, encode(&turned)).status(&signed(STATUS, &second)).await, 204);
    // By the scheme's own port, too.
    let third = form("CA3");
    let with_port = signature(TOKEN, &format!("https://calls.example.com:443{STATUS}"), &third);
    assert_eq!(Sent::form(&server, STATUS, encode(&third)).status(&with_port).await, 204);
    // By GET, where the fields stand in the address.
    let asked = format!("{STATUS}?{}", encode(&form("CA4")));
    assert_eq!(Sent::get(&server, &asked).status(&signed(&asked, &[])).await, 204);
    // What anybody can write into a request changes nothing.
    let fifth = form("CA5");
    let sent = Sent::form(&server, STATUS, encode(&fifth))
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example")
        .with("x-forwarded-proto", "http")
        .with("x-forwarded-port", "8443")
        .with("x-original-url", "/elsewhere")
        .with("forwarded", "host=evil.example;proto=http");
    assert_eq!(sent.status(&signed(STATUS, &fifth)).await, 204);
    // Besides what follows from them.
    let told: Vec<String> = keys(&server).await.into_iter().filter(|key| key.starts_with("call/")).collect();
    assert_eq!(told, ["call/CA1/3", "call/CA2/3", "call/CA3/3", "call/CA4/3", "call/CA5/3"]);
    server.stop().await;
}

#[tokio::test]
async fn what_twilio_did_not_sign_is_refused() {
    let server = start(|_| ()).await;
    let form = form("CA1");
    let (body, good) = (encode(&form), signed(STATUS, &form));
    for place in 0..body.len() {
        let mut changed = body.clone().into_bytes();
        changed[place] ^= 1;
        let status = Sent::form(&server, STATUS, changed).status(&good).await;
        assert!(matches!(status, 400 | 403), "byte {place} was changed: {status}");
    }
    let post = |path: &str| Sent::form(&server, path, body.clone());
    for (what, path) in [
        ("a query", "/webhooks/twilio/status?"),
        ("another query", "/webhooks/twilio/status?a=1"),
        ("another path", "/webhooks/twilio/call/c1/customer"),
        ("a slash", "/webhooks/twilio/status/"),
    ] {
        assert!(matches!(post(path).status(&good).await, 403 | 404), "{what}");
    }
    let in_order = format!("{STATUS}?a=1&b=2");
    let turned = format!("{STATUS}?b=2&a=1");
    assert_eq!(post(&turned).status(&signed(&in_order, &form)).await, 403, "the query in another order");
    for (what, url) in [
        ("another scheme", format!("http://calls.example.com{STATUS}")),
        ("another port", format!("https://calls.example.com:8443{STATUS}")),
        ("the port of another scheme", format!("https://calls.example.com:80{STATUS}")),
        ("another host", format!("https://evil.example{STATUS}")),
        ("this machine's name", server.url(STATUS)),
        ("a fragment", format!("{PUBLIC}{STATUS}#rc=3")),
    ] {
        assert_eq!(post(STATUS).status(&signature(TOKEN, &url, &form)).await, 403, "{what}");
        let spoofed = post(STATUS).with("host", "evil.example").with("x-forwarded-host", "evil.example");
        assert_eq!(spoofed.status(&signature(TOKEN, &url, &form)).await, 403, "{what}, and so says the request");
    }
    let twice = [form.clone(), vec![("CallStatus".to_owned(), "busy".to_owned())]].concat();
    assert_eq!(Sent::form(&server, STATUS, encode(&twice)).status(&good).await, 403, "a field twice");
    for token in ["", "another", "a key's secret"] {
        let wrong = signature(token, &format!("{PUBLIC}{STATUS}"), &form);
        assert_eq!(post(STATUS).status(&wrong).await, 403, "signed with {token:?}");
    }
    for wrong in ["", "AAAA", &good[1..], &good.to_lowercase(), &format!("{good}=")] {
        assert_eq!(post(STATUS).status(wrong).await, 403, "{wrong:?}");
    }
    assert_eq!(post(STATUS).with("x-twilio-signature", &good).status(&good).await, 403, "signed twice");
    assert_eq!(post(STATUS).request.send().await.unwrap().status(), 403, "not signed");
    let asked = format!("{STATUS}?{body}");
    assert_eq!(Sent::get(&server, &format!("{asked}&x=1")).status(&signed(&asked, &[])).await, 403, "by GET, longer");
    assert_eq!(Sent::get(&server, STATUS).status(&good).await, 403, "by GET, without the fields");
    assert!(keys(&server).await.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn another_body_is_taken_by_its_hash() {
    let server = start(|_| ()).await;
    let body = r#"{"CallSid":"CA1"}"#;
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("{STATUS}?bodySHA256={hash}");
    let post = |body: &'static str| {
        let request = server.http.post(server.url(&path)).body(body).header("content-type", "application/json");
        Sent { server: &server, request }
    };
    // It is Twilio's, and none of those that are known.
    assert_eq!(post(body).status(&signed(&path, &[])).await, 400);
    assert_eq!(post(r#"{"CallSid":"CA2"}"#).status(&signed(&path, &[])).await, 403);
    server.stop().await;
}

#[tokio::test]
async fn a_request_does_not_choose_the_weaker_key() {
    let server = start(|config| config.webhook_shared_key = Some("a shared key".into())).await;
    let form = form("CA1");
    let by_token = signed(STATUS, &form);
    let settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA1";
    let sent = Sent::form(&server, STATUS, encode(&form)).with("x-twilio-webhooks-signature-settings", settings);
    assert_eq!(sent.status(&by_token).await, 403);
    assert_eq!(Sent::form(&server, STATUS, encode(&form)).status(&by_token).await, 403);
    let by_key = signature("a shared key", &format!("{PUBLIC}{STATUS}"), &form);
    assert_eq!(Sent::form(&server, STATUS, encode(&form)).status(&by_key).await, 403, "by the older algorithm");
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let server = start(|_| ()).await;
    let form = form("CA1");
    let packed = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let sent = Sent::form(&server, STATUS, packed(encode(&form).as_bytes())).with("content-encoding", "gzip");
    assert_eq!(sent.status(&signed(STATUS, &form)).await, 403, "the signature is of what was packed");
    // 10 MiB in 10 KiB: for the gateway these are 10 KiB, or it would be too long.
    let bomb = packed(&vec![b'a'; 10 << 20]);
    assert!(bomb.len() < 20 << 10);
    let sent = Sent::form(&server, STATUS, bomb).with("content-encoding", "gzip");
    assert_eq!(sent.status(&signed(STATUS, &form)).await, 403);
    assert!(keys(&server).await.is_empty());
    server.stop().await;
}

/// A request of which only a part is sent. Returns the first line of the answer.
async fn partly(server: &Server, announced: usize, sent: usize) -> String {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {STATUS} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {announced}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b'a'; sent]).await.unwrap();
    let mut answer = [0; 64];
    let read = tokio::time::timeout(PATIENCE, socket.read(&mut answer)).await.expect("an answer").unwrap();
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_long_body_is_not_waited_for() {
    let server = start(|_| ()).await;
    assert_eq!(partly(&server, 10 << 20, (1 << 20) + 1).await, "HTTP/1.1 413 Payload Too Large");
    server.stop().await;
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let server = start(|_| ()).await;
    assert_eq!(partly(&server, 100, 10).await, "HTTP/1.1 408 Request Timeout");
    server.stop().await;
}
