//! How a call stands at Twilio, for what no webhook has told.

use crate::bridge::{Fact, Leg, LegEnd, LegStatus, entry};
use crate::error::ApiError;
use crate::executor::Executor;
use crate::rest::{CallState, Participant, Recording};
use crate::webhook::leg_status_of;
use cordboard::Timestamp;
use cordboard::telephony::{CallId, Entry};
use std::time::Duration;

/// A request that makes a leg has arrived by now, or never will.
const MADE_BY_NOW: Duration = Duration::from_secs(15);

impl Executor {
    /// Facts that are not in the books yet.
    pub(crate) async fn look_up(&self, call: &CallId, now: Timestamp) -> Result<Vec<Entry>, ApiError> {
        let Some(wanted) = self.bridge.lock().wanted(call) else { return Ok(Vec::new()) };
        let mut entries = Vec::new();

        // To end a call twice is the same as once.
        let again = wanted.hang_up.and_then(|order| self.bridge.lock().end_all(call, order));
        if let Some(action) = again {
            let (facts, outcome) = self.carry_out(call, &action).await;
            outcome.map_err(|(error, _)| error)?;
            entries.extend(facts.into_iter().map(|(call, key, fact)| entry(call, key, now, &fact)));
        }
        let mut found = |key: String, fact: &Fact| entries.push(entry(call.clone(), key, now, fact));
        let room = match wanted.room {
            Some(room) => Some(room),
            None => self.find_room(call).await?,
        };
        let members = match &room {
            Some(room) => self.members(room).await?,
            None => Vec::new(),
        };
        for (leg, id, asked_at) in &wanted.legs {
            let label = leg.to_string();
            let id = match (id, members.iter().find(|member| member.label.as_deref() == Some(&label))) {
                (Some(id), _) => id.clone(),
                (None, Some(member)) => {
                    let (id, room) = (member.call_sid.clone(), Some(member.conference_sid.clone()));
                    found(format!("made/{call}/{leg}"), &Fact::Made { leg: *leg, id: id.clone(), room });
                    id
                }
                (None, None) => {
                    if now.since(*asked_at) > MADE_BY_NOW {
                        found(format!("missing/{call}/{leg}"), &ended(*leg, None));
                    }
                    continue;
                }
            };
            match self.client.read::<CallState>(self.client.api.get_call(&id)).await {
                Ok(state) => {
                    let seconds = state.duration.as_deref().and_then(|seconds| seconds.parse().ok());
                    if let Some(status) = leg_status_of(&state.status, None, seconds) {
                        let fact = Fact::Leg { leg: *leg, id: Some(state.sid), status };
                        found(format!("looked-up/{id}/{}", state.status), &fact);
                    }
                }
                Err(error) if error.is_gone() => found(format!("gone/{id}"), &ended(*leg, Some(id.clone()))),
                Err(error) => return Err(error),
            }
        }
        if let Some(order) = wanted.stands {
            let of = |leg: Leg| {
                let label = leg.to_string();
                members.iter().find(move |member| member.label.as_deref() == Some(&label))
            };
            if let Some(customer) = of(Leg::Customer) {
                let muted = wanted.agent.and_then(of).is_some_and(|agent| agent.muted);
                let recording = self.is_recorded(&customer.call_sid).await?;
                let fact = Fact::Stands { order, held: customer.hold, muted, recording: Some(recording) };
                found(format!("stands/{call}/{order}"), &fact);
            }
        }
        if let Some(merge) = wanted.merge {
            let came = members.iter().any(|member| member.call_sid == merge.leg_id);
            for (call, order) in [(call, merge.order), (&merge.consultation, merge.consultation_order)] {
                let (key, fact) =
                    if came { ("done", Fact::Done { order }) } else { ("not-done", Fact::NotDone { order }) };
                entries.push(entry(call.clone(), format!("{key}/{call}/{order}"), now, &fact));
            }
        }
        Ok(entries)
    }

    async fn members(&self, room: &str) -> Result<Vec<Participant>, ApiError> {
        match self.client.list(self.client.api.list_participants(room), "participants").await {
            Err(error) if error.is_gone() => Ok(Vec::new()),
            members => members,
        }
    }

    async fn is_recorded(&self, leg: &str) -> Result<bool, ApiError> {
        let recordings: Vec<Recording> = self.client.list(self.client.api.list_recordings(leg), "recordings").await?;
        Ok(recordings.iter().any(|recording| matches!(recording.status.as_str(), "in-progress" | "paused")))
    }
}

fn ended(leg: Leg, id: Option<String>) -> Fact {
    Fact::Leg { leg, id, status: LegStatus::Ended { end: LegEnd::Failed, seconds: None } }
}
