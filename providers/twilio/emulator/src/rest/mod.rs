//! `/2010-04-01/Accounts/{AccountSid}/…`

mod calls;
mod conferences;
pub(crate) mod fields;
mod numbers;
mod page;
mod participants;
mod recordings;

use crate::cloud::Cloud;
use crate::config::CloudConfig;
use crate::error::ApiError;
use crate::form::Form;
use crate::numbers::refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};

/// What a request gets: a status and perhaps JSON.
pub(crate) type Reply = Result<Response<Vec<u8>>, ApiError>;

/// A JSON answer.
pub(crate) fn answer(status: u16, body: &Value) -> Response<Vec<u8>> {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    response.body(body.to_string().into_bytes()).unwrap_or_default()
}

fn no_content() -> Response<Vec<u8>> {
    Response::builder().status(204).body(Vec::new()).unwrap_or_default()
}

impl Cloud {
    pub(crate) fn route(&mut self, request: &Request<Vec<u8>>) -> Reply {
        let path = request.uri().path();
        self.authenticate(request)?;
        let account = self.config.account_sid.clone();
        let not_found = || ApiError::not_found(path);
        let rest = path.strip_prefix("/2010-04-01/Accounts/").ok_or_else(not_found)?;
        let rest = percent_decoded(rest);
        if rest == format!("{account}.json") && request.method() == Method::GET {
            return Ok(answer(200, &self.account()));
        }
        let rest = rest.strip_prefix(&account).and_then(|rest| rest.strip_prefix('/')).ok_or_else(not_found)?;
        let segments: Vec<&str> = rest.split('/').collect();
        if let ["Recordings", file] = segments[..]
            && let Some((sid, format @ ("wav" | "mp3"))) = file.rsplit_once('.')
        {
            return self.recording_file(sid, format).ok_or_else(not_found);
        }
        let rest = rest.strip_suffix(".json").ok_or_else(not_found)?;
        let segments: Vec<&str> = rest.split('/').collect();
        let (method, query) = (request.method(), request.uri().query().unwrap_or(""));
        let form = |documented| Form::of_body(request.headers(), request.body(), documented);
        match (method.as_str(), &segments[..]) {
            ("POST", ["Calls"]) => self.post_call(&form(fields::CREATE_CALL)?),
            ("GET", ["Calls"]) => self.list_calls(path, query),
            ("GET", ["Calls", sid]) => self.get_call(sid),
            ("POST", ["Calls", sid]) => self.update_call(sid, &form(fields::UPDATE_CALL)?),
            ("DELETE", ["Calls", sid]) => self.delete_call(sid),
            ("POST", ["Calls", call, "Recordings"]) => self.post_recording(call, &form(fields::CREATE_RECORDING)?),
            ("GET", ["Recordings", sid]) => self.get_recording(None, sid),
            ("DELETE", ["Recordings", sid]) => self.delete_recording(None, sid),
            ("GET", ["Recordings"]) => self.list_recordings(None, path, query),
            ("GET", ["Calls" | "Conferences", of, "Recordings"]) => self.list_recordings(Some(of), path, query),
            ("GET", ["Calls" | "Conferences", of, "Recordings", sid]) => self.get_recording(Some(of), sid),
            ("POST", ["Calls" | "Conferences", of, "Recordings", sid]) => {
                self.update_recording(of, sid, &form(fields::UPDATE_RECORDING)?)
            }
            ("DELETE", ["Calls" | "Conferences", of, "Recordings", sid]) => self.delete_recording(Some(of), sid),
            ("GET", ["Conferences"]) => self.list_conferences(path, query),
            ("GET", ["Conferences", sid]) => self.get_conference(sid),
            ("POST", ["Conferences", sid]) => self.update_conference(sid, &form(fields::UPDATE_CONFERENCE)?),
            ("POST", ["Conferences", conference, "Participants"]) => {
                self.post_participant(conference, &form(fields::CREATE_PARTICIPANT)?)
            }
            ("GET", ["Conferences", conference, "Participants"]) => self.list_participants(conference, path, query),
            ("GET", ["Conferences", conference, "Participants", call]) => self.get_participant(conference, call),
            ("POST", ["Conferences", conference, "Participants", call]) => {
                self.update_participant(conference, call, &form(fields::UPDATE_PARTICIPANT)?)
            }
            ("DELETE", ["Conferences", conference, "Participants", call]) => self.delete_participant(conference, call),
            ("GET", ["IncomingPhoneNumbers"]) => self.list_numbers(path, query),
            ("GET", ["IncomingPhoneNumbers", sid]) => self.get_number(sid),
            ("POST", ["IncomingPhoneNumbers", sid]) => self.update_number(sid, &form(fields::UPDATE_NUMBER)?),
            ("GET", ["OutgoingCallerIds"]) => self.list_caller_ids(path, query),
            _ => Err(not_found()),
        }
    }

    fn authenticate(&self, request: &Request<Vec<u8>>) -> Result<(), ApiError> {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let basic = given.and_then(|value| value.strip_prefix("Basic ")).and_then(|value| STANDARD.decode(value).ok());
        let given = basic.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let CloudConfig { account_sid, auth_token, api_key_sid, api_key_secret, .. } = &self.config;
        let known = [format!("{account_sid}:{auth_token}"), format!("{api_key_sid}:{api_key_secret}")];
        if known.contains(&given) { Ok(()) } else { Err(ApiError::unauthenticated()) }
    }

    fn account(&self) -> Value {
        json!({
            "sid": self.config.account_sid,
            "friendly_name": "Emulator",
            "status": "active",
            "type": "Full",
            "owner_account_sid": self.config.account_sid,
            "uri": format!("/2010-04-01/Accounts/{}.json", self.config.account_sid),
        })
    }
}

/// Whether a call may come from that number: one of the account's, or a verified one.
pub(crate) fn check_from(config: &CloudConfig, from: &str) -> Result<(), ApiError> {
    if !is_e164(from) {
        return Err(ApiError::bad_request(21212, "The 'From' number is not a valid phone number."));
    }
    let owned = config.numbers.iter().any(|number| number.voice && number.phone_number == from);
    if owned || config.caller_ids.iter().any(|(number, _)| number == from) {
        return Ok(());
    }
    let text = "The source phone number provided is not yet verified for your account.";
    Err(ApiError::bad_request(21210, text))
}

/// Whether that address can be called.
pub(crate) fn check_to(to: &str) -> Result<(), ApiError> {
    let to = to.split('?').next().unwrap_or("");
    let is_client = to.strip_prefix("client:").is_some_and(|identity| (1..=256).contains(&identity.len()));
    let is_sip = to.strip_prefix("sip:").is_some_and(|address| address.contains('@'));
    if is_client || is_sip {
        return Ok(());
    }
    if let Some((code, text)) = refusal(to) {
        return Err(ApiError::bad_request(code, text));
    }
    if is_e164(to) {
        return Ok(());
    }
    Err(ApiError::bad_request(21211, "The 'To' number is not a valid phone number."))
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// A path segment may be a conference's name, encoded.
fn percent_decoded(text: &str) -> String {
    // `form_urlencoded` decodes what follows `=`; a plus sign is itself in a path.
    let pair = format!("={}", text.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}
