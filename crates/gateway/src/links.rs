//! Links to recordings: addresses of this gateway that nobody can guess, for the CRM's records.
//!
//! A link is `…/recordings/{the provider's name}?made={seconds}&signature={hex}`. The signature is an HMAC-SHA256 of name and time,
//! so a link needs no memory: it is good as long as the provider keeps the recording, the key is the same, and it is not too old.

use crate::config::Config;
use crate::random::hex;
use cordboard::Timestamp;
use cordboard::telephony::{Call, CallEvent, CallEventKind, RecordingRef};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Deserialize;
use sha2::Sha256;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// What a name must not hold in an address.
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Says what the signature is for, should the key ever sign something else.
const PURPOSE: &[u8] = b"cordboard recording\n";
/// The same for links that end by themselves.
const BRIEFLY: &[u8] = b"cordboard recording for a while\n";
/// The same for the address where HubSpot asks.
const HUBSPOT: &[u8] = b"cordboard recordings of hubspot\n";

/// Makes links, and knows them again.
pub(crate) struct Links {
    key: Vec<u8>,
    /// Everything before the recording's name.
    base: String,
    /// How old a link may be; for ever if none.
    last: Option<Duration>,
}

/// What a link says besides the recording's name.
#[derive(Deserialize)]
pub(crate) struct Proof {
    /// Seconds since the epoch.
    made: u64,
    /// For how many seconds it is good, if it ends by itself.
    lasts: Option<u64>,
    signature: String,
}

impl Proof {
    /// Whether it was made for a machine that fetches the recording now, and not for people.
    pub(crate) const fn is_brief(&self) -> bool {
        self.lasts.is_some()
    }
}

/// What a link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Good,
    /// It was good once.
    Expired,
    /// It is not one of ours.
    Nothing,
}

impl Links {
    pub(crate) fn new(key: Vec<u8>, config: &Config) -> Self {
        let base = format!("{}/recordings/", config.server.public_url.as_str());
        let last = Some(config.recordings.links_last).filter(|last| !last.is_zero());
        Self { key, base, last }
    }

    /// Puts a link in the place of the provider's name.
    pub(crate) fn put_into_event(&self, event: &mut CallEvent) {
        match &mut event.kind {
            CallEventKind::Started(call) => self.put_into_calls(std::slice::from_mut(call), &[]),
            CallEventKind::RecordingStarted(Some(recording)) => *recording = self.link(recording, event.at),
            _ => {}
        }
    }

    /// The same for all recordings of calls: the links that the agent was told, or new ones.
    pub(crate) fn put_into_calls(&self, calls: &mut [Call], told: &[Call]) {
        for call in calls {
            let told = told.iter().find(|told| told.id == call.id);
            let told = told.map(|told| told.recordings.as_slice()).unwrap_or_default();
            let at = call.connected_at.unwrap_or(call.started_at);
            for (index, recording) in call.recordings.iter_mut().enumerate() {
                *recording = told.get(index).cloned().unwrap_or_else(|| self.link(recording, at));
            }
        }
    }

    /// The provider's name in a link that was made here.
    pub(crate) fn name_of(&self, link: &RecordingRef) -> Option<RecordingRef> {
        let name = link.as_str().strip_prefix(&self.base)?.split('?').next()?;
        Some(RecordingRef::new(percent_decode_str(name).decode_utf8().ok()?))
    }

    fn link(&self, recording: &RecordingRef, at: Timestamp) -> RecordingRef {
        if recording.link().is_some() {
            // One that the provider made.
            return recording.clone();
        }
        let made = at.as_millis() / 1_000;
        let signature = self.sign(recording.as_str(), made, None);
        let name = utf8_percent_encode(recording.as_str(), IN_A_PATH);
        RecordingRef::new(format!("{}{name}?made={made}&signature={signature}", self.base))
    }

    /// A link that is good for a while, whatever is configured.
    pub(crate) fn brief(&self, recording: &RecordingRef, now: Timestamp, lasts: Duration) -> RecordingRef {
        let (made, lasts) = (now.as_millis() / 1_000, lasts.as_secs());
        let signature = self.sign(recording.as_str(), made, Some(lasts));
        let name = utf8_percent_encode(recording.as_str(), IN_A_PATH);
        RecordingRef::new(format!("{}{name}?made={made}&lasts={lasts}&signature={signature}", self.base))
    }

    /// What HubSpot knows and nobody else, when it asks for recordings.
    pub(crate) fn secret_of_hubspot(&self) -> String {
        self.mac(&[HUBSPOT])
    }

    /// What a link is worth that was asked for.
    pub(crate) fn worth(&self, recording: &str, proof: &Proof, now: Timestamp) -> Worth {
        let expected = self.sign(recording, proof.made, proof.lasts);
        if !bool::from(expected.as_bytes().ct_eq(proof.signature.as_bytes())) {
            return Worth::Nothing;
        }
        let age = (now.as_millis() / 1_000).saturating_sub(proof.made);
        let last = proof.lasts.or(self.last.map(|last| last.as_secs()));
        if last.is_some_and(|last| age > last) { Worth::Expired } else { Worth::Good }
    }

    fn sign(&self, recording: &str, made: u64, lasts: Option<u64>) -> String {
        let made = made.to_be_bytes();
        match lasts {
            None => self.mac(&[PURPOSE, &made, recording.as_bytes()]),
            Some(lasts) => self.mac(&[BRIEFLY, &made, &lasts.to_be_bytes(), recording.as_bytes()]),
        }
    }

    fn mac(&self, parts: &[&[u8]]) -> String {
        // A key may have any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return String::new() };
        for part in parts {
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard::telephony::CallId;
    use url::Url;

    fn links(key: &str, more: &str) -> Links {
        let text = format!(
            "[server]\npublic_url = \"https://calls.example.com/gateway\"\n[policy]\nregions = [\"US\"]\n[recordings]\n{more}"
        );
        Links::new(key.into(), &Config::from_toml(&text, "").unwrap())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn event(name: &str) -> CallEvent {
        let kind = CallEventKind::RecordingStarted(Some(RecordingRef::new(name)));
        CallEvent { call: CallId::new("c1"), sequence: 3, at: at(1_700_000_000), kind }
    }

    fn link(links: &Links, name: &str) -> Url {
        let mut event = event(name);
        links.put_into_event(&mut event);
        let CallEventKind::RecordingStarted(Some(link)) = event.kind else { panic!("it stays what it is") };
        Url::parse(link.link().unwrap()).unwrap()
    }

    fn worth(links: &Links, url: &Url, now: Timestamp) -> Worth {
        let name = url.path_segments().unwrap().next_back().unwrap().replace("%2F", "/").replace("%20", " ");
        let field = |field: &str| url.query_pairs().find(|(name, _)| name == field).unwrap().1.into_owned();
        let lasts = url.query_pairs().find(|(name, _)| name == "lasts").map(|(_, value)| value.parse().unwrap());
        let proof = Proof { made: field("made").parse().unwrap(), lasts, signature: field("signature") };
        links.worth(&name, &proof, now)
    }

    #[test]
    fn links_are_known_again() {
        let made = links("a key", "");
        for name in ["RE1", "mock-1-2.3", "a/b c"] {
            let url = link(&made, name);
            assert!(url.as_str().starts_with("https://calls.example.com/gateway/recordings/"), "{url}");
            assert_eq!(url.path_segments().unwrap().count(), 3, "{url}");
            assert_eq!(worth(&links("a key", ""), &url, at(1_700_000_100)), Worth::Good);
            assert_eq!(worth(&links("another", ""), &url, at(1_700_000_100)), Worth::Nothing);
        }
        assert_eq!(made.name_of(&RecordingRef::new(link(&made, "a/b c"))), Some(RecordingRef::new("a/b c")));
        assert_eq!(made.name_of(&RecordingRef::new("https://provider.example/1")), None);
        assert_eq!(link(&made, "RE1"), link(&made, "RE1"), "after a restart, events are told as they were");
    }

    #[test]
    fn whatever_is_changed_makes_it_worth_nothing() {
        let links = links("a key", "");
        let url = link(&links, "RE1").to_string();
        for (from, to) in [("RE1", "RE2"), ("made=17", "made=18"), ("signature=", "signature=0")] {
            let changed = Url::parse(&url.replace(from, to)).unwrap();
            assert_eq!(worth(&links, &changed, at(1_700_000_100)), Worth::Nothing, "{changed}");
        }
    }

    #[test]
    fn old_links_expire_by_what_is_configured_now() {
        let url = link(&links("a key", ""), "RE1");
        let later = |days: u64| at(1_700_000_000 + days * 86_400);
        let worth = |more: &str, now| worth(&links("a key", more), &url, now);
        assert_eq!([365, 366].map(|days| worth("", later(days))), [Worth::Good, Worth::Expired]);
        assert_eq!([7, 8].map(|days| worth("links_last = \"7d\"", later(days))), [Worth::Good, Worth::Expired]);
        assert_eq!(worth("links_last = \"0s\"", later(36_500)), Worth::Good);
    }

    #[test]
    fn brief_links_end_by_themselves() {
        let links = links("a key", "links_last = \"0s\"");
        let brief = links.brief(&RecordingRef::new("RE1"), at(1_700_000_000), Duration::from_secs(60));
        let url = Url::parse(brief.as_str()).unwrap();
        assert_eq!(worth(&links, &url, at(1_700_000_060)), Worth::Good);
        assert_eq!(worth(&links, &url, at(1_700_000_061)), Worth::Expired);
        for (from, to) in [("lasts=60", "lasts=61"), ("&lasts=60", ""), ("RE1", "RE2")] {
            let changed = Url::parse(&brief.as_str().replace(from, to)).unwrap();
            assert_eq!(worth(&links, &changed, at(1_700_000_001)), Worth::Nothing, "{changed}");
        }
    }

    #[test]
    fn what_is_a_link_already_stays() {
        assert_eq!(link(&links("a key", ""), "https://provider.example/1").as_str(), "https://provider.example/1");
    }
}
