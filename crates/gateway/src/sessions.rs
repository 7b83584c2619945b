//! Who is signed in.
//!
//! A session lives in the journal, by the hash of its refresh token. Access tokens live in memory only, by their hashes: after a
//! restart a client refreshes, and goes on.

use crate::config;
use crate::journal::{Rotation, SavedSession, Store, StoreError};
use crate::random;
use crate::wire::SignedOut;
use cordboard::Timestamp;
use cordboard::platform::{Clock, Lock};
use cordboard::telephony::AgentId;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

type Hash = [u8; 32];

/// The sessions of all agents.
pub(crate) struct Sessions {
    settings: config::Sessions,
    store: Store,
    clock: Arc<dyn Clock>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    /// By the hash of the token.
    access: BTreeMap<Hash, Access>,
    /// By their ids.
    live: BTreeMap<String, Arc<Session>>,
}

struct Access {
    session: Arc<Session>,
    expires_at: Timestamp,
}

/// A session that has an access token.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) agent: AgentId,
    /// Set once, when it is over.
    ended: watch::Sender<Option<SignedOut>>,
    /// When the last of its access tokens runs out.
    access_until: Lock<Timestamp>,
}

/// What a client is given.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) expires_in: u64,
    pub(crate) session: String,
}

/// Why there is no new token.
#[derive(Debug)]
pub(crate) enum RefreshError {
    /// The token is not in force.
    Refused,
    /// The journal can't be used.
    Store(StoreError),
}

impl From<StoreError> for RefreshError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Session {
    /// Tells when the session is over.
    pub(crate) fn ended(&self) -> watch::Receiver<Option<SignedOut>> {
        self.ended.subscribe()
    }

    /// When it ends unless it is refreshed.
    pub(crate) fn access_until(&self) -> Timestamp {
        *self.access_until.lock()
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

impl Sessions {
    pub(crate) fn new(settings: config::Sessions, store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { settings, store, clock, state: Lock::default() }
    }

    /// Begins a session for somebody who proved who they are. With an end, it is not renewed beyond that.
    pub(crate) async fn begin(&self, agent: &AgentId, until: Option<Timestamp>) -> Result<Tokens, StoreError> {
        if self.settings.single {
            self.store.end_sessions(agent, None).await?;
            self.drop_live(|session| session.agent == *agent, SignedOut::Replaced);
        }
        let now = self.clock.now();
        let renewable = now + self.settings.refresh;
        let expires_at = until.map_or(renewable, |until| renewable.min(until));
        let saved = SavedSession { id: random::name(), agent: agent.clone(), expires_at, until };
        let secret = random::token();
        self.store.add_session(saved.clone(), hash(&secret), now).await?;
        Ok(self.issue(&saved, &secret, now))
    }

    /// Whose a refresh token claims to be; `None` if there is no such session. The token is neither checked nor spent.
    pub(crate) async fn claimed_by(&self, token: &str) -> Result<Option<AgentId>, StoreError> {
        let Some((id, _)) = token.split_once('.') else { return Ok(None) };
        self.store.session_agent(id, self.clock.now()).await
    }

    /// Gives new tokens for a refresh token, which is spent with that. One that was spent before ends the session: somebody has
    /// a copy of it.
    pub(crate) async fn refresh(&self, token: &str) -> Result<Tokens, RefreshError> {
        let (id, presented) = token.split_once('.').ok_or(RefreshError::Refused)?;
        let now = self.clock.now();
        let secret = random::token();
        let expires_at = now + self.settings.refresh;
        match self.store.rotate_session(id, hash(presented), hash(&secret), now, expires_at).await? {
            Rotation::Rotated(saved) => Ok(self.issue(&saved, &secret, now)),
            Rotation::Unknown => Err(RefreshError::Refused),
            Rotation::Reused(saved) => {
                tracing::warn!("a refresh token was used twice; its session is over");
                self.drop_live(|session| session.id == saved.id, SignedOut::Revoked);
                Err(RefreshError::Refused)
            }
        }
    }

    fn issue(&self, saved: &SavedSession, secret: &str, now: Timestamp) -> Tokens {
        let access = random::token();
        let expires_at = saved.expires_at.min(now + self.settings.access);
        let mut state = self.state.lock();
        let session = state.live.entry(saved.id.clone()).or_insert_with(|| {
            Arc::new(Session {
                id: saved.id.clone(),
                agent: saved.agent.clone(),
                ended: watch::Sender::new(None),
                access_until: Lock::new(expires_at),
            })
        });
        let session = Arc::clone(session);
        *session.access_until.lock() = expires_at;
        state.access.insert(hash(&access), Access { session, expires_at });
        Tokens {
            access,
            refresh: format!("{}.{secret}", saved.id),
            expires_in: expires_at.since(now).as_secs(),
            session: saved.id.clone(),
        }
    }

    /// Whose an access token is; `None` if it is in force no longer or never was.
    pub(crate) fn authenticate(&self, token: &str) -> Option<Arc<Session>> {
        let now = self.clock.now();
        let state = self.state.lock();
        let access = state.access.get(&hash(token)).filter(|access| access.expires_at > now)?;
        Some(Arc::clone(&access.session))
    }

    /// Ends one session.
    pub(crate) async fn end(&self, session: &Session, reason: SignedOut) -> Result<(), StoreError> {
        // First what lets somebody in now; then what would let them in again.
        self.drop_live(|live| live.id == session.id, reason);
        self.store.end_sessions(&session.agent, Some(&session.id)).await
    }

    /// Ends all sessions of an agent. One that can't be marked as over in the journal is logged.
    pub(crate) async fn end_all(&self, agent: &AgentId, reason: SignedOut) -> bool {
        self.drop_live(|live| live.agent == *agent, reason);
        let ended = self.store.end_sessions(agent, None).await;
        if let Err(error) = &ended {
            tracing::error!(%error, "an agent's sessions could not be ended in the journal");
        }
        ended.is_ok()
    }

    fn drop_live(&self, is_over: impl Fn(&Session) -> bool, reason: SignedOut) {
        let mut state = self.state.lock();
        state.access.retain(|_, access| !is_over(&access.session));
        state.live.retain(|_, session| {
            let stays = !is_over(session);
            if !stays {
                session.ended.send_replace(Some(reason));
            }
            stays
        });
    }

    /// Forgets what has run out.
    pub(crate) fn forget_expired(&self) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        state.access.retain(|_, access| access.expires_at > now);
        state.live.retain(|_, session| session.access_until() > now || session.ended.receiver_count() > 0);
    }
}
