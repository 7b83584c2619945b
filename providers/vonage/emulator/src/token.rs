use crate::config::CloudConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use http::Request;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    application_id: String,
    iat: u64,
    jti: String,
    exp: Option<u64>,
    sub: Option<String>,
}

/// By default a token is good for so long.
const DEFAULT_SECONDS: u64 = 15 * 60;

fn credentials<'r>(request: &'r Request<Vec<u8>>, scheme: &str) -> Option<&'r str> {
    let (known, rest) = request.headers().get("authorization")?.to_str().ok()?.split_once(' ')?;
    known.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Whether a request bears the application's own token.
pub(crate) fn is_application(config: &CloudConfig, now: Timestamp, request: &Request<Vec<u8>>) -> bool {
    let Some(token) = credentials(request, "bearer") else { return false };
    let Ok(key) = DecodingKey::from_rsa_pem(config.public_key.as_bytes()) else { return false };
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let Ok(decoded) = jsonwebtoken::decode::<Claims>(token, &key, &validation) else { return false };
    let Claims { application_id, iat, jti, exp, sub } = decoded.claims;
    let seconds = now.as_millis() / 1000;
    let in_time = iat <= seconds + 60 && exp.unwrap_or(iat + DEFAULT_SECONDS) > seconds;
    application_id == config.application_id && in_time && !jti.is_empty() && sub.is_none()
}

/// Whether a request bears the account's key and secret.
pub(crate) fn is_account(config: &CloudConfig, request: &Request<Vec<u8>>) -> bool {
    let wanted = STANDARD.encode(format!("{}:{}", config.api_key, config.api_secret));
    credentials(request, "basic") == Some(&wanted)
}
