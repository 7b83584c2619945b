//! A gateway from its configuration to its end.

use crate::api;
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::{Config, Problem, Tls};
use crate::desk::{Desks, Parts};
use crate::directory::{AgentFile, AgentFileError, Directory};
use crate::hubspot::HubSpot;
use crate::inbound::{BackendJournal, Ledger, Routes};
use crate::journal::{OpenError, Store};
use crate::links::Links;
use crate::metrics::Metrics;
use crate::oidc::Oidc;
use crate::policy::Policy;
use crate::sessions::Sessions;
use crate::site::{Site, SiteError};
use crate::throttle::Throttle;
use crate::wire::SignedOut;
use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use axum_server::{Handle, Server};
use cordboard::platform::Clock;
use cordboard::telephony::{AgentId, Backend, Journal, SignedOutReason};
use futures_util::FutureExt as _;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type MakeBackend = Box<dyn FnOnce(Arc<dyn Journal>) -> Result<Arc<dyn Backend>, BoxError> + Send>;

/// How much the system keeps for a reader that is behind. Its own measure grows to some megabytes for each.
const SEND_BUFFER: u32 = 128 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How long a connection may take to send its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);

/// Makes a [`Gateway`].
#[must_use]
pub struct Builder {
    config: Config,
    clock: Arc<dyn Clock>,
    directory: Option<Arc<dyn Directory>>,
    backend: Option<MakeBackend>,
}

/// A gateway that listens, and answers when it is [served](Self::serve).
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use cordboard_gateway::{Gateway, MockBackend, config::Config};
///
/// let config = Config::load("cordboard.toml".as_ref())?;
/// let mock = MockBackend::start(Default::default()).await?;
/// let gateway = Gateway::builder(config).directory(mock.directory()).backend(|_journal| mock).build().await?;
/// gateway.serve().await?;
/// # Ok(())
/// # }
/// ```
pub struct Gateway {
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    router: Router,
    address: SocketAddr,
}

/// What can be done to a gateway while it serves. Clones are of the same gateway.
#[derive(Clone)]
pub struct Control {
    app: Arc<App>,
}

/// Why a gateway can't begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The builder was given no backend.
    #[error("no backend was given")]
    NoBackend,
    /// The builder was given no directory, and the configuration names no file of agents.
    #[error("agents.file: it is missing: name the file of the agents who may sign in")]
    NoDirectory,
    /// The file of agents can't be used.
    #[error("agents.file: {0}")]
    Agents(#[from] AgentFileError),
    /// There is no way to ask an identity provider.
    #[error("oidc: requests can't be made: {0}")]
    Oidc(BoxError),
    /// There is no way to ask HubSpot, or the tokens that it gave can't be read.
    #[error("hubspot: {0}")]
    HubSpot(BoxError),
    /// The journal can't be used.
    #[error("journal.file: {0}")]
    Journal(#[from] OpenError),
    /// The backend can't begin.
    #[error("the backend can't begin: {0}")]
    Backend(BoxError),
    /// The widget's folder can't be used.
    #[error("widget.folder: {0}")]
    Widget(#[from] SiteError),
    /// Certificate or key can't be used.
    #[error("{0}")]
    Tls(Problem),
    /// The address can't be listened on.
    #[error("server.listen: {0}")]
    Listen(io::Error),
    /// The journal can't be read.
    #[error("the journal can't be replayed")]
    Replay,
}

/// Why a gateway ended.
#[derive(Debug, thiserror::Error)]
#[error("the gateway can't listen any more")]
pub struct ServeError(#[from] io::Error);

impl Gateway {
    /// Begins with a configuration.
    pub fn builder(config: Config) -> Builder {
        Builder { config, clock: Arc::new(SystemClock), directory: None, backend: None }
    }

    /// Where it listens, with the port that the system chose if none was configured.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What can be done to it while it serves.
    #[must_use]
    pub fn control(&self) -> Control {
        Control { app: Arc::clone(&self.app) }
    }

    /// Serves until [`Control::stop`], then lets what was begun come to its end.
    ///
    /// # Errors
    /// When the system takes the address away.
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self { app, listener, tls, router, .. } = self;
        let house = tokio::spawn(Arc::clone(&app).keep_house());
        let outbox = tokio::spawn(Arc::clone(&app).complete_records());
        let backend = Arc::clone(&app.backend);
        let backend = tokio::spawn(async move {
            // What the backend does in time must not end with one call that it can't bear.
            while AssertUnwindSafe(backend.run()).catch_unwind().await.is_err() {
                tracing::error!("the backend's timers have ended, and begin again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let (drain, keep_alive) = (app.config.server.drain, app.config.server.keep_alive);
        let handle = Handle::new();
        let mut stopping = app.stopping.subscribe();
        let stop = {
            let handle = handle.clone();
            tokio::spawn(async move {
                if stopping.wait_for(|stopping| *stopping).await.is_ok() {
                    handle.graceful_shutdown(Some(drain));
                }
            })
        };
        let service = router.into_make_service();
        let served = match tls {
            Some(tls) => {
                let server = axum_server::from_tcp_rustls(listener, tls)?;
                limited(server, keep_alive).handle(handle).serve(service).await
            }
            None => {
                let server = axum_server::from_tcp(listener)?;
                limited(server, keep_alive).handle(handle).serve(service).await
            }
        };
        stop.abort();
        // Sockets have left the server's own count.
        app.stopping.send_replace(true);
        let most = u32::try_from(app.config.socket.most).unwrap_or(u32::MAX);
        let all_closed = timeout(drain, app.sockets.acquire_many(most)).await;
        if all_closed.is_err() {
            tracing::warn!("sockets were closed before they came to their end");
        }
        house.abort();
        outbox.abort();
        backend.abort();
        app.desks.flush().await;
        app.desks.close();
        app.store.close().await;
        tracing::info!("the gateway has ended");
        served.map_err(ServeError)
    }
}

impl Builder {
    /// What a call is at the provider. The backend writes down in the journal what it is about to do.
    pub fn backend<B: Backend + 'static>(self, make: impl FnOnce(Arc<dyn Journal>) -> Arc<B> + Send + 'static) -> Self {
        self.try_backend(|journal| Ok(make(journal) as Arc<dyn Backend>))
    }

    /// As [`backend`](Self::backend), for one that may not be able to begin.
    pub fn try_backend(
        mut self,
        make: impl FnOnce(Arc<dyn Journal>) -> Result<Arc<dyn Backend>, BoxError> + Send + 'static,
    ) -> Self {
        self.backend = Some(Box::new(make));
        self
    }

    /// Who may sign in, in the place of the configured file.
    pub fn directory(mut self, directory: impl Directory + 'static) -> Self {
        self.directory = Some(Arc::new(directory));
        self
    }

    /// Another clock than the machine's, for tests. Timeouts of sockets are the machine's in every case.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the journal, has the backend take in what is unfinished in it, and listens.
    ///
    /// # Errors
    /// When something that it needs is not there.
    pub async fn build(self) -> Result<Gateway, BuildError> {
        let Self { config, clock, directory, backend } = self;
        let make_backend = backend.ok_or(BuildError::NoBackend)?;
        let directory = match (directory, &config.agents) {
            (Some(directory), _) => directory,
            (None, Some(file)) => Arc::new(AgentFile::load(file)?),
            (None, None) if config.oidc.as_ref().is_some_and(|oidc| oidc.everyone) => Arc::new(AgentFile::empty()?),
            (None, None) => return Err(BuildError::NoDirectory),
        };
        let oidc = config.oidc.clone();
        let oidc = oidc.map(|oidc| Oidc::new(oidc, &config.server.public_url, Arc::clone(&clock))).transpose();
        let oidc = oidc.map_err(|error| BuildError::Oidc(error.into()))?;
        let site = match &config.widget.folder {
            Some(folder) => Some(Site::load(folder, &config.widget.frame_ancestors)?),
            None => None,
        };
        let tls = config.server.tls.as_ref().map(read_tls).transpose().map_err(BuildError::Tls)?;
        let listener = listen(config.server.listen).map_err(BuildError::Listen)?;
        let address = listener.local_addr().map_err(BuildError::Listen)?;

        let metrics = Arc::<Metrics>::default();
        let store = Store::open(&config.journal, Arc::clone(&metrics)).await?;
        let store = match &config.hubspot {
            Some(hubspot) => store.with_outbox(hubspot.wait),
            None => store,
        };
        let journal = Arc::new(BackendJournal { store: store.clone(), clock: Arc::clone(&clock) });
        let backend = make_backend(journal).map_err(BuildError::Backend)?;
        let key = match &config.recordings.key {
            Some(key) => key.0.clone().into_bytes(),
            None => store.recording_key().await.map_err(|_| BuildError::Replay)?,
        };
        let links = Arc::new(Links::new(key, &config));
        let hubspot = config.hubspot.clone();
        let hubspot =
            hubspot.map(|hubspot| HubSpot::new(hubspot, &config.server.public_url, &store, &clock)).transpose();
        let hubspot = hubspot.map_err(|error| BuildError::HubSpot(error.into()))?;
        if let Some(hubspot) = &hubspot {
            hubspot.renew_keys().await.map_err(|error| BuildError::HubSpot(error.into()))?;
        }
        let sessions = Arc::new(Sessions::new(config.sessions.clone(), store.clone(), Arc::clone(&clock)));
        let parts = Parts {
            backend: Arc::clone(&backend),
            links: Arc::clone(&links),
            store: store.clone(),
            sessions: Arc::clone(&sessions),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            backlog: config.socket.backlog,
        };
        let mut origins: Vec<String> = config.socket.origins.iter().map(|origin| origin.as_str().to_owned()).collect();
        origins.push(config.server.public_url.origin());
        let app = Arc::new(App {
            clock,
            metrics,
            store,
            directory,
            sessions,
            oidc,
            hubspot,
            desks: Desks::new(parts),
            policy: Policy::new(config.policy.clone()),
            ledger: Ledger::new(Arc::clone(&backend)),
            routes: Routes::default(),
            backend,
            sign_ins: Throttle::default(),
            links,
            listeners: Arc::new(Semaphore::new(config.recordings.listeners)),
            sockets: Arc::new(Semaphore::new(config.socket.most)),
            origins,
            stopping: watch::Sender::new(false),
            config,
        });
        app.replay().await.map_err(|_| BuildError::Replay)?;
        let router = api::router(Arc::clone(&app), site);
        tracing::info!(%address, provider = app.backend.info().id, "the gateway listens");
        Ok(Gateway { app, listener, tls, router, address })
    }
}

impl Control {
    /// Has the gateway take nothing new, finish what was begun, and end.
    pub fn stop(&self) {
        self.app.stopping.send_replace(true);
    }

    /// Ends all sessions of an agent, as an administrator does.
    pub async fn end_sessions(&self, agent: &AgentId, reason: SignedOutReason) {
        self.app.sessions.end_all(agent, SignedOut::from(reason)).await;
    }
}

/// What is wrong with the files that a configuration names, each under its key; nothing is opened for good.
#[must_use]
pub fn check_files(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |key: &str, why: String| problems.push(Problem { key: key.to_owned(), why });
    match config.agents.as_deref().map(AgentFile::load) {
        Some(Err(error)) => wrong("agents.file", error.to_string()),
        Some(Ok(file)) if config.oidc.is_none() => {
            if let Some(agent) = file.needs_identity_provider() {
                wrong("agents.file", format!("{agent} has no password, and oidc.issuer is not given"));
            }
        }
        _ => {}
    }
    if let Some(folder) = &config.widget.folder
        && let Err(error) = Site::load(folder, &config.widget.frame_ancestors)
    {
        wrong("widget.folder", error.to_string());
    }
    if let Some(Err(error)) = config.server.tls.as_ref().map(read_tls) {
        wrong(&error.key, error.why);
    }
    let folder = config.journal.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        wrong("journal.file", "there is no such folder".to_owned());
    }
    problems
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // What is accepted here has both, too. A reply that follows an event must not wait until the event was acknowledged.
    socket.set_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Gives a server the times that a connection may take. Bodies have theirs in [`api`], sockets in the configuration.
fn limited<A>(mut server: Server<SocketAddr, A>, keep_alive: Duration) -> Server<SocketAddr, A> {
    let http = server.http_builder();
    http.http1().header_read_timeout(keep_alive);
    // A connection of HTTP/2 would have no such limit, and sockets are of HTTP/1.1.
    *http = http.clone().http1_only();
    server.first_request_timeout(FIRST_REQUEST)
}

fn read_tls(files: &Tls) -> Result<RustlsConfig, Problem> {
    let wrong = |key: &str, why: String| Problem { key: key.to_owned(), why };
    let certificate = |error| wrong("server.tls_certificate", format!("no certificate can be read from it: {error}"));
    let chain = CertificateDer::pem_file_iter(&files.certificate).map_err(certificate)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(certificate)?;
    if chain.is_empty() {
        return Err(certificate(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong("server.tls_key", format!("no private key can be read from it: {error}")))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            wrong("server.tls_key", "it is not the key of the certificate".to_owned())
        }
        error => wrong("server.tls_certificate", format!("certificate and key can't be used: {error}")),
    })?;
    // Sockets are of HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::net::TcpStream;

    #[tokio::test]
    async fn what_is_accepted_sends_at_once() {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = tokio::net::TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        assert!(accepted.nodelay().unwrap());
    }
}
