//! The calling extensions besides the settings.

use crate::answer::{NOTHING, Refusal, Reply};
use crate::calls::{READ, WRITE};
use crate::cloud::{Asked, Cloud, date};
use cordboard::Timestamp;
use http::Method;
use serde_json::{Value, json};

/// What was said in a call.
pub(crate) struct Transcript {
    pub(crate) engagement: u64,
    pub(crate) utterances: Vec<Value>,
    created: Timestamp,
}

/// The user whose tokens there are.
pub(crate) const USER: u32 = 7;

impl Cloud {
    /// The calls whose recordings are ready, in order.
    #[must_use]
    pub fn ready_recordings(&self) -> &[u64] {
        &self.ready
    }

    pub(crate) fn extension(&mut self, rest: &[&str], asked: &Asked<'_>) -> Reply {
        match (asked.method, rest) {
            (&Method::POST, ["recordings", "ready"]) => self.recording_ready(asked),
            (&Method::POST, ["inbound-call"]) => self.inbound(asked),
            (_, ["transcripts", rest @ ..]) => self.transcript(rest, asked),
            _ => Err(Refusal::not_found()),
        }
    }

    fn recording_ready(&mut self, asked: &Asked<'_>) -> Reply {
        self.account(asked, &WRITE)?;
        let id = asked.json()?["engagementId"].as_u64().unwrap_or_default();
        let call = self.calls.get(&id).filter(|call| !call.archived).ok_or_else(Refusal::not_found)?;
        for needed in ["hs_call_external_id", "hs_call_external_account_id", "hs_call_app_id", "hs_call_source"] {
            if !call.properties.contains_key(needed) {
                return Err(Refusal::field("engagementId", "INVALID_VALUE", &format!("the call lacks {needed}")));
            }
        }
        self.ready.push(id);
        NOTHING
    }

    fn inbound(&mut self, asked: &Asked<'_>) -> Reply {
        self.account(asked, &WRITE)?;
        let body = asked.json()?;
        for needed in
            ["externalCallId", "createEngagement", "engagementProperties", "finalCallStatus", "fromNumber", "toNumber"]
        {
            if body[needed].is_null() {
                return Err(Refusal::field(needed, "REQUIRED_FIELD", "it is missing"));
            }
        }
        let from = body["fromNumber"]["e164Number"].as_str().unwrap_or_default();
        let portal = self.config.portal;
        let found: Vec<Value> = self
            .config
            .contacts
            .iter()
            .filter(|contact| contact.phone == from)
            .map(|contact| {
                let record = json!({ "objectId": contact.id, "objectTypeId": "0-1", "portalId": portal });
                json!({ "callerIdType": "CONTACT", "firstName": contact.first_name, "objectCoordinates": record })
            })
            .collect();
        if body["createEngagement"] == true {
            let mut properties = body["engagementProperties"].clone();
            properties["hs_call_external_id"] = body["externalCallId"].clone();
            properties["hs_call_direction"] = "INBOUND".into();
            if properties["hs_timestamp"].is_null() {
                properties["hs_timestamp"] = self.now.as_millis().to_string().into();
            }
            self.create(&json!({ "properties": properties, "associations": [] }))?;
        }
        Ok((200, json!({ "callerIdMatches": found })))
    }

    fn transcript(&mut self, rest: &[&str], asked: &Asked<'_>) -> Reply {
        let action = if *asked.method == Method::GET { "read" } else { "write" };
        self.account(asked, &[&*format!("crm.extensions_calling_transcripts.{action}")])?;
        let found = |id: &str| id.parse::<u64>().ok();
        match (asked.method, rest) {
            (&Method::POST, []) => {
                let body = asked.json()?;
                let engagement = body["engagementId"].as_u64().unwrap_or_default();
                self.calls.get(&engagement).ok_or_else(Refusal::not_found)?;
                let Some(utterances) = body["transcriptCreateUtterances"].as_array() else {
                    return Err(Refusal::field("transcriptCreateUtterances", "REQUIRED_FIELD", "it is missing"));
                };
                let id = 500 + u64::try_from(self.transcripts.len()).unwrap_or_default();
                let utterances = utterances.clone();
                self.transcripts.insert(id, Transcript { engagement, utterances, created: self.now });
                Ok((200, json!({ "id": id.to_string() })))
            }
            (&Method::GET, [id]) => {
                let (id, transcript) =
                    found(id).and_then(|id| Some((id, self.transcripts.get(&id)?))).ok_or_else(Refusal::not_found)?;
                let numbered = transcript.utterances.iter().enumerate().map(|(number, utterance)| {
                    let mut utterance = utterance.clone();
                    utterance["id"] = number.to_string().into();
                    utterance
                });
                Ok((
                    200,
                    json!({
                        "id": id.to_string(), "engagementId": transcript.engagement,
                        "transcriptSource": "INTEGRATOR_GENERATED", "transcriptUtterances": numbered.collect::<Vec<_>>(),
                        "createdAt": date(transcript.created), "updatedAt": date(transcript.created),
                    }),
                ))
            }
            (&Method::DELETE, [id]) => {
                found(id).and_then(|id| self.transcripts.remove(&id)).ok_or_else(Refusal::not_found)?;
                NOTHING
            }
            _ => Err(Refusal::not_found()),
        }
    }

    pub(crate) fn connection(&self, rest: &[&str], asked: &Asked<'_>) -> Reply {
        self.account(asked, &["automation", "crm.objects.owners.read"])?;
        let app = json!({ "type": "THIRD_PARTY", "appId": self.config.app_id });
        let status = |user: &str| {
            if user == USER.to_string() {
                json!({ "userId": user, "connected": true, "provider": app })
            } else {
                json!({ "userId": user, "connected": false })
            }
        };
        let own = USER.to_string();
        match (asked.method, rest) {
            (&Method::GET, ["me"]) => Ok((200, status(&own))),
            (&Method::GET, []) => {
                let users = Some(asked.all("userId")).filter(|users| !users.is_empty()).unwrap_or_else(|| vec![&own]);
                Ok((200, json!({ "results": users.into_iter().map(status).collect::<Vec<_>>() })))
            }
            (&Method::POST, ["batch", "read"]) => {
                let body = asked.json()?;
                let users = body["inputs"].as_array().into_iter().flatten().filter_map(|input| input["id"].as_str());
                Ok((200, json!({ "results": users.map(status).collect::<Vec<_>>() })))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    pub(crate) fn dispositions(&self, asked: &Asked<'_>) -> Reply {
        self.account(asked, &READ)?;
        Ok((200, self.config.dispositions.iter().map(|(id, label)| json!({ "id": id, "label": label })).collect()))
    }
}
