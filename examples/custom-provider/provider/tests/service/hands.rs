//! What a test does at the far ends, and sees there.

use super::Cloud;
use super::legs::{Leg, To};
use cordboard::Timestamp;
use cordboard_emulator::server::control::Hands;
use cordboard_emulator::{Emulated as _, Hears, Moment, NoSuchLeg, numbers, oldest_first};
use serde_json::json;
use std::time::Duration;

/// How long a caller waits to be told where to go.
const PATIENCE: Duration = Duration::from_secs(15);

impl Hands for Cloud {
    fn incoming(&mut self, now: Timestamp, from: &str, to: &str) -> Result<String, NoSuchLeg> {
        self.handle_timeout(now);
        if numbers::OWNED.iter().all(|(number, _)| *number != to) {
            return Err(NoSuchLeg);
        }
        let leg = self.begin(from, To::Number(to.to_owned()), true, None);
        let id = leg.id.clone();
        let call = json!({ "event": "call", "at": now.as_millis(), "leg": id, "from": from, "to": to });
        self.legs.insert(id.clone(), leg);
        self.send(call, Some(id.clone()));
        self.basis.later(PATIENCE, (id.clone(), Moment::TimesOut));
        Ok(id)
    }

    fn far_end_hangs_up(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        let declines = self.live(leg)?.status == "ringing" && !self.live(leg)?.came_in;
        if declines {
            self.end(leg, "rejected")
        } else {
            self.hang_up(leg)
        }
        Ok(())
    }

    fn far_end_presses(&mut self, now: Timestamp, leg: &str, _digits: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        // The service does not tell of keys.
        self.live(leg).map(drop)
    }

    fn client_vanishes(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live(leg)?;
        self.hang_up(leg);
        Ok(())
    }
}

impl Cloud {
    /// From now on a test answers an agent's legs.
    pub(crate) fn take_over(&mut self, now: Timestamp, agent: &str) {
        self.handle_timeout(now);
        self.by_hand.insert(agent.to_owned());
    }

    /// An agent takes a leg that rings.
    pub(crate) fn agent_accepts(&mut self, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        self.handle_timeout(now);
        self.live(leg)?;
        self.pick_up(leg);
        Ok(())
    }

    /// All legs, the oldest first.
    pub(crate) fn legs(&self) -> Vec<cordboard_emulator::stage::Leg> {
        oldest_first(self.legs.values(), |leg| leg.ordinal).into_iter().map(seen).collect()
    }

    /// What the far end of a leg hears.
    pub(crate) fn hears(&self, leg: &str) -> Hears {
        self.heard_by(leg)
    }

    /// The keys that the far end of a leg has heard.
    pub(crate) fn heard(&self, leg: &str) -> &str {
        self.legs.get(leg).map_or("", |leg| &leg.heard)
    }

    fn live(&self, leg: &str) -> Result<&Leg, NoSuchLeg> {
        self.legs.get(leg).filter(|leg| leg.is_live()).ok_or(NoSuchLeg)
    }
}

fn seen(leg: &Leg) -> cordboard_emulator::stage::Leg {
    use cordboard_emulator::stage::LegState;

    let (room, label) = leg.place.clone().filter(|_| leg.is_live() && !leg.is_told).unzip();
    cordboard_emulator::stage::Leg {
        id: leg.id.clone(),
        from: leg.from.clone(),
        to: leg.to().to_owned(),
        room,
        label,
        state: match leg.status {
            "dialing" => LegState::Asked,
            "ringing" => LegState::Rings,
            "up" => LegState::Up,
            _ => LegState::Over,
        },
        is_made: !leg.came_in,
        is_browser: matches!(leg.to, To::Agent(_)),
    }
}
