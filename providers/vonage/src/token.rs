//! Tokens that the application's private key signs: for requests, and for the client SDK in an agent's browser.

use crate::config::VonageConfig;
use cordboard::Timestamp;
use cordboard::platform::Lock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

/// Mints the application's tokens.
#[derive(Clone)]
pub(crate) struct Signer {
    application_id: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    application_id: &'a str,
    iat: u64,
    jti: &'a str,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acl: Option<Value>,
}

/// What the client SDK needs: its session and the legs of its user's calls. Source: Vonage's documentation, "JWTs and ACLs".
const PATHS: [&str; 7] = [
    "/*/users/**",
    "/*/conversations/**",
    "/*/sessions/**",
    "/*/devices/**",
    "/*/push/**",
    "/*/knocking/**",
    "/*/legs/**",
];

impl Signer {
    /// `None` if the private key is none.
    pub(crate) fn new(config: &VonageConfig) -> Option<Self> {
        let pem = config.private_key.expose_secret().as_bytes();
        let key = EncodingKey::from_rsa_pem(pem).ok()?;
        let signer = Self { application_id: config.application_id.clone(), key };
        // A key can have the form of one and not sign.
        signer.sign("", 0, 0, None).map(|_| signer)
    }

    /// A token for the server's own requests.
    pub(crate) fn for_application(&self, jti: &str, issued: u64, expires: u64) -> Option<String> {
        self.sign(jti, issued, expires, None)
    }

    /// A token for the browser of a user.
    pub(crate) fn for_user(&self, user: &str, jti: &str, issued: u64, expires: u64) -> Option<String> {
        self.sign(jti, issued, expires, Some(user))
    }

    fn sign(&self, jti: &str, iat: u64, exp: u64, sub: Option<&str>) -> Option<String> {
        let acl = sub
            .map(|_| json!({ "paths": PATHS.map(|path| (path.to_owned(), json!({}))).into_iter().collect::<Paths>() }));
        let claims = Claims { application_id: &self.application_id, iat, jti, exp, sub, acl };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key).ok()
    }
}

type Paths = serde_json::Map<String, Value>;

/// A fresh UUID.
pub(crate) fn uuid() -> String {
    let mut bytes = [0; 16];
    #[expect(clippy::expect_used, reason = "a server without randomness must not go on")]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{number:032x}");
    let mut uuid = String::new();
    for (place, digit) in hex.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

/// The token of requests, which is used for some minutes: to sign takes longer than to ask.
#[derive(Default)]
pub(crate) struct Bearer(Lock<Option<(String, Timestamp)>>);

/// How long a token is valid.
const VALID_SECONDS: u64 = 15 * 60;
/// For how long it is used: clocks differ.
const USED: core::time::Duration = core::time::Duration::from_secs(10 * 60);

impl Bearer {
    /// The token, or a new one. `None` if the key can't sign, which no configuration that was checked does.
    pub(crate) fn token(&self, signer: &Signer, now: Timestamp) -> Option<String> {
        let mut kept = self.0.lock();
        if let Some((token, since)) = &*kept
            && now.since(*since) < USED
        {
            return Some(token.clone());
        }
        let issued = now.as_millis() / 1000;
        let token = signer.for_application(&uuid(), issued, issued + VALID_SECONDS)?;
        *kept = Some((token.clone(), now));
        Some(token)
    }

    /// Vonage did not take it.
    pub(crate) fn forget(&self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::config;

    #[test]
    fn a_token_is_used_for_a_while() {
        let (bearer, signer) = (Bearer::default(), Signer::new(&config()).unwrap());
        let at = |seconds: u64| bearer.token(&signer, Timestamp::from_millis(seconds * 1000)).unwrap();
        let first = at(1000);
        assert_eq!(at(1599), first);
        let second = at(1600);
        assert_ne!(second, first);
        bearer.forget();
        assert_ne!(at(1600), second);
    }

    #[test]
    fn uuids_are_random_ones() {
        let one = uuid();
        assert_ne!(one, uuid());
        let parts: Vec<&str> = one.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{one}");
    }
}
