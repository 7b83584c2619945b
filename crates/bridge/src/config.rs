//! What the configuration of any provider is checked for.

use secrecy::{ExposeSecret as _, SecretString};
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

/// The problems among checks: each a key, whether it is right, and what is wrong if it is not.
pub fn problems(checks: impl IntoIterator<Item = (&'static str, bool, &'static str)>) -> Vec<ConfigProblem> {
    let wrong = checks.into_iter().filter(|(_, right, _)| !right);
    wrong.map(|(key, _, problem)| ConfigProblem { key, problem }).collect()
}

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
