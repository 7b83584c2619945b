//! Publishes an app, tells HubSpot what it is, and shows what HubSpot knows of it. `cargo xtask publish`, `rollback`, `releases`,
//! `settings`, `recording`, `channel` and `dev-snippet` run it.

mod access;
mod bundle;
mod check;
mod clock;
mod command;
mod config;
mod headers;
mod publish;
mod setting;
mod snippet;
mod store;

use crate::command::{Command, Line};
use crate::config::Environment;
use crate::setting::Desk;
use anyhow::Result;
use clap::Parser as _;
use cordboard_hubspot::{CallingSettings, ChannelConnection, RecordingSettings};
use std::io::Write as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// How a run ended, with the exit codes of `diff`.
pub(crate) enum Outcome {
    /// It is as it should be.
    Done,
    /// HubSpot has something else than the configuration.
    Differs,
}

fn main() -> ExitCode {
    match run(&Line::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Differs) => ExitCode::from(1),
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(line: &Line) -> Result<Outcome> {
    log(line.verbose);
    // Whoever installed one before has chosen.
    drop(rustls::crypto::ring::default_provider().install_default());
    let order = match &line.command {
        Command::DevSnippet { url, env } => {
            let environment = env.as_deref().map(|name| Environment::read(&line.config, name)).transpose()?;
            print(&snippet::snippet(environment.as_ref(), url)?)?;
            return Ok(Outcome::Done);
        }
        Command::Publish { which, dir, dry_run, without_handshake } => {
            let environment = Environment::read(&line.config, &which.env)?;
            let order =
                publish::Order { dir: dir.as_deref(), dry_run: *dry_run, without_handshake: *without_handshake };
            return publish::publish(&environment, &order).await;
        }
        Command::Rollback { which, to } => {
            return publish::rollback(&Environment::read(&line.config, &which.env)?, to.as_deref()).await;
        }
        Command::Releases(which) => return publish::releases(&Environment::read(&line.config, &which.env)?).await,
        Command::Settings(order) | Command::Channel(order) | Command::Recording(order) => order,
    };
    let environment = Environment::read(&line.config, order.env())?;
    let desk = Desk::open(&environment).await?;
    match &line.command {
        Command::Channel(_) => desk.carry_out::<ChannelConnection>(order).await,
        Command::Recording(_) => desk.carry_out::<RecordingSettings>(order).await,
        _ => desk.carry_out::<CallingSettings>(order).await,
    }
}

/// Logs what Cordboard does. What libraries know of requests, addresses with keys among it, is nobody's business, however often
/// one asks.
fn log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::new(format!("off,cordboard_hubspot={level}"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}

/// Tells the user.
#[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Gives what was asked for.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
