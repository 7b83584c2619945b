//! Sound: 8,000 samples a second in frames of 20 ms, and what is counted of it.

use serde::Serialize;
use std::collections::VecDeque;

/// Samples of 20 ms.
pub(crate) const FRAME: usize = 160;
pub(crate) type Frame = [i16; FRAME];

/// What a telephone says.
pub const PHONE_HZ: u16 = 400;
/// Music: on hold, or alone in a conference.
pub const MUSIC_HZ: u16 = 600;
/// That it rings at the other end.
pub const RINGING_HZ: u16 = 500;
/// What is said or played.
pub const SPEECH_HZ: u16 = 300;

/// Root mean square from which a frame counts as loud; a full-scale sine has 23,170.
const LOUD: u64 = 300;
/// Frames of the level: 200 ms.
const WINDOW: usize = 10;

/// What went one way, in frames of 20 ms: RTP packets, where a browser is at the end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Audio {
    /// So far.
    pub packets: u64,
    /// Those that can be heard, so far.
    pub loud: u64,
    /// Root mean square of the last 200 ms, from 0 to 32,767.
    pub level: u16,
    #[serde(skip)]
    powers: VecDeque<u64>,
}

impl Audio {
    pub(crate) fn count(&mut self, samples: &[i16]) {
        let sum: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        let power = sum / u64::try_from(samples.len().max(1)).unwrap_or(1);
        self.packets += 1;
        self.loud += u64::from(power >= LOUD * LOUD);
        self.powers.push_back(power);
        if self.powers.len() > WINDOW {
            self.powers.pop_front();
        }
        let mean = self.powers.iter().sum::<u64>() / u64::try_from(self.powers.len()).unwrap_or(1);
        self.level = u16::try_from(mean.isqrt()).unwrap_or(u16::MAX);
    }
}

/// A sine that goes on where the frame before ended: `at` counts samples.
pub(crate) fn tone(hertz: u16, at: u64) -> Frame {
    core::array::from_fn(|index| {
        // All tones are multiples of 100 Hz, so that they repeat every 80 samples.
        let index = u16::try_from((at + index as u64) % 80).unwrap_or(0);
        let angle = core::f32::consts::TAU * f32::from(hertz) * f32::from(index) / 8_000.0;
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 6,000")]
        let sample = (angle.sin() * 6_000.0) as i16;
        sample
    })
}

/// All sounds at once.
pub(crate) fn mix<'f>(frames: impl Iterator<Item = &'f Frame>) -> Frame {
    let mut mixed = [0_i16; FRAME];
    for frame in frames {
        for (sum, sample) in mixed.iter_mut().zip(frame) {
            *sum = sum.saturating_add(*sample);
        }
    }
    mixed
}

/// μ-law of ITU-T G.711: sign, three bits of exponent, four of mantissa, all inverted.
pub(crate) fn encode(sample: i16) -> u8 {
    const BIAS: u16 = 132;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let biased = sample.unsigned_abs().min(32_635) + BIAS;
    let exponent = 8_u8.saturating_sub(u8::try_from(biased.leading_zeros()).unwrap_or(0));
    let mantissa = u8::try_from((biased >> (exponent + 3)) & 0x0F).unwrap_or(0);
    !(sign | exponent << 4 | mantissa)
}

pub(crate) fn decode(code: u8) -> i16 {
    let code = !code;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 0x0F));
    let magnitude = (((mantissa << 3) + 132) << exponent) - 132;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_survive_the_codec() {
        // Values of G.711's table.
        assert_eq!((encode(0), encode(32_124), encode(-32_124)), (0xFF, 0x80, 0x00));
        for code in 0..=255 {
            // There are two zeros.
            assert!(encode(decode(code)) == code || decode(code) == 0, "{code}");
        }
        for sample in (i16::MIN..=i16::MAX).step_by(7) {
            let error = i32::from(decode(encode(sample))) - i32::from(sample);
            assert!(error.abs() <= i32::from(sample.unsigned_abs()) / 16 + 8, "{sample}");
        }
    }

    #[test]
    fn tones_go_on_and_are_loud() {
        let mut audio = Audio::default();
        for index in 0..20 {
            audio.count(&tone(PHONE_HZ, index * FRAME as u64));
        }
        // A sine's root mean square is its height by the square root of two.
        assert_eq!((audio.packets, audio.loud), (20, 20));
        assert!((4_230..=4_250).contains(&audio.level));
        for _ in 0..10 {
            audio.count(&[0; FRAME]);
        }
        assert_eq!((audio.packets, audio.loud, audio.level), (30, 20, 0));
    }
}
