//! The hands of a test, over HTTP: JSON in and out.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /` | | a page from which somebody calls, for people |
//! | `POST /control/incoming` | `{"from","to"}` | `{"call"}`: somebody calls a number of the account |
//! | `POST /control/legs/{id}/hang_up` | | the far end hangs up, gives up or declines |
//! | `POST /control/legs/{id}/press` | `{"digits"}` | the far end presses keys |
//! | `POST /control/legs/{id}/vanish` | | the browser at the far end is lost |
//! | `POST /control/faults` | `[{"answer","carried_out","method","path"}]` | the next requests that fit are answered so: [`Fault`] |
//! | `POST /control/disturbance` | `{"delay_ms","repeats"}` | callbacks are late and out of order, some in a hundred come twice |
//! | `GET /control/warnings` | | texts |
//!
//! What succeeds answers 200, or 204 without a body; what is wrong 400, and a leg that is not there 404. `answer` is a
//! name of [`Answer`] in snake case.

use super::Shared;
use crate::{Answer, ClientScript, Disturbance, Emulated, Fault, Hears, NoSuchLeg};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use cordboard::Timestamp;
use core::time::Duration;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a test can do in any provider's cloud.
pub trait Hands: Emulated {
    /// Somebody calls one of the account's numbers, and waits until someone answers or they hang up. Returns the leg.
    ///
    /// # Errors
    /// When the number is not the account's, or takes no calls.
    fn incoming(&mut self, now: Timestamp, from: &str, to: &str) -> Result<String, NoSuchLeg>;

    /// The far end of a leg hangs up, gives up or declines.
    ///
    /// # Errors
    /// When there is no such leg, or it is over.
    fn far_end_hangs_up(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg>;

    /// The far end of a leg presses keys.
    ///
    /// # Errors
    /// When there is no such leg, or it is not answered.
    fn far_end_presses(&mut self, now: Timestamp, leg: &str, digits: &str) -> Result<(), NoSuchLeg>;

    /// A browser lost its connection for good.
    ///
    /// # Errors
    /// When there is no such leg, or it is over.
    fn client_vanishes(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg>;

    /// Answers requests wrongly, or not at all, one for each fault, in order.
    fn inject(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.basis_mut().faults.inject(faults);
    }

    /// What happens to callbacks from now on.
    fn disturb(&mut self, disturbance: Disturbance) {
        self.basis_mut().outbox.disturb(disturbance);
    }

    /// What was wrong with the account's answers and callbacks so far.
    fn warnings(&self) -> &[String] {
        &self.basis().warnings
    }
}

/// An answer in JSON, or a status.
pub type Answered = Result<Response<axum::body::Body>, StatusCode>;

type World<C> = State<Arc<Shared<C>>>;

/// What every emulator has.
pub fn routes<C: Hands>(shared: Arc<Shared<C>>) -> Router {
    Router::new()
        .route("/", get(async || Html(include_str!("telephone.html"))))
        .route("/control/legs/{leg}/{action}", post(act::<C>))
        .route("/control/incoming", post(incoming::<C>))
        .route("/control/faults", post(faults::<C>))
        .route("/control/disturbance", post(disturb::<C>))
        .route("/control/warnings", get(warnings::<C>))
        .with_state(shared)
}

/// Reads a body.
///
/// # Errors
/// When it is not what is wanted: 400.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, StatusCode> {
    serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Reads what users without a browser do: `{"script","after_ms"}`, where the script is a name of [`ClientScript`] in snake case.
///
/// # Errors
/// When there is no such script: 400.
pub fn read_script(body: &[u8]) -> Result<ClientScript, StatusCode> {
    #[derive(Deserialize)]
    struct Wish {
        script: String,
        #[serde(default)]
        after_ms: u64,
    }
    let Wish { script, after_ms } = read(body)?;
    let after = Duration::from_millis(after_ms);
    match script.as_str() {
        "accepts" => Ok(ClientScript::Accepts(after)),
        "rejects" => Ok(ClientScript::Rejects(after)),
        "ignores" => Ok(ClientScript::Ignores),
        "absent" => Ok(ClientScript::Absent),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

/// Answers with a value.
///
/// # Errors
/// Never.
pub fn json(value: &Value) -> Answered {
    Ok(([("content-type", "application/json")], value.to_string()).into_response())
}

/// Answers that it is done.
///
/// # Errors
/// Never.
pub fn done() -> Answered {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What is heard, as a word, or the legs.
#[must_use]
pub fn hears(hears: &Hears) -> Value {
    match hears {
        Hears::Silence => json!("silence"),
        Hears::Music => json!("music"),
        Hears::RingTone => json!("ring-tone"),
        Hears::Speech => json!("speech"),
        Hears::Legs(legs) => json!(legs),
    }
}

fn missing(_: NoSuchLeg) -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn act<C: Hands>(State(shared): World<C>, Path((leg, action)): Path<(String, String)>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Keys {
        digits: String,
    }
    let digits = if action == "press" { read::<Keys>(&body)?.digits } else { String::new() };
    let acted = shared.with(|cloud, now| {
        Some(match action.as_str() {
            "hang_up" => cloud.far_end_hangs_up(now, &leg),
            "press" => cloud.far_end_presses(now, &leg, &digits),
            "vanish" => cloud.client_vanishes(now, &leg),
            _ => return None,
        })
    });
    acted.ok_or(StatusCode::NOT_FOUND)?.map_err(missing)?;
    done()
}

async fn incoming<C: Hands>(State(shared): World<C>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Parties {
        from: String,
        to: String,
    }
    let Parties { from, to } = read(&body)?;
    let call = shared.with(|cloud, now| cloud.incoming(now, &from, &to)).map_err(missing)?;
    json(&json!({ "call": call }))
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

async fn faults<C: Hands>(State(shared): World<C>, body: Bytes) -> Answered {
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

async fn disturb<C: Hands>(State(shared): World<C>, body: Bytes) -> Answered {
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

async fn warnings<C: Hands>(State(shared): World<C>) -> Answered {
    let warnings = json!(shared.cloud.lock().warnings());
    json(&warnings)
}
