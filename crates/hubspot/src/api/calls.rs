use super::associations::Association;
use super::batch::Batch;
use super::properties::CallProperties;
use super::search::Search;
use super::{CallsApi, IdInput, Inputs, with_query};
use crate::id::{Id, ObjectType};
use crate::request::Request;
use crate::when;
use cordboard::Timestamp;
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A call on the timeline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Which call: the engagement's id.
    pub id: Id,
    /// Those properties that were asked for.
    pub properties: CallProperties,
    /// When it was made.
    #[serde(default, deserialize_with = "when::read")]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(default, deserialize_with = "when::read")]
    pub updated_at: Option<Timestamp>,
    /// Whether it was removed.
    #[serde(default)]
    pub archived: bool,
    /// The records it belongs to, by their kind, if they were asked for.
    #[serde(default, deserialize_with = "associations")]
    pub associations: BTreeMap<String, Vec<Associated>>,
}

/// A record that a call belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Associated {
    /// Which record.
    pub id: Id,
    /// In which way, such as `call_to_contact`.
    #[serde(rename = "type")]
    pub kind: String,
}

fn associations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Vec<Associated>>, D::Error> {
    let lists = Option::<BTreeMap<String, super::Results<Associated>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(lists.into_iter().map(|(kind, list)| (kind, list.results)).collect())
}

/// A call that is to be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewCall {
    /// Its properties; [`TIMESTAMP`](crate::property::TIMESTAMP) among them.
    pub properties: CallProperties,
    /// The records it belongs to.
    pub associations: Vec<Association>,
}

/// A call that is to be changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallUpdate {
    /// Which call, or the value of the property that says it.
    pub id: String,
    /// The property that says which call it is, if that is not its id. It must be unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_property: Option<String>,
    /// What is to be changed.
    pub properties: CallProperties,
}

/// A call that was changed or made.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Upserted {
    /// The call.
    #[serde(flatten)]
    pub call: Call,
    /// Whether it was made.
    #[serde(default)]
    pub new: bool,
}

/// What is to be read of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallQuery<'a> {
    /// These properties; HubSpot's choice if none is named.
    pub properties: &'a [&'a str],
    /// The records of these kinds that they belong to.
    pub associations: &'a [ObjectType],
    /// Those that were removed, instead of those that are there.
    pub archived: bool,
}

/// A part of a list, and where the next begins.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Page<T> {
    /// What is in this part.
    pub results: Vec<T>,
    /// How many there are in all, if that was counted.
    #[serde(default)]
    pub total: Option<u64>,
    /// Where the next part begins; none if this is the last.
    #[serde(default, rename = "paging", deserialize_with = "after")]
    pub next: Option<String>,
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let paging = Option::<Value>::deserialize(deserializer)?;
    Ok(paging.and_then(|paging| paging["next"]["after"].as_str().map(str::to_owned)))
}

/// What can become of a call, as the account words it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Disposition {
    /// For the property [`DISPOSITION`](crate::property::DISPOSITION).
    pub id: String,
    /// As users see it.
    pub label: String,
    /// What is not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The ids of some that a new account has. An account can take them off its list.
impl Disposition {
    /// The line was busy.
    pub const BUSY: &str = "9d9162e7-6cf3-4944-bf63-4dff82258764";
    /// Nobody answered.
    pub const NO_ANSWER: &str = "73a0d17f-1163-4015-bdd5-ec830791da20";
}

#[derive(Serialize)]
struct Properties<'a> {
    properties: &'a CallProperties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchRead<'a> {
    inputs: Vec<IdInput<'a>>,
    properties: &'a [&'a str],
    properties_with_history: [&'a str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    id_property: Option<&'a str>,
}

impl CallsApi<'_> {
    /// Makes a call. HubSpot has no key against doing it twice: when the outcome is not known, look for it first.
    #[must_use]
    pub fn create(&self, call: &NewCall) -> Request<Call> {
        Request::for_json("calls.create", Method::POST, &self.url("")).json(call).creates()
    }

    /// Reads a call.
    #[must_use]
    pub fn get(&self, call: &Id, query: CallQuery<'_>) -> Request<Call> {
        let url = with_query(self.url(&format!("/{call}")), &query.fields());
        Request::for_json("calls.get", Method::GET, &url)
    }

    /// Reads a page of all calls.
    #[must_use]
    pub fn list(&self, query: CallQuery<'_>, limit: u16, after: Option<&str>) -> Request<Page<Call>> {
        let limit = limit.to_string();
        let mut fields = query.fields();
        fields.push(("limit", &limit));
        fields.extend(after.map(|after| ("after", after)));
        Request::for_json("calls.list", Method::GET, &with_query(self.url(""), &fields))
    }

    /// Changes a call. Properties that are not named stay.
    #[must_use]
    pub fn update(&self, call: &Id, properties: &CallProperties) -> Request<Call> {
        let url = self.url(&format!("/{call}"));
        Request::for_json("calls.update", Method::PATCH, &url).json(&Properties { properties })
    }

    /// Removes a call. It can be restored in HubSpot for a while.
    #[must_use]
    pub fn archive(&self, call: &Id) -> Request<()> {
        Request::for_nothing("calls.archive", Method::DELETE, &self.url(&format!("/{call}")))
    }

    /// Looks for calls.
    #[must_use]
    pub fn search(&self, search: &Search) -> Request<Page<Call>> {
        Request::for_json("calls.search", Method::POST, &self.url("/search")).json(search).searches()
    }

    /// Makes several calls, up to 100.
    #[must_use]
    pub fn create_all(&self, calls: &[NewCall]) -> Request<Batch<Call>> {
        let inputs = Inputs { inputs: calls.iter().collect() };
        Request::for_json("calls.create_all", Method::POST, &self.url("/batch/create")).json(&inputs).creates()
    }

    /// Reads several calls, up to 100: by their ids, or by the values of a property that is unique.
    #[must_use]
    pub fn read_all(&self, keys: &[&str], id_property: Option<&str>, properties: &[&str]) -> Request<Batch<Call>> {
        let inputs = keys.iter().map(|&id| IdInput { id }).collect();
        let read = BatchRead { inputs, properties, properties_with_history: [], id_property };
        Request::for_json("calls.read_all", Method::POST, &self.url("/batch/read")).json(&read)
    }

    /// Changes several calls, up to 100.
    #[must_use]
    pub fn update_all(&self, calls: &[CallUpdate]) -> Request<Batch<Call>> {
        let inputs = Inputs { inputs: calls.iter().collect() };
        Request::for_json("calls.update_all", Method::POST, &self.url("/batch/update")).json(&inputs)
    }

    /// Changes several calls, up to 100, and makes those that are not there.
    #[must_use]
    pub fn upsert_all(&self, calls: &[CallUpdate]) -> Request<Batch<Upserted>> {
        let inputs = Inputs { inputs: calls.iter().collect() };
        Request::for_json("calls.upsert_all", Method::POST, &self.url("/batch/upsert")).json(&inputs)
    }

    /// Removes several calls, up to 100.
    #[must_use]
    pub fn archive_all(&self, calls: &[Id]) -> Request<()> {
        let inputs = Inputs { inputs: calls.iter().map(IdInput::from).collect() };
        Request::for_nothing("calls.archive_all", Method::POST, &self.url("/batch/archive")).json(&inputs)
    }

    fn url(&self, path: &str) -> String {
        self.0.url(&format!("{}{path}", self.0.version().calls()))
    }
}

impl<'a> CallQuery<'a> {
    fn fields(&self) -> Vec<(&'a str, &'a str)> {
        let properties = self.properties.iter().map(|&name| ("properties", name));
        let associations = self.associations.iter().map(|kind| ("associations", kind.as_str()));
        let archived = self.archived.then_some(("archived", "true"));
        properties.chain(associations).chain(archived).collect()
    }
}
