//! The gateway under load, beside `ws` and socket.io in the same run: whether it keeps its limits.
//!
//! Servers run one after the other on the first core, and the same clients for all of them on the second. All are asked for the
//! same: sockets that proved who they are; events of which each goes to every socket; orders that are answered. An event of the
//! gateway's is one of a call: the agent dials it over REST, it rings, the agent hangs up, and each is in the journal before it is
//! told. A peer is posted the same events and tells them; it keeps nothing.
//!
//! The limits of delivery are of all messages, in the middle of calls. What the two kinds cost alone is shown beside it: an event alone is
//! one packet to each socket, and three quarters of what that costs a server is the kernel's, whoever sends it.

mod client;
mod flags;
mod gateway;
mod measure;
mod process;
mod report;

use crate::flags::CordboardLoad;
use crate::measure::{Figures, Size};
use crate::report::PEERS;
use anyhow::Result;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(&CordboardLoad::from_env_or_exit()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(flags: &CordboardLoad) -> Result<bool> {
    let CordboardLoad { gateway: program, folder, peers: scripts, .. } = flags;
    let size = Size { sockets: flags.sockets.unwrap_or(10_000), rounds: flags.rounds.unwrap_or(30) };
    process::prepare(size.sockets as u64)?;
    // The HTTP client asks for one, also where nothing is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // First, as long as the disk has nothing else to write.
    say("the gateway, with webhooks");
    let latency = measure::webhooks(program, folder).await?;
    say(&format!("the gateway, with {} sockets", size.sockets));
    let (gateway, told) = measure::gateway(program, folder, size).await?;
    let bytes = told.iter().map(|text| text.len()).sum::<usize>() / told.len().max(1);
    let mut peers: [Figures; PEERS.len()] = [gateway; PEERS.len()];
    for (figures, peer) in peers.iter_mut().zip(&PEERS) {
        say(&format!("{}, with as many, and the same events of {bytes} bytes", peer.name));
        *figures = measure::peer(peer, scripts, size, &told).await?;
    }
    let (text, is_kept) = report::report(&gateway, &peers, &latency);
    say(&format!("\n{text}"));
    Ok(is_kept)
}

/// Tells the user.
#[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
fn say(text: &str) {
    eprintln!("{text}");
}
