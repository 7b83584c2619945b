//! Moves audio: packets as they come, and every 20 ms what everybody hears.

use super::Shared;
use cordboard_emulator::server::control::Hands as _;
use core::time::Duration;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::time::{Instant, interval, sleep_until};

/// A frame of PCMU, as WebRTC sends it.
const TICK: Duration = Duration::from_millis(20);

pub(super) async fn run(shared: Arc<Shared>, socket: UdpSocket) {
    let mut ticks = interval(TICK);
    let mut packet = vec![0; 2_048];
    loop {
        let (lost, outgoing, due) = {
            let mut media = shared.media.lock();
            let lost: Vec<String> = core::iter::from_fn(|| media.poll_lost()).collect();
            let outgoing: Vec<_> = core::iter::from_fn(|| media.poll_transmit()).collect();
            (lost, outgoing, media.poll_timeout())
        };
        for call in lost {
            // It may have ended in the meantime.
            let _ = shared.world.with(|cloud, now| cloud.client_vanishes(now, &call));
        }
        for packet in outgoing {
            // What the kernel has no room for is lost, as on any network.
            let _ = socket.send_to(&packet.contents, packet.destination).await;
        }
        let sleep = async {
            match due {
                Some(due) => sleep_until(Instant::from_std(due)).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            received = socket.recv_from(&mut packet) => {
                if let Ok((length, source)) = received {
                    let now = shared.world.clock.instant();
                    shared.media.lock().receive(now, source, packet.get(..length).unwrap_or_default());
                }
            }
            _ = ticks.tick() => {
                let legs = shared.world.cloud.lock().live_legs();
                let now = shared.world.clock.instant();
                let mut media = shared.media.lock();
                media.handle_timeout(now);
                media.tick(now, &legs);
            }
            () = sleep => {
                let now = shared.world.clock.instant();
                shared.media.lock().handle_timeout(now);
            }
            () = shared.media_changed.notified() => {}
        }
    }
}
