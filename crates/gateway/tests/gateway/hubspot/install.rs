//! Installing the app, and taking it away.

use super::portal::{Portal, TOKEN, visit};
use crate::support::{Server, start};
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use reqwest::Method;
use serde_json::Value as Json;
use std::time::Duration;

async fn gateway(portal: &Portal) -> Server {
    start(&portal.keys()).await.0
}

async fn operated(portal: &Portal) -> Server {
    start(&format!("[server]\noperator_token = \"{TOKEN}\"\n{}", portal.keys())).await.0
}

async fn operate(server: &Server, method: Method, path: &str) -> (u16, Json) {
    let response = server.http.request(method, server.url(path)).bearer_auth(TOKEN).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn from_the_link_to_the_tokens_and_back() {
    let portal = Portal::open(|_| ());
    let server = operated(&portal).await;
    let gateway = server.address.to_string();
    let installed = portal.install(&gateway).await;
    assert_eq!(installed.status, 200, "{installed:?}");
    assert!(portal.server.with(|cloud| cloud.is_installed()));
    let (status, portals) = operate(&server, Method::GET, "/operator/hubspot").await;
    assert_eq!((status, &portals["portals"][0]["portal"]), (200, &portal.config.portal.into()));

    // HubSpot can't be reached: nothing is forgotten, and it may be said again.
    let path = format!("/operator/hubspot/{}", portal.config.portal);
    for _ in 0..4 {
        portal.server.with(|cloud| cloud.inject(Fault::refuse(FaultAnswer::Status(503)).on(&Method::POST, "revoke")));
    }
    assert_eq!(operate(&server, Method::DELETE, &path).await.0, 502);
    assert!(portal.server.with(|cloud| cloud.is_installed()));
    assert_eq!(operate(&server, Method::DELETE, &path).await.0, 204);
    assert!(!portal.server.with(|cloud| cloud.is_installed()));
    let (_, portals) = operate(&server, Method::GET, "/operator/hubspot").await;
    assert_eq!(portals["portals"], Json::Array(Vec::new()));
    server.stop().await;
}

#[tokio::test]
async fn a_code_is_taken_once_and_from_who_began() {
    let portal = Portal::open(|_| ());
    let server = gateway(&portal).await;
    let gateway = server.address.to_string();
    let (back, cookie) = portal.consent(&gateway).await;
    let (theirs, other) = portal.consent(&gateway).await;
    for (path, cookie) in [
        ("/hubspot/callback?code=x&state=y".to_owned(), Some(cookie.as_str())),
        ("/hubspot/callback?code=x".to_owned(), Some(&*cookie)),
        // Somebody else's link: the code would be another account's.
        (theirs.clone(), Some(&*cookie)),
        // And now it was used.
        (theirs, Some(&*other)),
        (portal.consent(&gateway).await.0, None),
        (portal.consent(&gateway).await.0, Some("__Host-cordboard-install=")),
        (portal.consent(&gateway).await.0, Some("x__Host-cordboard-install=x; __Host-cordboard-installx=x")),
    ] {
        let page = visit(&gateway, &path, cookie).await;
        assert!(matches!(page.status, 403 | 404), "{path} {page:?}");
    }
    assert!(!portal.server.with(|cloud| cloud.is_installed()));
    let both = format!("a=b; {cookie}");
    assert_eq!(visit(&gateway, &back, Some(&both)).await.status, 200);
    assert_eq!(visit(&gateway, &back, Some(&both)).await.status, 403);

    let (late, cookie) = portal.consent(&gateway).await;
    server.clock.advance(Duration::from_secs(601));
    assert_eq!(visit(&gateway, &late, Some(&cookie)).await.status, 403);
    let (denied, cookie) = portal.consent(&gateway).await;
    let denied = denied.replace("code=", "error=access_denied&was=");
    let page = visit(&gateway, &denied, Some(&cookie)).await;
    assert!(page.status == 403 && page.body.contains("did not give"), "{page:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_flood_takes_nobodys_place() {
    let portal = Portal::open(|_| ());
    let server = gateway(&portal).await;
    let gateway = server.address.to_string();
    let (back, cookie) = portal.consent(&gateway).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    // A slow machine sends no flood, so there are many until one is refused.
    let mut sent = 0;
    loop {
        match client.get(server.url("/hubspot/install")).send().await.unwrap().status().as_u16() {
            303 => sent += 1,
            429 => break,
            status => panic!("{status}"),
        }
        assert!(sent < 3_000, "nobody is refused");
    }
    assert_eq!(visit(&gateway, &back, Some(&cookie)).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn another_account_gets_its_tokens_back() {
    let portal = Portal::open(|_| ());
    let keys = portal.keys().replace(&format!("portal = {}", portal.config.portal), "portal = 1");
    let server = start(&keys).await.0;
    let page = portal.install(&server.address.to_string()).await;
    assert!(page.status == 403 && page.body.contains("another account"), "{page:?}");
    assert!(!portal.server.with(|cloud| cloud.is_installed()));
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_fails_installs_nothing() {
    let portal = Portal::open(|_| ());
    let server = gateway(&portal).await;
    portal.server.with(|cloud| cloud.inject(Fault::refuse(FaultAnswer::Status(500)).on(&Method::POST, "token")));
    let page = portal.install(&server.address.to_string()).await;
    assert_eq!(page.status, 502, "{page:?}");
    assert_eq!(portal.install(&server.address.to_string()).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn operators_have_a_token() {
    let portal = Portal::open(|_| ());
    let server = operated(&portal).await;
    for token in ["", "x", &TOKEN[1..], &format!("{TOKEN}x")] {
        let request = server.http.get(server.url("/operator/hubspot")).bearer_auth(token);
        assert_eq!(request.send().await.unwrap().status(), 401, "{token}");
    }
    assert_eq!(server.http.get(server.url("/operator/hubspot")).send().await.unwrap().status(), 401);
    server.stop().await;
    // Without one there is nothing to find, whatever is sent.
    let server = gateway(&portal).await;
    assert_eq!(operate(&server, Method::GET, "/operator/hubspot").await.0, 404);
    server.stop().await;
    let (server, _mock) = start("").await;
    assert_eq!(visit(&server.address.to_string(), "/hubspot/install", None).await.status, 404);
    server.stop().await;
}
