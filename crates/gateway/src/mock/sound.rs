//! What the mock network's recordings sound like: a tone for each, three seconds long.

use cordboard::telephony::{CallId, RecordingError, RecordingRef, RecordingSound, SoundPart};
use futures_util::stream;

/// Samples a second, of one byte each, around 128.
const RATE: u32 = 8_000;
const LENGTH: u32 = 3 * RATE;
/// How many samples make one wave, by the recording's number: whole tones upwards from 250 Hz.
const WAVES: [u32; 6] = [32, 28, 25, 24, 21, 19];
const LOUDNESS: u32 = 48;
const PIECE: usize = 4_096;

/// The call and the number of a recording, if it is one of a mock network's.
pub(super) fn parse(recording: &RecordingRef) -> Option<(CallId, usize)> {
    let (call, number) = recording.as_str().rsplit_once('.').filter(|(call, _)| call.starts_with("mock-"))?;
    Some((CallId::new(call), number.parse().ok()?))
}

/// The sound, or a part of it.
pub(super) fn sound(number: usize, part: Option<SoundPart>) -> Result<RecordingSound, RecordingError> {
    let mut file = wav(number);
    let length = file.len() as u64;
    let no_such_part = RecordingError::NoSuchPart { length: Some(length) };
    let part = part.map(|part| part.within(length).ok_or(no_such_part)).transpose()?;
    if let Some((first, last)) = part {
        let index = |byte| usize::try_from(byte).map_err(|_| no_such_part);
        file = file.get(index(first)?..=index(last)?).ok_or(no_such_part)?.to_vec();
    }
    let pieces: Vec<_> = file.chunks(PIECE).map(|piece| Ok(piece.to_vec())).collect();
    let chunks = Box::pin(stream::iter(pieces));
    Ok(RecordingSound { content_type: "audio/wav", length: Some(length), part, chunks })
}

/// PCM, one channel, 8 bits.
fn wav(number: usize) -> Vec<u8> {
    let wave = WAVES.get(number % WAVES.len()).copied().unwrap_or(32);
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((LENGTH + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([RATE, RATE].map(u32::to_le_bytes).concat());
    file.extend([1_u16, 8].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(LENGTH.to_le_bytes());
    // A triangle: up for half a wave, and down.
    file.extend((0..LENGTH).map(|sample| {
        let place = sample % wave;
        let height = place.min(wave - place) * 2 * LOUDNESS / wave;
        u8::try_from(128 + height - LOUDNESS / 2).unwrap_or(128)
    }));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_long_as_it_says() {
        let file = wav(1);
        assert_eq!((&file[..4], &file[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
        let sizes = [4, 40].map(|at| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize);
        assert_eq!(sizes, [file.len() - 8, file.len() - 44]);
        let samples = &file[44..];
        assert!(samples.iter().min() < Some(&110) && samples.iter().max() > Some(&140), "it is to be heard");
        assert_ne!(wav(2), file);
    }

    #[test]
    fn only_the_networks_own_names_are_known() {
        assert_eq!(parse(&RecordingRef::new("mock-1-2.3")), Some((CallId::new("mock-1-2"), 3)));
        for name in ["", "mock-1-2", "mock-1-2.", "mock-1-2.x", "RE1.1"] {
            assert_eq!(parse(&RecordingRef::new(name)), None, "{name}");
        }
    }
}
