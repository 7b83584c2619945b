use crate::answer::{self, Refusal, Reply};
use crate::config::CloudConfig;
use crate::extensions::Transcript;
use crate::fault::{Fault, FaultAnswer};
use crate::limits::Limits;
use crate::oauth::Grants;
use cordboard::Timestamp;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, Response};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// HubSpot's cloud with one account and one app, without I/O: requests in, answers out. The time is an argument.
pub struct Cloud {
    pub(crate) config: CloudConfig,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) settings: BTreeMap<String, Map<String, Value>>,
    pub(crate) calls: BTreeMap<u64, crate::calls::Call>,
    pub(crate) transcripts: BTreeMap<u64, Transcript>,
    pub(crate) ready: Vec<u64>,
    pub(crate) grants: Grants,
    limits: Limits,
    faults: VecDeque<Fault>,
    seen: Vec<Seen>,
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The status of its answer; none if there was none.
    pub status: Option<u16>,
}

/// What a client gets, and after how long.
pub struct Answer {
    /// The answer; none if the connection is lost.
    pub response: Option<Response<Vec<u8>>>,
    /// How long it takes.
    pub after: Duration,
}

/// Seeded numbers (splitmix64): the same seed gives the same tokens.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn token(&mut self, kind: &str) -> String {
        format!("not-a-secret-{kind}-{:016x}", self.next())
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

/// A request, taken apart.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    /// The values of a field of the query.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        let is_json =
            self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let body = serde_json::from_slice(self.body).ok().filter(|_| is_json);
        body.ok_or_else(|| Refusal::new(400, "VALIDATION_ERROR", "Invalid input JSON"))
    }

    fn bearer(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
    }
}

impl Cloud {
    /// An account in which nothing has happened.
    #[must_use]
    pub fn new(config: CloudConfig) -> Self {
        Self {
            random: Random(config.seed),
            config,
            now: Timestamp::default(),
            settings: BTreeMap::new(),
            calls: BTreeMap::new(),
            transcripts: BTreeMap::new(),
            ready: Vec::new(),
            grants: Grants::default(),
            limits: Limits::default(),
            faults: VecDeque::new(),
            seen: Vec::new(),
        }
    }

    /// Who is who here.
    #[must_use]
    pub const fn config(&self) -> &CloudConfig {
        &self.config
    }

    /// Answers one of the next requests wrongly.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> &[Seen] {
        &self.seen
    }

    /// Answers a request.
    pub fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Answer {
        self.now = now;
        let fault = self.faults.iter().position(|fault| fault.applies(request));
        let fault = fault.and_then(|index| self.faults.remove(index));
        let answer = fault.as_ref().map_or(FaultAnswer::Truth, |fault| fault.answer.clone());
        let is_truth = matches!(answer, FaultAnswer::Truth | FaultAnswer::Slow(_));
        let truth = (is_truth || fault.is_some_and(|fault| fault.carried_out)).then(|| self.respond(request));
        let id = self.random.uuid();
        let response = match &answer {
            FaultAnswer::Nothing => None,
            FaultAnswer::Truth | FaultAnswer::Slow(_) => truth,
            FaultAnswer::Page(status) => {
                let page = Response::builder().status(*status).header(CONTENT_TYPE, "text/html");
                page.body(b"<html><body>Something is wrong</body></html>".to_vec()).ok()
            }
            other => other.reply().map(|reply| answer::response(reply, &id)),
        };
        let after = if let FaultAnswer::Slow(millis) = answer { Duration::from_millis(millis) } else { Duration::ZERO };
        self.seen.push(Seen {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            status: response.as_ref().map(|response| response.status().as_u16()),
        });
        Answer { response, after }
    }

    fn respond(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        let query = request.uri().query().unwrap_or_default();
        let asked = Asked {
            method: request.method(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: request.headers(),
            body: request.body(),
        };
        let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
        let (reply, limits) = match self.limited(&path, &asked) {
            Ok(limits) => (self.route(&path, &asked), limits),
            Err(refusal) => (Err(refusal), HeaderMap::new()),
        };
        let id = self.random.uuid();
        let mut response = answer::response(reply, &id);
        response.headers_mut().extend(limits);
        response
    }

    /// Counts a request to whoever sends it. Requests for tokens are not counted.
    fn limited(&mut self, path: &[&str], asked: &Asked<'_>) -> Result<HeaderMap, Refusal> {
        if path.first() == Some(&"oauth") {
            return Ok(HeaderMap::new());
        }
        let who = if asked.one("hapikey").is_some() { "developer" } else { "account" };
        if path.last() == Some(&"search") {
            return self.limits.count_search(self.now, who, self.config.searches);
        }
        self.limits.count(self.now, who, self.config.burst, self.config.daily)
    }

    fn route(&mut self, path: &[&str], asked: &Asked<'_>) -> Reply {
        match path {
            ["oauth", "v3" | "2026-03" | "2026-09", "token", rest @ ..] => self.oauth(rest, asked),
            ["crm", "extensions", "calling", "v3", "connection-statuses", rest @ ..] => self.connection(rest, asked),
            ["crm", "v3", "extensions", "calling", rest @ ..]
            | ["crm", "extensions", "calling", "2026-03" | "2026-09", rest @ ..] => match rest {
                [app, "settings", rest @ ..] => self.setting(app, rest, asked),
                rest => self.extension(rest, asked),
            },
            ["crm", "v4" | "objects", ..] if path.contains(&"associations") => self.associations(path, asked),
            ["crm", "v3", "objects", "calls", rest @ ..]
            | ["crm", "objects", "2026-03" | "2026-09", "calls", rest @ ..] => self.object(rest, asked),
            ["crm", "v3", "objects", "contacts", "search"]
            | ["crm", "objects", "2026-03" | "2026-09", "contacts", "search"] => self.people(asked),
            ["calling", "v1", "dispositions"] => self.dispositions(asked),
            _ => Err(Refusal::new(404, "OBJECT_NOT_FOUND", "No resource here")),
        }
    }

    /// Lets in who has a token with one of these scopes.
    pub(crate) fn account(&self, asked: &Asked<'_>, scopes: &[&str]) -> Result<(), Refusal> {
        let token = asked.bearer().ok_or_else(|| Refusal::unauthenticated("INVALID_AUTHENTICATION"))?;
        if token == self.config.private_token {
            return Ok(());
        }
        let granted = self.grants.scopes(token, self.now)?;
        let has = scopes.iter().any(|scope| granted.iter().any(|granted| granted == scope));
        if has { Ok(()) } else { Err(Refusal::scopes(scopes)) }
    }

    /// Lets in who has the developer account's key, or a token of the app's own.
    pub(crate) fn developer(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        match asked.one("hapikey") {
            Some(key) if key == self.config.developer_key => Ok(()),
            Some(_) => Err(Refusal::unauthenticated("INVALID_AUTHENTICATION")),
            None => {
                let reads = *asked.method == Method::GET;
                let token = asked.bearer().ok_or_else(|| Refusal::unauthenticated("INVALID_AUTHENTICATION"))?;
                let needed = if reads { "developers-read" } else { "developers-write" };
                let granted = self.grants.scopes(token, self.now)?;
                if granted.iter().any(|scope| scope == needed) { Ok(()) } else { Err(Refusal::scopes(&[needed])) }
            }
        }
    }
}

/// A time, as HubSpot writes it.
pub(crate) fn date(time: Timestamp) -> Value {
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    let date = time::OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    date.format(&time::format_description::well_known::Rfc3339).unwrap_or_default().into()
}
