use super::{Reply, answer};
use crate::error::ApiError;
use crate::form::Form;
use serde_json::{Map, Value, json};

/// Twilio's default and its limit.
const PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 1_000;

/// One page of a list, with the addresses of the others.
pub(crate) fn page(name: &str, path: &str, query: &Form, all: Vec<Value>) -> Reply {
    let number = |field: &str| -> Result<Option<usize>, ApiError> {
        let Some(value) = query.filled(field) else { return Ok(None) };
        let bad = |_| ApiError::bad_request(20001, format!("{field} is not a number"));
        value.parse().map(Some).map_err(bad)
    };
    let size = number("PageSize")?.unwrap_or(PAGE_SIZE);
    if !(1..=MAX_PAGE_SIZE).contains(&size) {
        return Err(ApiError::bad_request(20006, "Page size must be between 1 and 1000"));
    }
    let page = number("Page")?.unwrap_or(0);
    // Twilio wants the token of a page with its number, and takes no other way to it.
    let token = |page: usize| format!("PA{page:032x}");
    if page > 0 && query.get("PageToken") != Some(&token(page)) {
        return Err(ApiError::bad_request(20001, "Page needs the PageToken of next_page_uri"));
    }
    let start = page.saturating_mul(size).min(all.len());
    let end = (start + size).min(all.len());
    let uri = |page: usize| {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let kept = query.pairs().filter(|(name, _)| !matches!(*name, "Page" | "PageSize" | "PageToken"));
        pairs.extend_pairs(kept).append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if page > 0 {
            pairs.append_pair("PageToken", &token(page));
        }
        format!("{path}?{}", pairs.finish())
    };
    let more = end < all.len();
    let items: Vec<Value> = all.into_iter().skip(start).take(end - start).collect();
    let mut body = Map::new();
    body.insert(name.to_owned(), items.into());
    body.insert("page".to_owned(), json!(page));
    body.insert("page_size".to_owned(), json!(size));
    body.insert("start".to_owned(), json!(start));
    body.insert("end".to_owned(), json!(end.saturating_sub(1)));
    body.insert("uri".to_owned(), json!(uri(page)));
    body.insert("first_page_uri".to_owned(), json!(uri(0)));
    body.insert("next_page_uri".to_owned(), json!(more.then(|| uri(page + 1))));
    body.insert("previous_page_uri".to_owned(), json!(page.checked_sub(1).map(uri)));
    Ok(answer(200, &Value::Object(body)))
}

/// Whether a date passes a list's filters `Name`, `Name<` (on or before) and `Name>` (on or after), which are days in UTC.
pub(crate) fn in_dates(query: &Form, name: &str, date: Option<&str>) -> bool {
    let filter = |suffix: &str| query.filled(&format!("{name}{suffix}")).map(|date| date.get(..10).unwrap_or(date));
    let passes = |filter: Option<&str>, holds: fn(&str, &str) -> bool| {
        filter.is_none_or(|wanted| date.is_some_and(|date| holds(date, wanted)))
    };
    passes(filter(""), |date, wanted| date == wanted)
        && passes(filter("<"), |date, wanted| date <= wanted)
        && passes(filter(">"), |date, wanted| date >= wanted)
}
