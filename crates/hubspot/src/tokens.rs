use crate::api::Api;
use crate::api::oauth::{AppCredentials, TokenAnswer};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id::PortalId;
use cordboard::platform::{BoxFuture, Clock, Lock};
use cordboard::{Timestamp, async_trait};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// What an account gave the app when it was installed.
#[derive(Clone, Debug)]
pub struct TokenSet {
    /// For requests, for half an hour.
    pub access: SecretString,
    /// For further access tokens, until the app is removed.
    pub refresh: SecretString,
    /// When the access token ends.
    pub expires_at: Timestamp,
}

/// Where the accounts' tokens are kept. Whoever implements it encrypts them.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The tokens of an account; none if the app is not installed there.
    ///
    /// # Errors
    /// When the store can't be read.
    async fn load(&self, portal: PortalId) -> Result<Option<TokenSet>, StoreError>;

    /// Keeps tokens in the place of those that were there. They are durable when it returns.
    ///
    /// # Errors
    /// When they can't be written.
    async fn save(&self, portal: PortalId, tokens: &TokenSet) -> Result<(), StoreError>;

    /// Forgets an account's tokens.
    ///
    /// # Errors
    /// When they can't be removed.
    async fn forget(&self, portal: PortalId) -> Result<(), StoreError>;
}

/// Why a store failed. Its text must show no token.
#[derive(Clone, Debug)]
pub struct StoreError(Arc<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// A store's own error.
    pub fn new(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// An app at HubSpot, and the accounts that installed it.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    api: Api,
    client: Client,
    credentials: AppCredentials,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    portals: Lock<BTreeMap<PortalId, Arc<Tokens>>>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("credentials", &self.0.credentials).finish_non_exhaustive()
    }
}

impl App {
    /// An app. The client sends its requests for tokens: its access is [`Open`](crate::Access::Open).
    #[must_use]
    pub fn new(
        api: Api,
        client: Client,
        credentials: AppCredentials,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Shared { api, client, credentials, store, clock, portals: Lock::default() }))
    }

    /// The tokens of an account: the same for everybody who asks, so that they are renewed once.
    #[must_use]
    pub fn tokens(&self, portal: PortalId) -> Arc<Tokens> {
        let new =
            || Arc::new(Tokens { portal, app: Arc::clone(&self.0), tried: AtomicU64::new(0), state: Mutex::default() });
        Arc::clone(self.0.portals.lock().entry(portal).or_insert_with(new))
    }

    /// Takes up what a consent gave, and says which account it was. A code is good once, and for a few minutes.
    ///
    /// # Errors
    /// When the code is not good, HubSpot can't be reached, or the tokens can't be kept.
    pub async fn install(&self, code: &str, verifier: Option<&SecretString>) -> Result<PortalId, Error> {
        let oauth = self.0.api.oauth(&self.0.credentials);
        let asked = self.0.clock.now();
        let answer = self.0.client.send(&oauth.exchange(code, verifier)).await?;
        let portal = match answer.portal {
            Some(portal) => portal,
            None => {
                let info = self.0.client.send(&oauth.introspect(&answer.access)).await?;
                info.portal.ok_or_else(|| Error::new(ErrorKind::Refused, "oauth.introspect"))?
            }
        };
        let Some(tokens) = answer.into_tokens(asked, None) else {
            return Err(Error::new(ErrorKind::Refused, "oauth.exchange"));
        };
        self.0.store.save(portal, &tokens).await.map_err(|error| Error::of_store("oauth.exchange", error))?;
        // Whoever uses the account has the new tokens from now on.
        self.tokens(portal).state.lock().await.hold(tokens);
        Ok(portal)
    }

    /// Takes the app's access back and forgets the account.
    ///
    /// # Errors
    /// When HubSpot can't be reached, or the store fails. It can be repeated until it succeeds.
    pub async fn uninstall(&self, portal: PortalId) -> Result<(), Error> {
        let failed = |error| Error::of_store("oauth.revoke", error);
        if let Some(tokens) = self.0.store.load(portal).await.map_err(failed)? {
            let revoke = self.0.api.oauth(&self.0.credentials).revoke(&tokens.refresh);
            match self.0.client.send(&revoke).await {
                // The account was faster.
                Err(error) if error.kind() == ErrorKind::Unauthorized || error.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
        }
        self.0.store.forget(portal).await.map_err(failed)?;
        self.tokens(portal).state.lock().await.held = None;
        Ok(())
    }
}

/// The tokens of one account. However many ask at once, they are renewed by one request.
pub struct Tokens {
    portal: PortalId,
    app: Arc<Shared>,
    /// How many renewals have ended.
    tried: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<TokenSet>,
    /// Counts the access tokens that were held.
    generation: u64,
    /// The last renewal, if it failed.
    failed: Option<(u64, Error)>,
}

/// An access token, and which one it is.
pub(crate) struct AccessToken {
    pub(crate) secret: SecretString,
    pub(crate) generation: u64,
}

/// Tokens are renewed that long before they end, so that a request is not under way when they do.
const MARGIN: Duration = Duration::from_mins(1);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("portal", &self.portal).finish_non_exhaustive()
    }
}

impl State {
    fn hold(&mut self, tokens: TokenSet) {
        self.held = Some(tokens);
        self.generation += 1;
        self.failed = None;
    }

    fn usable(&self, now: Timestamp, refused: Option<u64>) -> Option<AccessToken> {
        let tokens = self.held.as_ref()?;
        let good = tokens.expires_at > now + MARGIN && refused != Some(self.generation);
        good.then(|| AccessToken { secret: tokens.access.clone(), generation: self.generation })
    }
}

impl Tokens {
    /// Whose tokens these are.
    #[must_use]
    pub const fn portal(&self) -> PortalId {
        self.portal
    }

    /// An access token that is good.
    pub(crate) fn access(&self) -> BoxFuture<'_, Result<AccessToken, Error>> {
        // Boxed, because a client asks for it, and is asked for it.
        Box::pin(self.current(None))
    }

    /// Sees to it that the tokens are others than those that were refused.
    pub(crate) fn renew(&self, refused: u64) -> BoxFuture<'_, Result<AccessToken, Error>> {
        Box::pin(self.current(Some(refused)))
    }

    async fn current(&self, refused: Option<u64>) -> Result<AccessToken, Error> {
        let tried = self.tried.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(token) = state.usable(self.app.clock.now(), refused) {
            return Ok(token);
        }
        // Whoever waited while another tried and failed has failed, too.
        if let Some((attempt, error)) = &state.failed
            && *attempt > tried
        {
            return Err(error.clone());
        }
        let result = self.refresh(&mut state).await;
        let attempt = self.tried.fetch_add(1, Ordering::AcqRel) + 1;
        result.inspect_err(|error| state.failed = Some((attempt, error.clone())))
    }

    async fn refresh(&self, state: &mut State) -> Result<AccessToken, Error> {
        const NAME: &str = "oauth.refresh";
        let failed = |error| Error::of_store(NAME, error);
        let stored = self.app.store.load(self.portal).await.map_err(failed)?;
        let Some(stored) = stored else {
            state.held = None;
            return Err(Error::new(ErrorKind::NotInstalled, NAME));
        };
        // Another process may have renewed them.
        if state.held.as_ref().is_none_or(|held| stored.expires_at > held.expires_at) {
            state.hold(stored.clone());
            if let Some(token) = state.usable(self.app.clock.now(), None) {
                return Ok(token);
            }
        }
        let request = self.app.api.oauth(&self.app.credentials).refresh(&stored.refresh);
        let asked = self.app.clock.now();
        let answer: TokenAnswer = self.app.client.send(&request).await?;
        let Some(tokens) = answer.into_tokens(asked, Some(&stored.refresh)) else {
            return Err(Error::new(ErrorKind::Refused, NAME));
        };
        self.app.store.save(self.portal, &tokens).await.map_err(failed)?;
        let secret = tokens.access.clone();
        state.hold(tokens);
        // However short its life: the next request finds out.
        Ok(AccessToken { secret, generation: state.generation })
    }
}
