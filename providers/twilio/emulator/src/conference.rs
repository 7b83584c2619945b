use crate::callback::{Hook, Purpose, post_unless_get};
use crate::cloud::{Cloud, Timer};
use crate::recording;
use crate::time::rfc_2822;
use crate::twiml::Attributes;
use cordboard::Timestamp;
use core::time::Duration;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Twilio's limit.
const MAX_MEMBERS: usize = 250;
/// An announcement is taken to last so long.
const ANNOUNCEMENT: Duration = Duration::from_secs(2);

/// Legs that hear each other.
pub(crate) struct Conference {
    pub(crate) sid: String,
    pub(crate) ordinal: u64,
    pub(crate) name: String,
    pub(crate) status: ConferenceStatus,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    hook: Option<Hook>,
    sequence: u32,
    pub(crate) record: Option<recording::Order>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) ended_by: Option<String>,
    /// By the leg's SID.
    pub(crate) members: BTreeMap<String, Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConferenceStatus {
    Init,
    InProgress,
    Completed,
}

impl ConferenceStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }
}

/// A leg in a conference, or on its way into it.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) ordinal: u64,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) joined: bool,
    pub(crate) held: bool,
    pub(crate) wish: Wish,
}

/// How a leg joins.
#[derive(Clone, Default)]
pub(crate) struct Wish {
    pub(crate) label: Option<String>,
    pub(crate) muted: bool,
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    /// The leg that hears this one, and nobody else does.
    pub(crate) coaches: Option<String>,
    pub(crate) coaching: bool,
    /// `None` is Twilio's music, empty is silence.
    pub(crate) wait_url: Option<String>,
    pub(crate) wait_method: Option<String>,
    pub(crate) max: Option<usize>,
    pub(crate) hook: Option<Hook>,
    pub(crate) record: Option<recording::Order>,
}

/// Why a leg leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    HungUp,
    /// Removed, or given something else to do.
    Updated,
    Kicked,
    ConferenceEnded,
    ModeratorLeft,
    AddFailed,
}

impl Leaving {
    const fn as_str(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::Updated | Self::Kicked => "participant_updated_via_api",
            Self::ConferenceEnded => "conference_ended_via_api",
            Self::ModeratorLeft => "moderator_ended_conference",
            Self::AddFailed => "participant_add_failed",
        }
    }
}

impl Wish {
    /// As the noun `Conference` says; `absolute` resolves its addresses.
    pub(crate) fn of_attributes(attributes: &Attributes, absolute: impl Fn(&str) -> String) -> Self {
        let url =
            |name: &str| attributes.get(name).map(|url| if url.is_empty() { String::new() } else { absolute(url) });
        Self {
            label: attributes.get("participantLabel").map(str::to_owned),
            muted: attributes.flag("muted", false),
            starts: attributes.flag("startConferenceOnEnter", true),
            ends: attributes.flag("endConferenceOnExit", false),
            coaching: attributes.get("coach").is_some(),
            coaches: attributes.get("coach").map(str::to_owned),
            wait_url: url("waitUrl"),
            wait_method: attributes.get("waitMethod").map(str::to_owned),
            max: attributes.get("maxParticipants").and_then(|max| max.parse().ok()),
            hook: Hook::new(
                url("statusCallback"),
                attributes.get("statusCallbackMethod"),
                attributes.words("statusCallbackEvent"),
                "end",
            ),
            record: recording::Order::of_conference(
                attributes.get("record"),
                url("recordingStatusCallback"),
                attributes.get("recordingStatusCallbackMethod"),
                attributes.words("recordingStatusCallbackEvent"),
            ),
        }
    }
}

impl Conference {
    pub(crate) fn joined(&self) -> impl Iterator<Item = (&String, &Member)> {
        self.members.iter().filter(|(_, member)| member.joined)
    }

    pub(crate) fn to_json(&self, account_sid: &str) -> Value {
        let uri = format!("/2010-04-01/Accounts/{account_sid}/Conferences/{}", self.sid);
        json!({
            "account_sid": account_sid,
            "date_created": rfc_2822(self.created),
            "date_updated": rfc_2822(self.updated),
            "api_version": "2010-04-01",
            "friendly_name": self.name,
            "region": "us1",
            "sid": self.sid,
            "status": self.status.as_str(),
            "uri": format!("{uri}.json"),
            "subresource_uris": {
                "participants": format!("{uri}/Participants.json"),
                "recordings": format!("{uri}/Recordings.json"),
            },
            "reason_conference_ended": self.reason,
            "call_sid_ending_conference": self.ended_by,
        })
    }
}

impl Cloud {
    /// The conference of that name that goes on, or a new one.
    pub(crate) fn conference_named(&mut self, name: &str, wish: &Wish) -> String {
        let open = |conference: &&Conference| conference.status != ConferenceStatus::Completed;
        if let Some(known) = self.conferences.values().filter(open).find(|conference| conference.name == name) {
            return known.sid.clone();
        }
        let sid = self.basis.random.sid("CF");
        let conference = Conference {
            sid: sid.clone(),
            ordinal: self.basis.next_ordinal(),
            name: name.to_owned(),
            status: ConferenceStatus::Init,
            created: self.basis.now,
            updated: self.basis.now,
            // Who comes first says who is told.
            hook: wish.hook.clone(),
            sequence: 0,
            record: wish.record.clone(),
            reason: None,
            ended_by: None,
            members: BTreeMap::new(),
        };
        self.conferences.insert(sid.clone(), conference);
        sid
    }

    /// A leg is on its way into a conference.
    pub(crate) fn expect_member(&mut self, sid: &str, conference: &str, wish: Wish) {
        let member = Member {
            ordinal: self.basis.next_ordinal(),
            created: self.basis.now,
            updated: self.basis.now,
            joined: false,
            held: false,
            wish,
        };
        if let Some(conference) = self.conferences.get_mut(conference) {
            conference.members.insert(sid.to_owned(), member);
        }
    }

    /// Why a leg can't come in, if so: Twilio's code and its text.
    pub(crate) fn refuses(&self, sid: &str, conference: &str, wish: &Wish) -> Option<(u32, &'static str)> {
        let conference = self.conferences.get(conference)?;
        let others = || conference.members.iter().filter(|(known, _)| *known != sid).map(|(_, member)| member);
        if conference.status == ConferenceStatus::Completed {
            return Some((16022, "Conference is completed"));
        }
        if others().count() >= wish.max.unwrap_or(MAX_MEMBERS).min(MAX_MEMBERS) {
            return Some((16020, "Conference is full"));
        }
        let taken = |member: &Member| wish.label.is_some() && member.wish.label == wish.label;
        others().any(taken).then_some((16025, "Participant label is already in use"))
    }

    /// An answered leg comes into a conference.
    pub(crate) fn join(&mut self, sid: &str, conference: &str, wish: Wish) {
        if let Some((code, text)) = self.refuses(sid, conference, &wish) {
            self.basis.warn(format!("{code}: {text}"));
            if let Some(found) = self.conferences.get_mut(conference) {
                found.members.remove(sid);
            }
            return self.left(sid, "failed");
        }
        if !self.conferences.get(conference).is_some_and(|known| known.members.contains_key(sid)) {
            self.expect_member(sid, conference, wish);
        }
        let now = self.basis.now;
        let Some(found) = self.conferences.get_mut(conference) else { return };
        if let Some(member) = found.members.get_mut(sid) {
            member.joined = true;
            member.updated = now;
        }
        let alone = found.joined().count() == 1;
        let starts =
            found.status == ConferenceStatus::Init && !alone && found.joined().any(|(_, member)| member.wish.starts);
        let waiting = found.members.get(sid).map(|member| member.wish.clone());
        if let Some(Wish { wait_url: Some(url), wait_method, .. }) = waiting.filter(|_| alone || !starts)
            && found.status == ConferenceStatus::Init
        {
            self.sound(sid, &url, wait_method.as_deref(), "POST");
        }
        self.report(conference, "participant-join", Some(sid), &[]);
        if starts {
            let Some(found) = self.conferences.get_mut(conference) else { return };
            found.status = ConferenceStatus::InProgress;
            found.updated = now;
            let record = found.record.take();
            self.report(conference, "conference-start", None, &[]);
            if let Some(order) = record {
                self.start_conference_recording(conference, order);
            }
        }
    }

    /// A leg is not in the conference any more. What becomes of the leg is its own affair.
    pub(crate) fn leave(&mut self, sid: &str, conference: &str, leaving: Leaving) {
        let Some(found) = self.conferences.get_mut(conference) else { return };
        let Some(member) = found.members.get(sid).cloned() else { return };
        let status = self.calls.get(sid).map_or("completed", |call| call.status.as_str());
        let more = [("ParticipantCallStatus", status), ("ReasonParticipantLeft", leaving.as_str())];
        self.report(conference, "participant-leave", Some(sid), &more);
        let Some(found) = self.conferences.get_mut(conference) else { return };
        found.members.remove(sid);
        let kicked = leaving == Leaving::Kicked;
        if member.joined && member.wish.ends {
            let reason = if kicked {
                "participant-with-end-conference-on-exit-kicked"
            } else {
                "participant-with-end-conference-on-exit-left"
            };
            self.end_conference(conference, reason, Some((sid, &member)), Leaving::ModeratorLeft);
        } else if found.members.is_empty() {
            let reason = if kicked { "last-participant-kicked" } else { "last-participant-left" };
            self.end_conference(conference, reason, Some((sid, &member)), Leaving::HungUp);
        }
    }

    /// Ends a conference: its legs go on with what they have to do next.
    pub(crate) fn end_conference(
        &mut self,
        conference: &str,
        reason: &'static str,
        by: Option<(&str, &Member)>,
        leaving: Leaving,
    ) {
        let now = self.basis.now;
        let Some(found) = self.conferences.get_mut(conference) else { return };
        if found.status == ConferenceStatus::Completed {
            return;
        }
        found.status = ConferenceStatus::Completed;
        found.updated = now;
        found.reason = Some(reason);
        found.ended_by = by.map(|(sid, _)| sid.to_owned());
        let members: Vec<String> = found.members.keys().cloned().collect();
        for sid in members {
            self.leave(&sid, conference, leaving);
            self.left(&sid, "answered");
        }
        self.recordings_end(conference);
        let mut more = vec![("ReasonConferenceEnded", reason)];
        if let Some((sid, member)) = by {
            more.push(("CallSidEndingConference", sid));
            more.extend(member.wish.label.as_deref().map(|label| ("ParticipantLabelEndingConference", label)));
        }
        self.report(conference, "conference-end", None, &more);
    }

    /// Removes a leg from its conference by the API.
    pub(crate) fn kick(&mut self, sid: &str, conference: &str) {
        if self.calls.get(sid).is_some_and(|call| call.answered.is_none()) {
            return self.hang_up(sid);
        }
        self.leave(sid, conference, Leaving::Kicked);
        self.left(sid, "answered");
    }

    /// What a leg does that a conference does not keep any more.
    fn left(&mut self, sid: &str, status: &str) {
        let Some(call) = self.calls.get_mut(sid).filter(|call| !call.is_over()) else { return };
        call.conference = None;
        if call.answered.is_none() {
            return self.hang_up(sid);
        }
        match call.doing {
            crate::call::Doing::Dialling(_) => self.dial_done(sid, status, None),
            _ => self.run(sid),
        }
    }

    /// Fetches what a leg hears.
    pub(crate) fn sound(&mut self, sid: &str, url: &str, method: Option<&str>, default_method: &str) {
        if url.is_empty() {
            return;
        }
        let method = post_unless_get(Some(method.unwrap_or(default_method)));
        let hook = Hook { url: url.to_owned(), method, events: Vec::new() };
        let Some(call) = self.calls.get(sid) else { return };
        let parameters = call.parameters(&self.config.account_sid);
        let purpose = Purpose::Sound { call: Some(sid.to_owned()) };
        self.post(&hook, parameters, purpose);
    }

    /// Plays something to one leg, or to all.
    pub(crate) fn announce(&mut self, conference: &str, sid: Option<&str>, url: &str, method: Option<&str>) {
        let first = self.conferences.get(conference).and_then(|conference| conference.members.keys().next().cloned());
        if let Some(listener) = sid.map(str::to_owned).or(first) {
            self.sound(&listener, url, method, "POST");
        }
        let (conference, call) = (conference.to_owned(), sid.map(str::to_owned));
        self.basis.later(ANNOUNCEMENT, Timer::AnnouncementEnds { conference, call, url: url.to_owned() });
    }

    pub(crate) fn announcement_ends(&mut self, conference: &str, call: Option<&str>, url: &str) {
        self.report(conference, "announcement-end", call, &[("AnnounceUrl", url)]);
    }

    /// Reports what happens in a conference, if somebody wants to hear it.
    pub(crate) fn report(&mut self, conference: &str, event: &str, member: Option<&str>, more: &[(&str, &str)]) {
        let Some(found) = self.conferences.get_mut(conference) else { return };
        let group = match event {
            "conference-start" => "start",
            "conference-end" => "end",
            "participant-join" => "join",
            "participant-leave" => "leave",
            "participant-mute" | "participant-unmute" => "mute",
            "participant-hold" | "participant-unhold" => "hold",
            "participant-modify" => "modify",
            _ => "announcement",
        };
        let Some(hook) = found.hook.clone().filter(|hook| hook.wants(group)) else { return };
        let (sequence, timestamp) = (found.sequence.to_string(), rfc_2822(self.basis.now));
        found.sequence += 1;
        let mut parameters = vec![
            ("AccountSid", self.config.account_sid.as_str()),
            ("ConferenceSid", &found.sid),
            ("FriendlyName", &found.name),
            ("SequenceNumber", &sequence),
            ("StatusCallbackEvent", event),
            ("Timestamp", &timestamp),
        ];
        if let Some((sid, member)) = member.and_then(|sid| found.members.get_key_value(sid)) {
            let flag = |flag: bool| if flag { "true" } else { "false" };
            parameters.extend([
                ("CallSid", sid.as_str()),
                ("Coaching", flag(member.wish.coaching)),
                ("EndConferenceOnExit", flag(member.wish.ends)),
                ("Hold", flag(member.held)),
                ("Muted", flag(member.wish.muted)),
                ("StartConferenceOnEnter", flag(member.wish.starts)),
            ]);
            parameters.extend(member.wish.label.as_deref().map(|label| ("ParticipantLabel", label)));
        }
        parameters.extend(more);
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.post(&hook, parameters, Purpose::Report);
    }
}
