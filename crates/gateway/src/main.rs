//! `cordboard-gateway --config cordboard.toml`: the gateway with the providers that are built in.

mod logging;
mod provider;

use clap::{Parser, Subcommand};
use cordboard_gateway::config::{Config, Keys, Problem, Problems};
use cordboard_gateway::{Gateway, hash_password};
use provider::Provider;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// The server that keeps an account's secrets and its agents' calls.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration; cordboard.example.toml documents every key.
    #[arg(long, value_name = "FILE", default_value = "cordboard.toml")]
    config: PathBuf,
    /// Says what is wrong with the configuration, and does nothing else.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Reads a password from the standard input, and writes its hash for the file of agents.
    HashPassword,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Some(Command::HashPassword) => hash(),
        None if arguments.check => check(&arguments.config),
        None => run(&arguments.config),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The configuration and the provider, or everything that is wrong with them.
fn load(path: &Path) -> Result<(Config, Provider), Problems> {
    let mut keys = Keys::load(path)?;
    let config = Config::read(&mut keys);
    let provider = Provider::read(&mut keys, config.as_ref());
    let files = config.as_ref().map(|config| provider.as_ref().map_or(Vec::new(), |provider| provider.check(config)));
    for Problem { key, why } in files.unwrap_or_default() {
        keys.wrong(&key, why);
    }
    keys.finish()?;
    config.zip(provider).ok_or_else(|| Problems(Vec::new()))
}

fn hash() -> Result<(), Error> {
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("write the password to the standard input".into());
    }
    writeln!(io::stdout(), "{}", hash_password(password)?)?;
    Ok(())
}

fn check(path: &Path) -> Result<(), Error> {
    load(path)?;
    writeln!(io::stdout(), "the configuration is fine")?;
    Ok(())
}

#[tokio::main]
async fn run(path: &Path) -> Result<(), Error> {
    let (config, provider) = load(path)?;
    logging::start(&config.log)?;
    // The one provider of cryptography in this process: what is not told which to take asks for it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let gateway: Gateway = provider.gateway(config).await?;
    let control = gateway.control();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        control.stop();
        tracing::info!("the gateway was told to stop");
    });
    Ok(gateway.serve().await?)
}
