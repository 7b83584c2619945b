//! The providers that are built in, and their keys.

use cordboard::telephony::Backend;
use cordboard_gateway::config::{Config, FromText, Keys, Problem};
use cordboard_gateway::{Gateway, MockBackend, SystemClock, check_files};
use cordboard_mock::MockConfig;
use cordboard_twilio::{ApiKey, Https, Twilio, TwilioConfig};
use std::sync::Arc;

/// What carries the calls.
pub(crate) enum Provider {
    /// A network in memory.
    Mock {
        webhook_secret: Option<String>,
    },
    Twilio(Box<TwilioConfig>),
}

enum Kind {
    Mock,
    Twilio,
}

impl FromText for Kind {
    const EXPECTED: &'static str = "mock or twilio";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "mock" => Some(Self::Mock),
            "twilio" => Some(Self::Twilio),
            _ => None,
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl Provider {
    /// Reads the provider's keys. What is wrong is noted in `keys`.
    pub(crate) fn read(keys: &mut Keys, config: &Config) -> Option<Self> {
        match keys.required("provider.kind")? {
            Kind::Mock => Some(Self::Mock { webhook_secret: keys.secret("provider.webhook_secret") }),
            Kind::Twilio => twilio(keys, config).map(|twilio| Self::Twilio(Box::new(twilio))),
        }
    }

    /// What is wrong with the files that the configuration names.
    pub(crate) fn check(&self, config: &Config) -> Vec<Problem> {
        let mut problems = check_files(config);
        if config.agents.is_none() && !matches!(self, Self::Mock { .. }) {
            let why = "it is missing: name the file of the agents who may sign in".to_owned();
            problems.push(Problem { key: "agents.file".to_owned(), why });
        }
        problems
    }

    /// A gateway over it.
    pub(crate) async fn gateway(self, config: Config) -> Result<Gateway, Error> {
        let builder = Gateway::builder(config.clone());
        match self {
            Self::Mock { webhook_secret } => {
                // Part of the calls' ids, which must differ from those of an earlier start.
                let [a, b, c, d, ..] = cordboard::platform::Clock::now(&SystemClock).as_millis().to_le_bytes();
                let seed = u32::from_le_bytes([a, b, c, d]);
                let mut mock = MockBackend::start(MockConfig { seed, ..MockConfig::default() }).await?;
                if let Some(secret) = webhook_secret {
                    mock = mock.with_webhooks(&secret);
                }
                let builder = match config.agents {
                    Some(_) => builder,
                    None => {
                        tracing::warn!("this is a demo: alex and blake sign in with the password demo");
                        builder.directory(mock.directory())
                    }
                };
                Ok(builder.backend(|_| mock).build().await?)
            }
            Self::Twilio(twilio) => {
                let transport = Arc::new(Https::new()?);
                let backend = move |journal| {
                    let twilio = Twilio::new(*twilio, transport, journal, Arc::new(SystemClock))?;
                    let driver = twilio.clone();
                    tokio::spawn(async move { driver.run().await });
                    Ok(Arc::new(twilio) as Arc<dyn Backend>)
                };
                Ok(builder.try_backend(backend).build().await?)
            }
        }
    }
}

fn twilio(keys: &mut Keys, config: &Config) -> Option<TwilioConfig> {
    let account_sid: Option<String> = keys.required("provider.account_sid");
    let key_sid: Option<String> = keys.required("provider.api_key_sid");
    let key_secret = keys.secret("provider.api_key_secret");
    if key_secret.is_none() && !keys.has("provider.api_key_secret") {
        keys.wrong("provider.api_key_secret", "it is missing: give it by CORDBOARD__PROVIDER__API_KEY_SECRET");
    }
    let auth_token = keys.secret("provider.auth_token");
    let shared_key = keys.secret("provider.webhook_shared_key");
    let api_url = keys.optional("provider.api_url");
    let region = keys.optional("provider.region");
    let edge = keys.optional("provider.edge");
    let default_caller_id = keys.optional("provider.default_caller_id");
    let wait_url = keys.optional("provider.wait_url");
    let ring_seconds: Option<u32> = keys.optional("provider.ring_seconds");
    let rejoin_seconds: Option<u32> = keys.optional("provider.rejoin_seconds");
    let token_seconds = keys.optional("provider.token_seconds");
    let sdk_options: Option<String> = keys.optional("provider.sdk_options");
    let sdk_options = sdk_options.map(|text| serde_json::from_str(&text)).transpose().unwrap_or_else(|_| {
        keys.wrong("provider.sdk_options", "it is not a JSON object");
        None
    });

    let key = ApiKey { sid: key_sid?, secret: key_secret?.into() };
    let public_url = config.server.public_url.as_str();
    let mut twilio = TwilioConfig::new(&account_sid?, auth_token.unwrap_or_default().into(), key, public_url);
    twilio.webhook_shared_key = shared_key.map(Into::into);
    twilio.api_url = api_url;
    twilio.region = region;
    twilio.edge = edge;
    twilio.default_caller_id = default_caller_id;
    twilio.wait_url = wait_url;
    let short = |seconds: u32| u16::try_from(seconds).unwrap_or(u16::MAX);
    twilio.ring_seconds = ring_seconds.map_or(twilio.ring_seconds, short);
    twilio.rejoin_seconds = rejoin_seconds.map_or(twilio.rejoin_seconds, short);
    twilio.token_seconds = token_seconds.unwrap_or(twilio.token_seconds);
    twilio.sdk_options = sdk_options.unwrap_or_default();
    twilio.backlog = config.socket.backlog;
    for problem in twilio.problems() {
        // As the keys are called here.
        let key = match problem.key {
            "public_url" => "server.public_url".to_owned(),
            key => format!("provider.{}", key.replace('.', "_")),
        };
        keys.wrong(&key, problem.problem);
    }
    Some(twilio)
}
