//! The machine with a gateway's side that the test plays, in virtual time.

use cordboard::telephony::{
    CallId, Capabilities, Connection, Credentials, Error, Event, Operation, SignInMethod, SignedOutReason,
};
use cordboard::{Object, Timestamp, Value};
use cordboard_gateway_client::{Client, Order, Output};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// What the machine wants done, with JSON where it has `Value`s.
#[derive(Debug, PartialEq)]
pub(crate) enum Wanted {
    Connect,
    Disconnect,
    Send(Json),
    Post(u32, &'static str, Json),
    Get(u32, &'static str),
    Show(u32, String),
    Event(Event),
    Reply(u32, Result<Json, cordboard::telephony::ErrorKind>),
    Remember(Option<String>),
}

pub(crate) struct Rig {
    pub(crate) client: Client,
    pub(crate) now: Timestamp,
    /// Everything that was wanted, and not taken yet.
    pub(crate) wanted: Vec<Wanted>,
}

pub(crate) fn value(json: &Json) -> Value {
    serde_json::from_value(json.clone()).expect("JSON is a value")
}

fn json(value: &Value) -> Json {
    serde_json::to_value(value).expect("a value is JSON")
}

pub(crate) fn lost() -> Wanted {
    Wanted::Event(Event::Connection(Connection::Lost))
}

pub(crate) fn restored() -> Wanted {
    Wanted::Event(Event::Connection(Connection::Restored))
}

pub(crate) fn lagged(missed: u64) -> Wanted {
    Wanted::Event(Event::Lagged { missed })
}

pub(crate) fn signed_out(reason: SignedOutReason) -> Wanted {
    Wanted::Event(Event::SignedOut(reason))
}

pub(crate) fn tokens(number: u32) -> Json {
    json!({
        "access_token": format!("access-{number}"),
        "expires_in": 900,
        "refresh_token": format!("refresh-{number}"),
        "agent": { "id": "alex", "name": "Alex Demo" },
    })
}

pub(crate) fn welcome(stream: &str, sequence: u64, resumed: bool) -> Json {
    json!({
        "type": "welcome",
        "agent": { "id": "alex", "name": "Alex Demo" },
        "provider": { "id": "mock", "name": "Mock network" },
        "capabilities": [
            "inbound", "mute", "hold", "digits", "blind_transfer", "attended_transfer", "recording", "pause_recording",
            "concurrent_calls",
        ],
        "stream": stream,
        "sequence": sequence,
        "resumed": resumed,
    })
}

/// The `n`th event of a call that rings and rings, at a place in the stream.
pub(crate) fn event(sequence: u64, call: &str, n: u64) -> Json {
    let mut event = json!({ "type": "call", "call": call, "sequence": n, "at": 1_000 + n, "kind": "ringing" });
    if n == 1 {
        event["kind"] = "started".into();
        event["started"] = json!({
            "id": call, "direction": "outbound", "remote": "+16175550100", "local": null, "key": "k", "state": "dialing",
            "muted": false, "recording": "off", "startedAt": 1_001, "connectedAt": null, "endedAt": null, "sequence": 1,
        });
    }
    json!({ "type": "event", "sequence": sequence, "event": event })
}

pub(crate) fn password() -> Credentials {
    Credentials::Password { name: "alex".to_owned(), password: "open".to_owned() }
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::seeded(7)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self::of(Capabilities::all().with_sign_in(SignInMethod::Password), seed)
    }

    /// One that has the gateway say how one signs in.
    pub(crate) fn asking() -> Self {
        Self::of(Capabilities::all(), 7)
    }

    fn of(capabilities: Capabilities, seed: u64) -> Self {
        let client = Client::new(capabilities, seed);
        Self { client, now: Timestamp::from_millis(1_700_000_000_000), wanted: Vec::new() }
    }

    /// One whose agent is signed in and on stream `s` after event 10.
    pub(crate) fn online() -> Self {
        let mut rig = Self::new();
        rig.sign_in();
        rig
    }

    pub(crate) fn sign_in(&mut self) {
        let id = self.client.sign_in(self.now, password(), None);
        let post = self.expect_post("/api/session");
        self.respond(post, 200, &tokens(1));
        self.open(&welcome("s", 10, false));
        let wanted = self.take();
        assert!(
            wanted.iter().any(|wanted| matches!(wanted, Wanted::Reply(reply, Ok(_)) if *reply == id)),
            "{wanted:?}"
        );
    }

    /// Lets the socket open and be welcomed. Returns the hello.
    pub(crate) fn open(&mut self, welcome: &Json) -> Json {
        self.pump();
        self.client.handle_opened(self.now);
        self.pump();
        let hello = self.wanted.iter().rev().find_map(|wanted| match wanted {
            Wanted::Send(message) if message["type"] == "hello" => Some(message.clone()),
            _ => None,
        });
        self.hear(welcome);
        hello.expect("a hello")
    }

    pub(crate) fn hear(&mut self, message: &Json) {
        self.client.handle_message(self.now, &value(message));
        self.pump();
    }

    pub(crate) fn close(&mut self) {
        self.client.handle_closed(self.now);
        self.pump();
    }

    pub(crate) fn respond(&mut self, post: u32, status: u16, answer: &Json) {
        self.client.handle_response(self.now, post, Some((status, value(answer))));
        self.pump();
    }

    pub(crate) fn order(&mut self, name: &'static str, operation: Operation, fields: Object) -> u32 {
        let call = fields.get("call").and_then(Value::as_str).map(CallId::new);
        let id = self.client.order(self.now, Order { name, operation, call, fields });
        self.pump();
        id
    }

    /// Does what is due, at its time, until a time has passed.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.pump();
            steps += 1;
            assert!(steps < 10_000, "what is due must be over when it was done");
        }
        self.now = end;
    }

    /// Lets time pass until the machine connects. Returns how long that took.
    pub(crate) fn until_connect(&mut self) -> Duration {
        let start = self.now;
        while !self.wanted.contains(&Wanted::Connect) {
            let due = self.client.poll_timeout().expect("it tries again");
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.pump();
        }
        self.now.since(start)
    }

    pub(crate) fn pump(&mut self) {
        while let Some(output) = self.client.poll_output() {
            let kind = |error: Error| error.kind();
            self.wanted.push(match output {
                Output::Connect => Wanted::Connect,
                Output::Disconnect => Wanted::Disconnect,
                Output::Send(message) => Wanted::Send(json(&message)),
                Output::Post(post) => Wanted::Post(post.id, post.path, json(&post.body)),
                Output::Get { id, path } => Wanted::Get(id, path),
                Output::Show { id, path } => Wanted::Show(id, path),
                Output::Event(event) => Wanted::Event(event),
                Output::Reply { id, result } => Wanted::Reply(id, result.map(|value| json(&value)).map_err(kind)),
                Output::Remember(token) => Wanted::Remember(token),
            });
        }
    }

    /// What was wanted until now.
    pub(crate) fn take(&mut self) -> Vec<Wanted> {
        self.pump();
        std::mem::take(&mut self.wanted)
    }

    /// The events until now; the rest is dropped.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        let event = |wanted| match wanted {
            Wanted::Event(event) => Some(event),
            _ => None,
        };
        self.take().into_iter().filter_map(event).collect()
    }

    /// The one request by `POST` until now; the rest is dropped.
    pub(crate) fn expect_post(&mut self, path: &str) -> u32 {
        let posts = self.posts();
        let [(id, asked, _)] = posts.as_slice() else { panic!("not one request but {posts:?}") };
        assert_eq!(*asked, path);
        *id
    }

    pub(crate) fn posts(&mut self) -> Vec<(u32, &'static str, Json)> {
        let post = |wanted| match wanted {
            Wanted::Post(id, path, body) => Some((id, path, body)),
            _ => None,
        };
        self.take().into_iter().filter_map(post).collect()
    }
}
