//! The pages that people see who come back from another site, and what such a page tells the widget that opened it.

use crate::api::no_store;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Tells the widget, and nobody else: the browser drops the message if the window's opener is of another origin. Where the opener was cut
/// off, the sentence stays.
const SCRIPT: &str = "\
const { target, message } = document.body.dataset;
if (opener && target) {
  document.body.className = \"said\";
  opener.postMessage(JSON.parse(message), target);
  close();
}
";
const SIGN_IN: &str = "Sign in";
const STYLE: &str = "\
body { font: 16px/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 26rem; padding: 0 1rem; color-scheme: light dark }
.said > main { display: none }
.said::after { content: \"You can close this window.\" }
";

static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A page that tells the widget of that origin something. People read the sentence where the widget can't be told.
pub(crate) fn tell(status: StatusCode, target: &str, message: &Value, sentence: &str) -> Response {
    let data = format!(" data-target=\"{}\" data-message=\"{}\"", escape(target), escape(&message.to_string()));
    page(status, SIGN_IN, &data, sentence)
}

/// A page of signing in for people only.
pub(crate) fn say(status: StatusCode, sentence: &str) -> Response {
    show(status, SIGN_IN, sentence)
}

/// A page for people only, with that headline.
pub(crate) fn show(status: StatusCode, title: &str, sentence: &str) -> Response {
    page(status, title, "", sentence)
}

/// What every answer to the window has.
pub(crate) fn private(response: Response) -> Response {
    let mut response = no_store(response);
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn page(status: StatusCode, title: &str, data: &str, sentence: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head>\n\
         <body{data}><script>{SCRIPT}</script><main><h1>{title}</h1><p>{}</p></main></body></html>\n",
        escape(sentence)
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    private(response)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn data_stays_data() {
        let response = tell(StatusCode::OK, "https://a.example\"><script>", &json!({ "x": "\"></script>&" }), "a < b");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(body.matches("<script>").count(), 1, "{body}");
        assert!(body.contains("data-target=\"https://a.example&quot;&gt;&lt;script&gt;\""), "{body}");
        assert!(body.contains("a &lt; b"));
    }
}
