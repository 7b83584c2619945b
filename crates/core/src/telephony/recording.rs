//! The recordings of calls.

use crate::platform::BoxStream;
use core::fmt;

/// The longest address of a recording, in bytes.
const MAX_LINK: usize = 2_048;

/// Which recording it is, as the event names it that says that it began.
///
/// To a page it is the address where the recording is heard. A [`Backend`](super::Backend)'s line says the provider's own name for
/// it, of which the server makes such an address. Its `Debug` hides it: whoever has the address can listen.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordingRef(String);

impl RecordingRef {
    /// Wraps an address or the provider's name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, if it is one of the web.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        let is_web = self.0.starts_with("https://") || self.0.starts_with("http://");
        let is_plain = self.0.bytes().all(|byte| byte.is_ascii_graphic());
        (is_web && is_plain && self.0.len() <= MAX_LINK).then_some(&self.0)
    }
}

impl fmt::Debug for RecordingRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingRef(…)")
    }
}

/// A part of a recording's bytes, as HTTP asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundPart {
    /// From this byte to the end.
    From(u64),
    /// From the first to the last, which belong to it.
    Between {
        /// The first byte, counted from 0.
        first: u64,
        /// The last one, or the recording's if that comes before.
        last: u64,
    },
    /// So many bytes at the end.
    Last(u64),
}

impl SoundPart {
    /// Reads the header `range`. `None` if it is something else, or several parts: then the whole is the answer.
    #[must_use]
    pub fn from_range(range: &str) -> Option<Self> {
        let (first, last) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        match (first, last) {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between { first, last })
            }
        }
    }

    /// Which bytes these are of so many: the first and the last. `None` if there are none.
    #[must_use]
    pub fn within(self, length: u64) -> Option<(u64, u64)> {
        let end = length.checked_sub(1)?;
        let (first, last) = match self {
            Self::From(first) => (first, end),
            Self::Between { first, last } => (first, last.min(end)),
            Self::Last(0) => return None,
            Self::Last(count) => (length.saturating_sub(count), end),
        };
        (first <= last).then_some((first, last))
    }
}

/// As the header `range` has it.
impl fmt::Display for SoundPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(first) => write!(f, "bytes={first}-"),
            Self::Between { first, last } => write!(f, "bytes={first}-{last}"),
            Self::Last(count) => write!(f, "bytes=-{count}"),
        }
    }
}

/// The sound of a recording, or a part of it.
pub struct RecordingSound {
    /// Such as `audio/mpeg` or `audio/wav`.
    pub content_type: &'static str,
    /// How many bytes the whole recording has, if the provider says so.
    pub length: Option<u64>,
    /// The first and the last byte of the part; `None` if this is the whole.
    pub part: Option<(u64, u64)>,
    /// The bytes as they come, each piece small.
    pub chunks: BoxStream<Result<Vec<u8>, RecordingError>>,
}

impl fmt::Debug for RecordingSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingSound").field("length", &self.length).field("part", &self.part).finish_non_exhaustive()
    }
}

/// Why there is nothing to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingError {
    /// It goes on, or is being made ready: ask again.
    NotReady,
    /// There is no such recording, or no more.
    Gone,
    /// It has no such part.
    NoSuchPart {
        /// How many bytes it has, if the provider says so.
        length: Option<u64>,
    },
    /// The provider can't be asked now, or broke off: ask again.
    Unavailable,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReady => "the recording is not ready yet",
            Self::Gone => "there is no such recording any more",
            Self::NoSuchPart { .. } => "the recording has no such part",
            Self::Unavailable => "the recording can't be had now",
        })
    }
}

impl core::error::Error for RecordingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links() {
        let link = |text: &str| RecordingRef::new(text).link().map(str::to_owned);
        for text in
            ["https://calls.example.com/recordings/RE1?made=1&signature=a", "http://127.0.0.1:8080/recordings/1"]
        {
            assert_eq!(link(text).as_deref(), Some(text));
        }
        for text in ["", "RE1", "javascript:alert(1)", "data:audio/wav,", "https://a b", "https://a\n", "//a", "https"]
        {
            assert_eq!(link(text), None, "{text}");
        }
        assert_eq!(link(&format!("https://{}", "a".repeat(MAX_LINK))), None);
    }

    #[test]
    fn who_has_the_address_can_listen_so_it_is_not_shown() {
        assert_eq!(format!("{:?}", RecordingRef::new("https://a/secret")), "RecordingRef(…)");
    }

    #[test]
    fn ranges_are_read_as_http_has_them() {
        for (text, part) in [
            ("bytes=0-", SoundPart::From(0)),
            ("bytes=7-7", SoundPart::Between { first: 7, last: 7 }),
            ("bytes=-500", SoundPart::Last(500)),
        ] {
            assert_eq!(SoundPart::from_range(text), Some(part));
            assert_eq!(part.to_string(), text);
        }
        for text in ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-", "bytes=a-"] {
            assert_eq!(SoundPart::from_range(text), None, "{text}");
        }
    }

    #[test]
    fn parts_end_where_the_recording_does() {
        let within = |text: &str, length| SoundPart::from_range(text).unwrap().within(length);
        assert_eq!(within("bytes=2-", 10), Some((2, 9)));
        assert_eq!(within("bytes=2-99", 10), Some((2, 9)));
        assert_eq!(within("bytes=-3", 10), Some((7, 9)));
        assert_eq!(within("bytes=-99", 10), Some((0, 9)));
        for text in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(within(text, 10), None, "{text}");
        }
        assert_eq!(within("bytes=0-", 0), None);
    }
}
