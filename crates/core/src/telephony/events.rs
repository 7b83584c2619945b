use super::call::{Call, CallId};
use super::event::{CallEvent, CallEventKind, Event};
use crate::Timestamp;
use crate::platform::{BoxStream, Lock};
use crate::queue::Queue;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use futures_core::Stream;
use std::sync::Arc;

/// A line's events, from the moment [`events`](super::Telephony::events) was called.
pub type Events = BoxStream<Event>;

/// Hands a line's events to all its listeners: numbers each call's events, never waits for a slow
/// listener, and tells it [`Event::Lagged`] instead.
///
/// For providers; one hub is one line.
#[derive(Debug)]
pub struct EventHub {
    capacity: usize,
    state: Lock<State>,
}

#[derive(Debug, Default)]
struct State {
    listeners: Vec<Arc<Lock<Backlog>>>,
    /// The last sequence of each call that has not ended.
    sequences: Vec<(CallId, u64)>,
}

/// What one listener has yet to read. The hub and the listener hold it together.
#[derive(Debug, Default)]
struct Backlog {
    events: Queue<Event>,
    missed: u64,
    reader: Option<Waker>,
    closed: bool,
}

impl Backlog {
    fn offer(&mut self, event: &Event, capacity: usize) {
        if self.events.len() >= capacity {
            self.missed += 1;
            return;
        }
        if self.missed > 0 {
            self.events.push(Event::Lagged { missed: core::mem::take(&mut self.missed) });
        }
        self.events.push(event.clone());
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl EventHub {
    /// A hub that keeps `capacity` events for a listener that is behind.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, state: Lock::default() }
    }

    /// A new listener.
    #[must_use]
    #[allow(clippy::arc_with_non_send_sync, reason = "in a browser there is one thread, and nothing is `Send`")]
    pub fn subscribe(&self) -> Events {
        let queue = Arc::new(Lock::default());
        self.state.lock().listeners.push(Arc::clone(&queue));
        Box::pin(Reader(queue))
    }

    /// Announces a new call: its first event.
    pub fn started(&self, mut call: Call) {
        call.sequence = 1;
        let (id, at) = (call.id.clone(), call.started_at);
        self.call(id, at, CallEventKind::Started(Box::new(call)));
    }

    /// Announces the next event of a call, and returns its sequence.
    pub fn call(&self, call: CallId, at: Timestamp, kind: CallEventKind) -> u64 {
        let mut state = self.state.lock();
        let last = matches!(kind, CallEventKind::Ended(_));
        let sequence = state.take_sequence(&call) + 1;
        if !last {
            state.sequences.push((call.clone(), sequence));
        }
        state.publish(&Event::Call(CallEvent { call, sequence, at, kind }), self.capacity);
        sequence
    }

    /// Hands on an event as it is: one about the line, or one of a call that the provider numbers itself.
    pub fn publish(&self, event: &Event) {
        self.state.lock().publish(event, self.capacity);
    }

    /// Goes on counting a call's events where another hub stopped: after a reload.
    pub fn resume(&self, call: CallId, sequence: u64) {
        let mut state = self.state.lock();
        state.take_sequence(&call);
        state.sequences.push((call, sequence));
    }
}

impl State {
    /// Removes the last sequence of a call; zero if it has none.
    fn take_sequence(&mut self, call: &CallId) -> u64 {
        let known = self.sequences.iter().position(|(known, _)| known == call);
        known.map_or(0, |index| self.sequences.swap_remove(index).1)
    }

    fn publish(&mut self, event: &Event, capacity: usize) {
        // A reader that is gone leaves the hub as the only holder.
        self.listeners.retain(|queue| Arc::strong_count(queue) > 1);
        for queue in &self.listeners {
            queue.lock().offer(event, capacity);
        }
    }
}

impl Drop for EventHub {
    fn drop(&mut self) {
        for queue in &self.state.lock().listeners {
            let mut queue = queue.lock();
            queue.closed = true;
            queue.wake();
        }
    }
}

struct Reader(Arc<Lock<Backlog>>);

impl Stream for Reader {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut queue = self.0.lock();
        if let Some(event) = queue.events.pop() {
            return Poll::Ready(Some(event));
        }
        // What was missed last is told even if nothing ever happens again.
        if queue.missed > 0 {
            return Poll::Ready(Some(Event::Lagged { missed: core::mem::take(&mut queue.missed) }));
        }
        if queue.closed {
            return Poll::Ready(None);
        }
        queue.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telephony::{CallState, Connection, Direction, EndReason, Recording};

    fn read(events: &mut Events) -> Vec<Event> {
        let mut context = Context::from_waker(Waker::noop());
        let mut read = Vec::new();
        while let Poll::Ready(Some(event)) = events.as_mut().poll_next(&mut context) {
            read.push(event);
        }
        read
    }

    fn sequences(events: &[Event]) -> Vec<u64> {
        let sequence = |event: &Event| match event {
            Event::Call(event) => Some(event.sequence),
            _ => None,
        };
        events.iter().filter_map(sequence).collect()
    }

    fn call(id: &str) -> Call {
        Call {
            id: CallId::new(id),
            direction: Direction::Inbound,
            remote: None,
            local: None,
            key: None,
            state: CallState::Ringing,
            muted: false,
            recording: Recording::Off,
            recordings: Vec::new(),
            started_at: Timestamp::default(),
            connected_at: None,
            ended_at: None,
            sequence: 0,
        }
    }

    #[test]
    fn numbers_each_call_from_one() {
        let hub = EventHub::new(16);
        let mut events = hub.subscribe();
        let at = Timestamp::default();
        for id in ["a", "b"] {
            hub.started(call(id));
            hub.call(CallId::new(id), at, CallEventKind::Connected);
        }
        hub.call(CallId::new("a"), at, CallEventKind::Ended(EndReason::HungUp));
        assert_eq!(sequences(&read(&mut events)), [1, 2, 1, 2, 3]);
    }

    #[test]
    fn goes_on_counting_after_a_reload() {
        let hub = EventHub::new(16);
        hub.resume(CallId::new("a"), 7);
        assert_eq!(hub.call(CallId::new("a"), Timestamp::default(), CallEventKind::Held), 8);
    }

    #[test]
    fn every_listener_gets_all_from_when_it_came() {
        let hub = EventHub::new(16);
        let mut first = hub.subscribe();
        hub.started(call("a"));
        let mut second = hub.subscribe();
        hub.call(CallId::new("a"), Timestamp::default(), CallEventKind::Connected);
        assert_eq!(sequences(&read(&mut first)), [1, 2]);
        assert_eq!(sequences(&read(&mut second)), [2]);
    }

    #[test]
    fn tells_a_slow_listener_even_if_nothing_follows() {
        let hub = EventHub::new(2);
        let mut slow = hub.subscribe();
        for _ in 0..10 {
            hub.publish(&Event::Connection(Connection::Poor));
        }
        let seen = read(&mut slow);
        let poor = Event::Connection(Connection::Poor);
        assert_eq!(seen, [poor.clone(), poor, Event::Lagged { missed: 8 }]);
    }

    #[test]
    fn tells_of_the_gap_where_it_is() {
        let hub = EventHub::new(4);
        let mut slow = hub.subscribe();
        for _ in 0..10 {
            hub.publish(&Event::Connection(Connection::Poor));
        }
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(slow.as_mut().poll_next(&mut context).is_ready());
        }
        hub.publish(&Event::Connection(Connection::Good));
        let seen = read(&mut slow);
        let [.., gap, last] = seen.as_slice() else { panic!("two events at least") };
        assert!(matches!(gap, Event::Lagged { .. }));
        assert_eq!(last, &Event::Connection(Connection::Good));
    }

    #[test]
    fn ends_with_the_hub() {
        let hub = EventHub::new(4);
        let mut events = hub.subscribe();
        hub.publish(&Event::Connection(Connection::Poor));
        drop(hub);
        assert_eq!(read(&mut events).len(), 1);
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(events.as_mut().poll_next(&mut context), Poll::Ready(None));
    }

    #[test]
    fn forgets_a_listener_that_left() {
        let hub = EventHub::new(1);
        drop(hub.subscribe());
        hub.publish(&Event::Connection(Connection::Poor));
        assert!(hub.state.lock().listeners.is_empty());
    }
}
