//! The emulator as a process. It listens on this machine only, and says where in one line of JSON.

use anyhow::Result;
use clap::Parser;
use cordboard_hubspot_emulator::{CloudConfig, Server};
use std::io::Write as _;

/// HubSpot's REST API for tests.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where it listens; 0 is any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let server = Server::start(CloudConfig::for_tests(), options.port)?;
    let mut out = std::io::stdout();
    writeln!(out, r#"{{"api":"{}"}}"#, server.url())?;
    out.flush()?;
    server.wait().await;
    Ok(())
}
