//! Which CRM origins may embed the app.

use anyhow::{Error, Result, anyhow};
use std::fmt;
use std::str::FromStr;

/// HubSpot's own.
const DEFAULT: [&str; 2] = ["https://app.hubspot.com", "https://app-*.hubspot.com"];

/// A pattern of origins, in the form that the widget reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPattern(String);

impl FromStr for HostPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        cordboard::protocol::HostPattern::parse(text).map_err(|reason| anyhow!("{text:?} is {reason}"))?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HostPattern {
    /// HubSpot's own origins, then those added.
    pub(crate) fn with_default(added: &[Self]) -> Vec<Self> {
        DEFAULT.iter().map(|text| Self((*text).to_owned())).chain(added.iter().cloned()).collect()
    }

    /// As a Content Security Policy says it, which knows `*` only in place of whole labels at the start.
    pub(crate) fn csp_source(&self) -> String {
        let Some((scheme, host)) = self.0.split_once("://") else { return self.0.clone() };
        match host.rsplit_once('*').and_then(|(_, rest)| rest.split_once('.')) {
            Some((_, rest)) => format!("{scheme}://*.{rest}"),
            None => self.0.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csp_source(text: &str) -> String {
        text.parse::<HostPattern>().unwrap().csp_source()
    }

    #[test]
    fn the_default_is_what_the_widget_allows() {
        let patterns: Vec<String> = HostPattern::with_default(&[]).iter().map(ToString::to_string).collect();
        assert_eq!(patterns, DEFAULT);
        let allowed = DEFAULT.map(|text| cordboard::protocol::HostPattern::parse(text).unwrap());
        assert_eq!(
            cordboard::protocol::HostAllowList::new(allowed.into()),
            cordboard::protocol::HostAllowList::default()
        );
    }

    #[test]
    fn what_is_no_pattern_is_refused_by_name() {
        for text in [
            "",
            "*",
            "https://*.com",
            "http://crm.example.com",
            "https://a.example.com/",
            "https://a.example.com; script-src *",
        ] {
            let error = text.parse::<HostPattern>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is not a host pattern")), "{error}");
        }
    }

    #[test]
    fn a_policy_has_no_wildcard_within_a_label() {
        assert_eq!(csp_source("https://app-*.hubspot.com"), "https://*.hubspot.com");
        assert_eq!(csp_source("https://crm.a*b.example.com:8443"), "https://*.example.com:8443");
        assert_eq!(csp_source("https://app.hubspot.com"), "https://app.hubspot.com");
        assert_eq!(csp_source("http://localhost:*"), "http://localhost:*");
    }
}
