//! Whether a request is HubSpot's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// How a request is signed. Which one is configured decides; a request can't choose the weaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureVersion {
    /// HMAC over method, address, body and time. What HubSpot sends now.
    V3,
    /// A hash of the app's secret, method, address and body. It never ages: whoever saw a request can send it again, and append to its body.
    V2,
    /// A hash of the app's secret and the body. It fits any address, too.
    V1,
}

/// A request as it came.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The address that HubSpot called, with scheme, host and query as they were sent. Behind a proxy it is made from
    /// configuration, never from what the request says of its host.
    pub url: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, untouched.
    pub body: &'a [u8],
}

/// Why a request is not taken for HubSpot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSigned {
    /// A header is missing, or is there twice.
    NoSignature,
    /// The time that it names is more than five minutes away from now.
    NotNow,
    /// It was signed by somebody else, or is not what was signed.
    Wrong,
}

impl fmt::Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSignature => "the request has no signature",
            Self::NotNow => "the signature is too old, or of a time to come",
            Self::Wrong => "the signature does not fit",
        })
    }
}

impl std::error::Error for NotSigned {}

/// Checks signatures with an app's client secret.
#[derive(Clone, Debug)]
pub struct Verifier {
    secret: SecretString,
    version: SignatureVersion,
}

const SIGNATURE_V3: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
const SIGNATURE: &str = "x-hubspot-signature";
const SIGNATURE_VERSION: &str = "x-hubspot-signature-version";
/// HubSpot's rule for the past. The same for what is to come: clocks differ either way.
const WINDOW: Duration = Duration::from_mins(5);

impl Verifier {
    /// Checks signatures of this version. `None` if the secret is empty: everybody could sign with that.
    #[must_use]
    pub fn new(secret: SecretString, version: SignatureVersion) -> Option<Self> {
        (!secret.expose_secret().is_empty()).then_some(Self { secret, version })
    }

    /// Whether HubSpot signed this. It takes as long for a wrong signature as for a right one.
    ///
    /// # Errors
    /// When it did not, or not within five minutes of now.
    pub fn verify(&self, now: Timestamp, request: &SignedRequest<'_>) -> Result<(), NotSigned> {
        let (given, expected) = match self.version {
            SignatureVersion::V3 => {
                let (given, time) = (only(request, SIGNATURE_V3)?, only(request, TIMESTAMP)?);
                let sent = time.parse().map(Timestamp::from_millis).map_err(|_| NotSigned::NoSignature)?;
                if now.since(sent).max(sent.since(now)) > WINDOW {
                    return Err(NotSigned::NotNow);
                }
                (given, self.sign_v3(request, time))
            }
            SignatureVersion::V2 => (self.old(request, "v2")?, self.sign_v2(request)),
            SignatureVersion::V1 => (self.old(request, "v1")?, self.hash(&[request.body])),
        };
        let fits: bool = expected.as_bytes().ct_eq(given.as_bytes()).into();
        if fits { Ok(()) } else { Err(NotSigned::Wrong) }
    }

    /// The signature in the older header, if it is of that version.
    fn old<'a>(&self, request: &SignedRequest<'a>, version: &str) -> Result<&'a str, NotSigned> {
        // Requests without a version are as old as the header.
        match request.headers.contains_key(SIGNATURE_VERSION) {
            true if only(request, SIGNATURE_VERSION)? != version => Err(NotSigned::NoSignature),
            _ => only(request, SIGNATURE),
        }
    }

    fn sign_v3(&self, request: &SignedRequest<'_>, time: &str) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).map(|mac| {
            mac.chain_update(request.method.as_str())
                .chain_update(decode(request.url))
                .chain_update(request.body)
                .chain_update(time)
                .finalize()
        });
        // A key of any length is taken.
        mac.map(|mac| STANDARD.encode(mac.into_bytes())).unwrap_or_default()
    }

    fn sign_v2(&self, request: &SignedRequest<'_>) -> String {
        self.hash(&[request.method.as_str().as_bytes(), request.url.as_bytes(), request.body])
    }

    fn hash(&self, parts: &[&[u8]]) -> String {
        let mut hash = Sha256::new_with_prefix(self.secret.expose_secret());
        for part in parts {
            hash.update(part);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The value of a header that is there once.
fn only<'a>(request: &SignedRequest<'a>, name: &str) -> Result<&'a str, NotSigned> {
    let mut values = request.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| NotSigned::NoSignature),
        _ => Err(NotSigned::NoSignature),
    }
}

/// An address as HubSpot signs it: these escapes are resolved, the others are not.
/// Source: HubSpot's documentation, "Validating requests", version 3.
fn decode(url: &str) -> String {
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let sign = after.get(..2).and_then(|code| {
            Some(match code.to_ascii_uppercase().as_str() {
                "3A" => ':',
                "2F" => '/',
                "3F" => '?',
                "40" => '@',
                "21" => '!',
                "24" => '$',
                "27" => '\'',
                "28" => '(',
                "29" => ')',
                "2A" => '*',
                "2C" => ',',
                "3B" => ';',
                _ => return None,
            })
        });
        decoded.push(sign.unwrap_or('%'));
        rest = if sign.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_escapes_are_resolved_once() {
        let all = "%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B";
        assert_eq!(decode(all), ":/?@!$'()*,;");
        assert_eq!(decode(&all.to_lowercase()), ":/?@!$'()*,;");
        for kept in ["%20", "%26", "%2B", "%3D", "%25", "%", "%2", "%%", "%ä", "%zz", "plain"] {
            assert_eq!(decode(kept), kept);
        }
        // What a first pass makes is not resolved again.
        assert_eq!(decode("%252F"), "%252F");
        assert_eq!(decode("%%2F"), "%/");
    }
}
