//! An emulated HubSpot, and clients of it, in virtual time.

use crate::catalogue::credentials;
use crate::spec::Spec;
use ::http::{Request, Response};
use cordboard::platform::{Clock as _, Lock};
use cordboard::{Timestamp, async_trait};
use cordboard_hubspot::{
    Access, Api, ApiVersion, App, AppId, Client, PortalId, StoreError, TokenSet, TokenStore, Transport, TransportError,
};
use cordboard_hubspot_emulator::{Cloud, CloudConfig};
use cordboard_mock::VirtualClock;
use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const PORTAL: PortalId = PortalId(62_515);
pub(crate) const APP: AppId = AppId(12_345);
/// How long an answer takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(20);

pub(crate) struct World {
    pub(crate) clock: VirtualClock,
    pub(crate) cloud: Lock<Cloud>,
    pub(crate) store: MemoryStore,
    /// How many of the next connections fail.
    pub(crate) unreachable: Lock<u32>,
    /// When each request was sent.
    pub(crate) sent: Lock<Vec<Timestamp>>,
    spec: Spec,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(CloudConfig::for_tests())
    }

    pub(crate) fn with(config: CloudConfig) -> Arc<Self> {
        Arc::new(Self {
            clock: VirtualClock::default(),
            cloud: Lock::new(Cloud::new(config)),
            store: MemoryStore::default(),
            unreachable: Lock::default(),
            sent: Lock::default(),
            spec: Spec::new(),
        })
    }

    /// Runs something to its end, and says how long it took.
    pub(crate) fn run<F: Future>(&self, future: F) -> (F::Output, Duration) {
        let began = self.clock.now();
        let output = self.clock.block_on(ready(()), future);
        (output, self.clock.now().since(began))
    }

    pub(crate) fn client(self: &Arc<Self>, access: Access) -> Client {
        self.seeded(access, 1)
    }

    pub(crate) fn seeded(self: &Arc<Self>, access: Access, seed: u64) -> Client {
        Client::new(Arc::new(Wire(Arc::clone(self))), Arc::new(self.clock.clone()), access, seed)
    }

    /// A client that may do everything in the account.
    pub(crate) fn private(self: &Arc<Self>) -> Client {
        self.client(Access::Bearer(self.cloud.lock().config().private_token.clone().into()))
    }

    /// A client for the app's settings.
    pub(crate) fn developer(self: &Arc<Self>) -> Client {
        self.client(Access::DeveloperKey(self.cloud.lock().config().developer_key.clone().into()))
    }

    pub(crate) fn app(self: &Arc<Self>) -> App {
        let store = Arc::new(Stored(Arc::clone(self)));
        App::new(api(), self.client(Access::Open), credentials(), store, Arc::new(self.clock.clone()))
    }

    /// Requests so far whose path contains this, with the status of their answers.
    pub(crate) fn requests(&self, path: &str) -> Vec<Option<u16>> {
        let cloud = self.cloud.lock();
        cloud.requests().iter().filter(|seen| seen.path.contains(path)).map(|seen| seen.status).collect()
    }
}

pub(crate) fn api() -> Api {
    Api::new(ApiVersion::March2026)
}

/// The network between them.
struct Wire(Arc<World>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        let world = &self.0;
        if *world.unreachable.lock() > 0 {
            *world.unreachable.lock() -= 1;
            return Err(TransportError::NotSent);
        }
        world.spec.check_request(&request);
        world.sent.lock().push(world.clock.now());
        let answer = world.cloud.lock().handle_request(world.clock.now(), &request);
        world.clock.sleep(answer.after + LATENCY).await;
        let response = answer.response.ok_or(TransportError::NoAnswer)?;
        let is_json =
            response.headers().get("content-type").is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
        if is_json {
            world.spec.check_answer(&request, response.status().as_u16(), response.body());
        }
        Ok(response)
    }
}

/// Tokens in memory. Tests only: a real store encrypts.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) tokens: Lock<BTreeMap<PortalId, TokenSet>>,
    pub(crate) broken: Lock<bool>,
}

struct Stored(Arc<World>);

#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the disk is full")
    }
}

impl std::error::Error for Broken {}

impl Stored {
    fn check(&self) -> Result<(), StoreError> {
        if *self.0.store.broken.lock() { Err(StoreError::new(Broken)) } else { Ok(()) }
    }
}

#[async_trait]
impl TokenStore for Stored {
    async fn load(&self, portal: PortalId) -> Result<Option<TokenSet>, StoreError> {
        Ok(self.0.store.tokens.lock().get(&portal).cloned())
    }

    async fn save(&self, portal: PortalId, tokens: &TokenSet) -> Result<(), StoreError> {
        self.check()?;
        self.0.store.tokens.lock().insert(portal, tokens.clone());
        Ok(())
    }

    async fn forget(&self, portal: PortalId) -> Result<(), StoreError> {
        self.check()?;
        self.0.store.tokens.lock().remove(&portal);
        Ok(())
    }
}
