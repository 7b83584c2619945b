use cordboard::Timestamp;
use js_sys::{Array, Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// The name of a country by its ISO 3166 region, such as "Denmark" for `DK`, in the language of `locale`.
#[must_use]
pub fn region_name(locale: &str, region: &str) -> Option<String> {
    let names = Intl::DisplayNames::new(&Array::of1(&locale.into()), &options(&[("type", "region")]));
    names.of(region).map(Into::into)
}

/// The time of day if it was today, else the day and the month, as people who speak the language of `locale` write it.
#[must_use]
pub fn short_time(locale: &str, at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (date(at), date(now));
    if at.to_date_string() == now.to_date_string() {
        let options = options(&[("hour", "2-digit"), ("minute", "2-digit")]);
        return at.to_locale_time_string_with_options(locale, &options).into();
    }
    at.to_locale_date_string(locale, &options(&[("day", "numeric"), ("month", "short")])).into()
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
fn date(time: Timestamp) -> Date {
    Date::new(&JsValue::from(time.as_millis() as f64))
}

fn options(entries: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (key, value) in entries {
        // A new plain object takes every key.
        let _ = Reflect::set(&options, &(*key).into(), &(*value).into());
    }
    options
}
