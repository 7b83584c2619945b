//! A [`Backend`](cordboard::telephony::Backend) for any provider that bridges calls in named conferences.
//!
//! The agent's browser and the customer are legs in a room that is named after the call. So the customer stays on the
//! line while the agent's page is reloaded, and hold, transfer and recording work for every call.
//!
//! What is the same for all such providers is here: which legs are asked for and when, what each agent is told, what is
//! made durable before what, what is done once and what is looked up, how requests are paced and repeated. What a
//! provider does its own way is a [`Carrier`]: a translation of orders into its requests, and of its answers and webhooks
//! into [`News`]. A provider's backend is a [`Switchboard`] over its carrier.

mod bridge;
mod carrier;
mod client;
mod config;
mod error;
mod executor;
mod line;
mod lookup;
mod recording;
mod switchboard;
mod transport;

#[cfg(test)]
mod tests;

pub use bridge::{Change, Goes, Leg, LegEnd, LegStatus, Merge, News, RecordingFile, Wanted, WantedLeg, Whom};
pub use carrier::{Answer, Carrier, Found, FoundLeg, Made, NewLeg, Party, Place, Settings, Standing, identity};
pub use client::{Call, Client, Page};
pub use config::{CallConfig, Check, ConfigProblem, LONGEST_TOKEN, is_id, is_name, is_secret, is_server, problems};
pub use error::{ApiError, Effect, Refusal};
pub use switchboard::{RecordingInfo, Switchboard};
pub use transport::{Chunks, Https, Transport, TransportError};
