use crate::address::{REGIONS, from_wire, region_host};
use crate::token::Signer;
use cordboard::telephony::PhoneNumber;
use cordboard_bridge::{ConfigProblem, is_id, is_secret, is_server, problems};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// An application at Vonage, and how calls are made with it. Its `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VonageConfig {
    /// The application's id.
    pub application_id: String,
    /// The application's private key, as PEM. It signs the tokens of requests and browsers.
    pub private_key: SecretString,
    /// The account's API key.
    pub api_key: String,
    /// The account's API secret, which lists its numbers.
    pub api_secret: SecretString,
    /// The account's signature secret, which signs the webhooks.
    pub signature_secret: SecretString,
    /// Where Vonage reaches this server: scheme, host and, if there must be one, a path, without a final slash.
    pub public_url: String,
    /// Another host than Vonage's, such as an emulator.
    #[serde(default)]
    pub api_url: Option<String>,
    /// Where calls are made: `us`, `eu`, `ap` or a data centre such as `eu-3`; Vonage chooses if none.
    #[serde(default)]
    pub region: Option<String>,
    /// The number to show when an agent names none; the application's first if none. In E.164.
    #[serde(default)]
    pub default_caller_id: Option<String>,
    /// What a waiting customer hears: the address of an MP3 file; silence if none.
    #[serde(default)]
    pub hold_music_url: Option<String>,
    /// How long a dialled number rings, in seconds, 1 to 120.
    #[serde(default = "seconds::half_a_minute")]
    pub ring_seconds: u16,
    /// How long a customer waits for an agent whose browser was lost, in seconds.
    #[serde(default = "seconds::half_a_minute")]
    pub rejoin_seconds: u16,
    /// How long a browser's token is valid, in seconds, at most a day.
    #[serde(default = "seconds::an_hour")]
    pub token_seconds: u32,
    /// What else the client SDK in the browser is told, as its configuration.
    #[serde(default)]
    pub sdk_options: BTreeMap<String, Value>,
    /// How many events a line keeps for a listener that is behind.
    #[serde(default = "backlog")]
    pub backlog: usize,
}

mod seconds {
    pub(super) const fn half_a_minute() -> u16 {
        30
    }

    pub(super) const fn an_hour() -> u32 {
        3600
    }
}

const fn backlog() -> usize {
    256
}

/// The host that serves whoever names no region.
const ANYWHERE: &str = "https://api.nexmo.com";
/// The host of the Numbers API.
const NUMBERS: &str = "https://rest.nexmo.com";

impl VonageConfig {
    /// A configuration with what has no default.
    #[must_use]
    pub fn new(
        application_id: &str,
        private_key: SecretString,
        (api_key, api_secret): (&str, SecretString),
        signature_secret: SecretString,
        public_url: &str,
    ) -> Self {
        Self {
            application_id: application_id.to_owned(),
            private_key,
            api_key: api_key.to_owned(),
            api_secret,
            signature_secret,
            public_url: public_url.to_owned(),
            api_url: None,
            region: None,
            default_caller_id: None,
            hold_music_url: None,
            ring_seconds: seconds::half_a_minute(),
            rejoin_seconds: seconds::half_a_minute(),
            token_seconds: seconds::an_hour(),
            sdk_options: BTreeMap::new(),
            backlog: backlog(),
        }
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let is_music = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        let is_number = |number: &str| PhoneNumber::from_e164(number).is_ok();
        problems([
            ("application_id", is_id(&self.application_id), "it must be letters, digits and dashes"),
            ("private_key", Signer::new(self).is_some(), "it is not an RSA key as PEM, with its line breaks"),
            ("api_key", is_id(&self.api_key), "it must be letters and digits"),
            ("api_secret", is_secret(Some(&self.api_secret)), "it is empty"),
            ("signature_secret", is_secret(Some(&self.signature_secret)), "it is empty"),
            ("public_url", is_server(&self.public_url), "it must be https:// and a host, without query or final slash"),
            (
                "api_url",
                self.api_url.as_deref().is_none_or(is_server),
                "it must be https:// and a host, or on this machine",
            ),
            (
                "region",
                self.region.as_deref().is_none_or(|region| REGIONS.contains(&region)),
                "it must be us, eu, ap, us-3, us-4, eu-3, eu-4, ap-3 or ap-4",
            ),
            ("default_caller_id", self.default_caller_id.as_deref().is_none_or(is_number), "it is not in E.164"),
            ("hold_music_url", self.hold_music_url.as_deref().is_none_or(is_music), "it is not the address of a file"),
            ("ring_seconds", (1..=120).contains(&self.ring_seconds), "it must be 1 to 120"),
            ("rejoin_seconds", (1..=600).contains(&self.rejoin_seconds), "it must be from 1 to 600"),
            ("token_seconds", (60..=86_400).contains(&self.token_seconds), "it must be from 60 to 86400"),
            ("backlog", self.backlog > 0, "it must not be 0"),
        ])
    }

    /// The host of the Voice API, with its scheme, for a leg in that region.
    pub(crate) fn voice_host(&self, region: Option<&str>) -> String {
        match (&self.api_url, region.or(self.region.as_deref())) {
            (Some(url), _) => url.clone(),
            (None, Some(region)) => region_host(region),
            (None, None) => ANYWHERE.to_owned(),
        }
    }

    /// The host of the Numbers API, with its scheme.
    pub(crate) fn numbers_host(&self) -> &str {
        self.api_url.as_deref().unwrap_or(NUMBERS)
    }

    pub(crate) fn caller_id(&self) -> Option<PhoneNumber> {
        from_wire(self.default_caller_id.as_deref()?.trim_start_matches('+'))
    }

    /// The configuration of the client SDK, as JSON.
    pub(crate) fn sdk_settings(&self) -> String {
        let mut options = self.sdk_options.clone();
        if let Some(area) = self.region.as_deref().and_then(|region| region.split('-').next()) {
            // The SDK knows areas, and not their data centres.
            options.entry("region".to_owned()).or_insert_with(|| area.to_uppercase().into());
        }
        Value::from_iter(options).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::config;

    fn wrong(change: impl FnOnce(&mut VonageConfig)) -> Vec<&'static str> {
        let mut changed = config();
        change(&mut changed);
        changed.problems().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_eq!(wrong(|_| ()), [""; 0]);
        assert_eq!(wrong(|config| config.application_id = "../x".to_owned()), ["application_id"]);
        assert_eq!(wrong(|config| config.signature_secret = "".into()), ["signature_secret"]);
        assert_eq!(wrong(|config| config.api_secret = "".into()), ["api_secret"]);
        for key in ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert_eq!(wrong(|config| config.private_key = key.into()), ["private_key"]);
        }
        assert_eq!(wrong(|config| config.region = Some("na-east".to_owned())), ["region"]);
        assert_eq!(wrong(|config| config.default_caller_id = Some("16175550190".to_owned())), ["default_caller_id"]);
        assert_eq!(wrong(|config| config.hold_music_url = Some("file:///x".to_owned())), ["hold_music_url"]);
        assert_eq!(wrong(|config| config.ring_seconds = 121), ["ring_seconds"]);
        assert_eq!(wrong(|config| config.public_url = "http://calls.example.com".to_owned()), ["public_url"]);
        assert_eq!(wrong(|config| config.api_url = Some("http://127.0.0.1:1".to_owned())), [""; 0]);
    }

    #[test]
    fn hosts_are_those_of_the_region() {
        let hosts = |region: Option<&str>, leg: Option<&str>| {
            VonageConfig { region: region.map(str::to_owned), ..config() }.voice_host(leg)
        };
        assert_eq!(hosts(None, None), "https://api.nexmo.com");
        assert_eq!(hosts(Some("eu"), None), "https://api-eu.vonage.com");
        assert_eq!(hosts(Some("eu"), Some("us-3")), "https://api-us-3.vonage.com");
        let emulated = VonageConfig { api_url: Some("http://127.0.0.1:1".to_owned()), ..config() };
        assert_eq!(emulated.voice_host(Some("us-3")), "http://127.0.0.1:1");
    }

    #[test]
    fn the_browser_is_told_the_area() {
        let settings = VonageConfig { region: Some("eu-3".to_owned()), ..config() }.sdk_settings();
        assert_eq!(settings, r#"{"region":"EU"}"#);
        assert_eq!(config().sdk_settings(), "{}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", config());
        for secret in ["BEGIN", "not-a-secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
