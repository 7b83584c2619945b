//! Tin Can's cloud in memory, in virtual time or, as a program, in real time. It stands in for the service in tests and while you develop.
//! Its telephones are those of `cordboard_emulator::numbers`. It carries no sound.

#![allow(dead_code, reason = "tests use its hands, and a program does not")]

mod answers;
mod hands;
mod legs;

use cordboard::Timestamp;
use cordboard_emulator::{Basis, Emulated, Moment, Unanswered};
use http::{Request, Response};
use legs::Leg;
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
    basis: Basis<(String, Moment), Letter>,
    legs: BTreeMap<String, Leg>,
    /// Agents whose legs a test answers.
    by_hand: BTreeSet<String>,
}

/// A webhook.
#[derive(Clone)]
pub(crate) struct Letter {
    body: Value,
    /// The leg that waits for the answer, which says where it goes.
    asks_for: Option<String>,
}

impl Cloud {
    /// An account without calls, whose server is there. The `seed` is part of its calls' ids.
    pub(crate) fn new(public_url: &str, seed: u64) -> Self {
        Self {
            webhooks: format!("{public_url}/webhooks/tin-can/events"),
            basis: Basis::new(LATENCY, seed),
            legs: BTreeMap::new(),
            by_hand: BTreeSet::new(),
        }
    }

    fn send(&mut self, body: Value, asks_for: Option<String>) {
        let urgency = match asks_for {
            Some(_) => cordboard_emulator::Urgency::Document,
            None => cordboard_emulator::Urgency::Report,
        };
        self.basis.outbox.push(self.basis.now, &mut self.basis.random, &Letter { body, asks_for }, urgency, TRIES);
    }
}

impl Emulated for Cloud {
    type Signal = ();
    type Timer = (String, Moment);
    type Letter = Letter;

    fn basis(&self) -> &Basis<(String, Moment), Letter> {
        &self.basis
    }

    fn basis_mut(&mut self) -> &mut Basis<(String, Moment), Letter> {
        &mut self.basis
    }

    fn happen(&mut self, (leg, moment): (String, Moment)) {
        self.reach(&leg, moment);
    }

    fn answer(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.answer_to(request)
    }

    fn error(status: u16) -> Response<Vec<u8>> {
        answers::refused(status, "injected")
    }

    fn signed(&self, letter: &Letter, _: Timestamp) -> (Request<Vec<u8>>, bool) {
        (answers::signed(&self.webhooks, &letter.body), letter.asks_for.is_some())
    }

    fn is_failure(_: &Letter, status: Result<u16, Unanswered>) -> bool {
        !matches!(status, Ok(200..=299))
    }

    fn answered(&mut self, letter: Letter, response: Result<Response<Vec<u8>>, Unanswered>) {
        let Some(response) = response.ok().filter(|response| response.status().is_success()) else {
            return self.basis.warn("a webhook was not taken");
        };
        let Some(leg) = letter.asks_for else { return };
        match serde_json::from_slice(response.body()) {
            Ok(fields) => self.change(&leg, &fields),
            Err(_) => self.basis.warn("the answer to a call is not JSON"),
        }
    }

    fn poll_signal(&mut self) -> Option<()> {
        None
    }
}
