//! The network in memory behind a gateway: for demos, and for tests of the gateway itself.

mod sound;
mod webhook;

use crate::clock::SystemClock;
use crate::directory::{Directory, DirectoryError, Identity};
use cordboard::platform::Lock;
use cordboard::telephony::{
    Agent, AgentId, Backend, CallId, Credentials, Entry, Error, Fallback, InboundCall, MediaToken, PhoneNumber,
    ProviderInfo, Recording, RecordingError, RecordingRef, RecordingSound, Route, SoundPart, Speaker, Telephony,
    Transcript, TranscriptError, Utterance, Webhook, WebhookError, WebhookReply, WebhookRequest,
};
use cordboard::{Timestamp, async_trait};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How many inbound calls are remembered, so that a webhook that comes twice rings once.
const ROUTED: usize = 1_024;

/// A [`Backend`] over a mock network. Its agents are [`MockAgent`]s, by their ids.
///
/// The network lives in memory: after a restart its calls are over, and the gateway says so. Calls come in by the network itself
/// ([`Exchange::control`]) or, with a [secret](Self::with_webhooks), by webhook.
pub struct MockBackend {
    exchange: Arc<Exchange>,
    secret: Option<String>,
    /// The inbound calls that rang already.
    routed: Lock<VecDeque<CallId>>,
    lines: [Arc<dyn Telephony>; 2],
    /// Belongs to nobody, and refuses everything.
    nobody: Arc<dyn Telephony>,
}

impl MockBackend {
    /// A backend over an exchange, which somebody [runs](Exchange::run).
    ///
    /// # Errors
    /// When a fault of the network keeps its agents from signing in.
    pub async fn new(exchange: Arc<Exchange>) -> Result<Arc<Self>, Error> {
        let [alex, blake] = MockAgent::ALL.map(|agent| (agent, Arc::new(exchange.line(agent))));
        for (agent, line) in [&alex, &blake] {
            let credentials =
                Credentials::Password { name: agent.id().to_owned(), password: MockAgent::PASSWORD.to_owned() };
            line.sign_in(credentials).await?;
        }
        let nobody = Arc::new(exchange.line(MockAgent::Alex));
        let lines: [Arc<dyn Telephony>; 2] = [alex.1, blake.1];
        Ok(Arc::new(Self { exchange, secret: None, routed: Lock::default(), lines, nobody }))
    }

    /// The same network, which takes webhooks that are signed with this secret.
    #[must_use]
    pub fn with_webhooks(&self, secret: &str) -> Arc<Self> {
        Arc::new(Self {
            exchange: Arc::clone(&self.exchange),
            secret: Some(secret.to_owned()),
            routed: Lock::default(),
            lines: self.lines.clone(),
            nobody: Arc::clone(&self.nobody),
        })
    }

    /// What a webhook bears in the header `x-mock-signature`.
    #[must_use]
    pub fn sign(secret: &str, url: &str, body: &[u8]) -> String {
        webhook::sign(secret, url, body)
    }

    /// A backend over a network of its own, in the machine's time.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub async fn start(config: MockConfig) -> Result<Arc<Self>, Error> {
        let exchange = Exchange::new(Network::new(config), SystemClock);
        tokio::spawn(exchange.run());
        Self::new(exchange).await
    }

    /// The exchange, to play the other parties.
    #[must_use]
    pub const fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// The network's agents, with the password that they all have.
    #[must_use]
    pub const fn directory(&self) -> MockDirectory {
        MockDirectory
    }
}

#[async_trait]
impl Backend for MockBackend {
    fn info(&self) -> ProviderInfo {
        self.nobody.info()
    }

    fn line(&self, agent: &AgentId) -> Arc<dyn Telephony> {
        let [alex, blake] = &self.lines;
        Arc::clone(match by_id(agent.as_str()) {
            Some(MockAgent::Alex) => alex,
            Some(MockAgent::Blake) => blake,
            None => &self.nobody,
        })
    }

    fn decode(&self, now: Timestamp, request: &WebhookRequest<'_>) -> Result<Webhook, WebhookError> {
        webhook::decode(self.secret.as_deref(), now, request)
    }

    async fn apply(&self, _: &Entry) -> Result<(), Error> {
        Ok(())
    }

    async fn route(&self, call: &InboundCall, route: &Route) -> Result<WebhookReply, Error> {
        // The network rings one agent at a time.
        let agent = route.agents.iter().find_map(|agent| by_id(agent.as_str()));
        let Some(number) = agent.and_then(|agent| PhoneNumber::from_e164(agent.number()).ok()) else {
            return Ok(reply(match &route.fallback {
                Fallback::Voicemail { .. } => "voicemail",
                Fallback::Number(_) => "forwarded",
                Fallback::Goodbye(_) => "goodbye",
            }));
        };
        let is_new = {
            let mut routed = self.routed.lock();
            let is_new = !routed.contains(&call.id);
            if is_new {
                routed.push_back(call.id.clone());
            }
            if routed.len() > ROUTED {
                routed.pop_front();
            }
            is_new
        };
        if is_new {
            self.exchange.control(|network, now| network.incoming(now, call.from.clone(), &number));
        }
        Ok(reply("ringing"))
    }

    async fn media_token(&self, _: &AgentId, _: Timestamp) -> Result<Option<MediaToken>, Error> {
        Ok(None)
    }

    async fn reconcile(&self, _: &CallId, _: Timestamp) -> Result<Vec<Entry>, Error> {
        Ok(Vec::new())
    }

    async fn recording(
        &self,
        recording: &RecordingRef,
        part: Option<SoundPart>,
    ) -> Result<RecordingSound, RecordingError> {
        let (call, number) = sound::parse(recording).ok_or(RecordingError::Gone)?;
        // Of a call that the network knows no more, as after a restart, there is the sound too.
        let runs = |agent| {
            let calls =
                self.exchange.control(|network, now| network.active_calls(now, Some(agent))).unwrap_or_default();
            calls.iter().any(|known| {
                known.id == call && known.recording != Recording::Off && known.recordings.last() == Some(recording)
            })
        };
        if MockAgent::ALL.into_iter().any(runs) {
            return Err(RecordingError::NotReady);
        }
        sound::sound(number, part)
    }

    /// The network writes down what everybody says in it.
    async fn transcript(&self, call: &CallId) -> Result<Option<Transcript>, TranscriptError> {
        let said =
            [(Speaker::Agent, "Hello, what can I do for you?"), (Speaker::Remote, "I would like a quote, please.")];
        let utterance = |(second, (speaker, text)): (u64, (Speaker, &str))| Utterance {
            speaker,
            text: text.to_owned(),
            begins: Duration::from_secs(second),
            ends: Duration::from_secs(second + 1),
            language: Some("en".to_owned()),
        };
        let utterances = (0..).zip(said).map(utterance).collect();
        Ok(call.as_str().starts_with("mock-").then_some(Transcript { utterances }))
    }
}

fn reply(outcome: &str) -> WebhookReply {
    WebhookReply { status: 200, content_type: "application/json", body: format!(r#"{{"call":"{outcome}"}}"#) }
}

fn by_id(id: &str) -> Option<MockAgent> {
    MockAgent::ALL.into_iter().find(|agent| agent.id() == id)
}

/// The agents of every mock network.
#[derive(Clone, Copy, Debug)]
pub struct MockDirectory;

#[async_trait]
impl Directory for MockDirectory {
    async fn sign_in(&self, name: &str, password: &str) -> Result<Option<Agent>, DirectoryError> {
        Ok(by_id(name).filter(|_| password == MockAgent::PASSWORD).map(profile))
    }

    fn has_passwords(&self) -> bool {
        true
    }

    async fn vouched(&self, identity: &Identity) -> Result<Option<Agent>, DirectoryError> {
        Ok(by_id(&identity.value).map(profile))
    }

    async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError> {
        Ok(by_id(id.as_str()).map(profile))
    }
}

fn profile(agent: MockAgent) -> Agent {
    let name = match agent {
        MockAgent::Alex => "Alex Demo",
        MockAgent::Blake => "Blake Demo",
    };
    Agent { id: agent.id().to_owned(), name: name.to_owned() }
}
