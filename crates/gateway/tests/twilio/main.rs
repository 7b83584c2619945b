//! The gateway with Twilio built in, over Twilio's emulator.
#![allow(clippy::unwrap_used, reason = "a test panics when something is wrong")]

mod failures;
mod kill;
mod office;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod webhooks;
