//! What the client SDK asks for by HTTP, from a page of another origin.

use super::{Known, Shared};
use crate::cloud::Cloud;
use crate::guest::{Guest, member};
use crate::token::{self, Grant};
use crate::webhook::iso_8601;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::any;
use cordboard_emulator::server::control::Hands as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;

/// The longest body: an SDP.
const LONGEST: usize = 1 << 16;

/// Any origin may ask, for requests carry a token and no cookie.
fn cors() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,POST,PUT,DELETE")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization,content-type")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ]
}

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    let mut router = Router::new();
    for path in ["/v0.2/{*path}", "/v0.3/{*path}", "/v2/rtc/metrics"] {
        router = router.route(path, any(answer));
    }
    router.with_state(shared)
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Body::empty());
    if parts.method == Method::OPTIONS {
        *response.status_mut() = StatusCode::NO_CONTENT;
    } else {
        let body = axum::body::to_bytes(body, LONGEST).await.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let answer = shared.answer(&parts.method, parts.uri.path(), query, &parts.headers, &body);
        let (status, value) = match answer {
            Ok(value) => (StatusCode::OK, value),
            Err(Refusal(status, code)) => {
                let refusal = json!({ "title": "Refused", "type": "refused", "code": code, "detail": code });
                (status, refusal)
            }
        };
        *response.status_mut() = status;
        *response.body_mut() = Body::from(value.to_string());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response.headers_mut().extend(cors());
    response
}

/// A status, and the code by which the SDK tells refusals apart.
struct Refusal(StatusCode, &'static str);

const MISSING: Refusal = Refusal(StatusCode::NOT_FOUND, "conversation:error:not-found");
const NO_MEMBER: Refusal = Refusal(StatusCode::NOT_FOUND, "conversation:error:member-not-found");
const JOINED: Refusal = Refusal(StatusCode::BAD_REQUEST, "conversation:error:member-already-joined");
const NO_LEG: Refusal = Refusal(StatusCode::NOT_FOUND, "leg:error:not-found");
const WRONG: Refusal = Refusal(StatusCode::BAD_REQUEST, "http:error:validation-fail");
const UNAUTHORIZED: Refusal = Refusal(StatusCode::UNAUTHORIZED, "system:error:invalid-token");
const FORBIDDEN: Refusal = Refusal(StatusCode::FORBIDDEN, "system:error:permission");

type Answered = Result<Value, Refusal>;

/// Who asks, and what of their own.
struct Ask<'a> {
    shared: &'a Shared,
    grant: Grant,
    body: &'a Value,
}

impl Shared {
    fn answer(&self, method: &Method, path: &str, query: &str, headers: &HeaderMap, body: &Value) -> Answered {
        let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let token = bearer.map(|(_, token)| token).ok_or(UNAUTHORIZED)?;
        let grant = self.world.with(|cloud, now| token::user(&cloud.config, now, token));
        let grant = grant.map_err(|_| UNAUTHORIZED)?;
        if path == "/v2/rtc/metrics" {
            return Ok(json!({}));
        }
        if !grant.allows(path) {
            return Err(FORBIDDEN);
        }
        let ask = Ask { shared: self, grant, body };
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (method.as_str(), &segments[..]) {
            ("PUT", ["v0.2", "sessions", session]) => ask.refresh(session),
            ("GET", ["v0.3", "conversations", id]) => ask.conversation(id),
            ("GET", ["v0.3", "conversations", id, "members", "me"]) => ask.own_member(id),
            ("PUT", ["v0.3", "conversations", id, "members", member]) => ask.join(id, member),
            ("DELETE", ["v0.2", "conversations", id, "members", member]) => ask.leave(id, member, query),
            ("POST", ["v0.3", "conversations", id, "rtc", leg, "answer"]) => ask.take(id, leg),
            ("POST", ["v0.3", "conversations", id, "rtc", leg, "offer"]) => ask.come_back(id, leg),
            ("POST", ["v0.3", "conversations", id, "events"]) => ask.act(id),
            ("GET", ["v0.3", "legs", leg]) => ask.leg(leg),
            _ => Err(Refusal(StatusCode::NOT_FOUND, "http:error:not-found")),
        }
    }
}

impl Ask<'_> {
    fn text(&self, pointer: &str) -> Result<&str, Refusal> {
        self.body.pointer(pointer).and_then(Value::as_str).ok_or(WRONG)
    }

    /// The session that the request names, which must be one of the user's.
    fn own_session(&self) -> Result<(), Refusal> {
        let session = self.text("/originating_session")?;
        let browsers = self.shared.browsers.lock();
        let is_own = browsers.sessions.get(session).is_some_and(|known| known.user == self.grant.user);
        is_own.then_some(()).ok_or(FORBIDDEN)
    }

    /// A leg of the user's that its browsers may take to be in that conversation.
    fn find(&self, conversation: &str, is_it: impl Fn(&Guest) -> bool) -> Option<Guest> {
        let guests = self.shared.world.cloud.lock().guests(&self.grant.user);
        let browsers = self.shared.browsers.lock();
        let is_there = |guest: &Guest| {
            let known = browsers.legs.get(&guest.leg);
            known.is_some_and(|known| known.conversations.iter().any(|known| known == conversation))
        };
        guests.into_iter().find(|guest| is_there(guest) && is_it(guest))
    }

    fn of_member(&self, conversation: &str, id: &str) -> Result<Guest, Refusal> {
        self.find(conversation, |guest| member(conversation, &guest.leg) == id).ok_or(NO_MEMBER)
    }

    fn of_leg(&self, conversation: &str, leg: &str) -> Result<Guest, Refusal> {
        self.own_session()?;
        self.find(conversation, |guest| guest.leg == leg).ok_or(NO_LEG)
    }

    fn know<T>(&self, guest: &Guest, change: impl FnOnce(&mut Known) -> T) -> Result<T, Refusal> {
        self.shared.browsers.lock().legs.get_mut(&guest.leg).map(change).ok_or(NO_LEG)
    }

    fn refresh(&self, session: &str) -> Answered {
        let mut browsers = self.shared.browsers.lock();
        let known = browsers.sessions.get_mut(session).filter(|known| known.user == self.grant.user);
        known.ok_or(Refusal(StatusCode::NOT_FOUND, "session:error:invalid"))?.expires = self.grant.expires;
        Ok(json!({ "session_id": session }))
    }

    fn conversation(&self, id: &str) -> Answered {
        let guest = self.find(id, |_| true).ok_or(MISSING)?;
        let timestamp = json!({ "created": iso_8601(guest.created) });
        Ok(json!({ "id": id, "name": guest.conversation_name, "timestamp": timestamp, "state": "ACTIVE" }))
    }

    fn own_member(&self, conversation: &str) -> Answered {
        let guest = self.find(conversation, |_| true).ok_or(NO_MEMBER)?;
        let state = if guest.is_up { "JOINED" } else { "INVITED" };
        Ok(json!({ "id": member(conversation, &guest.leg), "state": state }))
    }

    /// The first browser that takes a call has it.
    fn join(&self, conversation: &str, id: &str) -> Answered {
        self.own_session()?;
        if self.text("/state")? != "joined" {
            return Err(WRONG);
        }
        let guest = self.of_member(conversation, id)?;
        if self.know(&guest, |known| core::mem::replace(&mut known.is_joined, true))? {
            return Err(JOINED);
        }
        let at = self.shared.now();
        self.shared.browsers.lock().of_leg(at, &guest, |envelope| [envelope.joined()]);
        Ok(json!({ "id": id }))
    }

    /// The browser's audio is ready: the leg is answered.
    fn take(&self, conversation: &str, leg: &str) -> Answered {
        let guest = self.of_leg(conversation, leg)?;
        if !self.know(&guest, |known| known.is_joined)? {
            return Err(NO_MEMBER);
        }
        let answer = self.text("/body/answer")?;
        self.shared.sound.with(|media, now| media.accept(now, leg, answer)).map_err(|_| WRONG)?;
        // The caller may have given up.
        self.shared.world.with(|cloud, now| cloud.client_accepts(now, leg)).map_err(|_| NO_LEG)?;
        Ok(json!({ "id": leg }))
    }

    /// A browser whose audio was lost offers new audio for its leg.
    fn come_back(&self, conversation: &str, leg: &str) -> Answered {
        let guest = self.of_leg(conversation, leg)?;
        let offer = self.text("/body/offer/sdp")?;
        if !guest.is_up {
            return Err(NO_LEG);
        }
        let answer = self.shared.sound.with(|media, now| {
            media.remove(leg);
            media.answer(now, leg, offer)
        });
        let answer = answer.map_err(|_| WRONG)?;
        self.shared.world.with(|cloud, _| cloud.client_returns(leg));
        let at = self.shared.now();
        self.shared.browsers.lock().of_leg(at, &guest, |envelope| [envelope.answered(&answer)]);
        Ok(json!({ "id": leg }))
    }

    /// The user hangs up, or does not want the call.
    fn leave(&self, conversation: &str, id: &str, query: &str) -> Answered {
        let guest = self.of_member(conversation, id)?;
        self.know(&guest, |known| known.is_left = true)?;
        let is_refused = query.contains("reason_code=REMOTE_REJECT");
        let ended = self.shared.world.with(|cloud, now| {
            if is_refused { cloud.far_end_hangs_up(now, &guest.leg) } else { cloud.client_leaves(now, &guest.leg) }
        });
        ended.map_err(|_| NO_MEMBER)?;
        Ok(json!({}))
    }

    fn act(&self, conversation: &str) -> Answered {
        let kind = self.text("/type")?;
        let leg = self.text(if kind == "audio:dtmf" { "/body/channel/id" } else { "/body/rtc_id" })?;
        let guest = self.of_leg(conversation, leg)?;
        if kind == "audio:dtmf" {
            let digits = self.text("/body/digit")?;
            self.shared.world.with(|cloud, now| cloud.far_end_presses(now, leg, digits)).map_err(|_| NO_LEG)?;
            let at = self.shared.now();
            self.shared.browsers.lock().of_leg(at, &guest, |envelope| [envelope.pressed(digits)]);
        } else {
            let (set, on): (fn(&mut Cloud, &str, bool), _) = match kind {
                "audio:mute:on" => (Cloud::set_muted, true),
                "audio:mute:off" => (Cloud::set_muted, false),
                "audio:earmuff:on" => (Cloud::set_earmuffed, true),
                "audio:earmuff:off" => (Cloud::set_earmuffed, false),
                _ => return Err(WRONG),
            };
            self.shared.world.with(|cloud, _| set(cloud, leg, on));
        }
        let number = self.shared.browsers.lock().events;
        Ok(json!({ "id": number.to_string() }))
    }

    fn leg(&self, leg: &str) -> Answered {
        let guest = self.shared.guest(leg).filter(|guest| guest.user == self.grant.user).ok_or(NO_LEG)?;
        let conversation = self.know(&guest, |known| known.conversation().to_owned())?;
        Ok(json!({
            "id": leg,
            "conversation_id": conversation,
            "status": guest.status,
            "start_time": iso_8601(guest.created),
            "end_time": "",
            "direction": "outbound",
            "type": "app",
            "from": { "type": "phone", "number": guest.from },
            "to": { "type": "app", "user": guest.user },
        }))
    }
}
