use super::records::{ObjectType, Record, RecordId, of_type};
use super::{Crm, Effect, Page, Tone};
use crate::settings::Settings;
use cordboard::Timestamp;

/// Calls to make, one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    pub(super) tasks: Vec<RecordId>,
    pub(super) current: usize,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    Done,
    Current,
    Waiting,
}

impl Queue {
    /// The contacts that can be called.
    pub(crate) fn contacts() -> impl Iterator<Item = &'static Record> {
        of_type(ObjectType::Contact).filter(|record| record.phones.iter().any(|phone| phone.parse().is_some()))
    }

    pub(crate) fn current(&self) -> Option<RecordId> {
        self.tasks.get(self.current).copied()
    }

    pub(crate) fn state(&self, record: RecordId) -> TaskState {
        match self.tasks.iter().position(|task| *task == record) {
            Some(position) if position < self.current => TaskState::Done,
            Some(position) if position == self.current => TaskState::Current,
            _ => TaskState::Waiting,
        }
    }
}

impl Crm {
    /// Calls the first contact of the queue.
    pub(crate) fn start_queue(&mut self, now: Timestamp, settings: &Settings) -> Vec<Effect> {
        self.queue = Some(Queue { tasks: Queue::contacts().map(|record| record.id).collect(), current: 0 });
        self.dial_task(now, settings)
    }

    pub(crate) fn stop_queue(&mut self) {
        self.queue = None;
    }

    /// Goes on to the next contact, without a call to the current one.
    pub(crate) fn next_task(&mut self, now: Timestamp, settings: &Settings) -> Vec<Effect> {
        if let Some(queue) = &mut self.queue {
            queue.current += 1;
        }
        self.dial_task(now, settings)
    }

    fn dial_task(&mut self, now: Timestamp, settings: &Settings) -> Vec<Effect> {
        let Some(queue) = &self.queue else { return Vec::new() };
        let record = queue.current().and_then(RecordId::record);
        let Some((record, phone)) = record.and_then(|record| Some((record, record.phones.first()?))) else {
            self.queue = None;
            return vec![Effect::Toast(Tone::Good, "All calls of the queue are done.".to_owned())];
        };
        self.page = Page::Record(record.id);
        self.dial(now, record, phone, settings)
    }
}
