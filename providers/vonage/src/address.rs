//! Where Vonage calls us, and where we call Vonage.

use cordboard::telephony::{CallId, PhoneNumber};
use cordboard_bridge::{Leg, is_id};
use std::fmt;

/// Where the webhooks of this provider are.
const PATH: &str = "/webhooks/vonage/";

/// Webhooks under the server's public address.
#[derive(Clone, Debug)]
pub(crate) struct Webhooks(String);

impl Webhooks {
    pub(crate) fn new(public_url: &str) -> Self {
        Self([public_url, PATH].concat())
    }

    /// Which webhook an address is. Vonage does not sign it, so nothing else than what was given out is taken.
    pub(crate) fn path<'u>(&self, url: &'u str) -> Option<&'u str> {
        url.strip_prefix(&self.0).filter(|path| !path.contains(['?', '#']))
    }

    pub(crate) fn leg(&self, call: &CallId, leg: Leg) -> String {
        [&self.0, "call/", call.as_str(), "/", &leg.to_string()].concat()
    }

    /// Of a recording that an order began.
    pub(crate) fn recording(&self, call: &CallId, order: u32) -> String {
        [&self.0, "recording/", call.as_str(), "/", &order.to_string()].concat()
    }

    pub(crate) fn voicemail(&self, call: &CallId) -> String {
        [&self.0, "recording/", call.as_str(), "/voicemail"].concat()
    }
}

/// Regions and their data centres. Source: Vonage's documentation, "Voice API: regional endpoints".
pub(crate) const REGIONS: [&str; 9] = ["us", "eu", "ap", "us-3", "us-4", "eu-3", "eu-4", "ap-3", "ap-4"];

/// The host of a region, with its scheme.
pub(crate) fn region_host(region: &str) -> String {
    ["https://api-", region, ".vonage.com"].concat()
}

/// The region of an address that a webhook names. `None` if it is none of Vonage's: no token goes there.
pub(crate) fn region_of(url: &str) -> Option<&'static str> {
    let url = url.trim_end_matches('/');
    REGIONS.into_iter().find(|region| url == region_host(region))
}

/// A leg, and the region that it can be changed in, if that is not the configured one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LegId<'a> {
    pub(crate) uuid: &'a str,
    pub(crate) region: Option<&'a str>,
}

impl<'a> LegId<'a> {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (uuid, region) = text.split_once('@').map_or((text, None), |(uuid, region)| (uuid, Some(region)));
        let is_known = region.is_none_or(|region| REGIONS.contains(&region));
        (is_id(uuid) && is_known).then_some(Self { uuid, region })
    }
}

impl fmt::Display for LegId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uuid)?;
        self.region.map_or(Ok(()), |region| write!(f, "@{region}"))
    }
}

/// A number as it stands on Vonage's wire: without `+`.
pub(crate) fn to_wire(number: &PhoneNumber) -> &str {
    number.as_e164().trim_start_matches('+')
}

/// A number of Vonage's wire. `None` if it is withheld, or no number.
pub(crate) fn from_wire(text: &str) -> Option<PhoneNumber> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    digits.then(|| PhoneNumber::from_e164(&format!("+{text}")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_vonages_hosts_only() {
        assert_eq!(region_of("https://api-us-3.vonage.com"), Some("us-3"));
        assert_eq!(region_of("https://api-eu.vonage.com/"), Some("eu"));
        for url in [
            "",
            "http://api-us-3.vonage.com",
            "https://api-us-3.vonage.com.evil.example",
            "https://api-us-3.vonage.com@evil.example",
            "https://evil.example/api-us-3.vonage.com",
            "https://api-us-3.vonage.com:444",
            "https://api-us-3.vonage.com/v1",
            "https://api-xx-9.vonage.com",
            "https://API-US-3.vonage.com",
            "https://evilvonage.com",
            "//api-us-3.vonage.com",
        ] {
            assert_eq!(region_of(url), None, "{url}");
        }
    }

    #[test]
    fn legs_remember_their_region() {
        for (uuid, region) in [("63f61863-4a51", None), ("63f61863-4a51", Some("ap-4"))] {
            let id = LegId { uuid, region };
            assert_eq!(LegId::parse(&id.to_string()), Some(id));
        }
        for text in ["", "@us-3", "a/b", "a@", "a@evil.example", "a@us-3@us-3", "a?b@us-3"] {
            assert_eq!(LegId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_no_plus_on_the_wire() {
        let number = PhoneNumber::from_e164("+442079460000").unwrap();
        assert_eq!(to_wire(&number), "442079460000");
        assert_eq!(from_wire("442079460000"), Some(number));
        for text in
            ["", "+442079460000", "anonymous", "0", "44 207", "sip:a@x.example", "unknown", "４４２０７９４６０００"]
        {
            assert_eq!(from_wire(text), None, "{text}");
        }
    }

    #[test]
    fn webhooks_are_known_by_their_whole_address() {
        let webhooks = Webhooks::new("https://calls.example.com/x");
        assert_eq!(webhooks.path("https://calls.example.com/x/webhooks/vonage/event"), Some("event"));
        for url in [
            "https://evil.example/x/webhooks/vonage/event",
            "https://calls.example.com/webhooks/vonage/event",
            "https://calls.example.com/x/webhooks/vonage/event?a=1",
            "https://calls.example.com/x/webhooks/vonage/event#a",
        ] {
            assert_eq!(webhooks.path(url), None, "{url}");
        }
    }
}
