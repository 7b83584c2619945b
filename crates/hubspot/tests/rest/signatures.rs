//! HubSpot's requests are told from others.

use ::http::{HeaderMap, HeaderName, Method};
use cordboard::Timestamp;
use cordboard_hubspot::{NotSigned, SignatureVersion, SignedRequest, Verifier};
use serde_json::Value;

fn vectors(kind: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../fixtures/signatures.json")).unwrap();
    all[kind].as_array().unwrap().clone()
}

fn text<'v>(vector: &'v Value, field: &str) -> &'v str {
    vector.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A request of the vectors, which a test may change.
struct Case {
    verifier: Verifier,
    method: Method,
    url: String,
    body: Vec<u8>,
    headers: HeaderMap,
    now: Timestamp,
}

impl Case {
    fn new(vector: &Value) -> Self {
        let version = match text(vector, "version") {
            "v3" => SignatureVersion::V3,
            "v2" => SignatureVersion::V2,
            _ => SignatureVersion::V1,
        };
        let signature = [text(vector, "expected_signature"), text(vector, "signature")].concat();
        let mut headers = HeaderMap::new();
        if version == SignatureVersion::V3 {
            headers.insert("x-hubspot-signature-v3", signature.parse().unwrap());
            headers.insert("x-hubspot-request-timestamp", vector["timestamp_ms"].to_string().parse().unwrap());
        } else {
            headers.insert("x-hubspot-signature", signature.parse().unwrap());
            headers.insert("x-hubspot-signature-version", text(vector, "version").parse().unwrap());
        }
        Self {
            verifier: Verifier::new(text(vector, "client_secret").into(), version).unwrap(),
            method: text(vector, "method").parse().unwrap(),
            url: text(vector, "url").to_owned(),
            body: text(vector, "body").as_bytes().to_vec(),
            headers,
            now: Timestamp::from_millis(vector["now_ms"].as_u64().unwrap_or_default()),
        }
    }

    fn verify(&self) -> Result<(), NotSigned> {
        let Self { verifier, method, url, body, headers, now } = self;
        verifier.verify(*now, &SignedRequest { method, url, headers, body })
    }
}

fn v3() -> Vec<Value> {
    let all = vectors("valid").into_iter().chain(vectors("invalid"));
    all.filter(|vector| text(vector, "version") == "v3" && vector.get("expected_signature").is_some()).collect()
}

#[test]
fn the_vectors_pass_and_fail() {
    let (valid, invalid) = (vectors("valid"), vectors("invalid"));
    assert_eq!((valid.len(), invalid.len()), (7, 5));
    for vector in valid {
        assert_eq!(Case::new(&vector).verify(), Ok(()), "{}", vector["id"]);
    }
    for vector in invalid {
        let late = text(&vector, "id").ends_with("old") || text(&vector, "id").ends_with("future");
        let expected = if late { NotSigned::NotNow } else { NotSigned::Wrong };
        assert_eq!(Case::new(&vector).verify(), Err(expected), "{}", vector["id"]);
    }
}

#[test]
fn the_window_is_five_minutes_both_ways() {
    let mut case = Case::new(&v3()[0]);
    let signed = 1_700_000_000_000_u64;
    for (now, expected) in [
        (signed + 300_000, Ok(())),
        (signed + 300_001, Err(NotSigned::NotNow)),
        (signed - 300_000, Ok(())),
        (signed - 300_001, Err(NotSigned::NotNow)),
        (0, Err(NotSigned::NotNow)),
        (u64::MAX, Err(NotSigned::NotNow)),
    ] {
        case.now = Timestamp::from_millis(now);
        assert_eq!(case.verify(), expected, "{now}");
    }
}

#[test]
fn an_address_may_come_decoded_but_not_changed() {
    let vector = v3().into_iter().find(|vector| text(vector, "id").contains("encoded")).unwrap();
    let encoded = text(&vector, "url").to_owned();
    let mut case = Case::new(&vector);
    // What HubSpot decodes before it signs is the same either way.
    for same in
        [encoded.replace("%2F", "/"), encoded.replace("%3A", ":").replace("%2C", ","), encoded.replace("%2F", "%2f")]
    {
        case.url = same;
        assert_eq!(case.verify(), Ok(()), "{}", case.url);
    }
    // What it does not decode is not.
    for other in [
        encoded.replace("%20", " "),
        encoded.replace("%20", "+"),
        encoded.replace("%26", "&"),
        encoded.replace("%2B", "+"),
        encoded.replace("%2F", "%252F"),
        encoded.replace("https", "http"),
        encoded.replace("hooks.example.com", "hooks.example.com:443"),
        encoded.replace('?', "%3F&"),
        format!("{encoded}&"),
        format!("{encoded}#x"),
    ] {
        case.url = other;
        assert_eq!(case.verify(), Err(NotSigned::Wrong), "{}", case.url);
    }
}

#[test]
fn one_changed_sign_is_refused() {
    for vector in vectors("valid") {
        let case = || Case::new(&vector);
        let id = &vector["id"];
        for place in 0..case().body.len() {
            let mut changed = case();
            changed.body[place] ^= 1;
            assert_eq!(changed.verify(), Err(NotSigned::Wrong), "{id}: body at {place}");
        }
        if text(&vector, "version") == "v1" {
            continue;
        }
        for place in 0..case().url.len() {
            let mut changed = case();
            let mut url = changed.url.into_bytes();
            url[place] ^= 1;
            changed.url = String::from_utf8(url).unwrap();
            assert_eq!(changed.verify(), Err(NotSigned::Wrong), "{id}: address at {place}");
        }
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
            let mut swapped = case();
            let same = swapped.method == method;
            swapped.method = method;
            assert_eq!(swapped.verify().is_ok(), same, "{id}: {}", swapped.method);
        }
    }
}

#[test]
fn a_signature_can_not_be_taken_for_another() {
    let vector = &v3()[0];
    // What is signed is one text: where a part ends is not.
    let mut case = Case::new(vector);
    case.url = format!("{}{}", text(vector, "url"), text(vector, "body"));
    case.body = Vec::new();
    assert_eq!(case.verify(), Ok(()), "it is known of the scheme");
    // Another time than the signed one.
    let mut case = Case::new(vector);
    case.headers.insert("x-hubspot-request-timestamp", "1700000000001".parse().unwrap());
    assert_eq!(case.verify(), Err(NotSigned::Wrong));
    // Old signatures do not open what is checked with the new one, nor the other way round.
    for old in vectors("valid").iter().filter(|vector| text(vector, "version") != "v3") {
        let case = Case::new(old);
        let new = Verifier::new(text(old, "client_secret").into(), SignatureVersion::V3).unwrap();
        assert_eq!(Case { verifier: new, ..case }.verify(), Err(NotSigned::NoSignature));
    }
    let (v1, v2) = (Case::new(&vectors("valid")[0]), Case::new(&vectors("valid")[1]));
    let swapped = Case { verifier: v2.verifier, ..Case::new(&vectors("valid")[0]) };
    assert_eq!(swapped.verify(), Err(NotSigned::NoSignature));
    let swapped = Case { verifier: v1.verifier, ..Case::new(&vectors("valid")[1]) };
    assert_eq!(swapped.verify(), Err(NotSigned::NoSignature));
}

#[test]
fn headers_must_be_there_once_and_right() {
    for header in ["x-hubspot-signature-v3", "x-hubspot-request-timestamp"] {
        let name: HeaderName = header.parse().unwrap();
        let mut case = Case::new(&v3()[0]);
        let value = case.headers.remove(&name).unwrap();
        assert_eq!(case.verify(), Err(NotSigned::NoSignature), "no {header}");
        case.headers.append(&name, value.clone());
        case.headers.append(&name, value);
        assert_eq!(case.verify(), Err(NotSigned::NoSignature), "two of {header}");
        for wrong in ["", " ", "x", "\u{e9}", "-1", "1700000000000.5", "99999999999999999999999"] {
            case.headers.insert(&name, ::http::HeaderValue::from_bytes(wrong.as_bytes()).unwrap());
            assert!(case.verify().is_err(), "{header}: {wrong}");
        }
    }
    let mut case = Case::new(&v3()[0]);
    let lower = text(&v3()[0], "expected_signature").to_lowercase();
    case.headers.insert("x-hubspot-signature-v3", lower.parse().unwrap());
    assert_eq!(case.verify(), Err(NotSigned::Wrong));
}

#[test]
fn an_empty_secret_checks_nothing_and_none_is_shown() {
    assert!(Verifier::new("".into(), SignatureVersion::V3).is_none());
    let verifier = Verifier::new("not-a-secret".into(), SignatureVersion::V3).unwrap();
    assert!(!format!("{verifier:?}").contains("not-a-secret"));
}
