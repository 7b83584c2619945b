//! Tokens for the voice SDK in an agent's browser.

use crate::config::ApiKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a token allows, and whom.
#[derive(Clone, Debug)]
pub(crate) struct Grant<'a> {
    pub(crate) account_sid: &'a str,
    /// The account's home region, if it is not the United States.
    pub(crate) region: Option<&'a str>,
    /// Who the browser is, in `client:` addresses.
    pub(crate) identity: &'a str,
    /// Seconds since the epoch.
    pub(crate) not_before: u64,
    pub(crate) expires: u64,
    /// Whether calls may come in.
    pub(crate) incoming: bool,
    /// Whether the browser may start calls, with which application and parameters. Ours never does: the gateway calls
    /// the browser, so that nobody can dial around its rules.
    pub(crate) outgoing: Option<(&'a str, BTreeMap<String, String>)>,
}

// The fields stand in the order of Twilio's own library, so that tokens can be compared as text.
#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    grants: Grants<'a>,
    iss: &'a str,
    exp: u64,
    nbf: u64,
    sub: &'a str,
}

#[derive(Serialize)]
struct Grants<'a> {
    voice: Voice<'a>,
    identity: &'a str,
}

#[derive(Serialize)]
struct Voice<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    incoming: Option<Incoming>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outgoing: Option<Outgoing<'a>>,
}

#[derive(Serialize)]
struct Incoming {
    allow: bool,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    application_sid: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, String>,
}

/// Signs a token. `None` if the key can't sign, which no configuration that was checked does.
pub(crate) fn mint(key: &ApiKey, grant: &Grant<'_>) -> Option<String> {
    let mut header = Header::new(Algorithm::HS256);
    header.cty = Some("twilio-fpa;v=1".to_owned());
    if let Some(region) = grant.region {
        header.extras.insert("twr", region);
    }
    let outgoing = grant.outgoing.clone();
    let claims = Claims {
        jti: format!("{}-{}", key.sid, grant.not_before),
        grants: Grants {
            voice: Voice {
                incoming: grant.incoming.then_some(Incoming { allow: true }),
                outgoing: outgoing.map(|(application_sid, params)| Outgoing { application_sid, params }),
            },
            identity: grant.identity,
        },
        iss: &key.sid,
        exp: grant.expires,
        nbf: grant.not_before,
        sub: grant.account_sid,
    };
    let secret = EncodingKey::from_secret(key.secret.expose_secret().as_bytes());
    jsonwebtoken::encode(&header, &claims, &secret).ok()
}
