//! HubSpot's specification, as far as it is needed: what a request and an answer may be, and answers made of it.

use ::http::Request;
use serde_json::{Map, Value, json};

/// A number and a name that nobody may read in a log.
pub(crate) const PERSON: &str = "+16175550142 Ada";
/// The fields that hold such.
const PERSONAL: &str =
    "firstName lastName email name text message value user token access_token refresh_token id_token";

pub(crate) struct Spec(Value);

impl Spec {
    /// Cut from HubSpot/HubSpot-public-api-spec-collection 9989379.
    pub(crate) fn new() -> Self {
        Self(serde_json::from_str(include_str!("../fixtures/openapi.json")).unwrap())
    }

    /// The operation of a request. Where the specifications that are here name one version only, it stands for the others; and all kinds
    /// of records are searched alike.
    pub(crate) fn operation(&self, method: &str, path: &str) -> &Value {
        let mut path = path.to_owned();
        for (other, known) in [
            ("/crm/v3/objects/contacts/search", "/crm/objects/2026-03/calls/search"),
            ("/crm/objects/2026-03/contacts/search", "/crm/objects/2026-03/calls/search"),
            ("/crm/objects/2026-09/contacts/search", "/crm/objects/2026-03/calls/search"),
            ("/crm/v3/objects/calls", "/crm/objects/2026-03/calls"),
            ("/crm/objects/2026-09/calls", "/crm/objects/2026-03/calls"),
            ("/crm/v4/objects/calls", "/crm/objects/2026-03/calls"),
            ("/crm/v3/extensions/calling/transcripts", "/crm/extensions/calling/2026-03/transcripts"),
            ("/crm/extensions/calling/2026-09/transcripts", "/crm/extensions/calling/2026-03/transcripts"),
            ("/oauth/v3/", "/oauth/2026-03/"),
            ("/oauth/2026-09/", "/oauth/2026-03/"),
        ] {
            if let Some(rest) = path.strip_prefix(other) {
                path = format!("{known}{rest}");
                break;
            }
        }
        let fits = |known: &str| {
            let (known, asked): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
            let same = |(known, asked): (&&str, &&str)| known.starts_with('{') && !asked.is_empty() || known == asked;
            known.len() == asked.len() && known.iter().zip(&asked).all(same)
        };
        let operations = self.0["operations"].as_object().unwrap();
        let found = operations
            .iter()
            .filter(|(name, _)| name.split_once(' ').is_some_and(|(known, path)| known == method && fits(path)));
        // The one that leaves the least open.
        let found = found.min_by_key(|(name, _)| name.matches('{').count());
        found.unwrap_or_else(|| panic!("{method} {path} is not in the specification")).1
    }

    /// Fails if a request is not as specified, but for credentials.
    pub(crate) fn check_request(&self, request: &Request<Vec<u8>>) {
        let (method, path) = (request.method().as_str(), request.uri().path());
        if path == "/calling/v1/dispositions" {
            return assert_eq!((method, request.body().len()), ("GET", 0), "it is in no specification");
        }
        let operation = self.operation(method, path);
        let at = format!("{method} {path}");
        for (name, value) in form(request.uri().query().unwrap_or_default().as_bytes()) {
            if name == "hapikey" {
                continue;
            }
            let schema = operation["query"].get(&name).unwrap_or_else(|| panic!("{at}: no {name} in the query"));
            let schema = schema.get("items").unwrap_or(schema);
            let value = if schema == "string" { value.into() } else { serde_json::from_str(&value).unwrap() };
            self.check(schema, &value, &format!("{at}?{name}"), true);
        }
        let kind = request.headers().get("content-type").map(|kind| kind.to_str().unwrap());
        if let Some(schema) = operation.get("form") {
            assert_eq!(kind, Some("application/x-www-form-urlencoded"), "{at}");
            let fields: Map<String, Value> = form(request.body()).into_iter().map(|(k, v)| (k, v.into())).collect();
            self.check(schema, &Value::Object(fields), &at, true);
        } else if let Some(schema) = operation.get("body") {
            assert_eq!(kind, Some("application/json"), "{at}");
            self.check(schema, &serde_json::from_slice(request.body()).unwrap(), &at, true);
        } else {
            assert!(request.body().is_empty() && kind.is_none(), "{at} has a body");
        }
    }

    /// Fails if an answer is not as specified.
    pub(crate) fn check_answer(&self, request: &Request<Vec<u8>>, status: u16, body: &[u8]) {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let at = format!("{method} {path}: {status}");
        if !(200..300).contains(&status) {
            // Gateways answer with pages, OAuth with other errors, and a 429 without a category.
            if let Ok(body) = serde_json::from_slice::<Value>(body)
                && body.get("category").is_some()
            {
                self.check(&"Error".into(), &body, &at, false);
            }
        } else if path != "/calling/v1/dispositions" {
            let answers = self.operation(method, path)["answers"].as_object().unwrap();
            let schema = answers.get(&status.to_string());
            assert!(schema.is_some() || answers.is_empty(), "{at} is not specified");
            match schema {
                Some(schema) if !schema.is_null() => {
                    self.check(schema, &serde_json::from_slice(body).unwrap(), &at, false);
                }
                _ => assert!(body.is_empty(), "{at} has a body"),
            }
        }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, strict: bool) {
        if let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) {
            let word = |schema: &Value| {
                let kind = &self.0["schemas"][schema.as_str().unwrap()]["properties"];
                ["type", "callerIdType", "token_use"].iter().all(|name| {
                    kind.get(*name).is_none_or(|known| known["enum"].as_array().unwrap().contains(&value[*name]))
                })
            };
            let kind = kinds.iter().find(|schema| word(schema)).unwrap_or_else(|| panic!("{at}: no kind of {value}"));
            return self.check(kind, value, at, strict);
        }
        if let Some(item) = schema.get("items") {
            let items = value.as_array().unwrap_or_else(|| panic!("{at}: {value} is no list"));
            return items
                .iter()
                .enumerate()
                .for_each(|(index, value)| self.check(item, value, &format!("{at}[{index}]"), strict));
        }
        if let Some(name) = schema.as_str().filter(|name| name.starts_with(char::is_uppercase)) {
            return self.check(&self.0["schemas"][name], value, at, strict);
        }
        if schema.get("properties").is_some() || schema.get("values").is_some() {
            let object = value.as_object().unwrap_or_else(|| panic!("{at}: {value} is no object"));
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(object.contains_key(required.as_str().unwrap()), "{at} lacks {required}");
            }
            for (name, value) in object {
                let at = format!("{at}.{name}");
                match schema["properties"].get(name).or(schema.get("values")) {
                    Some(schema) => self.check(schema, value, &at, strict),
                    None => assert!(!strict, "{at} is not in the specification"),
                }
            }
            return;
        }
        let fits = match schema.as_str().or(schema["type"].as_str()).unwrap() {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "int64" | "integer" => value.is_i64(),
            "date-time" => value.as_str().is_some_and(|text| text.len() >= 20 && text.ends_with('Z')),
            "uuid" => value.as_str().is_some_and(|text| text.len() == 36),
            other => panic!("{at}: {other} is not known here"),
        };
        assert!(fits, "{at}: {value} is not {schema}");
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{at}: {value}");
        }
    }

    /// Values of a schema: with what it must have only, with everything, each word and kind once, and with what nobody knows yet.
    pub(crate) fn samples(&self, schema: &Value, name: &str) -> Vec<Value> {
        if let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) {
            return kinds.iter().flat_map(|kind| self.samples(kind, name)).collect();
        }
        if let Some(item) = schema.get("items") {
            return vec![Value::Array(self.samples(item, name)), json!([])];
        }
        if let Some(name) = schema.as_str().filter(|name| name.starts_with(char::is_uppercase)) {
            return self.samples(&self.0["schemas"][name], name);
        }
        if let Some(values) = schema.get("values") {
            return vec![json!({ "one": self.samples(values, "value")[0] }), json!({})];
        }
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            return self.objects(properties, &schema["required"]);
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.clone();
        }
        match schema.as_str().unwrap() {
            "boolean" => vec![true.into(), false.into()],
            "int32" => vec![7.into(), i32::MAX.into()],
            "int64" | "integer" => vec![7.into(), 9_007_199_254_740_993_i64.into()],
            "date-time" => vec!["2026-11-27T01:15:01.123Z".into(), "2026-11-27T01:15:01Z".into()],
            "uuid" => vec!["aeb5f871-7f07-4993-9211-075dc63e7cbf".into()],
            _ if name == "id" || name.ends_with("Id") => vec!["42".into()],
            _ if PERSONAL.split(' ').any(|known| known == name) => vec![PERSON.into()],
            _ => vec!["word".into()],
        }
    }

    fn objects(&self, properties: &Map<String, Value>, required: &Value) -> Vec<Value> {
        let first = |name: &String, schema| (name.clone(), self.samples(schema, name).swap_remove(0));
        let is_required = |name: &str| required.as_array().into_iter().flatten().any(|known| known == name);
        let least = properties.iter().filter(|(name, _)| is_required(name)).map(|(name, schema)| first(name, schema));
        let all: Map<String, Value> = properties.iter().map(|(name, schema)| first(name, schema)).collect();
        let mut objects = vec![Value::Object(all.clone()), Value::Object(least.collect())];
        for (name, schema) in properties {
            for value in self.samples(schema, name).into_iter().skip(1) {
                let mut object = all.clone();
                object.insert(name.clone(), value);
                objects.push(Value::Object(object));
            }
        }
        let mut later = all;
        later.insert("addedLater".to_owned(), json!({ "deep": [1, "x", null] }));
        objects.push(Value::Object(later));
        objects
    }
}

/// The same value with every word that is not known here.
pub(crate) fn with_other_words(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => {
            "ADDED_LATER".into()
        }
        Value::Array(items) => items.iter().map(with_other_words).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), with_other_words(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

pub(crate) fn form(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}
