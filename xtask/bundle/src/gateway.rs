//! The gateway of a page that comes from elsewhere.

use anyhow::{Error, Result, bail};
use std::str::FromStr;

/// Its origin: by `https`, or by `http` on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Gateway(String);

impl Gateway {
    /// What tells the page.
    pub(crate) fn meta(&self) -> String {
        format!("<meta name=\"cordboard-gateway\" content=\"{}\">", self.0)
    }

    /// Where the page connects to: its requests and its socket.
    pub(crate) fn sources(&self) -> [String; 2] {
        [self.0.clone(), self.0.replacen("http", "ws", 1)]
    }
}

impl FromStr for Gateway {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let is_name = |host: &str| {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
        };
        let is_here = matches!(host, "localhost" | "127.0.0.1");
        let is_safe = scheme == "https" || (scheme == "http" && is_here);
        if !is_safe || !is_name(host) || port.parse::<u16>().is_err() {
            bail!("{text:?} is no gateway: give its origin, such as https://calls.example.com");
        }
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_origin() {
        let gateway: Gateway = "https://calls.example.com/".parse().unwrap();
        assert_eq!(gateway.meta(), "<meta name=\"cordboard-gateway\" content=\"https://calls.example.com\">");
        assert_eq!(gateway.sources(), ["https://calls.example.com", "wss://calls.example.com"]);
        let gateway: Gateway = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(gateway.sources(), ["http://127.0.0.1:8080", "ws://127.0.0.1:8080"]);
        for wrong in [
            "",
            "calls.example.com",
            "http://calls.example.com",
            "wss://calls.example.com",
            "https://calls.example.com/phone",
            "https://calls.example.com:port",
            "https://calls.example.com; script-src *",
            "https://calls.example.com\"><script>",
            "https://",
        ] {
            assert!(wrong.parse::<Gateway>().is_err(), "{wrong}");
        }
    }
}
