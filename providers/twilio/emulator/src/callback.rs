//! Requests to the account's own server: signed, late, out of order, more than once.

use crate::random::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use core::fmt;
use core::time::Duration;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Method, Request};
use sha1::Sha1;
use std::collections::BTreeMap;

/// TwiML has to come within that time; then the fallback is asked.
pub(crate) const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long Twilio waits before it repeats a request that failed, here.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A request to the account's server.
pub struct Callback {
    /// What its answer is handed back with.
    pub id: CallbackId,
    /// When it is sent.
    pub at: Timestamp,
    /// Whether the answer is TwiML, and a call waits for it.
    pub awaits_twiml: bool,
    /// The request, signed.
    pub request: Request<Vec<u8>>,
}

/// A callback, or a repetition of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallbackId(u64);

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("id", &self.id)
            .field("awaits_twiml", &self.awaits_twiml)
            .finish_non_exhaustive()
    }
}

/// Why a callback was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There was no connection. By default Twilio tries once more.
    Connect,
    /// The answer did not come in time.
    Read,
}

/// What happens to callbacks on their way. TwiML is not touched by it: a call waits for that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disturbance {
    /// Each is late by up to that time, each by another: so they arrive in any order.
    pub delay: Duration,
    /// So many of a hundred arrive twice.
    pub repeats: u8,
}

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

struct Pending {
    purpose: Purpose,
    url: String,
    method: Method,
    parameters: Vec<(String, String)>,
    token: String,
    retries: u8,
    retried: u8,
    sent: bool,
}

/// What is on its way to the account's server.
#[derive(Default)]
pub(crate) struct Outbox {
    auth_token: String,
    due: BTreeMap<(Timestamp, CallbackId), ()>,
    pending: BTreeMap<CallbackId, Pending>,
    next: u64,
    pub(crate) latency: Duration,
    pub(crate) disturbance: Disturbance,
}

impl Outbox {
    pub(crate) fn new(auth_token: String, latency: Duration) -> Self {
        Self { auth_token, latency, ..Self::default() }
    }

    /// Sends a request, and says when the answer comes too late.
    pub(crate) fn push(
        &mut self,
        now: Timestamp,
        random: &mut Random,
        hook: &Hook,
        parameters: Vec<(String, String)>,
        purpose: Purpose,
    ) -> (CallbackId, Timestamp) {
        let token = random.sid("");
        let is_report = matches!(purpose, Purpose::Report);
        let mut at = now + self.latency;
        let Disturbance { delay, repeats } = self.disturbance;
        let mut copies = 1;
        if is_report {
            let millis = u64::try_from(delay.as_millis()).unwrap_or(0);
            at = at + Duration::from_millis(random.next() % (millis + 1));
            if random.next() % 100 < u64::from(repeats) {
                copies = 2;
            }
        }
        let retries = fragment(&hook.url, "rc").and_then(|count| count.parse().ok()).unwrap_or(1_u8).min(5);
        let mut id = CallbackId(0);
        for copy in 0..copies {
            id = CallbackId(self.next);
            self.next += 1;
            let pending = Pending {
                purpose: purpose.clone(),
                url: hook.url.clone(),
                method: hook.method.clone(),
                parameters: parameters.clone(),
                token: token.clone(),
                retries,
                retried: 0,
                sent: false,
            };
            self.pending.insert(id, pending);
            self.due.insert((at + delay * copy, id), ());
        }
        (id, at + DOCUMENT_TIMEOUT)
    }

    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), ())| *at)
    }

    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Callback> {
        let (at, id) = self.due.first_key_value().map(|(key, ())| *key).filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, id));
        let pending = self.pending.get_mut(&id)?;
        pending.sent = true;
        Some(Callback {
            id,
            at,
            awaits_twiml: !matches!(pending.purpose, Purpose::Report),
            request: pending.request(&self.auth_token),
        })
    }

    /// Takes a callback's answer. `None` if nothing waits for it, or it is tried again.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        status: Result<u16, Unanswered>,
    ) -> Option<(Purpose, String)> {
        let pending = self.pending.get_mut(&id).filter(|pending| pending.sent)?;
        let failure = match status {
            Ok(400..=499) => Some("4xx"),
            Ok(500..=599) => Some("5xx"),
            Ok(_) => None,
            Err(Unanswered::Connect) => Some("ct"),
            Err(Unanswered::Read) => Some("rt"),
        };
        let policy = fragment(&pending.url, "rp").unwrap_or("ct");
        let retries = failure.is_some_and(|failure| policy.split(',').any(|known| known == failure || known == "all"));
        // All tries together take 15 seconds at most.
        if retries && pending.retried < pending.retries && pending.retried < 14 {
            pending.retried += 1;
            pending.sent = false;
            self.due.insert((now + RETRY_AFTER, id), ());
            return None;
        }
        self.pending.remove(&id).map(|pending| (pending.purpose, pending.url))
    }

    /// Forgets a callback that nobody waits for any more.
    pub(crate) fn forget(&mut self, id: CallbackId) -> Option<(Purpose, String)> {
        self.due.retain(|(_, known), ()| *known != id);
        self.pending.remove(&id).map(|pending| (pending.purpose, pending.url))
    }
}

impl Pending {
    fn request(&self, auth_token: &str) -> Request<Vec<u8>> {
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
