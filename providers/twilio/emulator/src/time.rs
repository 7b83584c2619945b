use cordboard::Timestamp;
use core::time::Duration;
use std::time::UNIX_EPOCH;

/// RFC 2822 as Twilio writes it: `Sun, 22 Nov 2026 16:38:25 +0000`.
pub(crate) fn rfc_2822(at: Timestamp) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(at.as_millis())).replace("GMT", "+0000")
}

/// `2026-11-22`, in UTC.
pub(crate) fn date(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = rfc_2822(at);
    let parts: Vec<&str> = text.split(' ').collect();
    let [_, day, month, year, ..] = parts[..] else { return text };
    let month = MONTHS.iter().position(|known| *known == month).map_or(0, |index| index + 1);
    format!("{year}-{month:02}-{day}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_twilio_does() {
        let at = Timestamp::from_millis(1_795_365_505_123);
        assert_eq!(rfc_2822(at), "Sun, 22 Nov 2026 16:38:25 +0000");
        assert_eq!(date(at), "2026-11-22");
    }
}
