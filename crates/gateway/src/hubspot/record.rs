//! What HubSpot's record of a call is to say, without I/O.

use cordboard::telephony::{
    AgentId, Call, CallState, Direction, EndReason, PhoneNumber, RecordingRef, Speaker, Transcript,
};
use cordboard_hubspot::{
    self as hubspot, AppId, CallDirection, CallProperties, CallStatus, Disposition, NewTranscript, NewUtterance,
    property,
};
use std::time::Duration;

/// The properties that a record is compared by.
pub(super) const NAMES: [&str; 12] = [
    property::TIMESTAMP,
    property::DIRECTION,
    property::STATUS,
    property::DURATION,
    property::DISPOSITION,
    property::FROM_NUMBER,
    property::TO_NUMBER,
    property::RECORDING_URL,
    property::SOURCE,
    property::APP_ID,
    property::EXTERNAL_ID,
    property::EXTERNAL_ACCOUNT_ID,
];

/// The name by which the CRM knows a call: the one that a widget over this provider gives it.
pub(super) fn external_id(provider: &str, call: &Call) -> String {
    format!("{provider}-{}", call.id)
}

/// What of such a name is the call's own.
pub(super) fn call_of(external_id: &str) -> &str {
    external_id.split_once('-').map_or(external_id, |(_, call)| call)
}

/// Of what each agent was told of a call, what it was for the account: whoever talked knows.
pub(super) fn best(calls: &[(AgentId, Call)]) -> Option<&(AgentId, Call)> {
    // The first of those that are equal.
    calls.iter().rev().max_by_key(|(_, call)| (call.connected_at.is_some(), call.recordings.len(), rank(call)))
}

/// The end of somebody who was only rung too says the least.
fn rank(call: &Call) -> u8 {
    match call.state {
        CallState::Ended(EndReason::AnsweredElsewhere) => 0,
        CallState::Ended(EndReason::Missed | EndReason::Rejected) => 1,
        _ => 2,
    }
}

/// All that the gateway knows.
pub(super) fn properties(call: &Call, app: AppId, provider: &str) -> CallProperties {
    let (direction, from, to) = match call.direction {
        Direction::Outbound => (CallDirection::Outbound, &call.local, &call.remote),
        Direction::Inbound => (CallDirection::Inbound, &call.remote, &call.local),
    };
    let mut properties = CallProperties::new()
        .at(call.started_at)
        .with_direction(&direction)
        .with_status(&status(call))
        .with_duration(talk_time(call))
        .with(property::SOURCE, property::INTEGRATIONS_PLATFORM)
        .with(property::APP_ID, app.0.to_string())
        .with(property::EXTERNAL_ID, external_id(provider, call))
        .with(property::EXTERNAL_ACCOUNT_ID, provider);
    for (name, number) in [(property::FROM_NUMBER, from), (property::TO_NUMBER, to)] {
        if let Some(number) = number.as_ref().map(PhoneNumber::as_e164) {
            properties.set(name, number);
        }
    }
    if let Some(link) = call.recordings.iter().find_map(RecordingRef::link) {
        properties.set(property::RECORDING_URL, link);
    }
    properties
}

/// The outcome that this end is for certain, of those that a new account has. Of a call in which somebody talked only the rep knows it.
pub(super) const fn outcome(call: &Call) -> Option<&'static str> {
    match call.state {
        CallState::Ended(EndReason::Busy) => Some(Disposition::BUSY),
        CallState::Ended(EndReason::NoAnswer) => Some(Disposition::NO_ANSWER),
        _ => None,
    }
}

/// What was said, in HubSpot's words. Speakers are the agent, by name, and a number.
pub(super) fn transcript(engagement: i64, transcript: &Transcript, agent: String, call: &Call) -> NewTranscript {
    let remote = call.remote.as_ref().map_or("unknown", PhoneNumber::as_e164).to_owned();
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let utterances = transcript.utterances.iter().map(|said| NewUtterance {
        speaker: match said.speaker {
            Speaker::Agent => hubspot::Speaker { id: "agent".to_owned(), name: agent.clone(), email: None },
            Speaker::Remote => hubspot::Speaker { id: "remote".to_owned(), name: remote.clone(), email: None },
        },
        text: said.text.clone(),
        start_time_millis: millis(said.begins),
        end_time_millis: millis(said.ends),
        language_code: said.language.clone(),
    });
    NewTranscript { engagement_id: engagement, utterances: utterances.collect() }
}

/// What of that a record lacks. What a user or the widget wrote stays, and so do properties that the gateway does not know.
pub(super) fn lacking(current: &CallProperties, known: &CallProperties) -> CallProperties {
    let mut lacking = CallProperties::new();
    for (name, value) in known.iter() {
        let is_missing = match (name, current.get(name).unwrap_or_default()) {
            (_, "") => true,
            (property::STATUS, status) => goes_on(&status.into()),
            (property::DURATION, duration) => duration == "0" && value != "0",
            _ => false,
        };
        if is_missing {
            lacking.set(name, value);
        }
    }
    lacking
}

/// Whether a record is still of a call that is not over.
const fn goes_on(status: &CallStatus) -> bool {
    matches!(
        status,
        CallStatus::CallingCrmUser
            | CallStatus::Connecting
            | CallStatus::InProgress
            | CallStatus::Queued
            | CallStatus::Ringing
    )
}

fn talk_time(call: &Call) -> Duration {
    call.connected_at.zip(call.ended_at).map_or(Duration::ZERO, |(connected, ended)| ended.since(connected))
}

/// As the widget says it; the CRM's records know neither a rejected nor a missed call.
const fn status(call: &Call) -> CallStatus {
    match call.state {
        CallState::Ended(reason) => match reason {
            EndReason::HungUp | EndReason::RemoteHungUp | EndReason::Transferred => CallStatus::Completed,
            // The connection was lost, and they had talked.
            EndReason::Failed(_) if call.connected_at.is_some() => CallStatus::Completed,
            EndReason::Canceled | EndReason::AnsweredElsewhere => CallStatus::Canceled,
            EndReason::Busy => CallStatus::Busy,
            EndReason::NoAnswer | EndReason::Rejected | EndReason::Missed => CallStatus::NoAnswer,
            EndReason::Failed(_) => CallStatus::Failed,
        },
        _ => CallStatus::InProgress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard::Timestamp;
    use cordboard::telephony::{CallId, FailureReason, Recording};

    fn call(state: EndReason, connected_at: Option<u64>) -> Call {
        Call {
            id: CallId::new("CA1-2"),
            direction: Direction::Inbound,
            remote: PhoneNumber::from_e164("+16175550100").ok(),
            local: None,
            key: None,
            state: CallState::Ended(state),
            muted: false,
            recording: Recording::Off,
            recordings: vec![RecordingRef::new("no link"), RecordingRef::new("https://calls.example.com/recordings/1")],
            started_at: Timestamp::from_millis(1_000),
            connected_at: connected_at.map(Timestamp::from_millis),
            ended_at: Some(Timestamp::from_millis(9_000)),
            sequence: 3,
        }
    }

    fn known(call: &Call) -> CallProperties {
        properties(call, AppId(7), "mock")
    }

    #[test]
    fn a_record_says_what_is_known() {
        let known = known(&call(EndReason::RemoteHungUp, Some(4_000)));
        let all: Vec<(&str, &str)> = known.iter().collect();
        assert_eq!(
            all,
            [
                (property::APP_ID, "7"),
                (property::DIRECTION, "INBOUND"),
                (property::DURATION, "5000"),
                (property::EXTERNAL_ACCOUNT_ID, "mock"),
                (property::EXTERNAL_ID, "mock-CA1-2"),
                (property::FROM_NUMBER, "+16175550100"),
                (property::RECORDING_URL, "https://calls.example.com/recordings/1"),
                (property::SOURCE, "INTEGRATIONS_PLATFORM"),
                (property::STATUS, "COMPLETED"),
                (property::TIMESTAMP, "1000"),
            ]
        );
        assert!(all.iter().all(|(name, _)| NAMES.contains(name)), "what is compared is read");
        assert_eq!((call_of("mock-CA1-2"), call_of("alone")), ("CA1-2", "alone"));
    }

    #[test]
    fn only_what_is_missing_is_written() {
        let known = known(&call(EndReason::HungUp, Some(4_000)));
        assert!(lacking(&known, &known).is_empty());
        let current = CallProperties::new()
            .with(property::STATUS, "IN_PROGRESS")
            .with(property::DURATION, "0")
            .with(property::FROM_NUMBER, "+16175550199")
            .with(property::RECORDING_URL, "")
            .with(property::BODY, "notes");
        let lacking = lacking(&current, &known);
        assert_eq!((lacking.get(property::STATUS), lacking.get(property::DURATION)), (Some("COMPLETED"), Some("5000")));
        assert_eq!((lacking.get(property::FROM_NUMBER), lacking.get(property::BODY)), (None, None));
        assert!(lacking.get(property::RECORDING_URL).is_some());
        for status in ["COMPLETED", "NO_ANSWER", "WHATEVER"] {
            let current = CallProperties::new().with(property::STATUS, status);
            assert_eq!(super::lacking(&current, &known).get(property::STATUS), None, "{status}");
        }
    }

    #[test]
    fn an_outcome_is_told_where_it_is_certain() {
        let of = |end, connected_at| outcome(&call(end, connected_at));
        assert_eq!(of(EndReason::Busy, None), Some(Disposition::BUSY));
        assert_eq!(of(EndReason::NoAnswer, None), Some(Disposition::NO_ANSWER));
        for end in [EndReason::HungUp, EndReason::Missed, EndReason::Rejected, EndReason::Canceled] {
            assert_eq!(of(end, Some(4_000)), None);
        }
    }

    #[test]
    fn whoever_talked_knows_what_it_was() {
        let agents = ["alex", "blake", "casey"].map(AgentId::new);
        let calls = [
            call(EndReason::AnsweredElsewhere, None),
            call(EndReason::Rejected, None),
            call(EndReason::Failed(FailureReason::ConnectionLost), Some(2_000)),
        ];
        let all: Vec<(AgentId, Call)> = agents.into_iter().zip(calls).collect();
        assert_eq!(best(&all), Some(&all[2]));
        assert_eq!(status(&all[2].1), CallStatus::Completed);
        assert_eq!(best(&all[..2]), Some(&all[1]));
        assert_eq!(best(&[]), None);
    }
}
