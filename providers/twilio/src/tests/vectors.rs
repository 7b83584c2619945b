//! Signatures and tokens equal those of Twilio's own libraries.

use crate::config::ApiKey;
use crate::signature::{Signed, SigningKey};
use crate::token::{Grant, mint};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn text<'v>(vector: &'v Value, field: &str) -> &'v str {
    vector.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn key(vector: &Value) -> SigningKey {
    let key = text(vector, "key").into();
    if text(vector, "algorithm").ends_with("SHA256") { SigningKey::SharedKey(key) } else { SigningKey::AuthToken(key) }
}

fn verifies(vector: &Value, url: &str, signature: &str) -> bool {
    let form: Vec<_> = form_urlencoded::parse(text(vector, "form_body").as_bytes()).into_owned().collect();
    let other_body = vector.get("body").and_then(Value::as_str).map(str::as_bytes);
    key(vector).verifies(&Signed { url, form: &form, other_body, signature })
}

#[test]
fn signatures_of_the_vectors() {
    let vectors = fixture(include_str!("../../tests/fixtures/signatures.json"));
    let valid = vectors["valid"].as_array().unwrap();
    assert_eq!(valid.len(), 8);
    for vector in valid {
        let signature = text(vector, "expected_signature");
        assert!(verifies(vector, text(vector, "url"), signature), "{}", vector["id"]);
        if let Some(seen) = vector.get("also_accept_when_url_seen_is").and_then(Value::as_str) {
            assert!(verifies(vector, seen, signature), "{} seen as {seen}", vector["id"]);
        }
        let fragment = format!("{}#rc=3", text(vector, "url"));
        assert!(verifies(vector, &fragment, signature), "{} with a fragment", vector["id"]);
    }
    let invalid = vectors["invalid"].as_array().unwrap();
    assert_eq!(invalid.len(), 6);
    for vector in invalid {
        assert!(!verifies(vector, text(vector, "url"), text(vector, "signature")), "{}", vector["id"]);
    }
}

#[test]
fn one_changed_sign_is_refused() {
    let vectors = fixture(include_str!("../../tests/fixtures/signatures.json"));
    for vector in vectors["valid"].as_array().unwrap() {
        let (url, signature) = (text(vector, "url"), text(vector, "expected_signature"));
        for place in 0..url.len() {
            let mut changed = url.as_bytes().to_vec();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(!verifies(vector, &changed, signature), "{} with another sign at {place}", vector["id"]);
        }
        for wrong in ["", " ", &signature[1..], &format!("{signature} "), &signature.to_lowercase()] {
            assert!(!verifies(vector, url, wrong), "{} with {wrong}", vector["id"]);
        }
    }
}

fn form(vector: &Value) -> Vec<(String, String)> {
    let field = |field: &Value| field.as_str().unwrap().to_owned();
    let pairs = vector.get("form").and_then(Value::as_array).into_iter().flatten();
    pairs.map(|pair| (field(&pair[0]), field(&pair[1]))).collect()
}

#[test]
fn signatures_of_random_forms() {
    let official = fixture(include_str!("../../tests/fixtures/official.json"));
    let signatures = official["signatures"].as_array().unwrap();
    assert_eq!(signatures.len(), 200);
    for vector in signatures {
        assert_eq!(key(vector).sign(text(vector, "url"), &form(vector)), text(vector, "signature"));
    }
}

/// By either algorithm, forms and other bodies, and seen with the scheme's own port where Twilio signed without it, or the reverse.
#[test]
fn random_requests_are_verified() {
    let official = fixture(include_str!("../../tests/fixtures/official.json"));
    let requests = official["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 200);
    for vector in requests {
        let (url, form, signature) = (text(vector, "url"), form(vector), text(vector, "signature"));
        let body = vector.get("body").and_then(Value::as_str).map(str::as_bytes);
        let verifies = |key: SigningKey, other_body| key.verifies(&Signed { url, form: &form, other_body, signature });
        assert!(verifies(key(vector), body), "{vector}");
        let other = match key(vector) {
            SigningKey::AuthToken(key) => SigningKey::SharedKey(key),
            SigningKey::SharedKey(key) => SigningKey::AuthToken(key),
        };
        assert!(!verifies(other, body), "{vector} by the other algorithm");
        if let Some(body) = body {
            assert!(!verifies(key(vector), Some(&body[1..])), "{vector} with another body");
        }
    }
}

/// Header and claims as values, since libraries order and escape them differently; the signature over our own text.
fn assert_same_token(ours: &str, theirs: &str, secret: &str) {
    let decode = |token: &str| -> Vec<Value> {
        let parts = token.split('.').take(2).map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        parts.map(|part| serde_json::from_slice(&part).unwrap()).collect()
    };
    let mut theirs = decode(theirs);
    // The library for Node also says when it made the token, which Twilio recommends and does not ask for.
    theirs[1].as_object_mut().unwrap().remove("iat");
    assert_eq!(decode(ours), theirs);
    let (signed, signature) = ours.rsplit_once('.').unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(signed).finalize();
    assert_eq!(signature, URL_SAFE_NO_PAD.encode(mac.into_bytes()));
}

fn token(inputs: &Value, expires: u64, params: BTreeMap<String, String>) -> String {
    let key = ApiKey { sid: text(inputs, "api_key_sid").to_owned(), secret: text(inputs, "api_key_secret").into() };
    let application = inputs["outgoing_application_sid"].as_str();
    let grant = Grant {
        account_sid: text(inputs, "account_sid"),
        region: inputs["region"].as_str(),
        identity: text(inputs, "identity"),
        not_before: inputs["now_unix"].as_u64().unwrap(),
        expires,
        incoming: inputs["incoming_allow"].as_bool().unwrap(),
        outgoing: application.map(|application| (application, params)),
    };
    mint(&key, &grant).unwrap()
}

#[test]
fn the_token_of_the_vectors() {
    let vector = fixture(include_str!("../../tests/fixtures/access_token.json"));
    let inputs = &vector["inputs"];
    let params = BTreeMap::from([("crm".to_owned(), "hubspot".to_owned())]);
    let ours = token(inputs, inputs["exp"].as_u64().unwrap(), params);
    assert_same_token(&ours, text(&vector, "expected_jwt"), text(inputs, "api_key_secret"));
}

#[test]
fn tokens_of_random_inputs() {
    let official = fixture(include_str!("../../tests/fixtures/official.json"));
    let tokens = official["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 50);
    for vector in tokens {
        let inputs = &vector["inputs"];
        let expires = inputs["now_unix"].as_u64().unwrap() + inputs["ttl"].as_u64().unwrap();
        let ours = token(inputs, expires, BTreeMap::new());
        for theirs in ["jwt", "node_jwt"] {
            assert_same_token(&ours, text(vector, theirs), text(inputs, "api_key_secret"));
        }
    }
}
