//! Completes HubSpot's records of calls that are over.
//!
//! **Invariant:** a record is made only when a search finds none, and the search comes after the intention to make one is durable and HubSpot
//! had the time to find what it has. So whoever kills the gateway, at whatever moment, finds one record. A transcript can't be searched for:
//! if nobody knows whether HubSpot has it, an operator decides.

use super::HubSpot;
use super::record::{self, best, external_id, lacking};
use crate::app::App;
use crate::journal::{Chain, Due, Given, Next, Step, StoreError, Told};
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, Call, PhoneNumber, RecordingError, SoundPart, TranscriptError};
use cordboard_hubspot::{Association, AssociationType, CallQuery, Error, ErrorKind, Id, NewCall, Search, property};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How often to look for what is due.
const LOOK: Duration = Duration::from_secs(1);
/// How many calls are told at a time.
const AT_ONCE: u32 = 4;
/// How long to wait after the first failure; then twice as long each time.
const FIRST: Duration = Duration::from_secs(2);
/// How long at the most, and when only the account can help.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// When the account has used up what it may in a day.
const TOMORROW: Duration = Duration::from_secs(60 * 60);
/// How long the provider may take to say whether a recording is there.
const PROBE: Duration = Duration::from_secs(15);

/// What an app must be granted to add transcripts.
const TRANSCRIPTS: &str = "crm.extensions_calling_transcripts.write";
const UNKNOWN_TRANSCRIPT: &str =
    "HubSpot may have the transcript or not: look at the record, and retry this call if there is none";

/// Why a call was not told.
enum Failure {
    HubSpot(Error),
    /// The journal has logged why.
    Store,
    /// It is too early.
    Wait(Timestamp, &'static str),
    /// The provider can't give something yet, or now.
    Provider(&'static str),
    /// Only somebody who looks can say whether it was told.
    Doubt(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::HubSpot(error)
    }
}

impl From<StoreError> for Failure {
    fn from(_: StoreError) -> Self {
        Self::Store
    }
}

impl App {
    /// Tells HubSpot of calls, as long as the gateway runs.
    pub(crate) async fn complete_records(self: Arc<Self>) {
        let Some(hubspot) = &self.hubspot else { return };
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            loop {
                // The journal has logged what it could not read.
                let due = self.store.due(self.clock.now(), AT_ONCE).await.unwrap_or_default();
                if due.is_empty() || !join_all(due.iter().map(|due| self.complete(hubspot, due))).await.contains(&true)
                {
                    break;
                }
            }
            if let Ok((waiting, parked)) = self.store.untold_counts().await {
                self.metrics.outbox(waiting, parked);
            }
        }
    }

    /// Tells HubSpot of one call. Returns whether what became of that is kept.
    async fn complete(&self, hubspot: &HubSpot, due: &Due) -> bool {
        let next = match self.tell(hubspot, &mut due.clone()).await {
            Ok(()) => Next::Done,
            Err(Failure::Store) => return false,
            Err(failure) => after(failure, due.attempts, self.clock.now()),
        };
        let (result, problem) = match &next {
            Next::Done => ("done", None),
            Next::At { problem, .. } => ("waits", problem.as_ref()),
            Next::Parked { problem } => ("parked", Some(problem)),
        };
        if let Some(problem) = problem {
            tracing::warn!(call = %due.call, result, problem, "HubSpot's record of a call is not complete");
        }
        self.metrics.told(result);
        self.store.settle_due(due, next).await.is_ok()
    }

    async fn tell(&self, hubspot: &HubSpot, due: &mut Due) -> Result<(), Failure> {
        let told = self.store.told_of(&due.call).await?;
        let Some((agent, call)) = best(&told.calls) else { return Ok(()) };
        let records = if told.engagements.is_empty() {
            vec![(self.own(hubspot, due, call).await?, call)]
        } else {
            if self.withdraw(hubspot, due, &told).await? {
                // Another record has to be told all of it.
                (due.is_ready, due.transcript) = (false, Given::No);
            }
            let of = |agent| told.calls.iter().find(|(known, _)| known == agent).map_or(call, |(_, call)| call);
            // What is no id names no record.
            let records =
                told.engagements.iter().filter_map(|(agent, id)| Some((Id::new(id.as_str()).ok()?, of(agent))));
            records.collect()
        };
        let mut first = None;
        for (record, call) in &records {
            if self.merge(hubspot, record, call).await? {
                first = first.or(Some(record));
            }
        }
        let Some(record) = first else { return Ok(()) };
        if !due.is_ready {
            self.announce(hubspot, due, record, call).await?;
        }
        self.transcribe(hubspot, due, record, (agent, call)).await
    }

    /// The record that the gateway made or found, or makes now.
    async fn own(&self, hubspot: &HubSpot, due: &Due, call: &Call) -> Result<Id, Failure> {
        if let Some(id) = due.engagement.as_ref().and_then(|id| Id::new(id.as_str()).ok()) {
            return Ok(id);
        }
        if let Some(id) = self.find(hubspot, due, call).await? {
            let name = id.as_str().to_owned();
            // Before the first try there was none.
            let step = if due.tried_at.is_some() { Step::Made(name) } else { Step::Found(name) };
            self.store.learn(&due.call, step).await?;
            return Ok(id);
        }
        let properties = record::properties(call, hubspot.settings.app, self.backend.info().id);
        let associations = self.people(hubspot, call).await?;
        self.store.learn(&due.call, Step::Tries(self.clock.now())).await?;
        let new = NewCall { properties, associations };
        match hubspot.client.send(&hubspot.settings.api.calls().create(&new)).await {
            Ok(made) => {
                self.store.learn(&due.call, Step::Made(made.id.as_str().to_owned())).await?;
                Ok(made.id)
            }
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
                Err(Failure::Wait(self.clock.now() + hubspot.settings.search_delay, "a record may have been made"))
            }
            Err(error) => {
                self.store.learn(&due.call, Step::HasNot).await?;
                Err(error.into())
            }
        }
    }

    /// The record that HubSpot has by the call's name, once it must have found what the gateway may have made.
    async fn find(&self, hubspot: &HubSpot, due: &Due, call: &Call) -> Result<Option<Id>, Failure> {
        if let Some(tried_at) = due.tried_at {
            let known_at = tried_at + hubspot.settings.search_delay;
            if self.clock.now() < known_at {
                return Err(Failure::Wait(known_at, "a record may have been made"));
            }
        }
        let search = Search::by(property::EXTERNAL_ID, &external_id(self.backend.info().id, call), &[]);
        let found = hubspot.client.send(&hubspot.settings.api.calls().search(&search)).await?;
        Ok(found.results.into_iter().next().map(|found| found.id))
    }

    /// The person of the number, if there is exactly one.
    async fn people(&self, hubspot: &HubSpot, call: &Call) -> Result<Vec<Association>, Failure> {
        let Some(remote) = &call.remote else { return Ok(Vec::new()) };
        let found = hubspot.client.send(&hubspot.settings.api.people_of(remote.as_e164(), &national(remote))).await?;
        let only = match <[_; 1]>::try_from(found.results) {
            Ok([only]) => Some(only.id),
            Err(_) => None,
        };
        Ok(only.map(|id| Association::new(id, vec![AssociationType::CALL_TO_CONTACT])).into_iter().collect())
    }

    /// Takes a record back that the gateway made before a widget reported the CRM's own. Says whether there was one.
    async fn withdraw(&self, hubspot: &HubSpot, due: &Due, told: &Told) -> Result<bool, Failure> {
        let Some((_, call)) = best(&told.calls) else { return Ok(false) };
        let own = match &due.engagement {
            // What somebody else made is theirs.
            Some(id) => Id::new(id.as_str()).ok().filter(|_| due.is_made),
            None if due.tried_at.is_some() => self.find(hubspot, due, call).await?,
            None => return Ok(false),
        };
        if let Some(id) = own.filter(|id| !told.engagements.iter().any(|(_, reported)| reported == id.as_str())) {
            match hubspot.client.send(&hubspot.settings.api.calls().archive(&id)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            self.store.learn(&due.call, Step::Withdrawn).await?;
            return Ok(true);
        }
        self.store.learn(&due.call, Step::HasNot).await?;
        Ok(false)
    }

    /// Writes what a record lacks. `false` if there is no such record: somebody removed it.
    async fn merge(&self, hubspot: &HubSpot, id: &Id, call: &Call) -> Result<bool, Failure> {
        let calls = hubspot.settings.api.calls();
        let query = CallQuery { properties: &record::NAMES, ..CallQuery::default() };
        let current = match hubspot.client.send(&calls.get(id, query)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            current => current?,
        };
        let mut known = record::properties(call, hubspot.settings.app, self.backend.info().id);
        let has_outcome = current.properties.get(property::DISPOSITION).is_some_and(|outcome| !outcome.is_empty());
        if let (Some(outcome), false) = (record::outcome(call), has_outcome)
            && self.may_be_outcome(hubspot, outcome).await?
        {
            known.set(property::DISPOSITION, outcome);
        }
        let lacking = lacking(&current.properties, &known);
        if !lacking.is_empty() {
            hubspot.client.send(&calls.update(id, &lacking)).await?;
        }
        Ok(true)
    }

    /// Whether the account has that outcome. An account that does not say so has none: the rep may choose one.
    async fn may_be_outcome(&self, hubspot: &HubSpot, outcome: &str) -> Result<bool, Failure> {
        match hubspot.client.send(&hubspot.settings.api.dispositions()).await {
            Ok(outcomes) => Ok(outcomes.iter().any(|known| known.id == outcome)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::MissingScopes | ErrorKind::NotAllowed | ErrorKind::Refused => {
                    Ok(false)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Tells HubSpot that it can fetch the recording, when it can.
    async fn announce(&self, hubspot: &HubSpot, due: &Due, record: &Id, call: &Call) -> Result<(), Failure> {
        let recording = call.recordings.iter().find_map(|link| self.links.name_of(link));
        let (Some(recording), Some(number)) = (recording, record.number()) else { return Ok(()) };
        let begin = SoundPart::Between { first: 0, last: 0 };
        match timeout(PROBE, self.backend.recording(&recording, Some(begin))).await {
            Ok(Ok(_)) => {}
            Ok(Err(RecordingError::Gone | RecordingError::NoSuchPart { .. })) => return Ok(()),
            Ok(Err(RecordingError::NotReady)) => return Err(Failure::Provider("the recording is not ready yet")),
            Ok(Err(RecordingError::Unavailable)) | Err(_) => {
                return Err(Failure::Provider("the recording can't be had now"));
            }
        }
        hubspot.client.send(&hubspot.settings.api.recording_ready(number)).await?;
        Ok(self.store.learn(&due.call, Step::Ready).await?)
    }

    /// Gives HubSpot what was said, if the app may and the provider has it. What HubSpot has can't be looked for, so it is sent once.
    async fn transcribe(
        &self,
        hubspot: &HubSpot,
        due: &Due,
        record: &Id,
        (agent, call): (&AgentId, &Call),
    ) -> Result<(), Failure> {
        let may = hubspot.settings.scopes.iter().any(|scope| scope == TRANSCRIPTS);
        let (true, Some(_), Some(number)) = (may, call.connected_at, record.number()) else { return Ok(()) };
        match due.transcript {
            Given::No => {}
            Given::Perhaps => return Err(Failure::Doubt(UNKNOWN_TRANSCRIPT)),
            Given::Yes => return Ok(()),
        }
        let transcript = match timeout(PROBE, self.backend.transcript(&due.call)).await {
            Ok(Ok(Some(transcript))) if !transcript.utterances.is_empty() => transcript,
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(TranscriptError::NotReady)) => return Err(Failure::Provider("the transcript is not ready yet")),
            Ok(Err(TranscriptError::Unavailable)) | Err(_) => {
                return Err(Failure::Provider("the transcript can't be had now"));
            }
        };
        let name = self.agent(agent).await.ok().flatten().map(|agent| agent.name).unwrap_or_default();
        let transcript = record::transcript(number, &transcript, name, call);
        self.store.learn(&due.call, Step::Transcribes).await?;
        match hubspot.client.send(&hubspot.settings.api.transcripts().create(&transcript)).await {
            Ok(_) => Ok(self.store.learn(&due.call, Step::Transcribed).await?),
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => Err(Failure::Doubt(UNKNOWN_TRANSCRIPT)),
            Err(error) => {
                self.store.learn(&due.call, Step::NotTranscribed).await?;
                Err(error.into())
            }
        }
    }
}

/// When a call is tried again, if that can help.
fn after(failure: Failure, attempts: u32, now: Timestamp) -> Next {
    let later = |wait: Duration, problem: String| Next::At { due_at: now + wait, problem: Some(problem) };
    let error = match failure {
        Failure::Wait(due_at, why) => return Next::At { due_at, problem: Some(why.to_owned()) },
        Failure::Provider(why) => return later(back_off(attempts), why.to_owned()),
        Failure::Doubt(why) => return Next::Parked { problem: why.to_owned() },
        Failure::Store => return later(FIRST, "the journal can't be used".to_owned()),
        Failure::HubSpot(error) => error,
    };
    let problem = Chain(&error).to_string();
    match error.kind() {
        ErrorKind::RateLimited { retry_after } | ErrorKind::Unavailable { retry_after } => {
            later(back_off(attempts).max(retry_after.unwrap_or_default()), problem)
        }
        ErrorKind::Unreachable | ErrorKind::OutcomeUnknown | ErrorKind::Store => later(back_off(attempts), problem),
        ErrorKind::DailyLimit => later(TOMORROW, problem),
        // It is not about this call.
        ErrorKind::Unauthorized | ErrorKind::MissingScopes | ErrorKind::NotAllowed | ErrorKind::NotInstalled => {
            later(LONGEST, problem)
        }
        ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::Invalid | ErrorKind::Refused => {
            Next::Parked { problem }
        }
    }
}

/// Twice as long each time, and by up to a half more, so that what failed together does not come together.
fn back_off(attempts: u32) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(attempts)).min(LONGEST);
    let [random] = crate::random::bytes();
    whole + whole.mul_f64(f64::from(random) / 512.0)
}

/// The digits with which people dial it in its country.
fn national(number: &PhoneNumber) -> String {
    let parsed = phonenumber::parse(None, number.as_e164());
    parsed.map(|number| number.national().to_string()).unwrap_or_default()
}
