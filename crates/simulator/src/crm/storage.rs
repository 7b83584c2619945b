//! What survives a reload of the page, as the tab's storage keeps it.

use super::call::{Call, CallStatus};
use super::records::{ObjectType, RecordId};
use super::{Crm, Page, Panel, Queue};
use cordboard::protocol::CallEndStatus;
use cordboard::telephony::Direction;
use cordboard::{Object, Timestamp, Value};

const STATUSES: [(CallStatus, &str); 11] = [
    (CallStatus::Ringing, "ringing"),
    (CallStatus::InProgress, "in-progress"),
    (CallStatus::Transferred, "transferred"),
    (CallStatus::Ended(None), "ended"),
    (CallStatus::Ended(Some(CallEndStatus::Completed)), "completed"),
    (CallStatus::Ended(Some(CallEndStatus::Failed)), "failed"),
    (CallStatus::Ended(Some(CallEndStatus::Canceled)), "canceled"),
    (CallStatus::Ended(Some(CallEndStatus::Busy)), "busy"),
    (CallStatus::Ended(Some(CallEndStatus::NoAnswer)), "no-answer"),
    (CallStatus::Ended(Some(CallEndStatus::Rejected)), "rejected"),
    (CallStatus::Ended(Some(CallEndStatus::Missed)), "missed"),
];
const PANELS: [(Panel, &str); 3] = [(Panel::Open, "open"), (Panel::Minimised, "minimised"), (Panel::Closed, "closed")];

impl Crm {
    pub(crate) fn to_value(&self) -> Value {
        let tasks = self.queue.as_ref().map(|queue| {
            let tasks: Vec<Value> = queue.tasks.iter().map(|task| write_record(*task)).collect();
            Value::from(Object::new().with("tasks", tasks).with("current", count(queue.current)))
        });
        let page = match self.page {
            Page::Records(object_type) => Value::from(object_type.wire_id()),
            Page::Record(record) => write_record(record),
            Page::Calls => "calls".into(),
            Page::Tasks => "tasks".into(),
        };
        Object::new()
            .with("page", page)
            .with("panel", name_of(&PANELS, self.panel))
            .with("queue", tasks)
            .with("calls", self.calls.iter().map(write_call).collect::<Vec<Value>>())
            .with("lastEngagement", self.last_engagement)
            .into()
    }

    /// Reads what [`to_value`](Self::to_value) wrote; what is missing or wrong is as on a new page.
    pub(crate) fn from_value(value: &Value) -> Self {
        let mut crm = Self::default();
        let calls = value.get("calls").and_then(Value::as_array).unwrap_or_default();
        crm.calls = calls.iter().filter_map(read_call).collect();
        crm.last_engagement = value.get("lastEngagement").and_then(read_count).unwrap_or(crm.last_engagement);
        crm.panel = value.get("panel").and_then(|panel| by_name(&PANELS, panel)).unwrap_or(crm.panel);
        crm.page = value.get("page").and_then(read_page).unwrap_or(crm.page);
        crm.queue = value.get("queue").and_then(read_queue);
        crm
    }
}

fn read_page(value: &Value) -> Option<Page> {
    match value.as_str() {
        Some("calls") => Some(Page::Calls),
        Some("tasks") => Some(Page::Tasks),
        Some(text) => {
            ObjectType::from_wire_id(text).map(Page::Records).or_else(|| RecordId::from_text(text).map(Page::Record))
        }
        None => None,
    }
}

fn read_queue(value: &Value) -> Option<Queue> {
    let tasks = value.get("tasks")?.as_array()?.iter().filter_map(read_record).collect();
    let current = usize::try_from(read_count(value.get("current")?)?).ok()?;
    Some(Queue { tasks, current })
}

fn write_call(call: &Call) -> Value {
    let text = |text: &Option<String>| text.as_deref().map(Value::from);
    Object::new()
        .with("externalId", call.external_id.as_str())
        .with("engagement", call.engagement)
        .with("inbound", call.direction == Direction::Inbound)
        .with("from", call.from.as_str())
        .with("to", call.to.as_str())
        .with("record", call.record.map(write_record))
        .with("started", call.started)
        .with("answered", call.answered)
        .with("status", name_of(&STATUSES, call.status))
        .with("duration", call.duration.map(|duration| Timestamp::default() + duration))
        .with("title", text(&call.title))
        .with("notes", text(&call.notes))
        .with("outcome", text(&call.outcome))
        .with("recording", text(&call.recording))
        .with("completed", call.completed)
        .into()
}

fn read_call(value: &Value) -> Option<Call> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let time = |name: &str| value.get(name).and_then(read_time);
    let flag = |name: &str| value.get(name).and_then(Value::as_bool);
    Some(Call {
        external_id: text("externalId")?,
        engagement: value.get("engagement").and_then(read_count),
        direction: if flag("inbound")? { Direction::Inbound } else { Direction::Outbound },
        from: text("from")?,
        to: text("to")?,
        record: value.get("record").and_then(read_record),
        started: time("started")?,
        answered: time("answered"),
        status: by_name(&STATUSES, value.get("status")?)?,
        duration: time("duration").map(|end| end.since(Timestamp::default())),
        title: text("title"),
        notes: text("notes"),
        outcome: text("outcome"),
        recording: text("recording"),
        completed: flag("completed")?,
        stale: true,
    })
}

fn write_record(record: RecordId) -> Value {
    record.to_text().into()
}

fn read_record(value: &Value) -> Option<RecordId> {
    value.as_str().and_then(RecordId::from_text)
}

fn name_of<T: PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names.iter().find(|(known, _)| *known == value).map_or("", |(_, name)| name)
}

fn by_name<T: Copy>(names: &[(T, &str)], value: &Value) -> Option<T> {
    names.iter().find(|(_, known)| value.as_str() == Some(known)).map(|(value, _)| *value)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn read_count(value: &Value) -> Option<u32> {
    read_time(value).and_then(|time| u32::try_from(time.as_millis()).ok())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
fn read_time(value: &Value) -> Option<Timestamp> {
    value.as_number().map(|number| Timestamp::from_millis(number as u64))
}
