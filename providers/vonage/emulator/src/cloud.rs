use crate::config::CloudConfig;
use crate::conversation::Conversation;
use crate::leg::Call;
use crate::recording::Recording;
use crate::webhook::{Purpose, Webhook};
use cordboard::Timestamp;
use cordboard_emulator::{Basis, CallbackId, Emulated, Moment, Unanswered};
use core::fmt;
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Vonage's cloud for one application, without I/O: requests in, answers out, webhooks and signals polled.
///
/// It lives by [`Emulated`], and a test's hands are [`Hands`](crate::Hands).
pub struct Cloud {
    /// By their ids. A name is free again when its conversation is over.
    pub(crate) conversations: BTreeMap<String, Conversation>,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) recordings: BTreeMap<String, Recording>,
    /// By their names, their ids.
    pub(crate) users: BTreeMap<String, String>,
    /// Users whose legs a test answers.
    pub(crate) by_hand: BTreeSet<String>,
    pub(crate) signals: VecDeque<Signal>,
    /// When requests came within the last second: new calls, and others.
    pub(crate) recent: [VecDeque<Timestamp>; 2],
    /// The application.
    pub config: CloudConfig,
    pub(crate) basis: Basis<Timer, Webhook>,
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
pub enum Timer {
    Leg(String, Moment),
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
            conversations: BTreeMap::new(),
            calls: BTreeMap::new(),
            recordings: BTreeMap::new(),
            users: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            signals: VecDeque::new(),
            recent: [VecDeque::new(), VecDeque::new()],
            basis: Basis::new(config.callback_latency, config.seed),
            config,
        }
    }
}

impl Emulated for Cloud {
    type Signal = Signal;
    type Timer = Timer;
    type Letter = Webhook;

    fn basis(&self) -> &Basis<Timer, Webhook> {
        &self.basis
    }

    fn basis_mut(&mut self) -> &mut Basis<Timer, Webhook> {
        &mut self.basis
    }

    fn happen(&mut self, timer: Timer) {
        match timer {
            Timer::Leg(call, moment) => match moment {
                Moment::Rings => self.call_rings(&call),
                Moment::Settles => self.far_end_settles(&call),
                Moment::TimesOut => self.finish_unanswered(&call, "timeout", None),
                Moment::Leaves => self.hang_up(&call),
            },
            Timer::Vanishes { call, since } => self.vanishes(&call, since),
            Timer::ActivityEnds { call, activity } => self.activity_ends(&call, activity),
            Timer::DocumentLate(id) => {
                if let Some(Webhook { purpose: Purpose::Document { call }, .. }) = self.basis.outbox.forget(id) {
                    self.document_arrived(&call, None);
                }
            }
            Timer::RecordingReady(recording) => self.recording_is_ready(&recording),
        }
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.route(request).unwrap_or_else(|refusal| refusal)
    }

    fn error(status: u16) -> Response<Vec<u8>> {
        crate::rest::empty(status)
    }

    fn signed(&self, webhook: &Webhook, at: Timestamp) -> (Request<Vec<u8>>, bool) {
        (webhook.request(&self.config, at), matches!(webhook.purpose, Purpose::Document { .. }))
    }

    fn is_failure(_: &Webhook, status: Result<u16, Unanswered>) -> bool {
        matches!(status, Err(_) | Ok(429 | 503 | 504))
    }

    fn answered(&mut self, webhook: Webhook, response: Result<Response<Vec<u8>>, Unanswered>) {
        match webhook.purpose {
            Purpose::Report => {
                if !response.is_ok_and(|response| matches!(response.status().as_u16(), 200..=205)) {
                    self.basis.warn("an event was not taken");
                }
            }
            Purpose::Document { call } => self.document_arrived(&call, response.ok()),
        }
    }

    fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }
}
