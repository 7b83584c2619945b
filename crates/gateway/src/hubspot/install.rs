//! Installing the app: a user of the account consents on HubSpot's page, and comes back with a code.
//!
//! **Invariant:** a code is taken from the browser only that began, and by the verifier only that went with it. So nobody is made to install
//! with somebody else's code. Tokens of another account than the configured one are given back at once.

use super::HubSpot;
use crate::app::App;
use crate::journal::Chain;
use crate::once::ATTEMPT;
use crate::{page, random};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use cordboard_hubspot::{Consent, Pkce};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// With that prefix no other host and no plain connection can set it.
const COOKIE: &str = "__Host-cordboard-install";

const TITLE: &str = "Install";
const BUSY: &str = "Too many people are installing the app at this moment. Begin again in a minute.";
const UNUSABLE: &str = "There is nothing to install here.";
const TOO_LATE: &str = "This took too long, was used already, or was begun in another browser. Begin again.";
const DENIED: &str = "HubSpot did not give the app access to the account. Nothing was installed.";
const FAILED: &str =
    "HubSpot can't be reached, or does not take what it gave. Nothing was installed. Begin again in a moment.";
const STRANGER: &str =
    "The app is set up for another account. Nothing was installed. Choose that account, and begin again.";
const INSTALLED: &str = "The app is installed. You can close this window.";

/// Somebody who is on HubSpot's pages.
pub(super) struct Attempt {
    /// What their browser has.
    cookie: String,
    pkce: Pkce,
}

/// Sends a user to HubSpot's page of consent.
pub(crate) async fn install(State(app): State<Arc<App>>) -> Response {
    let Some(hubspot) = &app.hubspot else { return page::show(StatusCode::NOT_FOUND, TITLE, UNUSABLE) };
    if !hubspot.attempts.admits() {
        return page::show(StatusCode::TOO_MANY_REQUESTS, TITLE, BUSY);
    }
    let (state, cookie, pkce) = (random::token(), random::token(), Pkce::new(random::bytes()));
    let scopes: Vec<&str> = hubspot.settings.scopes.iter().map(String::as_str).collect();
    let consent = Consent { scopes: &scopes, optional_scopes: &[], state: &state, pkce: Some(&pkce) };
    let mut response = Redirect::to(&hubspot.credentials.consent_url(&consent)).into_response();
    put_cookie(&mut response, &cookie, ATTEMPT);
    hubspot.attempts.away.put(app.clock.now(), &state, Attempt { cookie, pkce });
    page::private(response)
}

#[derive(Deserialize)]
pub(crate) struct Callback {
    state: String,
    code: Option<String>,
}

/// Takes the user back.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<Callback>, QueryRejection>,
) -> Response {
    let (Some(hubspot), Ok(Query(Callback { state, code }))) = (&app.hubspot, query) else {
        return page::show(StatusCode::NOT_FOUND, TITLE, UNUSABLE);
    };
    let attempt = hubspot.attempts.away.take(app.clock.now(), &state);
    let attempt = attempt.filter(|attempt| {
        cookies(&headers).any(|cookie| bool::from(cookie.as_bytes().ct_eq(attempt.cookie.as_bytes())))
    });
    let (status, sentence) = match (attempt, code) {
        (None, _) => {
            tracing::warn!("somebody came back from HubSpot too late, twice, or in another browser");
            (StatusCode::FORBIDDEN, TOO_LATE)
        }
        (Some(_), None) => {
            tracing::info!("HubSpot did not give access to an account");
            (StatusCode::FORBIDDEN, DENIED)
        }
        (Some(attempt), Some(code)) => hubspot.take_up(&code, &attempt.pkce).await,
    };
    if status == StatusCode::OK {
        // What waited for the tokens need wait no more; the journal logs what it can't write.
        let _ = app.store.hasten(None, app.clock.now()).await;
    }
    let mut response = page::show(status, TITLE, sentence);
    put_cookie(&mut response, "", Duration::ZERO);
    response
}

impl HubSpot {
    async fn take_up(&self, code: &str, pkce: &Pkce) -> (StatusCode, &'static str) {
        match self.app.install(code, Some(&pkce.verifier)).await {
            Ok(portal) if portal == self.settings.portal => {
                tracing::info!(portal = portal.0, "an account installed the app");
                (StatusCode::OK, INSTALLED)
            }
            Ok(portal) => {
                tracing::warn!(portal = portal.0, "an account that is not hubspot.portal wanted to install the app");
                if let Err(error) = self.app.uninstall(portal).await {
                    tracing::error!(portal = portal.0, error = %Chain(&error), "its tokens could not be given back");
                }
                (StatusCode::FORBIDDEN, STRANGER)
            }
            Err(error) => {
                tracing::error!(error = %Chain(&error), "an account could not install the app");
                (StatusCode::BAD_GATEWAY, FAILED)
            }
        }
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// `Lax`, because HubSpot's page leads back here.
fn put_cookie(response: &mut Response, value: &str, lasts: Duration) {
    let cookie = format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}", lasts.as_secs());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
