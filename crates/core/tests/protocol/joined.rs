//! Both ends, joined in virtual time by a channel that may lose, repeat, delay and so reorder.

use crate::support::{FROM_WIDGET, HOST, TRUSTED, WIDGET, at, page_with_seed, widget};
use cordboard::protocol::*;
use cordboard::{Timestamp, Value};
use core::time::Duration;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What happens to one message: when its copies arrive. None: it is lost.
type Fate = Vec<u64>;

#[derive(Clone, Copy, PartialEq)]
enum End {
    Page,
    Widget,
}

struct Pair {
    now: Timestamp,
    page: HostSession,
    widget: Session,
    channel: BTreeMap<(Timestamp, u64), (End, Value)>,
    sent: u64,
    fates: std::vec::IntoIter<Fate>,
    page_events: Vec<HostSessionEvent>,
    widget_events: Vec<SessionEvent>,
}

impl Pair {
    /// Messages take the fates in turn; after the last fate the channel is perfect.
    fn new(fates: Vec<Fate>) -> Self {
        let mut pair = Self {
            now: at(0),
            page: page_with_seed(1),
            widget: widget(),
            channel: BTreeMap::new(),
            sent: 0,
            fates: fates.into_iter(),
            page_events: Vec::new(),
            widget_events: Vec::new(),
        };
        pair.page.handle_load(at(0));
        pair
    }

    fn carry(&mut self, to: End, message: &Value) {
        for delay in self.fates.next().unwrap_or_else(|| vec![1]) {
            self.sent += 1;
            self.channel.insert((self.now + Duration::from_millis(delay), self.sent), (to, message.clone()));
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.page.poll_output() {
            match output {
                HostSessionOutput::Post { target, message } => {
                    assert_eq!(target.as_str(), WIDGET);
                    self.carry(End::Widget, &message);
                }
                HostSessionOutput::Event(event) => self.page_events.push(event),
            }
        }
        while let Some(output) = self.widget.poll_output() {
            match output {
                SessionOutput::Post { target, message } => {
                    assert_eq!(target.as_str(), HOST);
                    self.carry(End::Page, &message);
                }
                SessionOutput::Event(event) => self.widget_events.push(event),
            }
        }
    }

    /// Lets everything happen that happens until then.
    fn run_until(&mut self, end: Timestamp) {
        loop {
            self.drain();
            let arrival = self.channel.keys().next().map(|(time, _)| *time);
            let next = [arrival, self.page.poll_timeout(), self.widget.poll_timeout()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = next;
            self.page.handle_timeout(next);
            self.widget.handle_timeout(next);
            while let Some(entry) = self.channel.first_entry().filter(|entry| entry.key().0 <= next) {
                match entry.remove() {
                    (End::Page, message) => self.page.handle_message(FROM_WIDGET, &message),
                    (End::Widget, message) => self.widget.handle_message(next, TRUSTED, &message),
                }
            }
        }
        self.now = end;
    }

    fn page_was_ready(&self) -> usize {
        self.page_events.iter().filter(|event| matches!(event, HostSessionEvent::Ready(_))).count()
    }

    fn widget_was_ready(&self) -> usize {
        self.widget_events.iter().filter(|event| matches!(event, SessionEvent::Ready(_))).count()
    }

    fn reattached(&self) -> usize {
        self.widget_events.iter().filter(|event| matches!(event, SessionEvent::Reattached(_))).count()
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![2 => Just(vec![]), 3 => prop::collection::vec(0..900_u64, 1..4)]
}

/// Ten messages that can be told apart.
fn numbered(count: usize) -> Vec<WidgetMessage> {
    let resize = |width| WidgetMessage::ResizeWidget(SizeInfo { width, height: 1 });
    (0..).map(resize).take(count).collect()
}

fn orders(count: usize) -> Vec<HostMessage> {
    let end = |id: usize| {
        HostMessage::EndCall(CallReference { external_call_id: Some(id.to_string().into()), engagement_id: None })
    };
    (0..count).map(end).collect()
}

proptest! {
    /// At most 200 messages go astray, and the page asks 300 times.
    #[test]
    fn both_become_ready_if_anything_gets_through(fates in prop::collection::vec(fate(), 0..200)) {
        let mut pair = Pair::new(fates);
        pair.run_until(at(31_000));
        prop_assert_eq!(pair.widget_was_ready(), 1);
        prop_assert_eq!(pair.page_was_ready(), 1);
        prop_assert!(pair.page.is_ready());
    }

    #[test]
    fn a_page_that_hears_nothing_gives_up_once(lost in 320..400_usize) {
        let mut pair = Pair::new(vec![vec![]; lost]);
        pair.run_until(at(60_000));
        prop_assert_eq!(&pair.page_events[..], &[HostSessionEvent::SyncAckFailed]);
        prop_assert_eq!(&pair.widget_events[..], &[SessionEvent::HandshakeTimedOut]);
    }

    /// Slow, but without loss and in order: as `postMessage` is.
    #[test]
    fn messages_arrive_once_and_in_order(
        delay in 0..2_450_u64,
        early in 0..20_usize,
        late in 0..20_usize,
        pause in 0..5_000_u64,
    ) {
        let mut pair = Pair::new(vec![vec![delay]; 1_000]);
        let (messages, orders) = (numbered(early + late), orders(early + late));
        for index in 0..early + late {
            if index == early {
                pair.run_until(at(pause));
            }
            pair.widget.send(pair.now, messages[index].clone());
            pair.page.send(orders[index].clone());
        }
        pair.run_until(at(20_000));
        let heard: Vec<_> = pair.page_events[1..].iter().map(|event| match event {
            HostSessionEvent::Message(message) => message.clone(),
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(heard, messages);
        let told: Vec<_> = pair.widget_events[1..].iter().map(|event| match event {
            SessionEvent::Message(message) => message.clone(),
            other => panic!("{other:?}"),
        }).collect();
        prop_assert_eq!(told, orders);
        prop_assert_eq!((pair.page_was_ready(), pair.widget_was_ready(), pair.reattached()), (1, 1, 0));
    }

    #[test]
    fn each_reload_of_the_page_attaches_once(reloads in prop::collection::vec(2_000..5_000_u64, 1..5), delay in 0..400_u64) {
        let mut pair = Pair::new(vec![vec![delay]; 1_000]);
        let mut end = 0;
        for (seed, after) in (2..).zip(&reloads) {
            end += after;
            pair.run_until(at(end));
            pair.page = page_with_seed(seed);
            pair.page.handle_load(at(end));
        }
        pair.run_until(at(end + 5_000));
        prop_assert_eq!(pair.widget_was_ready(), 1);
        prop_assert_eq!(pair.reattached(), reloads.len());
        prop_assert_eq!(pair.page_was_ready(), reloads.len() + 1);
    }

    /// Whatever the channel does: nothing is heard that was not said, and nobody answers for ever.
    #[test]
    fn a_bad_channel_makes_nothing_up(fates in prop::collection::vec(fate(), 0..400), count in 0..20_usize) {
        let mut pair = Pair::new(fates);
        let (messages, orders) = (numbered(count), orders(count));
        for (message, order) in messages.iter().zip(&orders) {
            pair.widget.send(pair.now, message.clone());
            pair.page.send(order.clone());
        }
        pair.run_until(at(120_000));
        prop_assert!(pair.sent < 2_500);
        for event in &pair.page_events {
            match event {
                HostSessionEvent::Ready(_) | HostSessionEvent::SyncAckFailed => {}
                HostSessionEvent::Message(message) => prop_assert!(messages.contains(message)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        for event in &pair.widget_events {
            match event {
                SessionEvent::Ready(_) | SessionEvent::Reattached(_) | SessionEvent::HandshakeTimedOut => {}
                SessionEvent::Message(message) => prop_assert!(orders.contains(message)),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
