//! Recordings: what they are called before the provider calls them anything, and their sound.

use crate::bridge::Fact;
use crate::client::{Call, Client};
use crate::transport::Chunks;
use cordboard::telephony::{CallId, Entry, RecordingError, RecordingRef, RecordingSound, SoundPart};
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderName, RANGE};
use http::{HeaderValue, Response, StatusCode};

/// The name of a recording whose id the provider tells when it is over: the order that began it.
pub(crate) fn name(call: &CallId, order: u32) -> String {
    format!("{call}.{order}")
}

/// The call and the order of such a name; no provider's id ends like that.
pub(crate) fn parse(recording: &RecordingRef) -> Option<(CallId, u32)> {
    let (call, order) = recording.as_str().rsplit_once('.')?;
    Some((CallId::new(call), order.parse().ok()?))
}

/// The provider's id of the recording that an order began, by what the journal has of the call.
pub(crate) fn find(entries: &[Entry], order: u32) -> Result<String, RecordingError> {
    if entries.is_empty() {
        return Err(RecordingError::Gone);
    }
    let files = entries.iter().rev().filter_map(|entry| match Fact::from_body(&entry.body) {
        Some(Fact::Recorded { file }) => Some(file),
        _ => None,
    });
    match files.into_iter().find(|file| file.order == Some(order)) {
        Some(file) if file.ready => Ok(file.id),
        Some(_) => Err(RecordingError::Gone),
        None => Err(RecordingError::NotReady),
    }
}

impl Client {
    /// The sound that a request asks for, or a part of it, as it comes. What is missing is [gone](RecordingError::Gone), unless the
    /// carrier knows better.
    ///
    /// # Errors
    /// When there is none. The request is sent once: whoever listens can ask again.
    pub async fn sound(
        &self,
        mut call: Call,
        part: Option<SoundPart>,
        content_type: &'static str,
    ) -> Result<RecordingSound, RecordingError> {
        let range = part.and_then(|part| HeaderValue::from_str(&part.to_string()).ok());
        call.request.headers_mut().extend(range.map(|range| (RANGE, range)));
        let answer = self.open(call).await.map_err(|error| {
            tracing::warn!(%error, "a recording can't be had");
            RecordingError::Unavailable
        })?;
        let (part, length) = match answer.status() {
            StatusCode::OK => (None, number(&answer, &CONTENT_LENGTH)),
            StatusCode::PARTIAL_CONTENT => {
                let (part, length) = content_range(&answer).ok_or(RecordingError::Unavailable)?;
                (Some(part.ok_or(RecordingError::Unavailable)?), length)
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let length = content_range(&answer).and_then(|(_, length)| length);
                return Err(RecordingError::NoSuchPart { length });
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => return Err(RecordingError::Gone),
            // Also a redirect: the credentials are for the provider only, and nobody else's answer is its recording.
            status => {
                tracing::warn!(status = status.as_u16(), "a recording can't be had");
                return Err(RecordingError::Unavailable);
            }
        };
        let chunks = answer.into_body().map(|chunk| chunk.map_err(|_| RecordingError::Unavailable));
        Ok(RecordingSound { content_type, length, part, chunks: Box::pin(chunks) })
    }
}

fn number(answer: &Response<Chunks>, name: &HeaderName) -> Option<u64> {
    answer.headers().get(name)?.to_str().ok()?.parse().ok()
}

type Part = (u64, u64);

/// The part that the answer is, and how long the whole is.
fn content_range(answer: &Response<Chunks>) -> Option<(Option<Part>, Option<u64>)> {
    let (part, length) = answer.headers().get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    let part = part.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    Some((part, length.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::{News, RecordingFile};
    use cordboard::Timestamp;

    fn told(id: &str, ready: bool, order: Option<u32>) -> Entry {
        let file = RecordingFile { id: id.to_owned(), ready, seconds: None, voicemail: false, order };
        News::Recorded(file).entry(CallId::new("a.b"), format!("recording/{id}"), Timestamp::default())
    }

    #[test]
    fn the_order_finds_the_recording() {
        let recording = RecordingRef::new(name(&CallId::new("a.b"), 4));
        assert_eq!(parse(&recording), Some((CallId::new("a.b"), 4)));
        for id in ["RE1", "1f0c@media.example.com", ""] {
            assert_eq!(parse(&RecordingRef::new(id)), None, "{id}");
        }
        // Told in another order than begun, and one of them again.
        let entries =
            [told("6", true, Some(6)), told("x", true, None), told("4", true, Some(4)), told("8", false, Some(8))];
        assert_eq!(find(&entries, 4), Ok("4".to_owned()));
        assert_eq!(find(&entries, 6), Ok("6".to_owned()));
        assert_eq!(find(&entries, 8), Err(RecordingError::Gone), "there was nothing to be heard");
        assert_eq!(find(&entries, 9), Err(RecordingError::NotReady));
        assert_eq!(find(&[], 4), Err(RecordingError::Gone), "the call is forgotten");
    }
}
