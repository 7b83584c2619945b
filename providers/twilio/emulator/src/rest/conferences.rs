use super::page::{in_dates, page};
use super::{Reply, answer, fields};
use crate::cloud::Cloud;
use crate::conference::{Conference, ConferenceStatus, Leaving};
use crate::error::ApiError;
use crate::form::Form;
use crate::time::date;

impl Cloud {
    pub(super) fn list_conferences(&self, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_CONFERENCES)?;
        let is = |name: &str, value: &str| query.filled(name).is_none_or(|wanted| wanted == value);
        let mut found: Vec<&Conference> = self.conferences.values().collect();
        found.retain(|conference| {
            is("FriendlyName", &conference.name)
                && is("Status", conference.status.as_str())
                && in_dates(&query, "DateCreated", Some(&date(conference.created)))
                && in_dates(&query, "DateUpdated", Some(&date(conference.updated)))
        });
        found.sort_by_key(|conference| core::cmp::Reverse(conference.ordinal));
        let account_sid = &self.config.account_sid;
        page("conferences", path, &query, found.into_iter().map(|conference| conference.to_json(account_sid)).collect())
    }

    pub(super) fn get_conference(&self, sid: &str) -> Reply {
        Ok(answer(200, &self.known_conference(sid)?.to_json(&self.config.account_sid)))
    }

    pub(super) fn update_conference(&mut self, sid: &str, form: &Form) -> Reply {
        let is_over = self.known_conference(sid)?.status == ConferenceStatus::Completed;
        let ends = form.one_of("Status", &["completed"])?.is_some();
        let announcement = form.url("AnnounceUrl", 21205)?;
        if is_over && announcement.is_some() {
            return Err(ApiError::bad_request(20001, "The conference is completed"));
        }
        if let Some(url) = announcement {
            self.announce(sid, None, &url, form.get("AnnounceMethod"));
        }
        if ends {
            self.end_conference(sid, "conference-ended-via-api", None, Leaving::ConferenceEnded);
        }
        self.get_conference(sid)
    }

    pub(super) fn known_conference(&self, sid: &str) -> Result<&Conference, ApiError> {
        self.conferences.get(sid).ok_or_else(|| ApiError::not_found(&format!("/Conferences/{sid}.json")))
    }
}
