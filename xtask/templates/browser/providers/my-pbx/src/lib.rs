//! An agent's line at My PBX, over a socket to its service.
//!
//! [`MyPbx`] is a [`Telephony`](cordboard::telephony::Telephony). What goes over the socket, and how it is read, stands in `wire` and
//! nowhere else; what the line can do stands in `config`. The `README.md` says where to begin.

mod config;
mod error;
mod line;
#[cfg(target_arch = "wasm32")]
mod page;
mod platform;
mod telephony;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{CAPABILITIES, MyPbxConfig};
#[cfg(target_arch = "wasm32")]
pub use page::{Page, page_line};
pub use platform::{Heard, Platform, Socket};
pub use telephony::MyPbx;
pub use wire::SUBPROTOCOL;
