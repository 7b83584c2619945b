//! What was measured, as a table, and which limits it misses.

use crate::client::Protocol;
use crate::measure::Figures;
use std::fmt::Write as _;
use std::time::Duration;

/// The most memory of an idle socket, in KiB.
const USER_RSS: f64 = 8.0;
/// How long 99 of 100 webhooks may take.
const WEBHOOK: Duration = Duration::from_millis(50);

/// One of what was measured.
type Figure = fn(&Figures) -> f64;

/// A server of another make.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
    pub(crate) protocol: Protocol,
    /// How many times as much as it the gateway must deliver.
    pub(crate) factor: f64,
}

pub(crate) const PEERS: [Peer; 2] = [
    Peer { name: "ws", script: "ws.mjs", protocol: Protocol::Ws, factor: 1.0 },
    Peer { name: "socket.io", script: "socket-io.mjs", protocol: Protocol::SocketIo, factor: 2.0 },
];

/// How long webhooks waited for their answers.
pub(crate) struct Latency {
    sent: u64,
    /// Of those that were answered 2xx, the shortest first.
    times: Vec<Duration>,
    /// How many of those are not in the journal.
    lost: usize,
}

impl Latency {
    pub(crate) fn new(sent: u64, mut times: Vec<Duration>, lost: usize) -> Self {
        times.sort_unstable();
        Self { sent, times, lost }
    }

    /// What so many of a hundred did not exceed; forever if nothing was answered.
    fn percentile(&self, percent: usize) -> Duration {
        let index = (self.times.len() * percent).div_ceil(100).saturating_sub(1);
        self.times.get(index).copied().unwrap_or(Duration::MAX)
    }
}

/// A table of everything, and whether all limits are kept.
pub(crate) fn report(gateway: &Figures, peers: &[Figures; PEERS.len()], latency: &Latency) -> (String, bool) {
    let mut lines = Vec::new();
    let mut limits = Vec::new();
    let mut row = |name: &str, decimals: usize, figure: Figure| {
        let figures = std::iter::once(gateway).chain(peers).map(figure);
        let figures = figures.fold(String::new(), |mut text, figure| {
            let _ = write!(text, "{figure:>12.decimals$}");
            text
        });
        lines.push(format!("{name:<38}{figures}"));
    };
    row("user RSS of an idle socket, KiB", 1, |figures| figures.user_rss);
    row("messages delivered in a CPU second", 0, |figures| figures.messages);
    row("  of events alone", 0, |figures| figures.events);
    row("  of answers alone", 0, |figures| figures.answers);

    let mut limit = |text: String, is_kept: bool| limits.push((text, is_kept));
    limit(format!("user RSS {:.1} KiB, at most {USER_RSS} KiB", gateway.user_rss), gateway.user_rss <= USER_RSS);
    for (Peer { name, factor, .. }, figures) in PEERS.iter().zip(peers) {
        let ratio = gateway.messages / figures.messages;
        limit(format!("messages {ratio:.2} x {name}, at least {factor:.1} x"), ratio >= *factor);
    }
    let [half, most, all] = [50, 99, 100].map(|percent| latency.percentile(percent));
    limit(
        format!("webhook to 2xx: p50 {half:.1?}, p99 {most:.1?}, longest {all:.1?}; p99 below {WEBHOOK:?}"),
        most < WEBHOOK,
    );
    let Latency { sent, times, lost } = latency;
    limit(format!("{} of {sent} webhooks answered 2xx, at least all", times.len()), times.len() as u64 == *sent);
    limit(format!("{lost} of those not in the journal after a SIGKILL, at most 0"), *lost == 0);

    let head = std::iter::once("gateway").chain(PEERS.map(|peer| peer.name));
    let head = head.fold(format!("{:<38}", ""), |text, name| format!("{text}{name:>12}"));
    let verdicts =
        limits.iter().map(|(text, is_kept)| format!("{} {text}", if *is_kept { "ok    " } else { "MISSED" }));
    let text = std::iter::once(head).chain(lines).chain(std::iter::once(String::new())).chain(verdicts);
    (text.collect::<Vec<_>>().join("\n"), limits.iter().all(|(_, is_kept)| *is_kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Figures = Figures { user_rss: 9.0, messages: 100.0, events: 100.0, answers: 100.0 };
    const GATEWAY: Figures = Figures { user_rss: 8.0, messages: 200.0, events: 200.0, answers: 200.0 };

    fn latency(millis: impl Iterator<Item = u64>) -> Latency {
        Latency::new(100, millis.map(Duration::from_millis).collect(), 0)
    }

    #[test]
    fn each_limit_can_be_missed() {
        let good = || latency(1..=100);
        // The hundredth takes 100 ms, and the others no more than 49.
        let slow = || latency((1..=49).chain(1..=50).chain([100]));
        let is_kept = |gateway: Figures, latency: Latency| report(&gateway, &[PEER; 2], &latency).1;
        assert!(!is_kept(GATEWAY, good()), "99 ms");
        assert!(!is_kept(GATEWAY, slow()), "50 ms");
        let good = || latency((1..=49).chain(1..=49).chain([49, 100]));
        assert!(is_kept(GATEWAY, good()));
        assert!(!is_kept(Figures { user_rss: 8.1, ..GATEWAY }, good()));
        assert!(!is_kept(Figures { messages: 199.0, ..GATEWAY }, good()));
        assert!(!is_kept(GATEWAY, Latency { lost: 1, ..good() }));
        assert!(!is_kept(GATEWAY, Latency { sent: 101, ..good() }));
        assert!(!is_kept(GATEWAY, latency(std::iter::empty())));
    }
}
