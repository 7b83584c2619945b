use crate::config::CloudConfig;
use crate::conversation::Conversation;
use crate::leg::Call;
use crate::recording::Recording;
use crate::webhook::{Letter, Purpose};
use cordboard::Timestamp;
use cordboard_emulator::{Answer, Callback, CallbackId, Emulated, Faults, Outbox, Random, Timers, Unanswered};
use core::fmt;
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Vonage's cloud for one application, without I/O: requests in, answers out, webhooks and signals polled.
///
/// It lives by [`Emulated`], and a test's hands are [`Hands`](crate::Hands).
pub struct Cloud {
    pub(crate) config: CloudConfig,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) calls: BTreeMap<String, Call>,
    /// By their ids. A name is free again when its conversation is over.
    pub(crate) conversations: BTreeMap<String, Conversation>,
    pub(crate) recordings: BTreeMap<String, Recording>,
    /// By their names, their ids.
    pub(crate) users: BTreeMap<String, String>,
    /// Users whose legs a test answers.
    pub(crate) by_hand: BTreeSet<String>,
    pub(crate) outbox: Outbox<Letter>,
    pub(crate) signals: VecDeque<Signal>,
    pub(crate) faults: Faults,
    pub(crate) warnings: Vec<String>,
    /// When requests came within the last second: new calls, and others.
    pub(crate) recent: [VecDeque<Timestamp>; 2],
    pub(crate) ordinal: u64,
    timers: Timers<Timer>,
}

/// What a user's browsers are told.
#[derive(Clone, PartialEq, Eq)]
pub struct Signal {
    /// Who is told.
    pub user: String,
    /// Of which leg.
    pub leg: String,
    /// What.
    pub kind: SignalKind,
}

/// What a browser is told of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Somebody calls.
    Invite,
    /// The leg is in another conversation.
    Moved,
    /// The leg can't be heard, or can again.
    Muted(bool),
    /// The leg hears nobody, or does again.
    Earmuffed(bool),
    /// The leg is over.
    Hangup,
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("leg", &self.leg).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What happens later.
#[derive(Clone, Debug)]
pub(crate) enum Timer {
    Rings(String),
    /// The far end answers or does not.
    Settles(String),
    /// Nobody answered in time.
    TimesOut(String),
    /// The far end ends the call by itself.
    Leaves(String),
    /// A browser that has been silent since then is not waited for any longer.
    Vanishes {
        call: String,
        since: Timestamp,
    },
    /// What the call does is done, unless it does something else by now.
    ActivityEnds {
        call: String,
        activity: u64,
    },
    /// The NCCO did not come in time.
    DocumentLate(CallbackId),
    /// A recording's file is ready.
    RecordingReady(String),
}

impl Cloud {
    /// An application to which nothing has happened yet.
    #[must_use]
    pub fn new(config: CloudConfig) -> Self {
        Self {
            outbox: Outbox::new(config.callback_latency),
            random: Random::new(config.seed),
            config,
            now: Timestamp::default(),
            calls: BTreeMap::new(),
            conversations: BTreeMap::new(),
            recordings: BTreeMap::new(),
            users: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            signals: VecDeque::new(),
            faults: Faults::default(),
            warnings: Vec::new(),
            recent: [VecDeque::new(), VecDeque::new()],
            ordinal: 0,
            timers: Timers::default(),
        }
    }

    /// The application.
    #[must_use]
    pub const fn config(&self) -> &CloudConfig {
        &self.config
    }

    fn happen(&mut self, timer: Timer) {
        match timer {
            Timer::Rings(call) => self.call_rings(&call),
            Timer::Settles(call) => self.far_end_settles(&call),
            Timer::TimesOut(call) => self.finish_unanswered(&call, "timeout", None),
            Timer::Leaves(call) => self.hang_up(&call),
            Timer::Vanishes { call, since } => self.vanishes(&call, since),
            Timer::ActivityEnds { call, activity } => self.activity_ends(&call, activity),
            Timer::DocumentLate(id) => {
                if let Some(Letter { purpose: Purpose::Document { call }, .. }) = self.outbox.forget(id) {
                    self.document_arrived(&call, None);
                }
            }
            Timer::RecordingReady(recording) => self.recording_is_ready(&recording),
        }
    }

    pub(crate) fn later(&mut self, after: core::time::Duration, timer: Timer) {
        self.timers.plan(self.now + after, timer);
    }

    pub(crate) fn late_at(&mut self, at: Timestamp, id: CallbackId) {
        self.timers.plan(at, Timer::DocumentLate(id));
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}

impl Emulated for Cloud {
    type Signal = Signal;

    fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.handle_timeout(now);
        let Some(fault) = self.faults.take(request) else { return Some(self.answer_request(request)) };
        let truth = fault.carried_out.then(|| self.answer_request(request));
        match (fault.answer, fault.answer.error()) {
            (Answer::Truth, _) => truth,
            (_, Some(status)) => Some(crate::rest::empty(status)),
            (answer, None) => answer.page(),
        }
    }

    fn poll_callback(&mut self) -> Option<Callback> {
        let (id, at, letter) = self.outbox.pop(self.now)?;
        let awaits_document = matches!(letter.purpose, Purpose::Document { .. });
        Some(Callback { id, at, awaits_document, request: letter.request(&self.config, at) })
    }

    fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    ) {
        self.handle_timeout(now);
        let status = response.as_ref().map(|response| response.status().as_u16()).map_err(|failure| *failure);
        let Some(letter) = self.outbox.answered(now, id, |letter| letter.fails_by(status)) else { return };
        match letter.purpose {
            Purpose::Report if matches!(status, Ok(200..=205)) => {}
            Purpose::Report => self.warn("an event was not taken"),
            Purpose::Document { call } => self.document_arrived(&call, response.ok()),
        }
    }

    fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.next_at().into_iter().chain(self.outbox.next_at()).min()
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((at, timer)) = self.timers.pop(now) {
            self.now = self.now.max(at);
            self.happen(timer);
        }
        self.now = self.now.max(now);
    }
}
