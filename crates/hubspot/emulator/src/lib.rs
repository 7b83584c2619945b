//! HubSpot's REST API for tests: it stands in for HubSpot's cloud where that can't be reached, and speaks the documented wire.
//!
//! - [`Cloud`] is the cloud itself, without I/O or a clock: accounts with calls, contacts and transcripts, an app with its settings,
//!   tokens that age, rate limits with their headers, and [faults](Fault) on order.
//! - [`Server`], and the binary `cordboard-hubspot-emulator`, are the same in real time on this machine. A test's hands are under
//!   `/control/`.
//!
//! ```sh
//! cordboard-hubspot-emulator --port 8020
//! ```
//!
//! It prints one line of JSON: `{"api":"http://127.0.0.1:8020"}`. App, keys and account are those of [`CloudConfig::for_tests`], but for
//! `--redirect-uri`, where users come back to who install the app.
//!
//! # Control
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control/state` | | settings by their path, and calls by their id |
//! | `GET /control/requests` | | every request so far: method and path |
//! | `POST /control/consent` | `{"challenge"}`, or none | `{"code"}`: a user installs the app |
//! | `POST /control/calls` | `{"id", "properties"}` | HubSpot's own page makes a call's record, as it does for a widget |
//! | `POST /control/expire` | | every access token is too old |
//! | `POST /control/faults` | a list of [`Fault`]s | the next requests that fit are answered so |
//!
//! # What it imitates
//! Settings, channel connection and recording settings; the calls object with batches, search and associations; recordings ready,
//! transcripts, inbound calls, connection statuses, dispositions; OAuth with PKCE; in versions v3, 2026-03 and 2026-09 where
//! HubSpot has them. Search finds what was written some seconds ago, as HubSpot's does.
//!
//! # What it does not imitate
//! - HubSpot's pages: a user's consent is [`Cloud::consent`]. Webhooks, and HubSpot's calls to the app's own addresses.
//! - Other objects than calls: contacts are found by the whole of their number, companies are there to belong to; neither can be read.
//! - The account's own validation rules, but for [`FaultAnswer::Refuse`]; history of properties; labels; owners and users.
//! - HubSpot's engagement by the browser's SDK: a call is made over REST only.
//! - Scopes beyond those of calls, transcripts and settings. Daily limits reset never.
//! - `idProperty` in a path, and properties that are unique besides the external id.
//!
//! # Where HubSpot's documents are silent
//! Chosen, and not proven: a second creation of a setting is 409; an app that is not the developer account's own is 404; fields of settings
//! that are not documented are kept; the external id is unique for batches; a missing timestamp is `REQUIRED_PROPERTY`; an
//! access token that a refresh replaced is good until it ends.
mod answer;
mod batch;
mod calls;
mod cloud;
mod config;
mod extensions;
mod fault;
mod limits;
mod oauth;
mod server;
mod settings;

pub use cloud::{Answer, Cloud, Seen};
pub use config::{CloudConfig, Contact};
pub use fault::{Fault, FaultAnswer};
pub use server::Server;
