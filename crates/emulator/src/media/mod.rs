//! What is heard: browsers by WebRTC, telephones as tones, rooms mixed every 20 ms. Without I/O, as the cloud.

mod crypto;
mod peer;
mod sound;

use crate::Hears;
use peer::Peer;
use serde::Serialize;
pub use sound::{Audio, MUSIC_HZ, PHONE_HZ, RINGING_HZ, SPEECH_HZ};
use sound::{FRAME, Frame, mix, tone};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::crypto::CryptoProvider;
use str0m::crypto::dtls::DtlsCert;
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Input, RtcError};

/// A leg that is not over, as its sound goes.
#[derive(Clone, Debug)]
pub struct Party {
    /// The leg's id.
    pub leg: String,
    /// Whether it is answered, and can be heard.
    pub talks: bool,
    /// What its far end hears.
    pub hears: Hears,
}

/// The media of all legs.
pub struct Media {
    /// Where browsers send to.
    address: SocketAddr,
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    /// By the leg's id.
    peers: BTreeMap<String, Peer>,
    /// Legs whose browser was lost, and may come back: till then nothing is said there, and nothing heard.
    lost: BTreeSet<String>,
    counters: BTreeMap<String, Counters>,
    outgoing: VecDeque<Transmit>,
    /// Samples so far.
    time: u64,
}

/// What went to and from a leg's far end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counters {
    /// What it said.
    pub from: Audio,
    /// What it heard.
    pub to: Audio,
}

impl Media {
    /// Media whose browsers send to that address.
    ///
    /// # Panics
    /// If no certificate can be made.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let crypto = crypto::provider();
        let certificate = crypto.dtls_provider.generate_certificate().expect("rcgen makes certificates");
        Self {
            address,
            crypto: Arc::new(crypto),
            certificate,
            peers: BTreeMap::new(),
            lost: BTreeSet::new(),
            counters: BTreeMap::new(),
            outgoing: VecDeque::new(),
            time: 0,
        }
    }

    fn peer(&mut self, now: Instant, call: &str) -> &mut Peer {
        self.lost.remove(call);
        let Self { address, crypto, certificate, .. } = self;
        let make = || Peer::new(now, *address, Arc::clone(crypto), certificate.clone(), true);
        self.peers.entry(call.to_owned()).or_insert_with(make)
    }

    /// The offer to a browser that a leg rings at.
    pub fn offer(&mut self, now: Instant, call: &str) -> Option<String> {
        self.peer(now, call).offer()
    }

    /// Takes the answer of a browser.
    ///
    /// # Errors
    /// When it is not one, or does not fit.
    pub fn accept(&mut self, now: Instant, call: &str, answer: &str) -> Result<(), RtcError> {
        self.peer(now, call).accept(answer)?;
        self.drain(call);
        Ok(())
    }

    /// Answers the offer of a browser that calls, or whose network changed.
    ///
    /// # Errors
    /// When it is not one, or does not fit.
    pub fn answer(&mut self, now: Instant, call: &str, offer: &str) -> Result<String, RtcError> {
        let answer = self.peer(now, call).answer(offer)?;
        self.drain(call);
        Ok(answer)
    }

    /// What a browser that calls was answered, for when its call is.
    #[must_use]
    pub fn local_description(&self, call: &str) -> Option<String> {
        self.peers.get(call).and_then(|peer| peer.answered.clone())
    }

    /// The leg is over. What was counted of it stays.
    pub fn remove(&mut self, call: &str) {
        self.peers.remove(call);
        self.lost.remove(call);
    }

    /// What went to and from a leg's far end so far.
    #[must_use]
    pub fn counters(&self, call: &str) -> Counters {
        self.counters.get(call).cloned().unwrap_or_default()
    }

    /// Takes a datagram.
    pub fn receive(&mut self, now: Instant, source: SocketAddr, packet: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, packet) else { return };
        let input = Input::Receive(now, receive);
        let Some((call, peer)) = self.peers.iter_mut().find(|(_, peer)| peer.accepts(&input)) else { return };
        peer.receive(now, source, packet);
        let call = call.clone();
        self.drain(&call);
    }

    /// When something is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.peers.values().map(|peer| peer.due).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due: Vec<String> =
            self.peers.iter().filter(|(_, peer)| peer.due <= now).map(|(call, _)| call.clone()).collect();
        for call in due {
            if let Some(peer) = self.peers.get_mut(&call) {
                peer.handle(Input::Timeout(now));
            }
            self.drain(&call);
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outgoing.pop_front()
    }

    /// A leg whose browser is not there any more. Each is told once.
    pub fn poll_lost(&mut self) -> Option<String> {
        let (call, _) = self.peers.iter().find(|(_, peer)| peer.lost)?;
        let call = call.clone();
        self.peers.remove(&call);
        self.lost.insert(call.clone());
        Some(call)
    }

    /// Moves 20 ms of sound between the legs' far ends.
    pub fn tick(&mut self, now: Instant, parties: &[Party]) {
        let mut said: BTreeMap<&str, Frame> = BTreeMap::new();
        let parties: Vec<&Party> = parties.iter().filter(|party| !self.lost.contains(&party.leg)).collect();
        for party in parties.iter().filter(|party| party.talks) {
            let frame = match self.peers.get_mut(&party.leg) {
                Some(peer) => peer.speak(),
                None => {
                    let frame = tone(PHONE_HZ, self.time);
                    self.counters.entry(party.leg.clone()).or_default().from.count(&frame);
                    frame
                }
            };
            said.insert(&party.leg, frame);
        }
        for party in &parties {
            let frame = match &party.hears {
                Hears::Silence => [0; FRAME],
                Hears::Music => tone(MUSIC_HZ, self.time),
                Hears::RingTone => tone(RINGING_HZ, self.time),
                Hears::Speech => tone(SPEECH_HZ, self.time),
                Hears::Legs(others) => mix(others.iter().filter_map(|other| said.get(other.as_str()))),
            };
            if self.peers.get_mut(&party.leg).is_none_or(|peer| peer.hear(now, &frame)) {
                self.counters.entry(party.leg.clone()).or_default().to.count(&frame);
            }
        }
        self.time += FRAME as u64;
        let calls: Vec<String> = self.peers.keys().cloned().collect();
        for call in calls {
            self.drain(&call);
        }
    }

    fn drain(&mut self, call: &str) {
        let Some(peer) = self.peers.get_mut(call) else { return };
        let counters = self.counters.entry(call.to_owned()).or_default();
        peer.drain(&mut counters.from, &mut self.outgoing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    /// A browser, without the browser: a peer that does the checks, and says a tone.
    struct Browser {
        peer: Peer,
        address: SocketAddr,
        heard: Audio,
        outgoing: VecDeque<Transmit>,
        time: u64,
    }

    impl Browser {
        fn new(now: Instant, port: u16) -> Self {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let crypto = crypto::provider();
            let certificate = crypto.dtls_provider.generate_certificate().unwrap();
            let peer = Peer::new(now, address, Arc::new(crypto), certificate, false);
            Self { peer, address, heard: Audio::default(), outgoing: VecDeque::new(), time: 0 }
        }
    }

    fn party(leg: &str, hears: Hears) -> Party {
        Party { leg: leg.to_owned(), talks: true, hears }
    }

    fn others(legs: &[&str]) -> Hears {
        Hears::Legs(legs.iter().map(|leg| (*leg).to_owned()).collect::<BTreeSet<_>>())
    }

    /// Two seconds, a frame at a time.
    fn run(now: &mut Instant, media: &mut Media, browsers: &mut [Browser], parties: &[Party]) {
        for _ in 0..100 {
            *now += Duration::from_millis(20);
            for browser in &mut *browsers {
                browser.peer.handle(Input::Timeout(*now));
                browser.peer.hear(*now, &tone(PHONE_HZ, browser.time));
                browser.time += FRAME as u64;
            }
            media.handle_timeout(*now);
            media.tick(*now, parties);
            for _ in 0..4 {
                for browser in &mut *browsers {
                    browser.peer.drain(&mut browser.heard, &mut browser.outgoing);
                    while let Some(packet) = browser.outgoing.pop_front() {
                        media.receive(*now, browser.address, &packet.contents);
                    }
                }
                while let Some(packet) = media.poll_transmit() {
                    let to = browsers.iter_mut().find(|browser| browser.address == packet.destination).unwrap();
                    to.peer.receive(*now, media.address, &packet.contents);
                }
            }
        }
    }

    #[test]
    fn two_browsers_hear_each_other_as_they_are_told() {
        let mut now = tokio::time::Instant::now().into_std();
        let mut media = Media::new(SocketAddr::from(([127, 0, 0, 1], 4_000)));
        let mut browsers = [Browser::new(now, 4_001), Browser::new(now, 4_002)];
        // One calls, the other is called.
        let offer = browsers[0].peer.offer().unwrap();
        let answer = media.answer(now, "CA1", &offer).unwrap();
        assert!(answer.contains("a=ice-lite") && answer.contains("PCMU/8000"), "{answer}");
        assert_eq!(media.local_description("CA1"), Some(answer.clone()));
        browsers[0].peer.accept(&answer).unwrap();
        let offer = media.offer(now, "CA2").unwrap();
        let answer = browsers[1].peer.answer(&offer).unwrap();
        media.accept(now, "CA2", &answer).unwrap();

        let talk = [party("CA1", others(&["CA2"])), party("CA2", others(&["CA1"]))];
        run(&mut now, &mut media, &mut browsers, &talk);
        for (index, call) in ["CA1", "CA2"].into_iter().enumerate() {
            let Counters { from, to } = media.counters(call);
            assert!(from.loud > 40 && to.loud > 40, "{call}: {from:?} {to:?}");
            assert!(browsers[index].heard.loud > 40 && browsers[index].heard.level > 3_000);
        }
        // The first is muted, and the other is silent to nobody.
        let muted = [party("CA1", others(&["CA2"])), party("CA2", Hears::Silence)];
        run(&mut now, &mut media, &mut browsers, &muted);
        assert_eq!((browsers[1].heard.level, media.counters("CA2").to.level), (0, 0));
        assert!(browsers[0].heard.level > 3_000);
        let held = [party("CA1", Hears::Silence), party("CA2", Hears::Music)];
        run(&mut now, &mut media, &mut browsers, &held);
        assert_eq!(browsers[0].heard.level, 0);
        assert!(browsers[1].heard.level > 3_000);
        assert_eq!(media.poll_lost(), None);
    }

    /// Nobody says goodbye: the checks stop.
    #[test]
    fn a_browser_that_is_gone_is_told_once() {
        let mut now = tokio::time::Instant::now().into_std();
        let mut media = Media::new(SocketAddr::from(([127, 0, 0, 1], 4_000)));
        let mut browsers = [Browser::new(now, 4_001)];
        let offer = media.offer(now, "CA1").unwrap();
        let answer = browsers[0].peer.answer(&offer).unwrap();
        media.accept(now, "CA1", &answer).unwrap();
        run(&mut now, &mut media, &mut browsers, &[party("CA1", Hears::Music)]);
        assert!(browsers[0].heard.level > 3_000);
        for _ in 0..30 {
            now += Duration::from_secs(1);
            media.handle_timeout(now);
        }
        assert_eq!(media.poll_lost().as_deref(), Some("CA1"));
        assert_eq!(media.poll_lost(), None);
        let before = format!("{:?}", media.counters("CA1"));
        media.tick(now, &[party("CA1", Hears::Music)]);
        assert_eq!(format!("{:?}", media.counters("CA1")), before, "a browser that is gone is no telephone");
    }
}
