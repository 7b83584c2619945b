use crate::address::identity;
use crate::bridge::{Bridge, Fact, Goes, Leg, Limits, Output};
use crate::client::Client;
use crate::config::{ConfigProblem, TwilioConfig, is_id};
use crate::documents;
use crate::error::{ApiError, Effect};
use crate::executor::{Executor, Failure, Orders};
use crate::rest::Api;
use crate::signature::SigningKey;
use crate::telephony::{INFO, Line};
use crate::token::{self, Grant};
use crate::transport::Transport;
use crate::webhook;
use cordboard::platform::Clock;
use cordboard::telephony::{
    AgentId, Backend, CallId, Entry, Error, ErrorKind, Fallback, InboundCall, Journal, MediaToken, Operation,
    ProviderInfo, Route, Telephony, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use futures_util::future::select;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Calls that are over are remembered for a day's work, so that a repeated wish to call finds them.
const REMEMBERED: usize = 10_000;

/// An account at Twilio.
///
/// Give [`run`](Self::run) a task of its own. Clones are the same account.
#[derive(Clone)]
pub struct Twilio(Arc<Executor>);

/// A recording of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingInfo {
    /// Twilio's id, for [`Twilio::recording_audio`].
    pub id: String,
    /// Whether there is something to be heard.
    pub ready: bool,
    /// How long it is.
    pub duration: Option<Duration>,
    /// Whether it is a message for whoever did not answer.
    pub voicemail: bool,
}

impl Twilio {
    /// An account that nothing is known of yet: the journal's entries say what goes on.
    ///
    /// # Errors
    /// When the configuration can't be used: the first key that is wrong. [`TwilioConfig::problems`] names all.
    pub fn new(
        config: TwilioConfig,
        transport: Arc<dyn Transport>,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigProblem> {
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(problem);
        }
        // A shared key that is configured is the only one: a request can't choose the weaker.
        let key = match (&config.webhook_shared_key, &config.auth_token) {
            (Some(key), _) => SigningKey::SharedKey(key.clone()),
            (None, Some(token)) => SigningKey::AuthToken(token.clone()),
            (None, None) => return Err(ConfigProblem { key: "auth_token", problem: "it is needed to check webhooks" }),
        };
        let client = Client::new(Api::new(&config), transport, Arc::clone(&clock));
        let bridge = Bridge::new(Limits { rejoin_within: config.rejoin_within(), remembered: REMEMBERED });
        Ok(Self(Arc::new(Executor::new(config, key, client, journal, clock, bridge))))
    }

    /// Does what time brings about: calls stop ringing, and agents whose browser was lost are called again. Never ends.
    pub async fn run(&self) {
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
        let Output::Record(call, key, fact) = output else { return };
        let result = self.order(vec![(call.clone(), key, fact)]).await;
        if let Err(failure) = result {
            let error = failure.into_error(Operation::ActiveCalls, Some(&call));
            tracing::warn!(%call, %error, "what was due could not be done");
        }
    }

    async fn order(&self, facts: crate::bridge::Facts) -> Result<(), Failure> {
        let actions = self.0.commit(facts).await?;
        self.0.run(actions.unwrap_or_default(), Orders::CarryOut).await
    }

    /// Calls the agent's browser into a call that lost it, now. Nothing happens if it is there, or being called.
    ///
    /// # Errors
    /// When Twilio can't be asked.
    pub async fn rejoin(&self, call: &CallId) -> Result<(), Error> {
        let facts = self.0.bridge.lock().rejoin(call);
        self.order(facts).await.map_err(|failure| failure.into_error(Operation::Answer, Some(call)))
    }

    /// The recordings of a call that are ready, or will never be.
    #[must_use]
    pub fn recordings(&self, call: &CallId) -> Vec<RecordingInfo> {
        let bridge = self.0.bridge.lock();
        let info = |file: &crate::bridge::RecordingFile| RecordingInfo {
            id: file.id.clone(),
            ready: file.ready,
            duration: file.seconds.map(Duration::from_secs),
            voicemail: file.voicemail,
        };
        bridge.recordings(call).iter().map(info).collect()
    }

    /// The sound of a recording, as MP3. Twilio gives it to nobody without the account's credentials.
    ///
    /// # Errors
    /// When there is no such recording, or Twilio can't be asked.
    pub async fn recording_audio(&self, id: &str) -> Result<Vec<u8>, Error> {
        let failed = |error: ApiError| error.into_error(Effect::Repeatable, Operation::StopRecording, None);
        if !is_id(id) {
            return Err(Error::new(ErrorKind::NoSuchCall, Operation::StopRecording));
        }
        let media = self.0.client.send(self.0.client.api.recording_media(id)).await.map_err(failed)?;
        Ok(media.into_body())
    }
}

#[async_trait]
impl Backend for Twilio {
    fn info(&self) -> ProviderInfo {
        INFO
    }

    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony> {
        Arc::new(Line::new(Arc::clone(&self.0), agent.clone()))
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        webhook::decode(&self.0.key, now, request)
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
            executor.take_in(vec![webhook::arrived(call)]).await.map_err(|error| failed(error.into()))?;
        }
        let rang = executor.commit_held(vec![(call.id.clone(), format!("rang/{}", call.id), rang)]).await;
        drop(folds);
        let actions = rang.map_err(|error| failed(error.into()))?.unwrap_or_default();
        executor.run(actions, Orders::CarryOut).await.map_err(failed)?;
        let twiml = if route.agents.is_empty() {
            documents::otherwise(&executor.addresses, &call.id, &goes)
        } else {
            let wait_url = executor.config.wait_url.as_deref();
            documents::into_conference(&executor.addresses, wait_url, &call.id, Leg::Customer)
        };
        Ok(twiml.reply())
    }

    async fn media_token(&self, agent: &AgentId, now: Timestamp) -> Result<Option<MediaToken>, Error> {
        let config = &self.0.config;
        let not_before = now.as_millis() / 1000;
        let expires = not_before + u64::from(config.token_seconds);
        let grant = Grant {
            account_sid: &config.account_sid,
            region: config.region.as_deref(),
            identity: &identity(agent),
            not_before,
            expires,
            incoming: true,
            outgoing: None,
        };
        let token = token::mint(&config.api_key, &grant);
        let token = token.ok_or_else(|| Error::new(ErrorKind::NotAllowed, Operation::SignIn))?;
        // Whoever asks is about to register: calls that wait for this agent's leg try again soon.
        self.0.bridge.lock().hasten(agent, now);
        self.0.timers.notify_one();
        let expires_at = Timestamp::from_millis(expires * 1000);
        Ok(Some(MediaToken { token, expires_at, settings: config.sdk_settings() }))
    }

    async fn reconcile(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, Error> {
        let entries = self.0.look_up(call, now).await;
        entries.map_err(|error| error.into_error(Effect::Repeatable, Operation::ActiveCalls, Some(call)))
    }
}
