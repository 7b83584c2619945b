//! The providers that are built in, and their keys.

use cordboard::telephony::Backend;
use cordboard_bridge::{CallConfig, Carrier, ConfigProblem, Https, Switchboard};
use cordboard_gateway::config::{Config, FromText, Keys, Problem};
use cordboard_gateway::{Builder, Gateway, MockBackend, SystemClock, check_files};
use cordboard_mock::MockConfig;
use cordboard_twilio::{ApiKey, TwilioCarrier, TwilioConfig};
use cordboard_vonage::{VonageCarrier, VonageConfig};
use std::sync::Arc;

/// What carries the calls.
pub(crate) enum Provider {
    /// A network in memory.
    Mock {
        webhook_secret: Option<String>,
    },
    Twilio(Box<TwilioConfig>),
    Vonage(Box<VonageConfig>),
}

enum Kind {
    Mock,
    Twilio,
    Vonage,
}

impl FromText for Kind {
    const EXPECTED: &'static str = "mock, twilio or vonage";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "mock" => Some(Self::Mock),
            "twilio" => Some(Self::Twilio),
            "vonage" => Some(Self::Vonage),
            _ => None,
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

impl Provider {
    /// Reads the provider's keys, also if the server's own are wrong. What is wrong is noted in `keys`.
    pub(crate) fn read(keys: &mut Keys, config: Option<&Config>) -> Option<Self> {
        let Some(kind) = keys.required("provider.kind") else {
            keys.skip("provider");
            return None;
        };
        match kind {
            Kind::Mock => Some(Self::Mock { webhook_secret: keys.secret("provider.webhook_secret") }),
            Kind::Twilio => twilio(keys, config).map(|twilio| Self::Twilio(Box::new(twilio))),
            Kind::Vonage => vonage(keys, config).map(|vonage| Self::Vonage(Box::new(vonage))),
        }
    }

    /// What is wrong with the files that the configuration names.
    pub(crate) fn check(&self, config: &Config) -> Vec<Problem> {
        let mut problems = check_files(config);
        let everyone = config.oidc.as_ref().is_some_and(|oidc| oidc.everyone);
        if config.agents.is_none() && !everyone && !matches!(self, Self::Mock { .. }) {
            let why = "it is missing: name the file of the agents who may sign in, or set oidc.everyone".to_owned();
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
            Self::Twilio(twilio) => bridged::<TwilioCarrier>(builder, *twilio).await,
            Self::Vonage(vonage) => bridged::<VonageCarrier>(builder, *vonage).await,
        }
    }
}

/// A gateway over a provider that bridges calls in rooms.
async fn bridged<C: Carrier<Config: Send>>(builder: Builder, config: C::Config) -> Result<Gateway, Error> {
    let transport = Arc::new(Https::new()?);
    let backend = move |journal| {
        let switchboard = Switchboard::<C>::new(config, transport, journal, Arc::new(SystemClock))?;
        Ok(Arc::new(switchboard) as Arc<dyn Backend>)
    };
    Ok(builder.try_backend(backend).build().await?)
}

/// Notes what is wrong with a provider's own configuration, as its keys are called here.
fn note(keys: &mut Keys, problems: Vec<ConfigProblem>) {
    for ConfigProblem { key, problem } in problems {
        let key = match key {
            "public_url" => "server.public_url".to_owned(),
            key => format!("provider.{}", key.replace('.', "_")),
        };
        keys.wrong(&key, problem);
    }
}

/// A secret that there must be. Without it, that is noted.
fn secret(keys: &mut Keys, key: &str) -> Option<String> {
    let secret = keys.secret(key);
    if secret.is_none() && !keys.has(key) {
        let variable = key.to_uppercase().replace('.', "__");
        keys.wrong(key, format!("it is missing: give it by CORDBOARD__{variable}"));
    }
    secret
}

/// The public address. If it is missing or wrong, which is noted by then, another stands for it, so that the provider's keys are read.
fn public_url(config: Option<&Config>) -> &str {
    config.map_or("https://calls.example.com", |config| config.server.public_url.as_str())
}

/// What is the same for all providers.
fn calls(keys: &mut Keys, config: Option<&Config>) -> CallConfig {
    let mut calls =
        CallConfig { default_caller_id: keys.optional("provider.default_caller_id"), ..CallConfig::default() };
    let short = |seconds: u32| u16::try_from(seconds).unwrap_or(u16::MAX);
    calls.ring_seconds = keys.optional("provider.ring_seconds").map_or(calls.ring_seconds, short);
    calls.rejoin_seconds = keys.optional("provider.rejoin_seconds").map_or(calls.rejoin_seconds, short);
    calls.token_seconds = keys.or("provider.token_seconds", calls.token_seconds);
    calls.backlog = config.map_or(calls.backlog, |config| config.socket.backlog);
    if let Some(text) = keys.optional::<String>("provider.sdk_options") {
        match serde_json::from_str(&text) {
            Ok(options) => calls.sdk_options = options,
            Err(_) => keys.wrong("provider.sdk_options", "it is not a JSON object"),
        }
    }
    calls
}

fn twilio(keys: &mut Keys, config: Option<&Config>) -> Option<TwilioConfig> {
    let account_sid: Option<String> = keys.required("provider.account_sid");
    let key_sid: Option<String> = keys.required("provider.api_key_sid");
    let key_secret = secret(keys, "provider.api_key_secret");
    let auth_token = keys.secret("provider.auth_token");
    let shared_key = keys.secret("provider.webhook_shared_key");
    let api_url = keys.optional("provider.api_url");
    let region = keys.optional("provider.region");
    let edge = keys.optional("provider.edge");
    let wait_url = keys.optional("provider.wait_url");
    let calls = calls(keys, config);

    let key = ApiKey { sid: key_sid?, secret: key_secret?.into() };
    let auth_token = auth_token.unwrap_or_default();
    let mut twilio = TwilioConfig::new(&account_sid?, auth_token.into(), key, public_url(config));
    twilio.webhook_shared_key = shared_key.map(Into::into);
    twilio.api_url = api_url;
    twilio.region = region;
    twilio.edge = edge;
    twilio.wait_url = wait_url;
    twilio.calls = calls;
    note(keys, twilio.problems());
    Some(twilio)
}

/// The application's private key: as a file, or itself.
fn private_key(keys: &mut Keys) -> Option<String> {
    let key = keys.secret("provider.private_key");
    let Some(path) = keys.path("provider.private_key_file") else {
        if key.is_none() {
            keys.wrong("provider.private_key_file", "it is missing: name the file of the application's private key");
        }
        return key;
    };
    match std::fs::read_to_string(path) {
        Ok(text) => key.or(Some(text)),
        Err(error) => {
            keys.wrong("provider.private_key_file", format!("it can't be read: {error}"));
            None
        }
    }
}

fn vonage(keys: &mut Keys, config: Option<&Config>) -> Option<VonageConfig> {
    let application_id: Option<String> = keys.required("provider.application_id");
    let private_key = private_key(keys);
    let api_key: Option<String> = keys.required("provider.api_key");
    let api_secret = secret(keys, "provider.api_secret");
    let signature_secret = secret(keys, "provider.signature_secret");
    let (region, api_url) = (keys.optional("provider.region"), keys.optional("provider.api_url"));
    let hold_music_url = keys.optional("provider.hold_music_url");
    let calls = calls(keys, config);

    let vonage = VonageConfig::new(
        &application_id?,
        private_key?.into(),
        (&api_key?, api_secret?.into()),
        signature_secret?.into(),
        public_url(config),
    );
    let vonage = VonageConfig { region, api_url, hold_music_url, calls, ..vonage };
    note(keys, vonage.problems());
    Some(vonage)
}
