//! The emulator as a process. It listens on this machine only, and says where in one line of JSON.

use anyhow::Result;
use clap::Parser;
use cordboard_vonage_emulator::{ClientScript, CloudConfig};
use std::io::Write as _;

/// Vonage's Voice API for tests.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where the APIs and /control/ listen; 0 is any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What the addresses of the application's webhooks begin with, without a slash at the end.
    #[arg(long)]
    webhooks_base: String,
    /// Writes the application's private key there, for the server that is to use this cloud.
    #[arg(long)]
    write_key: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Options { port, webhooks_base, write_key } = Options::parse();
    let webhook = |name: &str| format!("{webhooks_base}/webhooks/vonage/{name}");
    let mut config = CloudConfig::for_tests(&webhook("answer"), &webhook("event"));
    // Whoever has no page is not there: a script must not take the leg of somebody who is just loading theirs again.
    config.clients = ClientScript::Absent;
    if let Some(path) = write_key {
        std::fs::write(path, &config.private_key)?;
    }
    let server = cordboard_vonage_emulator::start(config, port).await?;
    let mut out = std::io::stdout();
    writeln!(out, r#"{{"rest":"http://{}"}}"#, server.rest())?;
    out.flush()?;
    server.wait().await;
    Ok(())
}
