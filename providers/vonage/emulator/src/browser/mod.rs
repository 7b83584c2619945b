//! The client SDK's side of the cloud: sessions over a socket, what browsers ask by HTTP, and what they are told of their legs.

mod event;
mod http;
mod socket;

use crate::cloud::{Cloud, Signal, SignalKind};
use crate::guest::Guest;
use axum::Router;
use cordboard::Timestamp;
use cordboard::platform::Lock;
use cordboard_emulator::server::{self, Sound};
use core::time::Duration;
use event::{Envelope, Event};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// A session outlives its socket for so long.
const SESSION_LIVES: Duration = Duration::from_secs(15 * 60);

/// The cloud, its sound and its browsers.
pub(crate) struct Shared {
    pub(crate) world: Arc<server::Shared<Cloud>>,
    pub(crate) sound: Arc<Sound>,
    pub(crate) browsers: Lock<Browsers>,
}

/// Who is there, and what of their legs they know.
#[derive(Default)]
pub(crate) struct Browsers {
    /// By their ids.
    sessions: BTreeMap<String, Session>,
    legs: BTreeMap<String, Known>,
    sockets: u64,
    events: u64,
}

struct Session {
    user: String,
    /// When its newest token runs out.
    expires: Timestamp,
    /// The socket that is open, by its number.
    socket: Option<(u64, UnboundedSender<String>)>,
    closed: Timestamp,
}

/// What browsers know of a leg.
struct Known {
    /// The conversations that it was in, as far as they were told, and the one that it is in last. Requests may name any of
    /// them: the SDK does not hear of one that comes while it takes the call.
    conversations: Vec<String>,
    /// While it rings: for browsers that come later.
    invite: Option<Event>,
    /// Whether a browser took it.
    is_joined: bool,
    /// Whether a browser hung up.
    is_left: bool,
}

impl Known {
    fn conversation(&self) -> &str {
        self.conversations.last().map_or("", String::as_str)
    }
}

pub(crate) fn routes(shared: &Arc<Shared>) -> Router {
    http::routes(Arc::clone(shared)).merge(socket::routes(Arc::clone(shared)))
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    fn guest(&self, leg: &str) -> Option<Guest> {
        self.world.cloud.lock().guest(leg)
    }

    /// Tells a user's browsers what happened to a leg.
    pub(crate) fn tell(&self, Signal { leg, kind, .. }: Signal) {
        let Some(guest) = self.guest(&leg) else { return };
        let at = self.now();
        match kind {
            SignalKind::Invite => {
                let offer = self.sound.with(|media, now| media.offer(now, &leg));
                if let Some(sdp) = offer {
                    self.browsers.lock().invite(at, &guest, &sdp);
                }
            }
            SignalKind::Moved => self.browsers.lock().transfer(at, &guest),
            SignalKind::Muted(on) => {
                let name = if on { "audio:mute:on" } else { "audio:mute:off" };
                self.browsers.lock().of_leg(at, &guest, |envelope| [envelope.silenced(name)]);
            }
            SignalKind::Earmuffed(on) => {
                let name = if on { "audio:earmuff:on" } else { "audio:earmuff:off" };
                self.browsers.lock().of_leg(at, &guest, |envelope| [envelope.silenced(name)]);
            }
            SignalKind::Hangup => {
                self.browsers.lock().end(at, &guest);
                self.sound.with(|media, _| media.remove(&leg));
            }
        }
    }
}

impl Browsers {
    /// The users who have a socket open.
    pub(crate) fn users(&self) -> Vec<&str> {
        let open = self.sessions.values().filter(|session| session.socket.is_some());
        let mut users: Vec<&str> = open.map(|session| session.user.as_str()).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    fn send(&self, user: &str, (name, event): &Event) {
        let frame = format!("42{}", json!([name, event]));
        for session in self.sessions.values().filter(|session| session.user == user) {
            if let Some((_, socket)) = &session.socket {
                // A socket that is just closing hears nothing more.
                let _ = socket.send(frame.clone());
            }
        }
    }

    /// Tells of a leg that browsers know.
    fn of_leg<const N: usize>(
        &mut self,
        at: Timestamp,
        guest: &Guest,
        events: impl FnOnce(&Envelope<'_>) -> [Event; N],
    ) {
        let Some(known) = self.legs.get(&guest.leg) else { return };
        self.events += 1;
        let envelope = Envelope { number: self.events, at, guest, conversation: known.conversation() };
        for event in events(&envelope) {
            self.send(&guest.user, &event);
        }
    }

    fn invite(&mut self, at: Timestamp, guest: &Guest, sdp: &str) {
        self.events += 1;
        let conversation = guest.conversation.clone();
        let invite = Envelope { number: self.events, at, guest, conversation: &conversation }.invited(sdp);
        self.send(&guest.user, &invite);
        let known = Known { conversations: vec![conversation], invite: Some(invite), is_joined: false, is_left: false };
        self.legs.insert(guest.leg.clone(), known);
    }

    fn transfer(&mut self, at: Timestamp, guest: &Guest) {
        let Some(known) = self.legs.get_mut(&guest.leg) else { return };
        let was = known.conversation().to_owned();
        if was != guest.conversation {
            known.conversations.push(guest.conversation.clone());
            self.of_leg(at, guest, |envelope| [envelope.transferred(&was)]);
        }
    }

    fn end(&mut self, at: Timestamp, guest: &Guest) {
        let by_itself = self.legs.get(&guest.leg).is_some_and(|known| known.is_left);
        self.of_leg(at, guest, |envelope| envelope.ended(by_itself));
        self.legs.remove(&guest.leg);
    }

    /// Invites of a user that nobody took yet, as a session that begins is told them.
    fn invites(&self, guests: &[Guest]) -> Vec<Value> {
        let known = guests.iter().filter_map(|guest| self.legs.get(&guest.leg)).filter(|known| !known.is_joined);
        let invites = known.filter_map(|known| known.invite.as_ref());
        invites
            .map(|(name, event)| {
                let mut event = event.clone();
                event["type"] = (*name).into();
                event
            })
            .collect()
    }
}
