use crate::error::ApiError;
use core::time::Duration;
use http::{HeaderMap, header};

/// The form of a request, or its query.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a POST's body. Refuses what is no form, and fields that Twilio does not document, by name: Twilio ignores
    /// them, and so hides a typing error.
    pub(crate) fn of_body(headers: &HeaderMap, body: &[u8], documented: &[&str]) -> Result<Self, ApiError> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let is_form = content_type
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form && !body.is_empty() {
            return Err(ApiError::new(415, 20001, "the body has to be application/x-www-form-urlencoded"));
        }
        Self::checked(body, documented)
    }

    /// Reads a query.
    pub(crate) fn of_query(query: &str, documented: &[&str]) -> Result<Self, ApiError> {
        Self::checked(query.as_bytes(), documented)
    }

    fn checked(bytes: &[u8], documented: &[&str]) -> Result<Self, ApiError> {
        let form = Self(form_urlencoded::parse(bytes).into_owned().collect());
        match form.0.iter().find(|(name, _)| !documented.contains(&name.as_str())) {
            Some((name, _)) => Err(ApiError::bad_request(20001, format!("Unknown parameter: {name}"))),
            None => Ok(form),
        }
    }

    /// All names and values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A field's value; the last, if it is there several times.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// A field's value, unless it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Words, whether the field is repeated or holds several between spaces: Twilio takes both.
    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        self.all(name).flat_map(str::split_whitespace).map(str::to_owned).collect()
    }

    /// `None` if the field is missing. "Anything other than `true` or `false` is interpreted as `false`."
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Whole seconds between `least` and `most`.
    pub(crate) fn seconds(&self, name: &str, least: u64, most: u64, code: u32) -> Result<Option<Duration>, ApiError> {
        let Some(value) = self.filled(name) else { return Ok(None) };
        match value.parse() {
            Ok(seconds) if (least..=most).contains(&seconds) => Ok(Some(Duration::from_secs(seconds))),
            _ => Err(ApiError::bad_request(code, format!("{name} is not between {least} and {most}"))),
        }
    }

    /// A field that has one of these values, if it is there.
    pub(crate) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.filled(name) {
            Some(value) if !values.contains(&value) => {
                Err(ApiError::bad_request(20001, format!("{name} is not one of {}", values.join(", "))))
            }
            value => Ok(value),
        }
    }

    /// An absolute address, if the field is there.
    pub(crate) fn url(&self, name: &str, code: u32) -> Result<Option<String>, ApiError> {
        match self.filled(name) {
            Some(url) if !is_url(url) => Err(ApiError::bad_request(code, format!("{name} is not a valid URL"))),
            url => Ok(url.map(str::to_owned)),
        }
    }
}

/// Whether Twilio would call that address. Host names with underscores are refused.
fn is_url(url: &str) -> bool {
    let uri = url.split('#').next().and_then(|url| url.parse::<http::Uri>().ok());
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.contains('_'))
    })
}
