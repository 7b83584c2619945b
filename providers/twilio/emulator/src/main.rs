//! The emulator as a process. It listens on this machine only, and says where in one line of JSON.

use anyhow::Result;
use clap::Parser;
use cordboard_twilio_emulator::{ClientScript, CloudConfig, Ports, Server};
use std::io::Write as _;

/// Twilio's voice API for tests.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where REST and /control/ listen; 0 is any free port.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where the voice SDK connects to; 0 is any free port.
    #[arg(long, default_value_t = 0)]
    signal_port: u16,
    /// What the addresses of the account's webhooks begin with, without a slash at the end.
    #[arg(long)]
    webhooks_base: String,
    /// The webhook that says what becomes of a call.
    #[arg(long, default_value = "/webhooks/twilio/inbound")]
    voice_path: String,
    /// The webhook that is told when a call to one of the account's numbers ends.
    #[arg(long, default_value = "/webhooks/twilio/status")]
    status_path: String,
    /// The account, instead of the one for tests.
    #[arg(long)]
    account_sid: Option<String>,
    /// The account's token, instead of the one for tests.
    #[arg(long)]
    auth_token: Option<String>,
    /// The account's key, instead of the one for tests.
    #[arg(long)]
    api_key_sid: Option<String>,
    /// That key's secret.
    #[arg(long)]
    api_key_secret: Option<String>,
}

impl Options {
    fn config(self) -> CloudConfig {
        let mut config = CloudConfig::for_tests(&format!("{}{}", self.webhooks_base, self.voice_path));
        // Whoever has no page is not there: a script must not take the leg of somebody who is just loading theirs again.
        config.clients = ClientScript::Absent;
        let status = format!("{}{}", self.webhooks_base, self.status_path);
        for number in &mut config.numbers {
            number.status_callback = Some(status.clone());
        }
        let set = |field: &mut String, value: Option<String>| {
            if let Some(value) = value {
                *field = value;
            }
        };
        set(&mut config.account_sid, self.account_sid);
        set(&mut config.auth_token, self.auth_token);
        set(&mut config.api_key_sid, self.api_key_sid);
        set(&mut config.api_key_secret, self.api_key_secret);
        config
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let ports = Ports { rest: options.port, signal: options.signal_port };
    let server = Server::start(options.config(), ports).await?;
    let mut out = std::io::stdout();
    writeln!(out, r#"{{"rest":"http://{}","signal":"{}"}}"#, server.rest(), server.signal())?;
    out.flush()?;
    server.wait().await;
    Ok(())
}
