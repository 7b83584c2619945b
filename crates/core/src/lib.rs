//! Cordboard's contract: what a telephony provider implements ([`telephony`]), what the CRM page and
//! the widget say to each other ([`protocol`]), and the machine that joins the two ([`call_flow`]).
//!
//! Nothing here performs I/O, reads a clock or draws a random number: time and seeds are arguments,
//! so every behaviour can be replayed in a test.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod call_flow;
pub mod platform;
pub mod protocol;
mod queue;
pub mod telephony;
mod text;
mod time;
mod value;

pub use async_trait::async_trait;
pub use time::Timestamp;
pub use value::{Object, Value};
