//! What the host of the widget's address sends.

use super::{Finding, frame};
use crate::bundle::{Digest, ENTRY, Release};
use crate::config::Publishing;
use anyhow::{Context as _, Result};
use reqwest::Method;
use reqwest::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, LOCATION, ORIGIN};
use reqwest::redirect::Policy;
use std::error::Error as _;
use std::time::Duration;
use url::Url;

const ADVICE: &str = "check settings.url, the name's DNS, and that the host runs";
const REACHABLE: &str = "reachable";
const TIMEOUT: Duration = Duration::from_secs(20);

/// A browser that follows nothing.
pub(crate) struct Visitor {
    client: reqwest::Client,
    /// The widget's address.
    url: Url,
}

/// What was sent.
struct Sent {
    status: u16,
    location: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Why nothing was sent.
struct Unreachable {
    check: &'static str,
    what: String,
}

impl Sent {
    fn kind(&self) -> &str {
        let kind = self.headers.iter().find(|(name, _)| name == CONTENT_TYPE.as_str());
        kind.map_or("", |(_, value)| value.split(';').next().unwrap_or_default().trim())
    }
}

impl Visitor {
    pub(crate) fn new(url: &str, publishing: &Publishing) -> Result<Self> {
        let url = Url::parse(url)?;
        let mut builder = reqwest::Client::builder().redirect(Policy::none()).timeout(TIMEOUT);
        if let (Some(address), Some(host)) = (publishing.resolve, url.host_str()) {
            builder = builder.resolve(host, address);
        }
        Ok(Self { client: builder.build().context("the system's certificates can't be read")?, url })
    }

    /// Whether the release that was sent is what browsers get, beside what users have.
    pub(crate) async fn check(&self, release: &Release) -> Vec<Finding> {
        let page = match self.get(&release.place(ENTRY[0])).await {
            Ok(page) => page,
            Err(problem) => return vec![problem.finding()],
        };
        let entry = match self.get("").await {
            Ok(entry) => entry,
            Err(problem) => return vec![problem.finding()],
        };
        let redirect = redirected(&page).or_else(|| redirected(&entry));
        let mut findings = vec![Finding::holds(REACHABLE), Finding::holds("certificate")];
        let is_redirected = redirect.is_some();
        findings.push(Finding::of("no redirect", redirect));
        if is_redirected {
            return findings;
        }
        let digest = release.files.get(ENTRY[0]);
        findings.push(Finding::of("page", same(&page, digest, "text/html")));
        if page.status == 200 {
            findings.push(Finding::of("frame permission", self.framed(&page, &entry)));
        }
        if let Some(module) = release.module() {
            let problem = match self.get(module).await {
                Ok(sent) => same(&sent, release.files.get(module), "application/wasm"),
                Err(problem) => Some(problem.what),
            };
            findings.push(Finding::of("WebAssembly", problem));
        }
        findings
    }

    /// Whether the gateway takes what pages of this address ask.
    pub(crate) async fn gateway(&self, gateway: &str) -> Finding {
        let origin = self.url.origin().ascii_serialization();
        let asked = format!("{}/api/sign-in", gateway.trim_end_matches('/'));
        let request = self.client.request(Method::OPTIONS, asked).header(ORIGIN, &origin);
        let problem = match request.header(ACCESS_CONTROL_REQUEST_METHOD, "GET").send().await {
            Err(error) => {
                Some(Unreachable::new(&error, gateway, "check publish.gateway, and that the gateway runs").what)
            }
            Ok(answer) => {
                let allowed =
                    answer.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_some_and(|allowed| *allowed == *origin);
                (!allowed)
                    .then(|| format!("{gateway} does not let pages of {origin} use it: add that to its socket.origins"))
            }
        };
        Finding::of("gateway", problem)
    }

    /// Whether users get it.
    pub(crate) async fn shows(&self, release: &Release) -> Finding {
        let problem = match self.get("").await {
            Ok(sent) => redirected(&sent).or_else(|| same(&sent, release.files.get(ENTRY[0]), "text/html")),
            Err(problem) => Some(problem.what),
        };
        let problem = problem.map(|problem| format!("{}: {problem}; if a cache is in between, empty it", self.url));
        Finding::of("what users get", problem)
    }

    fn framed(&self, page: &Sent, entry: &Sent) -> Option<String> {
        let problem =
            |sent: &Sent| frame::problem(sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        // There may be no entry point yet.
        problem(page).or_else(|| (entry.status == 200).then(|| problem(entry)).flatten())
    }

    async fn get(&self, path: &str) -> Result<Sent, Unreachable> {
        let url = self
            .url
            .join(path)
            .map_err(|_| Unreachable { check: REACHABLE, what: format!("{path} can't follow {}", self.url) })?;
        let failed = |error: reqwest::Error| Unreachable::new(&error, self.url.host_str().unwrap_or_default(), ADVICE);
        let answer = self.client.get(url).send().await.map_err(failed)?;
        let headers = answer.headers();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Sent {
            status: answer.status().as_u16(),
            location: headers.get(LOCATION).map(text),
            headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            body: answer.bytes().await.map_err(failed)?.into(),
        })
    }
}

fn redirected(sent: &Sent) -> Option<String> {
    let to = sent.location.as_deref().unwrap_or("elsewhere");
    (300..400).contains(&sent.status).then(|| {
        format!("the address redirects to {to:?}, and HubSpot expects messages from where it points: put the final address into settings.url")
    })
}

fn same(sent: &Sent, digest: Option<&Digest>, kind: &str) -> Option<String> {
    match sent.status {
        200 => {}
        404 => return Some("it is not found: check that the host serves what is in publish.store".to_owned()),
        status => return Some(format!("the host answers {status}: let everybody read what is in publish.store")),
    }
    if digest != Some(&Digest::of(&sent.body)) {
        return Some(
            "the host sends something else than was published: have nothing change files on the way".to_owned(),
        );
    }
    (sent.kind() != kind).then(|| format!("the host sends it as {:?}: have it send {kind}", sent.kind()))
}

impl Unreachable {
    /// An error's own text has the address, which may be long; its causes say more.
    fn new(error: &reqwest::Error, host: &str, advice: &str) -> Self {
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if let Some((_, problem)) = text.split_once("invalid peer certificate: ") {
                let advice = "renew it, for this name, by an authority that browsers know";
                return Self {
                    check: "certificate",
                    what: format!("{host} has a bad certificate ({problem}): {advice}"),
                };
            }
            cause = error.source();
        }
        Self { check: REACHABLE, what: format!("{host} can't be reached: {advice}") }
    }

    fn finding(self) -> Finding {
        Finding::of(self.check, Some(self.what))
    }
}
