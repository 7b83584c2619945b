//! What the identity provider is asked: where its pages are, its keys, and who came back from there.

use super::id_token::{self, Claims, Expected, Invalid};
use crate::config;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cordboard::Timestamp;
use cordboard::platform::Clock;
use jsonwebtoken::jwk::Jwk;
use reqwest::{RequestBuilder, Url, redirect};
use rustls::crypto::ring;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::form_urlencoded;

/// Somebody waits before a window.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(8);
/// The longest document that is read. Providers' are some kilobytes.
const MOST_BYTES: usize = 256 * 1024;
const MOST_KEYS: usize = 100;
/// How long documents are taken for good.
const FRESH: Duration = Duration::from_secs(3_600);
/// How soon the provider is asked anew for keys, or after it failed.
const PAUSE: Duration = Duration::from_secs(10);

/// The identity provider.
pub(super) struct Provider {
    settings: config::Oidc,
    redirect_uri: String,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    /// Locked while it is asked, so that it is asked once.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    places: Option<(Timestamp, Arc<Places>)>,
    keys: Option<(Timestamp, Arc<Vec<Jwk>>)>,
    failed_at: Option<Timestamp>,
}

/// The discovery document.
#[derive(Deserialize)]
struct Places {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// Why nobody is vouched for. It holds nothing about a person, and no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0} can't be reached")]
    Unreachable(&'static str, #[source] reqwest::Error),
    #[error("{0} failed a moment ago, and is not asked again yet")]
    Pausing(&'static str),
    #[error("{0} answered with the status {1}{2}")]
    Status(&'static str, u16, String),
    #[error("{0} is too long")]
    TooLong(&'static str),
    #[error("{0} can't be read")]
    Unreadable(&'static str),
    #[error("{0} is of another issuer than oidc.issuer")]
    Issuer(&'static str),
    #[error("{0} names an address that is not safe: https is needed")]
    Unsafe(&'static str),
    #[error("the ID token can't be trusted")]
    Token(#[from] Invalid),
}

const DISCOVERY: &str = "the provider's discovery document";
const KEYS: &str = "the provider's set of keys";
const TOKEN: &str = "the provider's token endpoint";
const USERINFO: &str = "the provider's userinfo endpoint";

/// What the gateway keeps for itself while somebody is on the provider's pages.
pub(super) struct Secrets {
    pub(super) nonce: String,
    pub(super) verifier: String,
}

impl Provider {
    pub(super) fn new(
        settings: config::Oidc,
        redirect_uri: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        // Whoever installed one before has chosen.
        drop(ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // What is said to one host is for no other.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("cordboard/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { settings, redirect_uri, http, clock, known: Mutex::default() })
    }

    /// Where somebody signs in.
    pub(super) async fn page(&self, state: &str, secrets: &Secrets) -> Result<Url, Failure> {
        let mut page = self.places().await?.authorization_endpoint.clone();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier.as_bytes()));
        page.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(page)
    }

    /// Whether an answer came from this provider, as far as it says from whom it came.
    pub(super) async fn is_from_here(&self, issuer: Option<&str>) -> Result<bool, Failure> {
        let must_say = self.places().await?.authorization_response_iss_parameter_supported;
        Ok(issuer.map_or(!must_say, |issuer| issuer == self.settings.issuer.as_str()))
    }

    /// Who came back with a code.
    pub(super) async fn exchange(&self, code: &str, secrets: &Secrets) -> Result<Claims, Failure> {
        let places = self.places().await?;
        let tokens: Tokens = self.read(TOKEN, self.token_request(&places, code, secrets)).await?;
        let expected = Expected {
            issuer: self.settings.issuer.as_str(),
            client_id: &self.settings.client_id,
            nonce: &secrets.nonce,
            now: self.clock.now(),
        };
        let keys = self.keys(&places, None).await?;
        let claims = match id_token::verify(&tokens.id_token, &keys, &expected) {
            // The provider may have new keys.
            Err(Invalid::UnknownKey) => {
                let keys = self.keys(&places, Some(&keys)).await?;
                id_token::verify(&tokens.id_token, &keys, &expected)
            }
            verified => verified,
        }?;
        Ok(self.complete(&places, claims, tokens.access_token).await)
    }

    fn token_request(&self, places: &Places, code: &str, secrets: &Secrets) -> RequestBuilder {
        let config::Oidc { client_id, client_secret, .. } = &self.settings;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &secrets.verifier);
        let mut request = self.http.post(places.token_endpoint.clone());
        let methods = &places.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|known| known == method);
        match client_secret {
            Some(secret) if takes("client_secret_post") && !takes("client_secret_basic") => {
                form.append_pair("client_id", client_id).append_pair("client_secret", &secret.0);
            }
            Some(secret) => {
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(client_id), encoded(&secret.0));
                request = request.header("authorization", format!("Basic {}", STANDARD.encode(pair)));
            }
            None => {
                form.append_pair("client_id", client_id);
            }
        }
        request.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
    }

    /// Adds what the ID token does not say, if the provider says it elsewhere. Where it does not, what there is has to do.
    async fn complete(&self, places: &Places, mut claims: Claims, access_token: Option<String>) -> Claims {
        let config::Oidc { claim, name_claim, require, .. } = &self.settings;
        let mut wanted = vec![claim.as_str(), name_claim];
        wanted.extend(require.as_ref().map(|(claim, _)| claim.as_str()));
        if wanted.contains(&"email") {
            wanted.push("email_verified");
        }
        let is_complete = wanted.iter().all(|claim| claims.contains_key(*claim));
        let (Some(place), Some(token), false) = (&places.userinfo_endpoint, access_token, is_complete) else {
            return claims;
        };
        let request = self.http.get(place.clone()).bearer_auth(token);
        match self.read::<Map<String, Value>>(USERINFO, request).await {
            // Else it is about somebody else.
            Ok(more) if more.get("sub") == claims.get("sub") => {
                // An address is verified by whom it comes from.
                if !(claims.contains_key("email") && claims.contains_key("email_verified")) {
                    claims.remove("email");
                    claims.remove("email_verified");
                }
                for (name, value) in more {
                    claims.entry(name).or_insert(value);
                }
            }
            Ok(_) => tracing::warn!("{USERINFO} told of somebody else"),
            Err(error) => tracing::warn!(error = %crate::journal::Chain(&error), "what is in the ID token has to do"),
        }
        claims
    }

    async fn places(&self) -> Result<Arc<Places>, Failure> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((read_at, places)) = &known.places
            && now.since(*read_at) < FRESH
        {
            return Ok(Arc::clone(places));
        }
        if known.failed_at.is_some_and(|failed_at| now.since(failed_at) < PAUSE) {
            return Err(Failure::Pausing(DISCOVERY));
        }
        let places = self.discover().await;
        known.failed_at = places.is_err().then_some(now);
        let places = Arc::new(places?);
        known.places = Some((now, Arc::clone(&places)));
        Ok(places)
    }

    async fn discover(&self) -> Result<Places, Failure> {
        let issuer = self.settings.issuer.as_str();
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let places: Places = self.read(DISCOVERY, self.http.get(url)).await?;
        if places.issuer != issuer {
            return Err(Failure::Issuer(DISCOVERY));
        }
        let all = [&places.authorization_endpoint, &places.token_endpoint, &places.jwks_uri];
        if !all.into_iter().chain(&places.userinfo_endpoint).all(config::is_safe) {
            return Err(Failure::Unsafe(DISCOVERY));
        }
        Ok(places)
    }

    /// The provider's keys; others than these that were of no use, if there are.
    async fn keys(&self, places: &Places, of_no_use: Option<&Arc<Vec<Jwk>>>) -> Result<Arc<Vec<Jwk>>, Failure> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        if let Some((read_at, keys)) = &known.keys {
            let is_refused = of_no_use.is_some_and(|old| Arc::ptr_eq(old, keys));
            if now.since(*read_at) < if is_refused { PAUSE } else { FRESH } {
                return Ok(Arc::clone(keys));
            }
        }
        let set: KeySet = self.read(KEYS, self.http.get(places.jwks_uri.clone())).await?;
        // A key of a kind that is not known is none of ours.
        let keys = set.keys.into_iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value(key).ok());
        let keys = Arc::new(keys.collect());
        known.keys = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// Reads a JSON document, within bounds.
    async fn read<T: DeserializeOwned>(&self, what: &'static str, request: RequestBuilder) -> Result<T, Failure> {
        let unreachable = |error: reqwest::Error| Failure::Unreachable(what, error.without_url());
        let mut answer = request.header("accept", "application/json").send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Failure::TooLong(what));
            }
            body.extend_from_slice(&chunk);
        }
        if !status.is_success() {
            return Err(Failure::Status(what, status.as_u16(), error_code(&body)));
        }
        serde_json::from_slice(&body).map_err(|_| Failure::Unreadable(what))
    }
}

/// The code of OAuth for what is wrong, such as `invalid_client`, for whoever has to mend it. Everything else in an answer stays there.
fn error_code(body: &[u8]) -> String {
    let code =
        serde_json::from_slice::<Value>(body).ok().and_then(|body| Some(body.get("error")?.as_str()?.to_owned()));
    let is_code =
        |code: &String| code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    code.filter(is_code).map(|code| format!(" ({code})")).unwrap_or_default()
}
