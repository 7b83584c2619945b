//! Twilio's REST API, version 2010-04-01, without I/O: requests are made here, and answers are read.

use crate::config::TwilioConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard_bridge::{ApiError, Call, Effect, Page};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// An account's resources.
#[derive(Clone)]
pub(crate) struct Api {
    host: String,
    account: String,
    authorization: HeaderValue,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("host", &self.host).finish_non_exhaustive()
    }
}

/// A leg that is to be added to a conference.
#[derive(Clone, Copy)]
pub(crate) struct NewParticipant<'a> {
    /// A number in E.164, or `client:` and an identity.
    pub(crate) to: &'a str,
    pub(crate) from: &'a str,
    pub(crate) label: &'a str,
    pub(crate) muted: bool,
    pub(crate) ends_conference: bool,
    pub(crate) ring_seconds: u16,
    pub(crate) wait_url: Option<&'a str>,
    pub(crate) status_callback: &'a str,
    pub(crate) conference_callback: &'a str,
}

/// A leg in a conference, as far as it is read.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Participant {
    pub(crate) call_sid: String,
    pub(crate) conference_sid: String,
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) muted: bool,
    #[serde(default)]
    pub(crate) hold: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Conference {
    pub(crate) sid: String,
    pub(crate) status: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CallState {
    pub(crate) status: String,
    /// In seconds, as a text.
    pub(crate) duration: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) status: String,
}

/// A number of the account, or one that is verified.
#[derive(Clone, Deserialize)]
pub(crate) struct Number {
    pub(crate) phone_number: Option<String>,
    pub(crate) friendly_name: Option<String>,
    pub(crate) capabilities: Option<NumberCapabilities>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct NumberCapabilities {
    #[serde(default)]
    pub(crate) voice: bool,
}

/// How recording changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingChange {
    Pause,
    Resume,
    Stop,
}

/// The callbacks of a leg. One field, separated by spaces, as the specification says.
const LEG_EVENTS: &str = "initiated ringing answered completed";
pub(crate) const CONFERENCE_EVENTS: &str = "start end join leave";
const PAGE_SIZE: &str = "200";

impl Api {
    pub(crate) fn new(config: &TwilioConfig) -> Self {
        let credentials = format!("{}:{}", config.api_key.sid, config.api_key.secret.expose_secret());
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        // Base64 is always a header's value.
        let mut authorization = HeaderValue::from_str(&basic).unwrap_or(HeaderValue::from_static(""));
        authorization.set_sensitive(true);
        Self { host: config.api_host(), account: config.account_sid.clone(), authorization }
    }

    /// Calls someone into a conference, which is made if there is none of that name.
    pub(crate) fn add_participant(&self, name: &str, new: &NewParticipant<'_>) -> Call {
        let ring_seconds = new.ring_seconds.to_string();
        let mut form = vec![
            ("To", new.to),
            ("From", new.from),
            ("Label", new.label),
            ("Timeout", &ring_seconds),
            ("Beep", "false"),
            ("EarlyMedia", "true"),
            ("EndConferenceOnExit", boolean(new.ends_conference)),
            ("Muted", boolean(new.muted)),
            ("StatusCallback", new.status_callback),
            ("StatusCallbackEvent", LEG_EVENTS),
            ("ConferenceStatusCallback", new.conference_callback),
            ("ConferenceStatusCallbackEvent", CONFERENCE_EVENTS),
        ];
        if let Some(url) = new.wait_url {
            // Without it Twilio asks by POST, which a server of files refuses.
            form.extend([("WaitUrl", url), ("WaitMethod", "GET")]);
        }
        self.post(&format!("/Conferences/{name}/Participants.json"), &form, Effect::Creates)
    }

    pub(crate) fn hold(&self, conference: &str, call: &str, hold: bool, wait_url: Option<&str>) -> Call {
        let mut form = vec![("Hold", boolean(hold))];
        if let Some(url) = wait_url.filter(|_| hold) {
            form.push(("HoldUrl", url));
        }
        self.participant(conference, call, &form)
    }

    pub(crate) fn mute(&self, conference: &str, call: &str, muted: bool) -> Call {
        self.participant(conference, call, &[("Muted", boolean(muted))])
    }

    /// Has the conference end when this leg does.
    pub(crate) fn ends_conference(&self, conference: &str, call: &str) -> Call {
        self.participant(conference, call, &[("EndConferenceOnExit", "true")])
    }

    fn participant(&self, conference: &str, call: &str, form: &[(&str, &str)]) -> Call {
        self.post(&format!("/Conferences/{conference}/Participants/{call}.json"), form, Effect::Repeatable)
    }

    pub(crate) fn list_participants(&self, conference: &str) -> Call {
        self.get(&format!("/Conferences/{conference}/Participants.json?PageSize={PAGE_SIZE}"))
    }

    /// The conferences of that name, the newest first.
    pub(crate) fn find_conference(&self, name: &str) -> Call {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("FriendlyName", name);
        self.get(&format!("/Conferences.json?{}", query.finish()))
    }

    pub(crate) fn end_conference(&self, conference: &str) -> Call {
        self.post(&format!("/Conferences/{conference}.json"), &[("Status", "completed")], Effect::Repeatable)
    }

    /// Ends a leg, whether it rings or is answered.
    pub(crate) fn end_call(&self, call: &str) -> Call {
        self.post(&format!("/Calls/{call}.json"), &[("Status", "completed")], Effect::Repeatable)
    }

    /// Has a leg do something else from now on. The effect says whether that may be begun twice.
    pub(crate) fn redirect(&self, call: &str, twiml: &str, effect: Effect) -> Call {
        self.post(&format!("/Calls/{call}.json"), &[("Twiml", twiml)], effect)
    }

    pub(crate) fn get_call(&self, call: &str) -> Call {
        self.get(&format!("/Calls/{call}.json"))
    }

    pub(crate) fn start_recording(&self, call: &str, callback: &str) -> Call {
        let form = [
            ("RecordingStatusCallback", callback),
            ("RecordingStatusCallbackEvent", "in-progress completed absent"),
            ("RecordingChannels", "dual"),
        ];
        self.post(&format!("/Calls/{call}/Recordings.json"), &form, Effect::Creates)
    }

    /// Changes the recording that runs.
    pub(crate) fn change_recording(&self, call: &str, change: RecordingChange) -> Call {
        let status = match change {
            RecordingChange::Pause => "paused",
            RecordingChange::Resume => "in-progress",
            RecordingChange::Stop => "stopped",
        };
        let mut form = vec![("Status", status)];
        if change == RecordingChange::Pause {
            // What is said meanwhile is not kept, and the times of the rest stay right.
            form.push(("PauseBehavior", "silence"));
        }
        self.post(&format!("/Calls/{call}/Recordings/Twilio.CURRENT.json"), &form, Effect::Repeatable)
    }

    pub(crate) fn list_recordings(&self, call: &str) -> Call {
        self.get(&format!("/Calls/{call}/Recordings.json?PageSize={PAGE_SIZE}"))
    }

    pub(crate) fn incoming_numbers(&self) -> Call {
        self.get(&format!("/IncomingPhoneNumbers.json?PageSize={PAGE_SIZE}"))
    }

    pub(crate) fn outgoing_caller_ids(&self) -> Call {
        self.get(&format!("/OutgoingCallerIds.json?PageSize={PAGE_SIZE}"))
    }

    /// The next page, which an answer named. `None` if it names something else than a list of this account: the
    /// credentials go nowhere else.
    pub(crate) fn next_page(&self, path: &str) -> Option<Call> {
        let account = format!("/2010-04-01/Accounts/{}/", self.account);
        let plain =
            path.starts_with(&account) && path.bytes().all(|byte| byte.is_ascii_graphic()) && !path.contains("..");
        plain.then(|| self.call(Method::GET, path, None, Effect::Repeatable))
    }

    /// The items of a page, which stand in a field of that name.
    pub(crate) fn page<T: DeserializeOwned>(
        &self,
        response: &Response<Vec<u8>>,
        field: &str,
    ) -> Result<Page<T>, ApiError> {
        let mut page: Value = serde_json::from_slice(response.body()).map_err(|_| ApiError::Garbled)?;
        let items = page.get_mut(field).map(Value::take).ok_or(ApiError::Garbled)?;
        let next = match page.get("next_page_uri").and_then(Value::as_str) {
            Some(path) => Some(self.next_page(path).ok_or(ApiError::Garbled)?),
            None => None,
        };
        Ok(Page { items: serde_json::from_value(items).map_err(|_| ApiError::Garbled)?, next })
    }

    /// The sound of a recording, as MP3.
    pub(crate) fn recording_media(&self, recording: &str) -> Call {
        let mut call = self.get(&format!("/Recordings/{recording}.mp3"));
        call.request.headers_mut().insert(ACCEPT, HeaderValue::from_static("audio/mpeg"));
        call
    }

    pub(crate) fn get_recording(&self, recording: &str) -> Call {
        self.get(&format!("/Recordings/{recording}.json"))
    }

    fn get(&self, path: &str) -> Call {
        let path = format!("/2010-04-01/Accounts/{}{path}", self.account);
        self.call(Method::GET, &path, None, Effect::Repeatable)
    }

    fn post(&self, path: &str, form: &[(&str, &str)], effect: Effect) -> Call {
        let path = format!("/2010-04-01/Accounts/{}{path}", self.account);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.call(Method::POST, &path, Some(body), effect)
    }

    fn call(&self, method: Method, path: &str, form: Option<String>, effect: Effect) -> Call {
        let mut request = Request::new(Vec::new());
        *request.method_mut() = method;
        // Everything that stands in a path is an id that was checked.
        *request.uri_mut() = format!("{}{path}", self.host).parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(form) = form {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            *request.body_mut() = form.into_bytes();
        }
        Call { request, effect, lane: 0 }
    }
}

const fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
