//! NCCOs: what a call does, action by action.

use crate::leg::Endpoint;
use serde_json::Value;

/// One action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Conversation(Join),
    /// Words or a file.
    Speak,
    /// A message that a key or silence ends.
    Message {
        event_url: Option<String>,
    },
    /// A recording of all that follows.
    Record {
        event_url: Option<String>,
    },
    Connect {
        to: Endpoint,
        from: Option<String>,
    },
}

/// How a leg joins a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Join {
    pub(crate) name: String,
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    pub(crate) muted: bool,
    pub(crate) music: bool,
}

/// The fields of each action. Source: Vonage's NCCO reference.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "conversation",
        &["name", "startOnEnter", "endOnExit", "record", "musicOnHoldUrl", "mute", "canSpeak", "canHear", "eventUrl"],
    ),
    ("talk", &["text", "language", "style", "premium", "loop", "level", "bargeIn"]),
    ("stream", &["streamUrl", "loop", "level", "bargeIn"]),
    (
        "record",
        &["format", "split", "channels", "endOnSilence", "endOnKey", "timeOut", "beepStart", "eventUrl", "eventMethod"],
    ),
    (
        "connect",
        &[
            "endpoint",
            "from",
            "randomFromNumber",
            "timeout",
            "limit",
            "eventType",
            "eventUrl",
            "eventMethod",
            "ringbackTone",
            "machineDetection",
        ],
    ),
];

/// Reads an NCCO.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(ncco: &Value) -> Result<Vec<Action>, String> {
    let actions = ncco.as_array().filter(|actions| !actions.is_empty()).ok_or("an NCCO is a list of actions")?;
    actions.iter().map(action).collect()
}

fn action(value: &Value) -> Result<Action, String> {
    let fields = value.as_object().ok_or("an action is an object")?;
    let name = fields.get("action").and_then(Value::as_str).ok_or("an action has a name")?;
    let (_, known) = FIELDS.iter().find(|(known, _)| *known == name).ok_or(format!("no action is called {name}"))?;
    if let Some(field) = fields.keys().find(|field| *field != "action" && !known.contains(&field.as_str())) {
        return Err(format!("{name} has no {field}"));
    }
    let text = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let first = |field: &str| value.get(field).and_then(|list| list.get(0)?.as_str()).map(str::to_owned);
    let flag = |field: &str, default| match value.get(field) {
        None => Ok(default),
        Some(flag) => flag.as_bool().ok_or(format!("{name}'s {field} is not a boolean")),
    };
    Ok(match name {
        "conversation" => Action::Conversation(Join {
            name: text("name").filter(|name| !name.is_empty()).ok_or("a conversation has a name")?,
            starts: flag("startOnEnter", true)?,
            ends: flag("endOnExit", false)?,
            muted: flag("mute", false)?,
            music: first("musicOnHoldUrl").is_some(),
        }),
        "talk" => {
            let words = text("text").ok_or("talk has no text")?;
            if words.chars().count() > 1500 {
                return Err("talk has at most 1500 characters".to_owned());
            }
            Action::Speak
        }
        "stream" => first("streamUrl").map(|_| Action::Speak).ok_or("stream has no streamUrl")?,
        "record" if ["endOnSilence", "endOnKey", "timeOut"].iter().any(|end| value.get(end).is_some()) => {
            Action::Message { event_url: first("eventUrl") }
        }
        "record" => Action::Record { event_url: first("eventUrl") },
        _ => {
            let to = endpoint(value.pointer("/endpoint/0").unwrap_or(&Value::Null))?;
            if text("from").is_some() == flag("randomFromNumber", false)? {
                return Err("connect has either from or randomFromNumber".to_owned());
            }
            Action::Connect { to, from: text("from").map(|number| format!("+{number}")) }
        }
    })
}

/// Reads whom to call.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn endpoint(value: &Value) -> Result<Endpoint, String> {
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    match text("type") {
        Some("phone") => {
            let number = text("number").filter(|number| is_number(number)).ok_or("number must be digits, without +")?;
            Ok(Endpoint::Phone(format!("+{number}")))
        }
        Some("app") => Ok(Endpoint::App(text("user").ok_or("user is missing")?.to_owned())),
        _ => Err("type must be phone or app".to_owned()),
    }
}

/// `^[1-9]\d{6,14}$`
pub(crate) fn is_number(text: &str) -> bool {
    (7..=15).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_said() {
        for (ncco, wrong) in [
            (json!({}), "list"),
            (json!([]), "list"),
            (json!([1]), "object"),
            (json!([{}]), "name"),
            (json!([{ "action": "dance" }]), "dance"),
            (json!([{ "action": "talk" }]), "text"),
            (json!([{ "action": "talk", "text": "x".repeat(1501) }]), "1500"),
            (json!([{ "action": "talk", "text": "x", "txt": 1 }]), "txt"),
            (json!([{ "action": "conversation", "name": "" }]), "name"),
            (json!([{ "action": "conversation", "name": "x", "endOnExit": "true" }]), "endOnExit"),
            (
                json!([{ "action": "connect", "endpoint": [{ "type": "phone", "number": "+442079460000" }], "from": "1" }]),
                "digits",
            ),
            (json!([{ "action": "connect", "endpoint": [{ "type": "phone", "number": "442079460000" }] }]), "from"),
        ] {
            let said = parse(&ncco).unwrap_err();
            assert!(said.contains(wrong), "{ncco}: {said}");
        }
        let ncco = json!([{ "action": "conversation", "name": "x", "mute": true }, { "action": "record" }]);
        assert!(matches!(parse(&ncco).unwrap()[..], [Action::Conversation(_), Action::Record { .. }]));
    }
}
