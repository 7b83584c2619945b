//! What HubSpot's refusals mean to whoever asked.

use crate::request::Effect;
use crate::tokens::StoreError;
use crate::transport::TransportError;
use crate::word::words;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request did not reach HubSpot. Retrying is safe.
    Unreachable,
    /// It may or may not have been carried out. Look for what it makes before a retry.
    OutcomeUnknown,
    /// HubSpot can't do it now. Retrying is safe, after the time given, if one is.
    Unavailable {
        /// When to retry.
        retry_after: Option<Duration>,
    },
    /// Too fast. Retrying is safe after the time given, if one is.
    RateLimited {
        /// When to retry.
        retry_after: Option<Duration>,
    },
    /// The account has used what it may in a day. Retry tomorrow.
    DailyLimit,
    /// The credentials are not taken: correct the key, or have the account install the app again.
    Unauthorized,
    /// The app was not given a scope that this needs: have the account install the app again with [`Error::scopes`].
    MissingScopes,
    /// The account or its plan does not allow it. Don't retry.
    NotAllowed,
    /// There is no such thing, or no longer.
    NotFound,
    /// There is one already. Read it, and change it.
    AlreadyExists,
    /// HubSpot or the account's own rules don't take a value: [`Problem::fields`] name it. Correct it; the same again is refused again.
    Invalid,
    /// HubSpot refuses for a reason that is not known here. Don't retry.
    Refused,
    /// The account has not installed the app.
    NotInstalled,
    /// The token store failed. Retrying is safe.
    Store,
}

impl ErrorKind {
    /// Whether the same request may soon be sent again without doing something twice.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Unreachable | Self::Unavailable { .. } | Self::RateLimited { .. } | Self::Store)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "HubSpot can't be reached",
            Self::OutcomeUnknown => "the outcome is not known",
            Self::Unavailable { .. } => "HubSpot can't do it now",
            Self::RateLimited { .. } => "too many requests",
            Self::DailyLimit => "the account's requests of the day are used up",
            Self::Unauthorized => "the credentials are not taken",
            Self::MissingScopes => "the app lacks a scope",
            Self::NotAllowed => "not allowed for this account",
            Self::NotFound => "there is no such thing",
            Self::AlreadyExists => "there is one already",
            Self::Invalid => "a value is not taken",
            Self::Refused => "HubSpot refuses",
            Self::NotInstalled => "the account has not installed the app",
            Self::Store => "the token store failed",
        })
    }
}

words! {
    /// HubSpot's word for what is wrong.
    Category {
        /// A value is not taken.
        ValidationError = "VALIDATION_ERROR",
        /// There is no such thing.
        ObjectNotFound = "OBJECT_NOT_FOUND",
        /// There is one already.
        ObjectAlreadyExists = "OBJECT_ALREADY_EXISTS",
        /// It is not as the request supposes.
        Conflict = "CONFLICT",
        /// The app lacks a scope.
        MissingScopes = "MISSING_SCOPES",
        /// The credentials are wrong.
        InvalidAuthentication = "INVALID_AUTHENTICATION",
        /// The token is too old.
        ExpiredAuthentication = "EXPIRED_AUTHENTICATION",
        /// Too fast, as most answers say it.
        RateLimits = "RATE_LIMITS",
        /// Too fast, as older answers say it.
        RateLimit = "RATE_LIMIT",
        /// The account was closed or blocked.
        Banned = "BANNED",
        /// OAuth's word for a token or code that is not good any more.
        InvalidGrant = "invalid_grant",
        /// OAuth's word for a wrong client id or secret.
        InvalidClient = "invalid_client",
    }
}

/// What HubSpot says about a refusal. Every part may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// HubSpot's word for it.
    pub category: Option<Category>,
    /// A closer word, such as `CallingSettingError.SETTINGS_ALREADY_EXISTS`.
    pub sub_category: Option<String>,
    /// What to name when asking HubSpot's support.
    pub correlation_id: Option<String>,
    /// HubSpot's sentence for people. It may repeat what was sent, names and numbers too: show it to who may see those, and never log it.
    pub message: Option<String>,
    /// What is wrong with each field.
    pub fields: Vec<FieldProblem>,
    /// The scopes of which the app needs one.
    pub scopes: Vec<String>,
    policy: Option<String>,
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field or property, if HubSpot names it.
    pub field: Option<String>,
    /// HubSpot's word, such as `INVALID_OPTION`.
    pub code: Option<String>,
    /// HubSpot's sentence for people, with what was sent: never log it.
    pub message: Option<String>,
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("category", &self.category)
            .field("sub_category", &self.sub_category)
            .field("correlation_id", &self.correlation_id)
            .field("fields", &self.fields)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldProblem").field("field", &self.field).field("code", &self.code).finish_non_exhaustive()
    }
}

/// The most problems of one answer that are read.
const MAX_FIELDS: usize = 50;

impl Problem {
    /// Reads what a refusal says. Its shape differs between HubSpot's APIs, and behind gateways it may be no JSON.
    #[must_use]
    pub fn read(body: &Value) -> Self {
        let errors = body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let one = errors.first().filter(|_| errors.len() == 1);
        let contexts = errors.iter().map(|error| &error["context"]).chain([&body["context"]]);
        let scopes = contexts.clone().flat_map(|context| {
            ["requiredGranularScopes", "missingScopes"].into_iter().flat_map(|name| texts(&context[name]))
        });
        // OAuth's errors have a word of HubSpot's there; the others say "error".
        let status = word(&body["status"]).filter(|word| word != "error" && body.get("error").is_some());
        Self {
            category: ["category", "errorType", "error"]
                .iter()
                .find_map(|name| word(&body[*name]))
                .map(|word| word.as_str().into()),
            sub_category: sub_category(&body["subCategory"])
                .or_else(|| one.and_then(|error| sub_category(&error["subCategory"])))
                .or(status),
            correlation_id: word(&body["correlationId"]),
            message: ["message", "error_description"].iter().find_map(|name| body[*name].as_str()).map(str::to_owned),
            scopes: scopes.take(MAX_FIELDS).collect(),
            fields: errors.iter().take(MAX_FIELDS).map(FieldProblem::read).collect(),
            policy: word(&body["policyName"]),
        }
    }
}

impl FieldProblem {
    fn read(error: &Value) -> Self {
        let property = || texts(&error["context"]["propertyName"]).into_iter().next();
        Self {
            field: word(&error["in"]).or_else(property),
            code: word(&error["code"]).or_else(|| sub_category(&error["subCategory"])),
            message: error["message"].as_str().map(str::to_owned),
        }
    }
}

/// A name or an id, which may be logged. Anything else is not taken for one.
fn word(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    // A number of a telephone is no word.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    ((1..=128).contains(&text.len()) && text.bytes().all(plain) && !digits).then(|| text.to_owned())
}

/// A text, or an object that names itself.
fn sub_category(value: &Value) -> Option<String> {
    word(value).or_else(|| ["subCategory", "name", "code"].iter().find_map(|name| word(&value[*name])))
}

/// A list of words, or one.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(word).collect(),
        other => word(other).into_iter().collect(),
    }
}

/// Why a request has no result. Its text is one line and shows nothing of what was sent.
#[derive(Clone)]
pub struct Error(Arc<Details>);

struct Details {
    kind: ErrorKind,
    request: &'static str,
    status: Option<StatusCode>,
    problem: Problem,
    store: Option<StoreError>,
}

/// How long a lock lasts. Source: HubSpot's documentation, "Error handling".
const LOCK: Duration = Duration::from_secs(2);
/// The account is moved to another place, and nothing is done meanwhile. Source: the same.
const MIGRATION: u16 = 477;

impl Error {
    /// What an answer that is no success says. `pause` is how long to wait when there were too many requests, and HubSpot does not say.
    pub(crate) fn read(request: &'static str, effect: Effect, response: &Response<Vec<u8>>, pause: Duration) -> Self {
        let problem = serde_json::from_slice(response.body()).map(|body| Problem::read(&body)).unwrap_or_default();
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let asked = seconds.map(Duration::from_secs);
        let status = response.status();
        let kind = match status.as_u16() {
            429 if problem.policy.as_deref().is_some_and(|policy| policy.contains("DAILY")) => ErrorKind::DailyLimit,
            429 => ErrorKind::RateLimited { retry_after: Some(asked.unwrap_or(pause)) },
            // Nothing was done.
            423 => ErrorKind::Unavailable { retry_after: Some(asked.unwrap_or(LOCK)) },
            MIGRATION => ErrorKind::Unavailable { retry_after: asked },
            408 | 500.. if effect == Effect::Creates => ErrorKind::OutcomeUnknown,
            408 | 500.. => ErrorKind::Unavailable { retry_after: asked },
            code => of_refusal(code, &problem),
        };
        Self(Arc::new(Details { kind, request, status: Some(status), problem, store: None }))
    }

    /// A success that can't be read.
    pub(crate) fn garbled(request: &'static str, effect: Effect, status: StatusCode) -> Self {
        let kind = match effect {
            Effect::Creates => ErrorKind::OutcomeUnknown,
            Effect::Repeatable | Effect::Removes => ErrorKind::Refused,
        };
        Self(Arc::new(Details { kind, request, status: Some(status), problem: Problem::default(), store: None }))
    }

    pub(crate) fn lost(request: &'static str, effect: Effect, error: TransportError) -> Self {
        let kind = match (error, effect) {
            (TransportError::NoAnswer, Effect::Creates) => ErrorKind::OutcomeUnknown,
            _ => ErrorKind::Unreachable,
        };
        Self::new(kind, request)
    }

    pub(crate) fn new(kind: ErrorKind, request: &'static str) -> Self {
        Self(Arc::new(Details { kind, request, status: None, problem: Problem::default(), store: None }))
    }

    pub(crate) fn of_store(request: &'static str, error: StoreError) -> Self {
        let problem = Problem::default();
        Self(Arc::new(Details { kind: ErrorKind::Store, request, status: None, problem, store: Some(error) }))
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The request that failed, by its name.
    #[must_use]
    pub fn request(&self) -> &'static str {
        self.0.request
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What HubSpot says about it.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The scopes of which the app needs one.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.0.problem.scopes
    }
}

fn of_refusal(status: u16, problem: &Problem) -> ErrorKind {
    let sub_category = problem.sub_category.as_deref().unwrap_or_default();
    if sub_category.ends_with("ALREADY_EXISTS") {
        return ErrorKind::AlreadyExists;
    }
    match (status, &problem.category) {
        (_, Some(Category::InvalidGrant | Category::InvalidClient)) | (401, _) => ErrorKind::Unauthorized,
        (_, Some(Category::MissingScopes)) => ErrorKind::MissingScopes,
        (402 | 403, _) => ErrorKind::NotAllowed,
        (404 | 410, _) => ErrorKind::NotFound,
        (409, _) | (_, Some(Category::ObjectAlreadyExists)) => ErrorKind::AlreadyExists,
        (400 | 413 | 414 | 422, _) => ErrorKind::Invalid,
        _ => ErrorKind::Refused,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { kind, request, status, problem, .. } = &*self.0;
        write!(f, "{request} failed: {kind}")?;
        let Some(status) = status else { return Ok(()) };
        write!(f, " (HTTP {}", status.as_u16())?;
        let words = [problem.category.as_ref().map(Category::as_str), problem.sub_category.as_deref()];
        for word in words.into_iter().flatten() {
            write!(f, ", {word}")?;
        }
        for field in &problem.fields {
            if let Some(name) = &field.field {
                write!(f, ", {name}: {}", field.code.as_deref().unwrap_or("not taken"))?;
            }
        }
        if let Some(id) = &problem.correlation_id {
            write!(f, ", correlation id {id}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("request", &self.0.request)
            .field("status", &self.0.status)
            .field("problem", &self.0.problem)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.store.as_ref().map(|error| error as _)
    }
}
