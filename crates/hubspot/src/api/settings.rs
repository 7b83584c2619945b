//! What HubSpot knows of an app: the calling settings, the channel connection and where recordings are.

use super::Api;
use crate::id::AppId;
use crate::request::Request;
use crate::when;
use cordboard::Timestamp;
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// One of an app's settings.
pub trait Setting: Clone + Serialize + DeserializeOwned {
    /// What follows the settings' path.
    const PATH: &'static str;
    /// The names of its requests: read, create, update.
    const NAMES: [&'static str; 3];

    /// What HubSpot or its users would not take: the field, and why.
    fn problems(&self) -> Vec<(&'static str, &'static str)>;
}

/// A setting that can be removed.
pub trait Deletable: Setting {
    /// The name of the request that does.
    const DELETE: &'static str;
}

/// How the widget is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallingSettings {
    /// The provider's name, as users see it.
    pub name: String,
    /// The widget's address.
    pub url: String,
    /// The frame's width.
    pub width: u32,
    /// The frame's height.
    pub height: u32,
    /// Whether users see the app.
    #[serde(default)]
    pub is_ready: bool,
    /// Whether calls can begin at custom objects.
    #[serde(default)]
    pub supports_custom_objects: bool,
    /// Whether HubSpot listens to incoming calls.
    #[serde(default)]
    pub supports_inbound_calling: bool,
    /// Whether the app sits in the navigation bar.
    #[serde(default = "yes")]
    pub uses_remote: bool,
    /// Whether calls live in a window of their own.
    #[serde(default = "yes")]
    pub uses_calling_window: bool,
    /// What is not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Which numbers the help desk can connect: HubSpot asks that address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelConnection {
    /// Who is asked.
    pub url: String,
    /// Whether users can choose the app.
    pub is_ready: bool,
    /// What is not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where recordings are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingSettings {
    /// Who is asked for a recording's address. `%s` stands for the call's external id.
    pub url_to_retrieve_authed_recording: String,
    /// What is not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

const fn yes() -> bool {
    true
}

fn is_https(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host())
}

/// The checks that failed.
fn failed<const N: usize>(checks: [(&'static str, bool, &'static str); N]) -> Vec<(&'static str, &'static str)> {
    checks.into_iter().filter(|(_, right, _)| !right).map(|(field, _, problem)| (field, problem)).collect()
}

impl Setting for CallingSettings {
    const PATH: &'static str = "/settings";
    const NAMES: [&'static str; 3] = ["settings.get", "settings.create", "settings.update"];

    fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let size = 1..=i32::MAX.unsigned_abs();
        failed([
            ("name", !self.name.trim().is_empty(), "it is empty"),
            ("url", is_https(&self.url), "it must be an https:// address"),
            ("width", size.contains(&self.width), "it must be at least 1"),
            ("height", size.contains(&self.height), "it must be at least 1"),
        ])
    }
}

impl Deletable for CallingSettings {
    const DELETE: &'static str = "settings.delete";
}

impl Setting for ChannelConnection {
    const PATH: &'static str = "/settings/channel-connection";
    const NAMES: [&'static str; 3] = ["channel.get", "channel.create", "channel.update"];

    fn problems(&self) -> Vec<(&'static str, &'static str)> {
        failed([("url", is_https(&self.url), "it must be an https:// address")])
    }
}

impl Deletable for ChannelConnection {
    const DELETE: &'static str = "channel.delete";
}

impl Setting for RecordingSettings {
    const PATH: &'static str = "/settings/recording";
    const NAMES: [&'static str; 3] = ["recording.get", "recording.create", "recording.update"];

    fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let url = &self.url_to_retrieve_authed_recording;
        failed([
            // `%s` is no escape, and an address must not have it in its host.
            ("urlToRetrieveAuthedRecording", is_https(url), "it must be an https:// address"),
            ("urlToRetrieveAuthedRecording", url.contains("%s"), "it must have %s where the call's id belongs"),
        ])
    }
}

/// A setting as HubSpot keeps it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(bound = "S: Setting")]
pub struct Stored<S> {
    /// The setting.
    #[serde(flatten)]
    pub setting: S,
    /// Since when there is one.
    #[serde(rename = "createdAt", default, deserialize_with = "when::read")]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "when::read")]
    pub updated_at: Option<Timestamp>,
}

/// The fields in which a setting is to be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<S> {
    fields: BTreeMap<String, Difference>,
    setting: PhantomData<fn() -> S>,
}

/// What a field is, and what it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// As HubSpot has it; none if it has not.
    pub current: Option<Value>,
    /// As it is to be.
    pub wanted: Value,
}

impl<S: Setting> Change<S> {
    /// What has to be changed. What only HubSpot has stays.
    #[must_use]
    pub fn between(current: &S, wanted: &S) -> Self {
        let mut fields = BTreeMap::new();
        let mut current = object(current);
        for (field, wanted) in object(wanted) {
            let current = current.remove(&field);
            if current.as_ref() != Some(&wanted) {
                fields.insert(field, Difference { current, wanted });
            }
        }
        Self { fields, setting: PhantomData }
    }

    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Each field by its name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Difference)> {
        self.fields.iter().map(|(name, difference)| (name.as_str(), difference))
    }
}

fn object<S: Serialize>(setting: &S) -> Map<String, Value> {
    match serde_json::to_value(setting) {
        Ok(Value::Object(fields)) => fields,
        // A setting is a struct with texts for keys.
        _ => Map::new(),
    }
}

impl<S> Serialize for Change<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, difference)| (name, &difference.wanted)))
    }
}

/// The requests of one of an app's settings.
#[derive(Clone, Copy, Debug)]
pub struct SettingsApi<'a, S> {
    api: &'a Api,
    app: AppId,
    setting: PhantomData<fn() -> S>,
}

impl<'a, S: Setting> SettingsApi<'a, S> {
    pub(super) const fn new(api: &'a Api, app: AppId) -> Self {
        Self { api, app, setting: PhantomData }
    }

    /// Reads it.
    #[must_use]
    pub fn get(&self) -> Request<Stored<S>> {
        Request::for_json(S::NAMES[0], Method::GET, &self.url())
    }

    /// Makes it. A second one is refused with [`AlreadyExists`](crate::ErrorKind::AlreadyExists), so this may be repeated.
    #[must_use]
    pub fn create(&self, setting: &S) -> Request<Stored<S>> {
        Request::for_json(S::NAMES[1], Method::POST, &self.url()).json(setting)
    }

    /// Changes it.
    #[must_use]
    pub fn update(&self, change: &Change<S>) -> Request<Stored<S>> {
        Request::for_json(S::NAMES[2], Method::PATCH, &self.url()).json(change)
    }

    fn url(&self) -> String {
        self.api.calling(&format!("/{}{}", self.app.0, S::PATH))
    }
}

impl<S: Deletable> SettingsApi<'_, S> {
    /// Removes it.
    #[must_use]
    pub fn delete(&self) -> Request<()> {
        Request::for_nothing(S::DELETE, Method::DELETE, &self.url())
    }
}
