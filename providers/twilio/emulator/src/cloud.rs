use crate::call::Call;
use crate::callback::{Letter, Purpose};
use crate::conference::Conference;
use crate::config::CloudConfig;
use crate::error::ApiError;
use crate::recording::Recording;
use crate::signal::Signal;
use cordboard::Timestamp;
use cordboard_emulator::{Basis, CallbackId, Emulated, Moment, Unanswered};
use http::{Request, Response};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Twilio's voice cloud for one account, without I/O: requests in, answers out, callbacks and signals polled.
///
/// It lives by [`Emulated`], and a test's hands are [`Hands`](cordboard_emulator::server::control::Hands).
pub struct Cloud {
    /// The account.
    pub config: CloudConfig,
    pub(crate) basis: Basis<Timer, Letter>,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) conferences: BTreeMap<String, Conference>,
    pub(crate) recordings: BTreeMap<String, Recording>,
    pub(crate) signals: VecDeque<Signal>,
    /// Identities with at least one browser.
    pub(crate) browsers: BTreeSet<String>,
    /// When the next call that the API starts may leave the queue.
    pub(crate) next_start: Timestamp,
}

/// What happens later.
#[derive(Clone, Debug)]
pub enum Timer {
    /// A call leaves the queue.
    Starts(String),
    Leg(String, Moment),
    /// The call has gone on for as long as it may.
    LimitReached(String),
    /// What the call does is done, unless it does something else by now.
    ActivityEnds {
        call: String,
        activity: u64,
    },
    /// TwiML did not come in time.
    DocumentLate(CallbackId),
    /// A recording's file is ready.
    RecordingReady(String),
    /// An announcement is over.
    AnnouncementEnds {
        conference: String,
        call: Option<String>,
        url: String,
    },
}

impl Cloud {
    /// An account in which nothing has happened yet.
    #[must_use]
    pub fn new(config: CloudConfig) -> Self {
        Self {
            basis: Basis::new(config.callback_latency, config.seed),
            config,
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            recordings: BTreeMap::new(),
            signals: VecDeque::new(),
            browsers: BTreeSet::new(),
            next_start: Timestamp::default(),
        }
    }
}

impl Emulated for Cloud {
    type Signal = Signal;
    type Timer = Timer;
    type Letter = Letter;

    fn basis(&self) -> &Basis<Timer, Letter> {
        &self.basis
    }

    fn basis_mut(&mut self) -> &mut Basis<Timer, Letter> {
        &mut self.basis
    }

    fn happen(&mut self, timer: Timer) {
        match timer {
            Timer::Starts(call) => self.call_starts(&call),
            Timer::Leg(call, moment) => match moment {
                Moment::Rings => self.call_rings(&call),
                Moment::Settles => self.far_end_settles(&call),
                Moment::TimesOut => self.call_times_out(&call),
                Moment::Leaves => self.far_end_leaves(&call),
            },
            Timer::LimitReached(call) => self.hang_up(&call),
            Timer::ActivityEnds { call, activity } => self.activity_ends(&call, activity),
            Timer::DocumentLate(id) => {
                if let Some(Letter { purpose: Purpose::Document { call, activity, fallback }, url, .. }) =
                    self.basis.outbox.forget(id)
                {
                    self.document_arrived(&call, activity, &url, fallback, None);
                }
            }
            Timer::RecordingReady(recording) => self.recording_is_ready(&recording),
            Timer::AnnouncementEnds { conference, call, url } => {
                self.announcement_ends(&conference, call.as_deref(), &url);
            }
        }
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.route(request).unwrap_or_else(ApiError::into_response)
    }

    fn error(status: u16) -> Response<Vec<u8>> {
        let (code, message) = match status {
            401 => (20003, "Authenticate"),
            404 => (20404, "The requested resource was not found"),
            429 => (20429, "Too Many Requests"),
            _ => (20500, "Internal Server Error"),
        };
        ApiError::new(status, code, message).into_response()
    }

    fn signed(&self, letter: &Letter, _: Timestamp) -> (Request<Vec<u8>>, bool) {
        (letter.request(&self.config.auth_token), !matches!(letter.purpose, Purpose::Report))
    }

    fn is_failure(letter: &Letter, status: Result<u16, Unanswered>) -> bool {
        letter.fails_by(status)
    }

    fn answered(&mut self, letter: Letter, response: Result<Response<Vec<u8>>, Unanswered>) {
        match letter.purpose {
            Purpose::Report => {
                if !response.is_ok_and(|response| response.status().is_success()) {
                    self.basis.warn("11200: a status callback was not answered with 2xx");
                }
            }
            Purpose::Document { call, activity, fallback } => {
                self.document_arrived(&call, activity, &letter.url, fallback, response.ok());
            }
            Purpose::Sound { call } => self.sound_arrived(call.as_deref(), response.ok()),
        }
    }

    fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }
}
