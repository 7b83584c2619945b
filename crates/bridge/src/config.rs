//! What the configuration of any provider has, and is checked for.

use crate::carrier::Settings;
use cordboard::telephony::PhoneNumber;
use core::ops::RangeInclusive;
use core::time::Duration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// A key of the configuration that can't be used, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key.
    pub key: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)
    }
}

impl std::error::Error for ConfigProblem {}

/// A key, whether it is right, and what is wrong if it is not.
pub type Check = (&'static str, bool, &'static str);

/// The problems among checks.
pub fn problems(checks: impl IntoIterator<Item = Check>) -> Vec<ConfigProblem> {
    let wrong = checks.into_iter().filter(|(_, right, _)| !right);
    wrong.map(|(key, _, problem)| ConfigProblem { key, problem }).collect()
}

/// How calls are made, whoever carries them: the part of a configuration that providers have in common.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct CallConfig {
    /// The number to show when an agent names none; the account's first if none. In E.164.
    pub default_caller_id: Option<String>,
    /// How long a dialled number rings, in seconds.
    pub ring_seconds: u16,
    /// How long a customer waits for an agent whose browser was lost, in seconds.
    pub rejoin_seconds: u16,
    /// How long a browser's token is valid, in seconds, at most a day.
    pub token_seconds: u32,
    /// What else the voice SDK in the browser is told.
    pub sdk_options: BTreeMap<String, Value>,
    /// How many events a line keeps for a listener that is behind.
    pub backlog: usize,
}

impl Default for CallConfig {
    fn default() -> Self {
        Self {
            default_caller_id: None,
            ring_seconds: 30,
            rejoin_seconds: 30,
            token_seconds: 3_600,
            sdk_options: BTreeMap::new(),
            backlog: 256,
        }
    }
}

impl CallConfig {
    /// What is checked, for a provider that lets a number ring for `rings`, and says so in `or_else`.
    #[must_use]
    pub fn checks(&self, rings: RangeInclusive<u16>, or_else: &'static str) -> [Check; 5] {
        [
            (
                "default_caller_id",
                self.default_caller_id.as_deref().is_none_or(is_number),
                "it is not a number in E.164",
            ),
            ("ring_seconds", rings.contains(&self.ring_seconds), or_else),
            ("rejoin_seconds", (1..=600).contains(&self.rejoin_seconds), "it must be 1 to 600"),
            ("token_seconds", (60..=LONGEST_TOKEN).contains(&self.token_seconds), "it must be 60 to 86400"),
            ("backlog", self.backlog > 0, "it must be at least 1"),
        ]
    }

    /// The number to show when an agent names none.
    #[must_use]
    pub fn caller_id(&self) -> Option<PhoneNumber> {
        self.default_caller_id.as_deref().and_then(|number| PhoneNumber::from_e164(number).ok())
    }

    /// How a line makes calls, where an agent's browser is called for that long.
    #[must_use]
    pub fn settings(&self, agent_ring_seconds: u16) -> Settings {
        Settings {
            ring_seconds: self.ring_seconds,
            agent_ring_seconds,
            rejoin_within: Duration::from_secs(self.rejoin_seconds.into()),
            default_caller_id: self.caller_id(),
            backlog: self.backlog,
        }
    }

    /// The options of the voice SDK, as JSON. One of them is `known` otherwise, if it is left out.
    #[must_use]
    pub fn sdk_settings(&self, known: Option<(&str, String)>) -> String {
        let mut options = self.sdk_options.clone();
        if let Some((name, value)) = known {
            options.entry(name.to_owned()).or_insert_with(|| value.into());
        }
        Value::from_iter(options).to_string()
    }
}

/// A day, in seconds. No provider takes tokens that are valid for longer.
pub const LONGEST_TOKEN: u32 = 86_400;

/// Whether there is a secret.
#[must_use]
pub fn is_secret(secret: Option<&SecretString>) -> bool {
    secret.is_some_and(|secret| !secret.expose_secret().is_empty())
}

/// Whether a text can be an id in a path: letters, digits and dashes. Services that speak like a provider have ids of
/// another form than its own, so only the signs are checked.
#[must_use]
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a text can be a part of a host's name.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_number(text: &str) -> bool {
    PhoneNumber::from_e164(text).is_ok()
}

/// Whether a text is the address of a server, without query or final slash: by HTTPS, or on this machine.
#[must_use]
pub fn is_server(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let local = match url.host() {
        Some(url::Host::Domain(domain)) => domain == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let safe = url.scheme() == "https" || local && url.scheme() == "http";
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    safe && plain && !text.ends_with('/')
}
