use cordboard_bridge::{CallConfig, ConfigProblem, is_id, is_name, is_secret, is_server, problems};
use secrecy::SecretString;
use serde::Deserialize;

/// An account at Twilio, and how calls are made with it. Its `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's primary auth token. It signs the webhooks; API keys can't.
    #[serde(default)]
    pub auth_token: Option<SecretString>,
    /// The secret of a webhook shared key. If there is one, webhooks must be signed with it, by HMAC-SHA256, and nothing
    /// that the auth token signed is taken.
    #[serde(default)]
    pub webhook_shared_key: Option<SecretString>,
    /// An API key of the account and of its region, for requests and for the browsers' tokens.
    pub api_key: ApiKey,
    /// Where Twilio reaches this server: scheme, host and, if there must be one, a path, without a final slash.
    pub public_url: String,
    /// Where the account's data is, such as `ie1`; the United States if none.
    #[serde(default)]
    pub region: Option<String>,
    /// Where requests enter Twilio's network, such as `dublin`; the region's own if none.
    #[serde(default)]
    pub edge: Option<String>,
    /// Another host than Twilio's, such as an emulator.
    #[serde(default)]
    pub api_url: Option<String>,
    /// What a waiting customer hears: an address of sound or TwiML; Twilio's music if none.
    #[serde(default)]
    pub wait_url: Option<String>,
    /// How calls are made. A number rings for 5 to 600 seconds, and Twilio adds five. The SDK's options are those of its `Device`.
    #[serde(flatten)]
    pub calls: CallConfig,
}

/// An API key: it acts for the account, and can be revoked alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// `SK` and 32 hexadecimal digits.
    pub sid: String,
    /// The secret that was shown once.
    pub secret: SecretString,
}

/// The edge that is nearest to a region. Host names need both since April 2026.
/// Source: Twilio's documentation, "Using the Twilio REST API in a non-US region".
const EDGES: [(&str, &str); 4] = [("us1", "ashburn"), ("ie1", "dublin"), ("au1", "sydney"), ("jp1", "tokyo")];

impl TwilioConfig {
    /// A configuration with what has no default. The auth token is what signs webhooks.
    #[must_use]
    pub fn new(account_sid: &str, auth_token: SecretString, api_key: ApiKey, public_url: &str) -> Self {
        Self {
            account_sid: account_sid.to_owned(),
            auth_token: Some(auth_token),
            webhook_shared_key: None,
            api_key,
            public_url: public_url.to_owned(),
            api_url: None,
            region: None,
            edge: None,
            wait_url: None,
            calls: CallConfig::default(),
        }
    }

    /// Everything that is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let own = [
            ("account_sid", is_id(&self.account_sid), "it must be letters, digits and dashes"),
            ("api_key.sid", is_id(&self.api_key.sid), "it must be letters, digits and dashes"),
            ("api_key.secret", is_secret(Some(&self.api_key.secret)), "it is empty"),
            (
                "auth_token",
                self.webhook_shared_key.is_some() || is_secret(self.auth_token.as_ref()),
                "it is needed to check webhooks",
            ),
            (
                "webhook_shared_key",
                self.webhook_shared_key.is_none() || is_secret(self.webhook_shared_key.as_ref()),
                "it is empty",
            ),
            ("public_url", is_server(&self.public_url), "it must be https:// and a host, without query or final slash"),
            (
                "api_url",
                self.api_url.as_deref().is_none_or(is_server),
                "it must be https:// and a host; http:// only for this machine",
            ),
            ("region", self.region.as_deref().is_none_or(is_name), "it must be a name such as ie1"),
            (
                "edge",
                self.edge.as_deref().is_none_or(is_name) && (self.edge.is_some() || self.known_edge().is_some()),
                "it is needed for this region",
            ),
            ("wait_url", self.wait_url.as_deref().is_none_or(|url| url::Url::parse(url).is_ok()), "it is not a URL"),
        ];
        problems(own.into_iter().chain(self.calls.checks(5..=600, "it must be 5 to 600")))
    }

    fn known_edge(&self) -> Option<&str> {
        let region = self.region.as_deref().unwrap_or("us1");
        EDGES.iter().find(|(known, _)| *known == region).map(|(_, edge)| *edge)
    }

    /// The host of the REST API, with its scheme.
    #[must_use]
    pub fn api_host(&self) -> String {
        if let Some(url) = &self.api_url {
            return url.trim_end_matches('/').to_owned();
        }
        match (self.region.as_deref(), self.edge.as_deref()) {
            (None, None) => "https://api.twilio.com".to_owned(),
            (region, edge) => {
                let region = region.unwrap_or("us1");
                let edge = edge.or_else(|| self.known_edge()).unwrap_or_default();
                format!("https://api.{edge}.{region}.twilio.com")
            }
        }
    }

    /// The options of the voice SDK, as JSON.
    pub(crate) fn sdk_settings(&self) -> String {
        self.calls.sdk_settings(self.edge.clone().map(|edge| ("edge", edge)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TwilioConfig {
        let key = ApiKey { sid: "SKbbbb".to_owned(), secret: "secret".into() };
        TwilioConfig::new("ACaaaa", "token".into(), key, "https://calls.example.com")
    }

    fn wrong(change: impl FnOnce(&mut TwilioConfig)) -> Vec<&'static str> {
        let mut config = config();
        change(&mut config);
        config.problems().iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn names_each_wrong_key() {
        assert_eq!(wrong(|_| {}), [""; 0]);
        assert_eq!(wrong(|config| config.account_sid = "AC/../x".to_owned()), ["account_sid"]);
        assert_eq!(wrong(|config| config.auth_token = None), ["auth_token"]);
        assert_eq!(wrong(|config| config.auth_token = Some("".into())), ["auth_token"]);
        assert_eq!(wrong(|config| config.region = Some("xx9".to_owned())), ["edge"]);
        assert_eq!(wrong(|config| config.calls.default_caller_id = Some("617".to_owned())), ["default_caller_id"]);
        assert_eq!(wrong(|config| config.calls.ring_seconds = 4), ["ring_seconds"]);
        assert_eq!(wrong(|config| config.calls.token_seconds = 86_401), ["token_seconds"]);
        for url in
            ["calls.example.com", "http://calls.example.com", "https://calls.example.com/", "https://u:p@x.example"]
        {
            assert_eq!(wrong(|config| config.public_url = url.to_owned()), ["public_url"], "{url}");
        }
        assert_eq!(wrong(|config| config.api_url = Some("http://127.0.0.1:8080".to_owned())), [""; 0]);
        assert_eq!(wrong(|config| config.api_url = Some("http://10.0.0.1".to_owned())), ["api_url"]);
    }

    #[test]
    fn host_names_have_edge_and_region_or_neither() {
        let host = |region: Option<&str>, edge: Option<&str>| {
            let (region, edge) = (region.map(str::to_owned), edge.map(str::to_owned));
            TwilioConfig { region, edge, ..config() }.api_host()
        };
        assert_eq!(host(None, None), "https://api.twilio.com");
        assert_eq!(host(Some("ie1"), None), "https://api.dublin.ie1.twilio.com");
        assert_eq!(host(Some("au1"), Some("singapore")), "https://api.singapore.au1.twilio.com");
        assert_eq!(host(None, Some("frankfurt")), "https://api.frankfurt.us1.twilio.com");
    }

    #[test]
    fn is_read_from_a_file() {
        let text = r#"{"account_sid":"ACaaaa","auth_token":"token","api_key":{"sid":"SKbbbb","secret":"secret"},
            "public_url":"https://calls.example.com","edge":"dublin","sdk_options":{"chunderw":"127.0.0.1:1"}}"#;
        let config: TwilioConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.problems(), []);
        assert_eq!(
            (config.calls.ring_seconds, config.calls.rejoin_seconds, config.calls.token_seconds, config.calls.backlog),
            (30, 30, 3600, 256)
        );
        assert_eq!(config.sdk_settings(), r#"{"chunderw":"127.0.0.1:1","edge":"dublin"}"#);
        for typo in [text.replace("auth_token", "auth_tokn"), text.replace("{\"account", "{\"ring_secs\":5,\"account")]
        {
            assert!(serde_json::from_str::<TwilioConfig>(&typo).is_err());
        }
        let rings = text.replace("{\"account", "{\"ring_seconds\":5,\"account");
        assert_eq!(serde_json::from_str::<TwilioConfig>(&rings).unwrap().calls.ring_seconds, 5);
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", config());
        assert!(!shown.contains("token\"") && !shown.contains("\"secret\""), "{shown}");
    }
}
