//! Whether a webhook is the service's: its signature is HMAC-SHA256 over its address, a line feed and its body, in Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::telephony::{WebhookError, WebhookRequest};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

const HEADER: &str = "tin-can-signature";

pub(crate) fn check(secret: &SecretString, request: &WebhookRequest<'_>) -> Result<(), WebhookError> {
    let given = request.header(HEADER).and_then(|text| STANDARD.decode(text).ok()).ok_or(WebhookError::BadSignature)?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let mut mac = mac.map_err(|_| WebhookError::BadSignature)?;
    for part in [request.url.as_bytes(), b"\n", request.body] {
        mac.update(part);
    }
    // Takes as long for a wrong one as for the right one.
    mac.verify_slice(&given).map_err(|_| WebhookError::BadSignature)
}
