//! Tokens are renewed when they have to be, and once.

use crate::world::{PORTAL, World, api};
use cordboard::platform::Clock as _;
use cordboard_hubspot::{Access, App, Client, Error, ErrorKind, Pkce};
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

/// An app that is installed, and a client of the account.
async fn installed(world: &Arc<World>) -> (App, Client) {
    let app = world.app();
    let code = world.cloud.lock().consent(None);
    assert_eq!(app.install(&code, None).await.map_err(|error| error.kind()), Ok(PORTAL));
    let client = world.client(Access::Account(app.tokens(PORTAL)));
    (app, client)
}

fn token_requests(world: &World) -> usize {
    world.requests("/oauth/").len()
}

async fn storm(client: &Client) -> Vec<Result<(), Error>> {
    let ask = api().dispositions();
    join_all((0..100).map(|_| async { client.send(&ask).await.map(drop) })).await
}

#[test]
fn a_storm_with_an_old_token_renews_it_once() {
    let world = World::new();
    world.run(async {
        let (_, client) = installed(&world).await;
        world.clock.sleep(Duration::from_mins(31)).await;
        assert!(storm(&client).await.iter().all(Result::is_ok));
        assert_eq!(token_requests(&world), 2, "one for the code, one for the storm");
        assert!(world.requests("/dispositions").iter().all(|status| *status == Some(200)));
    });
}

#[test]
fn a_token_is_renewed_a_minute_before_it_ends() {
    for (seconds, requests) in [(28 * 60, 1), (29 * 60 + 30, 2)] {
        let world = World::new();
        world.run(async {
            let (_, client) = installed(&world).await;
            world.clock.sleep(Duration::from_secs(seconds)).await;
            assert!(client.send(&api().dispositions()).await.is_ok());
            assert_eq!(token_requests(&world), requests, "after {seconds} s");
        });
    }
}

#[test]
fn a_storm_with_a_token_that_hubspot_took_back_renews_it_once() {
    let world = World::new();
    world.run(async {
        let (_, client) = installed(&world).await;
        world.cloud.lock().expire_tokens();
        assert!(storm(&client).await.iter().all(Result::is_ok));
        assert_eq!(token_requests(&world), 2);
    });
}

#[test]
fn a_storm_that_can_not_be_helped_asks_once() {
    let world = World::new();
    world.run(async {
        let (_, client) = installed(&world).await;
        world.cloud.lock().remove_app();
        world.clock.sleep(Duration::from_mins(31)).await;
        let results = storm(&client).await;
        assert!(results.iter().all(|result| result.as_ref().unwrap_err().kind() == ErrorKind::Unauthorized));
        assert_eq!(token_requests(&world), 2);
        assert!(world.requests("/dispositions").is_empty(), "nothing is sent with a token that is too old");
        // Whoever comes later asks again.
        client.send(&api().dispositions()).await.unwrap_err();
        assert_eq!(token_requests(&world), 3);
    });
}

#[test]
fn a_token_that_is_refused_although_it_is_new_is_an_error() {
    let world = World::new();
    world.run(async {
        let (_, client) = installed(&world).await;
        for _ in 0..2 {
            world.cloud.lock().inject(Fault::refuse(FaultAnswer::Unauthenticated));
        }
        let error = client.send(&api().dispositions()).await;
        // The first refusal; the refresh meets the second.
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Unauthorized);
        assert_eq!((token_requests(&world), world.requests("/dispositions").len()), (2, 1));
    });
}

#[test]
fn what_another_process_renewed_is_taken() {
    let world = World::new();
    world.run(async {
        let (_, client) = installed(&world).await;
        // The same store, and a memory of its own.
        let other = world.client(Access::Account(world.app().tokens(PORTAL)));
        world.clock.sleep(Duration::from_mins(31)).await;
        assert!(client.send(&api().dispositions()).await.is_ok());
        assert!(other.send(&api().dispositions()).await.is_ok());
        assert!(client.send(&api().dispositions()).await.is_ok());
        assert_eq!(token_requests(&world), 2);
    });
}

#[test]
fn a_restart_finds_its_tokens() {
    let world = World::new();
    world.run(async {
        installed(&world).await;
        let client = world.client(Access::Account(world.app().tokens(PORTAL)));
        assert!(client.send(&api().dispositions()).await.is_ok());
        assert_eq!(token_requests(&world), 1);
    });
}

#[test]
fn who_has_not_installed_the_app_is_told() {
    let world = World::new();
    let client = world.client(Access::Account(world.app().tokens(PORTAL)));
    let (result, _) = world.run(client.send(&api().dispositions()));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NotInstalled);
    assert!(world.sent.lock().is_empty());
}

#[test]
fn only_who_asked_can_redeem_a_code() {
    let world = World::new();
    let (asked, stolen) = (Pkce::new([1; 32]), Pkce::new([2; 32]));
    world.run(async {
        let app = world.app();
        for wrong in [Some(&stolen.verifier), None] {
            let code = world.cloud.lock().consent(Some(&asked.challenge));
            assert_eq!(app.install(&code, wrong).await.unwrap_err().kind(), ErrorKind::Unauthorized);
        }
        let code = world.cloud.lock().consent(Some(&asked.challenge));
        assert!(app.install(&code, Some(&asked.verifier)).await.is_ok());
        let again = app.install(&code, Some(&asked.verifier)).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Unauthorized);
        assert_eq!(again.problem().sub_category.as_deref(), Some("BAD_AUTH_CODE"));
    });
}

#[test]
fn uninstalling_takes_the_access_back() {
    let world = World::new();
    world.run(async {
        let (app, client) = installed(&world).await;
        assert!(world.cloud.lock().is_installed());
        app.uninstall(PORTAL).await.unwrap();
        assert!(!world.cloud.lock().is_installed());
        assert!(world.store.tokens.lock().is_empty());
        assert_eq!(client.send(&api().dispositions()).await.unwrap_err().kind(), ErrorKind::NotInstalled);
        // Once more is no error.
        app.uninstall(PORTAL).await.unwrap();
        // And it can be installed again.
        let code = world.cloud.lock().consent(None);
        app.install(&code, None).await.unwrap();
        assert!(client.send(&api().dispositions()).await.is_ok());
    });
}

#[test]
fn a_store_that_fails_is_an_error_with_its_reason() {
    let world = World::new();
    world.run(async {
        let (app, client) = installed(&world).await;
        *world.store.broken.lock() = true;
        world.clock.sleep(Duration::from_mins(31)).await;
        let error = client.send(&api().dispositions()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is full");
        assert_eq!(app.uninstall(PORTAL).await.unwrap_err().kind(), ErrorKind::Store);
        *world.store.broken.lock() = false;
        // What was begun can be ended.
        app.uninstall(PORTAL).await.unwrap();
        assert!(world.store.tokens.lock().is_empty());
    });
}

#[test]
fn a_token_is_what_hubspot_says() {
    let world = World::new();
    let credentials = crate::catalogue::credentials();
    let client = world.client(Access::Open);
    world.run(async {
        installed(&world).await;
        let tokens = world.store.tokens.lock()[&PORTAL].clone();
        let api = api();
        let oauth = api.oauth(&credentials);
        let access = client.send(&oauth.introspect(&tokens.access)).await.unwrap();
        assert!(access.active && access.expires_in.unwrap() > 1_700);
        assert_eq!((access.portal, access.token_use.as_deref()), (Some(PORTAL), Some("access_token")));
        let refresh = client.send(&oauth.introspect(&tokens.refresh)).await.unwrap();
        assert!(refresh.active && refresh.expires_in.is_none());
        let own = client.send(&oauth.client_credentials(&["developers-read"])).await.unwrap();
        assert!(own.refresh.is_none() && own.portal.is_none());
        let shown = format!("{tokens:?} {access:?} {own:?}");
        assert!(!shown.contains("not-a-secret"), "{shown}");
    });
}
