//! Requests to the account's own server, as Twilio signs them.

use crate::cloud::Cloud;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use cordboard_emulator::{CallbackId, Unanswered, Urgency};
use core::time::Duration;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Method, Request};
use sha1::Sha1;
use std::collections::BTreeMap;

/// TwiML has to come within that time; then the fallback is asked.
pub(crate) const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the account wants to be told of something.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) events: Vec<String>,
}

impl Hook {
    pub(crate) fn new(url: Option<String>, method: Option<&str>, events: Vec<String>, default: &str) -> Option<Self> {
        let events = if events.is_empty() { vec![default.to_owned()] } else { events };
        Some(Self { url: url.filter(|url| !url.is_empty())?, method: post_unless_get(method), events })
    }

    pub(crate) fn wants(&self, event: &str) -> bool {
        self.events.iter().any(|known| known == event)
    }
}

pub(crate) fn post_unless_get(method: Option<&str>) -> Method {
    if method.is_some_and(|method| method.eq_ignore_ascii_case("get")) { Method::GET } else { Method::POST }
}

/// What a callback is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To tell of something.
    Report,
    /// To learn what the call does next.
    Document { call: String, activity: u64, fallback: Option<Hook> },
    /// To learn what is heard: hold music, an announcement.
    Sound { call: Option<String> },
}

/// A request to the account's server, before it is signed.
#[derive(Clone)]
pub struct Letter {
    pub(crate) purpose: Purpose,
    pub(crate) url: String,
    method: Method,
    parameters: Vec<(String, String)>,
    token: String,
}

impl Cloud {
    /// Sends a request, and says when the answer comes too late.
    pub(crate) fn post(
        &mut self,
        hook: &Hook,
        parameters: Vec<(String, String)>,
        purpose: Purpose,
    ) -> (CallbackId, Timestamp) {
        let urgency = if matches!(purpose, Purpose::Report) { Urgency::Report } else { Urgency::Document };
        // The fragment says how often more; all tries together take 15 seconds at most.
        let retries = fragment(&hook.url, "rc").and_then(|count| count.parse().ok()).unwrap_or(1_u8).min(5);
        let (url, method) = (hook.url.clone(), hook.method.clone());
        let letter = Letter { purpose, url, method, parameters, token: self.basis.random.sid("") };
        let (id, at) = self.basis.outbox.push(self.basis.now, &mut self.basis.random, &letter, urgency, retries + 1);
        (id, at + DOCUMENT_TIMEOUT)
    }
}

impl Letter {
    /// Whether it is tried again after that.
    pub(crate) fn fails_by(&self, status: Result<u16, Unanswered>) -> bool {
        let failure = match status {
            Ok(400..=499) => "4xx",
            Ok(500..=599) => "5xx",
            Ok(_) => return false,
            Err(Unanswered::Connect) => "ct",
            Err(Unanswered::Read) => "rt",
        };
        // By default Twilio tries once more, if there was no connection.
        let policy = fragment(&self.url, "rp").unwrap_or("ct");
        policy.split(',').any(|known| known == failure || known == "all")
    }

    pub(crate) fn request(&self, auth_token: &str) -> Request<Vec<u8>> {
        let url = self.url.split('#').next().unwrap_or("");
        let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish();
        let (url, body, signed): (String, Vec<u8>, &[(String, String)]) = if self.method == Method::GET {
            let separator = if url.contains('?') { '&' } else { '?' };
            (format!("{url}{separator}{encoded}"), Vec::new(), &[])
        } else {
            (url.to_owned(), encoded.into_bytes(), &self.parameters)
        };
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&url)
            .header("x-twilio-signature", signature(auth_token, &url, signed))
            .header("i-twilio-idempotency-token", &self.token)
            .header("user-agent", "TwilioProxy/1.1")
            .header("accept", "*/*");
        if self.method != Method::GET {
            request = request.header("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        }
        request.body(body).unwrap_or_default()
    }
}

/// A setting in a webhook's fragment, such as `#rc=3&rp=5xx,rt`.
fn fragment<'u>(url: &'u str, name: &str) -> Option<&'u str> {
    let (_, fragment) = url.split_once('#')?;
    fragment.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// `X-Twilio-Signature`: the address, then each parameter's name and its distinct values, in the order of the names.
#[must_use]
pub fn signature(auth_token: &str, url: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in parameters {
        let values = sorted.entry(name).or_default();
        if !values.contains(&value.as_str()) {
            values.push(value);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, mut values) in sorted {
        values.sort_unstable();
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    STANDARD.encode(mac.finalize().into_bytes())
}
