//! Tin Can's cloud in memory, in virtual time or, as a program, in real time. It stands in for the service in tests and while you develop.
//! Its telephones are those of `cordboard_emulator::numbers`. It carries no sound.

#![allow(dead_code, reason = "tests use its hands, and a program does not")]

mod answers;
mod hands;
mod legs;

use cordboard::Timestamp;
use cordboard_emulator::{Answer, Callback, CallbackId, Emulated, Faults, Outbox, Random, Timers, Unanswered};
use http::{Request, Response};
use legs::{Leg, Timer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What requests bear. Belongs to nobody.
pub(crate) const API_KEY: &str = "not-a-secret-api-key";
/// What webhooks are signed with.
pub(crate) const WEBHOOK_SECRET: &str = "not-a-secret-webhook-secret";

/// How long a webhook takes.
const LATENCY: Duration = Duration::from_millis(50);
/// How often a webhook that fails is sent.
const TRIES: u8 = 4;

/// One account's cloud.
pub(crate) struct Cloud {
    /// Where the account's webhooks go.
    webhooks: String,
    now: Timestamp,
    legs: BTreeMap<String, Leg>,
    /// Agents whose legs a test answers.
    by_hand: BTreeSet<String>,
    outbox: Outbox<Letter>,
    timers: Timers<Timer>,
    faults: Faults,
    random: Random,
    warnings: Vec<String>,
}

/// A webhook.
#[derive(Clone)]
struct Letter {
    body: Value,
    /// The leg that waits for the answer, which says where it goes.
    asks_for: Option<String>,
}

impl Cloud {
    /// An account without calls, whose server is there. The `seed` is part of its calls' ids.
    pub(crate) fn new(public_url: &str, seed: u64) -> Self {
        Self {
            webhooks: format!("{public_url}/webhooks/tin-can/events"),
            now: Timestamp::default(),
            legs: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            outbox: Outbox::new(LATENCY),
            timers: Timers::default(),
            faults: Faults::default(),
            random: Random::new(seed),
            warnings: Vec::new(),
        }
    }

    fn later(&mut self, after: Duration, timer: Timer) {
        self.timers.plan(self.now + after, timer);
    }

    fn send(&mut self, body: Value, asks_for: Option<String>) {
        let urgency = match asks_for {
            Some(_) => cordboard_emulator::Urgency::Document,
            None => cordboard_emulator::Urgency::Report,
        };
        self.outbox.push(self.now, &mut self.random, &Letter { body, asks_for }, urgency, TRIES);
    }
}

impl Emulated for Cloud {
    type Signal = ();

    fn handle_request(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.handle_timeout(now);
        let Some(fault) = self.faults.take(request) else { return Some(self.answer(request)) };
        let truth = fault.carried_out.then(|| self.answer(request));
        match (fault.answer, fault.answer.error()) {
            (Answer::Truth, _) => truth,
            (_, Some(status)) => Some(answers::refused(status, "injected")),
            (answer, None) => answer.page(),
        }
    }

    fn poll_callback(&mut self) -> Option<Callback> {
        let (id, at, letter) = self.outbox.pop(self.now)?;
        let request = answers::signed(&self.webhooks, &letter.body);
        Some(Callback { id, at, awaits_document: letter.asks_for.is_some(), request })
    }

    fn handle_callback_response(
        &mut self,
        now: Timestamp,
        id: CallbackId,
        response: Result<Response<Vec<u8>>, Unanswered>,
    ) {
        self.handle_timeout(now);
        let response = response.ok().filter(|response| response.status().is_success());
        let Some(letter) = self.outbox.answered(now, id, |_| response.is_none()) else { return };
        let Some(response) = response else { return self.warnings.push("a webhook was not taken".to_owned()) };
        let Some(leg) = letter.asks_for else { return };
        match serde_json::from_slice(response.body()) {
            Ok(fields) => self.change(&leg, &fields),
            Err(_) => self.warnings.push("the answer to a call is not JSON".to_owned()),
        }
    }

    fn poll_signal(&mut self) -> Option<()> {
        None
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.next_at().into_iter().chain(self.outbox.next_at()).min()
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((at, timer)) = self.timers.pop(now) {
            self.now = self.now.max(at);
            self.happen(timer);
        }
        self.now = self.now.max(now);
    }
}
