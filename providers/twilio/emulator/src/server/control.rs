//! The hands of a test, over HTTP: JSON in and out. The crate's documentation has the table.

use super::{Shared, Signalling};
use crate::control::Leg;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use cordboard_emulator::server::control::{Answered, done, hears, json as answer, read, read_script};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/control/legs", get(legs))
        .route("/control/clients", get(registered).post(clients))
        .route("/control/signalling", post(signalling))
        .with_state(shared)
}

async fn legs(State(shared): State<Arc<Shared>>) -> Answered {
    let legs = shared.world.cloud.lock().legs();
    let legs = legs.into_iter().map(|leg| {
        let mut value = leg_json(&leg);
        value["audio"] = json!(shared.sound.counters(&leg.sid));
        value
    });
    answer(&legs.collect())
}

fn leg_json(leg: &Leg) -> Value {
    let hears = hears(&leg.hears);
    json!({
        "sid": leg.sid, "parent": leg.parent, "from": leg.from, "to": leg.to, "direction": leg.direction,
        "status": leg.status, "conference": leg.conference, "label": leg.label, "muted": leg.muted, "held": leg.held,
        "digits_heard": leg.digits_heard, "hears": hears, "is_browser": leg.is_browser, "recording": leg.recording,
    })
}

async fn registered(State(shared): State<Arc<Shared>>) -> Answered {
    answer(&shared.world.with(|cloud, _| cloud.registered().collect::<Vec<_>>().into()))
}

async fn clients(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    let script = read_script(&body)?;
    shared.world.with(|cloud, _| cloud.script_clients(script));
    done()
}

async fn signalling(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    #[derive(Deserialize)]
    struct Wanted {
        state: String,
    }
    let wanted = read::<Wanted>(&body)?.state;
    let state = match wanted.as_str() {
        "up" | "renewable" => Signalling::Up,
        "down" => Signalling::Down,
        "expired" => Signalling::Expired,
        _ => return Err(StatusCode::BAD_REQUEST),
    };
    shared.signalling.send_replace(state);
    if matches!(wanted.as_str(), "renewable" | "expired") {
        super::signalling::expire(&shared);
    }
    done()
}
