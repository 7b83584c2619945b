//! An agent's line over a gateway's socket.
//!
//! [`Client`] is the machine: what is said to the gateway and when, without a socket, a clock or a promise in it. [`GatewayLine`] drives
//! one with a [`Transport`] and a [`Clock`](cordboard::platform::Clock), and is a [`Telephony`](cordboard::telephony::Telephony)
//! like any provider's.
//!
//! The socket may be lost at any moment, and the line says so at once. What was on its way then is sent again if that can't do anything
//! twice, and is [`OutcomeUnknown`](cordboard::telephony::ErrorKind::OutcomeUnknown) if it might. After the reconnect the gateway goes on with the events where
//! they stopped; if it can't, the line says [`Lagged`](cordboard::telephony::Event::Lagged).

mod arrival;
mod backoff;
mod client;
mod inbox;
mod line;
mod platform;
mod requests;
mod session;
mod steady;
mod telephony;
mod transport;
mod verifier;
mod wire;

pub use client::{Client, Output, Post};
pub use line::{GatewayConfig, GatewayLine};
pub use platform::*;
pub use requests::Order;
pub use transport::{Answer, Ears, Keys, MemoryTokens, Socket, TokenStore, Transport};
pub use wire::SUBPROTOCOL;
