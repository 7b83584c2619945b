//! What the client SDK is told over its socket. It drops an event without a trace when a field is missing that it wants.

use crate::guest::{Guest, member};
use crate::webhook::iso_8601;
use cordboard::Timestamp;
use serde_json::{Value, json};

/// An event's name and what it says.
pub(super) type Event = (&'static str, Value);

/// What all events of a leg have in common. `conversation` is where its browser takes it to be.
pub(super) struct Envelope<'a> {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) guest: &'a Guest,
    pub(super) conversation: &'a str,
}

impl Envelope<'_> {
    fn member(&self) -> String {
        member(self.conversation, &self.guest.leg)
    }

    fn seal(&self, body: &Value) -> Value {
        let (guest, member) = (self.guest, self.member());
        json!({
            "id": self.number,
            "cid": self.conversation,
            "from": member,
            "timestamp": iso_8601(self.at),
            "application_id": guest.application,
            "_embedded": {
                "from_user": { "id": guest.user_id, "name": guest.user },
                "from_member": { "id": member },
            },
            "body": body,
        })
    }

    fn channel(&self) -> Value {
        let Guest { leg, from, user, .. } = self.guest;
        json!({
            "type": "app",
            "id": leg,
            "leg_ids": [leg],
            "from": { "type": "phone", "number": from },
            "to": { "type": "app", "user": user },
        })
    }

    fn membership(&self) -> Value {
        let Guest { user, user_id, .. } = self.guest;
        json!({
            "member_id": self.member(),
            "user": { "id": user_id, "name": user },
            "channel": self.channel(),
        })
    }

    /// Somebody calls.
    pub(super) fn invited(&self, sdp: &str) -> Event {
        let mut body = self.membership();
        body["conversation"] = json!({
            "conversation_id": self.conversation,
            "name": self.guest.conversation_name,
            "display_name": "",
        });
        body["media"] = json!({ "audio_settings": { "enabled": true, "earmuffed": false, "muted": false } });
        body["sdp"] = sdp.into();
        ("member:invited", self.seal(&body))
    }

    /// One of the user's browsers took the call.
    pub(super) fn joined(&self) -> Event {
        ("member:joined", self.seal(&self.membership()))
    }

    /// The leg is in another conversation now than it was.
    pub(super) fn transferred(&self, was: &str) -> Event {
        let body = json!({
            "was_member": member(was, &self.guest.leg),
            "user_id": self.guest.user_id,
            "transferred_from": was,
            "channel": self.channel(),
        });
        ("rtc:transfer", self.seal(&body))
    }

    /// The answer to a browser's offer.
    pub(super) fn answered(&self, sdp: &str) -> Event {
        ("rtc:answer", self.seal(&json!({ "rtc_id": self.guest.leg, "answer": sdp })))
    }

    /// The leg is muted, or hears nothing, or not any more.
    pub(super) fn silenced(&self, name: &'static str) -> Event {
        (name, self.seal(&json!({ "rtc_id": self.guest.leg })))
    }

    /// The browser's own keys.
    pub(super) fn pressed(&self, digits: &str) -> Event {
        ("audio:dtmf", self.seal(&json!({ "digit": digits, "channel": self.channel() })))
    }

    /// The leg is over: both are told, and each alone is not enough.
    pub(super) fn ended(&self, by_itself: bool) -> [Event; 2] {
        let (reason, code, sip) = match self.guest.status {
            "completed" if by_itself => (None, "LOCAL_HANGUP", 200),
            "completed" => (None, "REMOTE_HANGUP", 200),
            "rejected" => (Some("REMOTE_REJECT"), "REMOTE_REJECTED", 603),
            "timeout" => (Some("ring_timer"), "REMOTE_NO_ANSWER_TIMEOUT", 487),
            _ => (Some("local_cancel"), "REMOTE_HANGUP", 200),
        };
        let mut left = self.membership();
        if let Some(reason) = reason {
            left["reason"] = json!({ "code": reason, "text": "" });
        }
        let hangup = json!({
            "channel": self.channel(),
            "direction": "inbound",
            "bandwidth": { "bytes_in": 0, "bytes_out": 0 },
            "reason": { "text": "", "code": code, "sip_code": sip },
            "quality": {
                "mos_score": 4.5, "quality_percentage": 100, "jitter_min_var": 0, "jitter_max_var": 0, "jitter_loss_rate": 0,
                "jitter_burst_rate": 0, "flaw_total": 0, "packet_cnt": 0, "packet_loss_perc": 0,
            },
        });
        [("member:left", self.seal(&left)), ("rtc:hangup", self.seal(&hangup))]
    }
}
