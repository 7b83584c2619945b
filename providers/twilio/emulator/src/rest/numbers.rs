use super::page::page;
use super::{Reply, answer, fields};
use crate::cloud::Cloud;
use crate::config::AccountNumber;
use crate::error::ApiError;
use crate::form::Form;
use crate::time::rfc_2822;
use cordboard::Timestamp;
use serde_json::{Value, json};

impl Cloud {
    pub(super) fn list_numbers(&self, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_NUMBERS)?;
        let found = self.config.numbers.iter().enumerate().filter(|(_, number)| {
            contains(&query, "PhoneNumber", &number.phone_number)
                && query.filled("FriendlyName").is_none_or(|wanted| wanted == number.friendly_name)
        });
        let items = found.map(|(index, number)| self.number_json(index, number)).collect();
        page("incoming_phone_numbers", path, &query, items)
    }

    pub(super) fn get_number(&self, sid: &str) -> Reply {
        let index = self.number_index(sid)?;
        let number = self.config.numbers.get(index).ok_or_else(|| ApiError::not_found(sid))?;
        Ok(answer(200, &self.number_json(index, number)))
    }

    pub(super) fn update_number(&mut self, sid: &str, form: &Form) -> Reply {
        let index = self.number_index(sid)?;
        let (voice, status) = (form.url("VoiceUrl", 21402)?, form.url("StatusCallback", 21609)?);
        if let Some(number) = self.config.numbers.get_mut(index) {
            number.voice_url = voice.unwrap_or_else(|| number.voice_url.clone());
            number.status_callback = status.or_else(|| number.status_callback.clone());
            if let Some(name) = form.filled("FriendlyName") {
                name.clone_into(&mut number.friendly_name);
            }
        }
        self.get_number(sid)
    }

    pub(super) fn list_caller_ids(&self, path: &str, query: &str) -> Reply {
        let query = Form::of_query(query, fields::LIST_CALLER_IDS)?;
        let found = self.config.caller_ids.iter().enumerate().filter(|(_, (number, name))| {
            query.filled("PhoneNumber").is_none_or(|wanted| wanted == number)
                && query.filled("FriendlyName").is_none_or(|wanted| wanted == name)
        });
        let items = found.map(|(index, (number, name))| self.caller_id_json(index, number, name)).collect();
        page("outgoing_caller_ids", path, &query, items)
    }

    /// The SID of a number of the account.
    pub(crate) fn number_sid(&self, number: &str) -> Option<String> {
        self.config.numbers.iter().position(|known| known.phone_number == number).map(number_sid)
    }

    fn number_index(&self, sid: &str) -> Result<usize, ApiError> {
        let found = (0..self.config.numbers.len()).find(|index| number_sid(*index) == sid);
        found.ok_or_else(|| ApiError::not_found(&format!("/IncomingPhoneNumbers/{sid}.json")))
    }

    fn number_json(&self, index: usize, number: &AccountNumber) -> Value {
        let (sid, account_sid) = (number_sid(index), &self.config.account_sid);
        let created = rfc_2822(Timestamp::default());
        json!({
            "account_sid": account_sid,
            "address_sid": null,
            "address_requirements": "none",
            "api_version": "2010-04-01",
            "beta": false,
            "capabilities": { "mms": true, "sms": true, "voice": number.voice, "fax": false },
            "date_created": created,
            "date_updated": created,
            "friendly_name": number.friendly_name,
            "identity_sid": null,
            "phone_number": number.phone_number,
            "origin": "twilio",
            "sid": sid,
            "sms_application_sid": "",
            "sms_fallback_method": "POST",
            "sms_fallback_url": "",
            "sms_method": "POST",
            "sms_url": "",
            "status_callback": number.status_callback.as_deref().unwrap_or(""),
            "status_callback_method": "POST",
            "trunk_sid": null,
            "uri": format!("/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}.json"),
            "voice_receive_mode": "voice",
            "voice_application_sid": "",
            "voice_caller_id_lookup": false,
            "voice_fallback_method": "POST",
            "voice_fallback_url": "",
            "voice_method": "POST",
            "voice_url": number.voice_url,
            "emergency_status": "Inactive",
            "emergency_address_sid": null,
            "emergency_address_status": "unregistered",
            "bundle_sid": null,
            "status": "in-use",
            "type": "local",
        })
    }

    fn caller_id_json(&self, index: usize, number: &str, name: &str) -> Value {
        let account_sid = &self.config.account_sid;
        let (sid, created) = (format!("PN{:032x}", 0x1000 + index), rfc_2822(Timestamp::default()));
        json!({
            "sid": sid,
            "date_created": created,
            "date_updated": created,
            "friendly_name": name,
            "account_sid": account_sid,
            "phone_number": number,
            "uri": format!("/2010-04-01/Accounts/{account_sid}/OutgoingCallerIds/{sid}.json"),
        })
    }
}

fn number_sid(index: usize) -> String {
    format!("PN{:032x}", index + 1)
}

/// `PhoneNumber` finds parts of numbers; stars stand for any digit, and are not imitated.
fn contains(query: &Form, name: &str, value: &str) -> bool {
    query.filled(name).is_none_or(|wanted| value.contains(wanted))
}
