use crate::api::settings::{Change, Setting, SettingsApi, Stored};
use crate::error::{Error, ErrorKind};
use crate::pace::{Allowance, Limit, Pace};
use crate::request::{Effect, Request};
use crate::retry::{Retries, mix};
use crate::tokens::Tokens;
use crate::transport::{Transport, TransportError};
use cordboard::platform::{Clock, Lock};
use http::header::AUTHORIZATION;
use http::{HeaderValue, Response, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What lets requests in.
#[derive(Clone, Debug)]
pub enum Access {
    /// Nothing: requests for tokens bear their own credentials.
    Open,
    /// The token of a private app or a service key, or one that lives as long as this client.
    Bearer(SecretString),
    /// A developer account's key (`hapikey`), for an app's settings. It stands in the address.
    DeveloperKey(SecretString),
    /// The tokens of an account that installed the app. They are renewed when they have to be.
    Account(Arc<Tokens>),
}

/// Sends requests: no faster than HubSpot allows, and again where that is safe. One for each account or developer account, because
/// that is what HubSpot counts.
pub struct Client {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    access: Access,
    retries: Retries,
    general: Lane,
    search: Lane,
    seed: u64,
    waits: AtomicU64,
}

/// Requests of one limit, which go in the order in which they came.
struct Lane {
    pace: Lock<Pace>,
    turn: tokio::sync::Mutex<()>,
}

/// What [`Client::put`] did.
#[derive(Clone, Debug, PartialEq)]
pub enum Put<S> {
    /// There was nothing.
    Created(Stored<S>),
    /// These fields were changed.
    Changed(Change<S>, Stored<S>),
    /// It was so already.
    Unchanged(Stored<S>),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("access", &self.access).field("retries", &self.retries).finish_non_exhaustive()
    }
}

impl Lane {
    fn new(allowance: Allowance) -> Self {
        Self { pace: Lock::new(Pace::new(allowance)), turn: tokio::sync::Mutex::new(()) }
    }
}

impl Client {
    /// A client that waits by this clock. The seed spreads the waits of clients that are refused together.
    #[must_use]
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, access: Access, seed: u64) -> Self {
        Self {
            transport,
            clock,
            access,
            retries: Retries::default(),
            general: Lane::new(Allowance::GENERAL),
            search: Lane::new(Allowance::SEARCH),
            seed,
            waits: AtomicU64::new(0),
        }
    }

    /// Other rules for sending again.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// What HubSpot is known to allow.
    #[must_use]
    pub fn allowance(&self, limit: Limit) -> Allowance {
        self.lane(limit).pace.lock().allowance()
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When HubSpot refuses or can't be reached; the kind says what to do.
    pub async fn send<T>(&self, request: &Request<T>) -> Result<T, Error> {
        let (mut attempt, mut renewed, mut uncertain) = (0, false, false);
        loop {
            let (sealed, generation) = self.seal(request).await?;
            self.turn(request.limit()).await;
            let error = match self.transport.send(sealed).await {
                Ok(response) if response.status().is_success() => {
                    self.learn(request.limit(), &response);
                    let garbled = || Error::garbled(request.name(), request.effect(), response.status());
                    return request.read(response.body()).ok_or_else(garbled);
                }
                Ok(response) => {
                    self.learn(request.limit(), &response);
                    let pause = self.allowance(request.limit()).per;
                    uncertain |= response.status().is_server_error();
                    Error::read(request.name(), request.effect(), &response, pause)
                }
                Err(error) => {
                    uncertain |= error == TransportError::NoAnswer;
                    Error::lost(request.name(), request.effect(), error)
                }
            };
            // What an earlier request removed without saying so is gone.
            if request.effect() == Effect::Removes
                && uncertain
                && error.kind() == ErrorKind::NotFound
                && let Some(done) = request.read(&[])
            {
                return Ok(done);
            }
            if error.kind() == ErrorKind::Unauthorized
                && !renewed
                && let Access::Account(tokens) = &self.access
            {
                // A request that was not let in was not carried out.
                tokens.renew(generation).await?;
                renewed = true;
                continue;
            }
            tracing::debug!(%error, "a request failed");
            attempt += 1;
            let random = mix(self.seed, self.waits.fetch_add(1, Ordering::Relaxed));
            let wait = self.retries.wait(attempt, &error, random);
            if let ErrorKind::RateLimited { retry_after } = error.kind() {
                // It holds for everything that counts to the same limit.
                let until = self.clock.now() + wait.or(retry_after).unwrap_or_default();
                self.lane(request.limit()).pace.lock().close_until(until);
            }
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(request = request.name(), attempt, ?wait, "it is sent again");
            self.clock.sleep(wait).await;
        }
    }

    /// Makes a setting what it should be, whatever it was. Fields that `wanted` does not have stay as they are.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn put<S: Setting>(&self, api: &SettingsApi<'_, S>, wanted: &S) -> Result<Put<S>, Error> {
        match self.send(&api.get()).await {
            Ok(current) => return self.change(api, current, wanted).await,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        match self.send(&api.create(wanted)).await {
            // Somebody else was faster, or the answer to our own was lost.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let current = self.send(&api.get()).await?;
                self.change(api, current, wanted).await
            }
            created => created.map(Put::Created),
        }
    }

    async fn change<S: Setting>(
        &self,
        api: &SettingsApi<'_, S>,
        current: Stored<S>,
        wanted: &S,
    ) -> Result<Put<S>, Error> {
        let change = Change::between(&current.setting, wanted);
        if change.is_empty() {
            return Ok(Put::Unchanged(current));
        }
        let stored = self.send(&api.update(&change)).await?;
        Ok(Put::Changed(change, stored))
    }

    /// The request with its credentials, and which tokens these are.
    async fn seal<T>(&self, request: &Request<T>) -> Result<(http::Request<Vec<u8>>, u64), Error> {
        let mut sealed = request.http().clone();
        let mut generation = 0;
        match &self.access {
            Access::Open => {}
            Access::Bearer(token) => bear(&mut sealed, token),
            Access::DeveloperKey(key) => {
                let uri = sealed.uri().to_string();
                let start = if sealed.uri().query().is_some() { '&' } else { '?' };
                let key = form_urlencoded::byte_serialize(key.expose_secret().as_bytes()).collect::<String>();
                *sealed.uri_mut() = format!("{uri}{start}hapikey={key}").parse::<Uri>().unwrap_or_default();
            }
            Access::Account(tokens) => {
                let token = tokens.access().await?;
                generation = token.generation;
                bear(&mut sealed, &token.secret);
            }
        }
        Ok((sealed, generation))
    }

    /// Waits until a request may go.
    async fn turn(&self, limit: Limit) {
        let lane = self.lane(limit);
        let _turn = lane.turn.lock().await;
        loop {
            let now = self.clock.now();
            let Err(later) = lane.pace.lock().take(now) else { return };
            self.clock.sleep(later.since(now).max(Duration::from_millis(1))).await;
        }
    }

    fn learn(&self, limit: Limit, response: &Response<Vec<u8>>) {
        // Searches answer without headers, or with those of the general limit.
        if limit == Limit::General {
            self.general.pace.lock().handle_headers(self.clock.now(), response.headers());
        }
    }

    const fn lane(&self, limit: Limit) -> &Lane {
        match limit {
            Limit::General => &self.general,
            Limit::Search => &self.search,
        }
    }
}

fn bear(request: &mut http::Request<Vec<u8>>, token: &SecretString) {
    // A token that can't be a header's value is sent as none, and refused.
    if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())) {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
}
