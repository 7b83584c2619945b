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
    /// Where users come back to who install the app.
    #[arg(long)]
    redirect_uri: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut config = CloudConfig::for_tests();
    if let Some(uri) = options.redirect_uri {
        config.redirect_uri = uri;
    }
    let server = Server::start(config, options.port)?;
    let mut out = std::io::stdout();
    writeln!(out, r#"{{"api":"{}"}}"#, server.url())?;
    out.flush()?;
    server.wait().await;
    Ok(())
}
