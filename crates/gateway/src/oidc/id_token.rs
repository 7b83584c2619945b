//! Whether an ID token is the provider's, for this gateway, for this sign-in, and of now.

use cordboard::Timestamp;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::time::Duration;

/// What a provider may sign with. Nothing that the verifier could sign with itself, and never nothing at all.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// How far the provider's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);

/// What a token says.
pub(super) type Claims = Map<String, Value>;

/// What a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// What is wrong with a token. It shows nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("no key of the provider's is the one that it names")]
    UnknownKey,
    #[error("it is signed in a way that is not allowed, or not at all")]
    Algorithm,
    #[error("its signature is not the provider's")]
    Signature,
    #[error("its claim {0} is missing or wrong")]
    Claim(&'static str),
}

/// Checks everything, and returns the claims.
pub(super) fn verify(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Claims, Invalid> {
    // What this crate does not know, `none` among it, can't even be read.
    let header = decode_header(token).map_err(|_| Invalid::Algorithm)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Invalid::Algorithm);
    }
    let key = key(keys, header.kid.as_deref(), header.alg).ok_or(Invalid::UnknownKey)?;
    // The claims are checked below, in the gateway's time.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let token = decode::<Claims>(token, &key, &validation).map_err(|_| Invalid::Signature)?;
    check(&token.claims, expected)?;
    Ok(token.claims)
}

/// The key of that name; without a name, the only one that fits.
fn key(keys: &[Jwk], kid: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
    let mut fitting = keys.iter().filter_map(|jwk| {
        let common = &jwk.common;
        let is_named = kid.is_none_or(|kid| common.key_id.as_deref() == Some(kid));
        let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)));
        let is_for = common.key_algorithm.is_none_or(|own| own == KeyAlgorithm::from(algorithm));
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (is_named && signs && is_for && key.family() == algorithm.family()).then_some(key)
    });
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Some(key),
        _ => None,
    }
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), Invalid> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let wrong = |name| Err(Invalid::Claim(name));
    if text("iss") != Some(expected.issuer) {
        return wrong("iss");
    }
    let audiences: Vec<Option<&str>> = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
        Some(audience) => vec![audience.as_str()],
        None => Vec::new(),
    };
    if !audiences.contains(&Some(expected.client_id)) {
        return wrong("aud");
    }
    // Who asked for the token: with several audiences it must be said, and then it must be us.
    let party = claims.get("azp");
    if party.map_or(audiences.len() > 1, |party| party.as_str() != Some(expected.client_id)) {
        return wrong("azp");
    }
    let now = expected.now.as_millis() / 1_000;
    #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch are far below 2^53")]
    let (now, leeway) = (now as f64, LEEWAY.as_secs() as f64);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
    if seconds("exp").is_none_or(|exp| exp <= now - leeway) {
        return wrong("exp");
    }
    if seconds("iat").is_none_or(|iat| iat > now + leeway) {
        return wrong("iat");
    }
    if claims.contains_key("nbf") && seconds("nbf").is_none_or(|nbf| nbf > now + leeway) {
        return wrong("nbf");
    }
    if text("nonce") != Some(expected.nonce) {
        return wrong("nonce");
    }
    if text("sub").is_none_or(str::is_empty) {
        return wrong("sub");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Of a key that was thrown away when the tokens were signed.
    const MODULUS: &str = "\
ysjIvL444lMnW0ZaBESvWk1R7exGmqgcJHjQ3efmtNjtjNjWi0xWsGnwFlY8tmqIL-c3U7S-OCx4TVk9itXxsfSFsjPZkMXtkNZP\
PBVTU6J8osPmIMyuP4XPZpmHSrNedyHkJBaYanY8zlWe8-3uS05AMCqQeR8FFRjKP0nB143IstnTDGKIZanAef5ENqAKqjS1DapP\
m7Mh1msdphX4mj0mkro_xtHZMzYnKG-o873zZFNx7nkV-SjPl2HY75811yoS6jMkDyYUIhUuGWHlhYSGVJOytyZRZkdevmJhGThW\
vRtHdS4M-QnGxVqG9e5ZkeuiXPODuqHHhqzbfkemdw";
    const RS256: &str = "\
eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiY29yZGJvY\
XJkIiwic3ViIjoiMjQ4MiIsIm5vbmNlIjoibiIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMzAwfQ.upvmcSPCI7Pzjz\
dUOJ04e5GPCbwcDA2hPbXHVAP67e1kqqPw25mS2cluifeDpWRrsG1p27OtFNERSh4tgcyvZZ4Gs-bXm6bNXwO63V25Id36_zsAO4\
jI6Y7mgBdV4zmGgld1elFc9gzrtNeilEFYxUIwZN5cmCkFQsutTc69v0t8j7d5JLvnhUTXXSeRUNe3n7kOILMK9IclHJ074CqByJ\
xIVLnCwUZssdUwObGsLIqxv4O6eU1cKdF9_5Y6PWrVVMWdxIGqsY6iPr3Xz4ymA0DRll91WrIjf9o14AbRs2PNOGhBe9DfhLMXTC\
Ts7eilNua474-E2KiNd9eBUf7ODQ";
    const PS256: &str = "\
eyJhbGciOiJQUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwiYXVkIjoiY29yZGJvY\
XJkIiwic3ViIjoiMjQ4MiIsIm5vbmNlIjoibiIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwMzAwfQ.Uu-LDab-uDLSs5\
9JLBxxjISqpcu13rBRkmWEJFvhPExHeugCuPxDVF_t5BqjECEqt_ECE-tjjwzEPINnXQG6OlhCwGiyGV8NIhMQ4BpX_KWZqsCIKW\
sMfzqjLm6HKcpYd6o9dyRa8BE-uWDh6a83qbfkRCzxMd2v-rpTK-iQfe9ClPxvF5wbBwJyIl-nECtSsF27UktwXnwi2Wacdldhz6\
5gc_tZa_oMuB0x2S7htbwReXsAAvf0M2ZBYvUVSCszJnU9FGFadHFMimkfRWENDfE4JIaEUxG2Tq-S4eaSZN9y_I8pvOzbR4lumq\
858ZPvJ22GeoxZ1fyOawlnjsoa7Q";

    fn jwk(others: &Value) -> Jwk {
        let mut jwk = json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB", "kid": "1" });
        for (name, value) in others.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        serde_json::from_value(jwk).unwrap()
    }

    fn read(token: &str, keys: &[Jwk], nonce: &str) -> Result<Claims, Invalid> {
        let now = Timestamp::from_millis(1_700_000_100_000);
        verify(token, keys, &Expected { issuer: "https://login.example.com", client_id: "cordboard", nonce, now })
    }

    #[test]
    fn what_most_providers_sign_with() {
        for token in [RS256, PS256] {
            assert_eq!(read(token, &[jwk(&json!({}))], "n").unwrap()["sub"], "2482");
            let (message, signature) = token.rsplit_once('.').unwrap();
            let (header, claims) = message.split_once('.').unwrap();
            let changed = format!("{header}.{}.{signature}", claims.replace("MjQ4Mi", "MjQ4My"));
            assert_ne!(changed, token);
            for wrong in [changed, format!("{message}."), format!("{message}.{}", signature.replace('A', "B"))] {
                assert_eq!(read(&wrong, &[jwk(&json!({}))], "n").unwrap_err(), Invalid::Signature);
            }
            assert_eq!(read(token, &[jwk(&json!({}))], "m").unwrap_err(), Invalid::Claim("nonce"));
        }
        for none in ["", "a.b", "a.b.c", "..", "e30.e30."] {
            assert_eq!(read(none, &[jwk(&json!({}))], "n").unwrap_err(), Invalid::Algorithm);
        }
    }

    #[test]
    fn what_we_could_sign_ourselves_proves_nothing() {
        let shared: Jwk = serde_json::from_value(json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "1" })).unwrap();
        // {"alg":"HS256","kid":"1"}
        let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.e30.AA";
        assert_eq!(read(token, &[shared], "n").unwrap_err(), Invalid::Algorithm);
    }

    #[test]
    fn a_key_is_used_for_what_it_is_for() {
        for fits in [json!({ "use": "sig" }), json!({ "alg": "RS256" }), json!({ "x5c": ["x"] })] {
            read(RS256, &[jwk(&fits)], "n").unwrap();
        }
        for other in [json!({ "kid": "2" }), json!({ "use": "enc" }), json!({ "alg": "RS512" }), json!({ "kid": null })]
        {
            assert_eq!(read(RS256, &[jwk(&other)], "n").unwrap_err(), Invalid::UnknownKey, "{other}");
        }
        // Which of two of the same name it is can't be told.
        assert_eq!(read(RS256, &[jwk(&json!({})), jwk(&json!({}))], "n").unwrap_err(), Invalid::UnknownKey);
        assert_eq!(read(RS256, &[], "n").unwrap_err(), Invalid::UnknownKey);
    }
}
