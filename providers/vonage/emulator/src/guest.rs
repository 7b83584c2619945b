//! Legs to users, as their browsers know them.

use crate::cloud::{Cloud, SignalKind, Timer};
use crate::leg::{Call, wire};
use cordboard::Timestamp;
use cordboard_emulator::media::Party;
use cordboard_emulator::{Emulated as _, NoSuchLeg};
use core::time::Duration;

/// How long a leg whose browser fell silent waits for it.
const WAITS: Duration = Duration::from_secs(30);

/// A leg to a user.
pub(crate) struct Guest {
    pub(crate) application: String,
    pub(crate) leg: String,
    pub(crate) user: String,
    pub(crate) user_id: String,
    /// Who calls, without `+`.
    pub(crate) from: String,
    /// The conversation that it is in.
    pub(crate) conversation: String,
    pub(crate) conversation_name: String,
    pub(crate) status: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) is_up: bool,
}

/// What a leg is called in a conversation.
pub(crate) fn member(conversation: &str, leg: &str) -> String {
    let place = conversation.trim_start_matches("CON-").split('-').next().unwrap_or_default();
    format!("MEM-{place}-{leg}")
}

impl Cloud {
    /// A leg to a user whose browser there is.
    pub(crate) fn guest(&self, leg: &str) -> Option<Guest> {
        self.guest_of(self.calls.get(leg)?)
    }

    /// A user's legs that are not over.
    pub(crate) fn guests(&self, user: &str) -> Vec<Guest> {
        let live = self.calls.values().filter(|call| !call.is_over());
        live.filter_map(|call| self.guest_of(call)).filter(|guest| guest.user == user).collect()
    }

    fn guest_of(&self, call: &Call) -> Option<Guest> {
        let user = call.browser()?;
        let conversation = self.conversations.get(&call.conversation)?;
        Some(Guest {
            application: self.config.application_id.clone(),
            leg: call.uuid.clone(),
            user: user.to_owned(),
            user_id: self.user_id(user)?,
            from: wire(&call.from).to_owned(),
            conversation: call.conversation.clone(),
            conversation_name: conversation.name.clone().unwrap_or_else(|| format!("NAM-{}", call.uuid)),
            status: call.status,
            created: call.created,
            is_up: call.is_up(),
        })
    }

    /// The id of a user of the application.
    pub(crate) fn user_id(&self, name: &str) -> Option<String> {
        self.users.get(name).cloned()
    }

    /// An id that was not there before.
    pub(crate) fn fresh_id(&mut self, prefix: &str) -> String {
        self.basis.random.uuid(prefix)
    }

    /// No browser is there for a user any more. Legs that one has taken go on.
    pub(crate) fn release(&mut self, now: Timestamp, user: &str) {
        self.handle_timeout(now);
        self.by_hand.remove(user);
    }

    /// The user hangs up.
    pub(crate) fn client_leaves(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        if self.calls.get(leg).is_none_or(Call::is_over) {
            return Err(NoSuchLeg);
        }
        self.hang_up(leg);
        Ok(())
    }

    /// Nothing comes from a leg's browser any more. It may be loading its page again.
    pub(crate) fn client_falls_silent(&mut self, now: Timestamp, leg: &str) {
        self.handle_timeout(now);
        if let Some(call) = self.calls.get_mut(leg).filter(|call| !call.is_over()) {
            call.silent = Some(now);
            self.basis.later(WAITS, Timer::Vanishes { call: leg.to_owned(), since: now });
        }
    }

    /// A leg's browser is heard again.
    pub(crate) fn client_returns(&mut self, leg: &str) {
        if let Some(call) = self.calls.get_mut(leg) {
            call.silent = None;
        }
    }

    /// A leg whose browser has been silent since then, and long enough.
    pub(crate) fn vanishes(&mut self, leg: &str, since: Timestamp) {
        if self.calls.get(leg).is_some_and(|call| call.silent == Some(since)) {
            self.hang_up(leg);
        }
    }

    /// Others hear a leg, or not; its browser is told.
    pub(crate) fn set_muted(&mut self, leg: &str, muted: bool) {
        if let Some(call) = self.calls.get_mut(leg) {
            call.muted = muted;
            self.notify(leg, SignalKind::Muted(muted));
        }
    }

    /// A leg hears others, or not; its browser is told.
    pub(crate) fn set_earmuffed(&mut self, leg: &str, earmuffed: bool) {
        if let Some(call) = self.calls.get_mut(leg) {
            call.earmuffed = earmuffed;
            self.notify(leg, SignalKind::Earmuffed(earmuffed));
        }
    }

    /// Tells the browser at the other end of a leg, if there is one.
    pub(crate) fn notify(&mut self, leg: &str, kind: SignalKind) {
        if let Some(Guest { user, .. }) = self.guest(leg) {
            self.signal(user, leg, kind);
        }
    }

    /// Everybody who is on the line, and what they hear.
    pub(crate) fn everybody(&self) -> Vec<Party> {
        let live = self.calls.values().filter(|call| !call.is_over());
        live.map(|call| Party { leg: call.uuid.clone(), talks: call.is_up(), hears: self.hears(&call.uuid) }).collect()
    }
}
