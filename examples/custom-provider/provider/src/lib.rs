//! Agents' lines at Tin Can, by its REST API and its webhooks.
//!
//! [`TinCanCarrier`] translates, and decides nothing: a [`Switchboard`](cordboard_bridge::Switchboard) over it is the `Backend` of a
//! gateway. What goes over the wire stands in `rest` and `webhook` and nowhere else; what a line can do stands in `config`. The
//! `README.md` says where to begin.

mod backend;
mod config;
mod error;
mod rest;
mod signature;
#[cfg(test)]
mod tests;
mod webhook;

pub use backend::TinCanCarrier;
pub use config::{CAPABILITIES, TinCanConfig};
