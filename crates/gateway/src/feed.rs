//! One agent's events on their way to the sockets.
//!
//! The last ones are kept ready for all sockets together, each written once. A socket that is further behind reads the
//! journal, so a slow reader costs nothing but its own place.

use crate::journal::{Stored, Stream};
use axum::extract::ws::Utf8Bytes;
use cordboard::platform::Lock;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Where a reader stands.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) stream: String,
    /// The last event that there is.
    pub(crate) sequence: u64,
    tick: u64,
}

/// What there is for a reader.
pub(crate) enum Next {
    Messages(Vec<Utf8Bytes>),
    /// It is too far behind: the journal has it.
    Behind,
}

/// An agent's events.
pub(crate) struct Feed {
    state: Lock<State>,
    /// Wakes readers in the order in which they came, which is that of their memory, in the kernel too: by turns at random, as `watch`
    /// has it, a message to thousands of sockets takes a quarter longer.
    news: Notify,
    readers: AtomicUsize,
    most: usize,
}

/// Somebody who reads. As long as there is one, messages are kept ready.
pub(crate) struct Watch<'a> {
    feed: &'a Feed,
    news: Pin<Box<Notified<'a>>>,
}

impl Watch<'_> {
    /// Waits until there is something that was not there when this was last waited for, or begun.
    pub(crate) async fn changed(&mut self) {
        self.news.as_mut().await;
        // It counts from now on, also before it is waited for.
        self.news.set(self.feed.news.notified());
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.feed.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

struct State {
    stream: String,
    sequence: u64,
    /// The last tick. Every message has one, also those that are not kept.
    tick: u64,
    recent: VecDeque<Utf8Bytes>,
}

impl Feed {
    pub(crate) fn new(stream: Stream, most: usize) -> Self {
        let state = State { stream: stream.id, sequence: stream.sequence, tick: 0, recent: VecDeque::new() };
        Self { state: Lock::new(state), news: Notify::new(), readers: AtomicUsize::new(0), most }
    }

    /// The end of the feed.
    pub(crate) fn end(&self) -> Place {
        let state = self.state.lock();
        Place { stream: state.stream.clone(), sequence: state.sequence, tick: state.tick }
    }

    /// Begins to read.
    pub(crate) fn watch(&self) -> Watch<'_> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Watch { feed: self, news: Box::pin(self.news.notified()) }
    }

    /// Hands out events that are durable.
    pub(crate) fn publish(&self, stored: &[Stored]) {
        let items = stored.iter().map(|event| (Some(event.sequence), frame(event)));
        self.push(items);
    }

    /// Hands out what is said to whoever is there.
    pub(crate) fn say(&self, frame: String) {
        self.push(std::iter::once((None, frame)));
    }

    fn push(&self, items: impl Iterator<Item = (Option<u64>, String)>) {
        let mut state = self.state.lock();
        let is_heard = self.readers.load(Ordering::Relaxed) > 0;
        for (sequence, frame) in items {
            state.tick += 1;
            state.sequence = sequence.unwrap_or(state.sequence);
            if is_heard {
                state.recent.push_back(frame.into());
            }
            if state.recent.len() > self.most {
                state.recent.pop_front();
            }
        }
        if !is_heard {
            state.recent = VecDeque::new();
        }
        drop(state);
        self.news.notify_waiters();
    }

    /// Another numbering begins, because events were missed.
    pub(crate) fn rename(&self, stream: String) {
        self.state.lock().stream = stream;
    }

    /// What comes after a place, which moves on.
    pub(crate) fn next(&self, place: &mut Place) -> Next {
        let state = self.state.lock();
        let missing = usize::try_from(state.tick - place.tick).unwrap_or(usize::MAX);
        if missing > state.recent.len() {
            return Next::Behind;
        }
        let messages: Vec<Utf8Bytes> = state.recent.iter().skip(state.recent.len() - missing).cloned().collect();
        place.tick = state.tick;
        place.sequence = state.sequence;
        Next::Messages(messages)
    }
}

/// An event as sockets are told it.
pub(crate) fn frame(event: &Stored) -> String {
    // The body is the JSON that was stored; writing it into the message by hand saves reading it again.
    format!(r#"{{"type":"event","sequence":{},"event":{}}}"#, event.sequence, event.body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn stored(sequence: u64) -> Stored {
        Stored { sequence, body: format!("{{\"n\":{sequence}}}") }
    }

    fn feed() -> Feed {
        Feed::new(Stream { id: "s".to_owned(), sequence: 10 }, 3)
    }

    fn read(feed: &Feed, place: &mut Place) -> Option<Vec<Option<u64>>> {
        let sequence = |message: &Utf8Bytes| {
            let message: serde_json::Value = serde_json::from_str(message).unwrap();
            message["sequence"].as_u64()
        };
        match feed.next(place) {
            Next::Messages(messages) => Some(messages.iter().map(sequence).collect()),
            Next::Behind => None,
        }
    }

    #[test]
    fn each_reader_gets_everything_once() {
        let feed = feed();
        let _watch = feed.watch();
        let (mut one, mut two) = (feed.end(), feed.end());
        feed.publish(&[stored(11), stored(12)]);
        assert_eq!(read(&feed, &mut one), Some(vec![Some(11), Some(12)]));
        feed.say("{}".to_owned());
        assert_eq!(read(&feed, &mut two), Some(vec![Some(11), Some(12), None]));
        assert_eq!(read(&feed, &mut one), Some(vec![None]));
        assert_eq!(read(&feed, &mut one), Some(vec![]));
        assert_eq!(one.sequence, 12);
    }

    #[test]
    fn nothing_that_comes_while_nobody_looks_is_missed() {
        let feed = feed();
        let mut watch = feed.watch();
        for sequence in 11..14 {
            feed.publish(&[stored(sequence)]);
            assert!(watch.changed().now_or_never().is_some(), "{sequence}");
        }
        assert!(watch.changed().now_or_never().is_none());
        feed.publish(&[stored(14)]);
        assert!(watch.changed().now_or_never().is_some());
    }

    #[test]
    fn who_is_too_far_behind_is_told() {
        let feed = feed();
        let _watch = feed.watch();
        let mut place = feed.end();
        feed.publish(&[stored(11), stored(12), stored(13), stored(14)]);
        assert_eq!(read(&feed, &mut place), None);
        assert_eq!(feed.end().sequence, 14);
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let feed = feed();
        drop(feed.watch());
        let mut place = feed.end();
        feed.publish(&[stored(11)]);
        assert_eq!(read(&feed, &mut place), None);
        assert!(feed.state.lock().recent.is_empty());
    }

    #[test]
    fn the_frame_is_the_message_of_the_wire() {
        let message: serde_json::Value = serde_json::from_str(&frame(&stored(7))).unwrap();
        assert_eq!(message, serde_json::json!({"type": "event", "sequence": 7, "event": {"n": 7}}));
    }
}
