//! The number field.

use super::Model;
use cordboard::telephony::{NumberError, PhoneNumber};

impl Model {
    /// What was typed, as a number.
    ///
    /// # Errors
    /// Why it is none, yet.
    pub fn read_number(&self, typed: &str) -> Result<PhoneNumber, NumberError> {
        PhoneNumber::parse(typed, self.flow.home())
    }
}

/// Where the caret goes when a text that was typed is shown in groups: behind as many digits as before. In UTF-16
/// units, as the browser counts.
pub(crate) fn caret_after(typed: &str, caret: u32, shown: &str) -> u32 {
    let caret = usize::try_from(caret).unwrap_or(usize::MAX);
    if caret >= typed.encode_utf16().count() {
        return u32::try_from(shown.encode_utf16().count()).unwrap_or(u32::MAX);
    }
    // What separates groups is ASCII.
    let is_kept = |unit: &u16| u8::try_from(*unit).is_ok_and(|sign| sign == b'+' || sign.is_ascii_alphanumeric());
    let kept = typed.encode_utf16().take(caret).filter(is_kept).count();
    let mut units = shown.encode_utf16();
    let mut left = kept;
    let mut position = 0;
    while left > 0 {
        let Some(unit) = units.next() else { break };
        position += 1;
        left -= usize::from(is_kept(&unit));
    }
    position
}

#[cfg(test)]
mod tests {
    use super::caret_after;

    #[test]
    fn the_caret_stays_behind_the_digit_that_was_typed() {
        // Typed at the end, in the middle, and just behind a separator.
        assert_eq!(caret_after("6175", 4, "617-5"), 5);
        assert_eq!(caret_after("6197-5", 3, "619-75"), 3);
        assert_eq!(caret_after("617-95", 5, "617-95"), 5);
        assert_eq!(caret_after("+4570", 3, "+45 70"), 3);
    }

    #[test]
    fn a_separator_that_is_deleted_lets_the_caret_pass() {
        assert_eq!(caret_after("6175", 3, "617-5"), 3);
    }

    #[test]
    fn a_caret_beyond_the_text_is_at_its_end() {
        assert_eq!(caret_after("12", u32::MAX, "12"), 2);
        assert_eq!(caret_after("12x", 2, ""), 0);
    }
}
