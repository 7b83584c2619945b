//! The client against HubSpot's specification and an emulator, in virtual time.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod answers;
mod calls;
mod catalogue;
mod errors;
mod http;
mod pacing;
mod requests;
mod retries;
mod settings;
mod signatures;
mod spec;
mod tokens;
mod world;
