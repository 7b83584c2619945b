//! The gateway with Twilio built in, over Twilio's emulator.

mod failures;
mod kill;
mod office;
mod secrets;
mod webhooks;
