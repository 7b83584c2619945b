//! Vonage's Voice, Users and Numbers APIs, without I/O: requests are made here, and answers are read.

use crate::address::{LegId, from_wire};
use crate::config::VonageConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard_bridge::{ApiError, Call, Effect, Page};
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// Requests that are not for new calls: Vonage takes 15 a second.
pub(crate) const OTHERS: usize = 0;
/// New calls: Vonage takes 3 a second.
pub(crate) const CALLS: usize = 1;

/// Makes requests. Those to the Voice and Users APIs still need a [bearer](authorize).
pub(crate) struct Api(VonageConfig);

/// A leg that is to be made.
#[derive(Clone)]
pub(crate) struct NewCall<'a> {
    pub(crate) to: Endpoint<'a>,
    /// A number, without `+`.
    pub(crate) from: &'a str,
    pub(crate) ncco: Value,
    pub(crate) event_url: &'a str,
    pub(crate) ring_seconds: u16,
}

/// Who is called.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint<'a> {
    /// A user of the application, in a browser.
    App { user: &'a str },
    /// A number, without `+`.
    Phone { number: &'a str },
}

/// What is done to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    HangUp,
    Mute,
    Unmute,
    Earmuff,
    Unearmuff,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::HangUp => "hangup",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Earmuff => "earmuff",
            Self::Unearmuff => "unearmuff",
        }
    }
}

/// A leg that was made.
#[derive(Debug, Deserialize)]
pub(crate) struct Created {
    pub(crate) uuid: String,
}

/// A leg, as far as it is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CallState {
    pub(crate) uuid: String,
    pub(crate) status: String,
    pub(crate) conversation_uuid: Option<String>,
    #[serde(default, deserialize_with = "seconds")]
    pub(crate) duration: Option<u64>,
    #[serde(default)]
    pub(crate) to: Value,
    pub(crate) direction: Option<String>,
}

/// A duration is a text, as a rule.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(number(&Value::deserialize(deserializer)?))
}

/// A number that may be a text.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[derive(Deserialize)]
struct Numbers {
    #[serde(default)]
    count: usize,
    #[serde(default)]
    numbers: Vec<Number>,
}

/// A number of the account.
#[derive(Deserialize)]
pub(crate) struct Number {
    pub(crate) msisdn: String,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

/// The most that a page of a list may hold.
const PAGE_SIZE: usize = 100;

impl Api {
    pub(crate) const fn new(config: VonageConfig) -> Self {
        Self(config)
    }

    /// Calls someone. A leg that is there already says which region the other legs must be in.
    pub(crate) fn create_call(&self, region: Option<&str>, new: &NewCall<'_>) -> Call {
        let to = match new.to {
            Endpoint::App { user } => json!({ "type": "app", "user": user }),
            Endpoint::Phone { number } => json!({ "type": "phone", "number": number }),
        };
        let body = json!({
            "to": [to],
            "from": { "type": "phone", "number": new.from },
            "ncco": new.ncco,
            "event_url": [new.event_url],
            "event_method": "POST",
            "ringing_timer": new.ring_seconds,
        });
        let mut call = self.voice(Method::POST, region, "/v1/calls", Some(&body), Effect::Creates);
        call.lane = CALLS;
        call
    }

    /// Does something to a leg.
    pub(crate) fn update(&self, leg: LegId<'_>, action: Action) -> Call {
        self.leg(Method::PUT, leg, "", Some(&json!({ "action": action.as_str() })), Effect::Repeatable)
    }

    /// Has a leg do something else from now on. The effect says whether that may be begun twice.
    pub(crate) fn transfer(&self, leg: LegId<'_>, ncco: &Value, effect: Effect) -> Call {
        let body = json!({ "action": "transfer", "destination": { "type": "ncco", "ncco": ncco } });
        self.leg(Method::PUT, leg, "", Some(&body), effect)
    }

    /// Plays a file to a leg, again and again.
    pub(crate) fn stream(&self, leg: LegId<'_>, url: &str) -> Call {
        let body = json!({ "stream_url": [url], "loop": 0 });
        self.leg(Method::PUT, leg, "/stream", Some(&body), Effect::Repeatable)
    }

    pub(crate) fn stop_stream(&self, leg: LegId<'_>) -> Call {
        self.leg(Method::DELETE, leg, "/stream", None, Effect::Repeatable)
    }

    pub(crate) fn send_digits(&self, leg: LegId<'_>, digits: &str) -> Call {
        self.leg(Method::PUT, leg, "/dtmf", Some(&json!({ "digits": digits })), Effect::Creates)
    }

    pub(crate) fn get_call(&self, leg: LegId<'_>) -> Call {
        self.leg(Method::GET, leg, "", None, Effect::Repeatable)
    }

    /// The calls that were begun in that time.
    pub(crate) fn calls_between(&self, start: &str, end: &str) -> Call {
        let query = Serializer::new(String::new())
            .append_pair("date_start", start)
            .append_pair("date_end", end)
            .append_pair("page_size", &PAGE_SIZE.to_string())
            .finish();
        self.voice(Method::GET, None, &format!("/v1/calls?{query}"), None, Effect::Repeatable)
    }

    /// The legs of a conversation.
    pub(crate) fn calls_in(&self, conversation: &str) -> Call {
        let query = Serializer::new(String::new())
            .append_pair("conversation_uuid", conversation)
            .append_pair("page_size", &PAGE_SIZE.to_string())
            .finish();
        self.voice(Method::GET, None, &format!("/v1/calls?{query}"), None, Effect::Repeatable)
    }

    /// Records a conversation from now on. Source: `Nexmo/nexmo-ruby`, `conversations.record`; it is in no description of
    /// the Voice API.
    pub(crate) fn start_recording(&self, leg: LegId<'_>, conversation: &str, callback: &str) -> Call {
        let body = json!({
            "action": "start",
            "event_url": [callback],
            "event_method": "POST",
            "split": "conversation",
            "format": "mp3",
        });
        self.record(leg, conversation, &body, Effect::Creates)
    }

    pub(crate) fn stop_recording(&self, leg: LegId<'_>, conversation: &str) -> Call {
        self.record(leg, conversation, &json!({ "action": "stop" }), Effect::Repeatable)
    }

    fn record(&self, leg: LegId<'_>, conversation: &str, body: &Value, effect: Effect) -> Call {
        let path = format!("/v1/conversations/{conversation}/record");
        self.voice(Method::PUT, leg.region, &path, Some(body), effect)
    }

    /// Makes a user of the application, for an agent's browser.
    pub(crate) fn create_user(&self, name: &str) -> Call {
        self.voice(Method::POST, None, "/v1/users", Some(&json!({ "name": name })), Effect::Creates)
    }

    /// A page of the application's numbers, from 1.
    pub(crate) fn numbers(&self, page: usize) -> Call {
        let query = Serializer::new(String::new())
            .append_pair("application_id", &self.0.application_id)
            .append_pair("size", &PAGE_SIZE.to_string())
            .append_pair("index", &page.to_string())
            .finish();
        let url = format!("{}/account/numbers?{query}", self.0.numbers_host());
        let mut call = request(Method::GET, &url, None, Effect::Repeatable);
        let credentials = format!("{}:{}", self.0.api_key, self.0.api_secret.expose_secret());
        authorize(&mut call, &format!("Basic {}", STANDARD.encode(credentials)));
        call
    }

    /// Where the sound of a recording is, by the name that [`recording_id`] gave it.
    pub(crate) fn recording(&self, id: &str) -> Option<Call> {
        let (file, host) = id.split_once('@').map_or((id, None), |(file, host)| (file, Some(host)));
        if !cordboard_bridge::is_id(file) {
            return None;
        }
        let host = match host {
            Some(host) if self.is_media_host(&format!("https://{host}")) => format!("https://{host}"),
            Some(_) => return None,
            None => self.0.voice_host(None),
        };
        Some(request(Method::GET, &format!("{host}/v1/files/{file}"), None, Effect::Repeatable))
    }

    /// A name for a recording whose address a webhook told. `None` if that is none of Vonage's.
    pub(crate) fn recording_id(&self, url: &str) -> Option<String> {
        let (host, file) = url.split_once("/v1/files/")?;
        if !cordboard_bridge::is_id(file) {
            return None;
        }
        if host == self.0.voice_host(None) {
            return Some(file.to_owned());
        }
        self.is_media_host(host).then(|| format!("{file}@{}", host.trim_start_matches("https://")))
    }

    /// Whether a token may be sent there: one of Vonage's own hosts, by HTTPS, at its usual port.
    fn is_media_host(&self, host: &str) -> bool {
        let Some(name) = host.strip_prefix("https://") else { return false };
        let labels: Vec<&str> = name.split('.').collect();
        let [first, "nexmo" | "vonage", "com"] = labels[..] else { return false };
        self.0.api_url.is_none() && cordboard_bridge::is_name(first)
    }

    fn leg(&self, method: Method, leg: LegId<'_>, what: &str, body: Option<&Value>, effect: Effect) -> Call {
        self.voice(method, leg.region, &format!("/v1/calls/{}{what}", leg.uuid), body, effect)
    }

    fn voice(&self, method: Method, region: Option<&str>, path: &str, body: Option<&Value>, effect: Effect) -> Call {
        request(method, &[&self.0.voice_host(region), path].concat(), body, effect)
    }
}

fn request(method: Method, url: &str, body: Option<&Value>, effect: Effect) -> Call {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method;
    // What stands in an address is an id that was checked, or encoded.
    *request.uri_mut() = url.parse().unwrap_or_default();
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(body) = body {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = body.to_string().into_bytes();
    }
    Call { request, effect, lane: OTHERS }
}

/// Says who asks.
pub(crate) fn authorize(call: &mut Call, credentials: &str) {
    if let Ok(mut value) = HeaderValue::from_str(credentials) {
        value.set_sensitive(true);
        call.request.headers_mut().insert(AUTHORIZATION, value);
    }
}

/// A page of numbers. An account without any answers with an empty object.
pub(crate) fn read_numbers(api: &Api, page: usize, response: &Response<Vec<u8>>) -> Result<Page<Number>, ApiError> {
    let Numbers { count, numbers } = serde_json::from_slice(response.body()).map_err(|_| ApiError::Garbled)?;
    let more = page * PAGE_SIZE < count && !numbers.is_empty();
    Ok(Page { items: numbers, next: more.then(|| api.numbers(page + 1)) })
}

/// The calls of a list.
pub(crate) fn read_calls(response: &Response<Vec<u8>>) -> Result<Vec<CallState>, ApiError> {
    let mut list: Value = serde_json::from_slice(response.body()).map_err(|_| ApiError::Garbled)?;
    let calls = list.pointer_mut("/_embedded/calls").map_or_else(|| json!([]), Value::take);
    serde_json::from_value(calls).map_err(|_| ApiError::Garbled)
}

impl Number {
    /// Whether calls can show it.
    pub(crate) fn has_voice(&self) -> bool {
        self.features.is_empty() || self.features.iter().any(|feature| feature == "VOICE")
    }

    pub(crate) fn number(&self) -> Option<cordboard::telephony::PhoneNumber> {
        from_wire(&self.msisdn)
    }
}
