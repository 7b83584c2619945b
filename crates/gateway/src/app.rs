//! What every part of a running gateway holds.

use crate::config::Config;
use crate::desk::Desks;
use crate::directory::{Directory, DirectoryError};
use crate::hubspot::HubSpot;
use crate::inbound::{Ledger, Routes};
use crate::journal::Store;
use crate::links::Links;
use crate::metrics::Metrics;
use crate::oidc::Oidc;
use crate::policy::Policy;
use crate::sessions::Sessions;
use crate::throttle::Throttle;
use cordboard::platform::Clock;
use cordboard::telephony::{Agent, AgentId, Backend};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) store: Store,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) sessions: Arc<Sessions>,
    /// Signing in by an identity provider, if there is one.
    pub(crate) oidc: Option<Oidc>,
    /// The account at HubSpot, if there is one.
    pub(crate) hubspot: Option<HubSpot>,
    pub(crate) desks: Desks,
    pub(crate) policy: Policy,
    pub(crate) ledger: Ledger,
    pub(crate) routes: Routes,
    pub(crate) sign_ins: Throttle,
    /// Where recordings are heard.
    pub(crate) links: Arc<Links>,
    /// One permit for each recording that may be listened to at a time.
    pub(crate) listeners: Arc<Semaphore>,
    /// One permit for each socket that may be open.
    pub(crate) sockets: Arc<Semaphore>,
    /// Whose pages may open sockets and use the API.
    pub(crate) origins: Vec<String>,
    /// Whether the gateway is about to end.
    pub(crate) stopping: watch::Sender<bool>,
}

impl App {
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// An agent by their id, wherever they come from.
    pub(crate) async fn agent(&self, id: &AgentId) -> Result<Option<Agent>, DirectoryError> {
        match self.directory.agent(id).await? {
            None if self.config.oidc.as_ref().is_some_and(|oidc| oidc.everyone) => {
                self.store.vouched(id).await.map_err(DirectoryError::new)
            }
            agent => Ok(agent),
        }
    }
}
