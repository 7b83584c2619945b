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
        let (mut calls, mut done) = (Vec::new(), Vec::new());
        for id in &self.done {
            done.push(Value::from(id.as_str()));
        }
        for call in &self.calls {
            if let Some(call) = save_call(call) {
                calls.push(call);
            }
            if is_handed_over(call) {
                done.push(call.id.as_str().into());
            }
        }
        let mut saved = Object::new();
        saved.set("calls", calls);
        saved.set("done", done);
        saved.into()
    }

    /// Takes up the calls that [`save`](Self::save) wrote. To be called on a flow that has none; then the line's
    /// `active_calls` tell which of them still go on.
    pub fn restore(&mut self, saved: &Value) {
        let list = |field: &str| saved.get(field).and_then(Value::as_array).unwrap_or_default();
        for call in list("calls") {
            if let Some(call) = restore_call(call) {
                self.calls.push(call);
            }
        }
        for id in list("done").iter().filter_map(Value::as_str).take(MAX_DONE) {
            self.done.push(ExternalCallId::from(id));
        }
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
    let mut saved = Object::new();
    saved.set("id", call.id.as_str());
    saved.set("line", Value::from(line));
    saved.set("remote", call.remote.as_ref().map(PhoneNumber::as_e164));
    saved.set("local", call.local.as_ref().map(PhoneNumber::as_e164));
    saved.set("consultsFor", call.consults_for.as_ref().map(ExternalCallId::as_str));
    saved.set("notes", call.notes.as_str());
    saved.set("outcome", call.outcome.as_deref());
    saved.set("save", call.saving == Saving::Saving);
    saved.set("beganAt", call.began_at);
    saved.set("told", told);
    saved.set("engagement", call.engagement.id().as_ref().map(EngagementId::as_str));
    Some(saved.into())
}

fn restore_call(saved: &Value) -> Option<TrackedCall> {
    let text = |field: &str| saved.get(field).and_then(Value::as_str);
    let number = |field: &str| text(field).and_then(|number| PhoneNumber::from_e164(number).ok());
    let id = text("id")?;
    let began_at = saved.get("beganAt").and_then(Value::as_timestamp)?;
    let name = text("told")?;
    let (_, told) = TOLD.iter().find(|(known, _)| *known == name)?;
    let line = saved.get("line").and_then(Call::from_value)?;
    let mut call = TrackedCall::new(ExternalCallId::new(id), line.direction, began_at);
    call.line = Some(line);
    call.remote = number("remote");
    call.local = number("local");
    call.consults_for = text("consultsFor").map(ExternalCallId::new);
    call.notes = text("notes").unwrap_or_default().to_owned();
    call.outcome = text("outcome").map(str::to_owned);
    // What was refused is the user's again, and may be handed over once more.
    call.told = *told.min(&Told::Ended);
    if saved.get("save").and_then(Value::as_bool) == Some(true) {
        call.saving = Saving::Saving;
    }
    if let Some(id) = text("engagement") {
        call.engagement = Engagement::Created(EngagementId::new(id));
    }
    Some(call)
}
