//! The cloud in real time.

use crate::cloud::Cloud;
use crate::config::CloudConfig;
use crate::fault::Fault;
use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::routing::{get, post};
use cordboard::Timestamp;
use cordboard::platform::Lock;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

/// The emulator as a server, on this machine only. It stops when this is dropped.
pub struct Server {
    address: SocketAddr,
    cloud: Arc<Lock<Cloud>>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Listens, and serves as long as the runtime runs. Port 0 is any that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(config: CloudConfig, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("the port can't be listened at")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let cloud = Arc::new(Lock::new(Cloud::new(config)));
        let app = Router::new()
            .route("/control/state", get(state))
            .route("/control/requests", get(requests))
            .route("/control/consent", post(consent))
            .route("/control/calls", post(calls))
            .route("/control/expire", post(expire))
            .route("/control/faults", post(faults))
            .fallback(answer)
            .with_state(Arc::clone(&cloud));
        let server = axum_server::from_tcp(listener)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ = server.serve(app.into_make_service()).await;
        });
        Ok(Self { address, cloud, tasks })
    }

    /// Where the API is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Does something in the cloud.
    pub fn with<T>(&self, act: impl FnOnce(&mut Cloud) -> T) -> T {
        act(&mut self.cloud.lock())
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

type Shared = State<Arc<Lock<Cloud>>>;

async fn answer(State(cloud): Shared, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap_or_default();
    let request = Request::from_parts(parts, body.to_vec());
    let answer = cloud.lock().handle_request(now(), &request);
    tokio::time::sleep(answer.after).await;
    match answer.response {
        Some(response) => response.map(Body::from),
        // A body that breaks off before its first byte closes the connection, and nothing was sent.
        None => {
            Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(io::Error::other("no answer")) })))
        }
    }
}

async fn state(State(cloud): Shared) -> String {
    let cloud = cloud.lock();
    json!({ "settings": cloud.settings, "calls": cloud.kept_calls() }).to_string()
}

async fn requests(State(cloud): Shared) -> String {
    json!(cloud.lock().requests()).to_string()
}

async fn consent(State(cloud): Shared, body: Bytes) -> String {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    json!({ "code": cloud.lock().consent(body["challenge"].as_str()) }).to_string()
}

async fn calls(State(cloud): Shared, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(id) = body["id"].as_u64() else { return StatusCode::BAD_REQUEST };
    cloud.lock().log_call_as(id, &body["properties"]);
    StatusCode::NO_CONTENT
}

async fn expire(State(cloud): Shared) -> StatusCode {
    cloud.lock().expire_tokens();
    StatusCode::NO_CONTENT
}

async fn faults(State(cloud): Shared, body: Bytes) -> StatusCode {
    let Ok(faults) = serde_json::from_slice::<Vec<Fault>>(&body) else { return StatusCode::BAD_REQUEST };
    let mut cloud = cloud.lock();
    for fault in faults {
        cloud.inject(fault);
    }
    StatusCode::NO_CONTENT
}

#[expect(clippy::disallowed_methods, reason = "this is the driver that hands the time to everything else")]
fn now() -> Timestamp {
    Timestamp::default() + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
