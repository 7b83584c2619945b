//! What callers hear and where they go: the NCCOs that this provider answers.

use crate::address::{Webhooks, to_wire};
use crate::config::VonageConfig;
use cordboard::telephony::{CallId, WebhookReply};
use cordboard_bridge::{Goes, Leg};
use serde_json::{Value, json};

/// Puts a leg into a call's conversation.
///
/// A conversation begins with the agent, or with whom the call is handed to: until then the customer hears music. It ends
/// with any of the others, so that nobody stays alone in a call that was handed on.
pub(crate) fn into_conversation(config: &VonageConfig, call: &CallId, leg: Leg, muted: bool) -> Value {
    let mut action = json!({
        "action": "conversation",
        "name": call.as_str(),
        "startOnEnter": leg != Leg::Customer,
        "endOnExit": !matches!(leg, Leg::Agent(_)),
    });
    if let Some(music) = config.hold_music_url.as_deref().filter(|_| leg == Leg::Customer) {
        action["musicOnHoldUrl"] = json!([music]);
    }
    if muted {
        action["mute"] = true.into();
    }
    json!([action])
}

/// The longest message.
const MESSAGE_SECONDS: u16 = 300;
/// After so much silence, a message is over.
const SILENCE_SECONDS: u8 = 10;

/// Where a caller goes whom nobody answers.
pub(crate) fn otherwise(config: &VonageConfig, call: &CallId, goes: &Goes) -> Value {
    match goes {
        Goes::Voicemail { greeting } => json!([
            { "action": "talk", "text": greeting },
            {
                "action": "record",
                "format": "mp3",
                "beepStart": true,
                "endOnKey": "#",
                "endOnSilence": SILENCE_SECONDS,
                "timeOut": MESSAGE_SECONDS,
                "eventUrl": [Webhooks::new(&config.public_url).voicemail(call)],
                "eventMethod": "POST",
            },
        ]),
        Goes::Number { number } => {
            let mut connect = json!({
                "action": "connect",
                "endpoint": [{ "type": "phone", "number": to_wire(number) }],
            });
            match config.calls.caller_id() {
                Some(from) => connect["from"] = to_wire(&from).into(),
                // Who called can't be shown: their number is not the account's.
                None => connect["randomFromNumber"] = true.into(),
            }
            json!([connect])
        }
        Goes::Goodbye { words } => json!([{ "action": "talk", "text": words }]),
    }
}

/// An NCCO as the answer to a webhook.
pub(crate) fn reply(ncco: &Value) -> WebhookReply {
    WebhookReply { status: 200, content_type: "application/json", body: ncco.to_string() }
}
