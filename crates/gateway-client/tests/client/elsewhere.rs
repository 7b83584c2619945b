//! Signing in on the provider's page, and asking how one signs in, in virtual time.

use crate::support::{Rig, Wanted, password, signed_out, tokens, value, welcome};
use cordboard::telephony::{Credentials, ErrorKind, SignInMethod};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// Of thirty-two bytes that are 7.
const VERIFIER: &str = "0707070707070707070707070707070707070707070707070707070707070707";
/// Its SHA-256.
const CHALLENGE: &str = "1967c0fdaed0b8f2618d3b1f4a9f8541ed315505acc26f5a41f382da8bdd9954";

/// Somebody for whom a window was opened: the number of the sign-in, and of what the window says.
fn window(rig: &mut Rig) -> (u32, u32) {
    let id = rig.client.sign_in_elsewhere(rig.now, Some([7; 32]));
    let wanted = rig.take();
    let [Wanted::Show(post, path)] = wanted.as_slice() else { panic!("not a window but {wanted:?}") };
    assert_eq!(*path, format!("/auth/oidc/start?challenge={CHALLENGE}"));
    (id, *post)
}

fn how(rig: &mut Rig) -> (u32, u32) {
    let id = rig.client.sign_in(rig.now, Credentials::None, None);
    let wanted = rig.take();
    let [Wanted::Get(post, "/api/sign-in")] = wanted.as_slice() else { panic!("not a question but {wanted:?}") };
    (id, *post)
}

#[test]
fn a_window_gives_a_code_which_gives_tokens() {
    let mut rig = Rig::new();
    let (id, post) = window(&mut rig);
    rig.pass(Duration::from_secs(599));
    assert_eq!(rig.take(), [], "people take their time");
    rig.respond(post, 200, &json!({ "code": "c0de" }));
    let posts = rig.posts();
    let [(post, "/api/session/oidc", body)] = posts.as_slice() else { panic!("{posts:?}") };
    assert_eq!(*body, json!({ "code": "c0de", "verifier": VERIFIER }));
    rig.respond(*post, 200, &tokens(1));
    assert_eq!(rig.take(), [Wanted::Remember(Some("refresh-1".to_owned())), Wanted::Connect]);
    rig.open(&welcome("s", 0, false));
    let agent = json!({ "id": "alex", "name": "Alex Demo" });
    assert!(rig.take().contains(&Wanted::Reply(id, Ok(agent))));
}

#[test]
fn a_window_that_says_no_is_told() {
    for (answer, kind) in [
        (Some(json!({ "error": { "kind": "not_allowed" } })), ErrorKind::NotAllowed),
        (Some(json!({ "error": { "kind": "provider" } })), ErrorKind::Provider),
        (Some(json!({ "error": "x" })), ErrorKind::Provider),
        (Some(json!({ "code": 1 })), ErrorKind::NotSignedIn),
        // Tokens are the gateway's to give, and not a window's.
        (Some(tokens(1)), ErrorKind::NotSignedIn),
        (Some(json!(null)), ErrorKind::NotSignedIn),
        // Closed, or blocked.
        (None, ErrorKind::NotSignedIn),
    ] {
        let mut rig = Rig::new();
        let (id, post) = window(&mut rig);
        rig.client.handle_response(rig.now, post, answer.as_ref().map(|answer: &Json| (200, value(answer))));
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(kind))], "{answer:?}");
        assert_eq!(rig.client.poll_timeout(), None, "nothing goes on");
        // And it can be tried again.
        window(&mut rig);
    }
}

#[test]
fn a_code_that_the_gateway_does_not_take_is_told() {
    for (response, kind) in
        [(Some((401, json!({ "error": { "kind": "provider" } }))), ErrorKind::Provider), (None, ErrorKind::Unreachable)]
    {
        let mut rig = Rig::new();
        let (id, post) = window(&mut rig);
        rig.respond(post, 200, &json!({ "code": "c0de" }));
        let post = rig.expect_post("/api/session/oidc");
        rig.client.handle_response(
            rig.now,
            post,
            response.map(|(status, answer): (u16, Json)| (status, value(&answer))),
        );
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(kind))]);
    }
}

#[test]
fn nobody_waits_for_a_window_for_ever() {
    let mut rig = Rig::new();
    let (id, post) = window(&mut rig);
    rig.pass(Duration::from_secs(600));
    assert!(rig.take().contains(&Wanted::Reply(id, Err(ErrorKind::Unreachable))));
    rig.respond(post, 200, &json!({ "code": "c0de" }));
    assert_eq!(rig.take(), []);
}

#[test]
fn a_second_window_takes_the_place_of_the_first() {
    let mut rig = Rig::new();
    let (first, post) = window(&mut rig);
    let second = rig.client.sign_in(rig.now, password(), None);
    assert!(rig.take().contains(&Wanted::Reply(first, Err(ErrorKind::NotSignedIn))));
    rig.respond(post, 200, &json!({ "code": "c0de" }));
    assert_eq!(rig.take(), [], "nobody waits for it");
    assert_ne!(first, second);
}

#[test]
fn without_anything_that_nobody_can_guess_there_is_no_window() {
    let mut rig = Rig::new();
    let id = rig.client.sign_in_elsewhere(rig.now, None);
    assert_eq!(rig.take(), [Wanted::Reply(id, Err(ErrorKind::NotSignedIn))]);
}

#[test]
fn the_gateway_says_how_one_signs_in() {
    for (methods, expected) in [
        (json!(["password"]), SignInMethod::Password),
        (json!(["oidc"]), SignInMethod::Redirect),
        (json!(["oidc", "password", "new"]), SignInMethod::PasswordOrRedirect),
        (json!(["new"]), SignInMethod::None),
        (json!("password"), SignInMethod::None),
    ] {
        let mut rig = Rig::asking();
        let (id, post) = how(&mut rig);
        rig.respond(post, 200, &json!({ "methods": methods }));
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(ErrorKind::NotSignedIn))]);
        assert_eq!(rig.client.capabilities().sign_in(), expected, "{methods}");
    }
}

#[test]
fn what_it_said_lasts_and_is_asked_anew() {
    let mut rig = Rig::asking();
    let (_, post) = how(&mut rig);
    rig.respond(post, 200, &json!({ "methods": ["password"] }));
    rig.take();
    rig.sign_in();
    assert_eq!(rig.client.capabilities().sign_in(), SignInMethod::Password);
    rig.hear(&json!({ "type": "signed_out", "reason": "expired" }));
    assert!(rig.take().contains(&signed_out(cordboard::telephony::SignedOutReason::Expired)));
    let (_, post) = how(&mut rig);
    rig.respond(post, 200, &json!({ "methods": ["oidc"] }));
    assert_eq!(rig.client.capabilities().sign_in(), SignInMethod::Redirect);
}

#[test]
fn a_gateway_that_is_away_is_told_and_asked_anew() {
    let mut rig = Rig::asking();
    let (id, post) = how(&mut rig);
    rig.client.handle_response(rig.now, post, None);
    assert_eq!(rig.take(), [Wanted::Reply(id, Err(ErrorKind::Unreachable))]);
    assert_eq!(rig.client.capabilities().sign_in(), SignInMethod::None);
    how(&mut rig);
}

#[test]
fn a_session_that_is_over_asks_how_to_begin_another() {
    let mut rig = Rig::asking();
    let id = rig.client.sign_in(rig.now, Credentials::None, Some("kept".to_owned()));
    let post = rig.expect_post("/api/session/refresh");
    rig.respond(post, 401, &json!({ "error": { "kind": "not_signed_in" } }));
    let wanted = rig.take();
    let Some(Wanted::Get(post, _)) = wanted.iter().find(|wanted| matches!(wanted, Wanted::Get(..))) else {
        panic!("{wanted:?}");
    };
    assert!(wanted.contains(&Wanted::Remember(None)));
    rig.respond(*post, 200, &json!({ "methods": ["oidc"] }));
    assert!(rig.take().contains(&Wanted::Reply(id, Err(ErrorKind::NotSignedIn))));
}
