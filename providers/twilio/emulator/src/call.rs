use crate::callback::Hook;
use crate::conference::Wish;
use crate::time::rfc_2822;
use crate::twiml::{Gather, Verb};
use cordboard::Timestamp;
use cordboard_emulator::FarEnd;
use core::time::Duration;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// A leg: one party's connection with Twilio.
///
/// ```text
/// queued ─ ringing ─ in-progress ─ completed
///    │        └─ busy, failed, no-answer, canceled
///    └─ the same
/// ```
pub(crate) struct Call {
    pub(crate) sid: String,
    /// Counts all calls of the account, for lists.
    pub(crate) ordinal: u64,
    pub(crate) parent: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) direction: Direction,
    pub(crate) status: Status,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) sip_code: u16,
    pub(crate) far_end: FarEnd,
    pub(crate) hook: Option<Hook>,
    /// Of the next callback about this call.
    pub(crate) sequence: u32,
    pub(crate) timeout: Duration,
    pub(crate) time_limit: Option<Duration>,
    /// Pressed once the call is answered.
    pub(crate) send_digits: String,
    /// The keys that the far end has heard.
    pub(crate) heard: String,
    /// For a client's browser.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) program: Program,
    pub(crate) doing: Doing,
    /// Changes with `doing`: what was due before is not any more.
    pub(crate) activity: u64,
    /// The conference that the call is or will be in.
    pub(crate) conference: Option<String>,
    /// How it joins when it is answered.
    pub(crate) wish: Option<Wish>,
    /// The leg that this one talks with, outside any conference.
    pub(crate) bridge: Option<String>,
    /// Recorded from the moment it is answered.
    pub(crate) record: Option<crate::recording::Order>,
}

/// What a call does next.
#[derive(Default)]
pub(crate) struct Program {
    pub(crate) verbs: VecDeque<Verb>,
    /// The document that the verbs come from: relative addresses start there.
    pub(crate) url: Option<String>,
    /// What is fetched when the call is answered.
    pub(crate) first: Option<Hook>,
    pub(crate) fallback: Option<Hook>,
}

/// What a call does now.
#[derive(Default)]
pub(crate) enum Doing {
    #[default]
    Nothing,
    /// Waits for TwiML.
    Fetching,
    /// Hears words or music.
    Listening,
    Pausing,
    Gathering {
        gather: Gather,
        digits: String,
    },
    Recording {
        sid: String,
        action: Option<Hook>,
    },
    /// `Dial` with legs, or a conference.
    Dialling(Dialling),
}

#[derive(Clone)]
pub(crate) struct Dialling {
    pub(crate) legs: Vec<String>,
    pub(crate) winner: Option<String>,
    pub(crate) action: Option<Hook>,
    pub(crate) answers_on_bridge: bool,
    pub(crate) record: Option<crate::recording::Order>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    Failed,
    NoAnswer,
    Canceled,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Ringing | Self::InProgress)
    }
}

impl Call {
    pub(crate) fn is_over(&self) -> bool {
        self.status.is_over()
    }

    /// Who is at the other end, if that is a client.
    pub(crate) fn identity(&self) -> Option<&str> {
        let side = if self.direction == Direction::Inbound { &self.from } else { &self.to };
        side.strip_prefix("client:")
    }

    /// Whole seconds of talk.
    pub(crate) fn duration(&self) -> u64 {
        match (self.answered, self.ended) {
            (Some(answered), Some(ended)) => ended.since(answered).as_secs(),
            _ => 0,
        }
    }

    /// The fields of every request about the call.
    pub(crate) fn parameters(&self, account_sid: &str) -> Vec<(String, String)> {
        let mut fields: Vec<(&str, &str)> = vec![
            ("AccountSid", account_sid),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", &self.sid),
            ("CallStatus", self.status.as_str()),
            ("Called", &self.to),
            ("Caller", &self.from),
            ("Direction", self.direction.as_str()),
            ("From", &self.from),
            ("To", &self.to),
        ];
        for (side, number) in [("From", &self.from), ("Caller", &self.from), ("To", &self.to), ("Called", &self.to)] {
            // Places of a number that is not in the database are empty, not missing.
            if number.starts_with('+') {
                let [country, state, city, zip] = match side {
                    "From" => ["FromCountry", "FromState", "FromCity", "FromZip"],
                    "Caller" => ["CallerCountry", "CallerState", "CallerCity", "CallerZip"],
                    "To" => ["ToCountry", "ToState", "ToCity", "ToZip"],
                    _ => ["CalledCountry", "CalledState", "CalledCity", "CalledZip"],
                };
                let code = if number.starts_with("+44") { "GB" } else { "US" };
                fields.extend([(country, code), (state, ""), (city, ""), (zip, "")]);
            }
        }
        fields.extend(self.parent.as_deref().map(|parent| ("ParentCallSid", parent)));
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    pub(crate) fn to_json(&self, account_sid: &str, number_sid: Option<String>) -> Value {
        let uri = format!("/2010-04-01/Accounts/{account_sid}/Calls/{}", self.sid);
        json!({
            "sid": self.sid,
            "date_created": rfc_2822(self.created),
            "date_updated": rfc_2822(self.updated),
            "parent_call_sid": self.parent,
            "account_sid": account_sid,
            "to": self.to,
            "to_formatted": self.to,
            "from": self.from,
            "from_formatted": self.from,
            "phone_number_sid": number_sid,
            "status": self.status.as_str(),
            "start_time": self.answered.or(self.ended).map(rfc_2822),
            "end_time": self.ended.map(rfc_2822),
            "duration": self.ended.map(|_| self.duration().to_string()),
            "price": null,
            "price_unit": "USD",
            "direction": self.direction.as_str(),
            "answered_by": null,
            "api_version": "2010-04-01",
            "forwarded_from": null,
            "group_sid": null,
            "caller_name": null,
            "queue_time": "0",
            "trunk_sid": null,
            "uri": format!("{uri}.json"),
            "subresource_uris": {
                "notifications": format!("{uri}/Notifications.json"),
                "recordings": format!("{uri}/Recordings.json"),
                "payments": format!("{uri}/Payments.json"),
                "events": format!("{uri}/Events.json"),
                "siprec": format!("{uri}/Siprec.json"),
                "streams": format!("{uri}/Streams.json"),
                "transcriptions": format!("{uri}/Transcriptions.json"),
                "user_defined_message_subscriptions": format!("{uri}/UserDefinedMessageSubscriptions.json"),
                "user_defined_messages": format!("{uri}/UserDefinedMessages.json"),
            },
        })
    }
}
