//! The program: its configuration, its logs, its end, and what is left after a SIGKILL.

use crate::support::running::{Running, Socket, next, program, write};
use crate::support::{ORIGIN, http};
use cordboard_gateway::MockBackend;
use cordboard_mock::numbers;
use futures_util::SinkExt as _;
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};
use tokio_tungstenite::tungstenite::Message;

const SECRET: &str = "hush-hush-hush";

fn smallest() -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://calls.example.com\"\n[socket]\norigins = [\"{ORIGIN}\"]\n\
         [policy]\nregions = [\"US\"]\nagent_per_day = 1000000\naccount_per_day = 1000000\n\
         [log]\nformat = \"json\"\nfilter = \"trace\"\n[provider]\nkind = \"mock\"\nwebhook_secret = \"{SECRET}\"\n"
    )
}

fn check(text: &str, variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, text);
    program().arg("--config").arg(file).arg("--check").envs(variables.iter().copied()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_good_configuration_is_fine() {
    let output = check(&smallest(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    let twilio = smallest().replace(
        "kind = \"mock\"\nwebhook_secret = \"hush-hush-hush\"",
        "kind = \"twilio\"\naccount_sid = \"ACaaaa\"\napi_key_sid = \"SKbbbb\"",
    );
    let folder = tempfile::tempdir().unwrap();
    let agents = folder.path().join("agents.toml");
    let hash = cordboard_gateway::hash_password("demo").unwrap();
    std::fs::write(&agents, format!("[[agents]]\nid = \"alex\"\nname = \"Alex\"\npassword = \"{hash}\"\n")).unwrap();
    let variables = [
        ("CORDBOARD__PROVIDER__API_KEY_SECRET", "s1"),
        ("CORDBOARD__PROVIDER__AUTH_TOKEN", "s2"),
        ("CORDBOARD__AGENTS__FILE", agents.to_str().unwrap()),
    ];
    let output = check(&twilio, &variables);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn each_wrong_key_is_named() {
    for (wrong, key) in [
        ("[provider]\nkind = \"smoke\"", "provider.kind: "),
        ("[provider]\nkind = \"twilio\"", "provider.account_sid: "),
        (
            "[provider]\nkind = \"twilio\"\naccount_sid = \"AC/..\"\napi_key_sid = \"SK1\"\napi_key_secret = \"s3cr3t\"",
            "provider.auth_token: ",
        ),
        (
            "[provider]\nkind = \"twilio\"\naccount_sid = \"AC/..\"\napi_key_sid = \"SK1\"\napi_key_secret = \"s3cr3t\"",
            "provider.account_sid: ",
        ),
        (
            "[provider]\nkind = \"twilio\"\naccount_sid = \"AC1\"\napi_key_sid = \"SK1\"\napi_key_secret = \"s3cr3t\"\nauth_token = \"\"",
            "provider.auth_token: ",
        ),
        ("[provider]\nkind = \"mock\"\nwebhook_secret = \"\"", "provider.webhook_secret: "),
        ("[provider]\nkind = \"twilio\"", "agents.file: "),
        ("[agents]\nfile = \"none.toml\"\n[provider]\nkind = \"mock\"", "agents.file: "),
        ("[oidc]\nissuer = \"http://login.example.com\"\n[provider]\nkind = \"mock\"", "oidc.issuer: "),
        ("[oidc]\nissuer = \"https://login.example.com\"\n[provider]\nkind = \"mock\"", "oidc.client_id: "),
        ("[hubspot]\nportal = 1\n[provider]\nkind = \"mock\"", "hubspot.app_id: "),
        ("[hubspot]\nportal = 1\n[provider]\nkind = \"mock\"", "hubspot.client_secret: "),
        ("[hubspot]\nportal = 1\n[provider]\nkind = \"mock\"", "hubspot.token_keys_file: "),
        ("[hubspot]\ntoken_keys = \"s3cr3t\"\n[provider]\nkind = \"mock\"", "hubspot.token_keys: "),
        ("[hubspot]\ntoken_keys_file = \"none\"\n[provider]\nkind = \"mock\"", "hubspot.token_keys_file: "),
        ("[hubspot]\nportal = \"mine\"\n[provider]\nkind = \"mock\"", "hubspot.portal: "),
        ("[hubspot]\napi_version = \"v2\"\n[provider]\nkind = \"mock\"", "hubspot.api_version: "),
        ("[hubspot]\napi_url = \"http://example.com\"\n[provider]\nkind = \"mock\"", "hubspot.api_url: "),
        ("[widget]\nfolder = \"none\"\n[provider]\nkind = \"mock\"", "widget.folder: "),
        ("[journal]\nfile = \"none/journal.db\"\n[provider]\nkind = \"mock\"", "journal.file: "),
        ("[provider]\nkind = \"mock\"\ncolour = \"red\"", "provider.colour: there is no such key"),
    ] {
        let base = smallest();
        let (base, _) = base.split_once("[provider]").unwrap();
        let output = check(&format!("{base}{wrong}\n"), &[]);
        assert!(!output.status.success(), "{wrong}");
        // Where the account is not even named, the rest of it is not looked at.
        if !(key == "agents.file: " && wrong.contains("twilio")) {
            assert!(said(&output).lines().any(|line| line.starts_with(key)), "{wrong}: {}", said(&output));
        }
        assert!(!said(&output).contains("s3cr3t"));
    }
    let tls = smallest().replace("[socket]", "tls_certificate = \"none.pem\"\ntls_key = \"none.pem\"\n[socket]");
    assert!(said(&check(&tls, &[])).starts_with("server.tls_certificate: "));
    let missing = program().args(["--config", "no-such-file.toml", "--check"]).output().unwrap();
    assert!(!missing.status.success() && said(&missing).contains("no-such-file.toml"));
}

#[test]
fn no_key_is_blamed_for_another() {
    let twilio = "[provider]\nkind = \"twilio\"\naccount_sid = \"ACaaaa\"\napi_key_sid = \"SKbbbb\"\napi_key_secret = \"s1\"\nauth_token = \"s2\"\n";
    let vonage = "[provider]\nkind = \"vonage\"\napplication_id = \"a\"\nprivate_key = \"k\"\napi_key = \"b\"\napi_secret = \"s\"\nsignature_secret = \"t\"\n";
    let no_url = "[policy]\nregions = [\"US\"]\n";
    let bad_url = format!("[server]\npublic_url = \"calls\"\n{no_url}");
    let good_url = format!("[server]\npublic_url = \"https://calls.example.com\"\n{no_url}");
    let url = "an address such as https://calls.example.com, without query and fragment";
    let missing = &*format!("server.public_url: it is missing: give {url}");
    let wrong = &*format!("server.public_url: \"calls\" is not {url}");
    let kinds = "mock, twilio or vonage";
    let no_kind = &*format!("provider.kind: it is missing: give {kinds}");
    let bad_kind = &*format!("provider.kind: \"twillio\" is not {kinds}");
    for (server, provider, expected) in [
        (no_url, twilio, vec![missing]),
        (&bad_url, twilio, vec![wrong]),
        // The provider's own keys are looked at all the same.
        (no_url, vonage, vec![missing, "provider.private_key: "]),
        (&bad_url, &twilio.replace("AC", "AC/"), vec![wrong, "provider.account_sid: "]),
        (&bad_url, &[twilio, "colour = \"red\"\n"].concat(), vec![wrong, "provider.colour: there is no such key"]),
        (&good_url, &twilio.replace("kind = \"twilio\"\n", ""), vec![no_kind]),
        (&good_url, &twilio.replace("twilio", "twillio"), vec![bad_kind]),
    ] {
        let text = [server, provider].concat();
        let output = said(&check(&text, &[]));
        let lines: Vec<&str> = output.lines().collect();
        let fits = |(line, start): (&&str, &&str)| line.starts_with(start);
        assert!(lines.len() == expected.len() && lines.iter().zip(&expected).all(fits), "{text}\n{output}");
    }
}

#[test]
fn a_password_is_hashed() {
    let mut child = program().arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"), "{hash}");
}

/// Delivers a webhook; `None` if no answer came.
async fn note(running: &Running, http: &reqwest::Client, key: &str) -> Option<u16> {
    let body = json!({"call": "c1", "key": key, "at": 1}).to_string();
    let signature = MockBackend::sign(SECRET, "https://calls.example.com/webhooks/mock/note", body.as_bytes());
    let request = http.post(format!("http://{}/webhooks/mock/note", running.address)).body(body);
    Some(request.header("x-mock-signature", signature).send().await.ok()?.status().as_u16())
}

#[tokio::test]
async fn it_ends_when_told_and_its_logs_name_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&write(&folder, &smallest()));
    let http = http();
    let session = running.sign_in(&http).await;
    let wrong = json!({"name": "blake", "password": "my-own-password"});
    let url = format!("http://{}/api/session", running.address);
    assert_eq!(http.post(&url).json(&wrong).send().await.unwrap().status(), 401);
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let second: Json = http.post(format!("{url}/refresh")).json(&refresh).send().await.unwrap().json().await.unwrap();
    let mut socket = running.socket().await;
    let hello = json!({"type": "hello", "token": second["access_token"]});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["type"], "welcome");
    for (id, to) in [(1, numbers::ANSWERS), (2, numbers::NOT_ALLOWED), (3, "+881612345678"), (4, "+16175550199")] {
        let dial = json!({"type": "request", "id": id, "operation": "dial", "key": format!("k{id}"), "to": to});
        socket.send(Message::text(dial.to_string())).await.unwrap();
        while next(&mut socket).await.unwrap()["id"] != id {}
    }
    assert_eq!(note(&running, &http, "k").await, Some(204));
    let inbound = json!({"id": "in1", "from": "+16175550142", "to": numbers::SALES, "at": 1}).to_string();
    let signature = MockBackend::sign(SECRET, "https://calls.example.com/webhooks/mock/call", inbound.as_bytes());
    let call = http.post(format!("http://{}/webhooks/mock/call", running.address)).body(inbound);
    assert_eq!(call.header("x-mock-signature", &signature).send().await.unwrap().status(), 200);
    let metrics = http.get(format!("http://{}/metrics", running.address)).send().await.unwrap().text().await.unwrap();

    let log = running.terminate();
    // The socket was told.
    while next(&mut socket).await.is_some() {}
    assert!(log.contains("the gateway has ended"), "{log}");
    assert!(log.contains("an agent signed in") && log.contains("a call came in"), "{log}");
    let secrets = [
        session["access_token"].as_str().unwrap(),
        second["access_token"].as_str().unwrap(),
        session["refresh_token"].as_str().unwrap().split_once('.').unwrap().1,
        second["refresh_token"].as_str().unwrap().split_once('.').unwrap().1,
        "my-own-password",
        SECRET,
        &signature,
        "Alex Demo",
        "6175550100",
        "6175550142",
        "6175550199",
        "6175550190",
        "881612345678",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}:\n{log}");
        assert!(!metrics.contains(secret), "the metrics hold {secret}:\n{metrics}");
    }
}

#[tokio::test]
async fn it_goes_on_when_nobody_reads_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, &smallest());
    let mut child = program().arg("--config").arg(file).stderr(Stdio::piped()).spawn().unwrap();
    let address = {
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listens = |line: String| {
            let line: Json = serde_json::from_str(&line).ok()?;
            line["fields"]["address"].as_str().map(str::to_owned)
        };
        // The reader is dropped with this.
        lines.map_while(Result::ok).find_map(listens).unwrap()
    };
    let mut running = Running { child, address, log: None };
    assert!(running.sign_in(&http()).await["access_token"].is_string());
    let pid = running.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(running.child.wait().unwrap().success());
}

/// What the outside knows for sure.
#[derive(Default)]
struct Known {
    stream: Json,
    after: u64,
    /// The sequences of each call's events.
    calls: BTreeMap<String, Vec<u64>>,
    /// The calls that each wish to call began.
    begun: BTreeMap<String, BTreeSet<String>>,
    /// The wishes that were answered, with their calls.
    dialled: BTreeMap<String, String>,
    /// The webhooks that were answered 2xx.
    answered: BTreeSet<String>,
}

impl Known {
    fn hear(&mut self, message: &Json) {
        match message["type"].as_str() {
            Some("event") => {
                let sequence = message["sequence"].as_u64().unwrap();
                assert_eq!(sequence, self.after + 1, "no event is missed and none comes twice");
                self.after = sequence;
                let event = &message["event"];
                let call = event["call"].as_str().unwrap().to_owned();
                self.calls.entry(call.clone()).or_default().push(event["sequence"].as_u64().unwrap());
                if let Some(key) = event["started"]["key"].as_str() {
                    self.begun.entry(key.to_owned()).or_default().insert(call);
                }
            }
            Some("reply") => {
                if let (Some(key), Some(call)) = (message["id"].as_u64(), message["result"]["call"].as_str()) {
                    self.dialled.insert(format!("k{key}"), call.to_owned());
                }
            }
            _ => {}
        }
    }

    async fn connect(&mut self, running: &Running, http: &reqwest::Client) -> Socket {
        let session = running.sign_in(http).await;
        let mut socket = running.socket().await;
        let mut hello = json!({"type": "hello", "token": session["access_token"]});
        if !self.stream.is_null() {
            hello["resume"] = json!({"stream": self.stream, "after": self.after});
        }
        socket.send(Message::text(hello.to_string())).await.unwrap();
        let welcome = next(&mut socket).await.unwrap();
        assert_eq!(welcome["resumed"], !self.stream.is_null(), "{welcome}");
        self.stream = welcome["stream"].clone();
        socket
    }

    /// Dials and hangs up, again and again, until the gateway is gone.
    async fn call(&mut self, mut socket: Socket, ids: &mut u64) {
        loop {
            *ids += 1;
            let id = *ids;
            let dial = json!({"type": "request", "id": id, "operation": "dial", "key": format!("k{id}"), "to": numbers::ANSWERS});
            if socket.send(Message::text(dial.to_string())).await.is_err() {
                return;
            }
            let call = loop {
                let Some(message) = next(&mut socket).await else { return };
                self.hear(&message);
                if message["id"] == id {
                    break message["result"]["call"].clone();
                }
            };
            *ids += 1;
            let hang_up = json!({"type": "request", "id": *ids, "operation": "hang_up", "call": call});
            if socket.send(Message::text(hang_up.to_string())).await.is_err() {
                return;
            }
        }
    }
}

/// How often the gateway is killed.
const KILLS: u64 = 200;

#[tokio::test]
async fn nothing_is_lost_by_a_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    // Several at a time, because the mock needs a moment to hang up.
    let file = write(
        &folder,
        &smallest().replace("regions", "calls_at_once = 6\nregions").replace("trace", "warn,cordboard_gateway=info"),
    );
    let http = http();
    let mut known = Known::default();
    let (mut ids, mut notes) = (0, 0_u64);
    // The same each time; what the kills hit differs all the same.
    let mut random = 0x2545_F491_u32;
    for _ in 0..KILLS {
        let running = Running::start(&file);
        let socket = known.connect(&running, &http).await;
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let most = u64::from(random % 40) + 1;
        let mut answered = BTreeSet::new();
        let webhooks = async {
            for _ in 0..most {
                notes += 1;
                let key = format!("n{notes}");
                if note(&running, &http, &key).await == Some(204) {
                    answered.insert(format!("mock/note/c1/{key}"));
                }
            }
            // In the middle of whatever the other end is doing.
            running.kill();
        };
        // `webhooks` owns the program, so both end with it.
        futures_util::future::join(webhooks, known.call(socket, &mut ids)).await;
        known.answered.extend(answered);
    }

    let running = Running::start(&file);
    let mut socket = known.connect(&running, &http).await;
    socket.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
    loop {
        let message = next(&mut socket).await.unwrap();
        if message["type"] == "pong" {
            break;
        }
        known.hear(&message);
    }
    let journal = SqliteConnectOptions::new().filename(folder.path().join("cordboard.db"));
    let mut journal = journal.connect().await.unwrap();
    let entries: Vec<String> = sqlx::query_scalar("SELECT key FROM entries").fetch_all(&mut journal).await.unwrap();
    let entries: BTreeSet<String> = entries.into_iter().collect();
    let lost: Vec<&String> = known.answered.difference(&entries).collect();
    assert!(lost.is_empty(), "answered 2xx and lost: {lost:?}");
    assert!(known.answered.len() as u64 >= KILLS, "{}", known.answered.len());
    assert!(!known.begun.is_empty(), "calls were made");
    for (call, sequences) in &known.calls {
        assert_eq!(*sequences, (1..=sequences.len() as u64).collect::<Vec<_>>(), "{call}");
    }
    for (key, calls) in &known.begun {
        assert_eq!(calls.len(), 1, "{key} was dialled twice");
    }
    for (key, call) in &known.dialled {
        assert!(known.begun[key].contains(call), "{key} is the call that was heard of");
    }
    // Whatever was asked for, also what was never answered, is one call when it is asked for again.
    let (key, call) = known.dialled.last_key_value().unwrap();
    let again = json!({"type": "request", "id": 0, "operation": "dial", "key": key, "to": numbers::ANSWERS});
    socket.send(Message::text(again.to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["result"]["call"], *call);
    running.terminate();
}
