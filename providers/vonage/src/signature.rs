//! Whether a webhook is Vonage's.

use crate::config::VonageConfig;
use cordboard::Timestamp;
use cordboard::telephony::WebhookError;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Checks who signed a webhook.
pub(crate) struct Verifier {
    key: DecodingKey,
    validation: Validation,
    api_key: String,
    application_id: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: u64,
    // It must be there; that nothing happens twice is the journal's business, which knows each fact by its key.
    #[serde(rename = "jti")]
    _jti: String,
    iss: String,
    payload_hash: String,
    api_key: String,
    application_id: Option<String>,
    exp: Option<u64>,
}

/// How old a webhook may be: it may wait for a repetition.
const OLDEST: Duration = Duration::from_secs(300);
/// How far Vonage's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(60);

impl Verifier {
    pub(crate) fn new(config: &VonageConfig) -> Self {
        // One algorithm, whatever a token says of itself.
        let mut validation = Validation::new(Algorithm::HS256);
        // Vonage's tokens have no end, and this library reads the system's clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Self {
            key: DecodingKey::from_secret(config.signature_secret.expose_secret().as_bytes()),
            validation,
            api_key: config.api_key.clone(),
            application_id: config.application_id.clone(),
        }
    }

    /// Checks that this body was signed for this application, not long ago.
    pub(crate) fn check(&self, now: Timestamp, authorization: Option<&str>, body: &[u8]) -> Result<(), WebhookError> {
        let (scheme, token) =
            authorization.and_then(|value| value.split_once(' ')).ok_or(WebhookError::BadSignature)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(WebhookError::BadSignature);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token.trim(), &self.key, &self.validation);
        let claims = decoded.map_err(|_| WebhookError::BadSignature)?.claims;
        let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        let same_body = bool::from(hash.as_bytes().ct_eq(claims.payload_hash.to_ascii_lowercase().as_bytes()));
        let ours = claims.iss == "Vonage"
            && claims.api_key == self.api_key
            && claims.application_id.is_none_or(|id| id == self.application_id);
        if !same_body || !ours {
            return Err(WebhookError::BadSignature);
        }
        let second = |seconds: u64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let issued = second(claims.iat);
        let over = claims.exp.is_some_and(|end| second(end) < now);
        if over || now.since(issued) > OLDEST || issued.since(now) > AHEAD {
            return Err(WebhookError::Stale);
        }
        Ok(())
    }
}
