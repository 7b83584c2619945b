//! Signing in by an identity provider (OpenID Connect, code flow with PKCE).
//!
//! ```text
//!  widget                          gateway                        provider
//!    │ opens a window: start?challenge&origin
//!    ├──────────────────────────────►│ state, nonce, PKCE of its own
//!    │                               ├─ 303 ────────────────────────►│
//!    │                               │◄──────────── callback?code&state
//!    │                               ├─ code, verifier ─────────────►│
//!    │                               │◄─────────────────── ID token ─┤
//!    │◄──── postMessage(code) ───────┤ to that origin only
//!    ├─ code, verifier ─────────────►│
//!    │◄───────────────────── session ┤
//! ```
//!
//! **Invariant:** a session needs the code, which only a window of an allowed origin is told that opened the page, and the verifier,
//! which only the client has that began. So neither is worth anything alone, and who follows somebody else's link signs nobody in:
//! not the other one as themselves, and not themselves as the other one.

mod id_token;
mod provider;

use crate::api::{Problem, signed_in};
use crate::app::App;
use crate::config;
use crate::directory::{DirectoryError, Identity};
use crate::journal::Chain;
use crate::once::{Attempts, Once};
use crate::wire::{Redeem, Refusal};
use crate::{page, random};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use cordboard::platform::Clock;
use cordboard::telephony::{Agent, AgentId, ErrorKind};
use id_token::Claims;
use provider::{Failure, Provider, Secrets};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Where the provider sends the window back to.
const CALLBACK: &str = "/auth/oidc/callback";

/// How long a widget may take to redeem its code: it does so at once.
const CODE: Duration = Duration::from_secs(60);
/// The longest value by which an agent is known.
const MAX_VALUE: usize = 255;
/// The longest name of an agent.
const MAX_NAME: usize = 100;
/// What the ids of agents begin with whose own value can't be an id.
const HASHED: &str = "oidc.";

const UNUSABLE: &str = "This page can't be opened like this. Close the window, and sign in from the phone.";
const BUSY: &str = "Too many people are signing in at this moment. Close this window, and sign in again in a minute.";
const TOO_LATE: &str =
    "This sign-in took too long, or was used already. Close this window, and sign in again from the phone.";
const FAILED: &str = "Your company's sign-in page can't be reached, or its answer can't be trusted. Close this window, and sign in \
                      again in a moment. If it stays so, tell an administrator.";
const DENIED: &str =
    "Your company's sign-in page did not let you in. Close this window, and sign in again from the phone.";
const NOBODY: &str = "You are not set up to call from here. Ask an administrator.";
const CUT_OFF: &str = "You signed in, but this window lost its connection to the phone. Close it, and sign in again from the phone. If \
                       this happens each time, tell an administrator: the sign-in page cuts windows off from who opened them.";

type Challenge = [u8; 32];

/// Who is on their way to the provider and back.
pub(crate) struct Oidc {
    provider: Provider,
    attempts: Attempts<Attempt>,
    codes: Once<Vouched>,
}

struct Attempt {
    challenge: Challenge,
    /// Of the widget.
    origin: String,
    secrets: Secrets,
}

/// Somebody who came back, and whose widget is to fetch its session.
struct Vouched {
    challenge: Challenge,
    agent: Agent,
}

impl Oidc {
    pub(crate) fn new(
        settings: config::Oidc,
        public_url: &config::PublicUrl,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let provider = Provider::new(settings, format!("{}{CALLBACK}", public_url.as_str()), clock)?;
        Ok(Self { provider, attempts: Attempts::default(), codes: Once::new(CODE) })
    }
}

/// Why somebody who came back gets no session.
enum Refused {
    Failed(Failure),
    Directory(DirectoryError),
    /// The provider's page did not let them in, or they gave up.
    Denied,
    /// They are no agent; why is for the log.
    Nobody(&'static str),
}

#[derive(Deserialize)]
pub(crate) struct Start {
    /// The SHA-256 of the widget's verifier, in hexadecimal.
    challenge: String,
    origin: String,
}

/// Sends the window to the provider.
pub(crate) async fn start(State(app): State<Arc<App>>, query: Result<Query<Start>, QueryRejection>) -> Response {
    let (Some(oidc), Ok(Query(Start { challenge, origin }))) = (&app.oidc, query) else {
        return page::say(StatusCode::NOT_FOUND, UNUSABLE);
    };
    let (Some(challenge), true) = (random::unhex(&challenge), app.origins.contains(&origin)) else {
        app.metrics.sign_in("oidc", "refused");
        tracing::warn!("a page that may not sign anybody in tried to");
        return page::say(StatusCode::FORBIDDEN, UNUSABLE);
    };
    if !oidc.attempts.admits() {
        app.metrics.sign_in("oidc", "throttled");
        return page::say(StatusCode::TOO_MANY_REQUESTS, BUSY);
    }
    let secrets = Secrets { nonce: random::token(), verifier: random::token() };
    let state = random::token();
    match oidc.provider.page(&state, &secrets).await {
        Ok(page) => {
            oidc.attempts.away.put(app.clock.now(), &state, Attempt { challenge, origin, secrets });
            page::private(Redirect::to(page.as_str()).into_response())
        }
        Err(error) => refuse(&app, &origin, &Refused::Failed(error)),
    }
}

#[derive(Deserialize)]
pub(crate) struct Callback {
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes the window back, and tells the widget.
pub(crate) async fn callback(State(app): State<Arc<App>>, query: Result<Query<Callback>, QueryRejection>) -> Response {
    let (Some(oidc), Ok(Query(back))) = (&app.oidc, query) else {
        return page::say(StatusCode::NOT_FOUND, UNUSABLE);
    };
    let Some(attempt) = oidc.attempts.away.take(app.clock.now(), &back.state) else {
        app.metrics.sign_in("oidc", "refused");
        tracing::info!("somebody came back from the identity provider too late, or twice");
        return page::say(StatusCode::FORBIDDEN, TOO_LATE);
    };
    match app.vouched(oidc, &attempt, back).await {
        Ok(agent) => {
            let code = random::token();
            oidc.codes.put(app.clock.now(), &code, Vouched { challenge: attempt.challenge, agent });
            page::tell(StatusCode::OK, &attempt.origin, &json!({ "code": code }), CUT_OFF)
        }
        Err(refused) => refuse(&app, &attempt.origin, &refused),
    }
}

/// Tells widget and operator why nobody is signed in.
fn refuse(app: &App, origin: &str, refused: &Refused) -> Response {
    let (result, status, kind, sentence) = match refused {
        Refused::Failed(error) => {
            tracing::error!(error = %Chain(error), "the identity provider did not vouch for somebody");
            ("failed", StatusCode::BAD_GATEWAY, ErrorKind::Provider, FAILED)
        }
        Refused::Directory(error) => {
            tracing::error!(error = %Chain(error), "the directory can't be asked");
            ("failed", StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Unreachable, FAILED)
        }
        Refused::Denied => {
            tracing::info!("the identity provider let somebody not in, or they gave up");
            ("refused", StatusCode::FORBIDDEN, ErrorKind::NotAllowed, DENIED)
        }
        Refused::Nobody(why) => {
            tracing::warn!(why, "somebody for whom the identity provider vouches is no agent");
            ("refused", StatusCode::FORBIDDEN, ErrorKind::NotAllowed, NOBODY)
        }
    };
    app.metrics.sign_in("oidc", result);
    page::tell(status, origin, &json!({ "error": Refusal::new(kind) }), sentence)
}

/// Gives a session for a code and the verifier that goes with it.
pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    body: Result<Json<Redeem>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(Redeem { code, verifier }) = body?;
    let now = app.clock.now();
    let (Some(oidc), Some(settings)) = (&app.oidc, &app.config.oidc) else {
        return Err(Refusal::new(ErrorKind::Unsupported).into());
    };
    let challenge = Sha256::digest(verifier.0.as_bytes());
    let vouched = oidc.codes.take(now, &code.0).filter(|vouched| bool::from(vouched.challenge.ct_eq(&challenge)));
    let Some(Vouched { agent, .. }) = vouched else {
        app.metrics.sign_in("oidc", "refused");
        return Err(Problem(StatusCode::UNAUTHORIZED, Refusal::new(ErrorKind::Provider)));
    };
    signed_in(&app, agent, "oidc", Some(now + settings.session)).await
}

impl App {
    /// The agent who came back.
    async fn vouched(&self, oidc: &Oidc, attempt: &Attempt, back: Callback) -> Result<Agent, Refused> {
        let provider = &oidc.provider;
        if !provider.is_from_here(back.iss.as_deref()).await.map_err(Refused::Failed)? {
            return Err(Refused::Failed(Failure::Issuer("an answer")));
        }
        let code = match (back.code, back.error) {
            (Some(code), None) => code,
            (_, Some(error)) if error == "access_denied" => return Err(Refused::Denied),
            _ => return Err(Refused::Failed(Failure::Unreadable("an answer without a code"))),
        };
        let claims = provider.exchange(&code, &attempt.secrets).await.map_err(Refused::Failed)?;
        let Some(settings) = &self.config.oidc else { return Err(Refused::Nobody("there is no [oidc]")) };
        let identity = identity(&claims, settings).map_err(Refused::Nobody)?;
        if let Some(agent) = self.directory.vouched(&identity).await.map_err(Refused::Directory)? {
            return Ok(agent);
        }
        if !settings.everyone {
            return Err(Refused::Nobody("the directory does not name them"));
        }
        let agent = agent(identity);
        // The directory's agents are those whom it says they are.
        let known = self.directory.agent(&AgentId::new(&agent.id)).await.map_err(Refused::Directory)?;
        if known.is_some() {
            return Err(Refused::Nobody("the directory has another agent of the same id"));
        }
        let kept = self.store.keep_vouched(&agent, self.clock.now()).await;
        kept.map_err(|error| Refused::Directory(DirectoryError::new(error)))?;
        Ok(agent)
    }
}

/// Who it is, as far as this gateway wants to know.
fn identity(claims: &Claims, settings: &config::Oidc) -> Result<Identity, &'static str> {
    if let Some((claim, wanted)) = &settings.require {
        let is_it = match claims.get(claim) {
            Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(wanted)),
            value => value.and_then(Value::as_str) == Some(wanted),
        };
        if !is_it {
            return Err("the claim that oidc.require_claim names is not oidc.require_value");
        }
    }
    let value = claims.get(&settings.claim).and_then(Value::as_str).unwrap_or_default();
    if value.is_empty() || value.len() > MAX_VALUE {
        return Err("the claim that oidc.claim names is missing, or no text, or too long");
    }
    let value = match settings.claim.as_str() {
        // Whoever can write anything there could be anybody.
        "email" if claims.get("email_verified") != Some(&Value::Bool(true)) => {
            return Err("the provider did not verify the address of e-mail");
        }
        // Providers differ in how they write it, and no two people do.
        "email" => value.to_ascii_lowercase(),
        _ => value.to_owned(),
    };
    let name = claims.get(&settings.name_claim).and_then(Value::as_str).unwrap_or_default();
    let name: String = name.chars().filter(|sign| !sign.is_control()).take(MAX_NAME).collect();
    let name = name.trim();
    Ok(Identity { value, name: (!name.is_empty()).then(|| name.to_owned()) })
}

/// An agent who is in no directory.
fn agent(identity: Identity) -> Agent {
    let Identity { value, name } = identity;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@');
    let is_id = value.len() <= 64 && value.bytes().all(is_plain) && !value.starts_with(HASHED);
    let id = if is_id { value.clone() } else { format!("{HASHED}{:.32}", random::hex(&Sha256::digest(&value))) };
    Agent { name: name.unwrap_or(value), id }
}
