//! SIGKILL at random moments while calls go out and come in, and what is so afterwards.

use super::office::{Office, Passed, account};
use crate::support::running::{Running, Socket};
use cordboard::platform::Clock as _;
use cordboard::telephony::conformance::backend::MemoryJournal;
use cordboard::telephony::{Backend as _, Webhook, WebhookRequest};
use cordboard_gateway::SystemClock;
use cordboard_twilio::{ApiKey, Https, Twilio, TwilioConfig};
use cordboard_twilio_emulator::{Hands as _, numbers};
use futures_util::future::join3;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// Longer than any silence while calls are settled.
const PATIENCE: Duration = Duration::from_secs(90);
/// How many calls an agent has at most. Others end by themselves, or when they are ended later.
const AT_ONCE: usize = 4;
/// The most webhooks between a start and a kill.
const MOST: u32 = 24;

/// Xorshift: the same each time. What the kills hit differs all the same.
struct Random(u32);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Work {
    /// Dials, each time another number.
    Dials,
    /// Takes the calls that come in.
    Takes,
}

/// An agent and everything that they were told.
struct Agent {
    name: &'static str,
    work: Work,
    random: Random,
    session: Option<Json>,
    stream: Json,
    after: u64,
    requests: u64,
    /// The wish to call that was not answered yet: its key, and the number.
    wish: Option<(String, String)>,
    /// The requests that wait for their answer.
    asked: BTreeMap<u64, &'static str>,
    open: BTreeSet<String>,
    /// Those that are left alone until they are answered: kills come quicker than answers.
    spared: BTreeSet<String>,
    /// The sequences of each call's events.
    told: BTreeMap<String, Vec<u64>>,
    /// The number of each wish, the calls that it began, and the call that it was answered with.
    wishes: BTreeMap<String, (String, BTreeSet<String>, Option<String>)>,
    connected: usize,
}

impl Agent {
    fn new(name: &'static str, work: Work, seed: u32) -> Self {
        Self {
            name,
            work,
            random: Random(seed),
            session: None,
            stream: Json::Null,
            after: 0,
            requests: 0,
            wish: None,
            asked: BTreeMap::new(),
            open: BTreeSet::new(),
            spared: BTreeSet::new(),
            told: BTreeMap::new(),
            wishes: BTreeMap::new(),
            connected: 0,
        }
    }

    /// Signs in or goes on, as the widget does after an outage.
    async fn connect(&mut self, office: &Office, running: &Running) -> Socket {
        let session = match &self.session {
            Some(session) => {
                let refresh = json!({"refresh_token": session["refresh_token"]});
                let (status, session) = office.post(running, "/api/session/refresh", refresh).await;
                assert_eq!(status, 200, "a session outlives the gateway");
                session
            }
            None => office.sign_in(running, self.name).await,
        };
        let mut socket = running.socket().await;
        let mut hello = json!({"type": "hello", "token": session["access_token"]});
        if !self.stream.is_null() {
            hello["resume"] = json!({"stream": self.stream, "after": self.after});
        }
        self.session = Some(session);
        self.asked.clear();
        socket.send(Message::text(hello.to_string())).await.unwrap();
        let welcome = hear(&mut socket).await.expect("a welcome");
        assert_eq!(welcome["resumed"], !self.stream.is_null(), "{welcome}");
        self.stream = welcome["stream"].clone();
        socket
    }

    /// Works until the gateway is gone.
    async fn work(&mut self, office: &Office, mut socket: Socket) {
        if self.work == Work::Takes {
            self.ask(&mut socket, "set_availability", json!({"available": true})).await;
        }
        for call in &self.open - &self.spared {
            if self.work == Work::Takes || self.random.below(4) > 0 {
                self.ask(&mut socket, "hang_up", json!({"call": call})).await;
            }
        }
        let mut is_waiting = false;
        loop {
            if self.work == Work::Dials
                && self.open.len() < AT_ONCE
                && !self.asked.values().any(|asked| *asked == "dial")
            {
                self.dial(&mut socket).await;
            }
            let is_free = self.asked.is_empty() && self.open.is_empty();
            if self.work == Work::Takes && is_free && !std::mem::replace(&mut is_waiting, true) {
                office.emulator.with(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
            }
            let Some(message) = hear(&mut socket).await else { return };
            is_waiting &= message["event"]["kind"] != "ended";
            self.take(&message);
            self.react(&mut socket, &message["event"]).await;
        }
    }

    /// As a click on the number does: the same wish again if nobody said what became of it.
    async fn dial(&mut self, socket: &mut Socket) {
        let next = self.wishes.len();
        let (key, to) = self.wish.get_or_insert_with(|| (format!("k{next}"), format!("+1617556{next:04}"))).clone();
        self.wishes.entry(key.clone()).or_insert_with(|| (to.clone(), BTreeSet::new(), None));
        self.ask(socket, "dial", json!({"key": key, "to": to})).await;
    }

    async fn react(&mut self, socket: &mut Socket, event: &Json) {
        let call = json!({"call": event["call"]});
        match (event["kind"].as_str(), self.work) {
            (Some("started"), Work::Takes) => self.ask(socket, "answer", call).await,
            // Some are given up.
            (Some("ringing"), Work::Dials) if !self.is_spared(event) && self.random.below(3) > 0 => {
                self.ask(socket, "hang_up", call).await;
            }
            (Some("connected"), _) if self.random.below(8) > 0 => self.ask(socket, "hang_up", call).await,
            _ => {}
        }
    }

    async fn ask(&mut self, socket: &mut Socket, operation: &'static str, fields: Json) {
        self.requests += 1;
        let mut request = json!({"type": "request", "id": self.requests, "operation": operation});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.asked.insert(self.requests, operation);
        // Whoever is gone is noticed when nothing is heard any more.
        let _ = socket.send(Message::text(request.to_string())).await;
    }

    fn take(&mut self, message: &Json) {
        match message["type"].as_str() {
            Some("event") => {
                let sequence = message["sequence"].as_u64().unwrap();
                assert_eq!(sequence, self.after + 1, "{}: no event is missed and none comes twice", self.name);
                self.after = sequence;
                self.take_event(&message["event"]);
            }
            Some("reply") => {
                let asked = self.asked.remove(&message["id"].as_u64().unwrap());
                if asked == Some("dial") && message["result"]["call"].is_string() {
                    let (key, _) = self.wish.take().unwrap();
                    let call = message["result"]["call"].as_str().unwrap().to_owned();
                    self.wishes.get_mut(&key).unwrap().2 = Some(call);
                }
            }
            _ => {}
        }
    }

    fn take_event(&mut self, event: &Json) {
        let call = event["call"].as_str().unwrap().to_owned();
        self.told.entry(call.clone()).or_default().push(event["sequence"].as_u64().unwrap());
        match event["kind"].as_str() {
            Some("started") => {
                if let Some(key) = event["started"]["key"].as_str() {
                    self.wishes.get_mut(key).unwrap().1.insert(call.clone());
                }
                if self.work == Work::Dials && self.random.below(2) > 0 {
                    self.spared.insert(call.clone());
                }
                self.open.insert(call);
            }
            Some("connected") => {
                self.spared.remove(&call);
                self.connected += 1;
            }
            Some("ended") => {
                self.spared.remove(&call);
                assert!(self.open.remove(&call), "a call ends once");
            }
            _ => {}
        }
    }

    fn is_spared(&self, event: &Json) -> bool {
        event["call"].as_str().is_some_and(|call| self.spared.contains(call))
    }

    /// Ends everything, and hears of every end.
    async fn finish(&mut self, mut socket: Socket) {
        if self.wish.is_some() {
            self.dial(&mut socket).await;
        }
        for call in self.open.clone() {
            self.ask(&mut socket, "hang_up", json!({"call": call})).await;
        }
        while !self.open.is_empty() || self.wish.is_some() || !self.asked.is_empty() || self.is_owed() {
            let message = hear(&mut socket).await.expect("the gateway stays");
            self.take(&message);
            if message["event"]["kind"] == "started" {
                self.ask(&mut socket, "hang_up", json!({"call": message["event"]["call"]})).await;
            }
        }
    }

    /// Whether an answer named a call that no event has told of yet.
    fn is_owed(&self) -> bool {
        self.wishes.values().any(|(_, begun, answered)| answered.iter().any(|call| !begun.contains(call)))
    }

    fn check(&self) {
        for (call, sequences) in &self.told {
            assert_eq!(*sequences, (1..=sequences.len() as u64).collect::<Vec<_>>(), "{call}");
        }
        for (key, (_, begun, answered)) in &self.wishes {
            assert!(begun.len() <= 1, "{key} began {begun:?}");
            assert!(answered.iter().all(|call| begun.contains(call)), "{key} is the call that was heard of");
        }
    }
}

async fn hear(socket: &mut Socket) -> Option<Json> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("something comes")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The keys under which the journal must have what these webhooks told.
fn keys(public_url: &str, answered: &[Passed]) -> BTreeSet<String> {
    let account = account(public_url);
    let key = ApiKey { sid: account.api_key_sid.clone(), secret: account.api_key_secret.clone().into() };
    let config = TwilioConfig::new(&account.account_sid, account.auth_token.clone().into(), key, public_url);
    let https = Arc::new(Https::new().unwrap());
    let twilio = Twilio::new(config, https, Arc::new(MemoryJournal::default()), Arc::new(SystemClock)).unwrap();
    let mut keys = BTreeSet::new();
    for Passed { method, path, headers, body, .. } in answered {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let url = format!("{public_url}{path}");
        let request = WebhookRequest { method, url: &url, headers: &headers, body };
        match twilio.decode(SystemClock.now(), &request).unwrap() {
            Webhook::Report { entries, .. } => keys.extend(entries.into_iter().map(|entry| entry.key)),
            Webhook::Inbound { entry, .. } => drop(keys.insert(entry.key)),
        }
    }
    keys
}

/// Ten kills in a normal run; `CORDBOARD_KILLS` for more. Where they hit is up to the machine, so there are more of them until both
/// agents have had a call.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nobody_is_called_twice() {
    let kills: u32 = std::env::var("CORDBOARD_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let office = Office::open("").await;
    let mut random = Random(0x1234_5678);
    let mut alex = Agent::new("alex", Work::Dials, 0x2545_F491);
    let mut blake = Agent::new("blake", Work::Takes, 0x9E37_79B9);
    let mut done = 0;
    while done < kills || (done < 5 * kills && (alex.connected == 0 || blake.connected == 0)) {
        done += 1;
        let running = office.start();
        let sockets = (alex.connect(&office, &running).await, blake.connect(&office, &running).await);
        let kill = async {
            office.door.wait(usize::try_from(random.below(MOST)).unwrap() + 1).await;
            // In the middle of whatever the others are doing.
            running.kill();
        };
        join3(kill, alex.work(&office, sockets.0), blake.work(&office, sockets.1)).await;
    }

    let running = office.start();
    let sockets = (alex.connect(&office, &running).await, blake.connect(&office, &running).await);
    let first = alex.finish(sockets.0);
    let second = blake.finish(sockets.1);
    futures_util::future::join(first, second).await;
    // Nobody is left alone in a conference.
    office.until_silent().await;
    let mut answered = office.door.passed();
    answered.retain(|passed| passed.status.is_some_and(|status| (200..300).contains(&status)));
    let journal = SqliteConnectOptions::new().filename(office.folder.path().join("cordboard.db"));
    let mut journal = journal.connect().await.unwrap();
    let entries: Vec<String> = sqlx::query_scalar("SELECT key FROM entries").fetch_all(&mut journal).await.unwrap();
    let entries: BTreeSet<String> = entries.into_iter().collect();
    let told = keys(&office.door.url, &answered);
    let lost: Vec<&String> = told.difference(&entries).collect();
    assert!(lost.is_empty(), "answered 2xx and lost: {lost:?}");
    for agent in [&alex, &blake] {
        agent.check();
    }
    for (to, begun, _) in alex.wishes.values() {
        assert!(office.dialled(to) <= 1, "{to} was called {} times", office.dialled(to));
        assert!(!begun.is_empty() || office.dialled(to) == 0, "{to} was called, and nobody knows of it");
    }
    let count = usize::try_from(kills).unwrap();
    assert!(told.len() > count && alex.wishes.len() >= count / 5, "{} {}", told.len(), alex.wishes.len());
    assert!(alex.connected > 0 && blake.connected > 0, "{} {}", alex.connected, blake.connected);
    running.terminate();
}
