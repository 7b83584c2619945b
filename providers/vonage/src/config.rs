use crate::address::{REGIONS, region_host};
use crate::token::Signer;
use cordboard_bridge::{CallConfig, ConfigProblem, is_id, is_secret, is_server, problems};
use secrecy::SecretString;
use serde::Deserialize;
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
    /// What a waiting customer hears: the address of an MP3 file; silence if none.
    #[serde(default)]
    pub hold_music_url: Option<String>,
    /// How calls are made. A number rings for 1 to 120 seconds. The SDK's options are its configuration.
    #[serde(flatten)]
    pub calls: CallConfig,
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
            hold_music_url: None,
            calls: CallConfig::default(),
        }
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let is_music = |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        let own = [
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
            ("hold_music_url", self.hold_music_url.as_deref().is_none_or(is_music), "it is not the address of a file"),
        ];
        problems(own.into_iter().chain(self.calls.checks(1..=120, "it must be 1 to 120")))
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

    /// The configuration of the client SDK, as JSON. It knows areas, and not their data centres.
    pub(crate) fn sdk_settings(&self) -> String {
        let area = self.region.as_deref().and_then(|region| region.split('-').next());
        self.calls.sdk_settings(area.map(|area| ("region", area.to_uppercase())))
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
        assert_eq!(
            wrong(|config| config.calls.default_caller_id = Some("16175550190".to_owned())),
            ["default_caller_id"]
        );
        assert_eq!(wrong(|config| config.hold_music_url = Some("file:///x".to_owned())), ["hold_music_url"]);
        assert_eq!(wrong(|config| config.calls.ring_seconds = 121), ["ring_seconds"]);
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
