//! How a call stands at Twilio.

use crate::backend::TwilioCarrier;
use crate::rest::{CallState, Participant, Recording};
use crate::webhook::leg_status_of;
use cordboard::telephony::{CallId, Recording as RecordingState};
use cordboard_bridge::{ApiError, Found, FoundLeg, Leg, Standing, Wanted, WantedLeg};

impl TwilioCarrier {
    /// What Twilio knows of a call's conference and of its legs.
    pub(crate) async fn find(&self, call: &CallId, wanted: &Wanted) -> Result<Found, ApiError> {
        let room = match &wanted.room {
            Some(room) => Some(room.clone()),
            None => self.find_room(call).await?,
        };
        let members = match &room {
            Some(room) => self.members(room).await?,
            None => Vec::new(),
        };
        let member = |leg: Leg| {
            let label = leg.to_string();
            members.iter().find(move |member| member.label.as_deref() == Some(&label))
        };
        let mut legs = Vec::new();
        for WantedLeg { leg, id, .. } in &wanted.legs {
            let (id, room) = match (id, member(*leg)) {
                (Some(known), _) => (known.clone(), None),
                (None, Some(member)) => (member.call_sid.clone(), Some(member.conference_sid.clone())),
                (None, None) => continue,
            };
            let state: CallState = match self.client.read(self.api.get_call(&id)).await {
                Err(error) if error.is_gone() => continue,
                state => state?,
            };
            let seconds = state.duration.as_deref().and_then(|seconds| seconds.parse().ok());
            let status = leg_status_of(&state.status, None, seconds);
            legs.push(FoundLeg { leg: *leg, id, room, word: state.status, status });
        }
        let mut stands = None;
        if let Some(customer) = member(Leg::Customer).filter(|_| !wanted.changes.is_empty()) {
            let muted = wanted.agent.and_then(member).is_some_and(|agent| agent.muted);
            let (recording, named) = match self.running_recording(&customer.call_sid).await? {
                Some(running) if running.status == "paused" => (RecordingState::Paused, Some(running.sid)),
                Some(running) => (RecordingState::On, Some(running.sid)),
                None => (RecordingState::Off, None),
            };
            stands = Some(Standing { held: customer.hold, muted, recording: Some(recording), named });
        }
        let came =
            wanted.merge.as_ref().is_some_and(|merge| members.iter().any(|member| member.call_sid == merge.leg_id));
        // Who was sent on has left the conference, and so has who hung up.
        let diverted = wanted.divert.is_some() && member(Leg::Customer).is_none();
        Ok(Found { legs, stands, came, diverted })
    }

    async fn members(&self, room: &str) -> Result<Vec<Participant>, ApiError> {
        match self.list(self.api.list_participants(room), "participants").await {
            Err(error) if error.is_gone() => Ok(Vec::new()),
            members => members,
        }
    }

    async fn running_recording(&self, leg: &str) -> Result<Option<Recording>, ApiError> {
        let recordings: Vec<Recording> = self.list(self.api.list_recordings(leg), "recordings").await?;
        let running = |recording: &Recording| matches!(recording.status.as_str(), "in-progress" | "paused");
        Ok(recordings.into_iter().find(running))
    }
}
