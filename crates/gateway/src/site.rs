//! The widget's files: a folder that `cargo xtask build` made, as its `_headers` says, and read once.

use crate::config::FrameAncestor;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Precompressed forms, best first: as HTTP names them, and what their files' names end with.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];
/// A bundle has fewer, and is smaller than that by far.
const MOST_FILES: usize = 1_000;

/// Files by their paths.
pub(crate) struct Site {
    files: BTreeMap<String, File>,
}

struct File {
    headers: HeaderMap,
    /// The file as it is, and what it is compressed to.
    plain: Form,
    compressed: Vec<(&'static str, Form)>,
}

#[derive(Clone)]
struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

/// Why a folder can't be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// It can't be read.
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
    /// It holds no page.
    #[error("it holds no index.html: name a folder that `cargo xtask build` made")]
    NoPage,
    /// It is not a bundle.
    #[error("it holds more than {MOST_FILES} files")]
    TooMany,
    /// Nothing says what the page may do, and who may frame it.
    #[error("its _headers give the page no Content-Security-Policy: name a folder that `cargo xtask build` made")]
    NoPolicy,
    /// What is in `_headers` is not headers.
    #[error("its _headers can't be read: line {0}")]
    Headers(usize),
}

impl Site {
    /// Reads a folder. `ancestors` are the pages that may frame it.
    pub(crate) fn load(folder: &Path, ancestors: &[FrameAncestor]) -> Result<Self, SiteError> {
        let mut raw = BTreeMap::new();
        read(folder, "", &mut raw)?;
        let rules = raw.remove("_headers").unwrap_or_default();
        let rules = Rules::parse(&String::from_utf8_lossy(&rules), ancestors)?;
        let mut files = BTreeMap::new();
        for (name, bytes) in &raw {
            let is_form =
                |(_, suffix): &(&str, &str)| name.strip_suffix(*suffix).is_some_and(|of| raw.contains_key(of));
            if ENCODINGS.iter().any(is_form) {
                continue;
            }
            let compressed = ENCODINGS.iter().filter_map(|(encoding, suffix)| {
                raw.get(&format!("{name}{suffix}")).map(|bytes| (*encoding, Form::new(bytes)))
            });
            let compressed = compressed.collect();
            let path = format!("/{name}");
            let file = |path: &str| File {
                headers: rules.headers(path, content_type(name)),
                plain: Form::new(bytes),
                compressed,
            };
            files.insert(path.clone(), file(&path));
        }
        let Some(page) = files.get("/index.html") else { return Err(SiteError::NoPage) };
        let page = File {
            headers: rules.headers("/", content_type("index.html")),
            plain: page.plain.clone(),
            compressed: page.compressed.clone(),
        };
        if !page.headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            return Err(SiteError::NoPolicy);
        }
        files.insert("/".to_owned(), page);
        Ok(Self { files })
    }

    /// Answers a request.
    pub(crate) fn respond(&self, request: &Request<Body>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
        }
        let Some(file) = self.files.get(request.uri().path()) else {
            return (StatusCode::NOT_FOUND, "not found\n").into_response();
        };
        let text =
            |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let accepted = text(header::ACCEPT_ENCODING);
        let form = file.compressed.iter().find(|(encoding, _)| takes(accepted, encoding));
        let (encoding, form) = form.map_or((None, &file.plain), |(encoding, form)| (Some(*encoding), form));
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = file.headers.clone();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::ETAG, form.tag.clone());
        let is_known = |item: &str| item == "*" || item.trim_start_matches("W/").as_bytes() == form.tag.as_bytes();
        if text(header::IF_NONE_MATCH).split(',').map(str::trim).any(is_known) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        *response.body_mut() = form.bytes.clone().into();
        response
    }
}

impl Form {
    fn new(bytes: &[u8]) -> Self {
        let tag = crate::random::hex(&Sha256::digest(bytes));
        let tag = HeaderValue::from_str(&format!("\"{tag:.16}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes: Bytes::copy_from_slice(bytes), tag }
    }
}

/// Takes in what a folder holds, but nothing hidden and no links.
fn read(folder: &Path, below: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), SiteError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{below}{name}");
        let kind = entry.file_type()?;
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            read(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            files.insert(path, fs::read(entry.path())?);
        }
        if files.len() > MOST_FILES {
            return Err(SiteError::TooMany);
        }
    }
    Ok(())
}

/// `_headers`: a path at the start of a line, and below it, indented, its headers.
struct Rules(Vec<(String, Vec<(HeaderName, HeaderValue)>)>);

impl Rules {
    fn parse(text: &str, ancestors: &[FrameAncestor]) -> Result<Self, SiteError> {
        let mut rules: Vec<(String, Vec<(HeaderName, HeaderValue)>)> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if !line.starts_with(char::is_whitespace) {
                rules.push((line.trim().to_owned(), Vec::new()));
                continue;
            }
            let wrong = || SiteError::Headers(index + 1);
            let (name, value) = line.split_once(':').ok_or_else(wrong)?;
            let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
            let value = match name {
                header::CONTENT_SECURITY_POLICY => framed_by(value.trim(), ancestors),
                _ => value.trim().to_owned(),
            };
            let value = HeaderValue::from_str(&value).map_err(|_| wrong())?;
            rules.last_mut().ok_or_else(wrong)?.1.push((name, value));
        }
        Ok(Self(rules))
    }

    fn headers(&self, path: &str, content_type: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let matches = |rule: &str| rule.strip_suffix('*').map_or(rule == path, |start| path.starts_with(start));
        for (name, value) in self.0.iter().filter(|(rule, _)| matches(rule)).flat_map(|(_, headers)| headers) {
            headers.insert(name, value.clone());
        }
        headers
    }
}

/// A policy with the configured pages in the place of those that the bundle was built with.
fn framed_by(policy: &str, ancestors: &[FrameAncestor]) -> String {
    let others = policy.split(';').map(str::trim).filter(|directive| !directive.starts_with("frame-ancestors"));
    let mut directives: Vec<String> = others.filter(|directive| !directive.is_empty()).map(str::to_owned).collect();
    let mut sources: Vec<String> = ancestors.iter().map(FrameAncestor::source).collect();
    sources.dedup();
    let sources = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
    directives.push(format!("frame-ancestors {sources}"));
    directives.join("; ")
}

fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|item| {
        let (item, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        item.trim().eq_ignore_ascii_case(encoding) && weight.is_none_or(|weight| weight > 0.0)
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FromText as _;

    const RULES: &str = "\
# comment
/*
  Content-Security-Policy: default-src 'none'; frame-ancestors https://old.example.com
  X-Content-Type-Options: nosniff
/
  Cache-Control: no-cache
/assets/*
  Cache-Control: immutable
";

    fn site() -> Site {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        for (name, text) in [
            ("index.html", "the page"),
            ("index.html.br", "br"),
            ("index.html.gz", "gzip"),
            ("_headers", RULES),
            ("assets/a.wasm", "wasm"),
            (".hidden", "secret"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let ancestors = ["https://app.hubspot.com", "https://app-*.hubspot.com"]
            .map(|text| FrameAncestor::from_text(text).unwrap());
        Site::load(folder.path(), &ancestors).unwrap()
    }

    fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response<Body> {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(name, *value));
        site().respond(&request.body(Body::empty()).unwrap())
    }

    fn header(response: &Response<Body>, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_page_comes_in_the_best_form_with_its_headers() {
        let response = get("/", &[(header::ACCEPT_ENCODING, "gzip, br")]);
        assert_eq!(header(&response, header::CONTENT_ENCODING), "br");
        assert_eq!(header(&response, header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&response, header::CACHE_CONTROL), "no-cache");
        let response = get("/", &[(header::ACCEPT_ENCODING, "br;q=0, gzip")]);
        assert_eq!(header(&response, header::CONTENT_ENCODING), "gzip");
        assert_eq!(header(&get("/", &[]), header::CONTENT_ENCODING), "");
        assert_eq!(header(&get("/assets/a.wasm", &[]), header::CACHE_CONTROL), "immutable");
    }

    #[test]
    fn the_configuration_says_who_may_frame_it() {
        assert_eq!(
            header(&get("/", &[]), header::CONTENT_SECURITY_POLICY),
            "default-src 'none'; frame-ancestors https://app.hubspot.com https://*.hubspot.com"
        );
        assert_eq!(framed_by("default-src 'none'", &[]), "default-src 'none'; frame-ancestors 'none'");
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let tag = header(&get("/", &[]), header::ETAG).to_owned();
        let response = get("/", &[(header::IF_NONE_MATCH, &format!("\"other\", W/{tag}"))]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        let response = get("/", &[(header::IF_NONE_MATCH, &tag), (header::ACCEPT_ENCODING, "br")]);
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[test]
    fn only_what_the_bundle_holds_is_served() {
        for path in
            ["/_headers", "/.hidden", "/../secret", "/%2e%2e/secret", "/assets", "/assets/", "//index.html", "/none"]
        {
            assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
        let response = site().respond(&Request::post("/").body(Body::empty()).unwrap());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn what_is_no_bundle_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Site::load(folder.path(), &[]), Err(SiteError::NoPage)));
        fs::write(folder.path().join("index.html"), "").unwrap();
        assert!(matches!(Site::load(folder.path(), &[]), Err(SiteError::NoPolicy)), "it has no _headers");
        fs::write(folder.path().join("_headers"), "/assets/*\n  Content-Security-Policy: default-src 'none'\n")
            .unwrap();
        assert!(matches!(Site::load(folder.path(), &[]), Err(SiteError::NoPolicy)));
        fs::write(folder.path().join("_headers"), "/*\n  nothing\n").unwrap();
        assert!(matches!(Site::load(folder.path(), &[]), Err(SiteError::Headers(2))));
        assert!(matches!(Site::load(&folder.path().join("none"), &[]), Err(SiteError::Io(_))));
    }
}
