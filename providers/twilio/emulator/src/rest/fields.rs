//! The fields that Twilio documents for each request, from `twilio_api_v2010.json` (twilio/twilio-oai, MIT, April 2026). The
//! specification has no recordings of conferences: those are the documented fields of a call's.

/// `POST /Calls.json`
pub(crate) const CREATE_CALL: &[&str] = &[
    "To",
    "From",
    "Method",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackEvent",
    "StatusCallbackMethod",
    "SendDigits",
    "Timeout",
    "Record",
    "RecordingChannels",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "SipAuthUsername",
    "SipAuthPassword",
    "MachineDetection",
    "MachineDetectionTimeout",
    "RecordingStatusCallbackEvent",
    "Trim",
    "CallerId",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AsyncAmd",
    "AsyncAmdStatusCallback",
    "AsyncAmdStatusCallbackMethod",
    "Byoc",
    "CallReason",
    "CallToken",
    "RecordingTrack",
    "TimeLimit",
    "ClientNotificationUrl",
    "Url",
    "Twiml",
    "ApplicationSid",
];

/// `POST /Calls/{Sid}.json`
pub(crate) const UPDATE_CALL: &[&str] = &[
    "Url",
    "Method",
    "Status",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "Twiml",
    "TimeLimit",
];

/// `GET /Calls.json`
pub(crate) const LIST_CALLS: &[&str] = &[
    "To",
    "From",
    "ParentCallSid",
    "Status",
    "StartTime",
    "StartTime<",
    "StartTime>",
    "EndTime",
    "EndTime<",
    "EndTime>",
    "PageSize",
    "Page",
    "PageToken",
];

/// `POST /Calls/{CallSid}/Recordings.json`
pub(crate) const CREATE_RECORDING: &[&str] = &[
    "RecordingStatusCallbackEvent",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "Trim",
    "RecordingChannels",
    "RecordingTrack",
];

/// `GET …/Recordings.json`
pub(crate) const LIST_RECORDINGS: &[&str] =
    &["DateCreated", "DateCreated<", "DateCreated>", "PageSize", "Page", "PageToken"];

/// `POST …/Recordings/{Sid}.json`
pub(crate) const UPDATE_RECORDING: &[&str] = &["Status", "PauseBehavior"];

/// `GET /Conferences.json`
pub(crate) const LIST_CONFERENCES: &[&str] = &[
    "DateCreated",
    "DateCreated<",
    "DateCreated>",
    "DateUpdated",
    "DateUpdated<",
    "DateUpdated>",
    "FriendlyName",
    "Status",
    "PageSize",
    "Page",
    "PageToken",
];

/// `POST /Conferences/{Sid}.json`
pub(crate) const UPDATE_CONFERENCE: &[&str] = &["Status", "AnnounceUrl", "AnnounceMethod"];

/// `POST /Conferences/{ConferenceSid}/Participants.json`
pub(crate) const CREATE_PARTICIPANT: &[&str] = &[
    "From",
    "To",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "Label",
    "Timeout",
    "Record",
    "Muted",
    "Beep",
    "StartConferenceOnEnter",
    "EndConferenceOnExit",
    "WaitUrl",
    "WaitMethod",
    "EarlyMedia",
    "MaxParticipants",
    "ConferenceRecord",
    "ConferenceTrim",
    "ConferenceStatusCallback",
    "ConferenceStatusCallbackMethod",
    "ConferenceStatusCallbackEvent",
    "RecordingChannels",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "SipAuthUsername",
    "SipAuthPassword",
    "Region",
    "ConferenceRecordingStatusCallback",
    "ConferenceRecordingStatusCallbackMethod",
    "RecordingStatusCallbackEvent",
    "ConferenceRecordingStatusCallbackEvent",
    "Coaching",
    "CallSidToCoach",
    "JitterBufferSize",
    "Byoc",
    "CallerId",
    "CallReason",
    "RecordingTrack",
    "TimeLimit",
    "MachineDetection",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AmdStatusCallback",
    "AmdStatusCallbackMethod",
    "Trim",
    "CallToken",
    "ClientNotificationUrl",
    "CallerDisplayName",
];

/// `GET /Conferences/{ConferenceSid}/Participants.json`
pub(crate) const LIST_PARTICIPANTS: &[&str] = &["Muted", "Hold", "Coaching", "PageSize", "Page", "PageToken"];

/// `POST /Conferences/{ConferenceSid}/Participants/{CallSid}.json`
pub(crate) const UPDATE_PARTICIPANT: &[&str] = &[
    "Muted",
    "Hold",
    "HoldUrl",
    "HoldMethod",
    "AnnounceUrl",
    "AnnounceMethod",
    "WaitUrl",
    "WaitMethod",
    "BeepOnExit",
    "EndConferenceOnExit",
    "Coaching",
    "CallSidToCoach",
];

/// `GET /IncomingPhoneNumbers.json`
pub(crate) const LIST_NUMBERS: &[&str] =
    &["Beta", "FriendlyName", "PhoneNumber", "Origin", "PageSize", "Page", "PageToken"];

/// `GET /OutgoingCallerIds.json`
pub(crate) const LIST_CALLER_IDS: &[&str] = &["PhoneNumber", "FriendlyName", "PageSize", "Page", "PageToken"];

/// `POST /IncomingPhoneNumbers/{Sid}.json`; of what a number can be, only that.
pub(crate) const UPDATE_NUMBER: &[&str] = &["FriendlyName", "StatusCallback", "VoiceUrl"];
