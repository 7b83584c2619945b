//! The address of a widget, as somebody types it in.

use cordboard::protocol::Origin;
use core::fmt;

/// The longest address that is taken, in bytes.
const MAX_LENGTH: usize = 2_048;

/// An address that a frame can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WidgetUrl {
    url: String,
    origin: Origin,
}

/// Why a text is not a [`WidgetUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WidgetUrlError {
    Empty,
    TooLong,
    Scheme,
    UserInfo,
    Host,
}

impl WidgetUrl {
    /// Reads an address. What stands behind `#` is left out: it is the demo network's control.
    pub(crate) fn parse(text: &str) -> Result<Self, WidgetUrlError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(WidgetUrlError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(WidgetUrlError::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(WidgetUrlError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(WidgetUrlError::Scheme),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?', '\\']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(WidgetUrlError::UserInfo);
        }
        let host = authority.to_ascii_lowercase();
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        let origin = Origin::parse(&format!("{scheme}://{host}")).map_err(|_| WidgetUrlError::Host)?;
        if path.chars().any(|sign| sign.is_whitespace() || sign.is_control() || sign == '\\') {
            return Err(WidgetUrlError::Host);
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { url: format!("{origin}{slash}{path}"), origin })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl fmt::Display for WidgetUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Enter the address of a calling app.",
            Self::TooLong => "The address is too long.",
            Self::Scheme => "The address must begin with https:// or http://.",
            Self::UserInfo => "The address must not hold a user name or password.",
            Self::Host => "This is not the address of a page, such as https://localhost:9025/.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_made_canonical() {
        for (text, url, origin) in [
            ("http://127.0.0.1:9001/", "http://127.0.0.1:9001/", "http://127.0.0.1:9001"),
            (" HTTPS://Widget.Example:443 ", "https://widget.example/", "https://widget.example"),
            ("http://localhost:80/App?a=B#x", "http://localhost/App?a=B", "http://localhost"),
            ("https://widget.example?a=1", "https://widget.example/?a=1", "https://widget.example"),
        ] {
            let read = WidgetUrl::parse(text).unwrap();
            assert_eq!((read.as_str(), read.origin().as_str()), (url, origin), "{text}");
        }
    }

    #[test]
    fn says_why_not() {
        for (text, error) in [
            ("  ", WidgetUrlError::Empty),
            ("localhost:9025", WidgetUrlError::Scheme),
            ("javascript:alert(1)", WidgetUrlError::Scheme),
            ("javascript://x%0aalert(1)", WidgetUrlError::Scheme),
            ("data:text/html,x", WidgetUrlError::Scheme),
            ("ftp://widget.example/", WidgetUrlError::Scheme),
            ("https://user:secret@widget.example/", WidgetUrlError::UserInfo),
            ("https://", WidgetUrlError::Host),
            ("https://*/", WidgetUrlError::Host),
            ("https://widget.example:x/", WidgetUrlError::Host),
            ("https://widget.example\\@evil.example/", WidgetUrlError::Host),
            ("https://widget.example/a b", WidgetUrlError::Host),
        ] {
            assert_eq!(WidgetUrl::parse(text), Err(error), "{text}");
        }
        assert_eq!(WidgetUrl::parse(&format!("https://a.example/{}", "a".repeat(3_000))), Err(WidgetUrlError::TooLong));
    }
}
