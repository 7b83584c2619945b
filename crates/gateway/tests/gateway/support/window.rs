//! A gateway with an identity provider, and the window in which somebody signs in.

use super::provider::Provider;
use crate::support::{ORIGIN, Server};
use cordboard_gateway::{AgentFile, MockBackend};
use reqwest::redirect;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) const VERIFIER: &str = "a verifier that nobody else has";
pub(crate) const AGENTS: &str = "[[agents]]\nid = \"alex\"\nname = \"Alex\"\nidentity = \"2482\"\n";

pub(crate) fn challenge(verifier: &str) -> String {
    Sha256::digest(verifier).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A gateway whose agents are those of a file.
pub(crate) async fn gateway(provider: &Provider, agents: &str, more: &str) -> Server {
    gateway_in(Arc::new(tempfile::tempdir().unwrap()), provider, agents, more).await
}

pub(crate) async fn gateway_in(folder: Arc<TempDir>, provider: &Provider, agents: &str, more: &str) -> Server {
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let agents = AgentFile::from_toml(agents).unwrap();
    Server::start(folder, &provider.config(more), |builder| builder.directory(agents).backend(|_| mock)).await
}

/// A page that was shown in a window.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn data(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("data-{name}=\""))?;
        Some(rest.split_once('"')?.0.replace("&quot;", "\"").replace("&amp;", "&"))
    }

    /// What the widget of that origin is told, and nobody else.
    pub(crate) fn message(&self) -> Json {
        assert_eq!(self.data("target").as_deref(), Some(ORIGIN), "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(self.headers["referrer-policy"], "no-referrer");
        assert!(self.headers["content-security-policy"].starts_with("default-src 'none'; script-src 'sha256-"));
        serde_json::from_str(&self.data("message").unwrap()).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.message()["code"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    pub(crate) fn error(&self) -> String {
        self.message()["error"]["kind"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// Tells nobody anything.
    pub(crate) fn is_mute(&self) -> bool {
        !self.body.contains("data-")
    }
}

/// What a browser's window does.
pub(crate) async fn show(server: &Server, path: &str) -> Page {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let response = client.get(server.url(path)).send().await.unwrap();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Page { status: response.status().as_u16(), headers: headers.collect(), body: response.text().await.unwrap() }
}

pub(crate) async fn start(server: &Server, verifier: &str) -> Page {
    show(server, &format!("/auth/oidc/start?challenge={}&origin={ORIGIN}", challenge(verifier))).await
}

/// Where the provider sends the window back to.
pub(crate) async fn comes_back(server: &Server, provider: &Provider, verifier: &str) -> String {
    let page = start(server, verifier).await;
    assert_eq!(page.status, 303, "{page:?}");
    assert_eq!(
        (page.headers["cache-control"].as_str(), page.headers["referrer-policy"].as_str()),
        ("no-store", "no-referrer")
    );
    provider.lets_in(&page.headers["location"])
}

/// The whole way through the window.
pub(crate) async fn visit(server: &Server, provider: &Provider) -> Page {
    let back = comes_back(server, provider, VERIFIER).await;
    show(server, &back).await
}

pub(crate) async fn redeem(server: &Server, code: &str, verifier: &str) -> (u16, Json) {
    let (status, answer) = server.post("/api/session/oidc", json!({ "code": code, "verifier": verifier })).await;
    (status.as_u16(), answer)
}

pub(crate) async fn metric(server: &Server, result: &str) -> bool {
    let metrics = server.http.get(server.url("/metrics")).send().await.unwrap().text().await.unwrap();
    metrics.contains(&format!("cordboard_sign_ins_total{{method=\"oidc\",result=\"{result}\"}}"))
}
