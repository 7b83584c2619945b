use super::page::{in_dates, page};
use super::{Reply, answer, check_from, check_to, fields, no_content};
use crate::call::{Call, Direction, Program};
use crate::callback::{Hook, post_unless_get};
use crate::cloud::Cloud;
use crate::error::ApiError;
use crate::form::Form;
use crate::lifecycle::NewCall;
use crate::recording;
use crate::time::date;
use crate::twiml;
use core::time::Duration;
use serde_json::Value;

/// Events of a call's progress.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
/// Twilio's limit for TwiML in a field.
const MAX_TWIML: usize = 4_000;

impl Cloud {
    pub(super) fn post_call(&mut self, form: &Form) -> Reply {
        let (from, to) = self.parties(form)?;
        let mut new = NewCall::new(from, to, Direction::OutboundApi);
        new.program = match form.filled("ApplicationSid") {
            Some(sid) => {
                let application = self.config.application.as_ref().filter(|known| known.sid == sid);
                let application = application.ok_or_else(|| ApiError::bad_request(21218, "Invalid ApplicationSid"))?;
                let first = Hook::new(Some(application.voice_url.clone()), None, Vec::new(), "");
                Program { first, ..Program::default() }
            }
            None => self.program(form)?.ok_or_else(|| ApiError::bad_request(21205, "Url parameter is required."))?,
        };
        new.hook = progress_hook(form)?;
        new.timeout = form.seconds("Timeout", 1, 600, 21208)?.unwrap_or(Duration::from_secs(60));
        new.time_limit = form.seconds("TimeLimit", 1, 14_400, 20001)?;
        new.send_digits = send_digits(form)?;
        if form.flag("Record") == Some(true) {
            new.record = Some(recording_order(form, "OutboundAPI", "")?);
        }
        let sid = self.create_call(new);
        self.enqueue(&sid);
        self.call_answer(201, &sid)
    }

    /// Who calls whom, if that may be.
    pub(super) fn parties<'f>(&self, form: &'f Form) -> Result<(&'f str, &'f str), ApiError> {
        let to = form.filled("To").ok_or_else(|| ApiError::bad_request(21201, "No 'To' number is specified"))?;
        let from = form.filled("From").ok_or_else(|| ApiError::bad_request(21213, "No 'From' number is specified"))?;
        check_to(to)?;
        let caller_id = form.filled("CallerId").unwrap_or(from);
        // A client may be called from any name; the telephone network shows numbers that are the account's.
        if !to.starts_with("client:") || from.starts_with('+') {
            check_from(&self.config, caller_id)?;
        }
        Ok((caller_id, to))
    }

    /// What `Url` or `Twiml` says, if one of them is there. `Url` wins.
    fn program(&mut self, form: &Form) -> Result<Option<Program>, ApiError> {
        let fallback = form.url("FallbackUrl", 21205)?;
        let fallback = Hook::new(fallback, form.get("FallbackMethod"), Vec::new(), "");
        if let Some(url) = form.url("Url", 21205)? {
            let first = Hook::new(Some(url), form.get("Method"), Vec::new(), "");
            return Ok(Some(Program { first, fallback, ..Program::default() }));
        }
        let Some(twiml) = form.filled("Twiml") else { return Ok(None) };
        if twiml.len() > MAX_TWIML {
            return Err(ApiError::bad_request(20001, "Twiml is longer than 4000 characters"));
        }
        let twiml = twiml::parse(twiml).map_err(|(code, text)| ApiError::bad_request(code, text))?;
        self.basis.warnings.extend(twiml.warnings);
        Ok(Some(Program { verbs: twiml.verbs.into(), fallback, ..Program::default() }))
    }

    pub(super) fn get_call(&self, sid: &str) -> Reply {
        self.call_answer(200, sid)
    }

    pub(super) fn update_call(&mut self, sid: &str, form: &Form) -> Reply {
        let call = self.known_call(sid)?;
        let (is_over, answered) = (call.is_over(), call.answered.is_some());
        let status = form.one_of("Status", &["canceled", "completed"])?.map(str::to_owned);
        if form.filled("Url").is_some() && form.filled("Twiml").is_some() {
            return Err(ApiError::bad_request(20001, "Url and Twiml can't both be given"));
        }
        let program = self.program(form)?;
        if is_over {
            return Err(ApiError::not_in_progress());
        }
        if let Some(url) = form.url("StatusCallback", 21609)? {
            // Twilio is said to ignore it unless the call is redirected.
            if program.is_some()
                && let Some(call) = self.calls.get_mut(sid)
            {
                let method = post_unless_get(form.get("StatusCallbackMethod"));
                call.hook = Some(Hook { url, method, events: vec!["completed".to_owned()] });
            }
        }
        if let Some(limit) = form.seconds("TimeLimit", 1, 14_400, 20001)? {
            self.basis.later(limit, crate::cloud::Timer::LimitReached(sid.to_owned()));
        }
        match (status.as_deref(), program) {
            // "Canceled" leaves a call that was answered as it is.
            (Some("canceled"), _) if answered => {}
            (Some(_), _) => self.hang_up(sid),
            (None, Some(_)) if !answered => return Err(ApiError::not_in_progress()),
            (None, Some(program)) => self.redirect(sid, program),
            (None, None) => {}
        }
        self.call_answer(200, sid)
    }

    pub(super) fn delete_call(&mut self, sid: &str) -> Reply {
        if !self.known_call(sid)?.is_over() {
            return Err(ApiError::new(409, 20409, "The call is not finished"));
        }
        self.calls.remove(sid);
        Ok(no_content())
    }

    pub(super) fn list_calls(&self, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_CALLS)?;
        let is = |name: &str, value: &str| query.filled(name).is_none_or(|wanted| wanted == value);
        let mut calls: Vec<&Call> = self.calls.values().collect();
        calls.retain(|call| {
            is("To", &call.to)
                && is("From", &call.from)
                && is("Status", call.status.as_str())
                && is("ParentCallSid", call.parent.as_deref().unwrap_or(""))
                && in_dates(&query, "StartTime", Some(&date(call.created)))
                && in_dates(&query, "EndTime", call.ended.map(date).as_deref())
        });
        // The newest first.
        calls.sort_by_key(|call| core::cmp::Reverse(call.ordinal));
        page("calls", path, &query, calls.into_iter().map(|call| self.call_json(call)).collect())
    }

    pub(super) fn known_call(&self, sid: &str) -> Result<&Call, ApiError> {
        self.calls.get(sid).ok_or_else(|| ApiError::not_found(&format!("/Calls/{sid}.json")))
    }

    fn call_answer(&self, status: u16, sid: &str) -> Reply {
        Ok(answer(status, &self.call_json(self.known_call(sid)?)))
    }

    fn call_json(&self, call: &Call) -> Value {
        let own = if call.direction == Direction::Inbound { &call.to } else { &call.from };
        call.to_json(&self.config.account_sid, self.number_sid(own))
    }
}

/// Who is told of a leg's progress.
pub(super) fn progress_hook(form: &Form) -> Result<Option<Hook>, ApiError> {
    let events = form.words("StatusCallbackEvent");
    if let Some(unknown) = events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(ApiError::bad_request(20001, format!("StatusCallbackEvent {unknown} is not known")));
    }
    let url = form.url("StatusCallback", 21609)?;
    Ok(Hook::new(url, form.get("StatusCallbackMethod"), events, "completed"))
}

pub(super) fn send_digits(form: &Form) -> Result<String, ApiError> {
    let digits = form.get("SendDigits").unwrap_or("");
    let known = |key: char| key.is_ascii_digit() || "ABCDabcd#*wW".contains(key);
    if digits.len() > 32 || !digits.chars().all(known) {
        return Err(ApiError::bad_request(21206, "SendDigits can't be sent"));
    }
    Ok(digits.to_owned())
}

/// What is recorded, by the fields whose names begin with `prefix`.
pub(super) fn recording_order(form: &Form, source: &'static str, prefix: &str) -> Result<recording::Order, ApiError> {
    let name = |field: &str| format!("{prefix}{field}");
    let events = form.words(&name("RecordingStatusCallbackEvent"));
    if let Some(unknown) = events.iter().find(|event| !["in-progress", "completed", "absent"].contains(&event.as_str()))
    {
        return Err(ApiError::bad_request(20001, format!("RecordingStatusCallbackEvent {unknown} is not known")));
    }
    let channels = form.one_of("RecordingChannels", &["mono", "dual", "1", "2"])?;
    let track = form.one_of("RecordingTrack", &["inbound", "outbound", "both"])?.unwrap_or("both");
    let url = form.url(&name("RecordingStatusCallback"), 21609)?;
    let method = form.get(&name("RecordingStatusCallbackMethod"));
    let hook = Hook::new(url, method, events, "completed");
    let channels = if matches!(channels, Some("dual" | "2")) { 2 } else { 1 };
    Ok(recording::Order { source, channels, track: track.to_owned(), hook })
}
