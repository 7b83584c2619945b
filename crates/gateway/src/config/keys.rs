//! Reads a configuration key by key and collects everything that is wrong with it, so that an operator mends it in one go.

use cordboard::protocol::{HostPattern, Origin};
use cordboard::telephony::{AgentId, PhoneNumber};
use phonenumber::country;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// The keys of a file and of the environment, to be read one by one.
pub struct Keys {
    leaves: BTreeMap<String, Leaf>,
    /// Where relative paths begin.
    folder: PathBuf,
    known: BTreeSet<String>,
    problems: Vec<Problem>,
}

enum Leaf {
    One(String),
    List(Vec<String>),
}

/// What is wrong with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, such as `server.listen`; empty for the file as a whole.
    pub key: String,
    /// Why it can't be used. Never shows the value of a secret.
    pub why: String,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() { f.write_str(&self.why) } else { write!(f, "{}: {}", self.key, self.why) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What begins the names of environment variables: `CORDBOARD__SERVER__LISTEN` is `server.listen`.
const PREFIX: &str = "CORDBOARD";

impl Keys {
    /// Reads a TOML file and the environment, which goes before it.
    ///
    /// # Errors
    /// When the file can't be read or is not TOML.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Problems::of_file(format!("{} can't be read: {error}", path.display())))?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::new(&text, folder, None)
    }

    /// Takes a text for the file, without an environment. Relative paths begin at `folder`.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn from_toml(text: &str, folder: impl Into<PathBuf>) -> Result<Self, Problems> {
        Self::new(text, folder.into(), Some(BTreeMap::new()))
    }

    /// As [`load`](Self::load), with variables that stand for the process's own.
    pub(crate) fn new(
        text: &str,
        folder: PathBuf,
        environment: Option<BTreeMap<String, String>>,
    ) -> Result<Self, Problems> {
        let environment = config::Environment::with_prefix(PREFIX)
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(environment.map(|variables| variables.into_iter().collect()));
        let tree = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize::<serde_json::Value>)
            .map_err(|error| Problems::of_file(error.to_string().trim_end().to_owned()))?;
        let mut leaves = BTreeMap::new();
        flatten(String::new(), &tree, &mut leaves);
        Ok(Self { leaves, folder, known: BTreeSet::new(), problems: Vec::new() })
    }

    /// The value of a key, if it is there and fit.
    pub fn optional<T: FromText>(&mut self, key: &str) -> Option<T> {
        self.known.insert(key.to_owned());
        let read = match self.leaves.get(key)? {
            Leaf::One(text) => T::from_text(text).ok_or_else(|| not::<T>(text)),
            Leaf::List(_) => Err(format!("it is a list, and not {}", T::EXPECTED)),
        };
        read.map_err(|why| self.wrong(key, why)).ok()
    }

    /// The value of a key, or what it is without one.
    pub fn or<T: FromText>(&mut self, key: &str, default: T) -> T {
        self.optional(key).unwrap_or(default)
    }

    /// The value of a key that must be there.
    pub fn required<T: FromText>(&mut self, key: &str) -> Option<T> {
        let value = self.optional(key);
        if !self.leaves.contains_key(key) {
            self.wrong(key, format!("it is missing: give {}", T::EXPECTED));
        }
        value
    }

    /// A secret: what is wrong with it is told without showing it.
    pub fn secret(&mut self, key: &str) -> Option<String> {
        self.known.insert(key.to_owned());
        match self.leaves.get(key) {
            Some(Leaf::One(text)) if !text.is_empty() => Some(text.clone()),
            Some(_) => {
                self.wrong(key, "it is not a text".to_owned());
                None
            }
            None => None,
        }
    }

    /// A list; in the environment its items stand between commas. `None` if the key is not there.
    pub fn list<T: FromText>(&mut self, key: &str) -> Option<Vec<T>> {
        self.known.insert(key.to_owned());
        let texts: Vec<String> = match self.leaves.get(key)? {
            Leaf::One(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Leaf::List(texts) => texts.clone(),
        };
        let mut items = Vec::new();
        for text in texts {
            match T::from_text(&text) {
                Some(item) => items.push(item),
                None => self.wrong(key, not::<T>(&text)),
            }
        }
        Some(items)
    }

    /// A path, which begins where the file stands if it is relative.
    pub fn path(&mut self, key: &str) -> Option<PathBuf> {
        let path: String = self.optional(key)?;
        Some(self.folder.join(path))
    }

    /// Where relative paths begin.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tables of an array: `routes[0]`, `routes[1]` and so on, to put before their keys.
    #[must_use]
    pub fn tables(&self, key: &str) -> Vec<String> {
        let name = |index| format!("{key}[{index}]");
        let exists = |name: &String| {
            let start = format!("{name}.");
            self.leaves.keys().any(|leaf| leaf.starts_with(&start))
        };
        (0_usize..).map(name).take_while(exists).collect()
    }

    /// Whether any key of a table was given.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.leaves.keys().any(|leaf| is_of(leaf, table))
    }

    /// Leaves the other keys of a table unread: which there are depends on one that is missing or wrong.
    pub fn skip(&mut self, table: &str) {
        let keys = self.leaves.keys().filter(|leaf| is_of(leaf, table));
        self.known.extend(keys.cloned());
    }

    /// Whether a key was given, whatever its value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.leaves.contains_key(key)
    }

    /// Notes what is wrong with a key.
    pub fn wrong(&mut self, key: &str, why: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), why: why.into() });
    }

    /// Every key that was asked for.
    #[cfg(test)]
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that is wrong: also keys that nobody asked for, which are misspelt as a rule.
    pub fn finish(mut self) -> Result<(), Problems> {
        for key in self.leaves.keys().filter(|key| !self.known.contains(*key)) {
            self.problems.push(Problem { key: key.clone(), why: "there is no such key".to_owned() });
        }
        if self.problems.is_empty() { Ok(()) } else { Err(Problems(self.problems)) }
    }
}

impl Problems {
    fn of_file(why: String) -> Self {
        Self(vec![Problem { key: String::new(), why }])
    }
}

fn is_of(leaf: &str, table: &str) -> bool {
    leaf.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
}

fn flatten(path: String, value: &serde_json::Value, leaves: &mut BTreeMap<String, Leaf>) {
    use serde_json::Value::{Array, Null, Object, String as Text};
    match value {
        Null => {}
        Object(fields) => {
            for (name, value) in fields {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(inner, value, leaves);
            }
        }
        Array(items) if items.iter().any(serde_json::Value::is_object) => {
            for (index, value) in items.iter().enumerate() {
                flatten(format!("{path}[{index}]"), value, leaves);
            }
        }
        Array(items) => {
            leaves.insert(path, Leaf::List(items.iter().map(scalar).collect()));
        }
        Text(_) | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {
            leaves.insert(path, Leaf::One(scalar(value)));
        }
    }
}

fn scalar(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn not<T: FromText>(text: &str) -> String {
    format!("{text:?} is not {}", T::EXPECTED)
}

/// What can be the value of a key.
pub trait FromText: Sized {
    /// What it must be, for an error: "… is not *this*".
    const EXPECTED: &'static str;

    /// Reads it.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! from_text {
    ($($type:ty, $expected:literal, $read:expr;)+) => {
        $(impl FromText for $type {
            const EXPECTED: &'static str = $expected;

            fn from_text(text: &str) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(text)
            }
        })+
    };
}

from_text! {
    String, "a text", |text| (!text.is_empty()).then(|| text.to_owned());
    bool, "true or false", |text| text.parse().ok();
    u32, "a whole number", |text| text.parse().ok();
    u64, "a whole number", |text| text.parse().ok();
    usize, "a whole number", |text| text.parse().ok();
    SocketAddr, "an address and a port, such as 127.0.0.1:8080", |text| text.parse().ok();
    Duration, "a time such as 500ms, 5s, 15m, 12h or 90d", duration;
    Origin, "an origin such as https://example.com", |text| Self::parse(text).ok();
    FrameAncestor, "a host pattern such as https://app-*.example.com or http://localhost:*", |text| {
        HostPattern::parse(text).is_ok().then(|| Self(text.to_owned()))
    };
    PhoneNumber, "a telephone number in E.164, such as +16175550190", |text| Self::from_e164(text).ok();
    country::Id, "an ISO 3166 region, such as US", |text| text.parse().ok();
    AgentId, "an agent's id", |text| (!text.is_empty()).then(|| Self::new(text));
    PublicUrl, "an address such as https://calls.example.com, without query and fragment", PublicUrl::parse;
    Prefix, "the first digits of a telephone number, without +", |text| {
        let fits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    };
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|sign: char| !sign.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        "d" => number.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}

/// Pages that may frame the widget: an origin, where one `*` may stand for a part of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAncestor(String);

impl FrameAncestor {
    /// As a Content Security Policy has it, which knows a `*` only for whole labels. The widget itself looks closer.
    #[must_use]
    pub fn source(&self) -> String {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("https", &self.0));
        let (label, others) = rest.split_once('.').unwrap_or((rest, ""));
        if label.contains('*') && !others.is_empty() { format!("{scheme}://*.{others}") } else { self.0.clone() }
    }
}

/// The first digits of telephone numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(pub String);

/// Where everybody else reaches the gateway: a scheme, a host and maybe a path, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let http = matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none();
        (plain && http).then(|| Self(text.trim_end_matches('/').to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its origin.
    #[must_use]
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}
