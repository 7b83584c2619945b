//! Answers a request from a bundle's folder, which is read each time, so that a new build shows at once.

use crate::{encoding, rules};
use anyhow::Result;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Answers one request.
pub(crate) fn respond(folder: &Path, request: &Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    match file(folder, request.uri().path(), request.headers()) {
        Ok(Some(response)) => response,
        Ok(None) => plain(StatusCode::NOT_FOUND, "not found\n"),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}\n")),
    }
}

/// The file at a path, or `None` if there is none.
fn file(folder: &Path, path: &str, request: &HeaderMap) -> Result<Option<Response<Body>>> {
    let Some(name) = name(path) else { return Ok(None) };
    let text = |header: HeaderName| request.get(header).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut forms = encoding::accepted(text(header::ACCEPT_ENCODING)).map(Some).chain([None]);
    let found = forms.find_map(|form| {
        let suffix = form.map_or("", |encoding| encoding.suffix);
        read(&folder.join(format!("{name}{suffix}"))).transpose().map(|body| (form, body))
    });
    let Some((form, body)) = found else { return Ok(None) };
    let body = body?;
    let tag = format!("\"{:.16}\"", hex(&Sha256::digest(&body)));

    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::ETAG, tag.parse()?);
    let rules = read(&folder.join("_headers"))?.unwrap_or_default();
    for (name, value) in rules::headers(&String::from_utf8(rules)?, path)? {
        headers.insert(name, value);
    }
    let known = text(header::IF_NONE_MATCH)
        .split(',')
        .any(|item| matches!(item.trim().trim_start_matches("W/"), item if item == tag || item == "*"));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(Some(response));
    }
    if let Some(encoding) = form {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name));
    }
    *response.body_mut() = body.into();
    Ok(Some(response))
}

/// The file that a path names, if it is one that a bundle could hold: no part of it is hidden, or leads elsewhere.
fn name(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let is_plain = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    match path {
        "" => Some("index.html"),
        _ => path.split('/').all(is_plain).then_some(path),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::HttpBody as _;
    use tempfile::TempDir;

    fn bundle() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("index.html", "the page"),
            ("index.html.br", "br"),
            ("index.html.gz", "gzip"),
            ("_headers", RULES),
            ("a.wasm", ""),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }
    const RULES: &str = "/*\n  X-Content-Type-Options: nosniff\n/a.wasm\n  Content-Type: application/wasm\n";

    fn get(folder: &TempDir, path: &str, headers: &[(HeaderName, &str)]) -> Response<Body> {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(name, *value));
        respond(folder.path(), &request.body(Body::empty()).unwrap())
    }

    fn header(response: &Response<Body>, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_page_comes_in_the_best_form_with_its_headers() {
        let folder = bundle();
        let response = get(&folder, "/", &[(header::ACCEPT_ENCODING, "gzip, br")]);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, header::CONTENT_ENCODING), "br");
        assert_eq!(header(&response, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(response.body().size_hint().exact(), Some(2));
        let response = get(&folder, "/index.html", &[]);
        assert_eq!(header(&response, header::CONTENT_ENCODING), "");
        assert_eq!(response.body().size_hint().exact(), Some(8));
    }

    #[test]
    fn a_rule_names_the_type() {
        assert_eq!(header(&get(&bundle(), "/a.wasm", &[]), header::CONTENT_TYPE), "application/wasm");
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let folder = bundle();
        let tag = header(&get(&folder, "/", &[]), header::ETAG).to_owned();
        let response = get(&folder, "/", &[(header::IF_NONE_MATCH, &format!("\"other\", W/{tag}"))]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.body().size_hint().exact(), Some(0));
        // Each form has its own tag.
        let response = get(&folder, "/", &[(header::IF_NONE_MATCH, &tag), (header::ACCEPT_ENCODING, "br")]);
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[test]
    fn only_what_the_bundle_holds_is_served() {
        let folder = bundle();
        fs::create_dir(folder.path().join("assets")).unwrap();
        for path in [
            "/_headers",
            "/../secret",
            "/assets",
            "/assets/",
            "//index.html",
            "/.hidden",
            "/%2e%2e/secret",
            "/index.html/x",
            "/none",
        ] {
            assert_eq!(get(&folder, path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn other_methods_are_refused() {
        let response = respond(bundle().path(), &Request::post("/").body(Body::empty()).unwrap());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, header::ALLOW), "GET, HEAD");
    }
}
