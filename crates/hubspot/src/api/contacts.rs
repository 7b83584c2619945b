use super::search::Search;
use super::{Api, calls::Page};
use crate::id::Id;
use crate::request::Request;
use http::Method;
use serde::Deserialize;

/// A record, as far as it is to be found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// Which record.
    pub id: Id,
}

/// Where a person's numbers are. The calculated ones are without a country's code, however somebody wrote them.
const NUMBERS: [&str; 2] = ["phone", "mobilephone"];
const CALCULATED: [&str; 2] = ["hs_searchable_calculated_phone_number", "hs_searchable_calculated_mobile_number"];

impl Api {
    /// Looks for the people of a number: in E.164, and as people dial it within its country, in digits.
    #[must_use]
    pub fn people_of(&self, e164: &str, national: &str) -> Request<Page<Found>> {
        let whole = NUMBERS.map(|name| (name, e164));
        let calculated = CALCULATED.map(|name| (name, national));
        let search = Search { sorts: Vec::new(), ..Search::any(&[whole, calculated].concat(), &[]) };
        let url = self.url(&format!("{}/search", self.version().contacts()));
        Request::for_json("contacts.search", Method::POST, &url).json(&search).searches()
    }
}
