//! A provider's REST API over HTTP.

use super::Shared;
use crate::Emulated;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use futures_util::stream;
use http::{Request, Response};
use std::io;
use std::sync::Arc;

/// Every request goes to the cloud.
pub fn routes<C: Emulated>(shared: Arc<Shared<C>>) -> Router {
    Router::new().fallback(answer::<C>).with_state(shared)
}

async fn answer<C: Emulated>(State(shared): State<Arc<Shared<C>>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let request = Request::from_parts(parts, body.to_vec());
    match shared.with(|cloud, now| cloud.handle_request(now, &request)) {
        Some(response) => response.map(Body::from),
        // A body that breaks off before its first byte closes the connection, and nothing was sent.
        None => {
            Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(io::Error::other("no answer")) })))
        }
    }
}
