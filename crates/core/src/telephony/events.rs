use super::call::{Call, CallId};
use super::event::{CallEvent, CallEventKind, Event};
use crate::Timestamp;
use crate::platform::BoxStream;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_channel::mpsc;
use futures_core::Stream;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A line's events, from the moment [`events`](super::Telephony::events) was called.
pub type Events = BoxStream<Event>;

/// Hands a line's events to all its listeners: numbers each call's events, never waits for a slow
/// listener, and tells it [`Event::Lagged`] instead.
///
/// For providers; one hub is one line.
#[derive(Debug)]
pub struct EventHub {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    listeners: Vec<Listener>,
    sequences: BTreeMap<CallId, u64>,
}

#[derive(Debug)]
struct Listener {
    sender: mpsc::Sender<Event>,
    missed: u64,
}

impl Listener {
    /// Whether the listener is still there.
    fn offer(&mut self, event: &Event) -> bool {
        if self.missed > 0 {
            match self.sender.try_send(Event::Lagged { missed: self.missed }) {
                Ok(()) => self.missed = 0,
                Err(error) if error.is_disconnected() => return false,
                Err(_) => {
                    self.missed += 1;
                    return true;
                }
            }
        }
        match self.sender.try_send(event.clone()) {
            Ok(()) => true,
            Err(error) if error.is_disconnected() => false,
            Err(_) => {
                self.missed += 1;
                true
            }
        }
    }
}

impl EventHub {
    /// A hub that keeps about `capacity` events for a listener that is behind.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// A new listener.
    #[must_use]
    pub fn subscribe(&self) -> Events {
        let (sender, receiver) = mpsc::channel(self.capacity);
        self.lock().listeners.push(Listener { sender, missed: 0 });
        Box::pin(Receiver(receiver))
    }

    /// Announces a new call: its first event.
    pub fn started(&self, mut call: Call) {
        call.sequence = 1;
        let (id, at) = (call.id.clone(), call.started_at);
        self.call(id, at, CallEventKind::Started(Box::new(call)));
    }

    /// Announces the next event of a call, and returns its sequence.
    pub fn call(&self, call: CallId, at: Timestamp, kind: CallEventKind) -> u64 {
        let mut state = self.lock();
        let last = matches!(kind, CallEventKind::Ended(_));
        let entry = state.sequences.entry(call.clone()).or_insert(0);
        *entry += 1;
        let sequence = *entry;
        if last {
            state.sequences.remove(&call);
        }
        state.publish(&Event::Call(CallEvent { call, sequence, at, kind }));
        sequence
    }

    /// Announces what is not about a call.
    pub fn line(&self, event: &Event) {
        self.lock().publish(event);
    }

    /// Goes on counting a call's events where another hub stopped: after a reload.
    pub fn resume(&self, call: CallId, sequence: u64) {
        self.lock().sequences.insert(call, sequence);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the lists whole: each change is one push or one insert.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn publish(&mut self, event: &Event) {
        self.listeners.retain_mut(|listener| listener.offer(event));
    }
}

struct Receiver(mpsc::Receiver<Event>);

impl Stream for Receiver {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}
