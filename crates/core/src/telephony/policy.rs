use super::number::PhoneNumber;
use core::fmt;

/// What may be dialled from a browser. The gateway checks again with full metadata; this is what tells
/// a rep at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialPolicy {
    /// What is denied besides [`PREMIUM`].
    denied: Vec<String>,
}

/// Why a number may not be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyViolation {
    /// An emergency number: the call would not carry the rep's address.
    Emergency,
    /// Premium rate, shared cost, satellite or an international network: a target of toll fraud.
    PremiumRate,
}

/// Short numbers for help, as typed, before any country code is put in front of them.
const EMERGENCY: &str = "112 911 999 000 110 118 119 113 115 117 988";

/// Ranges that cost the caller or exist to be called by machines: premium, shared cost, satellite and
/// international networks, and the country codes that are only reserved for such services.
const PREMIUM: &str = "1900 1976 4490 4491 4487 33899 49900 3989 34803 870 878 881 882 883 979 808 888";

impl DialPolicy {
    /// Denies another range: a prefix of the number in E.164 without `+`.
    #[must_use]
    pub fn deny(mut self, prefix: impl Into<String>) -> Self {
        self.denied.push(prefix.into());
        self
    }

    /// Whether what was typed is an emergency number. Asked before it is read as a phone number, which it is not.
    #[must_use]
    pub fn is_emergency(typed: &str) -> bool {
        let keys = typed.bytes().filter(u8::is_ascii_digit);
        EMERGENCY.split_ascii_whitespace().any(|number| keys.clone().eq(number.bytes()))
    }

    /// Checks a number.
    ///
    /// # Errors
    /// When the number is in a denied range.
    pub fn check(&self, number: &PhoneNumber) -> Result<(), PolicyViolation> {
        let digits = number.digits();
        let is_in = |range: &str| digits.starts_with(range);
        if PREMIUM.split_ascii_whitespace().any(is_in) || self.denied.iter().any(|range| is_in(range)) {
            return Err(PolicyViolation::PremiumRate);
        }
        Ok(())
    }
}

impl fmt::Display for PolicyViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emergency => "emergency numbers can't be called from here",
            Self::PremiumRate => "premium-rate and satellite numbers are blocked",
        })
    }
}

impl core::error::Error for PolicyViolation {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: &str) -> Result<(), PolicyViolation> {
        DialPolicy::default().check(&PhoneNumber::from_e164(number).unwrap())
    }

    #[test]
    fn blocks_numbers_that_cost() {
        for number in
            ["+19005550142", "+19765550142", "+449098790000", "+870773123456", "+881612345678", "+979123456789"]
        {
            assert_eq!(check(number), Err(PolicyViolation::PremiumRate), "{number}");
        }
        for number in ["+16175550142", "+442079460958", "+4989123456", "+390669812345", "+33123456789"] {
            assert_eq!(check(number), Ok(()), "{number}");
        }
    }

    #[test]
    fn blocks_what_an_account_denies() {
        let policy = DialPolicy::default().deny("1617");
        let denied = PhoneNumber::from_e164("+16175550142").unwrap();
        assert_eq!(policy.check(&denied), Err(PolicyViolation::PremiumRate));
        let allowed = PhoneNumber::from_e164("+12125550142").unwrap();
        assert_eq!(policy.check(&allowed), Ok(()));
    }

    #[test]
    fn knows_emergency_numbers_as_they_are_typed() {
        for typed in ["911", "9-1-1", " 112 ", "999"] {
            assert!(DialPolicy::is_emergency(typed), "{typed}");
        }
        for typed in ["", "9", "9111", "0911", "+1 911 555 0142", "617 555 0142"] {
            assert!(!DialPolicy::is_emergency(typed), "{typed}");
        }
    }
}
