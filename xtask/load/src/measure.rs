//! What is measured: of every server the same, by the same clients.

use crate::client::{Crowd, Protocol};
use crate::gateway::{Gateway, note_key};
use crate::process::{Server, free_address};
use crate::report::{Latency, Peer};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use reqwest::Client;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How long the sockets are left alone before the memory is read.
const REST: Duration = Duration::from_secs(3);
/// Rounds before those that count, for what is compiled or allocated at first.
const WARM_UP: u64 = 10;
/// How often webhooks come, and how long.
const WEBHOOK_EVERY: Duration = Duration::from_millis(2);
const WEBHOOKS: u64 = 10_000;
/// Webhooks are of so many calls by turns.
const CALLS: u64 = 100;

/// How much of everything.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) sockets: usize,
    pub(crate) rounds: u64,
}

/// What is measured of each server.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// In KiB, of an idle socket.
    pub(crate) user_rss: f64,
    /// Messages that arrived, by second of the server's time, while calls happen and everybody gives orders.
    pub(crate) messages: f64,
    /// Events, while nobody orders anything.
    pub(crate) events: f64,
    /// Answers, while nothing happens.
    pub(crate) answers: f64,
}

/// The gateway's figures, and the events that were told, for the peers to tell the same.
pub(crate) async fn gateway(program: &Path, folder: &Path, size: Size) -> Result<(Figures, Vec<Utf8Bytes>)> {
    let gateway = Gateway::start(program, folder, size.sockets).await?;
    let before = gateway.server.user_rss()?;
    // Each socket is of an agent of their own, with a session and a place in the gateway, which are counted, too.
    let tokens = gateway.sign_in_all(size.sockets).await?;
    let crowd = Crowd::gather(Protocol::Gateway, gateway.server.address, &tokens).await?;
    let user_rss = idle(&gateway.server, &crowd, before).await?;
    drop((crowd, gateway));

    // An event is told to its agent only, so all sockets are one agent's.
    let gateway = Gateway::start(program, folder, 0).await?;
    let token = gateway.sign_in_one().await?;
    let tokens = vec![token.clone(); size.sockets];
    let crowd = Crowd::gather(Protocol::Gateway, gateway.server.address, &tokens).await?;
    let happen = async |_: u64, heard: &[Utf8Bytes]| gateway.dial_or_hang_up(&token, heard).await;
    let ([messages, events, answers], told) = deliveries(&gateway.server, &crowd, size.rounds, happen).await?;
    Ok((Figures { user_rss, messages, events, answers }, told))
}

/// A peer's figures.
pub(crate) async fn peer(peer: &Peer, scripts: &Path, size: Size, told: &[Utf8Bytes]) -> Result<Figures> {
    let address = free_address()?;
    let server = Server::start("node".as_ref(), address, |command| {
        let command = command.env("NODE_ENV", "production").arg(scripts.join(peer.script));
        command.args([address.port().to_string(), size.sockets.to_string()])
    })
    .await?;
    let before = server.user_rss()?;
    let tokens: Vec<String> = (0..size.sockets).map(|index| format!("token-{index}")).collect();
    let crowd = Crowd::gather(peer.protocol, address, &tokens).await?;
    let user_rss = idle(&server, &crowd, before).await?;

    // Node hangs up what was idle for five seconds.
    let http = Client::builder().pool_max_idle_per_host(0).build()?;
    let mut told = told.iter();
    let happen = async |round: u64, _: &[Utf8Bytes]| {
        let posting = told.by_ref().take(usize::try_from(events_of(round))?).map(async |event| {
            let response = http.post(format!("http://{address}/")).body(event.to_string()).send().await?;
            ensure!(response.status().is_success(), "{} answers {}", peer.name, response.status());
            Ok(())
        });
        try_join_all(posting).await.map(drop)
    };
    let ([messages, events, answers], _) = deliveries(&server, &crowd, size.rounds, happen).await?;
    Ok(Figures { user_rss, messages, events, answers })
}

/// What an idle socket adds to the server's memory.
async fn idle(server: &Server, crowd: &Crowd, before: u64) -> Result<f64> {
    sleep(REST).await;
    crowd.check(0)?;
    let more = server.user_rss()?.saturating_sub(before);
    Ok(float(more) / float(crowd.size()))
}

/// The events of a round: a call begins and rings, then it ends.
const fn events_of(round: u64) -> u64 {
    if round.is_multiple_of(2) { 2 } else { 1 }
}

/// Has something happen in every round, first alone, then while everybody gives orders, which then they do alone. Returns messages,
/// events and answers by second, and the events.
async fn deliveries(
    server: &Server,
    crowd: &Crowd,
    count: u64,
    mut happen: impl AsyncFnMut(u64, &[Utf8Bytes]) -> Result<()>,
) -> Result<([f64; 3], Vec<Utf8Bytes>)> {
    let _awake = stay_awake();
    let (events, mut told) = rounds(server, crowd, count, events_of, &mut happen).await?;
    let both = async |round: u64, heard: &[Utf8Bytes]| {
        crowd.order();
        happen(round, heard).await
    };
    let (messages, more) = rounds(server, crowd, count, |round| events_of(round) + 1, both).await?;
    told.extend(more.into_iter().filter(|text| Protocol::is_event(text)));
    let order = async |_: u64, _: &[Utf8Bytes]| {
        crowd.order();
        Ok(())
    };
    let (answers, _) = rounds(server, crowd, count, |_| 1, order).await?;
    crowd.check((0..WARM_UP + count).map(|round| 2 * events_of(round) + 2).sum())?;
    Ok(([messages, events, answers], told))
}

/// Keeps this process from sleeping until it is dropped. A client that sleeps is woken by the server's kernel, in the server's time and
/// for each message: that would be most of what is measured, and none of it the server's.
fn stay_awake() -> JoinSet<()> {
    let mut awake = JoinSet::new();
    awake.spawn(async {
        loop {
            yield_now().await;
        }
    });
    awake
}

/// Has something happen, and something else when everybody has heard all that was expected. Returns how many messages a second of the
/// server's time delivered, and the messages.
async fn rounds(
    server: &Server,
    crowd: &Crowd,
    count: u64,
    expected: impl Fn(u64) -> u64,
    mut happen: impl AsyncFnMut(u64, &[Utf8Bytes]) -> Result<()>,
) -> Result<(f64, Vec<Utf8Bytes>)> {
    let (mut before, mut messages) = (0.0, 0);
    let (mut told, mut last): (Vec<Utf8Bytes>, Vec<Utf8Bytes>) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + count {
        if round == WARM_UP {
            before = server.cpu_seconds()?;
        }
        messages += if round < WARM_UP { 0 } else { expected(round) };
        crowd.expect(expected(round));
        happen(round, &last).await?;
        last = crowd.told().await?;
        told.extend_from_slice(&last);
    }
    let seconds = server.cpu_seconds()? - before;
    Ok((float(messages * crowd.size()) / seconds, told))
}

/// How long webhooks wait for their 2xx when they come at their own pace, and how many of those are not in the journal after a
/// SIGKILL.
pub(crate) async fn webhooks(program: &Path, folder: &Path) -> Result<Latency> {
    let gateway = Arc::new(Gateway::start(program, folder, 0).await?);
    let mut ticks = interval(WEBHOOK_EVERY);
    // One that is late does not make the others late.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = JoinSet::new();
    for number in 0..WEBHOOKS {
        let due = ticks.tick().await;
        let gateway = Arc::clone(&gateway);
        sent.spawn(async move {
            let (call, key) = (format!("c{}", number % CALLS), format!("n{number}"));
            let is_taken = gateway.note(&call, &key).await.unwrap_or(false);
            is_taken.then(|| (note_key(&call, &key), due.elapsed()))
        });
    }
    let answered: Vec<(String, Duration)> = sent.join_all().await.into_iter().flatten().collect();
    let journal = Arc::into_inner(gateway).context("somebody still sends webhooks")?.kill().await?;
    let lost = answered.iter().filter(|(key, _)| !journal.contains(key)).count();
    let times = answered.into_iter().map(|(_, time)| time).collect();
    Ok(Latency::new(WEBHOOKS, times, lost))
}

#[expect(clippy::cast_precision_loss, reason = "no figure here is that large")]
fn float(number: u64) -> f64 {
    number as f64
}
