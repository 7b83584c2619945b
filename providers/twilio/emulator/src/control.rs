//! The hands of a test: far ends, browsers, and what they hear.

use crate::call::{Call, Direction, Status};
use crate::callback::Hook;
use crate::cloud::Cloud;
use crate::conference::{Conference, ConferenceStatus, Leaving};
use crate::lifecycle::NewCall;
use crate::signal::{Signal, SignalKind};
use cordboard::Timestamp;
use cordboard_emulator::media::Party;
use cordboard_emulator::numbers::Script;
use cordboard_emulator::server::control::Hands;
use cordboard_emulator::{ClientScript, Emulated as _, FarEnd, Hears, NoSuchLeg, oldest_first};
use std::collections::BTreeSet;

/// A leg, as a test sees it.
#[derive(Clone, Debug)]
pub struct Leg {
    /// `CA…`
    pub sid: String,
    /// The leg whose `Dial` made it.
    pub parent: Option<String>,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// `inbound`, `outbound-api` or `outbound-dial`.
    pub direction: &'static str,
    /// `queued`, `ringing`, `in-progress`, `completed`, `busy`, `failed`, `no-answer` or `canceled`.
    pub status: &'static str,
    /// The name of the conference that it is in.
    pub conference: Option<String>,
    /// The label that it has there.
    pub label: Option<String>,
    /// Whether it may not be heard there.
    pub muted: bool,
    /// Whether it is on hold there.
    pub held: bool,
    /// The keys that the far end has heard so far.
    pub digits_heard: String,
    /// What the far end hears now.
    pub hears: Hears,
    /// Whether a browser carries its audio.
    pub is_browser: bool,
    /// How its recording stands that is not over yet: `in-progress` or `paused`.
    pub recording: Option<&'static str>,
}

impl Cloud {
    /// A browser is there for an identity: its legs are told by [`poll_signal`](Self::poll_signal) from now on.
    pub fn register(&mut self, now: Timestamp, identity: &str) {
        self.handle_timeout(now);
        self.browsers.insert(identity.to_owned());
    }

    /// No browser is there for an identity any more. Legs that it has taken go on.
    pub fn unregister(&mut self, now: Timestamp, identity: &str) {
        self.handle_timeout(now);
        self.browsers.remove(identity);
    }

    /// The identities for which a browser is there.
    pub fn registered(&self) -> impl Iterator<Item = &str> {
        self.browsers.iter().map(String::as_str)
    }

    /// What clients do from now on for which no browser is there.
    pub const fn script_clients(&mut self, script: ClientScript) {
        self.config.clients = script;
    }

    /// A browser takes a leg that rings at it.
    ///
    /// # Errors
    /// When there is no such leg, or it is answered or over.
    pub fn client_accepts(&mut self, now: Timestamp, call: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        let found = self.live(call)?;
        if found.answered.is_some() || found.direction == Direction::Inbound {
            return Err(NoSuchLeg);
        }
        self.call_rings(call);
        self.answer(call);
        Ok(())
    }

    /// A browser calls through the TwiML application. Returns the leg.
    ///
    /// # Errors
    /// When the account has no application.
    pub fn client_dials(
        &mut self,
        now: Timestamp,
        identity: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<String, NoSuchLeg> {
        self.handle_timeout(now);
        let application = self.config.application.clone().ok_or(NoSuchLeg)?;
        let to = parameters.iter().find(|(name, _)| name == "To").map_or("", |(_, value)| value);
        let mut new = NewCall::new(&format!("client:{identity}"), to, Direction::Inbound);
        // What the standard fields say can't be overwritten by the browser, except `To`.
        let standard =
            ["AccountSid", "ApiVersion", "CallSid", "CallStatus", "Direction", "From", "To", "Caller", "Called"];
        new.parameters = parameters.iter().filter(|(name, _)| !standard.contains(&name.as_str())).cloned().collect();
        new.program.first = Hook::new(Some(application.voice_url), None, Vec::new(), "");
        let sid = self.create_call(new);
        if let Some(call) = self.calls.get_mut(&sid) {
            call.far_end = FarEnd::Client { is_browser: true };
            call.status = Status::Ringing;
        }
        self.signal(&sid, SignalKind::Ringing);
        self.run_first(&sid);
        Ok(sid)
    }

    /// All legs, the oldest first.
    #[must_use]
    pub fn legs(&self) -> Vec<Leg> {
        let calls = oldest_first(self.calls.values(), |call| call.ordinal);
        calls.into_iter().map(|call| self.leg_of(call)).collect()
    }

    /// Everybody who is on the line, and what they hear.
    #[must_use]
    pub fn everybody(&self) -> Vec<Party> {
        let live = self.calls.values().filter(|call| !call.is_over());
        live.map(|call| self.leg_of(call))
            .map(|leg| Party { leg: leg.sid, talks: leg.status == "in-progress", hears: leg.hears })
            .collect()
    }

    /// One leg.
    #[must_use]
    pub fn leg(&self, call: &str) -> Option<Leg> {
        self.calls.get(call).map(|call| self.leg_of(call))
    }

    /// What the far end of a leg hears now.
    #[must_use]
    pub fn hears(&self, call: &str) -> Hears {
        self.hearing(call, &mut BTreeSet::new())
    }

    fn leg_of(&self, call: &Call) -> Leg {
        let conference = call.conference.as_ref().and_then(|conference| self.conferences.get(conference));
        let member = conference.and_then(|conference| conference.members.get(&call.sid));
        Leg {
            sid: call.sid.clone(),
            parent: call.parent.clone(),
            from: call.from.clone(),
            to: call.to.clone(),
            direction: call.direction.as_str(),
            status: call.status.as_str(),
            conference: conference.map(|conference| conference.name.clone()),
            label: member.and_then(|member| member.wish.label.clone()),
            muted: member.is_some_and(|member| member.wish.muted),
            held: member.is_some_and(|member| member.held),
            digits_heard: call.heard.clone(),
            hears: self.hears(&call.sid),
            is_browser: call.far_end.is_browser(),
            recording: self.running_recording(&call.sid).map(|recording| recording.status.as_str()),
        }
    }

    fn hearing(&self, sid: &str, asked: &mut BTreeSet<String>) -> Hears {
        // Two legs that are each other's far end hear each other's surroundings; nobody hears themselves.
        if !asked.insert(sid.to_owned()) {
            return Hears::Silence;
        }
        let Some(call) = self.calls.get(sid).filter(|call| !call.is_over()) else { return Hears::Silence };
        if call.answered.is_none() {
            return if call.direction == Direction::Inbound { Hears::RingTone } else { Hears::Silence };
        }
        let sources: Vec<String> =
            if let Some(conference) = call.conference.as_ref().and_then(|sid| self.conferences.get(sid)) {
                let Some(member) = conference.members.get(sid) else { return Hears::Silence };
                let alone = conference.joined().count() == 1 || conference.status != ConferenceStatus::InProgress;
                if member.held {
                    return Hears::Music;
                } else if alone {
                    let silent = member.wish.wait_url.as_deref() == Some("");
                    return if silent { Hears::Silence } else { Hears::Music };
                }
                audible(conference, sid)
            } else if let Some(bridge) = &call.bridge {
                vec![bridge.clone()]
            } else {
                return match call.doing {
                    crate::call::Doing::Listening => Hears::Speech,
                    crate::call::Doing::Dialling(_) => Hears::RingTone,
                    _ => Hears::Silence,
                };
            };
        let mut legs = BTreeSet::new();
        let mut other = None;
        for source in sources {
            match self.calls.get(&source).map(|call| &call.far_end) {
                Some(FarEnd::Leg(behind)) => match self.hearing(behind, asked) {
                    Hears::Legs(more) => legs.extend(more),
                    Hears::Silence => {}
                    sound => other = Some(sound),
                },
                _ => {
                    legs.insert(source);
                }
            }
        }
        legs.remove(sid);
        match other {
            Some(sound) if legs.is_empty() => sound,
            _ if legs.is_empty() => Hears::Silence,
            _ => Hears::Legs(legs),
        }
    }

    /// The far end of a leg presses keys: the leg's own TwiML hears them, and who the far end talks with.
    fn press(&mut self, sid: &str, digits: &str, echoes: bool) {
        self.leg_hears_digits(sid, digits);
        let Some(call) = self.calls.get(sid) else { return };
        let conference = call.conference.as_ref().and_then(|conference| self.conferences.get(conference));
        let listeners = match (conference, &call.bridge) {
            (Some(conference), _) => {
                let hears = |other: &&String| audible(conference, other).iter().any(|source| source == sid);
                conference
                    .joined()
                    .map(|(other, _)| other)
                    .filter(|other| *other != sid)
                    .filter(hears)
                    .cloned()
                    .collect()
            }
            (None, Some(bridge)) => vec![bridge.clone()],
            (None, None) => Vec::new(),
        };
        for listener in listeners {
            self.hears_digits(&listener, digits, echoes);
        }
    }

    /// The far end of a leg hears keys, and presses them itself if it echoes.
    pub(crate) fn far_end_hears(&mut self, sid: &str, digits: &str) {
        self.hears_digits(sid, digits, true);
    }

    fn hears_digits(&mut self, sid: &str, digits: &str, echoes: bool) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| call.answered.is_some() && !call.is_over()) else {
            return;
        };
        call.heard.extend(digits.chars().filter(|key| !matches!(key, 'w' | 'W')));
        match call.far_end.clone() {
            FarEnd::Leg(other) => self.press(&other, digits, echoes),
            FarEnd::Phone(script) if script.echoes && echoes => self.press(sid, digits, false),
            _ => {}
        }
    }

    /// Tells a leg's browser something, if a browser carries it.
    pub(crate) fn signal(&mut self, sid: &str, kind: SignalKind) {
        let call = self.calls.get(sid).filter(|call| call.far_end.is_browser());
        let Some(identity) = call.and_then(|call| call.identity()) else { return };
        self.signals.push_back(Signal { identity: identity.to_owned(), call: sid.to_owned(), kind });
    }

    fn live(&self, call: &str) -> Result<&Call, NoSuchLeg> {
        self.calls.get(call).filter(|call| !call.is_over()).ok_or(NoSuchLeg)
    }
}

impl Hands for Cloud {
    fn incoming(&mut self, now: Timestamp, from: &str, to: &str) -> Result<String, NoSuchLeg> {
        self.handle_timeout(now);
        self.config.numbers.iter().find(|number| number.phone_number == to && number.voice).ok_or(NoSuchLeg)?;
        let sid = self.create_call(NewCall::new(from, to, Direction::Inbound));
        // Whoever calls in behaves as their number says: the one that echoes does.
        let script = Script::of(from);
        if script.echoes
            && let Some(call) = self.calls.get_mut(&sid)
        {
            call.far_end = FarEnd::Phone(script);
        }
        self.ask_number(&sid);
        Ok(sid)
    }

    fn far_end_hangs_up(&mut self, now: Timestamp, call: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live(call)?;
        self.far_end_leaves(call);
        Ok(())
    }

    fn far_end_presses(&mut self, now: Timestamp, call: &str, digits: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live(call)?.answered.ok_or(NoSuchLeg)?;
        self.press(call, digits, true);
        Ok(())
    }

    fn client_vanishes(&mut self, now: Timestamp, call: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        let answered = self.live(call)?.answered.is_some();
        let status = if answered { Status::Completed } else { Status::NoAnswer };
        self.finish(call, status, if answered { 200 } else { 480 }, Leaving::HungUp);
        Ok(())
    }
}

/// Whom a member of a conference that goes on can hear.
fn audible(conference: &Conference, listener: &str) -> Vec<String> {
    let listens = conference.members.get(listener).is_some_and(|member| member.joined && !member.held);
    let speaks = |(sid, member): &(&String, &crate::conference::Member)| {
        let private = member.wish.coaching && member.wish.coaches.as_deref() != Some(listener);
        *sid != listener && !member.held && !member.wish.muted && !private
    };
    if !listens || conference.status != ConferenceStatus::InProgress {
        return Vec::new();
    }
    conference.joined().filter(speaks).map(|(sid, _)| sid.clone()).collect()
}
