//! An app's settings.

use crate::answer::{NOTHING, Refusal, Reply};
use crate::cloud::{Asked, Cloud, date};
use http::Method;
use serde_json::{Map, Value, json};

/// A setting's fields and what they hold.
const CALLING: [(&str, &str); 9] = [
    ("name", "text"),
    ("url", "text"),
    ("width", "number"),
    ("height", "number"),
    ("isReady", "flag"),
    ("supportsCustomObjects", "flag"),
    ("supportsInboundCalling", "flag"),
    ("usesRemote", "flag"),
    ("usesCallingWindow", "flag"),
];
const CHANNEL: [(&str, &str); 2] = [("url", "text"), ("isReady", "flag")];
const RECORDING: [(&str, &str); 1] = [("urlToRetrieveAuthedRecording", "text")];

impl Cloud {
    /// A setting as it is kept: `settings`, `settings/channel-connection` or `settings/recording`.
    #[must_use]
    pub fn kept_setting(&self, name: &str) -> Option<Value> {
        self.settings.get(name).cloned().map(Value::Object)
    }

    /// Puts a setting there, with fields that nobody knows yet.
    pub fn keep_setting(&mut self, name: &str, fields: Map<String, Value>) {
        self.settings.insert(name.to_owned(), fields);
    }

    pub(crate) fn setting(&mut self, app: &str, rest: &[&str], asked: &Asked<'_>) -> Reply {
        self.developer(asked)?;
        let (name, fields, deletable): (_, &[_], _) = match rest {
            [] => ("settings", &CALLING, true),
            ["channel-connection"] => ("settings/channel-connection", &CHANNEL, true),
            ["recording"] => ("settings/recording", &RECORDING, false),
            _ => return Err(Refusal::not_found()),
        };
        if app != self.config.app_id.to_string() {
            return Err(Refusal::not_found());
        }
        let there = self.settings.contains_key(name);
        match *asked.method {
            Method::POST if there => {
                let refusal = Refusal::new(409, "VALIDATION_ERROR", "Settings already exist for this app");
                Err(refusal.with("subCategory", json!("CallingSettingError.SETTINGS_ALREADY_EXISTS")))
            }
            Method::POST => {
                let new = checked(&asked.json()?, fields, true)?;
                let now = date(self.now);
                let stored =
                    new.into_iter().chain([("createdAt".to_owned(), now.clone()), ("updatedAt".to_owned(), now)]);
                self.settings.insert(name.to_owned(), stored.collect());
                self.shown(name)
            }
            Method::GET => self.shown(name),
            Method::PATCH => {
                let changed = checked(&asked.json()?, fields, false)?;
                let now = date(self.now);
                let stored = self.settings.get_mut(name).ok_or_else(Refusal::not_found)?;
                stored.extend(changed);
                stored.insert("updatedAt".to_owned(), now);
                self.shown(name)
            }
            Method::DELETE if deletable => {
                self.settings.remove(name).ok_or_else(Refusal::not_found)?;
                NOTHING
            }
            _ => Err(Refusal::new(405, "VALIDATION_ERROR", "Method not allowed")),
        }
    }

    fn shown(&self, name: &str) -> Reply {
        let mut stored = self.settings.get(name).cloned().ok_or_else(Refusal::not_found)?;
        if name == "settings/recording" {
            stored.remove("createdAt");
            stored.remove("updatedAt");
        }
        Ok((200, Value::Object(stored)))
    }
}

/// The fields of a body, each of its kind; all of them, if it is to be whole.
fn checked(body: &Value, fields: &[(&str, &str)], whole: bool) -> Result<Map<String, Value>, Refusal> {
    let Some(body) = body.as_object() else { return Err(Refusal::field("", "INVALID_JSON", "an object is needed")) };
    for (name, kind) in fields {
        let fits = match (body.get(*name), *kind) {
            (None, _) => !whole,
            (Some(value), "text") => value.is_string(),
            (Some(value), "flag") => value.is_boolean(),
            (Some(value), _) => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        };
        if !fits {
            return Err(Refusal::field(name, "INVALID_VALUE", &format!("{name} must be a {kind}")));
        }
        let text = body.get(*name).and_then(Value::as_str);
        if name.starts_with("url") && text.is_some_and(|url| !url.starts_with("https://")) {
            return Err(Refusal::field(name, "INVALID_URL", &format!("{name} must use https")));
        }
        if *name == "urlToRetrieveAuthedRecording" && text.is_some_and(|url| !url.contains("%s")) {
            return Err(Refusal::field(name, "INVALID_URL", &format!("{name} must hold %s")));
        }
    }
    let mut kept = body.clone();
    kept.retain(|name, _| name != "createdAt" && name != "updatedAt");
    Ok(kept)
}
