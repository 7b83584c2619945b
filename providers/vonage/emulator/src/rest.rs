//! The Voice, Users and Numbers APIs.

#![expect(clippy::result_large_err, reason = "the error is the answer, made once for each request")]

use crate::cloud::Cloud;
use crate::leg::{Call, Endpoint, wire};
use crate::lifecycle::NewCall;
use crate::ncco::{self, is_number};
use crate::numbers;
use crate::token;
use cordboard::Timestamp;
use cordboard_emulator::oldest_first;
use core::time::Duration;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a request may do within a second: new calls, and anything else.
const LIMITS: [usize; 2] = [3, 15];
/// The longest that a call may ring, in seconds.
const LONGEST_RING: u64 = 120;

type Answer = Result<Response<Vec<u8>>, Response<Vec<u8>>>;

/// An answer without a body.
pub(crate) fn empty(status: u16) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
}

fn answer(status: u16, body: &Value) -> Response<Vec<u8>> {
    let mut response = empty(status);
    *response.body_mut() = body.to_string().into_bytes();
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}

/// The shape that the Voice API's refusals have.
fn refuse(status: u16, kind: &str, parameters: &[(&str, &str)]) -> Response<Vec<u8>> {
    let parameters: serde_json::Map<String, Value> =
        parameters.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    answer(status, &json!({ "type": kind, "error_title": kind, "invalid_parameters": parameters }))
}

fn invalid(parameter: &str, text: &str) -> Response<Vec<u8>> {
    refuse(400, "BAD_REQUEST", &[(parameter, text)])
}

impl Cloud {
    pub(crate) fn route(&mut self, request: &Request<Vec<u8>>) -> Answer {
        let path = request.uri().path();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let is_create = request.method() == Method::POST && path == "/v1/calls";
        self.keep_pace(usize::from(!is_create))?;
        if path == "/account/numbers" {
            return self.list_numbers(request);
        }
        if !token::is_application(&self.config, self.basis.now, request) {
            let title = "Unauthorized";
            let kind = "https://developer.vonage.com/api-errors#unauthorized";
            return Err(answer(401, &json!({ "type": kind, "title": title, "detail": "", "instance": "" })));
        }
        let body = || serde_json::from_slice::<Value>(request.body()).map_err(|_| invalid("body", "it is not JSON"));
        match (request.method().as_str(), &segments[..]) {
            ("POST", ["v1", "calls"]) => self.create_call(&body()?),
            ("GET", ["v1", "calls"]) => Ok(self.list_calls(request)),
            ("GET", ["v1", "calls", uuid]) => {
                let missing = || refuse(404, "NOT_FOUND", &[]);
                self.calls.get(*uuid).map(|call| answer(200, &call.to_json())).ok_or_else(missing)
            }
            ("PUT", ["v1", "calls", uuid]) => self.update(uuid, &body()?),
            ("PUT" | "DELETE", ["v1", "calls", uuid, "stream"]) => {
                let starts = request.method() == Method::PUT;
                if starts && body()?.pointer("/stream_url/0").and_then(Value::as_str).is_none() {
                    return Err(invalid("stream_url", "it is a list of one address"));
                }
                let call = self.live(uuid)?;
                if !starts && !call.streamed {
                    return Err(empty(404));
                }
                call.streamed = starts;
                let message = if starts { "Stream started" } else { "Stream stopped" };
                Ok(answer(200, &json!({ "message": message, "uuid": uuid })))
            }
            ("PUT", ["v1", "calls", uuid, "dtmf"]) => {
                let body = body()?;
                let digits = body.get("digits").and_then(Value::as_str).unwrap_or_default();
                if digits.is_empty() || !digits.chars().all(|key| key.is_ascii_digit() || "*#p".contains(key)) {
                    return Err(invalid("digits", "they are keys"));
                }
                self.live(uuid)?;
                self.hears_digits(uuid, digits);
                Ok(answer(200, &json!({ "message": "DTMF sent", "uuid": uuid })))
            }
            ("PUT", ["v1", "conversations", id, "record"]) => self.change_recording(id, &body()?),
            ("POST", ["v1", "users"]) => self.create_user(&body()?),
            ("GET", ["v1", "files", id]) => {
                let file = self.recordings.get(*id).filter(|recording| recording.ended.is_some());
                let mut response = empty(200);
                *response.body_mut() = file.ok_or_else(|| empty(404))?.mp3();
                Ok(response)
            }
            _ => Err(empty(404)),
        }
    }

    /// Refuses what comes too fast.
    fn keep_pace(&mut self, lane: usize) -> Result<(), Response<Vec<u8>>> {
        let now = self.basis.now;
        let (Some(recent), Some(most)) = (self.recent.get_mut(lane), LIMITS.get(lane)) else { return Ok(()) };
        recent.retain(|at| now.since(*at) < Duration::from_secs(1));
        if recent.len() >= *most {
            return Err(empty(429));
        }
        recent.push_back(now);
        Ok(())
    }

    fn create_call(&mut self, body: &Value) -> Answer {
        let to = match body.get("to").and_then(Value::as_array).map(Vec::as_slice) {
            Some([to]) => ncco::endpoint(to).map_err(|wrong| invalid("to", &wrong))?,
            _ => return Err(invalid("to", "it is a list of one endpoint")),
        };
        let from = body.pointer("/from/number").and_then(Value::as_str).filter(|number| is_number(number));
        let from =
            from.map(|number| format!("+{number}")).ok_or_else(|| invalid("from", "it is a number without +"))?;
        if !self.config.numbers.contains(&from) {
            return Err(invalid("from", "it is not the account's"));
        }
        let actions = ncco::parse(body.get("ncco").unwrap_or(&Value::Null)).map_err(|wrong| invalid("ncco", &wrong))?;
        let event_url = body.pointer("/event_url/0").and_then(Value::as_str).map(str::to_owned);
        let seconds = body.get("ringing_timer").map_or(Some(60), Value::as_u64);
        let seconds = seconds.filter(|seconds| (1..=LONGEST_RING).contains(seconds));
        let seconds = seconds.ok_or_else(|| invalid("ringing_timer", "it is from 1 to 120"))?;
        match &to {
            Endpoint::Phone(number) => {
                if let Some((status, kind)) = numbers::refusal(number) {
                    return Err(refuse(status, kind, if status == 400 { &[("to", "it is invalid")] } else { &[] }));
                }
            }
            Endpoint::App(user) if !self.users.contains_key(user) => {
                return Err(invalid("to", "there is no such user"));
            }
            Endpoint::App(_) => {}
        }
        let uuid = self.create(NewCall {
            from,
            to,
            inbound: false,
            event_url: event_url.unwrap_or_else(|| self.config.event_url.clone()),
            timeout: Duration::from_secs(seconds),
            program: actions.into(),
            parent: None,
        });
        self.place(&uuid);
        let conversation = self.calls.get(&uuid).map(|call| call.conversation.clone());
        let body = json!({
            "uuid": uuid,
            "status": "started",
            "direction": "outbound",
            "conversation_uuid": conversation,
        });
        Ok(answer(201, &body))
    }

    fn update(&mut self, uuid: &str, body: &Value) -> Answer {
        let action = body.get("action").and_then(Value::as_str).unwrap_or_default();
        let call = self.live(uuid)?;
        match action {
            "hangup" => self.hang_up(uuid),
            "mute" | "unmute" => self.set_muted(uuid, action == "mute"),
            "earmuff" | "unearmuff" => self.set_earmuffed(uuid, action == "earmuff"),
            "transfer" => {
                let is_up = call.is_up();
                let ncco = body.pointer("/destination/ncco").unwrap_or(&Value::Null);
                if body.pointer("/destination/type").and_then(Value::as_str) != Some("ncco") {
                    return Err(invalid("destination", "its type is ncco"));
                }
                let actions = ncco::parse(ncco).map_err(|wrong| invalid("destination", &wrong))?;
                if !is_up {
                    return Err(empty(409));
                }
                self.give(uuid, actions);
            }
            _ => return Err(invalid("action", "it is none")),
        }
        Ok(empty(204))
    }

    fn live(&mut self, uuid: &str) -> Result<&mut Call, Response<Vec<u8>>> {
        self.calls.get_mut(uuid).filter(|call| !call.is_over()).ok_or_else(|| empty(404))
    }

    fn list_calls(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let query: Vec<(String, String)> =
            form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let time = |name: &str| get(name).and_then(parse_time);
        let (start, end) = (time("date_start").unwrap_or_default(), time("date_end"));
        let size = get("page_size").and_then(|size| size.parse().ok()).unwrap_or(10_usize).min(100);
        let is_wanted = |call: &&Call| {
            let conversation = get("conversation_uuid").is_none_or(|id| id == call.conversation);
            conversation && call.created >= start && end.is_none_or(|end| call.created <= end)
        };
        let calls = oldest_first(self.calls.values().filter(is_wanted), |call| call.ordinal);
        let page: Vec<Value> = calls.iter().take(size).map(|call| call.to_json()).collect();
        let body = json!({
            "count": calls.len(),
            "page_size": size,
            "record_index": 0,
            "_links": { "self": { "href": "/calls" } },
            "_embedded": { "calls": page },
        });
        answer(200, &body)
    }

    fn change_recording(&mut self, id: &str, body: &Value) -> Answer {
        let Some(conversation) = self.conversations.get(id).filter(|found| !found.over) else { return Err(empty(404)) };
        let is_running = conversation.recording.is_some();
        match body.get("action").and_then(Value::as_str) {
            Some("start") if is_running => return Err(empty(409)),
            Some("start") => {
                let event_url = body.pointer("/event_url/0").and_then(Value::as_str).map(str::to_owned);
                let recording = self.record(id, event_url);
                if let Some(conversation) = self.conversations.get_mut(id) {
                    conversation.recording = Some(recording);
                }
            }
            Some("stop") => {
                if !self.stop_recording(id) {
                    return Err(empty(404));
                }
            }
            _ => return Err(invalid("action", "it is start or stop")),
        }
        Ok(empty(204))
    }

    fn create_user(&mut self, body: &Value) -> Answer {
        let name = body.get("name").and_then(Value::as_str).ok_or_else(|| invalid("name", "it is missing"))?;
        if self.users.contains_key(name) {
            let kind = "https://developer.vonage.com/api/conversation#user:error:duplicate-name";
            return Err(answer(
                400,
                &json!({ "type": kind, "title": "Bad request.", "code": "user:error:duplicate-name" }),
            ));
        }
        let id = self.basis.random.uuid("USR-");
        self.users.insert(name.to_owned(), id.clone());
        Ok(answer(201, &json!({ "id": id, "name": name })))
    }

    fn list_numbers(&self, request: &Request<Vec<u8>>) -> Answer {
        if !token::is_account(&self.config, request) {
            let body = json!({ "error-code": "401", "error-code-label": "authentication failed" });
            return Err(answer(401, &body));
        }
        let query: Vec<(String, String)> =
            form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
        let number = |name: &str, default: usize| {
            let given = query.iter().find(|(known, _)| known == name);
            given.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
        };
        let (size, index) = (number("size", 10).clamp(1, 100), number("index", 1).max(1));
        if self.config.numbers.is_empty() {
            return Ok(answer(200, &json!({})));
        }
        let item = |number: &String| json!({ "country": "US", "msisdn": wire(number), "type": "landline", "features": ["VOICE", "SMS"] });
        let page: Vec<Value> = self.config.numbers.iter().skip((index - 1) * size).take(size).map(item).collect();
        Ok(answer(200, &json!({ "count": self.config.numbers.len(), "numbers": page })))
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp()).ok().map(|seconds| Timestamp::from_millis(seconds * 1000))
}
