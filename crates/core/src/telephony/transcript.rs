//! What was said in calls.

use core::fmt;
use core::time::Duration;

/// What was said in a call, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Who said what, and when.
    pub utterances: Vec<Utterance>,
}

/// What somebody said. Its `Debug` hides the words.
#[derive(Clone, PartialEq, Eq)]
pub struct Utterance {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: String,
    /// From when on, after the call's start.
    pub begins: Duration,
    /// Until when.
    pub ends: Duration,
    /// In which language, such as `en`, if the provider says so.
    pub language: Option<String>,
}

impl fmt::Debug for Utterance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Utterance")
            .field("speaker", &self.speaker)
            .field("begins", &self.begins)
            .finish_non_exhaustive()
    }
}

/// Who speaks in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The agent.
    Agent,
    /// Whom the agent talks to.
    Remote,
}

/// Why there is no transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TranscriptError {
    /// It is being written: ask again.
    NotReady,
    /// The provider can't be asked now: ask again.
    Unavailable,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReady => "the transcript is not ready yet",
            Self::Unavailable => "the transcript can't be had now",
        })
    }
}

impl core::error::Error for TranscriptError {}
