//! What only a line over a socket has: a socket that is lost, and a page that is loaded again.

mod support;

use cordboard::platform::Clock as _;
use cordboard::telephony::conformance::FarEnd;
use cordboard::telephony::{
    CallId, Connection, Credentials, DialKey, DialRequest, ErrorKind, Event, Events, Telephony as _,
};
use cordboard_mock::conformance::{number, password};
use cordboard_mock::{Fault, MockAgent};
use cordboard_my_pbx::MyPbx;
use futures_util::StreamExt as _;
use futures_util::future::join;
use std::time::Duration;
use support::Office;

async fn next(events: &mut Events) -> Event {
    events.next().await.expect("events don't end while the line is there")
}

async fn next_but_of_calls(events: &mut Events) -> Event {
    loop {
        match next(events).await {
            Event::Call(_) => {}
            event => return event,
        }
    }
}

/// An agent at the line, in a call.
async fn talking(office: &Office) -> (MyPbx, CallId) {
    let line = office.open();
    line.sign_in(password(MockAgent::Alex)).await.expect("the agent signs in");
    let to = number(FarEnd::Answers).expect("somebody answers");
    let request = DialRequest { key: DialKey::new("k"), to, from: None };
    let call = line.dial(request).await.expect("the call is taken");
    office.clock.sleep(Duration::from_secs(1)).await;
    (line, call)
}

#[test]
fn a_reload_keeps_the_agent_and_the_call() {
    let office = Office::new();
    office.run(async {
        let (line, call) = talking(&office).await;
        drop(line);
        let line = office.open();
        line.sign_in(Credentials::None).await.unwrap();
        let calls = line.active_calls().await.unwrap();
        assert_eq!(calls.iter().map(|found| &found.id).collect::<Vec<_>>(), [&call]);

        line.sign_out().await.unwrap();
        let refused = line.sign_in(Credentials::None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSignedIn, "signing out forgets the token");
    });
}

#[test]
fn what_was_missed_is_told_before_the_line_is_back() {
    let office = Office::new();
    office.run(async {
        let (line, call) = talking(&office).await;
        let mut events = line.events();
        office.wires.cut();
        office.network.control(|network, now| network.far_end_hangs_up(now, &call));
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
        assert_eq!(line.caller_ids().await.unwrap_err().kind(), ErrorKind::Unreachable);
        assert_eq!(next(&mut events).await, Event::Lagged { missed: 1 });
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Restored));
        assert_eq!(line.active_calls().await.unwrap(), []);
    });
}

#[test]
fn an_order_on_a_line_that_is_lost_may_have_been_carried_out() {
    let office = Office::new();
    office.run(async {
        let (line, call) = talking(&office).await;
        office.network.control(|network, now| network.inject(now, Fault::LoseReply));
        let (refused, ()) = join(line.hold(&call), async {
            office.clock.sleep(Duration::from_secs(1)).await;
            office.wires.cut();
        })
        .await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    });
}

#[test]
fn a_session_that_ran_out_meanwhile_is_told() {
    let office = Office::new();
    office.run(async {
        let (line, _) = talking(&office).await;
        let mut events = line.events();
        office.wires.cut();
        office.network.control(|network, now| network.expire_session(now, MockAgent::Alex));
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
        assert!(matches!(next_but_of_calls(&mut events).await, Event::SignedOut(_)));
        assert_eq!(line.active_calls().await.unwrap_err().kind(), ErrorKind::NotSignedIn);
        let refused = line.sign_in(Credentials::None).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSignedIn);
    });
}

#[test]
fn a_service_that_is_down_is_tried_until_it_is_back() {
    let office = Office::new();
    office.run(async {
        let (line, _) = talking(&office).await;
        let mut events = line.events();
        office.wires.set_down(true);
        office.wires.cut();
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Lost));
        office.clock.sleep(Duration::from_secs(300)).await;
        office.wires.set_down(false);
        let before = office.clock.now();
        assert_eq!(next(&mut events).await, Event::Connection(Connection::Restored));
        assert!(office.clock.now() - before <= Duration::from_secs(32));
        assert_eq!(line.active_calls().await.unwrap().len(), 1);
    });
}

#[test]
fn nobody_there_is_unreachable() {
    let office = Office::new();
    office.run(async {
        office.wires.set_down(true);
        let refused = office.open().sign_in(password(MockAgent::Alex)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unreachable);
        let shown = format!("{refused} {refused:?}");
        assert!(!shown.contains("alex") && !shown.contains("demo"), "{shown}");
    });
}
