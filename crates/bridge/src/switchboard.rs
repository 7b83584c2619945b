use crate::bridge::{Fact, Facts, Goes, News, Output, RecordingFile, entry};
use crate::carrier::{Answer, Carrier};
use crate::config::ConfigProblem;
use crate::error::Effect;
use crate::executor::{Executor, Failure, Orders};
use crate::line::Line;
use crate::lookup::Unsettled;
use crate::recording;
use crate::transport::Transport;
use cordboard::platform::Clock;
use cordboard::telephony::{
    AgentId, Backend, CallId, Entry, Error, Fallback, InboundCall, Journal, MediaToken, Operation, ProviderInfo,
    RecordingError, RecordingRef, RecordingSound, Route, SoundPart, Telephony, Transcript, TranscriptError, Webhook,
    WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use futures_util::future::select;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// An account's calls, each bridged in a room at the provider that the carrier speaks to.
///
/// Clones are the same account.
pub struct Switchboard<C>(Arc<Executor<C>>);

impl<C> Clone for Switchboard<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A recording of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingInfo {
    /// The provider's id, of which a [`RecordingRef`] is made.
    pub id: String,
    /// Whether there is something to be heard.
    pub ready: bool,
    /// How long it is.
    pub duration: Option<Duration>,
    /// Whether it is a message for whoever did not answer.
    pub voicemail: bool,
}

impl<C: Carrier> Switchboard<C> {
    /// An account that nothing is known of yet: the journal's entries say what goes on.
    ///
    /// # Errors
    /// When the configuration can't be used: the first key that is wrong.
    pub fn new(
        config: C::Config,
        transport: Arc<dyn Transport>,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigProblem> {
        let carrier = C::new(config, transport, Arc::clone(&clock))?;
        Ok(Self(Arc::new(Executor::new(carrier, journal, clock))))
    }

    async fn keep_time(&self) {
        let mut running = FuturesUnordered::new();
        loop {
            let due = self.0.bridge.lock().poll_timeout();
            let now = self.0.clock.now();
            if due.is_some_and(|due| due <= now) {
                let outputs = self.0.bridge.lock().handle_timeout(now);
                running.extend(outputs.into_iter().map(|output| self.happen(output)));
                continue;
            }
            let changed = pin!(self.0.timers.notified());
            let later = async {
                match due {
                    Some(due) => self.0.clock.sleep(due.since(now)).await,
                    None => std::future::pending().await,
                }
            };
            let later = pin!(later);
            let finished = async {
                if running.next().await.is_none() {
                    std::future::pending().await
                }
            };
            select(select(changed, later), pin!(finished)).await;
        }
    }

    async fn happen(&self, output: Output) {
        let (call, result) = match output {
            Output::Record(call, key, fact) => (call.clone(), self.order(vec![(call, key, fact)]).await),
            Output::LookUp(call) => (call.clone(), self.look_up(&call).await),
            Output::Event(..) | Output::Act(..) | Output::Bring { .. } => return,
        };
        if let Err(failure) = result {
            let error = failure.into_error(Operation::ActiveCalls, Some(&call));
            tracing::warn!(%call, %error, "what was due could not be done");
        }
    }

    /// Asks how a call stands, and sees to what is not settled.
    async fn look_up(&self, call: &CallId) -> Result<(), Failure> {
        let Some(_under_way) = self.0.set_out(call, "look-up".to_owned()) else { return Ok(()) };
        let found = self.0.look_up(call, self.0.clock.now(), Unsettled::CarryOut).await.map_err(Failure::Api)?;
        self.order(found).await
    }

    async fn order(&self, facts: Facts) -> Result<(), Failure> {
        let actions = self.0.commit(facts).await?;
        self.0.run(actions.unwrap_or_default(), Orders::CarryOut).await
    }

    /// Calls the agent's browser into a call that lost it, now. Nothing happens if it is there, or being called.
    ///
    /// # Errors
    /// When the provider can't be asked.
    pub async fn rejoin(&self, call: &CallId) -> Result<(), Error> {
        let facts = self.0.bridge.lock().rejoin(call);
        self.order(facts).await.map_err(|failure| failure.into_error(Operation::Answer, Some(call)))
    }

    /// The recordings of a call that are ready, or will never be.
    #[must_use]
    pub fn recordings(&self, call: &CallId) -> Vec<RecordingInfo> {
        let bridge = self.0.bridge.lock();
        let info = |file: &RecordingFile| RecordingInfo {
            id: file.id.clone(),
            ready: file.ready,
            duration: file.seconds.map(Duration::from_secs),
            voicemail: file.voicemail,
        };
        bridge.recordings(call).iter().map(info).collect()
    }
}

#[async_trait]
impl<C: Carrier> Backend for Switchboard<C> {
    fn info(&self) -> ProviderInfo {
        C::INFO
    }

    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony> {
        Arc::new(Line::new(Arc::clone(&self.0), agent.clone()))
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        self.0.carrier.decode(now, request)
    }

    async fn apply(&self, entry: &Entry) -> Result<(), Error> {
        let failed = |failure: Failure| failure.into_error(Operation::ActiveCalls, Some(&entry.call));
        let folds = self.0.hold_folds(&[&entry.call]).await;
        let actions = self.0.take_in(vec![entry.clone()]).await.map_err(|error| failed(error.into()))?;
        drop(folds);
        self.0.run(actions, Orders::Leave).await.map_err(failed)
    }

    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error> {
        let executor = &self.0;
        let failed = |failure: Failure| failure.into_error(Operation::Answer, Some(&call.id));
        let goes = match &route.fallback {
            Fallback::Voicemail { greeting } => Goes::Voicemail { greeting: greeting.clone() },
            Fallback::Number(number) => Goes::Number { number: number.clone() },
            Fallback::Goodbye(words) => Goes::Goodbye { words: words.clone() },
        };
        let until = (call.at + route.ring).as_millis();
        let rang = Fact::Rang { agents: route.agents.clone(), until, otherwise: goes.clone() };
        let folds = executor.hold_folds(&[&call.id]).await;
        // The server has recorded that the call came, and may have applied it.
        let known = executor.bridge.lock().knows(&call.id);
        if !known {
            executor
                .take_in(vec![News::arrived(call, call.id.as_str().to_owned())])
                .await
                .map_err(|error| failed(error.into()))?;
        }
        let rang = executor.commit_held(vec![(call.id.clone(), format!("rang/{}", call.id), rang)]).await;
        drop(folds);
        let actions = rang.map_err(|error| failed(error.into()))?.unwrap_or_default();
        executor.run(actions, Orders::CarryOut).await.map_err(failed)?;
        let answer = if route.agents.is_empty() { Answer::Goes(&goes) } else { Answer::Room };
        Ok(executor.carrier.answer(&call.id, answer))
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<Option<MediaToken>, Error> {
        let token = self.0.carrier.media_token(agent, now).await?;
        // Whoever asks is about to register: calls that wait for this agent's leg try again soon.
        self.0.bridge.lock().hasten(agent, now);
        self.0.timers.notify_one();
        Ok(Some(token))
    }

    /// Calls stop ringing, agents whose browser was lost are called again, and what is not known or not done is seen to.
    async fn run(&self) {
        self.keep_time().await;
    }

    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error> {
        // What comes back is recorded later, so that whoever looks meanwhile would see to the same again: that is the timer's.
        let found = self.0.look_up(call, now, Unsettled::Leave).await;
        let facts = found.map_err(|error| error.into_error(Effect::Repeatable, Operation::ActiveCalls, Some(call)))?;
        Ok(facts.into_iter().map(|(call, key, fact)| entry(call, key, now, &fact)).collect())
    }

    async fn recording(
        &self,
        recording: &RecordingRef,
        part: Option<SoundPart>,
    ) -> Result<RecordingSound, RecordingError> {
        let Some((call, order)) = recording::parse(recording) else {
            return self.0.carrier.recording(recording.as_str(), part).await;
        };
        let entries = self.0.journal.entries(&call).await.map_err(|error| {
            tracing::warn!(%call, %error, "a recording can't be looked up");
            RecordingError::Unavailable
        })?;
        self.0.carrier.recording(&recording::find(&entries, order)?, part).await
    }

    async fn transcript(&self, call: &CallId) -> Result<Option<Transcript>, TranscriptError> {
        self.0.carrier.transcript(call).await
    }
}
