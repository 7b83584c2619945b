//! The cloud in virtual time, as a client and a server of webhooks see it.

#![expect(clippy::unwrap_used, reason = "the helpers are part of the tests")]

mod callbacks;
mod calls;
mod conferences;
mod recordings;
mod rest;
mod schema;
mod twiml;
mod world;
