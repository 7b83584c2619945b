//! The conformance suite notices lines that break the contract: the mock's, each with one flaw.

mod support;

use cordboard::async_trait;
use cordboard::platform::Clock;
use cordboard::telephony::conformance::{CannotPlay, Cue, FarEnd, Harness, TestAgent};
use cordboard::telephony::{
    Agent, Availability, Call, CallEvent, CallEventKind, CallId, CallerId, Capabilities, Capability, Credentials,
    DialKey, DialRequest, Digits, EndReason, Error, ErrorKind, Event, Events, Operation, PhoneNumber, ProviderInfo,
    Telephony, Transfer,
};
use cordboard_mock::MockConfig;
use futures_util::{StreamExt as _, stream};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::MockHarness;

/// One test for each flaw: the behaviour that must fail, and the line of the contract that the failure quotes.
macro_rules! noticed {
    ($($flaw:ident by $module:ident::$behaviour:ident: $line:literal;)+) => {
        /// What is wrong with a line.
        #[allow(non_camel_case_types, reason = "a flaw is named as the test that shows it")]
        #[derive(Clone, Copy, PartialEq)]
        enum Flaw {
            $($flaw,)+
        }

        $(
            #[test]
            #[should_panic(expected = $line)]
            fn $flaw() {
                let harness = BrokenHarness { inner: MockHarness::new(MockConfig::default()), flaw: Flaw::$flaw };
                harness.block_on(cordboard::telephony::conformance::$module::$behaviour(&harness));
            }
        )+
    };
}

noticed! {
    drops_an_event by dial::answered: "numbered from 1";
    duplicates_an_event by dial::answered: "numbered from 1";
    reorders_events by dial::answered: "numbered from 1";
    starts_twice by dial::answered: "both come exactly once";
    goes_on_after_the_end by dial::both_hang_up_at_once: "both come exactly once";
    never_ends by dial::agent_hangs_up: "says what happened";
    gives_a_wrong_reason by dial::busy: "says what happened";
    dials_again by dial::a_key_dials_once: "does not dial again";
    claims_what_it_cannot by refusals::claimed_is_never_unsupported: "is never `Unsupported`";
    can_what_it_does_not_claim by refusals::unclaimed_is_unsupported: "does not claim";
    forgets_its_calls by events::a_new_instance_finds_the_call: "every call that has not ended";
    shows_stale_calls by events::active_calls_agrees_with_the_events: "every call that has not ended";
    tells_one_listener by events::two_listeners_get_the_same: "Each caller of `events`";
    hides_that_it_lagged by events::a_slow_listener_is_told: "is told `Lagged`";
    works_without_an_agent by sign_in::everything_else_needs_an_agent: "Without a signed-in agent";
    keeps_calls_when_signing_out by sign_in::signing_out_ends_a_connected_call: "as if they had hung up";
    cannot_hang_up_twice by refusals::an_ended_call_is_no_such_call: "both sides may hang up at once";
    rings_while_away by inbound::does_not_ring_while_away: "an agent who is available";
    does_not_hold by in_call::hold_and_resume: "the order was accepted";
    hides_a_failed_transfer by transfer::blind_that_fails: "`TransferFailed` says so";
    swallows_digits by in_call::far_end_hears_digits: "Digits arrive";
    hides_a_lost_connection by faults::connection_lost_and_restored: "says `Lost`";
    hides_the_end_of_a_session by faults::session_expires: "`Event::SignedOut`";
}

struct Broken {
    inner: Box<dyn Telephony>,
    flaw: Flaw,
    count: AtomicU32,
}

impl Broken {
    fn count(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}

/// What a listener hears instead of an event.
fn distort(flaw: Flaw, event: Event) -> Vec<Event> {
    let Event::Call(call) = &event else {
        return match (flaw, &event) {
            (Flaw::hides_a_lost_connection, Event::Connection(_))
            | (Flaw::hides_the_end_of_a_session, Event::SignedOut(_))
            | (Flaw::hides_that_it_lagged, Event::Lagged { .. }) => vec![],
            _ => vec![event],
        };
    };
    let with = |sequence, kind| Event::Call(CallEvent { sequence, kind, ..call.clone() });
    match (flaw, &call.kind) {
        (Flaw::drops_an_event | Flaw::reorders_events, CallEventKind::Ringing)
        | (Flaw::never_ends, CallEventKind::Ended(_))
        | (Flaw::hides_a_failed_transfer, CallEventKind::TransferFailed) => vec![],
        (Flaw::reorders_events, CallEventKind::Connected) => vec![event.clone(), with(2, CallEventKind::Ringing)],
        (Flaw::duplicates_an_event, CallEventKind::Ringing) | (Flaw::starts_twice, CallEventKind::Started(_)) => {
            vec![event.clone(), event]
        }
        (Flaw::goes_on_after_the_end, CallEventKind::Ended(_)) => {
            vec![event.clone(), with(call.sequence + 1, CallEventKind::Muted)]
        }
        (Flaw::gives_a_wrong_reason, CallEventKind::Ended(_)) => {
            vec![with(call.sequence, CallEventKind::Ended(EndReason::Missed))]
        }
        _ => vec![event],
    }
}

#[async_trait]
impl Telephony for Broken {
    fn info(&self) -> ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> Capabilities {
        match self.flaw {
            Flaw::can_what_it_does_not_claim => self.inner.capabilities().without(Capability::Hold),
            _ => self.inner.capabilities(),
        }
    }

    async fn sign_in(&self, credentials: Credentials) -> Result<Agent, Error> {
        self.inner.sign_in(credentials).await
    }

    async fn sign_out(&self) -> Result<(), Error> {
        match self.flaw {
            Flaw::keeps_calls_when_signing_out => Ok(()),
            _ => self.inner.sign_out().await,
        }
    }

    async fn set_availability(&self, availability: Availability) -> Result<(), Error> {
        match self.flaw {
            Flaw::rings_while_away => self.inner.set_availability(Availability::Available).await,
            _ => self.inner.set_availability(availability).await,
        }
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        match self.flaw {
            Flaw::works_without_an_agent => Ok(vec![]),
            _ => self.inner.caller_ids().await,
        }
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        match self.flaw {
            Flaw::dials_again => {
                let key = DialKey::new(format!("{}-{}", request.key.as_str(), self.count()));
                self.inner.dial(DialRequest { key, ..request }).await
            }
            _ => self.inner.dial(request).await,
        }
    }

    async fn answer(&self, call: &CallId) -> Result<(), Error> {
        self.inner.answer(call).await
    }

    async fn reject(&self, call: &CallId) -> Result<(), Error> {
        self.inner.reject(call).await
    }

    async fn hang_up(&self, call: &CallId) -> Result<(), Error> {
        let over = self.count() > 0;
        match self.flaw {
            Flaw::cannot_hang_up_twice if over => Err(Error::new(ErrorKind::NoSuchCall, Operation::HangUp)),
            _ => self.inner.hang_up(call).await,
        }
    }

    async fn mute(&self, call: &CallId) -> Result<(), Error> {
        self.inner.mute(call).await
    }

    async fn unmute(&self, call: &CallId) -> Result<(), Error> {
        self.inner.unmute(call).await
    }

    async fn hold(&self, call: &CallId) -> Result<(), Error> {
        match self.flaw {
            Flaw::does_not_hold => Ok(()),
            Flaw::claims_what_it_cannot => Err(Error::new(ErrorKind::Unsupported, Operation::Hold)),
            _ => self.inner.hold(call).await,
        }
    }

    async fn resume(&self, call: &CallId) -> Result<(), Error> {
        self.inner.resume(call).await
    }

    async fn send_digits(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        match self.flaw {
            Flaw::swallows_digits => Ok(()),
            _ => self.inner.send_digits(call, digits).await,
        }
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        self.inner.transfer(call, transfer).await
    }

    async fn start_recording(&self, call: &CallId) -> Result<(), Error> {
        self.inner.start_recording(call).await
    }

    async fn pause_recording(&self, call: &CallId) -> Result<(), Error> {
        self.inner.pause_recording(call).await
    }

    async fn resume_recording(&self, call: &CallId) -> Result<(), Error> {
        self.inner.resume_recording(call).await
    }

    async fn stop_recording(&self, call: &CallId) -> Result<(), Error> {
        self.inner.stop_recording(call).await
    }

    async fn active_calls(&self) -> Result<Vec<Call>, Error> {
        let mut calls = self.inner.active_calls().await?;
        match self.flaw {
            Flaw::forgets_its_calls => calls.clear(),
            Flaw::shows_stale_calls => calls.iter_mut().for_each(|call| call.muted = false),
            _ => {}
        }
        Ok(calls)
    }

    fn events(&self) -> Events {
        let flaw = self.flaw;
        let first = flaw != Flaw::tells_one_listener || self.count() == 0;
        let events = self.inner.events().filter(move |_| std::future::ready(first));
        Box::pin(events.flat_map(move |event| stream::iter(distort(flaw, event))))
    }
}

struct BrokenHarness {
    inner: MockHarness,
    flaw: Flaw,
}

impl Harness for BrokenHarness {
    fn block_on<F: Future<Output = ()>>(&self, test: F) {
        self.inner.block_on(test);
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }

    fn silence(&self) -> Duration {
        self.inner.silence()
    }

    fn line(&self, agent: TestAgent) -> Option<Box<dyn Telephony>> {
        let inner = self.inner.line(agent)?;
        Some(Box::new(Broken { inner, flaw: self.flaw, count: AtomicU32::new(0) }))
    }

    fn credentials(&self, agent: TestAgent) -> Credentials {
        self.inner.credentials(agent)
    }

    fn wrong_credentials(&self) -> Option<Credentials> {
        self.inner.wrong_credentials()
    }

    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber> {
        self.inner.number(far_end)
    }

    fn backlog(&self) -> Option<usize> {
        self.inner.backlog()
    }

    fn play(&self, cue: Cue<'_>) -> impl Future<Output = Result<(), CannotPlay>> {
        self.inner.play(cue)
    }
}
