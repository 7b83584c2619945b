//! What an operator watches, for Prometheus. No label holds anything about a person.

use crate::clock::SystemClock;
use crate::wire::{ErrorName, Order};
use cordboard::Timestamp;
use cordboard::platform::Clock as _;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

static METADATA: Metadata<'static> = Metadata::new("cordboard_gateway", Level::INFO, None);

/// Buckets for what takes from half a millisecond to five seconds.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// One gateway's metrics. Not the process's, so that two gateways don't share them.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    pub(crate) sockets: Gauge,
    pub(crate) events: Counter,
    pub(crate) lagged: Counter,
    waiting: Gauge,
    parked: Gauge,
    commits: Counter,
    failed_commits: Counter,
    commit_seconds: Histogram,
    commit_writes: Histogram,
    webhook_seconds: Histogram,
}

/// When something began.
pub(crate) struct Started(Timestamp);

impl Default for Metrics {
    fn default() -> Self {
        let builder = PrometheusBuilder::new();
        let recorder = builder.set_buckets(&SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = recorder.build_recorder();
        let handle = recorder.handle();
        for (name, text) in [
            ("cordboard_sockets", "Sockets that are open."),
            ("cordboard_events_total", "Events that were handed to sockets."),
            ("cordboard_lagged_total", "How often a line told its events faster than they could be kept."),
            ("cordboard_journal_commits_total", "Transactions of the journal, by result."),
            ("cordboard_journal_commit_seconds", "How long a transaction of the journal took."),
            ("cordboard_journal_commit_writes", "How many writes a transaction of the journal held."),
            ("cordboard_webhook_seconds", "How long it took to answer a webhook."),
            ("cordboard_recordings_total", "Answers to who has a link to a recording, by status."),
            ("cordboard_webhooks_total", "Webhooks, by the status of the answer."),
            ("cordboard_requests_total", "Requests of agents, by operation and result."),
            ("cordboard_sign_ins_total", "Attempts to sign in, by method and result."),
            (
                "cordboard_outbox",
                "Calls of which the CRM is still to be told: waiting, or parked until an operator helps.",
            ),
            ("cordboard_outbox_total", "Attempts to tell the CRM of a call, by result."),
            ("cordboard_sockets_closed_total", "Sockets that the gateway closed, by reason."),
        ] {
            recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
        }
        let counter = |name: &'static str, labels: Vec<Label>| {
            recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
        };
        let histogram = |name: &'static str| recorder.register_histogram(&Key::from_name(name), &METADATA);
        let result = |result: &'static str| vec![Label::from_static_parts("result", result)];
        let state = |state: &'static str| vec![Label::from_static_parts("state", state)];
        Self {
            sockets: recorder.register_gauge(&Key::from_name("cordboard_sockets"), &METADATA),
            events: counter("cordboard_events_total", Vec::new()),
            waiting: recorder.register_gauge(&Key::from_parts("cordboard_outbox", state("waiting")), &METADATA),
            parked: recorder.register_gauge(&Key::from_parts("cordboard_outbox", state("parked")), &METADATA),
            lagged: counter("cordboard_lagged_total", Vec::new()),
            commits: counter("cordboard_journal_commits_total", result("ok")),
            failed_commits: counter("cordboard_journal_commits_total", result("failed")),
            commit_seconds: histogram("cordboard_journal_commit_seconds"),
            commit_writes: histogram("cordboard_journal_commit_writes"),
            webhook_seconds: histogram("cordboard_webhook_seconds"),
            recorder,
            handle,
        }
    }
}

impl Metrics {
    /// As Prometheus reads it.
    pub(crate) fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    pub(crate) fn started(&self) -> Started {
        Started(SystemClock.now())
    }

    pub(crate) fn commit_started(&self) -> Started {
        self.started()
    }

    pub(crate) fn commit_ended(&self, started: Started, writes: usize, is_ok: bool) {
        if is_ok { &self.commits } else { &self.failed_commits }.increment(1);
        self.commit_seconds.record(started.seconds());
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        self.commit_writes.record(writes as f64);
    }

    pub(crate) fn webhook(&self, started: Started, status: u16) {
        self.webhook_seconds.record(started.seconds());
        self.count("cordboard_webhooks_total", vec![Label::new("status", status.to_string())]);
    }

    pub(crate) fn recording(&self, status: u16) {
        self.count("cordboard_recordings_total", vec![Label::new("status", status.to_string())]);
    }

    pub(crate) fn request(&self, operation: &'static str, result: &'static str) {
        let labels = vec![Label::from_static_parts("operation", operation), Label::from_static_parts("result", result)];
        self.count("cordboard_requests_total", labels);
    }

    pub(crate) fn sign_in(&self, method: &'static str, result: &'static str) {
        let labels = vec![Label::from_static_parts("method", method), Label::from_static_parts("result", result)];
        self.count("cordboard_sign_ins_total", labels);
    }

    pub(crate) fn socket_closed(&self, reason: &'static str) {
        self.count("cordboard_sockets_closed_total", vec![Label::from_static_parts("reason", reason)]);
    }

    /// A call was told to the CRM, or was not.
    pub(crate) fn told(&self, result: &'static str) {
        self.count("cordboard_outbox_total", vec![Label::from_static_parts("result", result)]);
    }

    pub(crate) fn outbox(&self, waiting: u64, parked: u64) {
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many calls")]
        for (gauge, count) in [(&self.waiting, waiting), (&self.parked, parked)] {
            gauge.set(count as f64);
        }
    }

    fn count(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA).increment(1);
    }
}

impl Started {
    fn seconds(&self) -> f64 {
        SystemClock.now().since(self.0).as_secs_f64()
    }
}

/// What an order is called in labels.
pub(crate) const fn operation_name(order: &Order) -> &'static str {
    match order {
        Order::SetAvailability { .. } => "set_availability",
        Order::CallerIds => "caller_ids",
        Order::Dial { .. } => "dial",
        Order::Answer { .. } => "answer",
        Order::Reject { .. } => "reject",
        Order::HangUp { .. } => "hang_up",
        Order::Mute { .. } => "mute",
        Order::Unmute { .. } => "unmute",
        Order::Hold { .. } => "hold",
        Order::Resume { .. } => "resume",
        Order::SendDigits { .. } => "send_digits",
        Order::TransferBlind { .. } => "transfer_blind",
        Order::TransferAttended { .. } => "transfer_attended",
        Order::StartRecording { .. } => "start_recording",
        Order::PauseRecording { .. } => "pause_recording",
        Order::ResumeRecording { .. } => "resume_recording",
        Order::StopRecording { .. } => "stop_recording",
        Order::Log { .. } => "log",
        Order::ActiveCalls => "active_calls",
        Order::MediaToken => "media_token",
        Order::SignOut => "sign_out",
    }
}

/// What a refusal is called in labels.
pub(crate) const fn error_name(kind: ErrorName) -> &'static str {
    match kind {
        ErrorName::Unsupported => "unsupported",
        ErrorName::NotSignedIn => "not_signed_in",
        ErrorName::BadCredentials => "bad_credentials",
        ErrorName::InvalidNumber => "invalid_number",
        ErrorName::NotAllowed => "not_allowed",
        ErrorName::NoSuchCall => "no_such_call",
        ErrorName::WrongState => "wrong_state",
        ErrorName::TooManyCalls => "too_many_calls",
        ErrorName::RateLimited => "rate_limited",
        ErrorName::Microphone => "microphone",
        ErrorName::Unreachable => "unreachable",
        ErrorName::OutcomeUnknown => "outcome_unknown",
        ErrorName::Provider => "provider",
    }
}
