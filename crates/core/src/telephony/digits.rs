use core::fmt;

/// Keys of a telephone: `0` to `9`, `*`, `#`. Its `Debug` hides them: they may be a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

/// Why a text is not [`Digits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigitsError {
    /// There is none.
    Empty,
    /// More than [`Digits::MAX_LENGTH`].
    TooLong,
    /// Something that no key sends.
    NotAKey,
}

impl Digits {
    /// The most keys in one order.
    pub const MAX_LENGTH: usize = 64;

    /// Reads keys.
    ///
    /// # Errors
    /// When the text is empty, too long or holds anything else than keys.
    pub fn parse(text: &str) -> Result<Self, DigitsError> {
        if text.is_empty() {
            return Err(DigitsError::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(DigitsError::TooLong);
        }
        if !text.bytes().all(|key| matches!(key, b'0'..=b'9' | b'*' | b'#')) {
            return Err(DigitsError::NotAKey);
        }
        Ok(Self(text.to_owned()))
    }

    /// The keys.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({} keys)", self.0.len())
    }
}

impl fmt::Display for DigitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no digits",
            Self::TooLong => "too many digits at once",
            Self::NotAKey => "only 0 to 9, * and # can be sent",
        })
    }
}

impl core::error::Error for DigitsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_only() {
        assert_eq!(Digits::parse("0123456789*#").unwrap().as_str(), "0123456789*#");
        assert_eq!(Digits::parse(&"1".repeat(Digits::MAX_LENGTH)).unwrap().as_str().len(), Digits::MAX_LENGTH);
        for (text, error) in [
            ("", DigitsError::Empty),
            ("12a", DigitsError::NotAKey),
            ("1 2", DigitsError::NotAKey),
            ("١", DigitsError::NotAKey),
            ("1".repeat(Digits::MAX_LENGTH + 1).as_str(), DigitsError::TooLong),
        ] {
            assert_eq!(Digits::parse(text), Err(error));
        }
    }

    #[test]
    fn debug_hides_the_keys() {
        assert_eq!(format!("{:?}", Digits::parse("4321").unwrap()), "Digits(4 keys)");
    }
}
