//! An identity provider, as small as one can be: it lets everybody in as the same person, and does wrong what a test wants it to.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json as Body, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordboard::platform::Clock as _;
use cordboard_gateway::SystemClock;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use url::{Url, form_urlencoded};

pub(crate) const CLIENT: &str = "cordboard";

/// What it does, and what it saw.
pub(crate) struct Says {
    /// Claims of the ID token in the place of the right ones; `null` leaves one out.
    pub(crate) claims: Json,
    pub(crate) userinfo: Json,
    /// Fields of the discovery document in the place of the right ones.
    pub(crate) discovery: Json,
    pub(crate) signs: Signs,
    /// What goes wrong, by path.
    pub(crate) faults: BTreeMap<&'static str, Fault>,
    /// The paths that it was asked for.
    pub(crate) asked: Vec<String>,
    /// How the last request for a token proved who asks.
    pub(crate) authorization: Option<String>,
    key: KeyPair,
    kid: u32,
    /// Challenge and nonce of who is on the page, by their codes.
    codes: BTreeMap<String, (String, String)>,
}

pub(crate) enum Signs {
    Well,
    /// With an older key, which it does not tell any more.
    WithAnother(Box<KeyPair>),
    NotAtAll,
    /// With its public key as the secret of an HMAC.
    ByHmac,
}

#[derive(Clone)]
pub(crate) enum Fault {
    Status(u16),
    /// To another host.
    Redirect,
    /// The right answer, with a megabyte of nothing behind it.
    Huge,
    Garbage,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    says: Arc<Mutex<Says>>,
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Says {
            claims: json!({}),
            userinfo: json!(null),
            discovery: json!({}),
            signs: Signs::Well,
            faults: BTreeMap::new(),
            asked: Vec::new(),
            authorization: None,
            key: key(),
            kid: 1,
            codes: BTreeMap::new(),
        };
        let provider = Self { issuer, says: Arc::new(Mutex::new(says)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        provider
    }

    pub(crate) fn says(&self) -> MutexGuard<'_, Says> {
        self.says.lock().unwrap()
    }

    /// `[oidc]` of a gateway's configuration.
    pub(crate) fn config(&self, more: &str) -> String {
        format!("[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n{more}", self.issuer)
    }

    pub(crate) fn rotate(&self) {
        let mut says = self.says();
        says.key = key();
        says.kid += 1;
    }

    /// Somebody is on its page, and let in: where the page sends them back to.
    pub(crate) fn lets_in(&self, page: &str) -> String {
        let page = Url::parse(page).unwrap();
        assert_eq!(page.origin().ascii_serialization(), self.issuer);
        let asked: BTreeMap<String, String> = page.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["scope"], "openid profile email");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["redirect_uri"], "https://calls.example.com/auth/oidc/callback");
        let mut says = self.says();
        let code = format!("code-{}", says.codes.len());
        says.codes.insert(code.clone(), (asked["code_challenge"].clone(), asked["nonce"].clone()));
        format!("/auth/oidc/callback?code={code}&state={}", asked["state"])
    }

    fn fault(&self, path: &'static str) -> Option<Response> {
        let mut says = self.says();
        says.asked.push(path.to_owned());
        Some(match says.faults.get(path)? {
            Fault::Status(status) => {
                (StatusCode::from_u16(*status).unwrap(), Body(json!({ "error": "invalid_client" }))).into_response()
            }
            Fault::Redirect => {
                let elsewhere = format!("{}{path}", self.issuer.replace("127.0.0.1", "localhost"));
                (StatusCode::FOUND, [(header::LOCATION, elsewhere)]).into_response()
            }
            Fault::Huge => return None,
            Fault::Garbage => "<html>".into_response(),
        })
    }

    /// The right answer.
    fn answer(&self, path: &'static str, document: &Json) -> Response {
        let is_huge = matches!(self.says().faults.get(path), Some(Fault::Huge));
        format!("{document}{}", " ".repeat(if is_huge { 1 << 20 } else { 0 })).into_response()
    }
}

fn with(mut fields: Json, others: &Json) -> Json {
    for (name, value) in others.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    fields
}

async fn discovery(State(provider): State<Provider>) -> Response {
    if let Some(fault) = provider.fault("/.well-known/openid-configuration") {
        return fault;
    }
    let issuer = &provider.issuer;
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
    });
    let document = with(document, &provider.says().discovery);
    provider.answer("/.well-known/openid-configuration", &document)
}

async fn keys(State(provider): State<Provider>) -> Response {
    if let Some(fault) = provider.fault("/keys") {
        return fault;
    }
    let (point, kid) = {
        let says = provider.says();
        (says.key.public_key_raw().to_vec(), says.kid.to_string())
    };
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let own = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y });
    // Keys of other kinds are there, too.
    provider.answer(
        "/keys",
        &json!({ "keys": [{ "kty": "new", "kid": "9" }, own, { "kty": "oct", "kid": "8", "k": "c2VjcmV0" }] }),
    )
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, form: String) -> Response {
    if let Some(fault) = provider.fault("/token") {
        return fault;
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let mut says = provider.says();
    says.authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    if says.authorization.is_none() {
        says.authorization = form.get("client_secret").map(|secret| format!("post {secret}"));
        assert_eq!(form["client_id"], CLIENT);
    }
    let Some((challenge, nonce)) = says.codes.remove(&form["code"]) else {
        return (StatusCode::BAD_REQUEST, Body(json!({ "error": "invalid_grant" }))).into_response();
    };
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])), challenge);
    let now = SystemClock.now().as_millis() / 1_000;
    let claims = json!({
        "iss": provider.issuer, "aud": CLIENT, "sub": "2482", "nonce": nonce, "iat": now, "exp": now + 300,
        "name": "Alex Example", "email": "Alex@Example.com", "email_verified": true,
    });
    let claims = with(claims, &says.claims);
    let id_token = says.sign(&claims);
    drop(says);
    provider
        .answer("/token", &json!({ "id_token": id_token, "access_token": "an access token", "token_type": "Bearer" }))
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    if let Some(fault) = provider.fault("/userinfo") {
        return fault;
    }
    assert_eq!(headers[header::AUTHORIZATION], "Bearer an access token");
    let userinfo = provider.says().userinfo.clone();
    provider.answer("/userinfo", &userinfo)
}

impl Says {
    fn sign(&self, claims: &Json) -> String {
        let header = |algorithm| Header { kid: Some(self.kid.to_string()), ..Header::new(algorithm) };
        let ec = |key: &KeyPair| {
            encode(&header(Algorithm::ES256), claims, &EncodingKey::from_ec_der(key.serialized_der())).unwrap()
        };
        match &self.signs {
            Signs::Well => ec(&self.key),
            Signs::WithAnother(key) => ec(key),
            Signs::NotAtAll => {
                let part = |value: Json| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(json!({ "alg": "none", "kid": self.kid.to_string() })), part(claims.clone()))
            }
            Signs::ByHmac => {
                let secret = EncodingKey::from_secret(self.key.public_key_raw());
                encode(&header(Algorithm::HS256), claims, &secret).unwrap()
            }
        }
    }
}

/// A key that is nobody's.
pub(crate) fn another() -> Signs {
    Signs::WithAnother(Box::new(key()))
}
