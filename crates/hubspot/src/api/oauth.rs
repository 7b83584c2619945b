use super::OAuthApi;
use crate::id::{AppId, PortalId, UserId};
use crate::request::Request;
use crate::tokens::TokenSet;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordboard::Timestamp;
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;

/// An app's own credentials.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    /// Which app.
    pub client_id: String,
    /// Its secret. It signs HubSpot's requests, too.
    pub client_secret: SecretString,
    /// Where HubSpot sends users back to, exactly as the app names it.
    pub redirect_uri: String,
}

/// What a user is asked to consent to.
#[derive(Clone, Copy)]
pub struct Consent<'a> {
    /// What the app can't do without.
    pub scopes: &'a [&'a str],
    /// What it does without where the account's plan lacks it.
    pub optional_scopes: &'a [&'a str],
    /// A random text that must come back, and that is kept with the user's session.
    pub state: &'a str,
    /// Proof that who redeems the code is who asked for it.
    pub pkce: Option<&'a Pkce>,
}

impl fmt::Debug for Consent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consent")
            .field("scopes", &self.scopes)
            .field("optional_scopes", &self.optional_scopes)
            .finish_non_exhaustive()
    }
}

const CONSENT_PAGE: &str = "https://app.hubspot.com/oauth/authorize";

impl AppCredentials {
    /// Where a user consents to install the app.
    #[must_use]
    pub fn consent_url(&self, consent: &Consent<'_>) -> String {
        let (scopes, optional) = (consent.scopes.join(" "), consent.optional_scopes.join(" "));
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("client_id", &self.client_id);
        query.append_pair("redirect_uri", &self.redirect_uri);
        query.append_pair("scope", &scopes);
        if !optional.is_empty() {
            query.append_pair("optional_scope", &optional);
        }
        query.append_pair("state", consent.state);
        if let Some(pkce) = consent.pkce {
            query.append_pair("code_challenge", &pkce.challenge);
            query.append_pair("code_challenge_method", "S256");
        }
        // A space in a query is not a plus for everybody.
        format!("{CONSENT_PAGE}?{}", query.finish().replace('+', "%20"))
    }
}

/// Proof key for code exchange (RFC 7636).
#[derive(Clone, Debug)]
pub struct Pkce {
    /// Sent with the code.
    pub verifier: SecretString,
    /// Sent with the user.
    pub challenge: String,
}

impl Pkce {
    /// From random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        let verifier = URL_SAFE_NO_PAD.encode(random);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        Self { verifier: verifier.into(), challenge }
    }
}

/// Tokens, as HubSpot gives them.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenAnswer {
    /// For requests.
    #[serde(rename = "access_token", deserialize_with = "secret")]
    pub access: SecretString,
    /// For further tokens; none for the app's own (`client_credentials`).
    #[serde(default, rename = "refresh_token", deserialize_with = "some_secret")]
    pub refresh: Option<SecretString>,
    /// For how many seconds the access token is good.
    pub expires_in: u64,
    /// The account.
    #[serde(default, rename = "hub_id")]
    pub portal: Option<PortalId>,
    /// Who consented.
    #[serde(default, rename = "user_id")]
    pub user: Option<UserId>,
    /// What was consented to.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl TokenAnswer {
    /// What is kept: the refresh token of before, if there is no other. None without any.
    #[must_use]
    pub fn into_tokens(self, asked: Timestamp, before: Option<&SecretString>) -> Option<TokenSet> {
        let refresh = self.refresh.or_else(|| before.cloned())?;
        let expires_at = asked + Duration::from_secs(self.expires_in);
        Some(TokenSet { access: self.access, refresh, expires_at })
    }
}

/// What HubSpot knows of a token.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenInfo {
    /// Whether it is good.
    pub active: bool,
    /// `access_token` or `refresh_token`.
    #[serde(default)]
    pub token_use: Option<String>,
    /// The app.
    #[serde(default, rename = "app_id")]
    pub app: Option<AppId>,
    /// The account.
    #[serde(default, rename = "hub_id")]
    pub portal: Option<PortalId>,
    /// Who consented.
    #[serde(default, rename = "user_id")]
    pub user: Option<UserId>,
    /// What was consented to.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// For how many seconds more it is good.
    #[serde(default)]
    pub expires_in: Option<i64>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

fn some_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

impl OAuthApi<'_> {
    /// Redeems a code. It is good once: a second time HubSpot refuses it.
    #[must_use]
    pub fn exchange(&self, code: &str, verifier: Option<&SecretString>) -> Request<TokenAnswer> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("redirect_uri", self.credentials.redirect_uri.as_str()),
            ("code", code),
        ];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier.expose_secret())));
        self.token("oauth.exchange", fields).creates()
    }

    /// Gives a further access token.
    #[must_use]
    pub fn refresh(&self, token: &SecretString) -> Request<TokenAnswer> {
        self.token("oauth.refresh", vec![("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())])
    }

    /// Gives the app a token of its own, such as for its settings. Version 2026-09 has none.
    #[must_use]
    pub fn client_credentials(&self, scopes: &[&str]) -> Request<TokenAnswer> {
        let scopes = scopes.join(" ");
        self.token("oauth.client_credentials", vec![("grant_type", "client_credentials"), ("scope", &scopes)])
    }

    /// Says what a token is.
    #[must_use]
    pub fn introspect(&self, token: &SecretString) -> Request<TokenInfo> {
        let fields = self.with_credentials(vec![("token", token.expose_secret())]);
        Request::for_json("oauth.introspect", Method::POST, &self.url("/introspect")).form(&fields)
    }

    /// Takes a refresh token back.
    #[must_use]
    pub fn revoke(&self, token: &SecretString) -> Request<()> {
        let fields =
            self.with_credentials(vec![("token", token.expose_secret()), ("token_type_hint", "refresh_token")]);
        Request::for_nothing("oauth.revoke", Method::POST, &self.url("/revoke")).form(&fields)
    }

    fn token(&self, name: &'static str, fields: Vec<(&str, &str)>) -> Request<TokenAnswer> {
        Request::for_json(name, Method::POST, &self.url("")).form(&self.with_credentials(fields))
    }

    fn with_credentials<'f>(&'f self, mut fields: Vec<(&'f str, &'f str)>) -> Vec<(&'f str, &'f str)> {
        fields.push(("client_id", &self.credentials.client_id));
        fields.push(("client_secret", self.credentials.client_secret.expose_secret()));
        fields
    }

    fn url(&self, path: &str) -> String {
        self.api.url(&format!("{}{path}", self.api.version().tokens()))
    }
}
