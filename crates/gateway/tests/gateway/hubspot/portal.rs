//! An account at HubSpot's emulator, and a user's browser.

use cordboard_hubspot_emulator::{CloudConfig, Server};
use reqwest::redirect;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

pub(crate) const PUBLIC: &str = "https://calls.example.com";
pub(crate) const TOKEN: &str = "not-a-secret-operator-token-at-all";
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub(crate) struct Portal {
    pub(crate) server: Server,
    pub(crate) config: CloudConfig,
}

/// What a browser was answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: Option<Url>,
    pub(crate) cookie: Option<String>,
    pub(crate) body: String,
}

impl Portal {
    /// An account, as far as nothing else is said.
    pub(crate) fn open(adjust: impl FnOnce(&mut CloudConfig)) -> Self {
        let mut config = CloudConfig::for_tests();
        config.redirect_uri = format!("{PUBLIC}/hubspot/callback");
        config.index_delay = Duration::from_millis(300);
        adjust(&mut config);
        Self { server: Server::start(config.clone(), 0).unwrap(), config }
    }

    /// What the gateway is configured with.
    pub(crate) fn keys(&self) -> String {
        self.keys_at(&self.server.url())
    }

    /// With HubSpot somewhere else. Nobody waits longer than a search takes to find what there is.
    pub(crate) fn keys_at(&self, api: &str) -> String {
        let CloudConfig { app_id, portal, client_id, client_secret, .. } = &self.config;
        format!(
            "[hubspot]\napp_id = {app_id}\nportal = {portal}\nclient_id = \"{client_id}\"\nclient_secret = \"{client_secret}\"\n\
             token_keys = \"{KEY}\"\napi_url = \"{api}\"\nwait = \"0s\"\nsearch_delay = \"500ms\"\n"
        )
    }

    /// A user installs the app at the gateway that listens there.
    pub(crate) async fn install(&self, gateway: &str) -> Page {
        let (back, cookie) = self.consent(gateway).await;
        visit(gateway, &back, Some(&cookie)).await
    }

    /// A user who consents: where HubSpot sends them back to, and what their browser has.
    pub(crate) async fn consent(&self, gateway: &str) -> (String, String) {
        let page = visit(gateway, "/hubspot/install", None).await;
        assert_eq!(page.status, 303, "{page:?}");
        let asked: BTreeMap<String, String> = page.location.unwrap().query_pairs().into_owned().collect();
        assert_eq!(asked["redirect_uri"], self.config.redirect_uri);
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = self.server.with(|cloud| cloud.consent(Some(&asked["code_challenge"])));
        (format!("/hubspot/callback?code={code}&state={}", asked["state"]), page.cookie.unwrap())
    }
}

/// Opens a page of the gateway that listens there.
pub(crate) async fn visit(gateway: &str, path: &str, cookie: Option<&str>) -> Page {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("http://{gateway}{path}"));
    let request = cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let cookie = text("set-cookie").map(|cookie| {
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600") || cookie.contains("=;"));
        cookie.split(';').next().unwrap().to_owned()
    });
    let location = text("location").map(|location| Url::parse(&location).unwrap());
    Page { status: response.status().as_u16(), location, cookie, body: response.text().await.unwrap() }
}
