//! The account at HubSpot whose timeline gets the calls.

use super::{FromText, Hidden, Keys};
use cordboard_hubspot::{Api, ApiVersion, AppId, PortalId};
use std::time::Duration;

/// An app at HubSpot, and the account that installs it.
#[derive(Clone, Debug)]
pub struct HubSpot {
    /// The app.
    pub app: AppId,
    /// The account.
    pub portal: PortalId,
    /// What HubSpot knows the app as.
    pub client_id: String,
    /// What the app proves that with.
    pub client_secret: Hidden,
    /// What the account is asked for.
    pub scopes: Vec<String>,
    /// What encrypts the account's tokens.
    pub token_keys: TokenKeys,
    /// How long after its end a call's record is completed.
    pub wait: Duration,
    /// After how long a search at HubSpot finds what was made there.
    pub search_delay: Duration,
    /// Where requests go.
    pub api: Api,
}

/// Keys of 256 bits: the first encrypts, the others still decrypt. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenKeys(Vec<[u8; 32]>);

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys(…)")
    }
}

impl TokenKeys {
    /// Reads keys of 64 hexadecimal digits with white space or commas between them. `None` if there is none, or something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let words = text.split(|sign: char| sign.is_whitespace() || sign == ',').filter(|word| !word.is_empty());
        let keys: Vec<[u8; 32]> = words.map(crate::random::unhex).collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The keys, the one that encrypts first.
    pub(crate) fn all(&self) -> &[[u8; 32]] {
        &self.0
    }
}

impl FromText for ApiVersion {
    const EXPECTED: &'static str = "v3, 2026-03 or 2026-09";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// What completing calls takes: to read and write them and people, and nothing else.
const SCOPES: [&str; 3] = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"];

/// Reads `[hubspot]`; `None` if there is none, or something in it is wrong.
pub(super) fn read(keys: &mut Keys) -> Option<HubSpot> {
    let is_given = keys.has_table("hubspot");
    let app: Option<u32> = expected(keys, "hubspot.app_id", is_given);
    let portal: Option<u64> = expected(keys, "hubspot.portal", is_given);
    let client_id = expected(keys, "hubspot.client_id", is_given);
    let client_secret = keys.secret("hubspot.client_secret");
    if is_given && !keys.has("hubspot.client_secret") {
        keys.wrong("hubspot.client_secret", "it is missing: give it by CORDBOARD__HUBSPOT__CLIENT_SECRET");
    }
    let token_keys = token_keys(keys, is_given);
    let scopes = keys.list("hubspot.scopes").unwrap_or_else(|| SCOPES.map(str::to_owned).into());
    let wait = keys.or("hubspot.wait", Duration::from_secs(30));
    let search_delay = keys.or("hubspot.search_delay", Duration::from_secs(60));
    let version = keys.or("hubspot.api_version", ApiVersion::March2026);
    let api = match keys.optional::<String>("hubspot.api_url").map(|url| Api::at(&url, version)) {
        None => Some(Api::new(version)),
        Some(api) => api.map_err(|error| keys.wrong("hubspot.api_url", error.to_string())).ok(),
    };
    Some(HubSpot {
        app: AppId(app?),
        portal: PortalId(portal?),
        client_id: client_id?,
        client_secret: Hidden(client_secret?),
        scopes,
        token_keys: token_keys?,
        wait,
        search_delay,
        api: api?,
    })
}

/// A key that must be there if the table is.
fn expected<T: FromText>(keys: &mut Keys, key: &str, is_given: bool) -> Option<T> {
    if is_given { keys.required(key) } else { keys.optional(key) }
}

/// The keys: as a file, or themselves.
fn token_keys(keys: &mut Keys, is_given: bool) -> Option<TokenKeys> {
    const FILE: &str = "hubspot.token_keys_file";
    const TEXT: &str = "hubspot.token_keys";
    let given = keys.secret(TEXT);
    let (key, text) = match keys.path(FILE) {
        None => (TEXT, given),
        Some(path) => match std::fs::read_to_string(path) {
            Ok(text) => (FILE, given.or(Some(text))),
            Err(error) => {
                keys.wrong(FILE, format!("it can't be read: {error}"));
                return None;
            }
        },
    };
    let Some(text) = text else {
        if is_given && !keys.has(TEXT) {
            keys.wrong(FILE, "it is missing: name a file with a key, such as `openssl rand -hex 32` makes");
        }
        return None;
    };
    let parsed = TokenKeys::parse(&text);
    if parsed.is_none() {
        keys.wrong(key, "it must hold keys of 64 hexadecimal digits, such as `openssl rand -hex 32` makes");
    }
    parsed
}
