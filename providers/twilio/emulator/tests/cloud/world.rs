use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use cordboard_twilio_emulator::{
    Callback, Cloud, CloudConfig, Emulated as _, Hands as _, Unanswered, numbers, signature,
};
use core::time::Duration;
use http::{Method, Request, Response};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const BASE: &str = "https://calls.example.com";
pub(crate) const FROM: &str = numbers::SALES;

/// The cloud, a server of webhooks that answers as it is told, and the time.
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) now: Timestamp,
    /// What came in, in order.
    pub(crate) webhooks: Vec<Hook>,
    /// TwiML by path; other paths get an empty document.
    pub(crate) documents: BTreeMap<&'static str, &'static str>,
    pub(crate) reachable: bool,
}

/// One request to the account's server.
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) path: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) token: String,
}

impl Hook {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(CloudConfig::for_tests(&format!("{BASE}/voice")))
    }

    pub(crate) fn with(config: CloudConfig) -> Self {
        Self {
            cloud: Cloud::new(config),
            now: Timestamp::from_millis(1_795_365_505_000),
            webhooks: Vec::new(),
            documents: BTreeMap::new(),
            reachable: true,
        }
    }

    pub(crate) fn answering(document: &'static str) -> Self {
        let mut world = Self::new();
        world.documents.insert("/voice", document);
        world
    }

    pub(crate) fn request(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Response<Vec<u8>> {
        let config = &self.cloud.config;
        let credentials = STANDARD.encode(format!("{}:{}", config.api_key_sid, config.api_key_secret));
        let uri = if path.starts_with("/2010") {
            path.to_owned()
        } else {
            format!("/2010-04-01/Accounts/{}{path}", config.account_sid)
        };
        let mut request =
            Request::builder().method(&method).uri(uri).header("authorization", format!("Basic {credentials}"));
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        if method == Method::POST {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let request = request.body(body.into_bytes()).unwrap();
        self.cloud.handle_request(self.now, &request).expect("an answer")
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        read(&self.request(Method::POST, path, fields))
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, Value) {
        read(&self.request(Method::GET, path, &[]))
    }

    pub(crate) fn delete(&mut self, path: &str) -> u16 {
        self.request(Method::DELETE, path, &[]).status().as_u16()
    }

    /// A call by the API that does what the TwiML says, and reports everything.
    pub(crate) fn call(&mut self, to: &str, twiml: &str) -> String {
        let status = format!("{BASE}/status");
        let (code, body) = self.post(
            "/Calls.json",
            &[
                ("To", to),
                ("From", FROM),
                ("Twiml", twiml),
                ("StatusCallback", &status),
                ("StatusCallbackEvent", "initiated"),
                ("StatusCallbackEvent", "ringing"),
                ("StatusCallbackEvent", "answered"),
                ("StatusCallbackEvent", "completed"),
            ],
        );
        assert_eq!(code, 201, "{body}");
        text(&body, "sid")
    }

    /// A participant that reports what happens to the conference, if it is the first.
    pub(crate) fn add(&mut self, room: &str, to: &str, more: &[(&str, &str)]) -> String {
        let hook = format!("{BASE}/conference");
        let mut fields = vec![
            ("To", to),
            ("From", FROM),
            ("ConferenceStatusCallback", &*hook),
            ("ConferenceStatusCallbackEvent", "start end join leave mute hold modify announcement"),
        ];
        fields.extend(more);
        let (code, body) = self.post(&format!("/Conferences/{room}/Participants.json"), &fields);
        assert_eq!(code, 201, "{body}");
        text(&body, "call_sid")
    }

    /// The SID of a conference that is not over.
    pub(crate) fn conference(&mut self, room: &str) -> String {
        let (_, body) = self.get(&format!("/Conferences.json?FriendlyName={room}"));
        text(&body["conferences"][0], "sid")
    }

    /// Somebody calls one of the account's numbers.
    pub(crate) fn incoming(&mut self) -> String {
        self.cloud.incoming(self.now, "+16175550199", numbers::SALES).unwrap()
    }

    pub(crate) fn status(&self, call: &str) -> &'static str {
        self.cloud.leg(call).unwrap().status
    }

    /// Lets the time pass, and answers callbacks.
    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        loop {
            while let Some(callback) = self.cloud.poll_callback() {
                self.answer(callback);
            }
            match self.cloud.poll_timeout().filter(|at| *at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.cloud.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = end;
        self.cloud.handle_timeout(end);
    }

    fn answer(&mut self, callback: Callback) {
        let request = callback.request;
        if !self.reachable {
            return self.cloud.handle_callback_response(self.now, callback.id, Err(Unanswered::Connect));
        }
        let url = request.uri().to_string();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
        let signed = request.headers()["x-twilio-signature"].to_str().unwrap();
        assert_eq!(signed, signature(&self.cloud.config.auth_token, &url, &pairs));
        let query = form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()).into_owned();
        let path = request.uri().path().to_owned();
        let document = self.documents.get(&*path).copied();
        self.webhooks.push(Hook {
            path,
            fields: pairs.into_iter().chain(query).collect(),
            token: request.headers()["i-twilio-idempotency-token"].to_str().unwrap().to_owned(),
        });
        let response = match document {
            Some("missing") => Response::builder().status(404).body(Vec::new()),
            document => {
                let body = document.unwrap_or("<Response/>").as_bytes().to_vec();
                Response::builder().header("content-type", "text/xml").body(body)
            }
        };
        self.cloud.handle_callback_response(self.now, callback.id, Ok(response.unwrap()));
    }

    /// One field of every webhook at a path.
    pub(crate) fn told(&self, path: &str, field: &str) -> Vec<&str> {
        self.webhooks.iter().filter(|hook| hook.path == path).map(|hook| hook.get(field)).collect()
    }
}

pub(crate) fn read(response: &Response<Vec<u8>>) -> (u16, Value) {
    let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), body)
}

pub(crate) fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_else(|| panic!("{field} in {body}")).to_owned()
}
