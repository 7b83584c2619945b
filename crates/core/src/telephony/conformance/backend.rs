//! The tests that every [`Backend`] runs: one for each line of its [contract](Backend#contract).
//!
//! A provider implements [`BackendHarness`] and names it once:
//!
//! ```text
//! cordboard::backend_conformance_tests!(Playground::start());
//! ```

use crate::Timestamp;
use crate::async_trait;
use crate::platform::Lock;
use crate::telephony::{
    AgentId, Backend, Call, CallEvent, CallEventKind, CallId, Capability, DialKey, DialRequest, Entry, Event, Events,
    Fallback, Journal, JournalError, PhoneNumber, RecordingError, RecordingRef, RecordingSound, Route, SoundPart,
    Webhook, WebhookRequest,
};
use core::future::Future;
use core::time::Duration;
use futures_util::{FutureExt as _, StreamExt as _};
use std::sync::Arc;

const PURE: &str = "`decode` is pure: the same bytes give the same entries.";
const KEYS: &str = "An entry's key is the same for each delivery of the same fact, and differs between facts.";
const SIGNED: &str = "When the request is not the provider's, `decode` refuses it.";
const FOLD: &str = "The same entries, applied again, give the same calls, and the same events with the same sequences.";
const FIRST_THE_JOURNAL: &str = "It records what an agent ordered before it acts on the order.";
const ONCE: &str = "A dial is never repeated.";
const NOBODY: &str = "If there are no agents, the fallback takes the call at once.";
const RECORDED: &str =
    "What a line calls a recording, `recording` finds, in any instance, as long as the provider keeps it.";
const TOKEN: &str = "What the agent's browser needs to carry the audio.";

/// What a provider hands the suite: its server side, and the provider at the other end of it.
///
/// Every test makes a harness of its own, where nobody has called yet.
pub trait BackendHarness {
    /// Runs a test to its end, and meanwhile whatever the backend needs to run.
    fn block_on<F: Future<Output = ()>>(&self, test: F);

    /// The time that the backend lives in.
    fn now(&self) -> Timestamp;

    /// Another instance of the same account's backend, as a server makes one when it starts: it knows what it is told.
    fn backend(&self, journal: Arc<dyn Journal>) -> impl Future<Output = Arc<dyn Backend>>;

    /// An agent who may call.
    fn agent(&self) -> AgentId;

    /// Whom they may call.
    fn number(&self) -> PhoneNumber;

    /// Whether calls outlive the instance that began them. Those of a network in memory don't.
    fn outlives(&self) -> bool;

    /// How many calls the provider was asked to make.
    fn dialled(&self) -> usize;

    /// What the provider reports of the call that [`agent`](Self::agent) dialled, from there until it is answered, and whatever else it
    /// may report: each a fact of its own, signed, in the order in which it happened.
    fn reports(&self, call: &CallId) -> impl Future<Output = Vec<SignedWebhook>>;

    /// What the provider sends when somebody calls; `None` if the account takes no inbound calls.
    fn inbound(&self) -> Option<SignedWebhook>;

    /// Lets time pass at the provider, so that there is something in a recording, and that it is ready when it is over.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;
}

/// A webhook as the provider sends it.
#[derive(Clone)]
pub struct SignedWebhook {
    /// `POST`, as a rule.
    pub method: String,
    /// The public address with path and query.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

impl SignedWebhook {
    fn decode(&self, backend: &dyn Backend, now: Timestamp) -> Result<Webhook, crate::telephony::WebhookError> {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let request = WebhookRequest { method: &self.method, url: &self.url, headers: &headers, body: &self.body };
        backend.decode(now, &request)
    }

    fn entries(&self, backend: &dyn Backend, now: Timestamp) -> Vec<Entry> {
        match self.decode(backend, now).expect(SIGNED) {
            Webhook::Report { entries, .. } => entries,
            Webhook::Inbound { entry, .. } => vec![entry],
        }
    }
}

/// A journal in memory. Clones are the same journal.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Lock<Kept>>);

#[derive(Default)]
struct Kept {
    entries: Vec<Entry>,
    is_full: bool,
}

impl MemoryJournal {
    /// What it holds, in order.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().entries.clone()
    }

    /// Lets every further write fail.
    pub fn fill(&self) {
        self.0.lock().is_full = true;
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Journal for MemoryJournal {
    async fn record(&self, entries: Vec<Entry>) -> Result<Vec<Entry>, JournalError> {
        let mut kept = self.0.lock();
        if kept.is_full {
            return Err(JournalError::new("the journal is full"));
        }
        let mut new = Vec::new();
        for entry in entries {
            if !kept.entries.iter().any(|known| known.key == entry.key) {
                kept.entries.push(entry.clone());
                new.push(entry);
            }
        }
        Ok(new)
    }

    async fn entries(&self, call: &CallId) -> Result<Vec<Entry>, JournalError> {
        Ok(self.entries().into_iter().filter(|entry| entry.call == *call).collect())
    }
}

fn heard(events: &mut Events) -> Vec<CallEvent> {
    let mut heard = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        if let Event::Call(event) = event {
            heard.push(event);
        }
    }
    heard
}

fn request<H: BackendHarness>(harness: &H) -> DialRequest {
    DialRequest { key: DialKey::new("conformance"), to: harness.number(), from: None }
}

async fn calls(backend: &dyn Backend, agent: &AgentId) -> Vec<Call> {
    backend.line(agent).active_calls().await.expect(FOLD)
}

/// A call that was dialled, and what was reported of it: recorded and applied, as a server does.
struct Told {
    backend: Arc<dyn Backend>,
    journal: MemoryJournal,
    reports: Vec<SignedWebhook>,
    events: Vec<CallEvent>,
}

async fn told<H: BackendHarness>(harness: &H) -> Told {
    let journal = MemoryJournal::default();
    let backend = harness.backend(Arc::new(journal.clone())).await;
    let line = backend.line(&harness.agent());
    let mut events = line.events();
    let call = line.dial(request(harness)).await.expect(ONCE);
    let reports = harness.reports(&call).await;
    for report in &reports {
        let entries = report.entries(&*backend, harness.now());
        for entry in journal.record(entries).await.expect("the journal is not full") {
            backend.apply(&entry).await.expect(FOLD);
        }
    }
    Told { events: heard(&mut events), backend, journal, reports }
}

/// Every webhook that the harness can send.
async fn webhooks<H: BackendHarness>(harness: &H) -> (Arc<dyn Backend>, Vec<SignedWebhook>) {
    let Told { backend, mut reports, .. } = told(harness).await;
    reports.extend(harness.inbound());
    assert!(!reports.is_empty(), "the harness has webhooks");
    (backend, reports)
}

#[doc(hidden)]
pub async fn decoding_is_pure<H: BackendHarness>(harness: &H) {
    let (backend, webhooks) = webhooks(harness).await;
    let before = calls(&*backend, &harness.agent()).await;
    let mut events = backend.line(&harness.agent()).events();
    let now = harness.now();
    for webhook in &webhooks {
        assert_eq!(webhook.decode(&*backend, now), webhook.decode(&*backend, now), "{PURE}");
    }
    assert_eq!(heard(&mut events), [], "{PURE}");
    assert_eq!(calls(&*backend, &harness.agent()).await, before, "{PURE}");
}

#[doc(hidden)]
pub async fn each_fact_has_its_key<H: BackendHarness>(harness: &H) {
    let (backend, webhooks) = webhooks(harness).await;
    let keys = |later: Duration| -> Vec<String> {
        let entries = webhooks.iter().flat_map(|webhook| webhook.entries(&*backend, harness.now() + later));
        entries.map(|entry| entry.key).collect()
    };
    let first = keys(Duration::ZERO);
    assert_eq!(first, keys(Duration::from_secs(1)), "{KEYS}");
    let mut unique = first.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), first.len(), "{KEYS}");
}

#[doc(hidden)]
pub async fn one_changed_byte_is_refused<H: BackendHarness>(harness: &H) {
    let (backend, webhooks) = webhooks(harness).await;
    let is_refused = |webhook: &SignedWebhook| webhook.decode(&*backend, harness.now()).is_err();
    for webhook in &webhooks {
        // The last bit: it changes what a byte means, and not only its case.
        for index in 0..webhook.body.len() {
            let mut changed = webhook.clone();
            if let Some(byte) = changed.body.get_mut(index) {
                *byte ^= 1;
            }
            assert!(is_refused(&changed), "{SIGNED} Byte {index} of the body was changed.");
        }
        let shorter = SignedWebhook { body: webhook.body.iter().skip(1).copied().collect(), ..webhook.clone() };
        assert!(webhook.body.is_empty() || is_refused(&shorter), "{SIGNED} The first byte is missing.");
        let elsewhere = SignedWebhook { url: webhook.url.replacen("://", "://x", 1), ..webhook.clone() };
        assert!(is_refused(&elsewhere), "{SIGNED} The host was changed.");
        let query = if webhook.url.contains('?') { "&x=1" } else { "?x=1" };
        let longer = SignedWebhook { url: [&webhook.url, query].concat(), ..webhook.clone() };
        assert!(is_refused(&longer), "{SIGNED} The query was changed.");
    }
}

#[doc(hidden)]
pub async fn unsigned_is_refused<H: BackendHarness>(harness: &H) {
    let (backend, webhooks) = webhooks(harness).await;
    for webhook in &webhooks {
        let unsigned = SignedWebhook { headers: Vec::new(), ..webhook.clone() };
        assert!(unsigned.decode(&*backend, harness.now()).is_err(), "{SIGNED}");
        let doubled = webhook.headers.iter().chain(&webhook.headers).cloned().collect();
        let doubled = SignedWebhook { headers: doubled, ..webhook.clone() };
        assert!(doubled.decode(&*backend, harness.now()).is_err(), "{SIGNED} Each header was there twice.");
    }
}

#[doc(hidden)]
pub async fn garbage_is_refused<H: BackendHarness>(harness: &H) {
    let (backend, webhooks) = webhooks(harness).await;
    // A generator that is the same each time: xorshift.
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    for round in 0..512 {
        let Some(webhook) = webhooks.get(round % webhooks.len()) else { continue };
        let body: Vec<u8> = (0..round).map(|_| next().to_le_bytes()[0]).collect();
        let headers = webhook.headers.iter().map(|(name, _)| (name.clone(), format!("{:x}", next()))).collect();
        let garbage = SignedWebhook { body, headers, ..webhook.clone() };
        assert!(garbage.decode(&*backend, harness.now()).is_err(), "{SIGNED}");
        let elsewhere = SignedWebhook { url: format!("{}/%{:x}", webhook.url, next()), ..webhook.clone() };
        assert!(elsewhere.decode(&*backend, harness.now()).is_err(), "{SIGNED}");
    }
}

#[doc(hidden)]
pub async fn the_journal_gives_the_same_calls<H: BackendHarness>(harness: &H) {
    if !harness.outlives() {
        return;
    }
    let Told { backend, journal, events, .. } = told(harness).await;
    assert!(!events.is_empty(), "the call says something");
    let again = harness.backend(Arc::new(journal.clone())).await;
    let mut listener = again.line(&harness.agent()).events();
    for entry in journal.entries() {
        again.apply(&entry).await.expect(FOLD);
    }
    assert_eq!(heard(&mut listener), events, "{FOLD}");
    assert_eq!(calls(&*again, &harness.agent()).await, calls(&*backend, &harness.agent()).await, "{FOLD}");
    // And a third time, into the same instance.
    for entry in journal.entries() {
        again.apply(&entry).await.expect(FOLD);
    }
    assert_eq!(heard(&mut listener), [], "{FOLD}");
    assert_eq!(harness.dialled(), 1, "{ONCE}");
}

#[doc(hidden)]
pub async fn reports_may_come_in_any_order<H: BackendHarness>(harness: &H) {
    if !harness.outlives() {
        return;
    }
    let Told { backend, journal, reports, .. } = told(harness).await;
    let expected = calls(&*backend, &harness.agent()).await;
    let states = |calls: &[Call]| calls.iter().map(|call| (call.id.clone(), call.state)).collect::<Vec<_>>();
    let keys: Vec<String> =
        reports.iter().flat_map(|report| report.entries(&*backend, harness.now())).map(|entry| entry.key).collect();
    let (reported, ordered): (Vec<Entry>, Vec<Entry>) =
        journal.entries().into_iter().partition(|entry| keys.contains(&entry.key));
    let again = harness.backend(Arc::new(journal.clone())).await;
    for entry in ordered.iter().chain(reported.iter().rev()).chain(&reported) {
        again.apply(entry).await.expect(FOLD);
    }
    assert_eq!(states(&calls(&*again, &harness.agent()).await), states(&expected), "{FOLD}");
    assert_eq!(harness.dialled(), 1, "{ONCE}");
}

#[doc(hidden)]
pub async fn a_key_dials_once<H: BackendHarness>(harness: &H) {
    let journal = MemoryJournal::default();
    let backend = harness.backend(Arc::new(journal.clone())).await;
    let line = backend.line(&harness.agent());
    let call = line.dial(request(harness)).await.expect(ONCE);
    assert_eq!(line.dial(request(harness)).await.expect(ONCE), call, "{ONCE}");
    assert_eq!(backend.line(&harness.agent()).dial(request(harness)).await.expect(ONCE), call, "{ONCE}");
    assert_eq!(harness.dialled(), 1, "{ONCE}");
    if !harness.outlives() {
        return;
    }
    let again = harness.backend(Arc::new(journal.clone())).await;
    for entry in journal.entries() {
        again.apply(&entry).await.expect(FOLD);
    }
    assert_eq!(again.line(&harness.agent()).dial(request(harness)).await.expect(ONCE), call, "{ONCE}");
    assert_eq!(harness.dialled(), 1, "{ONCE}");
}

#[doc(hidden)]
pub async fn what_is_not_durable_is_not_dialled<H: BackendHarness>(harness: &H) {
    if !harness.outlives() {
        return;
    }
    let journal = MemoryJournal::default();
    let backend = harness.backend(Arc::new(journal.clone())).await;
    journal.fill();
    assert!(backend.line(&harness.agent()).dial(request(harness)).await.is_err(), "{FIRST_THE_JOURNAL}");
    assert_eq!(harness.dialled(), 0, "{FIRST_THE_JOURNAL}");
}

#[doc(hidden)]
pub async fn a_media_token_is_for_later<H: BackendHarness>(harness: &H) {
    let backend = harness.backend(Arc::new(MemoryJournal::default())).await;
    let now = harness.now();
    let Some(token) = backend.media_token(&harness.agent(), now).await.expect(TOKEN) else { return };
    assert!(!token.token.is_empty() && token.expires_at > now, "{TOKEN}");
    assert!(token.settings.starts_with('{') && token.settings.ends_with('}'), "{TOKEN}");
    assert!(!format!("{token:?}").contains(&token.token), "{TOKEN} Its `Debug` hides it.");
}

#[doc(hidden)]
pub async fn without_agents_the_fallback_takes_the_call<H: BackendHarness>(harness: &H) {
    let Some(inbound) = harness.inbound() else { return };
    let journal = MemoryJournal::default();
    let backend = harness.backend(Arc::new(journal.clone())).await;
    let mut events = backend.line(&harness.agent()).events();
    let Ok(Webhook::Inbound { call, entry }) = inbound.decode(&*backend, harness.now()) else {
        panic!("the harness sends an inbound call")
    };
    assert_eq!(entry.call, call.id, "{NOBODY}");
    journal.record(vec![entry]).await.expect("the journal is not full");
    for fallback in [Fallback::Goodbye("Goodbye.".to_owned()), Fallback::Voicemail { greeting: "Speak.".to_owned() }] {
        let route = Route { agents: Vec::new(), ring: Duration::from_secs(20), fallback };
        let reply = backend.route(&call, &route).await.expect(NOBODY);
        assert!((200..300).contains(&reply.status), "{NOBODY}");
    }
    assert_eq!(heard(&mut events), [], "{NOBODY}");
}

/// Waits for an event of a call that `wanted` takes.
async fn until<T>(events: &mut Events, mut wanted: impl FnMut(CallEventKind) -> Option<T>) -> T {
    loop {
        if let Event::Call(event) = events.next().await.expect("a line's events don't end")
            && let Some(found) = wanted(event.kind)
        {
            return found;
        }
    }
}

async fn bytes(sound: RecordingSound) -> Vec<u8> {
    let chunks: Vec<_> = sound.chunks.collect().await;
    chunks.into_iter().flat_map(|chunk| chunk.expect(RECORDED)).collect()
}

#[doc(hidden)]
pub async fn a_recording_can_be_heard<H: BackendHarness>(harness: &H) {
    let Told { backend, journal, .. } = told(harness).await;
    let nobodys = RecordingRef::new("nobody's");
    assert_eq!(backend.recording(&nobodys, None).await.err(), Some(RecordingError::Gone), "{RECORDED}");
    let line = backend.line(&harness.agent());
    if !line.capabilities().has(Capability::Recording) {
        return;
    }
    let mut events = line.events();
    let call = loop {
        let established = calls(&*backend, &harness.agent()).await.into_iter().find(|call| call.state.is_established());
        match established {
            Some(call) => break call.id,
            None => drop(events.next().await),
        }
    };
    line.start_recording(&call).await.expect(RECORDED);
    let named = until(&mut events, |kind| match kind {
        CallEventKind::RecordingStarted(named) => Some(named),
        _ => None,
    });
    let name = named.await.expect(RECORDED);
    assert_eq!(backend.recording(&name, None).await.err(), Some(RecordingError::NotReady), "{RECORDED}");
    harness.pass(Duration::from_secs(3)).await;
    line.stop_recording(&call).await.expect(RECORDED);
    until(&mut events, |kind| (kind == CallEventKind::RecordingStopped).then_some(())).await;
    harness.pass(Duration::from_secs(30)).await;

    // One that took in nothing, as of a call that was over before the server was started.
    let again = if harness.outlives() { harness.backend(Arc::new(journal)).await } else { backend };
    let whole = again.recording(&name, None).await.expect(RECORDED);
    assert!(whole.content_type.starts_with("audio/") && whole.part.is_none(), "{RECORDED}");
    let length = whole.length;
    let whole = bytes(whole).await;
    assert!(whole.len() > 20 && length.is_none_or(|length| length == whole.len() as u64), "{RECORDED}");
    let part = again.recording(&name, Some(SoundPart::Between { first: 10, last: 19 })).await.expect(RECORDED);
    let expected = match part.part {
        Some(part) => {
            assert_eq!(part, (10, 19), "{RECORDED} It gives the part that was asked for.");
            whole.get(10..20)
        }
        None => Some(&*whole),
    };
    assert_eq!(Some(&*bytes(part).await), expected, "{RECORDED}");
    match again.recording(&name, Some(SoundPart::From(whole.len() as u64))).await {
        Ok(whole) => assert_eq!(whole.part, None, "{RECORDED} There is nothing after the end."),
        Err(error) => assert!(matches!(error, RecordingError::NoSuchPart { .. }), "{RECORDED} It failed with {error}."),
    }
}

/// Makes a `#[test]` of every behaviour in the suite of backends. The argument makes a
/// [`BackendHarness`](crate::telephony::conformance::backend::BackendHarness), afresh for every test.
#[macro_export]
macro_rules! backend_conformance_tests {
    ($harness:expr) => {
        $crate::backend_conformance_tests! { $harness =>
            decoding_is_pure
            each_fact_has_its_key
            one_changed_byte_is_refused
            unsigned_is_refused
            garbage_is_refused
            the_journal_gives_the_same_calls
            reports_may_come_in_any_order
            a_key_dials_once
            what_is_not_durable_is_not_dialled
            a_media_token_is_for_later
            without_agents_the_fallback_takes_the_call
            a_recording_can_be_heard
        }
    };
    ($harness:expr => $($behaviour:ident)+) => {
        $(
            #[test]
            fn $behaviour() {
                let harness = $harness;
                let test = $crate::telephony::conformance::backend::$behaviour(&harness);
                $crate::telephony::conformance::backend::BackendHarness::block_on(&harness, test);
            }
        )+
    };
}

#[cfg(test)]
mod tests {
    /// Nobody forgets to list a behaviour that they wrote.
    #[test]
    fn every_behaviour_is_listed() {
        let source = include_str!("backend.rs");
        let listed: Vec<&str> = source.split_whitespace().collect();
        let behaviours: Vec<&str> = source.split("\npub async fn ").skip(1).collect();
        assert_eq!(behaviours.len(), 12);
        for behaviour in behaviours {
            let name = behaviour.split('<').next().unwrap();
            assert!(listed.contains(&name), "{name} is not in backend_conformance_tests!");
        }
    }
}
