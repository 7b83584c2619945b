//! Moves audio: packets as they come, and every 20 ms what everybody hears.

use super::{Clock, Shared};
use crate::Emulated;
use crate::media::{Counters, Media, Party};
use anyhow::Result;
use cordboard::platform::Lock;
use core::time::Duration;
use std::net::Ipv4Addr;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::{Instant, interval, sleep_until};

/// A frame of PCMU, as WebRTC sends it.
const TICK: Duration = Duration::from_millis(20);

/// A cloud's media in real time.
pub struct Sound {
    clock: Clock,
    media: Lock<Media>,
    socket: UdpSocket,
    changed: Notify,
}

impl Sound {
    /// Media at any free port of this machine.
    ///
    /// # Errors
    /// When there is no such port.
    pub async fn new(clock: Clock) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let media = Lock::new(Media::new(socket.local_addr()?));
        Ok(Self { clock, media, socket, changed: Notify::new() })
    }

    /// Does something with the media, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut Media, std::time::Instant) -> T) -> T {
        let now = self.clock.instant();
        let result = act(&mut self.media.lock(), now);
        self.changed.notify_one();
        result
    }

    /// What went to and from a leg's far end so far.
    #[must_use]
    pub fn counters(&self, leg: &str) -> Counters {
        self.media.lock().counters(leg)
    }

    /// Moves sound, for ever. `parties` tells who is on the line, `lose` takes a leg whose browser is not there any more.
    pub async fn run<C: Emulated>(&self, shared: &Shared<C>, parties: fn(&C) -> Vec<Party>, lose: impl Fn(&str)) {
        let mut ticks = interval(TICK);
        let mut packet = vec![0; 2_048];
        loop {
            let (lost, outgoing, due) = {
                let mut media = self.media.lock();
                let lost: Vec<String> = core::iter::from_fn(|| media.poll_lost()).collect();
                let outgoing: Vec<_> = core::iter::from_fn(|| media.poll_transmit()).collect();
                (lost, outgoing, media.poll_timeout())
            };
            for leg in lost {
                lose(&leg);
            }
            for packet in outgoing {
                // What the kernel has no room for is lost, as on any network.
                let _ = self.socket.send_to(&packet.contents, packet.destination).await;
            }
            let sleep = async {
                match due {
                    Some(due) => sleep_until(Instant::from_std(due)).await,
                    None => core::future::pending().await,
                }
            };
            tokio::select! {
                received = self.socket.recv_from(&mut packet) => {
                    if let Ok((length, source)) = received {
                        let now = self.clock.instant();
                        self.media.lock().receive(now, source, packet.get(..length).unwrap_or_default());
                    }
                }
                _ = ticks.tick() => {
                    let parties = parties(&shared.cloud.lock());
                    let now = self.clock.instant();
                    let mut media = self.media.lock();
                    media.handle_timeout(now);
                    media.tick(now, &parties);
                }
                () = sleep => {
                    let now = self.clock.instant();
                    self.media.lock().handle_timeout(now);
                }
                () = self.changed.notified() => {}
            }
        }
    }
}
