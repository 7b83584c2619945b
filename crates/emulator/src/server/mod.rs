//! A cloud in real time: REST and a control API over HTTP, callbacks by HTTP.

mod clock;
pub mod control;
mod driver;
mod rest;
mod sound;

use crate::Emulated;
use anyhow::{Context as _, Result};
pub use clock::Clock;
use control::Hands;
use cordboard::Timestamp;
use cordboard::platform::Lock;
pub use driver::run;
pub use rest::routes as rest;
use rustls::crypto::ring;
pub use sound::Sound;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A cloud, and what it needs to live in real time.
pub struct Shared<C> {
    /// The machine's time.
    pub clock: Clock,
    /// The cloud itself.
    pub cloud: Lock<C>,
    client: reqwest::Client,
    changed: Notify,
}

impl<C: Emulated> Shared<C> {
    /// A cloud that begins now.
    ///
    /// # Errors
    /// When the system's certificates can't be read.
    pub fn new(cloud: C) -> Result<Self> {
        // The client wants one when it is built together with programs whose client does TLS. One that is there will do.
        let _ = ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { clock: Clock::new(), cloud: Lock::new(cloud), client, changed: Notify::new() })
    }

    /// Does something in the cloud, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut C, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let result = act(&mut self.cloud.lock(), now);
        self.changed.notify_one();
        result
    }
}

/// A cloud that is served on this machine. It stops when this is dropped.
pub struct Server<C> {
    rest: SocketAddr,
    world: Arc<Shared<C>>,
    tasks: JoinSet<()>,
}

impl<C: Hands> Server<C> {
    /// Serves the REST API, a test's [hands](control) and `more`, and hands signals on by `tell`, as long as the runtime runs.
    ///
    /// # Errors
    /// When the socket can't be used.
    pub fn start(
        listener: TcpListener,
        world: Arc<Shared<C>>,
        more: Option<axum::Router>,
        tell: impl Fn(C::Signal) + Send + 'static,
    ) -> Result<Self> {
        let rest = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(run(Arc::clone(&world), tell));
        let app = more.unwrap_or_default().merge(control::routes(Arc::clone(&world)));
        let app = app.fallback_service(rest::routes(Arc::clone(&world)));
        tasks.spawn(async move {
            let _ = serve(listener, app).await;
        });
        Ok(Self { rest, world, tasks })
    }

    /// Where the REST API and a test's hands are.
    #[must_use]
    pub const fn rest(&self) -> SocketAddr {
        self.rest
    }

    /// Does something in the cloud, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut C, Timestamp) -> T) -> T {
        self.world.with(act)
    }

    /// Does something else, as long as this serves.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Listens on this machine only; at any port that is free, if it is 0.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("a port can't be listened at")?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves over HTTP, for ever.
///
/// # Errors
/// When the socket can't be used.
pub async fn serve(listener: TcpListener, app: axum::Router) -> Result<()> {
    Ok(axum_server::from_tcp(listener)?.serve(app.into_make_service()).await?)
}
