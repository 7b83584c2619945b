//! Twilio's voice API for tests: it stands in for Twilio's cloud where that can't be reached, and speaks the documented wire.
//!
//! - [`Cloud`] is the cloud itself, without I/O or a clock: the REST resources that voice needs, calls that live in virtual
//!   time, conferences, recordings, TwiML, signed callbacks. What to call is in [`numbers`].
//! - [`Server`], and the binary `cordboard-twilio-emulator`, are the same in real time on this machine: REST over HTTP,
//!   callbacks by HTTP, the voice SDK's signalling over `wss`, audio by WebRTC (PCMU). A test's hands are under `/control/`.
//!
//! ```sh
//! cordboard-twilio-emulator --port 8010 --signal-port 8011 --webhooks-base http://127.0.0.1:8000
//! ```
//!
//! It prints one line of JSON: `{"rest":"http://127.0.0.1:8010","signal":"127.0.0.1:8011"}`. A browser's `Device` takes the
//! second as its option `chunderw`, with `publishEvents: false`. Account and keys are those of [`CloudConfig::for_tests`]; who has no
//! browser is absent.
//!
//! # Control
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control/legs` | | every leg, the oldest first: the fields of [`Leg`], and `audio`: `from` and `to` its far end, as [`Audio`] |
//! | `GET /control/clients` | | the identities for which a browser is registered |
//! | `POST /control/clients` | `{"script","after_ms"}` | `accepts`, `rejects`, `ignores` or `absent`: clients without a browser |
//! | `POST /control/signalling` | `{"state"}` | `up`; `down`: browsers' sockets are cut and refused; `renewable`: their tokens have expired, others are good; `expired`: others are not, either |
//!
//! And what [every emulator](cordboard_emulator::server::control) has. Warnings begin with Twilio's code.
//!
//! # What it does not imitate
//! - Prices, quality scores, transcriptions, queues, SIP trunks, messages, answering machine detection, speech in `Gather`.
//! - Answers in XML: a path has to end in `.json`.
//! - What is said: `Say` and `Play` take time and sound like a tone, recordings hold a tone where they ran.
//! - Regions, edges, OAuth2 and test credentials; one account, and all its API keys may do everything.
//! - A finished call is kept for ever, and nothing is rated.
//! - Buying numbers, verifying caller ids, and most of what a number can be changed to.
//! - In the signalling: taking up a call again on another socket, messages from the server, telemetry. Where several browsers
//!   are registered for an identity, all ring with one offer, and the first that answers has the call.
//! - In audio: Opus, telephone events (the SDK sends digits by its signalling), jitter, loss, coaching beeps. A scripted
//!   client and a telephone say a tone for as long as they are there.
//! - Webhooks over TLS: the server calls `http` addresses only.
//!
//! # Where Twilio's documents are silent
//! Chosen, and not proven: a telephone that declines is `busy` with SIP 603; a ringing call that is ended with `completed`
//! becomes `canceled`; `Reject` without `busy` is `no-answer`; a caller who gives up is `no-answer`; `SequenceNumber` counts
//! the callbacks that are sent, not those that nobody asked for; a conference is `init` until it starts; a leg that is alone
//! hears music also after the others have left; access tokens that are not good are 20101, 20104 and 31207.
mod call;
mod callback;
mod cloud;
mod conference;
mod config;
mod control;
mod dial;
mod error;
mod form;
mod lifecycle;
pub mod numbers;
mod program;
mod recording;
mod rest;
mod server;
mod signal;
mod time;
mod token;
mod twiml;

pub use callback::signature;
pub use cloud::Cloud;
pub use config::{AccountNumber, Application, CloudConfig};
pub use control::Leg;
pub use cordboard_emulator::media::{Audio, MUSIC_HZ, PHONE_HZ, RINGING_HZ, SPEECH_HZ};
pub use cordboard_emulator::server::control::Hands;
pub use cordboard_emulator::{
    Answer, Callback, CallbackId, ClientScript, Disturbance, Emulated, Fault, Hears, NoSuchLeg, Unanswered,
};
pub use server::{Ports, Server};
pub use signal::{Signal, SignalKind};
