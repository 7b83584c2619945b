//! What is ignored costs nothing: a page that floods the widget with messages can't make it allocate.

use cordboard::protocol::{HostAllowList, Origin, Sender, Session, SessionConfig};
use cordboard::{Object, Timestamp, Value};

const HOST: Sender<'static> = Sender { origin: "https://app.hubspot.com", is_peer: true };

fn message(message_type: &str) -> Object {
    Object::new().with("type", message_type).with("messageId", "17_1").with("iFrameUrl", "https://evil.tld")
}

#[test]
fn an_ignored_message_allocates_nothing() {
    let config = SessionConfig {
        hosts: HostAllowList::default(),
        origin: Origin::parse("https://widget.example.com").unwrap(),
        version: "0",
        seed: 1,
    };
    let now = Timestamp::from_millis(1);
    let mut waiting = Session::new(config, now);
    let sync = Value::from(message("SYNC"));
    let dial = Value::from(message("DIAL_NUMBER").with("data", Object::new().with("phoneNumber", "+15550100001")));
    let allocations = |session: &mut Session, sender, message: &Value| {
        allocation_counter::measure(|| session.handle_message(now, sender, message)).count_total
    };

    for sender in [
        Sender { origin: "https://evil.tld", is_peer: true },
        Sender { origin: "https://app.hubspot.com.evil.tld", is_peer: true },
        Sender { origin: "https://app.hubspot.com", is_peer: false },
        Sender { origin: "null", is_peer: true },
    ] {
        assert_eq!(allocations(&mut waiting, sender, &sync), 0);
    }
    let junk = [Value::Null, Value::from("SYNC"), Value::from(Vec::new()), Value::from(Object::new()), dial.clone()];
    for message in &junk {
        assert_eq!(allocations(&mut waiting, HOST, message), 0, "before the handshake");
    }

    assert_ne!(allocations(&mut waiting, HOST, &sync), 0, "the counter counts");
    while waiting.poll_output().is_some() {}
    let mut ready = waiting;
    let foreign = Sender { origin: "https://app-eu1.hubspot.com", is_peer: true };
    assert_eq!(allocations(&mut ready, foreign, &dial), 0);
    for message in &junk[..4] {
        assert_eq!(allocations(&mut ready, HOST, message), 0);
    }
    for name in ["SYNC", "READY", "SET_WIDGET_URL", "SYNC_ACK", "SYNC_ACK_FAILED", "ERROR"] {
        assert_eq!(allocations(&mut ready, HOST, &message(name).into()), 0, "{name}");
    }
    assert!(ready.poll_output().is_none());
}
