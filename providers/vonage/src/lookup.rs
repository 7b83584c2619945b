//! How a call stands at Vonage.

use crate::address::{LegId, to_wire};
use crate::backend::VonageCarrier;
use crate::rest::{CallState, read_calls};
use crate::webhook::leg_status_of;
use cordboard::Timestamp;
use cordboard::telephony::Recording;
use cordboard_bridge::{ApiError, Change, Found, FoundLeg, Goes, Leg, Standing, Wanted, WantedLeg, Whom, identity};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Clocks differ.
const BEFORE: Duration = Duration::from_secs(5);
/// How long a request may have been on its way.
const AFTER: Duration = Duration::from_secs(20);

impl VonageCarrier {
    /// What Vonage knows of a call's legs.
    pub(crate) async fn find(&self, wanted: &Wanted) -> Result<Found, ApiError> {
        let mut found = Found::default();
        let mut here = None;
        for leg in &wanted.legs {
            let state = match &leg.id {
                Some(id) => self.state(id).await?,
                None => self.search(leg).await?,
            };
            let Some(state) = state else { continue };
            if leg.leg == Leg::Customer {
                here.clone_from(&state.conversation_uuid);
            }
            let status = leg_status_of(&state.status, None, state.duration);
            // A leg keeps the name that it has, and with it its region.
            let id = leg.id.clone().unwrap_or(state.uuid);
            found.legs.push(FoundLeg { leg: leg.leg, id, room: None, word: state.status, status });
        }
        if !wanted.changes.is_empty() {
            found.stands = Some(self.set_again(wanted).await?);
        }
        if let Some(merge) = &wanted.merge {
            let there = self.state(&merge.leg_id).await?.and_then(|state| state.conversation_uuid);
            found.came = here.is_some() && here == there;
        }
        if let (Some(Goes::Number { number }), Some(here)) = (&wanted.divert, &here) {
            // Who was forwarded has whom they are forwarded to beside them, if that only rings.
            let beside = read_calls(&self.send(self.api.calls_in(here)).await?)?;
            let whom = Whom::Number(number.clone());
            found.diverted = beside.iter().any(|call| is_made(call) && reaches(call, &whom));
        }
        Ok(found)
    }

    /// A leg; `None` if it is gone.
    async fn state(&self, id: &str) -> Result<Option<CallState>, ApiError> {
        let Some(leg) = LegId::parse(id) else { return Ok(None) };
        match self.read(self.api.get_call(leg)).await {
            Err(error) if error.is_gone() => Ok(None),
            state => state.map(Some),
        }
    }

    /// A leg whose request was not answered: the only call to whom it was to reach at that time. Two such calls can't be
    /// told apart, and none is taken.
    async fn search(&self, wanted: &WantedLeg) -> Result<Option<CallState>, ApiError> {
        let Some(whom) = &wanted.whom else { return Ok(None) };
        let from = Timestamp::default() + wanted.asked_at.since(Timestamp::default() + BEFORE);
        let (Some(start), Some(end)) = (written(from), written(wanted.asked_at + AFTER)) else { return Ok(None) };
        let mut calls = read_calls(&self.send(self.api.calls_between(&start, &end)).await?)?;
        calls.retain(|call| is_made(call) && reaches(call, whom));
        Ok(calls.pop().filter(|_| calls.is_empty()))
    }

    /// What can't be read back is set to what the agent was told. A recording ends, so that none runs unseen.
    async fn set_again(&self, wanted: &Wanted) -> Result<Standing, ApiError> {
        let Standing { held, muted, .. } = wanted.told;
        let id_of = |leg: Leg| wanted.legs.iter().find(|known| known.leg == leg)?.id.as_deref();
        let changes = |some: [Change; 2]| wanted.changes.iter().any(|change| some.contains(change));
        let mut stands = Standing { held, muted, recording: None, named: None };
        let Some(customer) = id_of(Leg::Customer) else { return Ok(stands) };
        if changes([Change::Hold, Change::Resume]) {
            unless_gone(self.set_held(customer, held).await)?;
        }
        if let Some(agent) = wanted.agent.and_then(id_of).filter(|_| changes([Change::Mute, Change::Unmute])) {
            unless_gone(self.set_muted(agent, muted).await)?;
        }
        if changes([Change::StartRecording, Change::StopRecording]) {
            unless_gone(self.stop_recording(customer).await)?;
            stands.recording = Some(Recording::Off);
        }
        Ok(stands)
    }
}

/// A leg that is over needs nothing, and its end is told otherwise.
fn unless_gone(outcome: Result<(), ApiError>) -> Result<(), ApiError> {
    outcome.or_else(|error| if error.is_gone() { Ok(()) } else { Err(error) })
}

/// Whether a call did not come in.
fn is_made(call: &CallState) -> bool {
    call.direction.as_deref() != Some("inbound")
}

/// Whether a call was made to them.
fn reaches(call: &CallState, whom: &Whom) -> bool {
    // One endpoint, or a list of it.
    let to = call.to.get(0).unwrap_or(&call.to);
    let is = |field: &str, text: &str| to.get(field).and_then(|value| value.as_str()) == Some(text);
    match whom {
        Whom::Agent(agent) => is("user", &identity(agent)),
        Whom::Number(number) => is("number", to_wire(number)),
    }
}

/// A time as Vonage reads it.
fn written(at: Timestamp) -> Option<String> {
    let seconds = i64::try_from(at.as_millis() / 1000).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(&Rfc3339).ok()
}
