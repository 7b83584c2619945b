use crate::text::split_once;
use core::fmt;

/// A telephone number in E.164: a country's calling code and up to 15 digits in all.
///
/// It knows syntax and calling codes, which are small. Whether a number is in service only its network knows.
/// Its `Debug` shows the last two digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// Why a text is not a [`PhoneNumber`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// There is nothing.
    Empty,
    /// It holds letters or other signs that no number has.
    NotANumber,
    /// It is an address of another kind, such as `sip:`.
    OtherAddress,
    /// It names an extension.
    Extension,
    /// Too few digits.
    TooShort,
    /// Too many digits.
    TooLong,
    /// No country has this calling code.
    UnknownCountry,
    /// It has no calling code and none to assume is known.
    NoCountry,
}

/// The ISO 3166 regions of the calling codes: what a code begins with, a colon, and two letters for each last digit from
/// 0 to 9. Shared codes name the largest region; [`NO_REGION`] is for a code of none, `..` is no code.
const CALLING_CODES: &str = "\
:..US..........RU.... 2:EG............ZA.... 3:GRNLBEFRES..HU....IT 4:ROCH..ATGBDKSENOPLDE 5:..PEMXCUARBRCLCOVE.. \
6:MYAUIDPHNZSGTH...... 8:..JPKR..VN..CN...... 9:TRINPKAFLKMM....IR.. 21:..SSMADZ....TN..LY.. 22:GMSNMRMLGNCIBFNETGBJ \
23:MULRSLGHNGTDCFCMCVST 24:GQGACGCDAOGWIOACSCSD 25:RWETSODJKETZUGBIMZ.. 26:ZMMGREZWNAMWLSBWSZKM \
29:SHER..........AWFOGL 35:GIPTLUIEISALMTCYFIBG 37:LTLVEEMDAMBYADMCSM.. 38:UARSMEXK..HRSIBA..MK \
42:CZSK..LI............ 50:FKBZGTSVHNNICRPAPMHT 59:GPBOGYECGFPYMQSRUYCW 67:TL..NFBNNRPGTOSBVUFJ \
68:PWWFCKNU..WSKINCTVPF 69:TKFMMH.............. 80:**..............**.. 85:KP..HKMO..KHLA...... \
87:**..............**.. 88:BD******....TW..**.. 96:MVLBJOSYIQKWSAYEOM.. 97:PSAEILBHQABTMNNP..** \
99:....TJTMAZGEKG..UZ..";

/// Stands for the region of a calling code that has none.
const NO_REGION: &str = "**";

/// Area codes of +1 outside the United States.
const NORTH_AMERICAN: &str = "CA204 CA226 CA236 CA249 CA250 CA257 CA263 CA289 CA306 CA343 CA354 CA365 CA367 CA368 CA382 \
CA387 CA403 CA416 CA418 CA428 CA431 CA437 CA438 CA450 CA460 CA468 CA474 CA506 CA514 CA519 CA548 CA579 CA581 CA584 CA587 \
CA604 CA613 CA639 CA647 CA672 CA683 CA705 CA709 CA742 CA753 CA778 CA780 CA782 CA807 CA819 CA825 CA867 CA873 CA879 CA902 \
CA905 CA942 BS242 BB246 AI264 AG268 VG284 VI340 KY345 BM441 GD473 TC649 JM658 MS664 MP670 GU671 AS684 SX721 LC758 DM767 \
VC784 PR787 DO809 DO829 DO849 TT868 KN869 JM876 PR939";

/// How a country groups its digits: its calling code, a dash and the size of each group. The rest are grouped in threes.
const GROUPS: &str = "1-334 7-3322 30-334 31-234 32-3222 33-12222 34-333 351-333 353-234 358-234 36-234 39-334 41-2322 \
44-46 45-2222 46-2322 47-323 48-333 49-38 52-244 54-244 55-254 60-244 61-144 64-234 65-44 81-244 82-244 852-44 86-344 \
90-334 91-55 971-234 972-234";

const MIN_DIGITS: usize = 7;
const MAX_DIGITS: usize = 15;
/// The longest text that is looked at: 15 digits and generous punctuation.
const MAX_TEXT: usize = 128;

/// How far the full-width forms of ASCII signs are from these.
const FULL_WIDTH: u32 = 0xfee0;
/// What stands between digits and means nothing: spaces, punctuation, and the invisible marks that copied text carries.
const READ_OVER: &str = " -()./[]\t\u{a0}\u{2007}\u{202f}\u{3000}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\
\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";

impl PhoneNumber {
    /// Reads a number as people write it. One without `+` or `00` is taken as a national number of `home`, a calling
    /// code such as `"1"`.
    ///
    /// # Errors
    /// When it can't be a number, saying why.
    pub fn parse(text: &str, home: Option<&str>) -> Result<Self, NumberError> {
        if text.len() > MAX_TEXT {
            return Err(NumberError::TooLong);
        }
        let mut text = text.trim_ascii();
        if let Some((scheme, rest)) = split_once(text, b':') {
            if !scheme.eq_ignore_ascii_case("tel") && !scheme.eq_ignore_ascii_case("callto") {
                return Err(NumberError::OtherAddress);
            }
            text = rest;
        }
        let (plus, digits) = read_digits(text)?;
        let number = if plus {
            digits
        } else if let Some(international) = digits.strip_prefix("00").filter(|rest| rest.len() >= MIN_DIGITS) {
            international.to_owned()
        } else {
            from_national(&digits, home)?
        };
        Self::from_digits(number)
    }

    /// Reads strict E.164: `+` and digits, nothing else. For machines.
    ///
    /// # Errors
    /// When it is not that.
    pub fn from_e164(text: &str) -> Result<Self, NumberError> {
        let digits = text.strip_prefix('+').ok_or(NumberError::NoCountry)?;
        if digits.len() > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::NotANumber);
        }
        Self::from_digits(digits.to_owned())
    }

    fn from_digits(digits: String) -> Result<Self, NumberError> {
        if digits.is_empty() {
            return Err(NumberError::Empty);
        }
        if digits.len() > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        if digits.len() < MIN_DIGITS {
            return Err(NumberError::TooShort);
        }
        match calling_code(&digits) {
            None => Err(NumberError::UnknownCountry),
            Some("1") if digits.len() < 11 => Err(NumberError::TooShort),
            Some("1") if digits.len() > 11 => Err(NumberError::TooLong),
            Some(_) => Ok(Self(["+", &digits].concat())),
        }
    }

    /// The number in E.164, such as `+15550100123`.
    #[must_use]
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// The digits without `+`.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.get(1..).unwrap_or_default()
    }

    /// The calling code, such as `"44"`.
    #[must_use]
    pub fn calling_code(&self) -> &str {
        calling_code(self.digits()).unwrap_or_default()
    }

    /// The ISO 3166 region, such as `"GB"`, as far as the number alone tells it.
    #[must_use]
    pub fn region(&self) -> Option<&'static str> {
        region(self.digits())
    }

    /// The number as its country writes it, such as `+44 20 7946 0958`.
    #[must_use]
    pub fn to_international(&self) -> String {
        format_typed(&self.0, None)
    }
}

/// Formats what was typed so far, and leaves alone what is not a number. Without `+` it is grouped as a national
/// number of `home`, a calling code.
#[must_use]
pub fn format_typed(text: &str, home: Option<&str>) -> String {
    let text = text.trim_ascii();
    let (plus, digits) = match read_digits(text) {
        Ok(read) if read.1.len() <= MAX_DIGITS => read,
        _ => return text.to_owned(),
    };
    let (code, national) = if plus {
        match calling_code(&digits) {
            Some(code) => (code, digits.get(code.len()..).unwrap_or_default()),
            None => return ["+", &digits].concat(),
        }
    } else {
        ("", digits.as_str())
    };
    let mut out = String::with_capacity(MAX_DIGITS + 8);
    if plus {
        out.push('+');
        out.push_str(code);
    }
    let scheme = if plus { code } else { home.unwrap_or_default() };
    let trunk = !plus && national.starts_with('0');
    let mut rest = national;
    if trunk {
        out.push('0');
        rest = national.get(1..).unwrap_or_default();
    }
    let separator = if scheme == "1" { '-' } else { ' ' };
    let mut first = !trunk;
    let mut groups = groups(scheme, rest).bytes().map(|digit| usize::from(digit - b'0'));
    while !rest.is_empty() {
        let size = groups.next().unwrap_or(if rest.len() == 4 { 4 } else { 3 }).min(rest.len());
        // Never `None`, as digits are ASCII. Code that might panic would bring the formatting of its message along.
        let Some((group, tail)) = rest.split_at_checked(size) else { break };
        if first && plus {
            out.push(' ');
        } else if !(first || trunk && out.len() == 1) {
            out.push(separator);
        }
        out.push_str(group);
        first = false;
        rest = tail;
    }
    out
}

/// The sizes of the groups, each a digit.
fn groups(code: &str, national: &str) -> &'static str {
    match code {
        "44" if national.starts_with('2') => "244",
        _ => GROUPS
            .split_ascii_whitespace()
            .find_map(|entry| entry.strip_prefix(code)?.strip_prefix('-'))
            .unwrap_or_default(),
    }
}

/// The digits of a text, and whether it begins with `+`. Spaces, punctuation, full-width digits and the invisible
/// marks that copied text carries are read over.
fn read_digits(text: &str) -> Result<(bool, String), NumberError> {
    let mut plus = false;
    let mut digits = String::new();
    let mut trunk_in_brackets = false;
    for (index, sign) in text.char_indices() {
        let sign = match sign {
            '\u{ff0b}' | '\u{ff0d}' | '\u{ff10}'..='\u{ff19}' => char::from((sign as u32 - FULL_WIDTH) as u8),
            _ => sign,
        };
        match sign {
            '0'..='9' => digits.push(sign),
            '+' if digits.is_empty() && !plus => plus = true,
            // "+44 (0)20": the bracketed zero is for callers at home only.
            '(' if plus && text.get(index..).is_some_and(|rest| rest.starts_with("(0)")) => trunk_in_brackets = true,
            ')' if trunk_in_brackets => {
                digits.pop();
                trunk_in_brackets = false;
            }
            _ if READ_OVER.chars().any(|known| known == sign) => {}
            'x' | 'X' | 'e' | 'E' | ',' | ';' | '#' if digits.len() >= MIN_DIGITS => {
                return Err(NumberError::Extension);
            }
            _ => return Err(NumberError::NotANumber),
        }
    }
    if digits.is_empty() {
        return Err(NumberError::Empty);
    }
    Ok((plus, digits))
}

fn from_national(digits: &str, home: Option<&str>) -> Result<String, NumberError> {
    let home = home.ok_or(NumberError::NoCountry)?;
    if home == "1" {
        if let Some(international) = digits.strip_prefix("011") {
            return Ok(international.to_owned());
        }
        return match digits.len() {
            11 if digits.starts_with('1') => Ok(digits.to_owned()),
            0..10 => Err(NumberError::TooShort),
            10 => Ok(["1", digits].concat()),
            _ => Err(NumberError::TooLong),
        };
    }
    // Italy and San Marino keep the zero; elsewhere it is for callers at home only.
    let subscriber = match home {
        "39" | "378" => digits,
        _ => digits.strip_prefix('0').unwrap_or(digits),
    };
    Ok([home, subscriber].concat())
}

/// The calling code that the digits begin with. No code is the beginning of another.
fn calling_code(digits: &str) -> Option<&str> {
    (1..=3).filter_map(|length| digits.get(..length)).find(|code| region_of_code(code).is_some())
}

/// The region of a calling code, [`NO_REGION`] for a code of none. `None` if there is no such code.
fn region_of_code(code: &str) -> Option<&'static str> {
    let mut rows = CALLING_CODES.split_ascii_whitespace();
    let region = rows.find_map(|row| {
        let (start, regions) = split_once(row, b':')?;
        let [last] = code.strip_prefix(start)?.as_bytes() else { return None };
        let place = 2 * usize::from(last.wrapping_sub(b'0'));
        regions.get(place..place + 2)
    });
    region.filter(|region| *region != "..")
}

fn region(digits: &str) -> Option<&'static str> {
    let code = calling_code(digits)?;
    if code == "1" {
        let area = digits.get(1..4).unwrap_or_default();
        let other = NORTH_AMERICAN.split_ascii_whitespace().find_map(|entry| entry.strip_suffix(area));
        return Some(other.unwrap_or("US"));
    }
    region_of_code(code).filter(|region| *region != NO_REGION)
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.0.len().saturating_sub(2);
        write!(f, "PhoneNumber(…{})", self.0.get(tail..).unwrap_or_default())
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no number",
            Self::NotANumber => "a phone number has only digits and punctuation",
            Self::OtherAddress => "only phone numbers can be called",
            Self::Extension => "an extension can't be dialled with the number",
            Self::TooShort => "the number is too short",
            Self::TooLong => "the number is too long",
            Self::UnknownCountry => "no country has this calling code",
            Self::NoCountry => "the number needs its country code",
        })
    }
}

impl core::error::Error for NumberError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, NumberError> {
        PhoneNumber::parse(text, Some("1")).map(|number| number.0)
    }

    #[test]
    fn reads_what_people_write() {
        for text in [
            "+1 617 555 0142",
            "(617) 555-0142",
            "1-617-555-0142",
            "tel:+1-617-555-0142",
            "\u{202a}+1 617 555 0142\u{202c}",
            "+１６１７５５５０１４２",
            "001 617 555 0142",
        ] {
            assert_eq!(parse(text).as_deref(), Ok("+16175550142"), "{text}");
        }
        assert_eq!(parse("+44 (0)20 7946 0958").as_deref(), Ok("+442079460958"));
        assert_eq!(parse("011 44 20 7946 0958").as_deref(), Ok("+442079460958"));
        let british = PhoneNumber::parse("020 7946 0958", Some("44")).unwrap();
        assert_eq!(british.as_e164(), "+442079460958");
        let italian = PhoneNumber::parse("06 698 12345", Some("39")).unwrap();
        assert_eq!(italian.as_e164(), "+390669812345");
    }

    #[test]
    fn says_why_not() {
        for (text, error) in [
            ("", NumberError::Empty),
            ("  ", NumberError::Empty),
            ("1-800-FLOWERS", NumberError::NotANumber),
            ("sip:agent@example.com", NumberError::OtherAddress),
            ("client:agent", NumberError::OtherAddress),
            ("+1 617 555 0142 x12", NumberError::Extension),
            ("+1 617 555 0142 ext. 12", NumberError::Extension),
            ("555", NumberError::TooShort),
            ("+1 617 555", NumberError::TooShort),
            ("+1234567890123456", NumberError::TooLong),
            ("+999 1234567", NumberError::UnknownCountry),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert_eq!(parse(&"1".repeat(10_000)), Err(NumberError::TooLong));
        assert_eq!(PhoneNumber::parse("617 555 0142", None), Err(NumberError::NoCountry));
    }

    #[test]
    fn writes_as_the_country_does() {
        for (number, written) in [
            ("+16175550142", "+1 617-555-0142"),
            ("+442079460958", "+44 20 7946 0958"),
            ("+447700900123", "+44 7700 900123"),
            ("+33199001234", "+33 1 99 00 12 34"),
            ("+97430901234", "+974 309 012 34"),
        ] {
            assert_eq!(PhoneNumber::from_e164(number).unwrap().to_international(), written);
        }
    }

    #[test]
    fn formats_while_typing() {
        for (typed, home, shown) in [
            ("6", "1", "6"),
            ("6175", "1", "617-5"),
            ("6175550142", "1", "617-555-0142"),
            ("+", "1", "+"),
            ("+4", "1", "+4"),
            ("+4420", "1", "+44 20"),
            ("+44207946", "1", "+44 20 7946"),
            ("02079460958", "44", "020 7946 0958"),
            ("hello", "1", "hello"),
        ] {
            assert_eq!(format_typed(typed, Some(home)), shown, "{typed}");
        }
    }

    #[test]
    fn knows_the_region() {
        for (number, region) in [
            ("+16175550142", Some("US")),
            ("+14165550142", Some("CA")),
            ("+442079460958", Some("GB")),
            ("+88112345678", None),
        ] {
            assert_eq!(PhoneNumber::from_e164(number).unwrap().region(), region);
        }
    }

    #[test]
    fn debug_hides_the_number() {
        let shown = format!("{:?}", PhoneNumber::from_e164("+16175550142").unwrap());
        assert_eq!(shown, "PhoneNumber(…42)");
    }
}
