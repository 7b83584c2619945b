//! The calls object and its associations.

use crate::answer::{NOTHING, Refusal, Reply};
use crate::cloud::{Asked, Cloud, date};
use cordboard::Timestamp;
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A call on the timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) properties: BTreeMap<String, String>,
    /// Records by their kind and id, each with the types of its associations.
    pub(crate) records: BTreeMap<(String, u64), BTreeSet<u64>>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) archived: bool,
}

/// What a call can have.
const PROPERTIES: [&str; 20] = [
    "hs_timestamp",
    "hs_call_title",
    "hs_call_body",
    "hs_call_direction",
    "hs_call_status",
    "hs_call_duration",
    "hs_call_from_number",
    "hs_call_to_number",
    "hs_call_disposition",
    "hs_call_callee_object_id",
    "hs_call_callee_object_type",
    "hs_call_callee_object_type_id",
    "hubspot_owner_id",
    "hs_activity_type",
    "hs_attachment_ids",
    "hs_call_recording_url",
    "hs_call_source",
    "hs_call_app_id",
    "hs_call_external_id",
    "hs_call_external_account_id",
];
const STATUSES: &str =
    "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING";
/// What comes back when nothing is asked for.
const DEFAULT: [&str; 3] = ["hs_createdate", "hs_lastmodifieddate", "hs_object_id"];
pub(crate) const READ: [&str; 1] = ["crm.objects.contacts.read"];
pub(crate) const WRITE: [&str; 1] = ["crm.objects.contacts.write"];
/// The kinds of records, HubSpot's numbers for them, and the type of a call's default association.
const KINDS: [(&str, &str, u64); 2] = [("contacts", "0-1", 194), ("companies", "0-2", 182)];

impl Cloud {
    /// The properties of every call that is there, by its id.
    #[must_use]
    pub fn kept_calls(&self) -> BTreeMap<u64, BTreeMap<String, String>> {
        let there = self.calls.iter().filter(|(_, call)| !call.archived);
        there.map(|(id, call)| (*id, call.properties.clone())).collect()
    }

    /// HubSpot's own page makes a call's record, as it does for a widget; what can't be one is none.
    pub fn log_call(&mut self, properties: &Value) -> u64 {
        self.create(&json!({ "properties": properties, "associations": [] })).unwrap_or_default()
    }

    /// The same for a page that stands in for HubSpot's, and has chosen the record's id.
    pub(crate) fn log_call_as(&mut self, id: u64, properties: &Value) {
        let made = self.log_call(properties);
        if let Some(call) = self.calls.remove(&made) {
            self.calls.insert(id, call);
        }
    }

    /// What was said in a call, as it was added: each transcript is a list of utterances.
    #[must_use]
    pub fn kept_transcripts(&self, call: u64) -> Vec<&[Value]> {
        let of_call = self.transcripts.values().filter(|transcript| transcript.engagement == call);
        of_call.map(|transcript| transcript.utterances.as_slice()).collect()
    }

    /// The records that a call belongs to, as kind and id.
    #[must_use]
    pub fn kept_records(&self, call: u64) -> Vec<(String, u64)> {
        self.calls.get(&call).map(|call| call.records.keys().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn object(&mut self, rest: &[&str], asked: &Asked<'_>) -> Reply {
        let reads = *asked.method == Method::GET || rest == ["search"] || rest == ["batch", "read"];
        self.account(asked, if reads { &READ } else { &WRITE })?;
        match (asked.method, rest) {
            (&Method::GET, []) => self.list(asked),
            (&Method::POST, []) => {
                let id = self.create(&asked.json()?)?;
                Ok((201, self.shown_call(id, &Shown::Everything)))
            }
            (&Method::POST, ["search"]) => self.search(&asked.json()?),
            (&Method::POST, ["batch", kind]) => self.batch(kind, &asked.json()?),
            (&Method::GET, [id]) => {
                let id = self.find(id, asked.one("archived") == Some("true"))?;
                Ok((200, self.shown_call(id, &Shown::asked(asked))))
            }
            (&Method::PATCH, [id]) => {
                let id = self.find(id, false)?;
                self.update(id, &asked.json()?)?;
                Ok((200, self.shown_call(id, &Shown::Everything)))
            }
            (&Method::DELETE, [id]) => {
                if let Ok(id) = self.find(id, false) {
                    self.archive(id);
                }
                NOTHING
            }
            _ => Err(Refusal::not_found()),
        }
    }

    pub(crate) fn archive(&mut self, id: u64) {
        let now = self.now;
        if let Some(call) = self.calls.get_mut(&id) {
            (call.archived, call.updated) = (true, now);
        }
    }

    pub(crate) fn find(&self, id: &str, archived: bool) -> Result<u64, Refusal> {
        let found = id.parse().ok().filter(|id| self.calls.get(id).is_some_and(|call| call.archived == archived));
        found.ok_or_else(Refusal::not_found)
    }

    pub(crate) fn create(&mut self, body: &Value) -> Result<u64, Refusal> {
        let properties = properties(&body["properties"])?;
        if !properties.contains_key("hs_timestamp") {
            return Err(Refusal::property("hs_timestamp", "REQUIRED_PROPERTY", "nothing"));
        }
        let Some(associations) = body["associations"].as_array() else {
            return Err(Refusal::field("associations", "REQUIRED_FIELD", "associations is missing"));
        };
        let mut call = Call { properties, created: self.now, updated: self.now, ..Call::default() };
        for association in associations {
            let to = association["to"]["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            for kind in association["types"].as_array().into_iter().flatten() {
                let number = kind["associationTypeId"].as_u64().unwrap_or_default();
                let known = KINDS.iter().find(|(_, _, usual)| *usual == number);
                let Some((name, _, _)) = known.filter(|(name, _, _)| self.has_record(name, to)) else {
                    return Err(Refusal::new(400, "VALIDATION_ERROR", "Some associations are not valid"));
                };
                call.records.entry(((*name).to_owned(), to)).or_default().insert(number);
            }
        }
        let id = 9_000 + u64::try_from(self.calls.len()).unwrap_or_default();
        self.calls.insert(id, call);
        Ok(id)
    }

    pub(crate) fn update(&mut self, id: u64, body: &Value) -> Result<(), Refusal> {
        let changed = properties(&body["properties"])?;
        let now = self.now;
        let call = self.calls.get_mut(&id).ok_or_else(Refusal::not_found)?;
        call.updated = now;
        for (name, value) in changed {
            if value.is_empty() {
                call.properties.remove(&name);
            } else {
                call.properties.insert(name, value);
            }
        }
        Ok(())
    }

    fn has_record(&self, kind: &str, id: u64) -> bool {
        match kind {
            "contacts" => self.config.contacts.iter().any(|contact| contact.id == id),
            _ => self.config.companies.contains(&id),
        }
    }

    fn list(&self, asked: &Asked<'_>) -> Reply {
        let archived = asked.one("archived") == Some("true");
        let limit = asked.one("limit").map_or(Ok(10), str::parse::<usize>).unwrap_or(0);
        if !(1..=100).contains(&limit) {
            return Err(Refusal::field("limit", "INVALID_VALUE", "limit must be 1 to 100"));
        }
        let after: u64 = asked.one("after").and_then(|after| after.parse().ok()).unwrap_or_default();
        let mut ids = self.calls.iter().filter(|(id, call)| **id > after && call.archived == archived);
        let page: Vec<u64> = ids.by_ref().take(limit).map(|(id, _)| *id).collect();
        let mut body = json!({ "results": self.shown_calls(&page, &Shown::asked(asked)) });
        if ids.next().is_some() {
            body["paging"] = json!({ "next": { "after": page.last().map(u64::to_string) } });
        }
        Ok((200, body))
    }

    fn search(&self, body: &Value) -> Reply {
        let limit = body["limit"].as_u64().unwrap_or(10);
        if !(1..=200).contains(&limit) {
            return Err(Refusal::field("limit", "INVALID_VALUE", "limit must be 1 to 200"));
        }
        let groups = body["filterGroups"].as_array().map(Vec::as_slice).unwrap_or_default();
        let fits = |call: &Call| {
            let all = |group: &Value| {
                group["filters"].as_array().is_some_and(|all| all.iter().all(|filter| matches(call, filter)))
            };
            groups.is_empty() || groups.iter().any(all)
        };
        let indexed = |call: &Call| call.updated + self.config.index_delay <= self.now;
        let mut found: Vec<u64> = self
            .calls
            .iter()
            .filter(|(_, call)| !call.archived && indexed(call) && fits(call))
            .map(|(id, _)| *id)
            .collect();
        if body["sorts"][0].as_str().is_some_and(|sort| sort.starts_with('-')) {
            found.reverse();
        }
        let offset = body["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        let page: Vec<u64> = found.iter().copied().skip(offset).take(usize::try_from(limit).unwrap_or(10)).collect();
        let mut answer =
            json!({ "total": found.len(), "results": self.shown_calls(&page, &Shown::named(&body["properties"])) });
        if offset + page.len() < found.len() {
            answer["paging"] = json!({ "next": { "after": (offset + page.len()).to_string() } });
        }
        Ok((200, answer))
    }

    /// People by the whole of their number; how HubSpot calculates others is its own.
    pub(crate) fn people(&self, asked: &Asked<'_>) -> Reply {
        self.account(asked, &READ)?;
        let body = asked.json()?;
        let groups = body["filterGroups"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |phone: &str| {
            groups
                .iter()
                .any(|group| group["filters"][0]["propertyName"] == "phone" && group["filters"][0]["value"] == phone)
        };
        let found = self.config.contacts.iter().filter(|contact| has(&contact.phone));
        let time = date(self.now);
        let results: Vec<Value> = found
            .map(|contact| json!({ "id": contact.id.to_string(), "properties": {}, "createdAt": time, "updatedAt": time, "archived": false }))
            .collect();
        Ok((200, json!({ "total": results.len(), "results": results })))
    }

    pub(crate) fn associations(&mut self, path: &[&str], asked: &Asked<'_>) -> Reply {
        self.account(asked, &["oauth", WRITE[0]])?;
        let (["crm", "v4", "objects", "calls", rest @ ..] | ["crm", "objects", "2026-03", "calls", rest @ ..]) = path
        else {
            return Err(Refusal::not_found());
        };
        let (id, kind, to, default) = match rest {
            [id, "associations", "default", kind, to] => (id, kind, to, true),
            [id, "associations", kind, to] => (id, kind, to, false),
            _ => return Err(Refusal::not_found()),
        };
        let id = self.find(id, false)?;
        let known = KINDS.iter().find(|(name, number, _)| name == kind || number == kind);
        let (name, number, usual) = *known.ok_or_else(Refusal::not_found)?;
        let to: u64 = to.parse().map_err(|_| Refusal::not_found())?;
        if !self.has_record(name, to) {
            return Err(Refusal::not_found());
        }
        let now = self.now;
        let call = self.calls.get_mut(&id).ok_or_else(Refusal::not_found)?;
        let key = (name.to_owned(), to);
        match (asked.method, default) {
            (&Method::PUT, true) => {
                call.records.entry(key).or_default().insert(usual);
                let spec = json!({ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": usual });
                let result = json!({ "from": { "id": id.to_string() }, "to": { "id": to.to_string() }, "associationSpec": spec });
                let time = date(now);
                Ok((200, json!({ "status": "COMPLETE", "results": [result], "startedAt": time, "completedAt": time })))
            }
            (&Method::PUT, false) => {
                let body = asked.json()?;
                let types = body.as_array().into_iter().flatten().filter_map(|kind| kind["associationTypeId"].as_u64());
                call.records.entry(key).or_default().extend(types);
                Ok((
                    201,
                    json!({ "fromObjectId": id.to_string(), "fromObjectTypeId": "0-48", "toObjectId": to.to_string(),
                        "toObjectTypeId": number, "labels": [] }),
                ))
            }
            (&Method::DELETE, false) => {
                call.records.remove(&key);
                NOTHING
            }
            _ => Err(Refusal::not_found()),
        }
    }

    fn shown_calls(&self, ids: &[u64], shown: &Shown) -> Vec<Value> {
        ids.iter().map(|id| self.shown_call(*id, shown)).collect()
    }

    pub(crate) fn shown_call(&self, id: u64, shown: &Shown) -> Value {
        let Some(call) = self.calls.get(&id) else { return Value::Null };
        let mut properties: Map<String, Value> = DEFAULT
            .into_iter()
            .zip([date(call.created), date(call.updated), id.to_string().into()])
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let all = call.properties.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        match shown {
            Shown::Everything => properties.extend(all),
            Shown::These { properties: names, .. } => {
                properties.extend(all.filter(|(name, _)| names.contains(name)));
            }
        }
        let mut body = json!({
            "id": id.to_string(), "properties": properties, "createdAt": date(call.created),
            "updatedAt": date(call.updated), "archived": call.archived,
        });
        if let Shown::These { associations, .. } = shown {
            for kind in associations {
                let records = call.records.keys().filter(|(name, _)| name == kind);
                let results: Vec<Value> = records
                    .map(|(name, id)| {
                        let singular = if name == "contacts" { "contact" } else { "company" };
                        json!({ "id": id.to_string(), "type": format!("call_to_{singular}") })
                    })
                    .collect();
                if !results.is_empty() {
                    body["associations"][kind] = json!({ "results": results });
                }
            }
        }
        body
    }
}

/// Which properties and associations an answer has.
pub(crate) enum Shown {
    Everything,
    These { properties: Vec<String>, associations: Vec<String> },
}

impl Shown {
    fn asked(asked: &Asked<'_>) -> Self {
        let names = |field| asked.all(field).into_iter().map(str::to_owned).collect();
        Self::These { properties: names("properties"), associations: names("associations") }
    }

    pub(crate) fn named(names: &Value) -> Self {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Self::These { properties: names.collect(), associations: Vec::new() }
    }
}

/// Properties that a call can have, with values that they can have.
fn properties(given: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(given) = given.as_object() else {
        return Err(Refusal::field("properties", "REQUIRED_FIELD", "properties is missing"));
    };
    let mut properties = BTreeMap::new();
    for (name, value) in given {
        if !PROPERTIES.contains(&name.as_str()) {
            return Err(Refusal::property(name, "PROPERTY_DOESNT_EXIST", ""));
        }
        let Some(value) = value.as_str() else { return Err(Refusal::property(name, "INVALID_STRING", "another type")) };
        let fits = value.is_empty()
            || match name.as_str() {
                "hs_call_status" => STATUSES.split(' ').any(|status| status == value),
                "hs_call_direction" => value == "INBOUND" || value == "OUTBOUND",
                "hs_call_source" => value == "INTEGRATIONS_PLATFORM",
                "hs_call_duration" => value.parse::<u64>().is_ok(),
                "hs_timestamp" => value.parse::<u64>().is_ok() || value.contains('T'),
                _ => true,
            };
        if !fits {
            return Err(Refusal::property(name, "INVALID_OPTION", value));
        }
        properties.insert(name.clone(), value.to_owned());
    }
    Ok(properties)
}

fn matches(call: &Call, filter: &Value) -> bool {
    let value = filter["propertyName"].as_str().and_then(|name| call.properties.get(name));
    let wanted = filter["value"].as_str();
    match filter["operator"].as_str().unwrap_or_default() {
        "EQ" => value.map(String::as_str) == wanted,
        "NEQ" => value.map(String::as_str) != wanted,
        "HAS_PROPERTY" => value.is_some(),
        "NOT_HAS_PROPERTY" => value.is_none(),
        "IN" => {
            filter["values"].as_array().into_iter().flatten().any(|wanted| wanted.as_str() == value.map(String::as_str))
        }
        _ => false,
    }
}
