//! Twilio Programmable Voice: a [`Backend`](cordboard::telephony::Backend) that bridges each call in a conference.
//!
//! The agent's browser and the customer are legs of a conference that is named after the call. So the customer stays on the
//! line while the agent's page is reloaded, and hold, transfer and recording work for every call.
//!
//! ```no_run
//! # async fn run(
//! #     config: cordboard_twilio::TwilioConfig,
//! #     journal: std::sync::Arc<dyn cordboard::telephony::Journal>,
//! #     clock: std::sync::Arc<dyn cordboard::platform::Clock>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use cordboard_twilio::{Https, Twilio};
//! use cordboard::telephony::Backend as _;
//! use std::sync::Arc;
//!
//! let twilio = Twilio::new(config, Arc::new(Https::new()?), journal, clock)?;
//! // Rings for as long as it should, and calls agents back whose page was reloaded. A gateway does so by itself.
//! twilio.run().await;
//! # Ok(())
//! # }
//! ```
//!
//! # At Twilio
//! - Each number's voice webhook is `POST {public_url}/webhooks/twilio/inbound`, and its status callback
//!   `POST {public_url}/webhooks/twilio/status`, both followed by `#rc=5&rp=ct,rt,5xx`, or Twilio hardly tries again.
//! - The browser registers with the [media token](cordboard::telephony::Backend::media_token) and accepts what comes in: it
//!   never starts a call, and its token does not allow it to. Each leg's custom parameter `call` is the id of its call.
//! - **Recordings** are fetched with the account's credentials, from Twilio and nowhere else: not from a bucket of the account's own.
//! - **Digits** are sent by the browser (`call.sendDigits`): Twilio has no request for it. So the backend does not claim them.

mod address;
mod backend;
mod config;
mod documents;
mod error;
mod lookup;
mod rest;
mod signature;
mod token;
mod twiml;
mod webhook;

#[cfg(test)]
mod tests;

pub use backend::TwilioCarrier;
pub use config::{ApiKey, TwilioConfig};
pub use cordboard_bridge::{
    CallConfig, Chunks, ConfigProblem, Https, RecordingInfo, Transport, TransportError, identity,
};

/// An account at Twilio.
///
/// Clones are the same account.
pub type Twilio = cordboard_bridge::Switchboard<TwilioCarrier>;
