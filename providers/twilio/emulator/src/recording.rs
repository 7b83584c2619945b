use crate::callback::{Hook, Purpose};
use crate::cloud::{Cloud, Timer};
use crate::time::rfc_2822;
use crate::twiml::Attributes;
use cordboard::Timestamp;
use core::time::Duration;
use serde_json::{Value, json};

/// How long a file takes to be ready.
const PROCESSING: Duration = Duration::from_secs(1);
/// PCMU.
const SAMPLES_PER_MILLISECOND: u64 = 8;
/// Silence and a loud sample in PCMU (ITU-T G.711).
const SILENCE: u8 = 0xFF;
const LOUD: [u8; 2] = [0x90, 0x10];

/// What is recorded, and who is told.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) source: &'static str,
    pub(crate) channels: u8,
    pub(crate) track: String,
    pub(crate) hook: Option<Hook>,
}

/// A recording of a leg, of two that are bridged, or of a conference.
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) ordinal: u64,
    pub(crate) call: Option<String>,
    pub(crate) conference: Option<String>,
    pub(crate) order: Order,
    pub(crate) status: RecordingStatus,
    pub(crate) started: Timestamp,
    pub(crate) updated: Timestamp,
    /// What is in the file so far, in order: whether there is sound, and for how long.
    pieces: Vec<(bool, Duration)>,
    /// Since when the piece goes on that is not in the file yet.
    since: Timestamp,
    skips: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingStatus {
    InProgress,
    Paused,
    Stopped,
    Processing,
    Completed,
    Absent,
}

impl RecordingStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Absent => "absent",
        }
    }

    pub(crate) const fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Paused)
    }
}

impl Order {
    pub(crate) fn of_attributes(attributes: &Attributes, source: &'static str) -> Self {
        let hook = attributes.get("recordingStatusCallback").map(str::to_owned);
        let events = attributes.words("recordingStatusCallbackEvent");
        Self {
            source,
            channels: if attributes.get("channels") == Some("dual") { 2 } else { 1 },
            track: attributes.get("track").unwrap_or("both").to_owned(),
            hook: Hook::new(hook, attributes.get("recordingStatusCallbackMethod"), events, "completed"),
        }
    }

    /// As `Dial` says, if it does.
    pub(crate) fn of_dial(attributes: &Attributes) -> Option<Self> {
        let record = attributes.get("record").filter(|record| record.starts_with("record-") || *record == "true")?;
        let channels = if record.ends_with("dual") { 2 } else { 1 };
        Some(Self { channels, ..Self::of_attributes(attributes, "DialVerb") })
    }

    /// As a conference's settings say, if they do.
    pub(crate) fn of_conference(
        record: Option<&str>,
        url: Option<String>,
        method: Option<&str>,
        events: Vec<String>,
    ) -> Option<Self> {
        record.filter(|record| matches!(*record, "record-from-start" | "true"))?;
        let hook = Hook::new(url, method, events, "completed");
        Some(Self { source: "Conference", channels: 1, track: "both".to_owned(), hook })
    }
}

impl Recording {
    /// Whole seconds of the file.
    pub(crate) fn seconds(&self, now: Timestamp) -> u64 {
        let open = if self.status == RecordingStatus::InProgress { now.since(self.since) } else { Duration::ZERO };
        (self.pieces.iter().map(|(_, length)| *length).sum::<Duration>() + open).as_secs()
    }

    fn close_piece(&mut self, now: Timestamp) {
        let length = now.since(self.since);
        match self.status {
            RecordingStatus::InProgress => self.pieces.push((true, length)),
            RecordingStatus::Paused if !self.skips => self.pieces.push((false, length)),
            _ => {}
        }
        self.since = now;
        self.updated = now;
    }

    /// A WAV file with a tone where the recording ran, and silence where it was paused: not what was said.
    pub(crate) fn wav(&self) -> Vec<u8> {
        let mut samples = Vec::new();
        for (sounds, length) in &self.pieces {
            let count = u64::try_from(length.as_millis()).unwrap_or(0) * SAMPLES_PER_MILLISECOND;
            for index in 0..count {
                // 500 Hz: eight samples up, eight down.
                let sample = if *sounds { LOUD[usize::from(index / 8 % 2 == 1)] } else { SILENCE };
                samples.extend(core::iter::repeat_n(sample, usize::from(self.order.channels)));
            }
        }
        let channels = u16::from(self.order.channels);
        let length = u32::try_from(samples.len()).unwrap_or(u32::MAX);
        let mut file = Vec::with_capacity(samples.len() + 44);
        file.extend(b"RIFF");
        file.extend((length + 36).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend(16_u32.to_le_bytes());
        // WAVE_FORMAT_MULAW, 8,000 samples a second, 8 bits.
        for field in [7, channels] {
            file.extend(field.to_le_bytes());
        }
        file.extend(8_000_u32.to_le_bytes());
        file.extend((8_000 * u32::from(channels)).to_le_bytes());
        for field in [channels, 8] {
            file.extend(field.to_le_bytes());
        }
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(samples);
        file
    }

    /// Frames of silence of about the file's length.
    pub(crate) fn mp3(&self, now: Timestamp) -> Vec<u8> {
        // MPEG 2 layer III, 8 kbit/s, 16 kHz, mono: 36 bytes for 36 ms.
        let mut frame = [0_u8; 36];
        frame[..4].copy_from_slice(&[0xFF, 0xF3, 0x18, 0xC4]);
        let count = usize::try_from(self.seconds(now) * 1_000 / 36).unwrap_or(0).max(1);
        frame.repeat(count)
    }

    pub(crate) fn to_json(&self, account_sid: &str, now: Timestamp) -> Value {
        let parent = match (&self.conference, &self.call) {
            (Some(conference), _) => format!("Conferences/{conference}"),
            (None, call) => format!("Calls/{}", call.as_deref().unwrap_or("")),
        };
        let is_over = !self.status.is_active();
        json!({
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "call_sid": self.call,
            "conference_sid": self.conference,
            "date_created": rfc_2822(self.started),
            "date_updated": rfc_2822(self.updated),
            "start_time": rfc_2822(self.started),
            "duration": is_over.then(|| self.seconds(now).to_string()),
            "sid": self.sid,
            "price": null,
            "uri": format!("/2010-04-01/Accounts/{account_sid}/{parent}/Recordings/{}.json", self.sid),
            "encryption_details": null,
            "price_unit": "USD",
            "status": self.status.as_str(),
            "channels": self.order.channels,
            "source": self.order.source,
            "error_code": null,
            "track": self.order.track,
        })
    }
}

impl Cloud {
    /// Records a leg. `None` if it is not answered.
    pub(crate) fn start_recording(&mut self, sid: &str, order: Order) -> Option<String> {
        self.calls.get(sid).filter(|call| call.answered.is_some() && !call.is_over())?;
        Some(self.record(Some(sid.to_owned()), None, order))
    }

    pub(crate) fn start_conference_recording(&mut self, conference: &str, order: Order) -> String {
        self.record(None, Some(conference.to_owned()), order)
    }

    fn record(&mut self, call: Option<String>, conference: Option<String>, order: Order) -> String {
        let sid = self.basis.random.sid("RE");
        let recording = Recording {
            sid: sid.clone(),
            ordinal: self.basis.next_ordinal(),
            call,
            conference,
            order,
            status: RecordingStatus::InProgress,
            started: self.basis.now,
            updated: self.basis.now,
            pieces: Vec::new(),
            since: self.basis.now,
            skips: false,
        };
        self.recordings.insert(sid.clone(), recording);
        self.report_recording(&sid, "in-progress");
        sid
    }

    /// Pauses, goes on or stops. `skips` leaves the pause out of the file.
    pub(crate) fn change_recording(&mut self, sid: &str, status: RecordingStatus, skips: bool) {
        let now = self.basis.now;
        let Some(recording) = self.recordings.get_mut(sid).filter(|recording| recording.status.is_active()) else {
            return;
        };
        recording.close_piece(now);
        recording.status = status;
        if status == RecordingStatus::Paused {
            recording.skips = skips;
        }
        if !status.is_active() {
            self.basis.later(PROCESSING, Timer::RecordingReady(sid.to_owned()));
        }
    }

    pub(crate) fn finish_recording(&mut self, sid: &str) {
        self.change_recording(sid, RecordingStatus::Processing, false);
    }

    /// The recording of a leg that is not over yet.
    pub(crate) fn running_recording(&self, call: &str) -> Option<&Recording> {
        let mut recordings = self.recordings.values();
        recordings.find(|recording| recording.status.is_active() && recording.call.as_deref() == Some(call))
    }

    /// Ends all recordings of a leg or a conference.
    pub(crate) fn recordings_end(&mut self, of: &str) {
        let of_it = |recording: &&Recording| {
            recording.status.is_active()
                && (recording.call.as_deref() == Some(of) || recording.conference.as_deref() == Some(of))
        };
        let ended: Vec<String> =
            self.recordings.values().filter(of_it).map(|recording| recording.sid.clone()).collect();
        for recording in ended {
            self.finish_recording(&recording);
        }
    }

    pub(crate) fn recording_is_ready(&mut self, sid: &str) {
        let now = self.basis.now;
        let Some(recording) = self.recordings.get_mut(sid) else { return };
        let absent = recording.pieces.iter().all(|(_, length)| length.is_zero());
        recording.status = if absent { RecordingStatus::Absent } else { RecordingStatus::Completed };
        recording.updated = now;
        let event = recording.status.as_str();
        self.report_recording(sid, event);
    }

    /// Where the file will be, without the ending that chooses its format.
    pub(crate) fn recording_url(&self, sid: &str) -> String {
        let account_sid = &self.config.account_sid;
        format!("https://api.twilio.com/2010-04-01/Accounts/{account_sid}/Recordings/{sid}")
    }

    fn report_recording(&mut self, sid: &str, event: &str) {
        let url = self.recording_url(sid);
        let Some(recording) = self.recordings.get(sid) else { return };
        let Some(hook) = recording.order.hook.clone().filter(|hook| hook.wants(event)) else { return };
        let (channels, seconds) = (recording.order.channels.to_string(), recording.seconds(self.basis.now).to_string());
        let started = rfc_2822(recording.started);
        let mut parameters = vec![
            ("AccountSid", self.config.account_sid.as_str()),
            ("RecordingChannels", &channels),
            ("RecordingSid", sid),
            ("RecordingSource", recording.order.source),
            ("RecordingStartTime", &started),
            ("RecordingStatus", event),
            ("RecordingTrack", &recording.order.track),
            ("RecordingUrl", &url),
        ];
        if event != "in-progress" {
            parameters.push(("RecordingDuration", &seconds));
        }
        parameters.extend(recording.call.as_deref().map(|call| ("CallSid", call)));
        parameters.extend(recording.conference.as_deref().map(|conference| ("ConferenceSid", conference)));
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.post(&hook, parameters, Purpose::Report);
    }
}
