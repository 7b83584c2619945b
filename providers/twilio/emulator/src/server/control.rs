//! The hands of a test, over HTTP: JSON in and out. The crate's documentation has the table.

use super::Shared;
use crate::callback::Disturbance;
use crate::config::ClientScript;
use crate::control::{Hears, Leg, NoSuchLeg};
use crate::fault::{Answer, Fault};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use core::time::Duration;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

type Answered = Result<Response<axum::body::Body>, StatusCode>;

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/control/legs", get(legs))
        .route("/control/legs/{sid}/{action}", post(act))
        .route("/control/incoming", post(incoming))
        .route("/control/clients", get(registered).post(clients))
        .route("/control/faults", post(faults))
        .route("/control/disturbance", post(disturb))
        .route("/control/warnings", get(warnings))
        .with_state(shared)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, StatusCode> {
    serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)
}

fn json(value: &Value) -> Answered {
    Ok(([("content-type", "application/json")], value.to_string()).into_response())
}

fn done() -> Answered {
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn missing(_: NoSuchLeg) -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn legs(State(shared): State<Arc<Shared>>) -> Answered {
    let legs = shared.cloud.lock().legs();
    let media = shared.media.lock();
    let legs = legs.into_iter().map(|leg| {
        let counters = media.counters(&leg.sid);
        let mut value = leg_json(&leg);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("audio".to_owned(), json!({"from": counters.from, "to": counters.to}));
        }
        value
    });
    json(&legs.collect())
}

/// `hears` is a word, or the legs.
fn leg_json(leg: &Leg) -> Value {
    let hears = match &leg.hears {
        Hears::Silence => json!("silence"),
        Hears::Music => json!("music"),
        Hears::RingTone => json!("ring-tone"),
        Hears::Speech => json!("speech"),
        Hears::Legs(legs) => json!(legs),
    };
    json!({
        "sid": leg.sid, "parent": leg.parent, "from": leg.from, "to": leg.to, "direction": leg.direction,
        "status": leg.status, "conference": leg.conference, "label": leg.label, "muted": leg.muted, "held": leg.held,
        "digits_heard": leg.digits_heard, "hears": hears, "is_browser": leg.is_browser,
    })
}

async fn act(State(shared): State<Arc<Shared>>, Path((sid, action)): Path<(String, String)>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Keys {
        digits: String,
    }
    let digits = if action == "press" { read::<Keys>(&body)?.digits } else { String::new() };
    let acted = shared.with(|cloud, now| {
        Some(match action.as_str() {
            "hang_up" => cloud.far_end_hangs_up(now, &sid),
            "press" => cloud.far_end_presses(now, &sid, &digits),
            "vanish" => cloud.client_vanishes(now, &sid),
            _ => return None,
        })
    });
    acted.ok_or(StatusCode::NOT_FOUND)?.map_err(missing)?;
    done()
}

async fn incoming(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Parties {
        from: String,
        to: String,
    }
    let Parties { from, to } = read(&body)?;
    let call = shared.with(|cloud, now| cloud.incoming(now, &from, &to)).map_err(missing)?;
    json(&json!({ "call": call }))
}

async fn registered(State(shared): State<Arc<Shared>>) -> Answered {
    json(&shared.with(|cloud, _| cloud.registered().collect::<Vec<_>>().into()))
}

async fn clients(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Script {
        script: String,
        #[serde(default)]
        after_ms: u64,
    }
    let Script { script, after_ms } = read(&body)?;
    let after = Duration::from_millis(after_ms);
    let script = match script.as_str() {
        "accepts" => ClientScript::Accepts(after),
        "rejects" => ClientScript::Rejects(after),
        "ignores" => ClientScript::Ignores,
        "absent" => ClientScript::Absent,
        _ => return Err(StatusCode::BAD_REQUEST),
    };
    shared.with(|cloud, _| cloud.script_clients(script));
    done()
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", remote = "Answer")]
enum AnswerName {
    Truth,
    Nothing,
    Garbage,
    Unauthenticated,
    NotFound,
    TooManyRequests,
    ServerError,
    Unavailable,
}

async fn faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Wrong {
        #[serde(with = "AnswerName")]
        answer: Answer,
        #[serde(default)]
        carried_out: bool,
        method: Option<String>,
        path: Option<String>,
    }
    let faults = read::<Vec<Wrong>>(&body)?.into_iter().map(|Wrong { answer, carried_out, method, path }| {
        let method = method.map(|method| Method::from_bytes(method.as_bytes()).map_err(|_| StatusCode::BAD_REQUEST));
        Ok(Fault { answer, carried_out, method: method.transpose()?, path: path.map(Into::into) })
    });
    let faults = faults.collect::<Result<Vec<_>, StatusCode>>()?;
    shared.with(|cloud, _| cloud.inject(faults));
    done()
}

async fn disturb(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Trouble {
        #[serde(default)]
        delay_ms: u64,
        #[serde(default)]
        repeats: u8,
    }
    let Trouble { delay_ms, repeats } = read(&body)?;
    let disturbance = Disturbance { delay: Duration::from_millis(delay_ms), repeats };
    shared.with(|cloud, _| cloud.disturb(disturbance));
    done()
}

async fn warnings(State(shared): State<Arc<Shared>>) -> Answered {
    let warnings = json!(shared.cloud.lock().warnings());
    json(&warnings)
}
