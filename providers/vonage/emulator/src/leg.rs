use crate::ncco::Action;
use crate::webhook::iso_8601;
use cordboard::Timestamp;
use cordboard_emulator::FarEnd;
use core::time::Duration;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// One party's connection with Vonage: what its API calls a call.
///
/// ```text
/// started ─ ringing ─ answered ─ completed
///    │         └─ busy, cancelled, failed, rejected, timeout, unanswered
///    └─ the same
/// ```
pub(crate) struct Call {
    pub(crate) uuid: String,
    /// Counts all calls of the application, for lists.
    pub(crate) ordinal: u64,
    pub(crate) inbound: bool,
    /// In E.164.
    pub(crate) from: String,
    pub(crate) to: Endpoint,
    pub(crate) status: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) event_url: String,
    pub(crate) timeout: Duration,
    pub(crate) far_end: FarEnd,
    /// The conversation that it is in now.
    pub(crate) conversation: String,
    /// The leg whose `connect` made it.
    pub(crate) parent: Option<String>,
    pub(crate) program: VecDeque<Action>,
    pub(crate) doing: Doing,
    /// Changes with `doing`: what was due before is not any more.
    pub(crate) activity: u64,
    pub(crate) muted: bool,
    pub(crate) earmuffed: bool,
    pub(crate) streamed: bool,
    /// Since when nothing came from its browser.
    pub(crate) silent: Option<Timestamp>,
    /// The keys that the far end has heard.
    pub(crate) heard: String,
}

/// Who is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// In E.164.
    Phone(String),
    App(String),
}

/// What a call does now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    #[default]
    Nothing,
    /// Waits for an NCCO.
    Fetching,
    /// Hears words or music.
    Listening,
    /// Speaks a message, which this recording keeps.
    Message(String),
    /// In a conversation with others.
    Conversing,
    /// Waits for the leg that it is to be connected with, or talks with it.
    Connecting(String),
}

impl Call {
    pub(crate) const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.answered.is_some() && self.ended.is_none()
    }

    /// The user whose browser carries it.
    pub(crate) fn browser(&self) -> Option<&str> {
        match &self.to {
            Endpoint::App(user) if self.far_end.is_browser() => Some(user),
            _ => None,
        }
    }

    /// Whole seconds of talk.
    pub(crate) fn duration(&self) -> u64 {
        self.answered.zip(self.ended).map_or(0, |(answered, ended)| ended.since(answered).as_secs())
    }

    pub(crate) const fn direction(&self) -> &'static str {
        if self.inbound { "inbound" } else { "outbound" }
    }

    pub(crate) fn to_json(&self) -> Value {
        let to = match &self.to {
            Endpoint::Phone(number) => json!({ "type": "phone", "number": wire(number) }),
            Endpoint::App(user) => json!({ "type": "app", "user": user }),
        };
        let mut value = json!({
            "_links": { "self": { "href": format!("/calls/{}", self.uuid) } },
            "uuid": self.uuid,
            "conversation_uuid": self.conversation,
            "to": to,
            "from": { "type": "phone", "number": wire(&self.from) },
            "status": self.status,
            "direction": self.direction(),
            "network": "",
        });
        if self.is_over() {
            value["rate"] = "0.00".into();
            value["price"] = "0.00".into();
            value["duration"] = self.duration().to_string().into();
            value["start_time"] = self.answered.or(self.ended).map(iso_8601).into();
            value["end_time"] = self.ended.map(iso_8601).into();
        }
        value
    }
}

impl Endpoint {
    /// As webhooks and tests write it.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Phone(number) => number,
            Self::App(user) => user,
        }
    }
}

/// A number without its `+`.
pub(crate) fn wire(number: &str) -> &str {
    number.trim_start_matches('+')
}
