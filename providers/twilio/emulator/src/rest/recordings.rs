use super::calls::recording_order;
use super::page::{in_dates, page};
use super::{Reply, answer, fields, no_content};
use crate::cloud::Cloud;
use crate::error::ApiError;
use crate::form::Form;
use crate::recording::{Recording, RecordingStatus};
use crate::time::date;
use http::Response;

impl Cloud {
    pub(super) fn post_recording(&mut self, call: &str, form: &Form) -> Reply {
        self.known_call(call)?;
        let order = recording_order(form, "StartCallRecordingAPI", "")?;
        let not_eligible = || ApiError::bad_request(21220, "Requested resource is not eligible for recording");
        let sid = self.start_recording(call, order).ok_or_else(not_eligible)?;
        let body = self.known_recording(Some(call), &sid)?.to_json(&self.config.account_sid, self.basis.now);
        Ok(answer(201, &body))
    }

    pub(super) fn update_recording(&mut self, of: &str, sid: &str, form: &Form) -> Reply {
        let recording = self.known_recording(Some(of), sid)?;
        let (sid, is_active) = (recording.sid.clone(), recording.status.is_active());
        let skips = form.one_of("PauseBehavior", &["skip", "silence"])? == Some("skip");
        let status = match form.one_of("Status", &["paused", "in-progress", "stopped"])? {
            Some("paused") => RecordingStatus::Paused,
            Some("in-progress") => RecordingStatus::InProgress,
            Some(_) => RecordingStatus::Stopped,
            None => return Err(ApiError::bad_request(20001, "Status is missing")),
        };
        if !is_active {
            return Err(ApiError::bad_request(21220, "Requested resource is not eligible for update"));
        }
        self.change_recording(&sid, status, skips);
        self.get_recording(Some(of), &sid)
    }

    pub(super) fn get_recording(&self, of: Option<&str>, sid: &str) -> Reply {
        let recording = self.known_recording(of, sid)?;
        Ok(answer(200, &recording.to_json(&self.config.account_sid, self.basis.now)))
    }

    pub(super) fn list_recordings(&self, of: Option<&str>, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_RECORDINGS)?;
        let mut found: Vec<&Recording> = self.recordings.values().collect();
        found.retain(|recording| {
            of.is_none_or(|of| is_of(recording, of)) && in_dates(&query, "DateCreated", Some(&date(recording.started)))
        });
        found.sort_by_key(|recording| core::cmp::Reverse(recording.ordinal));
        let items = found.into_iter().map(|recording| recording.to_json(&self.config.account_sid, self.basis.now));
        page("recordings", path, &query, items.collect())
    }

    pub(super) fn delete_recording(&mut self, of: Option<&str>, sid: &str) -> Reply {
        let recording = self.known_recording(of, sid)?;
        if recording.status.is_active() {
            return Err(ApiError::new(409, 20409, "The recording is in progress"));
        }
        let sid = recording.sid.clone();
        self.recordings.remove(&sid);
        Ok(no_content())
    }

    /// A recording's file; a recording that is not ready has none.
    pub(super) fn recording_file(&self, sid: &str, format: &str) -> Option<Response<Vec<u8>>> {
        let recording = self.recordings.get(sid).filter(|recording| recording.status == RecordingStatus::Completed)?;
        let (content_type, body) = match format {
            "wav" => ("audio/x-wav", recording.wav()),
            _ => ("audio/mpeg", recording.mp3(self.basis.now)),
        };
        Response::builder().header("content-type", content_type).body(body).ok()
    }

    /// A recording by its SID, or the one that goes on.
    fn known_recording(&self, of: Option<&str>, sid: &str) -> Result<&Recording, ApiError> {
        let is = |recording: &&Recording| {
            of.is_none_or(|of| is_of(recording, of))
                && (recording.sid == sid || sid == "Twilio.CURRENT" && recording.status.is_active())
        };
        let found = self.recordings.values().filter(is).max_by_key(|recording| recording.ordinal);
        found.ok_or_else(|| ApiError::not_found(&format!("/Recordings/{sid}.json")))
    }
}

fn is_of(recording: &Recording, of: &str) -> bool {
    recording.call.as_deref() == Some(of) || recording.conference.as_deref() == Some(of)
}
