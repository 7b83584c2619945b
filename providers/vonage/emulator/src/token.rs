use crate::config::CloudConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use http::Request;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Claims {
    application_id: String,
    iat: u64,
    jti: String,
    exp: Option<u64>,
    sub: Option<String>,
    acl: Option<Acl>,
}

#[derive(Deserialize)]
struct Acl {
    paths: BTreeMap<String, serde_json::Value>,
}

/// What a user's token allows.
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) expires: Timestamp,
    paths: Vec<String>,
}

impl Grant {
    /// Whether a request may go there. In a pattern `*` stands for a segment, and `**` for all that follow.
    pub(crate) fn allows(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| fits(pattern.split('/'), path.split('/')))
    }
}

fn fits<'t>(mut pattern: impl Iterator<Item = &'t str>, mut path: impl Iterator<Item = &'t str>) -> bool {
    loop {
        match (pattern.next(), path.next()) {
            (Some("**"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}

/// Why a user's token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Expired,
    Invalid,
}

/// By default a token is good for so long.
const DEFAULT_SECONDS: u64 = 15 * 60;

fn credentials<'r>(request: &'r Request<Vec<u8>>, scheme: &str) -> Option<&'r str> {
    let (known, rest) = request.headers().get("authorization")?.to_str().ok()?.split_once(' ')?;
    known.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Whether a request bears the application's own token.
pub(crate) fn is_application(config: &CloudConfig, now: Timestamp, request: &Request<Vec<u8>>) -> bool {
    let token = credentials(request, "bearer").and_then(|token| read(config, now, token).ok());
    token.is_some_and(|(claims, expires)| claims.sub.is_none() && expires > now)
}

/// Reads the token of a user's browser.
pub(crate) fn user(config: &CloudConfig, now: Timestamp, token: &str) -> Result<Grant, Refused> {
    let (claims, expires) = read(config, now, token)?;
    let user = claims.sub.ok_or(Refused::Invalid)?;
    if expires <= now {
        return Err(Refused::Expired);
    }
    let paths = claims.acl.ok_or(Refused::Invalid)?.paths.into_keys().collect();
    Ok(Grant { user, expires, paths })
}

/// Checks a token's signature and whose it is, and tells until when it is good.
fn read(config: &CloudConfig, now: Timestamp, token: &str) -> Result<(Claims, Timestamp), Refused> {
    let key = DecodingKey::from_rsa_pem(config.public_key.as_bytes()).map_err(|_| Refused::Invalid)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| Refused::Invalid)?.claims;
    let has_begun = claims.iat <= now.as_millis() / 1000 + 60;
    if claims.application_id != config.application_id || claims.jti.is_empty() || !has_begun {
        return Err(Refused::Invalid);
    }
    let expires = claims.exp.unwrap_or(claims.iat + DEFAULT_SECONDS);
    Ok((claims, Timestamp::from_millis(expires.saturating_mul(1000))))
}

/// Whether a request bears the account's key and secret.
pub(crate) fn is_account(config: &CloudConfig, request: &Request<Vec<u8>>) -> bool {
    let wanted = STANDARD.encode(format!("{}:{}", config.api_key, config.api_secret));
    credentials(request, "basic") == Some(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    const NOW: u64 = 1_795_365_505;

    fn check(change: impl FnOnce(&mut Value)) -> Result<Grant, Refused> {
        let config = CloudConfig::for_tests("", "");
        let mut claims = json!({
            "application_id": config.application_id, "iat": NOW, "jti": "1", "exp": NOW + 600, "sub": "alex",
            "acl": { "paths": { "/*/conversations/**": {} } },
        });
        change(&mut claims);
        let key = EncodingKey::from_rsa_pem(config.private_key.as_bytes()).unwrap();
        let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap();
        user(&config, Timestamp::from_millis(NOW * 1000), &token)
    }

    #[test]
    fn a_good_token_says_who_may_do_what() {
        let grant = check(|_| ()).unwrap_or_else(|refused| panic!("{refused:?}"));
        assert_eq!((grant.user.as_str(), grant.expires), ("alex", Timestamp::from_millis((NOW + 600) * 1000)));
        assert!(grant.allows("/v0.3/conversations/CON-1/members/me"));
        for path in ["/v0.3/legs/1", "/v0.3/x/conversations/1", "/v0.3/conversations", "/conversations/1"] {
            assert!(!grant.allows(path), "{path}");
        }
    }

    #[test]
    fn bad_tokens_are_refused() {
        let refused = |change: &dyn Fn(&mut Value)| check(|claims| change(claims)).err();
        assert_eq!(refused(&|claims| claims["exp"] = NOW.into()), Some(Refused::Expired));
        assert_eq!(refused(&|claims| claims["application_id"] = "another".into()), Some(Refused::Invalid));
        assert_eq!(refused(&|claims| claims["iat"] = (NOW + 100).into()), Some(Refused::Invalid));
        assert_eq!(refused(&|claims| claims["sub"] = Value::Null), Some(Refused::Invalid));
        assert_eq!(refused(&|claims| claims["acl"] = Value::Null), Some(Refused::Invalid));
        let config = CloudConfig::for_tests("", "");
        assert!(user(&config, Timestamp::default(), "x").is_err());
    }
}
