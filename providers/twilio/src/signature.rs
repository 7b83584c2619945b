//! Whether a webhook is Twilio's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use subtle::ConstantTimeEq as _;

/// The header that bears the signature, in lower case.
pub(crate) const HEADER: &str = "x-twilio-signature";

/// What signs webhooks. Which one is configured decides; a request can't choose the weaker.
#[derive(Clone, Debug)]
pub(crate) enum SigningKey {
    /// The account's primary auth token, by HMAC-SHA1.
    AuthToken(SecretString),
    /// A webhook shared key, by HMAC-SHA256.
    SharedKey(SecretString),
}

/// A request, as far as it is signed.
#[derive(Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// The address that Twilio called.
    pub(crate) url: &'a str,
    /// The form's fields, in any order; none if the body is not a form.
    pub(crate) form: &'a [(String, String)],
    /// The body, if it is not a form.
    pub(crate) other_body: Option<&'a [u8]>,
    /// What the header says.
    pub(crate) signature: &'a str,
}

impl SigningKey {
    /// Whether the request was signed with this key. Takes as long for a wrong signature as for a right one.
    pub(crate) fn verifies(&self, request: &Signed<'_>) -> bool {
        let url = request.url.split('#').next().unwrap_or_default();
        if let Some(body) = request.other_body
            && !body_matches(url, body)
        {
            return false;
        }
        let mut fits = subtle::Choice::from(0);
        for url in with_and_without_port(url) {
            let signature = self.sign(&url, request.form);
            fits |= signature.as_bytes().ct_eq(request.signature.as_bytes());
        }
        fits.into()
    }

    /// The signature of a request.
    pub(crate) fn sign(&self, url: &str, form: &[(String, String)]) -> String {
        let mut fields: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in form {
            fields.entry(name).or_default().insert(value);
        }
        let mut text = url.to_owned();
        for (name, values) in fields {
            for value in values {
                text.push_str(name);
                text.push_str(value);
            }
        }
        match self {
            Self::AuthToken(key) => {
                let mac = Hmac::<Sha1>::new_from_slice(key.expose_secret().as_bytes());
                mac.map(|mac| STANDARD.encode(mac.chain_update(&text).finalize().into_bytes()))
            }
            Self::SharedKey(key) => {
                let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes());
                mac.map(|mac| STANDARD.encode(mac.chain_update(&text).finalize().into_bytes()))
            }
        }
        // A key of any length is taken.
        .unwrap_or_default()
    }
}

/// Whether the body is the one whose hash is in the signed address.
fn body_matches(url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut hashes = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "bodySHA256");
    let (Some((_, expected)), None) = (hashes.next(), hashes.next()) else { return false };
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    hash.as_bytes().ct_eq(expected.to_ascii_lowercase().as_bytes()).into()
}

/// The address as it is, and with the scheme's own port written out or left out: Twilio does either.
fn with_and_without_port(url: &str) -> Vec<String> {
    let mut forms = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return forms };
    let port = match scheme {
        "https" | "wss" => ":443",
        "http" | "ws" => ":80",
        _ => return forms,
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // In `user:password@[::1]:443` the port is after the host, whatever colons come before.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.rsplit_once(']').map_or(host, |(_, after)| after);
    match host.rsplit_once(':') {
        None => forms.push(format!("{scheme}://{authority}{port}{path}")),
        Some(_) => {
            if let Some(bare) = authority.strip_suffix(port) {
                forms.push(format!("{scheme}://{bare}{path}"));
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_behind_whatever_colons() {
        for (one, other) in [
            ("https://x.example/a", "https://x.example:443/a"),
            ("https://x.example?a=b:c", "https://x.example:443?a=b:c"),
            ("https://[::1]/a", "https://[::1]:443/a"),
            ("https://u:p@x.example/a", "https://u:p@x.example:443/a"),
            ("http://x.example/a", "http://x.example:80/a"),
        ] {
            assert_eq!(with_and_without_port(one), [one, other]);
            assert_eq!(with_and_without_port(other), [other, one]);
        }
        assert_eq!(with_and_without_port("https://x.example:8443/a").len(), 1);
        assert_eq!(with_and_without_port("https://x.example:80/a").len(), 1);
        assert_eq!(with_and_without_port("nonsense"), ["nonsense"]);
    }
}
