//! How a call stands at the provider, for what no webhook has told.

use crate::bridge::{Action, Fact, Facts, Leg, LegEnd, LegStatus, WantedLeg};
use crate::carrier::{Carrier, Found, FoundLeg, Standing};
use crate::error::ApiError;
use crate::executor::Executor;
use cordboard::Timestamp;
use cordboard::telephony::{CallId, Recording};
use std::time::Duration;

/// A request that makes a leg has arrived by now, or never will.
const MADE_BY_NOW: Duration = Duration::from_secs(15);

impl<C: Carrier> Executor<C> {
    /// Facts that are not in the books yet.
    pub(crate) async fn look_up(&self, call: &CallId, now: Timestamp) -> Result<Facts, ApiError> {
        let Some(wanted) = self.bridge.lock().wanted(call) else { return Ok(Vec::new()) };
        let mut facts = Vec::new();

        // To end a call twice is the same as once.
        let again = wanted.hang_up.and_then(|order| self.bridge.lock().end_all(call, order));
        if let Some(action) = again {
            let (ended, outcome) = self.carry_out(call, &action).await;
            outcome?;
            facts.extend(ended);
        }
        let Found { legs, stands, came, diverted } = self.carrier.look_up(call, &wanted).await?;
        for action in &wanted.unsettled {
            if diverted && matches!(action, Action::Divert { .. }) {
                facts.push(action.settled(call));
                continue;
            }
            let (settled, outcome) = self.carry_out(call, action).await;
            facts.extend(settled);
            if let Err(error) = outcome {
                tracing::warn!(%call, ?action, %error, "an action failed again");
            }
        }
        let mut found = |key: String, fact: Fact| facts.push((call.clone(), key, fact));
        for WantedLeg { leg, id: known, asked_at, .. } in &wanted.legs {
            // A leg that was found by whom it reaches may be another call's.
            let is_ours = |found: &&FoundLeg| {
                found.leg == *leg && (known.is_some() || !self.bridge.lock().is_elsewhere(call, &found.id))
            };
            match (legs.iter().find(is_ours), known) {
                (Some(there), _) => {
                    let id = there.id.clone();
                    if known.is_none() {
                        let fact = Fact::Made { leg: *leg, id: id.clone(), room: there.room.clone() };
                        found(format!("made/{call}/{leg}"), fact);
                    }
                    if let Some(status) = there.status {
                        let key = format!("looked-up/{id}/{}", there.word);
                        found(key, Fact::Leg { leg: *leg, id: Some(id), status });
                    }
                }
                (None, Some(id)) => found(format!("gone/{id}"), ended(*leg, Some(id.clone()))),
                (None, None) if now.since(*asked_at) > MADE_BY_NOW => {
                    found(format!("missing/{call}/{leg}"), ended(*leg, None));
                }
                (None, None) => {}
            }
        }
        if let Some(Standing { held, muted, recording, named }) = stands.filter(|_| !wanted.changes.is_empty()) {
            let (order, paused) = (wanted.orders, recording == Some(Recording::Paused));
            let recording = recording.map(|recording| recording != Recording::Off);
            found(format!("stands/{call}/{order}"), Fact::Stands { order, held, muted, recording, paused, named });
        }
        if let Some(merge) = wanted.merge {
            for (call, order) in [(call, merge.order), (&merge.consultation, merge.consultation_order)] {
                let done = || ("done", Fact::Done { order, recording: None });
                let (key, fact) = if came { done() } else { ("not-done", Fact::NotDone { order }) };
                facts.push((call.clone(), format!("{key}/{call}/{order}"), fact));
            }
        }
        Ok(facts)
    }
}

fn ended(leg: Leg, id: Option<String>) -> Fact {
    Fact::Leg { leg, id, status: LegStatus::Ended { end: LegEnd::Failed, seconds: None } }
}
