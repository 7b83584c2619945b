use wasm_bindgen::JsValue;
use web_sys::AudioContext;

/// The two tones of a ring, in hertz.
const TONES: [f32; 2] = [440.0, 480.0];
/// As loud as a voice in the next room.
const VOLUME: f32 = 0.05;
/// How long a ring and the silence after it last, in seconds.
const PERIOD: f64 = 3.0;
/// How long it sounds of that, in seconds.
const SOUND: f64 = 1.0;
/// After this many rings, nobody is there.
const RINGS: u32 = 40;

/// A telephone that rings until this is dropped. A browser may keep it silent in a page that the user never touched.
pub struct Ring(AudioContext);

impl Ring {
    /// Begins to ring. `None` if the browser has no sound.
    #[must_use]
    pub fn start() -> Option<Self> {
        let ring = Self(AudioContext::new().ok()?);
        ring.play().ok()?;
        Some(ring)
    }

    fn play(&self) -> Result<(), JsValue> {
        let Self(context) = self;
        let gain = context.create_gain()?;
        gain.connect_with_audio_node(&context.destination())?;
        let mut at = context.current_time();
        gain.gain().set_value(0.0);
        for _ in 0..RINGS {
            gain.gain().set_value_at_time(VOLUME, at)?;
            gain.gain().set_value_at_time(0.0, at + SOUND)?;
            at += PERIOD;
        }
        for tone in TONES {
            let oscillator = context.create_oscillator()?;
            oscillator.frequency().set_value(tone);
            oscillator.connect_with_audio_node(&gain)?;
            oscillator.start()?;
        }
        Ok(())
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let _ = self.0.close();
    }
}
