//! Any value at all, against both ends. The fuzz target runs this too.

use cordboard::protocol::{
    HostAllowList, HostMessage, HostSession, HostSessionConfig, HostSessionOutput, Origin, Sender, Session,
    SessionConfig, SessionOutput, Sync, SyncAck, SyncContext, WidgetMessage,
};
use cordboard::{Object, Timestamp, Value};

const HOST: &str = "https://app.hubspot.com";
const WIDGET: &str = "https://widget.example.com";

/// Hands a value to every reader, in every state. Panics if that changes where messages go, or if what was read is not
/// the same after writing it.
pub(crate) fn exercise(value: &Value) {
    let origin = |text| Origin::parse(text).expect("an origin");
    let mut widget = Session::new(
        SessionConfig { hosts: HostAllowList::default(), origin: origin(WIDGET), version: "0", seed: 1 },
        Timestamp::from_millis(0),
    );
    let mut page = HostSession::new(HostSessionConfig {
        origin: origin(HOST),
        widget: origin(WIDGET),
        context: SyncContext::default(),
        seed: 2,
    });
    let from_host = Sender { origin: HOST, is_peer: true };
    let from_widget = Sender { origin: WIDGET, is_peer: true };
    let handshake = |name: &str| Value::from(Object::new().with("type", name).with("messageId", "c2_1"));

    page.handle_load(Timestamp::from_millis(0));
    for (millis, message) in [(1, value), (2, &handshake("SYNC")), (3, value), (3, value), (2_000, value)] {
        widget.handle_message(Timestamp::from_millis(millis), from_host, message);
    }
    widget.handle_timeout(Timestamp::from_millis(60_000));
    for message in [value, &handshake("SYNC_ACK"), value] {
        page.handle_message(from_widget, message);
    }
    while let Some(output) = widget.poll_output() {
        assert!(!matches!(output, SessionOutput::Post { target, .. } if target.as_str() != HOST));
    }
    while let Some(output) = page.poll_output() {
        assert!(!matches!(output, HostSessionOutput::Post { target, .. } if target.as_str() != WIDGET));
    }
    assert!(widget.host().is_some_and(|host| host.as_str() == HOST));

    if let Ok(message) = HostMessage::decode(value) {
        assert_eq!(HostMessage::decode(&message.encode("c1_1")), Ok(message));
    }
    if let Ok(message) = WidgetMessage::decode(value) {
        assert_eq!(WidgetMessage::decode(&message.encode("c1_1")), Ok(message));
    }
    if let Ok(sync) = Sync::decode(value) {
        assert_eq!(Sync::decode(&sync.encode()), Ok(sync));
    }
    if let Ok(ack) = SyncAck::decode(value) {
        assert_eq!(SyncAck::decode(&ack.encode()), Ok(ack));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{host_messages, widget_messages};
    use crate::support::value;
    use proptest::prelude::*;
    use serde_json::json;

    /// JSON of any shape.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (0_u32..3).prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,12}", inner), 0..6).prop_map(object),
            ]
        })
    }

    fn object(fields: Vec<(String, Value)>) -> Value {
        let mut object = Object::new();
        for (name, value) in fields {
            object.set(&name, value);
        }
        object.into()
    }

    /// A real message, some of whose parts are something else.
    fn almost_a_message() -> impl Strategy<Value = Value> {
        let sync = json!({ "type": "SYNC", "messageId": "c2_1", "hostUrl": HOST, "portalId": 1, "ownerId": "2" });
        let mut ack = sync.clone();
        ack["type"] = "SYNC_ACK".into();
        let mut messages = vec![value(sync), value(ack)];
        messages.extend(widget_messages().into_iter().map(|(_, wire)| value(wire)));
        messages.extend(host_messages().into_iter().map(|(_, wire)| value(wire)));
        (prop::sample::select(messages), prop::collection::vec((any::<prop::sample::Index>(), any_value()), 0..4))
            .prop_map(|(mut message, changes)| {
                for (index, change) in changes {
                    replace(&mut message, &mut index.index(12), &change);
                }
                message
            })
    }

    /// Replaces the part at that place, counted through the tree.
    fn replace(value: &mut Value, place: &mut usize, change: &Value) {
        let Value::Object(fields) = value else { return };
        let copies: Vec<_> = fields.iter().map(|(name, field)| (name.to_owned(), field.clone())).collect();
        for (name, mut field) in copies.into_iter().filter(|(name, _)| name != "type") {
            if *place == 0 {
                fields.set(&name, change.clone());
                return;
            }
            *place -= 1;
            replace(&mut field, place, change);
            fields.set(&name, field);
        }
    }

    proptest! {
        #[test]
        fn no_value_does_harm(value in any_value()) {
            exercise(&value);
        }

        #[test]
        fn nothing_like_a_message_does_harm(value in almost_a_message()) {
            exercise(&value);
        }
    }
}
