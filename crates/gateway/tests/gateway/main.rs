//! The gateway, in this process and as a program. One program of tests, because each would be linked with the whole server again.
#![allow(clippy::unwrap_used, reason = "a test panics when something is wrong")]

mod conformance;
mod crowd;
mod hubspot;
mod oidc;
mod program;
mod recordings;
mod rest;
mod sessions;
mod socket;
mod spine;
mod support;
mod tls;
mod twilio;
mod webhooks;
mod wire;
