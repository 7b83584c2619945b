use super::calls::{progress_hook, recording_order, send_digits};
use super::page::page;
use super::{Reply, answer, fields, no_content};
use crate::call::{Direction, Status};
use crate::callback::Hook;
use crate::cloud::Cloud;
use crate::conference::{ConferenceStatus, Member, Wish};
use crate::error::ApiError;
use crate::form::Form;
use crate::lifecycle::{NewCall, PARTICIPANT_GRACE};
use crate::recording;
use crate::time::rfc_2822;
use core::time::Duration;
use serde_json::{Value, json};

const EVENTS: [&str; 9] = ["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"];

impl Cloud {
    pub(super) fn post_participant(&mut self, conference: &str, form: &Form) -> Reply {
        let (from, to) = self.parties(form)?;
        let wish = self.wish(form)?;
        let mut new = NewCall::new(from, to, Direction::OutboundApi);
        new.hook = progress_hook(form)?;
        new.timeout = form.seconds("Timeout", 5, 600, 21208)?.unwrap_or(Duration::from_secs(60)) + PARTICIPANT_GRACE;
        new.time_limit = form.seconds("TimeLimit", 1, 14_400, 20001)?;
        new.send_digits = send_digits(form)?;
        if form.flag("Record") == Some(true) {
            new.record = Some(recording_order(form, "OutboundAPI", "")?);
        }
        let conference = if conference.starts_with("CF") && conference.len() == 34 {
            self.known_conference(conference)?.sid.clone()
        } else {
            self.conference_named(conference, &wish)
        };
        if let Some((code, text)) = self.refuses("", &conference, &wish) {
            return Err(ApiError::bad_request(code, text));
        }
        new.conference = Some(conference.clone());
        new.wish = Some(wish.clone());
        let sid = self.create_call(new);
        self.expect_member(&sid, &conference, wish);
        self.enqueue(&sid);
        let body = self.participant(&conference, &sid)?;
        Ok(answer(201, &body))
    }

    fn wish(&self, form: &Form) -> Result<Wish, ApiError> {
        let label = form.filled("Label");
        // A label must not look like a SID, and stands in a path.
        if label.is_some_and(|label| label.len() > 128 || label.contains('/') || self.calls.contains_key(label)) {
            return Err(ApiError::bad_request(16025, "Label is not valid"));
        }
        let events = form.words("ConferenceStatusCallbackEvent");
        if let Some(unknown) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
            let text = format!("ConferenceStatusCallbackEvent {unknown} is not known");
            return Err(ApiError::bad_request(20001, text));
        }
        let url = form.url("ConferenceStatusCallback", 21609)?;
        let recording = recording_order(form, "Conference", "Conference")?.hook;
        let record = form.one_of("ConferenceRecord", &["true", "false", "record-from-start", "do-not-record"])?;
        Ok(Wish {
            label: label.map(str::to_owned),
            muted: form.flag("Muted").unwrap_or(false),
            starts: form.flag("StartConferenceOnEnter").unwrap_or(true),
            ends: form.flag("EndConferenceOnExit").unwrap_or(false),
            coaching: form.flag("Coaching").unwrap_or(false),
            coaches: form.filled("CallSidToCoach").map(str::to_owned),
            wait_url: form.get("WaitUrl").map(str::to_owned),
            wait_method: form.get("WaitMethod").map(str::to_owned),
            max: form.filled("MaxParticipants").and_then(|max| max.parse().ok()),
            hook: Hook::new(url, form.get("ConferenceStatusCallbackMethod"), events, "end"),
            record: matches!(record, Some("true" | "record-from-start")).then(|| recording::Order {
                source: "Conference",
                channels: 1,
                track: "both".to_owned(),
                hook: recording,
            }),
        })
    }

    pub(super) fn list_participants(&self, conference: &str, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_PARTICIPANTS)?;
        let found = self.known_conference(conference)?;
        let is = |name: &str, value: bool| query.flag(name).is_none_or(|wanted| wanted == value);
        let mut members: Vec<(&String, &Member)> = found.members.iter().collect();
        members.retain(|(_, member)| {
            is("Muted", member.wish.muted) && is("Hold", member.held) && is("Coaching", member.wish.coaching)
        });
        members.sort_by_key(|(_, member)| member.ordinal);
        let items = members.into_iter().filter_map(|(sid, _)| self.participant(conference, sid).ok()).collect();
        page("participants", path, &query, items)
    }

    pub(super) fn get_participant(&self, conference: &str, call: &str) -> Reply {
        let sid = self.known_member(conference, call)?;
        Ok(answer(200, &self.participant(conference, &sid)?))
    }

    pub(super) fn update_participant(&mut self, conference: &str, call: &str, form: &Form) -> Reply {
        let sid = self.known_member(conference, call)?;
        let (hold_url, announce_url) = (form.url("HoldUrl", 21205)?, form.url("AnnounceUrl", 21205)?);
        let now = self.basis.now;
        let Some(member) = self.conferences.get_mut(conference).and_then(|found| found.members.get_mut(&sid)) else {
            return Err(ApiError::not_found(call));
        };
        if !member.joined {
            return Err(ApiError::not_found(call));
        }
        let before = (member.wish.muted, member.held);
        let mut modified = false;
        let mut set = |field: &mut bool, name: &str| {
            let wanted = form.flag(name).unwrap_or(*field);
            modified |= core::mem::replace(field, wanted) != wanted;
        };
        set(&mut member.wish.ends, "EndConferenceOnExit");
        set(&mut member.wish.coaching, "Coaching");
        if let Some(sid) = form.filled("CallSidToCoach") {
            member.wish.coaches = Some(sid.to_owned());
        }
        if let Some(url) = form.get("WaitUrl") {
            member.wish.wait_url = Some(url.to_owned());
            modified = true;
        }
        member.wish.muted = form.flag("Muted").unwrap_or(member.wish.muted);
        member.held = form.flag("Hold").unwrap_or(member.held);
        member.updated = now;
        let (muted, held) = (member.wish.muted, member.held);
        if before.0 != muted {
            self.report(conference, if muted { "participant-mute" } else { "participant-unmute" }, Some(&sid), &[]);
        }
        if before.1 != held {
            if let Some(url) = hold_url.filter(|_| held) {
                self.sound(&sid, &url, form.get("HoldMethod"), "GET");
            }
            self.report(conference, if held { "participant-hold" } else { "participant-unhold" }, Some(&sid), &[]);
        }
        if modified {
            self.report(conference, "participant-modify", Some(&sid), &[]);
        }
        if let Some(url) = announce_url {
            self.announce(conference, Some(&sid), &url, form.get("AnnounceMethod"));
        }
        self.get_participant(conference, &sid)
    }

    pub(super) fn delete_participant(&mut self, conference: &str, call: &str) -> Reply {
        let sid = self.known_member(conference, call)?;
        self.kick(&sid, conference);
        Ok(no_content())
    }

    /// The leg of a participant, named by its SID or its label.
    fn known_member(&self, conference: &str, name: &str) -> Result<String, ApiError> {
        let not_found = || ApiError::not_found(&format!("/Conferences/{conference}/Participants/{name}.json"));
        let found = self.known_conference(conference)?;
        if found.status == ConferenceStatus::Completed {
            return Err(not_found());
        }
        let is = |(sid, member): &(&String, &Member)| *sid == name || member.wish.label.as_deref() == Some(name);
        found.members.iter().find(is).map(|(sid, _)| sid.clone()).ok_or_else(not_found)
    }

    fn participant(&self, conference: &str, sid: &str) -> Result<Value, ApiError> {
        let found = self.known_conference(conference)?;
        let (Some(member), Some(call)) = (found.members.get(sid), self.calls.get(sid)) else {
            return Err(ApiError::not_found(sid));
        };
        let status = match call.status {
            Status::Queued => "queued",
            Status::Ringing => "ringing",
            Status::InProgress if member.joined => "connected",
            Status::InProgress => "connecting",
            Status::Completed => "complete",
            Status::Busy | Status::Failed | Status::NoAnswer | Status::Canceled => "failed",
        };
        let account_sid = &self.config.account_sid;
        Ok(json!({
            "account_sid": account_sid,
            "call_sid": sid,
            "label": member.wish.label,
            "call_sid_to_coach": member.wish.coaches,
            "coaching": member.wish.coaching,
            "conference_sid": conference,
            "date_created": rfc_2822(member.created),
            "date_updated": rfc_2822(member.updated),
            "end_conference_on_exit": member.wish.ends,
            "muted": member.wish.muted,
            "hold": member.held,
            "start_conference_on_enter": member.wish.starts,
            "status": status,
            "queue_time": "0",
            "uri": format!("/2010-04-01/Accounts/{account_sid}/Conferences/{conference}/Participants/{sid}.json"),
        }))
    }
}
