//! The service of the tests on a port of this machine, for a gateway to talk to while you develop. What to dial, and what becomes of it, is
//! the table in `cordboard_emulator::numbers`; to have somebody call, see `cordboard_emulator::server::control`.
//!
//! ```sh
//! cargo run --package cordboard-tin-can --example tin-can-service -- 9002 http://127.0.0.1:9001
//! ```
//!
//! The arguments are its port, and where the gateway is.

#[path = "../tests/service/mod.rs"]
mod service;

use anyhow::{Context as _, Result};
use cordboard_emulator::server::{self, Shared};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok()).context("name a port, such as 9002")?;
    let gateway = arguments.next().context("say where the gateway is, such as http://127.0.0.1:9001")?;
    let listener = server::listen(port)?;
    // Ids of calls differ between two runs, as the gateway remembers those of the first.
    let seed = server::Clock::new().now().as_millis();
    let shared = Arc::new(Shared::new(service::Cloud::new(&gateway, seed))?);
    server::Server::start(listener, shared, None, drop)?.wait().await;
    Ok(())
}
