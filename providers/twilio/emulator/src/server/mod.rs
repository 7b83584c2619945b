//! The cloud in real time: REST and a control API over HTTP, the voice SDK's signalling over WebSocket, audio over UDP.

mod control;
mod signalling;

use crate::cloud::Cloud;
use crate::config::CloudConfig;
use anyhow::Result;
use axum_server::tls_rustls::RustlsConfig;
use cordboard::Timestamp;
use cordboard::platform::Lock;
use cordboard_emulator::server::control::Hands as _;
use cordboard_emulator::server::{self, Sound};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

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
    base: server::Server<Cloud>,
    signal: SocketAddr,
}

impl Server {
    /// Listens, and serves as long as the runtime runs.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(config: CloudConfig, ports: Ports) -> Result<Self> {
        let (rest_socket, signal_socket) = (server::listen(ports.rest)?, server::listen(ports.signal)?);
        let signal = signal_socket.local_addr()?;
        let world = Arc::new(server::Shared::new(Cloud::new(config))?);
        let sound = Arc::new(Sound::new(world.clock).await?);
        let shared = Arc::new(Shared { world, sound, sockets: Lock::default(), signalling: watch::Sender::default() });
        let (hands, told) = (control::routes(Arc::clone(&shared)), Arc::clone(&shared));
        let tell = move |signal| signalling::tell(&told, signal);
        let mut base = server::Server::start(rest_socket, Arc::clone(&shared.world), Some(hands), tell)?;
        let (sound, world) = (Arc::clone(&shared.sound), Arc::clone(&shared.world));
        base.spawn(async move {
            let lose = |leg: &str| {
                // It may have ended in the meantime.
                let _ = world.with(|cloud, now| cloud.client_vanishes(now, leg));
            };
            sound.run(&world, Cloud::everybody, lose).await;
        });
        let https = axum_server::from_tcp_rustls(signal_socket, RustlsConfig::from_config(Arc::new(tls()?)))?;
        let app = signalling::routes(shared);
        base.spawn(async move {
            let _ = https.serve(app.into_make_service()).await;
        });
        Ok(Self { base, signal })
    }

    /// Where REST and control are.
    #[must_use]
    pub const fn rest(&self) -> SocketAddr {
        self.base.rest()
    }

    /// Where the voice SDK connects to: its option `chunderw`.
    #[must_use]
    pub const fn signal(&self) -> SocketAddr {
        self.signal
    }

    /// Does something in the cloud, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.base.with(act)
    }

    /// Serves until the process ends.
    pub async fn wait(self) {
        self.base.wait().await;
    }
}

/// What becomes of the browsers' sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Signalling {
    #[default]
    Up,
    /// They are cut, and none is taken.
    Down,
    /// Every access token has expired.
    Expired,
}

struct Shared {
    world: Arc<server::Shared<Cloud>>,
    sound: Arc<Sound>,
    /// Who is told of an identity's calls: each browser's socket, by its number.
    sockets: Lock<BTreeMap<(String, u64), mpsc::UnboundedSender<String>>>,
    signalling: watch::Sender<Signalling>,
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
