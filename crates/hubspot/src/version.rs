use std::fmt;
use std::str::FromStr;

/// Which version of the API is used. Each dated one is supported for 18 months; v3 and v4 until September 2027.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiVersion {
    /// `v3`, with v4's associations.
    V3,
    /// `2026-03`
    March2026,
    /// `2026-09`
    September2026,
}

impl ApiVersion {
    /// Every version, the oldest first.
    pub const ALL: [Self; 3] = [Self::V3, Self::March2026, Self::September2026];

    /// As it stands in paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::March2026 => "2026-03",
            Self::September2026 => "2026-09",
        }
    }

    /// Where the calling extensions are.
    pub(crate) const fn calling(self) -> &'static str {
        match self {
            Self::V3 => "/crm/v3/extensions/calling",
            Self::March2026 => "/crm/extensions/calling/2026-03",
            Self::September2026 => "/crm/extensions/calling/2026-09",
        }
    }

    /// Where the users' connection statuses are: in one version only.
    pub(crate) const fn connection_statuses() -> &'static str {
        "/crm/extensions/calling/v3/connection-statuses"
    }

    /// Where the calls are.
    pub(crate) const fn calls(self) -> &'static str {
        match self {
            Self::V3 => "/crm/v3/objects/calls",
            Self::March2026 => "/crm/objects/2026-03/calls",
            Self::September2026 => "/crm/objects/2026-09/calls",
        }
    }

    /// Where people are.
    pub(crate) const fn contacts(self) -> &'static str {
        match self {
            Self::V3 => "/crm/v3/objects/contacts",
            Self::March2026 => "/crm/objects/2026-03/contacts",
            Self::September2026 => "/crm/objects/2026-09/contacts",
        }
    }

    /// Where a call's associations are. Version 2026-09 names no path of its own for them.
    pub(crate) const fn associations(self) -> &'static str {
        match self {
            Self::V3 => "/crm/v4/objects/calls",
            Self::March2026 | Self::September2026 => "/crm/objects/2026-03/calls",
        }
    }

    /// Where tokens are.
    pub(crate) const fn tokens(self) -> &'static str {
        match self {
            Self::V3 => "/oauth/v3/token",
            Self::March2026 => "/oauth/2026-03/token",
            Self::September2026 => "/oauth/2026-09/token",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|version| version.as_str() == text);
        known.ok_or_else(|| format!("there is no version {text:?}; there are v3, 2026-03, 2026-09"))
    }
}
