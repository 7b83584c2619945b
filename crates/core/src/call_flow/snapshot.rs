//! What a page keeps of its calls, so that a reload loses nothing.

use super::flow::{CallFlow, MAX_DONE};
use super::tracked::{Engagement, Saving, Told, TrackedCall};
use crate::protocol::{EngagementId, ExternalCallId};
use crate::telephony::{Call, PhoneNumber};
use crate::{Object, Value};

const TOLD: [(&str, Told); 5] = [
    ("nothing", Told::Nothing),
    ("started", Told::Started),
    ("answered", Told::Answered),
    ("ended", Told::Ended),
    ("completed", Told::Completed),
];

impl CallFlow {
    /// The calls that are not done with, and the ids of those that are, for [`restore`](Self::restore).
    #[must_use]
    pub fn save(&self) -> Value {
        let calls: Vec<Value> = self.calls.iter().filter_map(save_call).collect();
        let told = self.calls.iter().filter(|call| is_handed_over(call)).map(|call| &call.id);
        let done: Vec<Value> = self.done.iter().chain(told).map(|id| id.as_str().into()).collect();
        Object::new().with("calls", calls).with("done", done).into()
    }

    /// Takes up the calls that [`save`](Self::save) wrote. To be called on a flow that has none; then the line's
    /// `active_calls` tell which of them still go on.
    pub fn restore(&mut self, saved: &Value) {
        let list = |field: &str| saved.get(field).and_then(Value::as_array).unwrap_or_default();
        self.calls.extend(list("calls").iter().filter_map(restore_call));
        self.done.extend(list("done").iter().filter_map(Value::as_str).take(MAX_DONE).map(ExternalCallId::from));
    }
}

/// Whether the CRM has been given everything. If it refuses later, that page is the one to hear it.
fn is_handed_over(call: &TrackedCall) -> bool {
    call.told == Told::Completed && call.saving == Saving::Saving
}

fn save_call(call: &TrackedCall) -> Option<Value> {
    // An order that no one answered yet: if it was carried out, `active_calls` has it under its key.
    let line = call.line.as_ref()?;
    if is_handed_over(call) {
        return None;
    }
    let told = TOLD.iter().find(|(_, told)| *told == call.told).map_or("", |(name, _)| name);
    Some(
        Object::new()
            .with("id", call.id.as_str())
            .with("line", Value::from(line))
            .with("remote", call.remote.as_ref().map(PhoneNumber::as_e164))
            .with("local", call.local.as_ref().map(PhoneNumber::as_e164))
            .with("consultsFor", call.consults_for.as_ref().map(ExternalCallId::as_str))
            .with("notes", call.notes.as_str())
            .with("outcome", call.outcome.as_deref())
            .with("save", call.saving == Saving::Saving)
            .with("beganAt", call.began_at)
            .with("told", told)
            .with("engagement", call.engagement.id().as_ref().map(EngagementId::as_str))
            .into(),
    )
}

fn restore_call(saved: &Value) -> Option<TrackedCall> {
    let text = |field: &str| saved.get(field).and_then(Value::as_str);
    let number = |field: &str| text(field).and_then(|number| PhoneNumber::from_e164(number).ok());
    let line = saved.get("line").and_then(Call::from_value)?;
    let began_at = saved.get("beganAt").and_then(Value::as_timestamp)?;
    let mut call = TrackedCall::new(ExternalCallId::new(text("id")?), line.direction, began_at);
    call.line = Some(line);
    call.remote = number("remote");
    call.local = number("local");
    call.consults_for = text("consultsFor").map(ExternalCallId::new);
    call.notes = text("notes").unwrap_or_default().to_owned();
    call.outcome = text("outcome").map(str::to_owned);
    call.told = text("told").and_then(|name| TOLD.iter().find(|(known, _)| *known == name)).map(|(_, told)| *told)?;
    // What was refused is the user's again, and may be handed over once more.
    call.told = call.told.min(Told::Ended);
    if saved.get("save").and_then(Value::as_bool) == Some(true) {
        call.saving = Saving::Saving;
    }
    if let Some(id) = text("engagement") {
        call.engagement = Engagement::Created(EngagementId::new(id));
    }
    Some(call)
}
