//! A network as a [`Value`], so that a call outlives the page in which it was made.

use crate::config::{MockAgent, MockConfig};
use crate::network::{FarEnd, Leg, MAX_CALLS, MAX_KEYS, MAX_WAITING, Network, Seat, Step};
use cordboard::telephony::{Availability, Call, CallId, DialKey, Digits, EndReason, FailureReason, PhoneNumber};
use cordboard::{Object, Value};

/// The ends that may be waiting in a timer, and the names of their steps.
const REASONS: [(EndReason, &str); 8] = [
    (EndReason::RemoteHungUp, "hung up"),
    (EndReason::Busy, "busy"),
    (EndReason::NoAnswer, "no answer"),
    (EndReason::Rejected, "rejected"),
    (EndReason::Missed, "missed"),
    (EndReason::Failed(FailureReason::InvalidNumber), "invalid"),
    (EndReason::Failed(FailureReason::Unreachable), "unreachable"),
    (EndReason::Failed(FailureReason::ConnectionLost), "connection lost"),
];

impl Network {
    /// What is needed to go on later: sessions, calls and timers. Faults and events that wait are not.
    #[must_use]
    pub fn save(&self) -> Value {
        let (mut seats, mut legs, mut timers) = (Vec::new(), Vec::new(), Vec::new());
        for seat in &self.seats {
            seats.push(save_seat(seat));
        }
        for Leg { agent, call, far } in &self.legs {
            let far = match far {
                FarEnd::Number(number) => number.as_ref().map(PhoneNumber::as_e164),
                FarEnd::Leg(peer) => Some(peer.as_str()),
            };
            legs.push(vec![agent.id().into(), call.into(), far.into()].into());
        }
        for timer in &self.timers {
            if let Some((step, subject, detail)) = save_step(&timer.step) {
                timers.push(vec![timer.at.into(), step.into(), subject.into(), detail.into()].into());
            }
        }
        let mut saved = Object::new();
        saved.set("seed", self.config.seed);
        saved.set("random", self.random);
        saved.set("calls", self.calls);
        saved.set("seats", seats);
        saved.set("legs", legs);
        saved.set("timers", timers);
        saved.into()
    }

    /// Goes on where [`save`](Self::save) was called; what was due meanwhile happens at the first
    /// [`advance`](Self::advance). `None` when the value is not
    /// from `save`.
    #[must_use]
    pub fn restore(config: MockConfig, saved: &Value) -> Option<Self> {
        let mut network = Self::new(config);
        network.read(saved)?;
        Some(network)
    }

    /// Takes over what was saved. `None` when it stopped in the middle.
    fn read(&mut self, saved: &Value) -> Option<()> {
        self.config.seed = integer(saved, "seed")?;
        self.random = integer(saved, "random").filter(|random| *random != 0)?;
        self.calls = integer(saved, "calls")?;
        let [alex, blake] = saved.get("seats")?.as_array()? else { return None };
        let [first, second] = &mut self.seats;
        read_seat(first, alex)?;
        read_seat(second, blake)?;
        for leg in list(saved, "legs", 2 * MAX_CALLS)? {
            self.legs.push(read_leg(leg)?);
        }
        for timer in list(saved, "timers", MAX_WAITING)? {
            let [at, step, subject, detail] = timer.as_array()? else { return None };
            self.at(at.as_timestamp()?, read_step(step.as_str()?, subject, detail)?);
        }
        Some(())
    }
}

fn save_seat(seat: &Seat) -> Value {
    let mut saved = vec![seat.signed_in.into(), (seat.availability == Availability::Available).into()];
    for (key, call) in &seat.dialled {
        saved.push(key.as_str().into());
        saved.push(call.as_str().into());
    }
    saved.into()
}

fn read_seat(seat: &mut Seat, saved: &Value) -> Option<()> {
    let [signed_in, available, dialled @ ..] = saved.as_array()? else { return None };
    let (pairs, []) = dialled.as_chunks() else { return None };
    if pairs.len() > MAX_KEYS {
        return None;
    }
    seat.signed_in = signed_in.as_bool()?;
    seat.availability = if available.as_bool()? { Availability::Available } else { Availability::Away };
    for [key, call] in pairs {
        let (key, call) = (key.as_str()?, call.as_str()?);
        seat.dialled.push((DialKey::new(key), CallId::new(call)));
    }
    Some(())
}

fn read_leg(saved: &Value) -> Option<Leg> {
    let [agent, call, far] = saved.as_array()? else { return None };
    let agent = MockAgent::named(agent.as_str()?)?;
    let call = Call::from_value(call).filter(|call| !call.state.is_ended())?;
    let far = match far {
        Value::Null => FarEnd::Number(None),
        // No call's id is a number.
        far => match number(far) {
            Some(number) => FarEnd::Number(Some(number)),
            None => FarEnd::Leg(CallId::new(far.as_str()?)),
        },
    };
    Some(Leg { agent, call, far })
}

/// A step's name, the call or number that it is about, and what else it says.
fn save_step(step: &Step) -> Option<(&str, &str, Option<&str>)> {
    Some(match step {
        Step::Ring(call) => ("ring", call.as_str(), None),
        Step::Answer(call) => ("answer", call.as_str(), None),
        Step::End(call, reason) => {
            (REASONS.iter().find(|(known, _)| known == reason).map_or("", |(_, name)| name), call.as_str(), None)
        }
        Step::Press(call, digits) => ("press", call.as_str(), Some(digits.as_str())),
        Step::Transfer(call, to) => ("transfer", call.as_str(), Some(to.as_e164())),
        Step::CallIn { from, to } => ("call in", to.as_e164(), from.as_ref().map(PhoneNumber::as_e164)),
        Step::Restore => return None,
    })
}

fn read_step(name: &str, subject: &Value, detail: &Value) -> Option<Step> {
    let call = CallId::new(subject.as_str()?);
    Some(match name {
        "ring" => Step::Ring(call),
        "answer" => Step::Answer(call),
        "press" => Step::Press(call, Digits::parse(detail.as_str()?).ok()?),
        "transfer" => Step::Transfer(call, number(detail)?),
        "call in" => {
            let from = if *detail == Value::Null { None } else { Some(number(detail)?) };
            Step::CallIn { from, to: number(subject)? }
        }
        _ => Step::End(call, REASONS.iter().find(|(_, known)| *known == name)?.0),
    })
}

fn list<'a>(saved: &'a Value, field: &str, most: usize) -> Option<&'a [Value]> {
    saved.get(field)?.as_array().filter(|items| items.len() <= most)
}

fn number(value: &Value) -> Option<PhoneNumber> {
    PhoneNumber::from_e164(value.as_str()?).ok()
}

fn integer(saved: &Value, field: &str) -> Option<u32> {
    saved.get(field)?.as_timestamp().and_then(|number| u32::try_from(number.as_millis()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard::Timestamp;

    #[test]
    fn every_timer_survives() {
        let number = |digits: &str| PhoneNumber::from_e164(digits).unwrap();
        let call = CallId::new("mock-1-1");
        let mut steps = vec![
            Step::Ring(call.clone()),
            Step::Answer(call.clone()),
            Step::Press(call.clone(), Digits::parse("12#").unwrap()),
            Step::Transfer(call.clone(), number("+16175550100")),
            Step::CallIn { from: None, to: number("+16175550150") },
            Step::CallIn { from: Some(number("+16175550100")), to: number("+16175550150") },
        ];
        steps.extend(REASONS.map(|(reason, _)| Step::End(call.clone(), reason)));
        for step in steps {
            let mut network = Network::new(MockConfig::default());
            network.at(Timestamp::from_millis(7), step.clone());
            let restored = Network::restore(MockConfig::default(), &network.save()).unwrap();
            let [timer] = restored.timers.as_slice() else { panic!("one was saved") };
            assert_eq!((timer.at, &timer.step), (Timestamp::from_millis(7), &step));
        }
    }
}
