//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Tells HubSpot what an app is, and shows what it knows of it.
///
/// Secrets come from the environment only: CORDBOARD_HUBSPOT_DEVELOPER_KEY, or CORDBOARD_HUBSPOT_TOKEN, or
/// CORDBOARD_HUBSPOT_CLIENT_ID and CORDBOARD_HUBSPOT_CLIENT_SECRET. It ends with 0; with 1 when there is a difference; with 2 when
/// something failed.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Line {
    /// The file with the environments.
    #[arg(long, global = true, default_value = "cordboard.toml")]
    pub(crate) config: PathBuf,
    /// Says more; several times, still more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// How the widget is shown.
    #[command(subcommand)]
    Settings(Order),
    /// Where recordings are.
    #[command(subcommand)]
    Recording(Order),
    /// Which numbers the help desk can connect.
    #[command(subcommand)]
    Channel(Order),
    /// Builds an app for release, checks all that can be checked, and lets users have it.
    Publish {
        #[command(flatten)]
        which: Which,
        /// A folder that was built already.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Only shows what would be changed, and sends nothing.
        #[arg(long)]
        dry_run: bool,
        /// Does not try the handshake in Chromium.
        #[arg(long)]
        without_handshake: bool,
    },
    /// Returns to an earlier release: to the one before, if none is named.
    Rollback {
        #[command(flatten)]
        which: Which,
        /// Which one.
        #[arg(long)]
        to: Option<String>,
    },
    /// Shows what was released, and what users get.
    Releases(Which),
    /// What to paste into the console of a HubSpot page to try a widget on this machine.
    DevSnippet {
        /// Where the widget is.
        #[arg(long, default_value = "https://localhost:9025/")]
        url: String,
        /// The environment whose settings to show it with.
        #[arg(long)]
        env: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Order {
    /// Shows what HubSpot has, as JSON.
    Get(Which),
    /// Shows in what HubSpot and the configuration differ.
    Diff(Which),
    /// Makes HubSpot have what the configuration says.
    Put {
        #[command(flatten)]
        which: Which,
        /// Only shows what would be changed.
        #[arg(long)]
        dry_run: bool,
    },
    /// Removes it at HubSpot.
    Delete {
        #[command(flatten)]
        which: Which,
        /// Does so without asking.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub(crate) struct Which {
    /// The environment.
    #[arg(long)]
    pub(crate) env: String,
}

impl Order {
    pub(crate) fn env(&self) -> &str {
        let (Self::Get(which) | Self::Diff(which) | Self::Put { which, .. } | Self::Delete { which, .. }) = self;
        &which.env
    }
}
