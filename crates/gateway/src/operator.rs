//! What operators ask for, by `/operator` and a bearer that only they have. Nothing that is answered names a person.

use crate::api::{bears, no_store};
use crate::app::App;
use crate::journal::{Chain, Portal, Step, StoreError, Untold};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use cordboard::Timestamp;
use cordboard::telephony::CallId;
use serde_json::json;
use std::sync::Arc;

/// How many calls are listed at the most.
const MOST: u32 = 1_000;

pub(crate) fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/operator/hubspot", get(portals))
        .route("/operator/hubspot/{portal}", delete(uninstall))
        .route("/operator/outbox", get(untold))
        .route("/operator/outbox/retry", post(retry_all))
        .route("/operator/outbox/{call}/retry", post(retry))
        .route("/operator/outbox/{call}/dismiss", post(dismiss))
        .layer(middleware::from_fn_with_state(app, authorise))
}

/// Without a token in the configuration there is nothing here.
async fn authorise(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let response = match &app.config.server.operator_token {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(token) if !bears(request.headers(), token) => StatusCode::UNAUTHORIZED.into_response(),
        Some(_) => next.run(request).await,
    };
    no_store(response)
}

/// The accounts that installed the app, and what HubSpot's setting for recordings is to be.
async fn portals(State(app): State<Arc<App>>) -> Response {
    let portal = |Portal { id, installed_at, changed_at }: Portal| {
        let (installed_at, changed_at) = (installed_at.as_millis(), changed_at.as_millis());
        json!({ "portal": id, "installed_at": installed_at, "changed_at": changed_at })
    };
    answer(app.store.portals().await, |portals| {
        let portals: Vec<_> = portals.into_iter().map(portal).collect();
        json!({ "portals": portals, "recordings": app.recordings_for_hubspot() })
    })
}

/// Takes the app's access back. May be repeated until it succeeds.
async fn uninstall(State(app): State<Arc<App>>, Path(portal): Path<u64>) -> Response {
    let Some(hubspot) = &app.hubspot else { return StatusCode::NOT_FOUND.into_response() };
    match hubspot.uninstall(portal).await {
        Ok(()) => {
            tracing::info!(portal, "the app was uninstalled");
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => {
            tracing::error!(portal, error = %Chain(&error), "the app could not be uninstalled");
            (StatusCode::BAD_GATEWAY, Json(json!({ "error": error.to_string() }))).into_response()
        }
    }
}

/// The calls of which HubSpot does not know everything. One without `due_at` waits until it is retried.
async fn untold(State(app): State<Arc<App>>) -> Response {
    let call = |Untold { call, ended_at, due_at, attempts, problem }: Untold| {
        json!({
            "call": call.as_str(), "ended_at": ended_at.as_millis(), "due_at": due_at.map(Timestamp::as_millis),
            "attempts": attempts, "problem": problem,
        })
    };
    answer(app.store.untold(MOST).await, |calls| json!({ "calls": calls.into_iter().map(call).collect::<Vec<_>>() }))
}

async fn retry_all(State(app): State<Arc<App>>) -> Response {
    answer(app.store.hasten(None, app.clock.now()).await, |calls| json!({ "calls": calls }))
}

async fn retry(State(app): State<Arc<App>>, Path(call): Path<String>) -> Response {
    let call = CallId::new(call);
    // Whoever retries one call has looked at its record.
    if app.store.learn(&call, Step::NotTranscribed).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match app.store.hasten(Some(call), app.clock.now()).await {
        Ok(0) => StatusCode::NOT_FOUND.into_response(),
        hastened => answer(hastened, |calls| json!({ "calls": calls })),
    }
}

/// Lets a call be whose record is good enough.
async fn dismiss(State(app): State<Arc<App>>, Path(call): Path<String>) -> Response {
    match app.store.dismiss(CallId::new(call)).await {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn answer<T>(result: Result<T, StoreError>, say: impl FnOnce(T) -> serde_json::Value) -> Response {
    match result {
        Ok(value) => Json(say(value)).into_response(),
        // The journal has logged why.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
