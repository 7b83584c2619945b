//! Webhooks and tokens are judged and made as Vonage's own libraries do.

use super::config;
use crate::config::VonageConfig;
use crate::signature::Verifier;
use crate::token::Signer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordboard::Timestamp;
use cordboard::telephony::WebhookError;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

fn official() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/official.json")).unwrap()
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/vectors.json")).unwrap()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn at(seconds: &Value) -> Timestamp {
    Timestamp::from_millis(seconds.as_u64().unwrap() * 1000)
}

/// What the verifier of an account with these claims and this secret says.
fn judge(secret: &str, claims: &Value, now: Timestamp, authorization: &str, body: &str) -> Result<(), WebhookError> {
    let config = VonageConfig {
        api_key: text(claims, "/api_key").to_owned(),
        application_id: text(claims, "/application_id").to_owned(),
        signature_secret: secret.into(),
        ..config()
    };
    Verifier::new(&config).check(now, Some(authorization), body.as_bytes())
}

#[test]
fn webhooks_of_the_vectors() {
    let vectors = vectors();
    let all = vectors["webhooks"].as_array().unwrap();
    let claims = &all[0]["expected_claims"];
    // What is signed of a GET is not known, and none is taken.
    let posts: Vec<&Value> = all.iter().filter(|vector| text(vector, "/method") == "POST").collect();
    assert_eq!(posts.len(), 6);
    for vector in posts {
        let (secret, body) = (text(vector, "/signature_secret"), text(vector, "/body"));
        let judged = judge(secret, claims, at(&vector["now_unix"]), text(vector, "/authorization"), body);
        assert_eq!(judged.is_ok(), vector["expected_valid"] == true, "{}: {judged:?}", vector["id"]);
    }
}

#[test]
fn webhooks_of_random_inputs() {
    let official = official();
    let webhooks = official["webhooks"].as_array().unwrap();
    assert_eq!(webhooks.len(), 40);
    for webhook in webhooks {
        let claims = &webhook["claims"];
        let authorization = format!("Bearer {}", text(webhook, "/token"));
        let (secret, body) = (text(webhook, "/secret"), text(webhook, "/body"));
        let judged = judge(secret, claims, at(&claims["iat"]), &authorization, body);
        assert_eq!(judged.is_ok(), webhook["python"] == true, "{}: {judged:?}", webhook["fault"]);
        // Node's library would take other keyed hashes, but says so of no webhook here.
        assert_eq!(webhook["node"], webhook["python"]);
        if judged.is_err() {
            continue;
        }
        // Another body, which neither library looks at.
        let judged = judge(secret, claims, at(&claims["iat"]), &authorization, &format!("{body} "));
        assert_eq!(judged, Err(WebhookError::BadSignature));
    }
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A token is verified by the public key: claims and header.
fn assert_verifies(token: &str, public_key: &str) {
    let key = DecodingKey::from_rsa_pem(public_key.as_bytes()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    assert_eq!(decoded.header.typ.as_deref(), Some("JWT"));
}

#[test]
fn tokens_of_random_inputs() {
    let official = official();
    let tokens = official["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 10);
    for token in tokens {
        let application_id = text(token, "/application_id").to_owned();
        let signer = Signer::new(&VonageConfig { application_id, ..config() }).unwrap();
        let options = &token["options"];
        let (issued, expires) = (options["iat"].as_u64().unwrap(), options["exp"].as_u64().unwrap());
        let jti = text(token, "/options/jti");
        let ours = match options.get("sub").and_then(Value::as_str) {
            Some(user) => signer.for_user(user, jti, issued, expires).unwrap(),
            None => signer.for_application(jti, issued, expires).unwrap(),
        };
        assert_eq!(claims_of(&ours), claims_of(text(token, "/python")));
        assert_eq!(claims_of(&ours), claims_of(text(token, "/node")));
        for made in [ours.as_str(), text(token, "/python"), text(token, "/node")] {
            assert_verifies(made, include_str!("../../emulator/src/key.pub.pem"));
        }
    }
}

#[test]
fn the_token_of_the_vectors() {
    let vectors = vectors();
    let vector = &vectors["jwt"];
    let wanted = &vector["expected_claims"];
    assert_verifies(text(vector, "/jwt"), text(vector, "/public_key_pem"));
    let application_id = text(wanted, "/application_id").to_owned();
    let signer = Signer::new(&VonageConfig { application_id, ..config() }).unwrap();
    let (issued, expires) = (wanted["iat"].as_u64().unwrap(), wanted["exp"].as_u64().unwrap());
    let ours = signer.for_user(text(wanted, "/sub"), text(wanted, "/jti"), issued, expires).unwrap();
    assert_eq!(claims_of(&ours), *wanted);
}
