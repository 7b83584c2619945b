//! What the gateway answers over HTTP, besides the widget's files.

use crate::app::App;
use crate::config::Hidden;
use crate::inbound::Refused;
use crate::journal::Chain;
use crate::orders::Left;
use crate::sessions::{RefreshError, Session, Tokens};
use crate::wire::{self, Answer, ErrorName, Order, Outcome, Party, Refresh, Refusal, Secret, SignIn, SignedOut};
use crate::{hubspot, oidc, operator, recordings, site, socket};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use cordboard::Timestamp;
use cordboard::telephony::{Agent, AgentId, ErrorKind, WebhookError, WebhookRequest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// The longest body of a request to the API.
const MAX_BODY: usize = 64 * 1024;
/// The longest webhook. Twilio's are some kilobytes.
const MAX_WEBHOOK: usize = 1024 * 1024;
/// How long a body may take to arrive. Twilio gives an answer 15 s in all.
const BODY: Duration = Duration::from_secs(10);
/// How long a browser keeps the answer about another origin.
const PREFLIGHT_AGE: &str = "600";

/// The longest page of calls.
const MOST_CALLS: u32 = 100;

const OPENAPI: &str = include_str!("openapi.json");

/// Everything that is served.
pub(crate) fn router(app: Arc<App>, site: Option<site::Site>) -> Router {
    let api = Router::new()
        .route("/api/session", post(sign_in).delete(sign_out))
        .route("/api/session/refresh", post(refresh))
        .route("/api/session/oidc", post(oidc::redeem))
        .route("/api/sign-in", get(how_to_sign_in))
        .route("/api/calls", post(dial).get(calls))
        .route("/api/calls/{call}/{operation}", post(act))
        .route("/api/history", get(history))
        .layer(middleware::from_fn(whole_body))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), cross_origin));
    let router = Router::new()
        .merge(api)
        .merge(operator::router(Arc::clone(&app)))
        .route("/api/socket", get(socket::open))
        .route("/api/openapi.json", get(openapi))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/recordings/{recording}", get(recordings::listen))
        .route("/webhooks/{provider}/{*path}", any(webhook))
        .route("/auth/oidc/start", get(oidc::start))
        .route("/auth/oidc/callback", get(oidc::callback))
        .route("/hubspot/install", get(hubspot::install))
        .route("/hubspot/callback", get(hubspot::callback))
        .route("/hubspot/recordings/{secret}/{call}", get(hubspot::recording))
        .with_state(app);
    match site {
        Some(site) => {
            let site = Arc::new(site);
            router.fallback(move |request: Request| async move { site.respond(&request) })
        }
        None => router,
    }
}

/// An answer that is an error: the same JSON as on the socket.
pub(crate) struct Problem(pub(crate) StatusCode, pub(crate) Refusal);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, refusal) = self;
        let retry = refusal.retry_after.map(|millis| millis.div_ceil(1_000).to_string());
        let mut response = (status, Json(json!({ "error": refusal }))).into_response();
        if let Some(retry) = retry.and_then(|retry| HeaderValue::from_str(&retry).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, retry);
        }
        no_store(response)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            ErrorName::NotSignedIn | ErrorName::BadCredentials => StatusCode::UNAUTHORIZED,
            ErrorName::NotAllowed => StatusCode::FORBIDDEN,
            ErrorName::InvalidNumber => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorName::NoSuchCall => StatusCode::NOT_FOUND,
            ErrorName::WrongState | ErrorName::TooManyCalls | ErrorName::Microphone => StatusCode::CONFLICT,
            ErrorName::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorName::Unsupported => StatusCode::NOT_IMPLEMENTED,
            ErrorName::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorName::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
            ErrorName::Provider => StatusCode::BAD_GATEWAY,
        };
        Self(status, refusal)
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        // What the parser says may quote what was sent.
        unreadable(rejection.status())
    }
}

/// Takes a body in before anything else is done, so that nothing waits for who is slow.
async fn whole_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match read(body, MAX_BODY).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err(status) => unreadable(status).into_response(),
    }
}

/// The whole of a body, if it is not too long and comes in time.
async fn read(body: Body, most: usize) -> Result<Bytes, StatusCode> {
    let read = tokio::time::timeout(BODY, to_bytes(body, most)).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    read.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
}

fn unreadable(status: StatusCode) -> Problem {
    Problem(status, Refusal::new(ErrorKind::NotAllowed).saying("the request can't be read"))
}

pub(crate) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Lets pages of the allowed origins use the API, besides our own.
async fn cross_origin(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_allowed = socket::is_allowed_origin(&app, request.headers());
    let origin = request.headers().get(header::ORIGIN).filter(|_| is_allowed).cloned();
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (is_preflight, is_allowed) {
        (true, true) => StatusCode::NO_CONTENT.into_response(),
        (true, false) => StatusCode::FORBIDDEN.into_response(),
        (false, _) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_preflight {
            let allow = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
                (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE),
            ];
            headers.extend(allow.map(|(name, value)| (name, HeaderValue::from_static(value))));
        }
    }
    response
}

async fn sign_in(State(app): State<Arc<App>>, body: Result<Json<SignIn>, JsonRejection>) -> Result<Response, Problem> {
    let Json(SignIn { name, password }) = body?;
    let Some(place) = app.sign_ins.admit(&name) else {
        app.metrics.sign_in("password", "throttled");
        let wait = ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(1)) };
        return Err(Refusal::new(wait).into());
    };
    let agent = app.directory.sign_in(&name, &password.0).await.map_err(|error| {
        tracing::error!(error = %Chain(&error), "the directory can't be asked");
        app.metrics.sign_in("password", "failed");
        Problem::from(Refusal::new(ErrorKind::Unreachable))
    })?;
    drop(place);
    let Some(agent) = agent else {
        app.metrics.sign_in("password", "refused");
        return Err(Refusal::new(ErrorKind::BadCredentials).into());
    };
    signed_in(&app, agent, "password", None).await
}

/// Gives a session to somebody who proved who they are.
pub(crate) async fn signed_in(
    app: &App,
    agent: Agent,
    method: &'static str,
    until: Option<Timestamp>,
) -> Result<Response, Problem> {
    let tokens = app.sessions.begin(&AgentId::new(&agent.id), until).await.map_err(Refusal::from)?;
    app.metrics.sign_in(method, "ok");
    tracing::info!(session = tokens.session, method, "an agent signed in");
    Ok(session(tokens, agent))
}

async fn how_to_sign_in(State(app): State<Arc<App>>) -> Response {
    let password = app.directory.has_passwords().then_some("password");
    let oidc = app.oidc.is_some().then_some("oidc");
    let methods: Vec<&str> = password.into_iter().chain(oidc).collect();
    no_store(Json(json!({ "methods": methods })).into_response())
}

async fn refresh(State(app): State<Arc<App>>, body: Result<Json<Refresh>, JsonRejection>) -> Result<Response, Problem> {
    let Json(Refresh { refresh_token }) = body?;
    let refused = || Refusal::new(ErrorKind::NotSignedIn);
    let id = app.sessions.claimed_by(&refresh_token.0).await.map_err(Refusal::from)?.ok_or_else(refused)?;
    // First, so that a token is not spent while nobody can say whether its agent still is one.
    let agent = app.agent(&id).await.map_err(|error| {
        tracing::error!(error = %Chain(&error), "the directory can't be asked");
        Refusal::new(ErrorKind::Unreachable)
    })?;
    let Some(agent) = agent else {
        app.sessions.end_all(&id, SignedOut::Revoked).await;
        return Err(refused().into());
    };
    let tokens = app.sessions.refresh(&refresh_token.0).await.map_err(|error| match error {
        RefreshError::Refused => refused(),
        RefreshError::Store(error) => error.into(),
    })?;
    Ok(session(tokens, agent))
}

fn session(tokens: Tokens, agent: Agent) -> Response {
    no_store(
        Json(wire::Session {
            access_token: Secret(tokens.access),
            expires_in: tokens.expires_in,
            refresh_token: Secret(tokens.refresh),
            agent: Party { id: agent.id, name: agent.name },
        })
        .into_response(),
    )
}

#[derive(Deserialize)]
struct Everywhere {
    #[serde(default)]
    everywhere: bool,
}

async fn sign_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Query<Everywhere>,
) -> Result<Response, Problem> {
    let session = authenticate(&app, &headers)?;
    let Left { ended, parted } = app.sign_out(&session, query.everywhere).await;
    ended?;
    // Whoever signs out is signed out, whatever became of their calls; and they are told of that.
    parted?;
    Ok(no_store(StatusCode::NO_CONTENT.into_response()))
}

/// Who asks: `Authorization: Bearer` and an access token.
fn authenticate(app: &App, headers: &HeaderMap) -> Result<Arc<Session>, Refusal> {
    let token = bearer(headers).and_then(|token| app.sessions.authenticate(token));
    token.ok_or_else(|| Refusal::new(ErrorKind::NotSignedIn))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// Whether a request bears that token.
pub(crate) fn bears(headers: &HeaderMap, token: &Hidden) -> bool {
    bearer(headers).is_some_and(|given| bool::from(given.as_bytes().ct_eq(token.0.as_bytes())))
}

#[derive(Deserialize)]
struct Dial {
    key: String,
    to: String,
    #[serde(default)]
    from: Option<String>,
}

async fn dial(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Json<Dial>, JsonRejection>,
) -> Result<Response, Problem> {
    let session = authenticate(&app, &headers)?;
    let Json(Dial { key, to, from }) = body?;
    answer(&app, &session, Order::Dial { key, to, from }).await
}

async fn calls(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let session = authenticate(&app, &headers)?;
    answer(&app, &session, Order::ActiveCalls).await
}

#[derive(Deserialize)]
struct Page {
    /// Calls that began before this time.
    before: Option<u64>,
    most: Option<u32>,
}

/// The agent's calls, also those that are over, the latest first.
async fn history(State(app): State<Arc<App>>, headers: HeaderMap, page: Query<Page>) -> Result<Response, Problem> {
    let session = authenticate(&app, &headers)?;
    let before = page.before.map_or(Timestamp::from_millis(u64::MAX), Timestamp::from_millis);
    let most = page.most.unwrap_or(MOST_CALLS).min(MOST_CALLS);
    let calls = app.store.history(&session.agent, before, most).await.map_err(Refusal::from)?;
    Ok(no_store(Json(Answer::calls(&calls)).into_response()))
}

async fn act(
    State(app): State<Arc<App>>,
    Path((call, operation)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let session = authenticate(&app, &headers)?;
    let unreadable = || unreadable(StatusCode::BAD_REQUEST);
    let mut order = match &*body {
        [] => json!({}),
        body => serde_json::from_slice(body).map_err(|_| unreadable())?,
    };
    let fields = order.as_object_mut().ok_or_else(unreadable)?;
    fields.insert("operation".to_owned(), operation.into());
    fields.insert("call".to_owned(), call.into());
    let order: Order = serde_json::from_value(order).map_err(|_| unreadable())?;
    if order.call().is_none() {
        return Err(unreadable());
    }
    answer(&app, &session, order).await
}

async fn answer(app: &App, session: &Session, order: Order) -> Result<Response, Problem> {
    let desk = app.desk(&session.agent).await?;
    match app.answer(session, &desk, order).await {
        Outcome::Result(answer) => Ok(no_store(Json(answer).into_response())),
        Outcome::Error(refusal) => Err(refusal.into()),
    }
}

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The process runs.
async fn health() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    journal: bool,
    stopping: bool,
}

/// The gateway can do its work.
async fn ready(State(app): State<Arc<App>>) -> Response {
    let journal = app.store.probe(app.clock.now()).await.is_ok();
    let stopping = app.is_stopping();
    let status = if journal && !stopping { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    no_store((status, Json(Readiness { journal, stopping })).into_response())
}

async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if !app.config.server.metrics_token.as_ref().is_none_or(|token| bears(&headers, token)) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}

async fn webhook(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = app.metrics.started();
    let response = answer_webhook(&app, request).await;
    app.metrics.webhook(started, response.status().as_u16());
    response
}

async fn answer_webhook(app: &Arc<App>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response();
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", app.config.server.public_url.as_str());
    let provider = parts.uri.path().strip_prefix("/webhooks/").and_then(|rest| rest.split('/').next());
    if provider != Some(app.backend.info().id) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let body = match read(body, MAX_WEBHOOK).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    let text =
        |(name, value): (&HeaderName, &HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
    let headers: Vec<(String, String)> = parts.headers.iter().filter_map(text).collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = WebhookRequest { method: parts.method.as_str(), url: &url, headers: &headers, body: &body };
    match app.receive(&request).await {
        Ok(reply) => {
            let mut response = Response::new(Body::from(reply.body));
            *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
            if response.status() != StatusCode::NO_CONTENT {
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
            }
            response
        }
        Err(Refused::Webhook(error)) => {
            tracing::warn!(%error, "a webhook was refused");
            let status = match error {
                WebhookError::UnknownPath => StatusCode::NOT_FOUND,
                WebhookError::BadSignature | WebhookError::Stale => StatusCode::FORBIDDEN,
                WebhookError::Malformed { .. } => StatusCode::BAD_REQUEST,
            };
            status.into_response()
        }
        Err(Refused::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response(),
    }
}
