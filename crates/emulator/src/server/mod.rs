//! A cloud in real time: REST and a control API over HTTP, callbacks by HTTP.

mod clock;
pub mod control;
mod driver;
mod rest;
mod sound;

use crate::Emulated;
use anyhow::{Context as _, Result};
pub use clock::Clock;
use cordboard::Timestamp;
use cordboard::platform::Lock;
pub use driver::run;
pub use rest::routes as rest;
use rustls::crypto::ring;
pub use sound::Sound;
use std::net::{Ipv4Addr, TcpListener};
use tokio::sync::Notify;

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
