use super::sound::{Audio, FRAME, Frame, decode, encode};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::crypto::CryptoProvider;
use str0m::crypto::dtls::DtlsCert;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig, RtcError};

/// What a browser may be ahead: 200 ms.
const MOST_QUEUED: usize = 10 * FRAME;

/// One browser's media: a WebRTC connection that carries PCMU both ways.
pub(super) struct Peer {
    rtc: Rtc,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    mid: Option<Mid>,
    /// The answer that the browser's own offer got.
    pub(super) answered: Option<String>,
    /// What the browser said, and nobody has heard yet.
    queue: VecDeque<i16>,
    /// The next packet's place in time, in samples.
    time: u64,
    pub(super) due: Instant,
    /// Whether packets can go.
    pub(super) connected: bool,
    /// The connection was there, and is gone.
    pub(super) lost: bool,
}

impl Peer {
    /// `waits` for the browser's checks, as providers' own ends do (ICE lite).
    pub(super) fn new(
        now: Instant,
        address: SocketAddr,
        crypto: Arc<CryptoProvider>,
        certificate: DtlsCert,
        waits: bool,
    ) -> Self {
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(crypto)
            .set_dtls_cert(certificate)
            .clear_codecs()
            .enable_pcmu(true, false)
            .set_ice_lite(waits)
            .build(now);
        if let Ok(candidate) = Candidate::host(address, "udp") {
            rtc.add_local_candidate(candidate);
        }
        Self {
            rtc,
            address,
            pending: None,
            mid: None,
            answered: None,
            queue: VecDeque::new(),
            time: 0,
            due: now,
            connected: false,
            lost: false,
        }
    }

    /// What the browser is offered.
    pub(super) fn offer(&mut self) -> Option<String> {
        let mut api = self.rtc.sdp_api();
        self.mid = Some(api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None));
        let (offer, pending) = api.apply()?;
        self.pending = Some(pending);
        Some(offer.to_sdp_string())
    }

    /// Takes the browser's answer.
    pub(super) fn accept(&mut self, answer: &str) -> Result<(), RtcError> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        self.rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(answer)?)
    }

    /// Takes the browser's offer: the first, or another after its network changed.
    pub(super) fn answer(&mut self, offer: &str) -> Result<String, RtcError> {
        let offer = SdpOffer::from_sdp_string(offer)?;
        let answer = self.rtc.sdp_api().accept_offer(offer)?.to_sdp_string();
        self.answered = Some(answer.clone());
        Ok(answer)
    }

    pub(super) fn accepts(&self, input: &Input<'_>) -> bool {
        self.rtc.accepts(input)
    }

    pub(super) fn receive(&mut self, now: Instant, source: SocketAddr, packet: &[u8]) {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, packet) else { return };
        self.handle(Input::Receive(now, receive));
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        if self.rtc.handle_input(input).is_err() {
            self.lost |= self.connected;
            self.connected = false;
        }
    }

    /// Sends what is to be sent, and takes what came.
    pub(super) fn drain(&mut self, heard: &mut Audio, outgoing: &mut VecDeque<Transmit>) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => {
                    self.due = due;
                    return;
                }
                Ok(Output::Transmit(packet)) => outgoing.push_back(packet),
                Ok(Output::Event(event)) => self.happened(event, heard),
                Err(_) => {
                    self.lost |= self.connected;
                    self.connected = false;
                    return;
                }
            }
        }
    }

    fn happened(&mut self, event: Event, heard: &mut Audio) {
        match event {
            Event::Connected => self.connected = true,
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) | Event::Closed => {
                self.lost |= self.connected;
                self.connected = false;
            }
            Event::MediaAdded(added) => self.mid = Some(added.mid),
            Event::MediaData(data) if data.params.spec().codec == Codec::PCMU => {
                let samples: Vec<i16> = data.data.iter().copied().map(decode).collect();
                heard.count(&samples);
                self.queue.extend(samples);
                let late = self.queue.len().saturating_sub(MOST_QUEUED);
                self.queue.drain(..late);
            }
            _ => {}
        }
    }

    /// The next 20 ms of what the browser says; silence, if nothing came.
    pub(super) fn speak(&mut self) -> Frame {
        if self.queue.len() < FRAME {
            return [0; FRAME];
        }
        let mut said = self.queue.drain(..FRAME);
        core::array::from_fn(|_| said.next().unwrap_or(0))
    }

    /// Lets the browser hear 20 ms; whether they were sent.
    pub(super) fn hear(&mut self, now: Instant, frame: &Frame) -> bool {
        self.time += FRAME as u64;
        let Some(writer) = self.mid.filter(|_| self.connected).and_then(|mid| self.rtc.writer(mid)) else {
            return false;
        };
        let Some(pt) =
            writer.payload_params().find(|params| params.spec().codec == Codec::PCMU).map(|known| known.pt())
        else {
            return false;
        };
        let payload: Vec<u8> = frame.iter().copied().map(encode).collect();
        writer.write(pt, now, MediaTime::new(self.time, Frequency::EIGHT_KHZ), payload).is_ok()
    }
}
