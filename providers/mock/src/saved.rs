//! A network as a [`Value`], so that a call outlives the page in which it was made.

use crate::config::{MockAgent, MockConfig};
use crate::network::{FarEnd, Leg, MAX_CALLS, MAX_KEYS, MAX_WAITING, Network, Seat, Step, Timer};
use cordboard::telephony::{Availability, Call, CallId, DialKey, Digits, EndReason, FailureReason, PhoneNumber};
use cordboard::{Object, Value};

/// The ends that may be waiting in a timer.
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
        let mut saved = Object::new();
        saved.set("seed", self.config.seed);
        saved.set("random", self.random);
        saved.set("calls", self.calls);
        saved.set("seats", save_list(&self.seats, |seat| Some(save_seat(seat))));
        saved.set("legs", save_list(&self.legs, |leg| Some(save_leg(leg))));
        saved.set("timers", save_list(&self.timers, save_timer));
        saved.into()
    }

    /// Goes on where [`save`](Self::save) was called; what was due meanwhile happens at the first
    /// [`advance`](Self::advance). `None` when the value is not
    /// from `save`.
    #[must_use]
    pub fn restore(config: MockConfig, saved: &Value) -> Option<Self> {
        let mut network = Self::new(MockConfig { seed: integer(saved, "seed")?, ..config });
        network.random = integer(saved, "random").filter(|random| *random != 0)?;
        network.calls = integer(saved, "calls")?;
        let [alex, blake] = saved.get("seats")?.as_array()? else { return None };
        network.seats = [restore_seat(alex)?, restore_seat(blake)?];
        network.legs = list(saved, "legs", 2 * MAX_CALLS, restore_leg)?;
        let timers = list(saved, "timers", MAX_WAITING, restore_timer)?;
        for timer in timers {
            network.at(timer.at, timer.step);
        }
        Some(network)
    }
}

fn save_seat(seat: &Seat) -> Value {
    let mut saved = Object::new();
    saved.set("signedIn", seat.signed_in);
    saved.set("available", seat.availability == Availability::Available);
    saved.set(
        "dialled",
        save_list(&seat.dialled, |(key, call)| Some(vec![key.as_str().into(), call.as_str().into()].into())),
    );
    saved.into()
}

fn restore_seat(saved: &Value) -> Option<Seat> {
    let pair = |saved: &Value| match saved.as_array()? {
        [key, call] => Some((DialKey::new(key.as_str()?), CallId::new(call.as_str()?))),
        _ => None,
    };
    Some(Seat {
        signed_in: saved.get("signedIn")?.as_bool()?,
        availability: if saved.get("available")?.as_bool()? { Availability::Available } else { Availability::Away },
        dialled: list(saved, "dialled", MAX_KEYS, pair)?,
        ..Seat::default()
    })
}

fn save_leg(leg: &Leg) -> Value {
    let (far, peer) = match &leg.far {
        FarEnd::Number(number) => (number.as_ref(), None),
        FarEnd::Leg(peer) => (None, Some(peer.as_str())),
    };
    let mut saved = Object::new();
    saved.set("agent", leg.agent.id());
    saved.set("call", &leg.call);
    saved.set("far", far.map(PhoneNumber::as_e164));
    saved.set("peer", peer);
    saved.into()
}

fn restore_leg(saved: &Value) -> Option<Leg> {
    let id = saved.get("agent")?.as_str()?;
    let agent = MockAgent::ALL.into_iter().find(|agent| agent.id() == id)?;
    let call = Call::from_value(saved.get("call")?).filter(|call| !call.state.is_ended())?;
    let far = match optional(saved, "peer", |peer| Some(CallId::new(peer.as_str()?)))? {
        Some(peer) => FarEnd::Leg(peer),
        None => FarEnd::Number(optional(saved, "far", number)?),
    };
    Some(Leg { agent, call, far })
}

fn save_timer(timer: &Timer) -> Option<Value> {
    let (step, call, detail, from) = match &timer.step {
        Step::Ring(call) => ("ring", Some(call), None, None),
        Step::Answer(call) => ("answer", Some(call), None, None),
        Step::End(call, reason) => ("end", Some(call), Some(code(*reason)), None),
        Step::Press(call, digits) => ("press", Some(call), Some(digits.as_str()), None),
        Step::Transfer(call, to) => ("transfer", Some(call), Some(to.as_e164()), None),
        Step::CallIn { from, to } => ("call in", None, Some(to.as_e164()), from.as_ref()),
        Step::Restore => return None,
    };
    let mut saved = Object::new();
    saved.set("at", timer.at);
    saved.set("step", step);
    saved.set("call", call.map(CallId::as_str));
    saved.set("detail", detail);
    saved.set("from", from.map(PhoneNumber::as_e164));
    Some(saved.into())
}

fn restore_timer(saved: &Value) -> Option<Timer> {
    let call = || Some(CallId::new(saved.get("call")?.as_str()?));
    let detail = || saved.get("detail");
    let step = match saved.get("step")?.as_str()? {
        "ring" => Step::Ring(call()?),
        "answer" => Step::Answer(call()?),
        "end" => Step::End(call()?, reason(detail()?)?),
        "press" => Step::Press(call()?, Digits::parse(detail()?.as_str()?).ok()?),
        "transfer" => Step::Transfer(call()?, number(detail()?)?),
        "call in" => Step::CallIn { from: optional(saved, "from", number)?, to: number(detail()?)? },
        _ => return None,
    };
    Some(Timer { at: saved.get("at")?.as_timestamp()?, step })
}

fn code(reason: EndReason) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == reason).map_or("", |(_, code)| code)
}

fn reason(saved: &Value) -> Option<EndReason> {
    let code = saved.as_str()?;
    REASONS.iter().find(|(_, known)| *known == code).map(|(reason, _)| *reason)
}

/// A field that may be null. The outer `None` is a value that is not one of ours.
fn optional<T>(saved: &Value, field: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match saved.get(field)? {
        Value::Null => Some(None),
        value => read(value).map(Some),
    }
}

fn save_list<T>(items: &[T], save: fn(&T) -> Option<Value>) -> Vec<Value> {
    let mut list = Vec::new();
    for item in items {
        if let Some(saved) = save(item) {
            list.push(saved);
        }
    }
    list
}

fn list<T>(saved: &Value, field: &str, most: usize, read: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let items = saved.get(field)?.as_array().filter(|items| items.len() <= most)?;
    let mut list = Vec::new();
    for item in items {
        list.push(read(item)?);
    }
    Some(list)
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
            let timer = Timer { at: Timestamp::from_millis(7), step: step.clone() };
            let restored = restore_timer(&save_timer(&timer).unwrap()).unwrap();
            assert_eq!((restored.at, restored.step), (timer.at, step));
        }
    }
}
