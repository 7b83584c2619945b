//! The hands of a test: far ends, users, and what they hear.

use crate::cloud::Cloud;
use crate::leg::{Call, Doing};
use cordboard::Timestamp;
use cordboard_emulator::numbers::Script;
use cordboard_emulator::server::control::Hands;
use cordboard_emulator::{ClientScript, Emulated as _, FarEnd, Hears, NoSuchLeg, oldest_first};
use std::collections::BTreeSet;

/// A leg, as a test sees it.
#[derive(Clone, Debug)]
pub struct Leg {
    /// What the API calls it.
    pub uuid: String,
    /// Who calls, in E.164.
    pub from: String,
    /// Who is called: a number in E.164, or a user.
    pub to: String,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// Such as `answered`.
    pub status: &'static str,
    /// The name of the conversation that it is in.
    pub conversation: Option<String>,
    /// Where its events go.
    pub event_url: String,
    /// Whether it may not be heard.
    pub muted: bool,
    /// Whether it hears nobody.
    pub earmuffed: bool,
    /// Whether a browser carries its audio.
    pub is_browser: bool,
    /// The keys that the far end has heard so far.
    pub digits_heard: String,
    /// What the far end hears now.
    pub hears: Hears,
}

impl Hands for Cloud {
    fn incoming(&mut self, now: Timestamp, from: &str, to: &str) -> Result<String, NoSuchLeg> {
        self.handle_timeout(now);
        if !self.config.numbers.iter().any(|number| number == to) {
            return Err(NoSuchLeg);
        }
        let leg = self.arrive(from, to);
        let script = Script::of(from);
        // Whoever calls in behaves as their number says: the one that echoes does.
        if let Some(call) = self.calls.get_mut(&leg).filter(|_| script.echoes) {
            call.far_end = FarEnd::Phone(script);
        }
        Ok(leg)
    }

    fn far_end_hangs_up(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        let call = self.live_leg(leg)?;
        if call.answered.is_none() && !call.inbound {
            self.finish_unanswered(leg, "rejected", Some("declined"));
        } else {
            self.hang_up(leg);
        }
        Ok(())
    }

    fn far_end_presses(&mut self, now: Timestamp, leg: &str, digits: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live_leg(leg)?.answered.ok_or(NoSuchLeg)?;
        for listener in self.audible(leg) {
            self.hears_digits(&listener, digits);
        }
        Ok(())
    }

    fn client_vanishes(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live_leg(leg)?;
        self.finish_unanswered(leg, "unanswered", Some("unavailable"));
        self.hang_up(leg);
        Ok(())
    }
}

impl Cloud {
    /// A user of the application is there.
    pub fn add_user(&mut self, name: &str) {
        self.users.insert(name.to_owned(), format!("USR-{name}"));
    }

    /// A test answers a user's legs from now on, in the place of a browser.
    pub fn take_over(&mut self, now: Timestamp, user: &str) {
        self.handle_timeout(now);
        self.by_hand.insert(user.to_owned());
    }

    /// What users do from now on whose legs no test answers.
    pub const fn script_clients(&mut self, script: ClientScript) {
        self.config.clients = script;
    }

    /// A user takes a leg that rings.
    ///
    /// # Errors
    /// When there is no such leg, or it is answered or over.
    pub fn client_accepts(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        let call = self.live_leg(leg)?;
        if call.answered.is_some() || call.inbound {
            return Err(NoSuchLeg);
        }
        self.answer(leg);
        Ok(())
    }

    /// All legs, the oldest first.
    #[must_use]
    pub fn legs(&self) -> Vec<Leg> {
        let calls = oldest_first(self.calls.values(), |call| call.ordinal);
        calls.into_iter().map(|call| self.leg_of(call)).collect()
    }

    /// One leg.
    #[must_use]
    pub fn leg(&self, leg: &str) -> Option<Leg> {
        self.calls.get(leg).map(|call| self.leg_of(call))
    }

    /// What the far end of a leg hears now.
    #[must_use]
    pub fn hears(&self, leg: &str) -> Hears {
        self.heard_by(leg, &mut BTreeSet::new())
    }

    fn leg_of(&self, call: &Call) -> Leg {
        Leg {
            uuid: call.uuid.clone(),
            from: call.from.clone(),
            to: call.to.text().to_owned(),
            direction: call.direction(),
            status: call.status,
            conversation: self.conversations.get(&call.conversation).and_then(|found| found.name.clone()),
            event_url: call.event_url.clone(),
            muted: call.muted,
            earmuffed: call.earmuffed,
            is_browser: call.far_end.is_browser(),
            digits_heard: call.heard.clone(),
            hears: self.hears(&call.uuid),
        }
    }

    fn heard_by(&self, leg: &str, asked: &mut BTreeSet<String>) -> Hears {
        let Some(call) = self.calls.get(leg).filter(|call| !call.is_over() && asked.insert(leg.to_owned())) else {
            return Hears::Silence;
        };
        if call.answered.is_none() {
            return if call.inbound { Hears::RingTone } else { Hears::Silence };
        }
        if call.streamed {
            return Hears::Music;
        }
        match call.doing {
            Doing::Listening => return Hears::Speech,
            Doing::Conversing | Doing::Connecting(_) => {}
            Doing::Nothing | Doing::Fetching | Doing::Message(_) => return Hears::Silence,
        }
        let conversation = self.conversations.get(&call.conversation);
        let waits =
            conversation.is_some_and(|found| !found.started && found.members.get(leg).is_some_and(|join| join.music));
        if waits && !call.earmuffed {
            return Hears::Music;
        }
        let mut sounds = BTreeSet::new();
        for source in self.audible(leg) {
            let behind = match self.calls.get(&source).map(|call| &call.far_end) {
                Some(FarEnd::Leg(other)) => self.heard_by(other, asked),
                _ => Hears::Legs(BTreeSet::from([source])),
            };
            match behind {
                Hears::Legs(more) => sounds.extend(more),
                Hears::Silence => {}
                sound => return sound,
            }
        }
        if sounds.is_empty() { Hears::Silence } else { Hears::Legs(sounds) }
    }

    /// The far end of a leg hears keys, and presses them itself if it echoes.
    pub(crate) fn hears_digits(&mut self, leg: &str, digits: &str) {
        let Some(call) = self.calls.get_mut(leg).filter(|call| call.is_up()) else { return };
        call.heard.extend(digits.chars().filter(|key| *key != 'p'));
        let echoes = matches!(call.far_end, FarEnd::Phone(script) if script.echoes);
        for listener in if echoes { self.audible(leg) } else { Vec::new() } {
            if let Some(call) = self.calls.get_mut(&listener) {
                call.heard.push_str(digits);
            }
        }
    }

    fn live_leg(&self, leg: &str) -> Result<&Call, NoSuchLeg> {
        self.calls.get(leg).filter(|call| !call.is_over()).ok_or(NoSuchLeg)
    }
}
