//! How a call stands at the provider, for what no webhook has told.

use crate::bridge::{Action, Fact, Facts, Leg, LegEnd, LegStatus, Merge, WantedLeg};
use crate::carrier::{Carrier, Found, FoundLeg, Standing};
use crate::error::ApiError;
use crate::executor::Executor;
use cordboard::Timestamp;
use cordboard::telephony::{CallId, Recording};
use std::time::Duration;

/// A request that makes or brings a leg has arrived by now, or never will.
const MADE_BY_NOW: Duration = Duration::from_secs(15);

/// Whether actions that are not settled are carried out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsettled {
    /// By whoever records what comes of it before somebody else looks.
    CarryOut,
    Leave,
}

impl<C: Carrier> Executor<C> {
    /// Facts that are not in the books yet. Nothing is concluded of what is under way.
    pub(crate) async fn look_up(&self, call: &CallId, now: Timestamp, unsettled: Unsettled) -> Result<Facts, ApiError> {
        let under_way = self.under_way(call);
        let Some(wanted) = self.bridge.lock().wanted(call) else { return Ok(Vec::new()) };
        let mut facts = Vec::new();

        // To end a call twice is the same as once.
        let again = wanted.hang_up.and_then(|order| self.bridge.lock().end_all(call, order));
        if let Some(action) = again {
            facts.extend(self.again(call, &action).await);
        }
        let Found { legs, stands, came, diverted } = self.carrier.look_up(call, &wanted).await?;
        for action in wanted.unsettled.iter().filter(|_| unsettled == Unsettled::CarryOut) {
            if diverted && matches!(action, Action::Divert { .. }) {
                facts.push(action.settled(call));
            } else {
                facts.extend(self.again(call, action).await);
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
                (None, None) if now.since(*asked_at) > MADE_BY_NOW && !under_way.contains(&format!("add/{leg}")) => {
                    found(format!("missing/{call}/{leg}"), ended(*leg, None));
                }
                (None, None) => {}
            }
        }
        let is_changing = under_way.iter().any(|name| name.starts_with("change/"));
        let stands = stands.filter(|_| !wanted.changes.is_empty() && !is_changing);
        if let Some(Standing { held, muted, recording, named }) = stands {
            let (order, paused) = (wanted.orders, recording == Some(Recording::Paused));
            let recording = recording.map(|recording| recording != Recording::Off);
            found(format!("stands/{call}/{order}"), Fact::Stands { order, held, muted, recording, paused, named });
        }
        let is_decided = |merge: &Merge| {
            let name = format!("move/{}", merge.order);
            !under_way.contains(&name) && (came || now.since(merge.asked_at) > MADE_BY_NOW)
        };
        if let Some(merge) = wanted.merge.filter(is_decided) {
            for (call, order) in [(call, merge.order), (&merge.consultation, merge.consultation_order)] {
                let done = || ("done", Fact::Done { order, recording: None });
                let (key, fact) = if came { done() } else { ("not-done", Fact::NotDone { order }) };
                facts.push((call.clone(), format!("{key}/{call}/{order}"), fact));
            }
        }
        Ok(facts)
    }

    /// Has an action carried out again, unless it is under way.
    async fn again(&self, call: &CallId, action: &Action) -> Facts {
        let (facts, outcome) = self.carry_out(call, action).await;
        if let Err(error) = outcome {
            tracing::warn!(%call, ?action, %error, "an action failed again");
        }
        facts
    }
}

fn ended(leg: Leg, id: Option<String>) -> Fact {
    Fact::Leg { leg, id, status: LegStatus::Ended { end: LegEnd::Failed, seconds: None } }
}
