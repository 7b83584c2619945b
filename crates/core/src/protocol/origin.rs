use crate::text::split_once;
use core::fmt;

/// A window's origin as a browser reports it: `https://host` or `http://host`, with `:port` where it is not the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is not an origin in the form that browsers report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin;

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// When the text is not what a browser would report: `null`, `*`, upper case, a path, user info, a trailing dot, a
    /// default port that is written out, another scheme than http and https, a host that is not ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        Parts::of(text).map(|_| Self(text.to_owned())).ok_or(InvalidOrigin)
    }

    /// The origin, fit to be the target of a `postMessage`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody on the way can read or change what a page of this origin receives.
    pub(super) fn is_secure(&self) -> bool {
        Parts::of(&self.0).is_some_and(|parts| parts.scheme == "https" || is_loopback(parts.host))
    }
}

/// Which origins may embed the widget: an origin, where one `*` may stand for a part of a label or for the port.
///
/// - `https://app.hubspot.com` is this origin only.
/// - `https://app-*.hubspot.com`: `*` is one or more of `a-z` and `0-9`, so it never spans a dot. It can't stand in the
///   last two labels.
/// - `http://localhost:*` is any port. Plain http is for `localhost` and `127.0.0.1` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
}

/// A text that is not a [`HostPattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPattern;

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When the text is not an origin apart from its `*`, or would allow more than one owner's hosts.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let (origin, any_port) = split_any_port(text);
        let (before, after) = split_once(origin, b'*').unwrap_or((origin, ""));
        let has_star = before.len() < origin.len();
        // A letter in the place of `*` makes it an origin, or it is no pattern.
        let example = [before, if has_star { "a" } else { "" }, after].concat();
        let example = Parts::of(&example).ok_or(InvalidPattern)?;
        let star_in_domain = has_star && after.bytes().filter(|byte| *byte == b'.').count() < 2;
        let plain_http = example.scheme == "http" && !is_loopback(example.host);
        if star_in_domain || plain_http || (any_port && example.port.is_some()) {
            return Err(InvalidPattern);
        }
        Ok(Self { text: text.to_owned() })
    }

    fn matches(&self, origin: &Parts<'_>) -> bool {
        let (text, any_port) = split_any_port(&self.text);
        let Some(pattern) = Parts::split(text) else { return false };
        let host = match split_once(pattern.host, b'*') {
            None => origin.host == pattern.host,
            Some((before, after)) => {
                origin.host.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(|part| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                })
            }
        };
        host && origin.scheme == pattern.scheme && (any_port || origin.port == pattern.port)
    }
}

/// The pages that may embed the widget. By default HubSpot's own: `https://app.hubspot.com` and its regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAllowList(Vec<HostPattern>);

impl Default for HostAllowList {
    fn default() -> Self {
        Self(
            ["https://app.hubspot.com", "https://app-*.hubspot.com"]
                .map(|text| HostPattern { text: text.to_owned() })
                .into(),
        )
    }
}

impl HostAllowList {
    /// A list of these patterns only.
    #[must_use]
    pub const fn new(patterns: Vec<HostPattern>) -> Self {
        Self(patterns)
    }

    /// Allows more hosts.
    #[must_use]
    pub fn allow(mut self, pattern: HostPattern) -> Self {
        self.0.push(pattern);
        self
    }

    /// Whether a page of this origin may embed the widget. Allocates nothing.
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        Parts::of(origin).is_some_and(|parts| self.0.iter().any(|pattern| pattern.matches(&parts)))
    }
}

/// Who sent a message, as the browser says. Never what the message says.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The event's `origin`.
    pub origin: &'a str,
    /// Whether the event's `source` is the window at the other end: `window.parent` for a widget, the iframe's
    /// `contentWindow` for a host.
    pub is_peer: bool,
}

struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = match text.strip_prefix("https://") {
            Some(rest) => ("https", rest),
            None => ("http", text.strip_prefix("http://")?),
        };
        let (host, port) = match split_once(rest, b':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        Some(Self { scheme, host, port })
    }

    /// The parts of an origin in canonical form.
    fn of(text: &'a str) -> Option<Self> {
        let parts = Self::split(text)?;
        let default_port = if parts.scheme == "https" { "443" } else { "80" };
        let port = parts.port.is_none_or(|port| port != default_port && is_port(port));
        (port && parts.host.len() <= 253 && parts.host.as_bytes().split(|byte| *byte == b'.').all(is_label))
            .then_some(parts)
    }
}

fn split_any_port(pattern: &str) -> (&str, bool) {
    pattern.strip_suffix(":*").map_or((pattern, false), |origin| (origin, true))
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_label(text: &[u8]) -> bool {
    !matches!(text, [] | [b'-', ..] | [.., b'-'])
        && text.len() <= 63
        && text.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1")
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an origin such as https://example.com")
    }
}

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a host pattern such as https://app-*.example.com or http://localhost:*")
    }
}

impl core::error::Error for InvalidOrigin {}
impl core::error::Error for InvalidPattern {}
