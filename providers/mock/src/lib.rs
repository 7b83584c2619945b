//! A telephone network in memory: what a demo rings, and what a test plays with.
//!
//! [`Network`] is the network itself, without a clock, a thread or a promise in it: the same seed and the same orders give the
//! same events at the same times. [`Exchange`] drives one with a [`Clock`](cordboard::platform::Clock) and has a
//! [`Mock`] for each telephone line, which is a [`Telephony`](cordboard::telephony::Telephony) like any provider's.
//!
//! ```
//! use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, VirtualClock, numbers};
//! use cordboard::telephony::{Credentials, DialKey, DialRequest, PhoneNumber, Telephony};
//!
//! let clock = VirtualClock::default();
//! let exchange = Exchange::new(Network::new(MockConfig::default()), clock.clone());
//! let line = exchange.line(MockAgent::Alex);
//! clock.block_on(exchange.run(), async {
//!     line.sign_in(Credentials::None).await?;
//!     let to = PhoneNumber::from_e164(numbers::BUSY).expect("a test number is a number");
//!     line.dial(DialRequest { key: DialKey::new("1"), to, from: None }).await
//! })?;
//! # Ok::<(), cordboard::telephony::Error>(())
//! ```
//!
//! What to call is in [`numbers`]; who can sign in, in [`MockAgent`].

mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod exchange;
mod far_end;
mod fault;
mod network;
pub mod numbers;
mod saved;
mod switching;
mod telephony;
mod virtual_time;

pub use config::{MockAgent, MockConfig};
pub use exchange::{Exchange, Store};
pub use fault::Fault;
pub use network::Network;
pub use telephony::Mock;
pub use virtual_time::VirtualClock;
