//! The cloud in real time: REST and a control API over HTTP, the voice SDK's signalling over WebSocket, audio over UDP.

mod control;
mod signalling;
mod sound;

use crate::cloud::Cloud;
use crate::config::CloudConfig;
use crate::media::Media;
use anyhow::Result;
use axum_server::tls_rustls::RustlsConfig;
use cordboard::Timestamp;
use cordboard::platform::Lock;
use cordboard_emulator::server;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// Where a [`Server`] listens, on this machine only; 0 is any port that is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// REST and control, HTTP.
    pub rest: u16,
    /// The voice SDK's signalling, `wss` with a certificate of its own.
    pub signal: u16,
}

/// The emulator as a server. It stops when this is dropped.
pub struct Server {
    rest: SocketAddr,
    signal: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Listens, and serves as long as the runtime runs.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(config: CloudConfig, ports: Ports) -> Result<Self> {
        let (rest_socket, signal_socket) = (server::listen(ports.rest)?, server::listen(ports.signal)?);
        let (rest, signal) = (rest_socket.local_addr()?, signal_socket.local_addr()?);
        let audio = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let shared = Arc::new(Shared {
            world: Arc::new(server::Shared::new(Cloud::new(config))?),
            media: Lock::new(Media::new(audio.local_addr()?)),
            sockets: Lock::default(),
            media_changed: Notify::new(),
        });
        let mut tasks = JoinSet::new();
        let told = Arc::clone(&shared);
        tasks.spawn(server::run(Arc::clone(&shared.world), move |signal| signalling::tell(&told, signal)));
        tasks.spawn(sound::run(Arc::clone(&shared), audio));
        let app = control::routes(Arc::clone(&shared)).merge(server::control::routes(Arc::clone(&shared.world)));
        let app = app.fallback_service(server::rest(Arc::clone(&shared.world)));
        tasks.spawn(async move {
            let _ = server::serve(rest_socket, app).await;
        });
        let https = axum_server::from_tcp_rustls(signal_socket, RustlsConfig::from_config(Arc::new(tls()?)))?;
        let app = signalling::routes(Arc::clone(&shared));
        tasks.spawn(async move {
            let _ = https.serve(app.into_make_service()).await;
        });
        Ok(Self { rest, signal, shared, tasks })
    }

    /// Where REST and control are.
    #[must_use]
    pub const fn rest(&self) -> SocketAddr {
        self.rest
    }

    /// Where the voice SDK connects to: its option `chunderw`.
    #[must_use]
    pub const fn signal(&self) -> SocketAddr {
        self.signal
    }

    /// Does something in the cloud, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.shared.world.with(act)
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

struct Shared {
    world: Arc<server::Shared<Cloud>>,
    media: Lock<Media>,
    /// Who is told of an identity's calls: each browser's socket, by its number.
    sockets: Lock<BTreeMap<(String, u64), mpsc::UnboundedSender<String>>>,
    media_changed: Notify,
}

impl Shared {
    fn media<T>(&self, act: impl FnOnce(&mut Media, std::time::Instant) -> T) -> T {
        let now = self.world.clock.instant();
        let result = act(&mut self.media.lock(), now);
        self.media_changed.notify_one();
        result
    }
}

/// A certificate that nobody trusts: browsers are told to take it.
fn tls() -> Result<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
