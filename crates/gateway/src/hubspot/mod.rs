//! The account at HubSpot whose timeline gets the calls.

mod install;
mod outbox;
mod record;
mod recordings;
mod vault;

pub(crate) use install::{callback, install};
pub(crate) use recordings::recording;

use crate::config;
use crate::journal::Store;
use crate::once::Attempts;
use crate::random;
use cordboard::platform::Clock;
use cordboard_hubspot::{Access, App, AppCredentials, Client, Error, Https, Retries, StoreError};
use install::Attempt;
use std::sync::Arc;
use vault::Vault;

/// Where HubSpot sends users back to.
const CALLBACK: &str = "/hubspot/callback";

/// The app at HubSpot, and the account that installs it.
pub(crate) struct HubSpot {
    settings: config::HubSpot,
    credentials: AppCredentials,
    app: App,
    /// For the account. What fails is sent again by the outbox, which outlives a crash.
    client: Client,
    vault: Arc<Vault>,
    attempts: Attempts<Attempt>,
}

impl HubSpot {
    pub(crate) fn new(
        settings: config::HubSpot,
        public_url: &config::PublicUrl,
        store: &Store,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let credentials = AppCredentials {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.0.as_str().into(),
            redirect_uri: format!("{}{CALLBACK}", public_url.as_str()),
        };
        let vault = Arc::new(Vault::new(&settings.token_keys, store.clone(), Arc::clone(clock)));
        let transport = Arc::new(Https::new()?);
        let open = Client::new(Arc::<Https>::clone(&transport), Arc::clone(clock), Access::Open, seed());
        let app =
            App::new(settings.api.clone(), open, credentials.clone(), Arc::<Vault>::clone(&vault), Arc::clone(clock));
        let access = Access::Account(app.tokens(settings.portal));
        let client = Client::new(transport, Arc::clone(clock), access, seed()).with_retries(Retries::NONE);
        Ok(Self { settings, credentials, app, client, vault, attempts: Attempts::default() })
    }

    /// Lets tokens be encrypted by the first of the configured keys.
    pub(crate) async fn renew_keys(&self) -> Result<(), StoreError> {
        self.vault.renew().await
    }

    /// Takes the app's access to an account back, and forgets the account.
    pub(crate) async fn uninstall(&self, portal: u64) -> Result<(), Error> {
        self.app.uninstall(cordboard_hubspot::PortalId(portal)).await
    }
}

/// What spreads the waits of gateways that are refused together.
fn seed() -> u64 {
    u64::from_le_bytes(random::bytes())
}
