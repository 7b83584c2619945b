//! The tests that every provider runs: one for each line of the [contract](super::Telephony#contract).
//!
//! A provider implements [`Harness`] and names it once; each behaviour becomes a `#[test]`:
//!
//! ```text
//! cordboard::conformance_tests!(Playground::start());
//! ```
//!
//! What a line claims in its [`Capabilities`](super::Capabilities) chooses what is asked of it, both ways. What the harness
//! can't play, such as a number that drops its calls, is not asked. The harness owns the executor and the time,
//! so the same tests run in virtual time and against a real network.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking that the contract is broken")]

pub mod backend;
mod contract;
mod desk;

#[doc(hidden)]
pub mod dial;
#[doc(hidden)]
pub mod events;
#[doc(hidden)]
pub mod faults;
#[doc(hidden)]
pub mod in_call;
#[doc(hidden)]
pub mod inbound;
#[doc(hidden)]
pub mod refusals;
#[doc(hidden)]
pub mod sign_in;
#[doc(hidden)]
pub mod transfer;

use super::{CallId, Credentials, Digits, PhoneNumber, Telephony};
use crate::platform::Clock;
use core::future::Future;
use core::time::Duration;

/// What a provider hands the suite: its lines, and a hand on the far end of each call.
///
/// Every test makes a harness of its own, whose agents are signed out and have no calls.
pub trait Harness {
    /// Runs a test to its end, and meanwhile whatever the lines need to run.
    fn block_on<F: Future<Output = ()>>(&self, test: F);

    /// The time that the lines live in.
    fn clock(&self) -> &dyn Clock;

    /// How long anything may take to happen: more than the time after which an unanswered call ends. A minute, unless that is longer.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// How long to listen before saying that nothing happened.
    fn silence(&self) -> Duration;

    /// Another instance of an agent's line, as a page makes one when it is loaded, or `None` if there is no such agent.
    fn line(&self, agent: TestAgent) -> Option<Box<dyn Telephony>>;

    /// What the agent signs in with.
    fn credentials(&self, agent: TestAgent) -> Credentials;

    /// What nobody can sign in with, if there is such a thing.
    fn wrong_credentials(&self) -> Option<Credentials>;

    /// A number to dial for that outcome.
    fn number(&self, far_end: FarEnd) -> Option<PhoneNumber>;

    /// How many events a line keeps for a listener that is behind, if the suite may overrun it.
    fn backlog(&self) -> Option<usize>;

    /// Plays the far end or the network.
    fn play(&self, cue: Cue<'_>) -> impl Future<Output = Result<(), CannotPlay>>;
}

/// The agents that the suite signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestAgent {
    /// The agent of most tests.
    First,
    /// Another agent of the same account.
    Second,
}

/// Who is at the other end of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// Answers soon, and stays until the agent or a [`Cue`] ends the call.
    Answers,
    /// Is on the phone.
    Busy,
    /// Rings, and nobody answers.
    NoAnswer,
    /// Declines.
    Rejects,
    /// Does not exist.
    Invalid,
    /// Can't be reached.
    Unreachable,
    /// Answers, and the connection is lost soon after.
    DropsMidCall,
    /// Answers, and presses the keys that it hears.
    EchoesDigits,
    /// [`TestAgent::Second`].
    SecondAgent,
}

/// What the far end or the network does when the suite asks for it.
#[derive(Clone, Copy, Debug)]
pub enum Cue<'a> {
    /// Somebody calls [`TestAgent::First`], and waits until someone answers or a cue ends the call.
    CallIn,
    /// The other party of the call hangs up, or gives up when nobody has answered.
    HangUp(&'a CallId),
    /// The other party presses keys.
    SendDigits(&'a CallId, &'a Digits),
    /// The next order is carried out, and the line does not hear of it.
    LoseReply,
    /// The line loses the provider for a moment, and finds it again.
    LoseConnection,
    /// The session of [`TestAgent::First`] runs out.
    ExpireSession,
}

/// The harness has no way to do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotPlay;

/// Makes a `#[test]` of every behaviour in the suite. The argument makes a
/// [`Harness`](crate::telephony::conformance::Harness), afresh for every test.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::conformance_tests! { $harness =>
            sign_in {
                everything_else_needs_an_agent
                an_agent_signs_in
                wrong_credentials_are_refused
                signing_out_ends_a_connected_call
                signing_out_gives_up_a_dialled_call
                signing_out_twice_is_fine
                signing_in_again_works
            }
            dial {
                answered
                busy
                no_answer
                rejected
                invalid_number
                unreachable
                dropped_mid_call
                agent_hangs_up
                far_end_hangs_up
                both_hang_up_at_once
                given_up_while_dialing
                given_up_while_ringing
                a_call_says_what_was_dialled
                shows_the_caller_id_asked_for
                a_key_dials_once
                a_key_dials_once_when_sent_twice_at_once
                a_key_is_remembered_after_the_call
                two_calls_at_once
                one_call_at_a_time
            }
            inbound {
                answered_by_the_agent
                rejected_by_the_agent
                hung_up_while_it_rings
                missed
                hung_up_by_the_caller
                does_not_ring_while_away
                does_not_ring_unless_claimed
                agents_call_each_other
                rejected_by_the_other_agent
            }
            in_call {
                hold_and_resume
                mute_and_unmute
                far_end_hears_digits
                agent_hears_digits
                recording
                recording_pauses
                a_held_call_can_be_hung_up
            }
            transfer {
                blind
                blind_of_a_held_call
                blind_to_the_other_agent
                blind_that_fails
                attended
                attended_needs_a_consultation
            }
            events {
                two_listeners_get_the_same
                active_calls_agrees_with_the_events
                a_slow_listener_is_told
                a_new_instance_finds_the_call
                a_new_instance_finds_a_ringing_call
            }
            refusals {
                unclaimed_is_unsupported
                claimed_is_never_unsupported
                an_unknown_call_is_no_such_call
                an_ended_call_is_no_such_call
                not_before_the_call_is_answered
                only_a_ringing_inbound_call_is_answered
                only_a_recording_is_paused
            }
            faults {
                outcome_of_a_dial_unknown
                connection_lost_and_restored
                session_expires
            }
        }
    };
    ($harness:expr => $($module:ident { $($behaviour:ident)+ })+) => {
        $($(
            #[test]
            fn $behaviour() {
                let harness = $harness;
                let test = $crate::telephony::conformance::$module::$behaviour(&harness);
                $crate::telephony::conformance::Harness::block_on(&harness, test);
            }
        )+)+
    };
}

#[cfg(test)]
mod tests {
    /// Nobody forgets to list a behaviour that they wrote.
    #[test]
    fn every_behaviour_is_listed() {
        let listed: Vec<&str> = include_str!("mod.rs").split_whitespace().collect();
        let sources = [
            include_str!("dial.rs"),
            include_str!("events.rs"),
            include_str!("faults.rs"),
            include_str!("in_call.rs"),
            include_str!("inbound.rs"),
            include_str!("refusals.rs"),
            include_str!("sign_in.rs"),
            include_str!("transfer.rs"),
        ];
        for behaviour in sources.iter().flat_map(|source| source.split("\npub async fn ").skip(1)) {
            let name = behaviour.split('<').next().unwrap();
            assert!(listed.contains(&name), "{name} is not in conformance_tests!");
        }
    }
}
