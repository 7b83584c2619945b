//! Times as HubSpot writes them.

use cordboard::Timestamp;
use serde::{Deserialize as _, Deserializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Reads a date, or milliseconds. A time is worth less than the rest of an answer: one that can't be read is none.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Value::deserialize(deserializer).map(|value| parse(&value))
}

fn parse(value: &Value) -> Option<Timestamp> {
    let millis = match value {
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos() / 1_000_000,
        other => i128::from(other.as_u64()?),
    };
    u64::try_from(millis).ok().map(Timestamp::from_millis)
}

/// As a date, in UTC.
pub(crate) fn write(time: Timestamp) -> String {
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    let date = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_are_read_and_written() {
        let time = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(write(time), "2023-11-14T22:13:20.123Z");
        for same in
            [json!("2023-11-14T22:13:20.123Z"), json!("2023-11-14T23:13:20.123+01:00"), json!(1_700_000_000_123_u64)]
        {
            assert_eq!(parse(&same), Some(time), "{same}");
        }
        for other in [json!(""), json!("yesterday"), json!(null), json!(-1), json!("1969-12-31T23:59:59Z"), json!([])] {
            assert_eq!(parse(&other), None, "{other}");
        }
        assert_eq!(write(Timestamp::from_millis(u64::MAX)), "1970-01-01T00:00:00Z");
    }
}
