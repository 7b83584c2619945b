//! What stands between two servers passes requests on.

use axum::body::Body;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

/// The answer of the server at that address; `None` if it gives none.
pub(crate) async fn pass_on(http: &reqwest::Client, server: &str, parts: &Parts, body: Vec<u8>) -> Option<Response> {
    let path = parts.uri.path_and_query().unwrap();
    let mut request = http.request(parts.method.clone(), format!("{server}{path}"));
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "host" && *name != "content-length") {
        request = request.header(name, value);
    }
    let answer = request.body(body).send().await.ok()?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove("transfer-encoding");
    headers.remove("content-length");
    let mut response = (status, Body::from(answer.bytes().await.ok()?)).into_response();
    response.headers_mut().extend(headers);
    Some(response)
}
