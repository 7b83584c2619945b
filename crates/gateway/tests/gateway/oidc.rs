//! Signing in by an identity provider, and everything that must not sign anybody in.

use crate::support::provider::{Fault, Provider, Signs, another};
use crate::support::window::{
    AGENTS, VERIFIER, challenge, comes_back, gateway, gateway_in, metric, redeem, show, start, visit,
};
use crate::support::{ORIGIN, Server};
use cordboard::platform::Clock as _;
use cordboard_gateway::{MockBackend, MockDirectory, SystemClock};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn who_is_vouched_for_has_a_session_like_any_other() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let code = visit(&server, &provider).await.code();
    let (status, session) = redeem(&server, &code, VERIFIER).await;
    assert_eq!(status, 200, "{session}");
    assert_eq!(session["agent"], json!({ "id": "alex", "name": "Alex" }));
    let mut agent = server.open().await;
    let welcome = agent.hello(&session, None).await;
    assert_eq!(welcome["agent"]["id"], "alex");
    let refreshed = server.post("/api/session/refresh", json!({ "refresh_token": session["refresh_token"] })).await;
    assert_eq!(refreshed.0, 200);
    assert!(metric(&server, "ok").await);
    server.stop().await;
}

#[tokio::test]
async fn the_gateway_says_how_one_signs_in() {
    let provider = Provider::start().await;
    let methods = async |server: &Server| {
        let answer = server.http.get(server.url("/api/sign-in")).send().await.unwrap();
        answer.json::<Json>().await.unwrap()["methods"].clone()
    };
    let server = gateway(&provider, AGENTS, "").await;
    assert_eq!(methods(&server).await, json!(["oidc"]));
    server.stop().await;
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let both = |builder: cordboard_gateway::Builder| builder.directory(MockDirectory).backend(|_| mock);
    let server = Server::start(folder, &provider.config(""), both).await;
    assert_eq!(methods(&server).await, json!(["password", "oidc"]));
    server.stop().await;
    let (server, _mock) = crate::support::start("").await;
    assert_eq!(methods(&server).await, json!(["password"]));
    for path in ["/auth/oidc/start", "/auth/oidc/callback?state=1"] {
        assert!(show(&server, path).await.is_mute());
    }
    assert_eq!(redeem(&server, "1", "2").await.0, 501);
    server.stop().await;
}

#[tokio::test]
async fn a_flood_takes_nobodys_place() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let back = comes_back(&server, &provider, VERIFIER).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = server.url(&format!("/auth/oidc/start?challenge={}&origin={ORIGIN}", challenge("nobody's")));
    // A slow machine sends no flood, so there are many until one is refused.
    let mut sent = 0;
    loop {
        match client.get(&url).send().await.unwrap().status().as_u16() {
            303 => sent += 1,
            429 => break,
            status => panic!("{status}"),
        }
        assert!(sent < 3_000, "nobody is refused");
    }
    assert!(metric(&server, "throttled").await);
    let code = show(&server, &back).await.code();
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_without_its_verifier_or_twice_or_late() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    // Stolen, and by that of no use for its owner either.
    let code = visit(&server, &provider).await.code();
    let (status, answer) = redeem(&server, &code, "another").await;
    assert_eq!((status, &answer["error"]["kind"]), (401, &json!("provider")));
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 401);
    // Replayed.
    let code = visit(&server, &provider).await.code();
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 200);
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 401);
    // Late.
    let code = visit(&server, &provider).await.code();
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 401);
    for (code, verifier) in [("", ""), ("0", VERIFIER), (&*challenge("x"), VERIFIER)] {
        assert_eq!(redeem(&server, code, verifier).await.0, 401);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_state_is_known_once_and_not_for_long() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let back = comes_back(&server, &provider, VERIFIER).await;
    let (path, state) = back.split_once("&state=").unwrap();
    for other in ["", "0", &challenge("x"), &state[1..]] {
        let page = show(&server, &format!("{path}&state={other}")).await;
        assert!(page.status == 403 && page.is_mute(), "{page:?}");
    }
    assert_eq!(provider.says().asked.iter().filter(|path| *path == "/token").count(), 0);
    show(&server, &back).await.code();
    let page = show(&server, &back).await;
    assert!(page.status == 403 && page.is_mute() && page.body.contains("used already"), "{page:?}");
    let back = comes_back(&server, &provider, VERIFIER).await;
    server.clock.advance(Duration::from_secs(600));
    assert!(show(&server, &back).await.is_mute());
    assert!(metric(&server, "refused").await);
    server.stop().await;
}

#[tokio::test]
async fn only_a_widget_of_an_allowed_origin_can_be_told() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let good = challenge(VERIFIER);
    for origin in [
        "https://evil.example",
        "http://widget.example.com",
        "https://widget.example.com.",
        "https://widget.example.com:444",
        "https://WIDGET.example.com",
        "https://widget.example.com/",
        "https://widget.example.com.evil.example",
        "https://widget.example.com%40evil.example",
        "null",
        "*",
        "",
    ] {
        let page = show(&server, &format!("/auth/oidc/start?challenge={good}&origin={origin}")).await;
        assert!(page.status == 403 && page.is_mute(), "{origin}: {page:?}");
    }
    for challenge in ["", "0", &good[1..], &format!("{good}0"), &good.to_uppercase(), &"g".repeat(64)] {
        let page = show(&server, &format!("/auth/oidc/start?challenge={challenge}&origin={ORIGIN}")).await;
        assert!(page.status == 403 && page.is_mute(), "{challenge}: {page:?}");
    }
    for query in ["", "?origin=x", "?challenge=x"] {
        assert_eq!(show(&server, &format!("/auth/oidc/start{query}")).await.status, 404);
    }
    // The public address is the widget's that the gateway serves.
    let own = show(&server, &format!("/auth/oidc/start?challenge={good}&origin=https://calls.example.com")).await;
    assert_eq!(own.status, 303);
    server.stop().await;
}

#[tokio::test]
async fn two_at_once_do_not_meet() {
    let provider = Provider::start().await;
    let agents = format!("{AGENTS}[[agents]]\nid = \"blake\"\nname = \"Blake\"\nidentity = \"1111\"\n");
    let server = gateway(&provider, &agents, "").await;
    let first = comes_back(&server, &provider, "first").await;
    let second = comes_back(&server, &provider, "second").await;
    provider.says().claims = json!({ "sub": "1111" });
    let second = show(&server, &second).await.code();
    provider.says().claims = json!({});
    let first = show(&server, &first).await.code();
    // Who swaps the codes has neither.
    let (status, session) = redeem(&server, &second, "second").await;
    assert_eq!((status, &session["agent"]["id"]), (200, &json!("blake")));
    assert_eq!(redeem(&server, &first, "second").await.0, 401);
    let (back, state) = (comes_back(&server, &provider, "first").await, comes_back(&server, &provider, "second").await);
    let crossed = format!("{}&state={}", back.split_once("&state=").unwrap().0, state.split_once("&state=").unwrap().1);
    // A code of another attempt's: the provider's PKCE would refuse it, and so does the nonce.
    let page = show(&server, &crossed).await;
    assert!(page.status >= 500 || page.status == 403, "{page:?}");
    assert!(page.data("message").is_none_or(|message| !message.contains("code")));
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_refused() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let now = SystemClock.now().as_millis() / 1_000;
    for claims in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another" }),
        json!({ "aud": ["another"] }),
        json!({ "aud": null }),
        json!({ "aud": ["cordboard", "another"] }),
        json!({ "aud": ["cordboard", "another"], "azp": "another" }),
        json!({ "azp": "another" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "iss": [provider.issuer] }),
        json!({ "exp": now - 61 }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "iat": now + 120 }),
        json!({ "iat": null }),
        json!({ "nbf": now + 120 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
    ] {
        provider.says().claims = claims.clone();
        assert_eq!(visit(&server, &provider).await.error(), "provider", "{claims}");
    }
    for claims in [
        json!({}),
        json!({ "aud": ["cordboard"] }),
        json!({ "aud": ["cordboard", "another"], "azp": "cordboard" }),
        json!({ "exp": now - 30 }),
        json!({ "iat": now + 30 }),
    ] {
        provider.says().claims = claims.clone();
        visit(&server, &provider).await.code();
    }
    assert!(metric(&server, "failed").await);
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    for signs in [Signs::NotAtAll, Signs::ByHmac, another()] {
        provider.says().signs = signs;
        assert_eq!(visit(&server, &provider).await.error(), "provider");
    }
    provider.says().signs = Signs::Well;
    visit(&server, &provider).await.code();
    server.stop().await;
}

#[tokio::test]
async fn new_keys_are_found_and_not_asked_for_without_end() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let asked = || provider.says().asked.iter().filter(|path| *path == "/keys").count();
    visit(&server, &provider).await.code();
    visit(&server, &provider).await.code();
    assert_eq!(asked(), 1);
    provider.rotate();
    assert_eq!(visit(&server, &provider).await.error(), "provider", "they were read a moment ago");
    assert_eq!(asked(), 1);
    server.clock.advance(Duration::from_secs(10));
    visit(&server, &provider).await.code();
    visit(&server, &provider).await.code();
    assert_eq!(asked(), 2);
    server.stop().await;
}

#[tokio::test]
async fn a_provider_that_fails_is_told_and_left_alone_for_a_moment() {
    let provider = Provider::start().await;
    // The gateway's clock goes on, and the provider's does not.
    provider.says().claims = json!({ "exp": u64::from(u32::MAX) });
    for fault in [Fault::Status(500), Fault::Status(404), Fault::Redirect, Fault::Huge, Fault::Garbage] {
        let server = gateway(&provider, AGENTS, "").await;
        provider.says().asked.clear();
        provider.says().faults = BTreeMap::from([("/.well-known/openid-configuration", fault.clone())]);
        for _ in 0..3 {
            let page = start(&server, VERIFIER).await;
            assert_eq!((page.status, page.error().as_str()), (502, "provider"));
        }
        assert_eq!(provider.says().asked.len(), 1, "it is not asked again at once, and no redirect is followed");
        provider.says().faults.clear();
        server.clock.advance(Duration::from_secs(10));
        visit(&server, &provider).await.code();
        for path in ["/token", "/keys"] {
            server.clock.advance(Duration::from_secs(3_600));
            provider.says().faults = BTreeMap::from([(path, fault.clone())]);
            assert_eq!(visit(&server, &provider).await.error(), "provider", "{path}");
        }
        provider.says().faults.clear();
        visit(&server, &provider).await.code();
        server.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_told() {
    let mut provider = Provider::start().await;
    // Nobody listens there.
    provider.issuer = "http://127.0.0.1:1".to_owned();
    let server = gateway(&provider, AGENTS, "").await;
    let page = start(&server, VERIFIER).await;
    assert_eq!((page.status, page.error().as_str()), (502, "provider"));
    assert!(page.body.contains("can't be reached"), "{page:?}");
    assert!(metric(&server, "failed").await);
    server.stop().await;
}

#[tokio::test]
async fn a_discovery_document_of_somebody_else_is_refused() {
    let provider = Provider::start().await;
    for document in [
        json!({ "issuer": "https://evil.example" }),
        json!({ "issuer": format!("{}/", provider.issuer) }),
        json!({ "token_endpoint": "http://evil.example/token" }),
        json!({ "jwks_uri": "http://192.0.2.1/keys" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "userinfo_endpoint": "file:///etc/passwd" }),
        json!({ "jwks_uri": null }),
    ] {
        let server = gateway(&provider, AGENTS, "").await;
        provider.says().discovery = document.clone();
        assert_eq!(start(&server, VERIFIER).await.error(), "provider", "{document}");
        server.stop().await;
    }
}

#[tokio::test]
async fn who_is_refused_at_the_provider_is_told() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    for (answer, kind) in [
        ("error=access_denied", "not_allowed"),
        ("error=server_error", "provider"),
        ("code=1&error=server_error", "provider"),
        ("x=1", "provider"),
        ("code=1&iss=https://evil.example", "provider"),
    ] {
        let back = comes_back(&server, &provider, VERIFIER).await;
        let state = back.split_once("&state=").unwrap().1;
        let page = show(&server, &format!("/auth/oidc/callback?{answer}&state={state}")).await;
        assert_eq!(page.error(), kind, "{answer}");
    }
    server.stop().await;

    provider.says().discovery = json!({ "authorization_response_iss_parameter_supported": true });
    let server = gateway(&provider, AGENTS, "").await;
    assert_eq!(visit(&server, &provider).await.error(), "provider", "it must say who it is");
    let back = comes_back(&server, &provider, VERIFIER).await;
    show(&server, &format!("{back}&iss={}", provider.issuer)).await.code();
    server.stop().await;
}

#[tokio::test]
async fn who_is_no_agent_is_not_one_by_being_vouched_for() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    for sub in ["2483", "alex", "Alex"] {
        provider.says().claims = json!({ "sub": sub });
        let page = visit(&server, &provider).await;
        assert_eq!((page.status, page.error().as_str()), (403, "not_allowed"), "{sub}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_address_of_e_mail_counts_if_it_is_verified() {
    let provider = Provider::start().await;
    let agents = AGENTS.replace("2482", "alex@example.com");
    let server = gateway(&provider, &agents, "claim = \"email\"\n").await;
    visit(&server, &provider).await.code();
    provider.says().userinfo = json!({ "sub": "2482", "email": "mallory@example.com", "email_verified": true });
    for claims in [
        json!({ "email_verified": false }),
        json!({ "email_verified": "yes" }),
        // Two sources don't add up to one.
        json!({ "email_verified": null }),
        json!({ "email": 1 }),
        json!({ "email": "" }),
        json!({ "email": "mallory@example.com" }),
    ] {
        provider.says().claims = claims.clone();
        assert_eq!(visit(&server, &provider).await.error(), "not_allowed", "{claims}");
    }
    provider.says().claims = json!({ "email": null, "email_verified": null });
    let mut userinfo = json!({ "sub": "2482", "email": "alex@example.com", "email_verified": true });
    provider.says().userinfo = userinfo.clone();
    visit(&server, &provider).await.code();
    userinfo["sub"] = json!("another");
    provider.says().userinfo = userinfo;
    assert_eq!(visit(&server, &provider).await.error(), "not_allowed", "it is about somebody else");
    for fault in [Fault::Status(500), Fault::Redirect, Fault::Huge, Fault::Garbage] {
        provider.says().faults = BTreeMap::from([("/userinfo", fault)]);
        assert_eq!(visit(&server, &provider).await.error(), "not_allowed");
    }
    provider.says().discovery = json!({ "userinfo_endpoint": null });
    provider.says().claims["exp"] = json!(u32::MAX);
    server.clock.advance(Duration::from_secs(3_600));
    assert_eq!(visit(&server, &provider).await.error(), "not_allowed");
    server.stop().await;
}

#[tokio::test]
async fn everybody_may_be_an_agent_who_has_what_is_required() {
    let provider = Provider::start().await;
    let more = "everyone = true\nrequire_claim = \"groups\"\nrequire_value = \"phone\"\n";
    let server = gateway(&provider, AGENTS, more).await;
    for groups in [json!(null), json!("other"), json!(["other", "phones"]), json!({ "phone": 1 })] {
        provider.says().claims = json!({ "sub": "new", "groups": groups });
        assert_eq!(visit(&server, &provider).await.error(), "not_allowed", "{groups}");
    }
    let who = async |claims: Json| {
        provider.says().claims = claims;
        let code = visit(&server, &provider).await.code();
        let (status, session) = redeem(&server, &code, VERIFIER).await;
        assert_eq!(status, 200);
        session
    };
    let named = who(json!({ "groups": ["other", "phone"] })).await;
    assert_eq!(named["agent"], json!({ "id": "alex", "name": "Alex" }), "whom the file names is who it says");
    let new = who(json!({ "sub": "new", "groups": "phone", "name": " New\u{7} One " })).await;
    assert_eq!(new["agent"], json!({ "id": "new", "name": "New One" }));
    let odd = who(json!({ "sub": "auth0|1 ü", "groups": "phone", "name": null })).await;
    let id = odd["agent"]["id"].as_str().unwrap();
    assert!(id.starts_with("oidc.") && id.len() == 37, "{id}");
    assert_eq!(odd["agent"]["name"], "auth0|1 ü");
    let false_one = who(json!({ "sub": id, "groups": "phone" })).await;
    assert_ne!(false_one["agent"]["id"], id, "nobody takes such an id by having it as a value");
    // Nobody becomes one of the file's agents by having their id as a value.
    provider.says().claims = json!({ "sub": "alex", "groups": "phone" });
    assert_eq!(visit(&server, &provider).await.error(), "not_allowed");

    // They are known after a restart, by their names, for as long as everybody is an agent.
    let refresh = json!({ "refresh_token": new["refresh_token"] });
    let folder = server.stop().await;
    let server = gateway_in(Arc::clone(&folder), &provider, AGENTS, more).await;
    let (status, again) = server.post("/api/session/refresh", refresh).await;
    assert_eq!((status.as_u16(), &again["agent"]), (200, &new["agent"]));
    server.stop().await;
    let server = gateway_in(folder, &provider, AGENTS, "").await;
    let refresh = json!({ "refresh_token": again["refresh_token"] });
    assert_eq!(server.post("/api/session/refresh", refresh).await.0, 401);
    server.stop().await;
}

#[tokio::test]
async fn the_provider_is_asked_again_in_the_end() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "session = \"1h\"\n").await;
    let code = visit(&server, &provider).await.code();
    let (_, mut session) = redeem(&server, &code, VERIFIER).await;
    assert_eq!(session["expires_in"], 900);
    let refresh = async |session: &Json| {
        server.post("/api/session/refresh", json!({ "refresh_token": session["refresh_token"] })).await
    };
    for minutes in [20, 20, 15] {
        server.clock.advance(Duration::from_secs(minutes * 60));
        let (status, next) = refresh(&session).await;
        assert_eq!(status, 200);
        session = next;
    }
    assert!(session["expires_in"].as_u64().unwrap() <= 300, "no token outlives the session: {session}");
    server.clock.advance(Duration::from_secs(300));
    assert_eq!(refresh(&session).await.0, 401);
    server.stop().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_is_told() {
    let provider = Provider::start().await;
    let server = gateway(&provider, AGENTS, "").await;
    let back = comes_back(&server, &provider, VERIFIER).await;
    let code = visit(&server, &provider).await.code();
    let folder = server.stop().await;
    let server = gateway_in(folder, &provider, AGENTS, "").await;
    let page = show(&server, &back).await;
    assert!(page.is_mute() && page.body.contains("sign in again"), "{page:?}");
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 401);
    let code = visit(&server, &provider).await.code();
    assert_eq!(redeem(&server, &code, VERIFIER).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn the_gateway_proves_who_it_is_as_the_provider_wants() {
    let provider = Provider::start().await;
    for (methods, expected) in [
        (json!(null), "Basic Y29yZGJvYXJkOmElM0FiK2M="),
        (json!(["client_secret_post", "client_secret_basic"]), "Basic Y29yZGJvYXJkOmElM0FiK2M="),
        (json!(["client_secret_post"]), "post a:b c"),
    ] {
        let server = gateway(&provider, AGENTS, "client_secret = \"a:b c\"\n").await;
        provider.says().discovery = json!({ "token_endpoint_auth_methods_supported": methods });
        visit(&server, &provider).await.code();
        assert_eq!(provider.says().authorization.as_deref(), Some(expected));
        server.stop().await;
    }
    let server = gateway(&provider, AGENTS, "").await;
    visit(&server, &provider).await.code();
    assert_eq!(provider.says().authorization, None);
    server.stop().await;
}
