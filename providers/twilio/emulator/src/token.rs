//! The browsers' access tokens.

use crate::config::CloudConfig;
use cordboard::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

/// What a token that is good says.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// Whose it is.
    pub(crate) identity: String,
    /// How long it is good.
    pub(crate) seconds: u64,
    /// Whether calls may come in.
    pub(crate) incoming: bool,
    /// Whether calls may be made through the account's application.
    pub(crate) outgoing: bool,
}

/// What the SDK says of a token that is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: u32,
    pub(crate) message: &'static str,
}

const INVALID: Refused = Refused { code: 20101, message: "Invalid access token" };
pub(crate) const EXPIRED: Refused = Refused { code: 20104, message: "Access token expired or expiration date invalid" };
const TOO_LONG: Refused = Refused { code: 31207, message: "Expiration time exceeds maximum time allowed" };
/// Twilio takes 24 hours at most.
const MOST_SECONDS: u64 = 24 * 60 * 60;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: u64,
    #[serde(default)]
    nbf: u64,
    grants: Grants,
}

#[derive(Deserialize)]
struct Grants {
    identity: String,
    #[serde(default)]
    voice: Voice,
}

#[derive(Default, Deserialize)]
struct Voice {
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing>,
}

#[derive(Deserialize)]
struct Incoming {
    #[serde(default)]
    allow: bool,
}

#[derive(Deserialize)]
struct Outgoing {
    application_sid: String,
}

/// Reads a token: HS256, of the account's API key, for the voice SDK.
pub(crate) fn verify(config: &CloudConfig, now: Timestamp, token: &str) -> Result<Grant, Refused> {
    let mut rules = Validation::new(Algorithm::HS256);
    // Times are compared with the cloud's own.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let key = DecodingKey::from_secret(config.api_key_secret.as_bytes());
    let token = jsonwebtoken::decode::<Claims>(token, &key, &rules).map_err(|_| INVALID)?;
    let claims = token.claims;
    let is_voice = token.header.cty.as_deref() == Some("twilio-fpa;v=1");
    if !is_voice || claims.iss != config.api_key_sid || claims.sub != config.account_sid {
        return Err(INVALID);
    }
    if claims.grants.identity.is_empty() || claims.grants.identity.len() > 256 {
        return Err(INVALID);
    }
    let now = now.as_millis() / 1_000;
    if claims.exp <= now {
        return Err(EXPIRED);
    }
    if claims.nbf > now + 60 {
        return Err(INVALID);
    }
    if claims.exp - now > MOST_SECONDS + 60 {
        return Err(TOO_LONG);
    }
    let application = config.application.as_ref().map(|application| &application.sid);
    let voice = claims.grants.voice;
    Ok(Grant {
        identity: claims.grants.identity,
        seconds: claims.exp - now,
        incoming: voice.incoming.is_some_and(|incoming| incoming.allow),
        outgoing: voice.outgoing.is_some_and(|outgoing| Some(&outgoing.application_sid) == application),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    const NOW: u64 = 1_795_365_505;

    fn claims() -> Value {
        let config = CloudConfig::for_tests("");
        json!({
            "jti": "SK-1", "iss": config.api_key_sid, "sub": config.account_sid, "exp": NOW + 3_600, "nbf": NOW,
            "grants": {"identity": "alex", "voice": {"incoming": {"allow": true}}},
        })
    }

    fn check(claims: &Value, cty: &str, secret: &str) -> Result<Grant, Refused> {
        let mut header = Header::new(Algorithm::HS256);
        header.cty = Some(cty.to_owned());
        let token = jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        verify(&CloudConfig::for_tests(""), Timestamp::from_millis(NOW * 1_000), &token)
    }

    fn with(path: &str, value: Value) -> Result<Grant, Refused> {
        let mut claims = claims();
        *claims.pointer_mut(path).unwrap() = value;
        check(&claims, "twilio-fpa;v=1", &CloudConfig::for_tests("").api_key_secret)
    }

    #[test]
    fn a_good_token_says_who_may_do_what() {
        let grant = with("/jti", json!("x")).unwrap();
        assert_eq!(
            (grant.identity.as_str(), grant.seconds, grant.incoming, grant.outgoing),
            ("alex", 3_600, true, false)
        );
        let outgoing = json!({"outgoing": {"application_sid": "AP00000000000000000000000000000001"}});
        let grant = with("/grants/voice", outgoing).unwrap();
        assert!(grant.outgoing && !grant.incoming);
        let other = json!({"outgoing": {"application_sid": "AP1"}});
        assert!(!with("/grants/voice", other).unwrap().outgoing);
    }

    #[test]
    fn bad_tokens_are_refused() {
        assert_eq!(with("/exp", json!(NOW)).unwrap_err().code, 20104);
        assert_eq!(with("/exp", json!(NOW + 90_000)).unwrap_err().code, 31207);
        assert_eq!(with("/nbf", json!(NOW + 100)).unwrap_err().code, 20101);
        assert_eq!(with("/iss", json!("SK2")).unwrap_err().code, 20101);
        assert_eq!(with("/sub", json!("AC2")).unwrap_err().code, 20101);
        assert_eq!(with("/grants/identity", json!("")).unwrap_err().code, 20101);
        let secret = &CloudConfig::for_tests("").api_key_secret;
        assert_eq!(check(&claims(), "JWT", secret).unwrap_err().code, 20101);
        assert_eq!(check(&claims(), "twilio-fpa;v=1", "another").unwrap_err().code, 20101);
        assert_eq!(verify(&CloudConfig::for_tests(""), Timestamp::default(), "x").unwrap_err().code, 20101);
    }
}
