//! Vonage Voice: a [`Backend`](cordboard::telephony::Backend) that bridges each call in a named conversation.
//!
//! The agent's browser and the customer are legs in a conversation that is named after the call. So the customer stays on
//! the line while the agent's page is reloaded, and hold, transfer and recording work for every call.
//!
//! ```no_run
//! # async fn run(
//! #     config: cordboard_vonage::VonageConfig,
//! #     journal: std::sync::Arc<dyn cordboard::telephony::Journal>,
//! #     clock: std::sync::Arc<dyn cordboard::platform::Clock>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use cordboard_vonage::{Https, Vonage};
//! use cordboard::telephony::Backend as _;
//! use std::sync::Arc;
//!
//! let vonage = Vonage::new(config, Arc::new(Https::new()?), journal, clock)?;
//! // Rings for as long as it should, and calls agents back whose page was reloaded. A gateway does so by itself.
//! vonage.run().await;
//! # Ok(())
//! # }
//! ```
//!
//! # At Vonage
//! - The application's answer URL is `POST {public_url}/webhooks/vonage/answer`, and its event URL
//!   `POST {public_url}/webhooks/vonage/event`. Both must be signed, and the answer URL must be called by POST: what is
//!   signed of a GET is not documented. Each number is linked to the application.
//! - The browser opens a session with the [media token](cordboard::telephony::Backend::media_token), and accepts what comes
//!   in: it never starts a call.
//! - **Hold** mutes and earmuffs the customer's leg, as Vonage's own SDKs do, and plays music to it. So the leg never leaves
//!   its conversation, which would end with it.
//! - **Pausing a recording** is not claimed: there is no request for it.
//! - What can't be read back, such as whether a leg is muted, is set again as the agent was told it is.
//! - While the agent's page is reloaded, the customer hears silence: music is for conversations that have not begun.

mod address;
mod backend;
mod config;
mod documents;
mod error;
mod lookup;
mod rest;
mod signature;
mod token;
mod webhook;

#[cfg(test)]
mod tests;

pub use backend::VonageCarrier;
pub use config::VonageConfig;
pub use cordboard_bridge::{ConfigProblem, Https, RecordingInfo, Transport, TransportError, identity};

/// An application at Vonage.
///
/// Clones are the same application.
pub type Vonage = cordboard_bridge::Switchboard<VonageCarrier>;
