use crate::cloud::{Cloud, Timer};
use crate::webhook::iso_8601;
use cordboard::Timestamp;
use core::time::Duration;
use serde_json::json;

/// How long a file takes to be ready.
const PROCESSING: Duration = Duration::from_secs(1);

/// A recording of a conversation, or of a message.
pub(crate) struct Recording {
    pub(crate) conversation: String,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    event_url: String,
}

impl Recording {
    /// Frames of silence of about the file's length.
    pub(crate) fn mp3(&self) -> Vec<u8> {
        // MPEG 2 layer III, 8 kbit/s, 16 kHz, mono: 36 bytes for 36 ms.
        let mut frame = [0_u8; 36];
        frame[..4].copy_from_slice(&[0xFF, 0xF3, 0x18, 0xC4]);
        let millis = self.ended.map_or(0, |ended| ended.since(self.started).as_millis());
        frame.repeat(usize::try_from(millis / 36).unwrap_or(0).max(1))
    }
}

impl Cloud {
    /// Records from now on. Returns the recording.
    pub(crate) fn record(&mut self, conversation: &str, event_url: Option<String>) -> String {
        let id = self.basis.random.uuid("");
        let event_url = event_url.unwrap_or_else(|| self.config.event_url.clone());
        let recording =
            Recording { conversation: conversation.to_owned(), started: self.basis.now, ended: None, event_url };
        self.recordings.insert(id.clone(), recording);
        id
    }

    /// Ends a recording; its file comes later.
    pub(crate) fn finish_recording(&mut self, id: &str) {
        if let Some(recording) = self.recordings.get_mut(id).filter(|recording| recording.ended.is_none()) {
            recording.ended = Some(self.basis.now);
            self.basis.later(PROCESSING, Timer::RecordingReady(id.to_owned()));
        }
    }

    /// Ends what runs in a conversation; whether something did.
    pub(crate) fn stop_recording(&mut self, conversation: &str) -> bool {
        let running = self.conversations.get_mut(conversation).and_then(|found| found.recording.take());
        running.is_some_and(|recording| {
            self.finish_recording(&recording);
            true
        })
    }

    pub(crate) fn recording_is_ready(&mut self, id: &str) {
        let Some(recording) = self.recordings.get(id) else { return };
        let body = json!({
            "start_time": iso_8601(recording.started),
            "recording_url": format!("{}/v1/files/{id}", self.config.media_url),
            "size": recording.mp3().len(),
            "recording_uuid": id,
            "end_time": recording.ended.map(iso_8601),
            "conversation_uuid": recording.conversation,
            "timestamp": iso_8601(self.basis.now),
        });
        let url = recording.event_url.clone();
        self.tell(url, body);
    }
}
