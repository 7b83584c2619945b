//! Times as the user reads them.

use cordboard::Timestamp;
use core::time::Duration;
use js_sys::Date;

#[expect(clippy::cast_precision_loss, reason = "JavaScript's dates are exact for the next 280,000 years")]
fn date(time: Timestamp) -> Date {
    Date::new(&(time.as_millis() as f64).into())
}

/// Such as `Nov 22, 2026, 3:04 PM`, in the user's time zone.
pub(super) fn moment(time: Timestamp) -> String {
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        // A new plain object takes every key.
        let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
    }
    date(time).to_locale_string("en-US", &options).into()
}

/// Such as `15:04:05.678`, in the user's time zone.
pub(super) fn clock(time: Timestamp) -> String {
    let date = date(time);
    let (hours, minutes, seconds) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:03}", date.get_milliseconds())
}

/// Such as `2 min 3 s`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
