//! Who vouches for agents.

use super::{FromText, Hidden, Keys};
use std::time::Duration;
use url::{Host, Url};

/// Signing in by OpenID Connect.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// Who vouches: an address, exactly as the provider writes it.
    pub issuer: Issuer,
    /// What the provider knows this gateway as.
    pub client_id: String,
    /// What the gateway proves that with; none if PKCE alone is enough for the provider.
    pub client_secret: Option<Hidden>,
    /// What the provider is asked for.
    pub scopes: Vec<String>,
    /// The claim by which an agent is known.
    pub claim: String,
    /// The claim that is the name which people read.
    pub name_claim: String,
    /// Whether everybody is an agent for whom the provider vouches, and not only those whom the directory names.
    pub everyone: bool,
    /// A claim that must be there, and what it must be or hold.
    pub require: Option<(String, String)>,
    /// How long a session lasts until the provider is asked again.
    pub session: Duration,
}

/// The address of an identity provider: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether nobody between here and there can read or change what is said: by TLS, or because it does not leave this machine.
pub(crate) fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    (url.scheme() == "https" && url.has_host()) || (url.scheme() == "http" && is_loopback)
}

impl FromText for Issuer {
    const EXPECTED: &'static str =
        "an issuer such as https://login.example.com: https, or http on this machine, without query and fragment";

    fn from_text(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_plain = url.query().is_none() && url.fragment().is_none();
        let is_open = url.username().is_empty() && url.password().is_none();
        (is_safe(&url) && is_plain && is_open).then(|| Self(text.to_owned()))
    }
}

/// A working day, after which somebody who was dismissed is out.
const SESSION: Duration = Duration::from_secs(12 * 3_600);
/// Anybody can have an account there.
const PUBLIC_ISSUERS: [&str; 1] = ["https://accounts.google.com"];

/// Reads `[oidc]`; `None` if there is none, or something in it is wrong.
pub(super) fn read(keys: &mut Keys) -> Option<Oidc> {
    let is_given = keys.has_table("oidc");
    let (issuer, client_id) = if is_given {
        (keys.required("oidc.issuer"), keys.required("oidc.client_id"))
    } else {
        (keys.optional("oidc.issuer"), keys.optional("oidc.client_id"))
    };
    let client_secret = keys.secret("oidc.client_secret").map(Hidden);
    let scopes: Vec<String> =
        keys.list("oidc.scopes").unwrap_or_else(|| ["openid", "profile", "email"].map(str::to_owned).into());
    if !scopes.iter().any(|scope| scope == "openid") {
        keys.wrong("oidc.scopes", "it must hold openid");
    }
    let claim = keys.or("oidc.claim", "sub".to_owned());
    let name_claim = keys.or("oidc.name_claim", "name".to_owned());
    let everyone = keys.or("oidc.everyone", false);
    let (required, value) = (keys.optional("oidc.require_claim"), keys.optional("oidc.require_value"));
    for (here, there) in [("oidc.require_claim", "oidc.require_value"), ("oidc.require_value", "oidc.require_claim")] {
        if keys.has(here) && !keys.has(there) {
            keys.wrong(there, format!("it is missing: {here} is given"));
        }
    }
    let require = required.zip(value);
    let session = keys.or("oidc.session", SESSION);
    if session.is_zero() {
        keys.wrong("oidc.session", "it must be more than nothing");
    }
    let issuer: Issuer = issuer?;
    if everyone && require.is_none() && PUBLIC_ISSUERS.contains(&issuer.as_str().trim_end_matches('/')) {
        keys.wrong("oidc.everyone", "everybody can have an account there: give oidc.require_claim, such as hd");
    }
    Some(Oidc { issuer, client_id: client_id?, client_secret, scopes, claim, name_claim, everyone, require, session })
}
