//! An agent at work: orders go to the line, and every event that comes back is held against the contract.

use super::{Cue, FarEnd, Harness, TestAgent, contract};
use crate::platform::Clock;
use crate::telephony::{
    Availability, Call, CallEvent, CallEventKind, CallId, CallState, Capability, Connection, DialKey, DialRequest,
    Digits, Direction, EndReason, Error, ErrorKind, Event, Events, PhoneNumber, SignedOutReason, Telephony,
};
use core::time::Duration;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use std::collections::{BTreeMap, VecDeque};

/// A line with a listener that checks whatever it hears.
pub(super) struct Desk<'h, H> {
    pub(super) harness: &'h H,
    pub(super) line: Box<dyn Telephony>,
    pub(super) pictures: Pictures,
    events: Events,
    keys: u32,
    unread: VecDeque<Event>,
}

impl<'h, H: Harness> Desk<'h, H> {
    /// An agent whose line is new and signed out.
    pub(super) fn signed_out(harness: &'h H, agent: TestAgent) -> Option<Self> {
        let line = harness.line(agent)?;
        let events = line.events();
        Some(Self { harness, line, pictures: Pictures::default(), events, keys: 0, unread: VecDeque::new() })
    }

    /// The first agent, signed in and available.
    pub(super) async fn open(harness: &'h H) -> Self {
        let desk = Self::signed_out(harness, TestAgent::First).expect("the harness has a first agent");
        desk.sign_in(TestAgent::First).await;
        desk
    }

    /// The second agent, signed in and available, if the harness has one who can be called.
    pub(super) async fn open_second(harness: &'h H) -> Option<Self> {
        harness.number(FarEnd::SecondAgent)?;
        let desk = Self::signed_out(harness, TestAgent::Second)?;
        if !desk.can(Capability::Inbound) {
            return None;
        }
        desk.sign_in(TestAgent::Second).await;
        Some(desk)
    }

    pub(super) async fn sign_in(&self, agent: TestAgent) {
        accepted(contract::SIGN_IN, self.line.sign_in(self.harness.credentials(agent)).await);
        if self.can(Capability::Inbound) {
            accepted(contract::AWAY, self.line.set_availability(Availability::Available).await);
        }
    }

    pub(super) fn can(&self, capability: Capability) -> bool {
        self.line.capabilities().has(capability)
    }

    /// A wish to call, with a key of its own.
    pub(super) fn request(&mut self, to: PhoneNumber) -> DialRequest {
        self.keys += 1;
        DialRequest { key: DialKey::new(format!("conformance-{}", self.keys)), to, from: None }
    }

    /// Dials, and expects the call's beginning. `None` if the harness has no such far end.
    pub(super) async fn dial(&mut self, far_end: FarEnd) -> Option<CallId> {
        let to = self.harness.number(far_end)?;
        let request = self.request(to);
        let call = accepted(contract::ACCEPTED, self.line.dial(request).await);
        self.expect_started(&call).await;
        Some(call)
    }

    /// Dials someone who answers, and waits until they talk.
    pub(super) async fn talk(&mut self) -> CallId {
        let call = self.dial(FarEnd::Answers).await.expect("the harness has a number that answers");
        self.expect(&call, CallEventKind::Connected, contract::ACCEPTED).await;
        call
    }

    /// Lets someone call in, and waits until it rings. `None` if that can't be.
    pub(super) async fn ring(&mut self) -> Option<CallId> {
        if !self.can(Capability::Inbound) || self.harness.play(Cue::CallIn).await.is_err() {
            return None;
        }
        Some(self.expect_inbound().await)
    }

    /// Waits for an inbound call.
    pub(super) async fn expect_inbound(&mut self) -> CallId {
        let call = self
            .wait("an inbound call", contract::AWAY, |event| {
                started(event).filter(|call| call.direction == Direction::Inbound)
            })
            .await;
        call.id
    }

    /// Waits for a call's beginning.
    pub(super) async fn expect_started(&mut self, id: &CallId) -> Call {
        self.wait("Started", contract::FIRST_AND_LAST, |event| started(event).filter(|call| call.id == *id)).await
    }

    /// Waits for one event of a call.
    pub(super) async fn expect(&mut self, call: &CallId, kind: CallEventKind, line: &str) {
        let what = format!("{kind:?}");
        self.wait(&what, line, |event| {
            let event = of_call(event).filter(|event| event.call == *call)?;
            if event.kind == kind {
                return Some(());
            }
            assert!(!matches!(event.kind, CallEventKind::Ended(_)), "{line}\nwaiting for {what}, got {:?}", event.kind);
            None
        })
        .await;
    }

    /// Waits until recording has begun. What the recording is called is the line's own business.
    pub(super) async fn expect_recording(&mut self, call: &CallId) {
        self.wait("RecordingStarted", contract::ACCEPTED, |event| match of_call(event) {
            Some(CallEvent { call: id, kind: CallEventKind::RecordingStarted(_), .. }) if id == call => Some(()),
            _ => None,
        })
        .await;
    }

    /// Waits for a call's end.
    pub(super) async fn expect_end(&mut self, call: &CallId, reason: EndReason, line: &str) {
        let ended = self.wait_for_end(call, line).await;
        assert!(ended == reason, "{line}\nthe call ended as {ended:?}, not as {reason:?}");
    }

    /// Waits for a call's end and says why it came.
    pub(super) async fn end_of(&mut self, call: &CallId) -> EndReason {
        self.wait_for_end(call, contract::FIRST_AND_LAST).await
    }

    async fn wait_for_end(&mut self, call: &CallId, line: &str) -> EndReason {
        self.wait("Ended", line, |event| match of_call(event) {
            Some(CallEvent { call: id, kind: CallEventKind::Ended(reason), .. }) if id == call => Some(*reason),
            _ => None,
        })
        .await
    }

    /// Waits until the other party has pressed these keys, in one event or in several.
    pub(super) async fn expect_digits(&mut self, call: &CallId, digits: &Digits) {
        let mut heard = String::new();
        while heard.len() < digits.as_str().len() {
            let more = self
                .wait("DigitsReceived", contract::DIGITS, |event| match of_call(event) {
                    Some(CallEvent { call: id, kind: CallEventKind::DigitsReceived(more), .. }) if id == call => {
                        Some(more.clone())
                    }
                    _ => None,
                })
                .await;
            heard.push_str(more.as_str());
        }
        assert!(heard == digits.as_str(), "{}\nother keys arrived than were pressed", contract::DIGITS);
    }

    pub(super) async fn expect_connection(&mut self, connection: Connection) {
        self.wait("a change of the connection", contract::CONNECTION, |event| {
            matches!(event, Event::Connection(change) if *change == connection).then_some(())
        })
        .await;
    }

    pub(super) async fn expect_signed_out(&mut self) -> SignedOutReason {
        self.wait("SignedOut", contract::SIGNED_OUT, |event| match event {
            Event::SignedOut(reason) => Some(*reason),
            _ => None,
        })
        .await
    }

    /// Listens for a while, and returns what was heard.
    pub(super) async fn listen(&mut self) -> Vec<Event> {
        let mut heard: Vec<Event> = self.unread.drain(..).collect();
        while let Some(event) = self.next(self.harness.silence()).await {
            heard.push(event);
        }
        heard
    }

    /// Listens for a while, and fails if a call begins.
    pub(super) async fn expect_no_call(&mut self, line: &str) {
        let heard = self.listen().await;
        assert!(!heard.iter().any(|event| started(event).is_some()), "{line}\na call began");
    }

    pub(super) async fn active_calls(&self) -> Vec<Call> {
        accepted(contract::ACTIVE_CALLS, self.line.active_calls().await)
    }

    /// What `active_calls` says about a call.
    pub(super) async fn active(&self, id: &CallId) -> Option<Call> {
        self.active_calls().await.into_iter().find(|call| call.id == *id)
    }

    /// Fails unless `active_calls` shows what the events told, no less and no more.
    pub(super) async fn check_active_calls(&mut self) {
        self.listen().await;
        let mut active = self.active_calls().await;
        active.sort_by(|one, other| one.id.cmp(&other.id));
        let told: Vec<Call> = self.pictures.0.values().filter(|call| !call.state.is_ended()).cloned().collect();
        assert!(active == told, "{}\nit returned {active:#?}\nand the events told {told:#?}", contract::ACTIVE_CALLS);
    }

    /// Takes over the calls that were there before this instance.
    pub(super) async fn attach(&mut self) -> Vec<Call> {
        let calls = self.active_calls().await;
        for call in &calls {
            self.pictures.0.insert(call.id.clone(), call.clone());
        }
        calls
    }

    /// Reads events until `wanted` finds what it looks for. What it passes over for another call stays to be found.
    async fn wait<T>(&mut self, what: &str, line: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let mut passed = VecDeque::new();
        loop {
            let event = match self.unread.pop_front() {
                Some(event) => event,
                None => match self.next(self.harness.patience()).await {
                    Some(event) => event,
                    None => panic!("{line}\nwaited for {what} in vain; heard {:?}", kinds(&passed)),
                },
            };
            if let Some(found) = wanted(&event) {
                passed.append(&mut self.unread);
                self.unread = passed;
                return found;
            }
            passed.push_back(event);
        }
    }

    /// The next event within a time, checked.
    async fn next(&mut self, within: Duration) -> Option<Event> {
        let event = next_within(&mut self.events, self.harness.clock(), within).await?;
        self.pictures.record(&event);
        Some(event)
    }
}

/// The next event within a time.
pub(super) async fn next_within(events: &mut Events, clock: &dyn Clock, within: Duration) -> Option<Event> {
    match select(events.next(), clock.sleep(within)).await {
        Either::Left((event, _)) => Some(event.expect("a line's events don't end while the line is there")),
        Either::Right(_) => None,
    }
}

/// Every call as its events tell it.
#[derive(Default)]
pub(super) struct Pictures(pub(super) BTreeMap<CallId, Call>);

impl Pictures {
    /// Takes an event in, and fails if the contract does not allow it here.
    fn record(&mut self, event: &Event) {
        let event = match event {
            Event::Call(event) => event,
            Event::Lagged { .. } => panic!("{}\na listener that keeps up was told so", contract::LAGGED),
            Event::Connection(_) | Event::SignedOut(_) => return,
        };
        let CallEvent { call: id, sequence, kind, .. } = event;
        match (kind, self.0.get_mut(id)) {
            (CallEventKind::Started(call), None) => {
                assert!(*sequence == 1 && call.sequence == 1, "{}\nStarted is number {sequence}", contract::NUMBERED);
                let state = match call.direction {
                    Direction::Outbound => CallState::Dialing,
                    Direction::Inbound => CallState::Ringing,
                };
                assert!(call.id == *id && call.state == state, "{}\ngot {call:?}", contract::STARTED);
                self.0.insert(id.clone(), (**call).clone());
            }
            (CallEventKind::Started(_), Some(_)) => panic!("{}\nStarted came twice", contract::FIRST_AND_LAST),
            (kind, None) => panic!("{}\n{kind:?} came before Started", contract::FIRST_AND_LAST),
            (kind, Some(call)) => {
                assert!(!call.state.is_ended(), "{}\n{kind:?} came after Ended", contract::FIRST_AND_LAST);
                let expected = call.sequence + 1;
                assert!(*sequence == expected, "{}\n{kind:?} is number {sequence}, not {expected}", contract::NUMBERED);
                let state = call.state;
                assert!(call.apply(event) == Ok(true), "{}\n{kind:?} came in state {state:?}", contract::STATES);
            }
        }
    }
}

fn of_call(event: &Event) -> Option<&CallEvent> {
    match event {
        Event::Call(event) => Some(event),
        _ => None,
    }
}

fn started(event: &Event) -> Option<Call> {
    match of_call(event)?.kind.clone() {
        CallEventKind::Started(call) => Some(*call),
        _ => None,
    }
}

fn kinds(events: &VecDeque<Event>) -> Vec<&CallEventKind> {
    events.iter().filter_map(of_call).map(|event| &event.kind).collect()
}

/// The value of an order that must be accepted.
pub(super) fn accepted<T>(line: &str, result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{line}\n{error}"))
}

/// Fails unless an order was refused like this.
pub(super) fn refused<T>(line: &str, result: Result<T, Error>, kind: ErrorKind) {
    match result {
        Ok(_) => panic!("{line}\nit was accepted, and not refused as {kind:?}"),
        Err(error) => assert!(error.kind() == kind, "{line}\nit was refused as {:?}, not as {kind:?}", error.kind()),
    }
}
