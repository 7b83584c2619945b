//! Tokens.

use crate::answer::{NOTHING, Refusal, Reply};
use crate::cloud::{Asked, Cloud};
use crate::extensions::USER;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordboard::Timestamp;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Codes and tokens that were given out.
#[derive(Default)]
pub(crate) struct Grants {
    /// Each with its challenge, if it has one.
    codes: BTreeMap<String, Option<String>>,
    access: BTreeMap<String, Access>,
    refresh: BTreeSet<String>,
}

struct Access {
    scopes: Vec<String>,
    until: Timestamp,
}

/// The fields of a request. One that is missing is empty.
struct Form(BTreeMap<String, String>);

impl Form {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

impl Grants {
    pub(crate) fn scopes(&self, token: &str, now: Timestamp) -> Result<&[String], Refusal> {
        match self.access.get(token) {
            Some(access) if access.until > now => Ok(&access.scopes),
            Some(_) => Err(Refusal::unauthenticated("EXPIRED_AUTHENTICATION")),
            None => Err(Refusal::unauthenticated("INVALID_AUTHENTICATION")),
        }
    }
}

impl Cloud {
    /// A user consents to install the app: the code with which HubSpot sends them back.
    pub fn consent(&mut self, challenge: Option<&str>) -> String {
        let code = self.random.token("code");
        self.grants.codes.insert(code.clone(), challenge.map(str::to_owned));
        code
    }

    /// Every access token is too old from now on.
    pub fn expire_tokens(&mut self) {
        for access in self.grants.access.values_mut() {
            access.until = Timestamp::default();
        }
    }

    /// The account removes the app.
    pub fn remove_app(&mut self) {
        self.grants.refresh.clear();
        self.grants.access.clear();
    }

    /// Whether a refresh token is good.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        !self.grants.refresh.is_empty()
    }

    pub(crate) fn oauth(&mut self, rest: &[&str], asked: &Asked<'_>) -> Reply {
        let form = Form(form_urlencoded::parse(asked.body).into_owned().collect());
        if form.get("client_id") != self.config.client_id || form.get("client_secret") != self.config.client_secret {
            return Err(Refusal::oauth("invalid_client", "BAD_CLIENT_ID", "unknown client"));
        }
        match rest {
            [] => self.token(&form),
            ["introspect"] => self.introspect(form.get("token")),
            ["revoke"] => {
                self.grants.refresh.remove(form.get("token"));
                NOTHING
            }
            _ => Err(Refusal::not_found()),
        }
    }

    fn token(&mut self, form: &Form) -> Reply {
        let refused = |status: &str| Err(Refusal::oauth("invalid_grant", status, "it is not good"));
        match form.get("grant_type") {
            "authorization_code" => {
                // A code is good once, whatever becomes of it.
                let Some(challenge) = self.grants.codes.remove(form.get("code")) else {
                    return refused("BAD_AUTH_CODE");
                };
                let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(form.get("code_verifier")));
                if form.get("redirect_uri") != self.config.redirect_uri || challenge.is_some_and(|asked| asked != proof)
                {
                    return refused("BAD_AUTH_CODE");
                }
                let refresh = self.random.token("refresh");
                self.grants.refresh.insert(refresh.clone());
                self.give(&refresh)
            }
            "refresh_token" => {
                let refresh = form.get("refresh_token").to_owned();
                if !self.grants.refresh.contains(&refresh) {
                    return refused("BAD_REFRESH_TOKEN");
                }
                self.give(&refresh)
            }
            "client_credentials" => {
                let scopes = form.get("scope").split(' ').map(str::to_owned).collect();
                let (access, seconds) = self.new_access(scopes);
                Ok((
                    200,
                    json!({ "access_token": access, "expires_in": seconds, "token_type": "bearer",
                        "token_use": "client_credentials" }),
                ))
            }
            _ => Err(Refusal::oauth("unsupported_grant_type", "BAD_GRANT_TYPE", "unknown grant type")),
        }
    }

    fn new_access(&mut self, scopes: Vec<String>) -> (String, u64) {
        let access = self.random.token("access");
        let until = self.now + self.config.token_life;
        self.grants.access.insert(access.clone(), Access { scopes, until });
        (access, self.config.token_life.as_secs())
    }

    fn give(&mut self, refresh: &str) -> Reply {
        let scopes = self.config.scopes.clone();
        let (access, seconds) = self.new_access(scopes.clone());
        Ok((
            200,
            json!({ "access_token": access, "refresh_token": refresh, "expires_in": seconds, "token_type": "bearer",
                "token_use": "access_token", "hub_id": self.config.portal, "user_id": USER, "scopes": scopes }),
        ))
    }

    fn introspect(&self, token: &str) -> Reply {
        let common = json!({ "app_id": self.config.app_id, "client_id": self.config.client_id, "hub_id": self.config.portal,
            "user_id": USER, "token": token, "token_type": "bearer" });
        let mut body = common;
        if let Some(access) = self.grants.access.get(token) {
            body["token_use"] = "access_token".into();
            body["active"] = (access.until > self.now).into();
            body["scopes"] = access.scopes.clone().into();
            body["expires_in"] = access.until.since(self.now).as_secs().into();
            body["is_private_distribution"] = false.into();
            body["signed_access_token"] = json!({});
        } else {
            body["token_use"] = "refresh_token".into();
            body["active"] = self.grants.refresh.contains(token).into();
            body["scopes"] = self.config.scopes.clone().into();
        }
        Ok((200, body))
    }
}
