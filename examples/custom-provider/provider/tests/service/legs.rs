//! A leg from its creation to its end, and who hears whom.

use super::Cloud;
use cordboard::Timestamp;
use cordboard_emulator::numbers::{Script, Verdict};
use cordboard_emulator::{Hears, Moment};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long an agent's telephone takes to ring.
const AGENT_RINGS: Duration = Duration::from_millis(50);
/// How long it takes to answer, if no test does.
const AGENT_ANSWERS: Duration = Duration::from_millis(150);
/// How long words take to be said, and a message to be left.
const WORDS: Duration = Duration::from_secs(2);
const MESSAGE: Duration = Duration::from_secs(20);

/// A line to somebody.
#[derive(Clone)]
pub(super) struct Leg {
    pub(super) id: String,
    pub(super) ordinal: u64,
    pub(super) from: String,
    pub(super) to: To,
    pub(super) came_in: bool,
    /// The room, and its name there.
    pub(super) place: Option<(String, String)>,
    pub(super) status: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) answered: Option<Timestamp>,
    pub(super) seconds: Option<u64>,
    pub(super) ends_room: bool,
    pub(super) held: bool,
    pub(super) muted: bool,
    /// Whether it is told something, instead of being in a room.
    pub(super) is_told: bool,
    /// Whom a caller was sent on to, or by whom. Nobody asked for such a leg, so nobody is told of it.
    pub(super) beside: Option<String>,
    pub(super) heard: String,
}

#[derive(Clone)]
pub(super) enum To {
    Number(String),
    Agent(String),
}

impl Leg {
    pub(super) fn is_live(&self) -> bool {
        self.status != "ended"
    }

    pub(super) fn is_up(&self) -> bool {
        self.status == "up"
    }

    pub(super) fn to(&self) -> &str {
        match &self.to {
            To::Number(number) => number,
            To::Agent(agent) => agent,
        }
    }

    fn is_in(&self, room: &str) -> bool {
        self.is_live() && !self.is_told && self.place.as_ref().is_some_and(|(place, _)| place == room)
    }

    /// As the API tells of it.
    pub(super) fn to_json(&self) -> Value {
        let (room, name) = self.place.clone().unzip();
        json!({
            "id": self.id, "room": room, "name": name, "status": self.status, "reason": self.reason,
            "seconds": self.seconds, "held": self.held, "muted": self.muted,
        })
    }
}

impl Cloud {
    /// A leg that has been begun.
    pub(super) fn begin(&mut self, from: &str, to: To, came_in: bool, place: Option<(String, String)>) -> Leg {
        Leg {
            id: self.basis.random.sid("leg-"),
            ordinal: self.basis.next_ordinal(),
            from: from.to_owned(),
            to,
            came_in,
            place,
            status: if came_in { "ringing" } else { "dialing" },
            reason: None,
            answered: None,
            seconds: None,
            ends_room: false,
            held: false,
            muted: false,
            is_told: false,
            beside: None,
            heard: String::new(),
        }
    }

    /// The network calls whom a leg is to reach.
    pub(super) fn place(&mut self, leg: Leg, ring: Duration) -> String {
        let id = leg.id.clone();
        let (rings, settles) = match &leg.to {
            To::Agent(agent) if self.by_hand.contains(agent) => (Some(AGENT_RINGS), None),
            To::Agent(_) => (Some(AGENT_RINGS), Some(AGENT_ANSWERS)),
            To::Number(number) => {
                let script = Script::of(number);
                (script.rings, Some(script.settles))
            }
        };
        self.legs.insert(id.clone(), leg);
        self.tell(&id);
        let moments = [(rings, Moment::Rings), (settles, Moment::Settles), (Some(ring), Moment::TimesOut)];
        for (after, moment) in moments {
            if let Some(after) = after {
                self.basis.later(after, (id.clone(), moment));
            }
        }
        id
    }

    /// Lets a leg come to what its number's script says.
    pub(super) fn reach(&mut self, id: &str, moment: Moment) {
        match moment {
            Moment::Rings => {
                if let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.status == "dialing") {
                    leg.status = "ringing";
                    self.tell(id);
                }
            }
            Moment::Settles => self.settle(id),
            Moment::TimesOut => self.end_unanswered(id, "no_answer"),
            Moment::Leaves => self.end(id, "hung_up"),
        }
    }

    fn settle(&mut self, id: &str) {
        let Some(leg) = self.legs.get(id) else { return };
        let script = match &leg.to {
            To::Agent(_) => return self.pick_up(id),
            To::Number(number) => Script::of(number),
        };
        match script.verdict {
            Verdict::Answers => {
                self.pick_up(id);
                if let Some(talks) = script.talks {
                    self.basis.later(talks, (id.to_owned(), Moment::Leaves));
                }
            }
            Verdict::Busy => self.end_unanswered(id, "busy"),
            Verdict::Declines => self.end_unanswered(id, "rejected"),
            Verdict::NoAnswer => self.end_unanswered(id, "no_answer"),
            Verdict::Unreachable => self.end_unanswered(id, "unreachable"),
            Verdict::DoesNotExist => self.end_unanswered(id, "invalid"),
        }
    }

    /// Somebody answers.
    pub(super) fn pick_up(&mut self, id: &str) {
        let now = self.basis.now;
        if let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.is_live() && !leg.is_up()) {
            (leg.status, leg.answered) = ("up", Some(now));
            self.tell(id);
        }
    }

    /// A leg that nobody answered is over. One that was answered meanwhile goes on.
    pub(super) fn end_unanswered(&mut self, id: &str, reason: &'static str) {
        if self.legs.get(id).is_some_and(|leg| !leg.is_up()) {
            self.end(id, reason);
        }
    }

    /// Ends a leg, and whatever ends with it. Nothing happens to one that is over.
    pub(super) fn end(&mut self, id: &str, reason: &'static str) {
        let now = self.basis.now;
        let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.is_live()) else { return };
        (leg.status, leg.reason) = ("ended", Some(reason));
        leg.seconds = leg.answered.map(|since| now.since(since).as_secs());
        let (room, beside) = (leg.place.clone().filter(|_| leg.ends_room && !leg.is_told), leg.beside.clone());
        self.tell(id);
        let left = self.legs.values().filter(|leg| room.as_ref().is_some_and(|(room, _)| leg.is_in(room)));
        let left: Vec<_> = left.map(|leg| leg.id.clone()).chain(beside).collect();
        for other in left {
            self.hang_up(&other);
        }
    }

    /// Ends a leg that is answered, or not any more wanted.
    pub(super) fn hang_up(&mut self, id: &str) {
        let is_wanted = self.legs.get(id).is_some_and(|leg| leg.is_up() || leg.came_in);
        self.end(id, if is_wanted { "hung_up" } else { "canceled" });
    }

    /// Changes fields of a leg, as a request or the answer to a call says.
    pub(super) fn change(&mut self, id: &str, fields: &Value) {
        let Some(leg) = self.legs.get_mut(id).filter(|leg| leg.is_live()) else { return };
        let flag = |name: &str| fields[name].as_bool();
        leg.held = flag("held").unwrap_or(leg.held);
        leg.muted = flag("muted").unwrap_or(leg.muted);
        leg.ends_room = flag("ends_room").unwrap_or(leg.ends_room);
        if let (Some(room), Some(name)) = (fields["room"].as_str(), fields["name"].as_str()) {
            (leg.place, leg.is_told) = (Some((room.to_owned(), name.to_owned())), false);
            // A caller is answered by being let into a room.
            self.pick_up(id);
        } else if let Some(then) = fields.get("then") {
            (leg.place, leg.is_told) = (None, true);
            self.pick_up(id);
            self.go_on(id, then);
        }
    }

    fn go_on(&mut self, id: &str, then: &Value) {
        let Some(number) = then["dial"].as_str() else {
            let listens = then["listen"] == true;
            return self.basis.later(if listens { WORDS + MESSAGE } else { WORDS }, (id.to_owned(), Moment::Leaves));
        };
        let from = self.legs.get(id).map(|leg| leg.from.clone()).unwrap_or_default();
        let mut onward = self.begin(&from, To::Number(number.to_owned()), false, None);
        onward.beside = Some(id.to_owned());
        if let Some(leg) = self.legs.get_mut(id) {
            leg.beside = Some(onward.id.clone());
        }
        self.place(onward, Duration::from_secs(60));
    }

    fn tell(&mut self, id: &str) {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.came_in || leg.beside.is_none()) else { return };
        let body = json!({ "event": "leg", "at": self.basis.now.as_millis(), "leg": leg.to_json() });
        self.send(body, None);
    }

    /// What the far end of a leg hears.
    pub(super) fn heard_by(&self, id: &str) -> Hears {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.is_live()) else { return Hears::Silence };
        if !leg.is_up() {
            return if leg.came_in { Hears::RingTone } else { Hears::Silence };
        }
        if leg.held {
            return Hears::Music;
        }
        if leg.is_told {
            return match &leg.beside {
                Some(other) => Hears::Legs(BTreeSet::from([other.clone()])),
                None => Hears::Speech,
            };
        }
        let Some((room, _)) = &leg.place else { return Hears::Silence };
        let others: Vec<_> =
            self.legs.values().filter(|other| other.id != id && other.is_up() && other.is_in(room)).collect();
        if others.is_empty() {
            return Hears::Music;
        }
        let heard = others.iter().filter(|other| !other.held && !other.muted);
        let heard: BTreeSet<_> = heard.map(|other| other.id.clone()).collect();
        if heard.is_empty() { Hears::Silence } else { Hears::Legs(heard) }
    }
}
