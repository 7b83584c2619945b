//! The mock's backend with a provider that may lose the answer to a dial. The network's own fault would hit whatever the gateway asks
//! first, which is not the dial.

use cordboard::telephony::{
    Agent, AgentId, Availability, Backend, Call, CallId, CallerId, Capabilities, Credentials, DialRequest, Digits,
    Entry, Error, ErrorKind, Events, InboundCall, MediaToken, Operation, ProviderInfo, RecordingError, RecordingRef,
    RecordingSound, Route, SoundPart, Telephony, Transfer, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_gateway::MockBackend;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) struct LossyBackend {
    pub(crate) mock: Arc<MockBackend>,
    /// Whether the answer to the next dial is lost.
    pub(crate) loses: Arc<AtomicBool>,
}

struct LossyLine {
    line: Arc<dyn Telephony>,
    loses: Arc<AtomicBool>,
}

#[async_trait]
impl Backend for LossyBackend {
    fn info(&self) -> ProviderInfo {
        self.mock.info()
    }

    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony> {
        Arc::new(LossyLine { line: self.mock.line(agent), loses: Arc::clone(&self.loses) })
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        self.mock.decode(now, request)
    }

    async fn apply(&self, entry: &Entry) -> Result<(), Error> {
        self.mock.apply(entry).await
    }

    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error> {
        self.mock.route(call, route).await
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<Option<MediaToken>, Error> {
        self.mock.media_token(agent, now).await
    }

    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error> {
        self.mock.reconcile(call, now).await
    }

    async fn recording(
        &self,
        recording: &RecordingRef,
        part: Option<SoundPart>,
    ) -> Result<RecordingSound, RecordingError> {
        self.mock.recording(recording, part).await
    }
}

macro_rules! hands_on {
    ($($method:ident($($name:ident: $type:ty),*) -> $output:ty;)+) => {
        #[async_trait]
        impl Telephony for LossyLine {
            fn info(&self) -> ProviderInfo {
                self.line.info()
            }

            fn capabilities(&self) -> Capabilities {
                self.line.capabilities()
            }

            fn events(&self) -> Events {
                self.line.events()
            }

            async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
                let answer = self.line.dial(request).await;
                if self.loses.swap(false, Ordering::AcqRel) {
                    return Err(Error::new(ErrorKind::OutcomeUnknown, Operation::Dial));
                }
                answer
            }

            $(async fn $method(&self, $($name: $type),*) -> Result<$output, Error> {
                self.line.$method($($name),*).await
            })+
        }
    };
}

hands_on! {
    sign_in(credentials: Credentials) -> Agent;
    sign_out() -> ();
    set_availability(availability: Availability) -> ();
    caller_ids() -> Vec<CallerId>;
    answer(call: &CallId) -> ();
    reject(call: &CallId) -> ();
    hang_up(call: &CallId) -> ();
    mute(call: &CallId) -> ();
    unmute(call: &CallId) -> ();
    hold(call: &CallId) -> ();
    resume(call: &CallId) -> ();
    send_digits(call: &CallId, digits: &Digits) -> ();
    transfer(call: &CallId, transfer: Transfer) -> ();
    start_recording(call: &CallId) -> ();
    pause_recording(call: &CallId) -> ();
    resume_recording(call: &CallId) -> ();
    stop_recording(call: &CallId) -> ();
    active_calls() -> Vec<Call>;
}
