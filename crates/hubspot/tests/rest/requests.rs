//! Requests are as HubSpot specifies them, and always the same.

use crate::catalogue::{credentials, requests};
use crate::spec::{Spec, form};
use cordboard_hubspot::{ApiVersion, Consent, Pkce};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

#[test]
fn snapshots() {
    let mut shown = serde_json::Map::new();
    for made in requests(ApiVersion::March2026) {
        let kind = made.http.headers().get("content-type").map(|kind| kind.to_str().unwrap());
        let body: Value = match kind {
            Some("application/json") => serde_json::from_slice(made.http.body()).unwrap(),
            Some(_) => json!(form(made.http.body())),
            None => Value::Null,
        };
        let request = json!({
            "request": format!("{} {}", made.http.method(), made.http.uri()),
            "body": body,
            "effect": format!("{:?}, {:?}", made.effect, made.limit),
        });
        assert!(shown.insert(made.name.to_owned(), request).is_none(), "{} is there twice", made.name);
    }
    insta::assert_json_snapshot!("requests", shown);
}

#[test]
fn every_version_is_as_specified() {
    let spec = Spec::new();
    for version in ApiVersion::ALL {
        for made in requests(version) {
            spec.check_request(&made.http);
            let path = made.http.uri().path();
            let other = ["connection", "dispositions"].iter().any(|name| made.name.starts_with(name));
            let associates = path.contains("/associations/");
            assert!(other || associates || path.contains(version.as_str()), "{}: {path}", made.name);
            assert_eq!(version.to_string().parse(), Ok(version));
        }
    }
    assert!("2025-09".parse::<ApiVersion>().is_err());
}

#[test]
fn what_is_asked_is_not_shown() {
    for made in requests(ApiVersion::V3) {
        for secret in ["not-a-secret", "6175550142", "Ada", "call/1", "more"] {
            assert!(!made.shown.contains(secret), "{}", made.shown);
        }
        assert!(made.http.headers().get("authorization").is_none(), "{} has credentials", made.name);
    }
}

#[test]
fn a_user_consents_at_hubspot() {
    // RFC 7636, appendix B.
    let random = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
        240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let pkce = Pkce::new(random);
    assert_eq!(pkce.verifier.expose_secret(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let consent = Consent {
        scopes: &["oauth", "crm.objects.contacts.write"],
        optional_scopes: &["automation"],
        state: "a+b c",
        pkce: Some(&pkce),
    };
    assert_eq!(
        credentials().consent_url(&consent),
        "https://app.hubspot.com/oauth/authorize?client_id=not-a-secret-client-id\
         &redirect_uri=https%3A%2F%2Fcalls.example.com%2Foauth%2Fcallback\
         &scope=oauth%20crm.objects.contacts.write&optional_scope=automation&state=a%2Bb%20c\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let shown = format!("{consent:?} {pkce:?} {:?}", credentials());
    assert!(!shown.contains("dBjft") && !shown.contains("a+b") && !shown.contains("client-secret"), "{shown}");
}
