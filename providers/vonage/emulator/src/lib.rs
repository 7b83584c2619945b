//! Vonage's Voice API for tests: it stands in for Vonage's cloud where that can't be reached, and speaks the documented wire.
//!
//! - [`Cloud`] is the cloud itself, without I/O or a clock: calls that live in virtual time, conversations, NCCOs, recordings,
//!   users, numbers, signed webhooks. What to call is in [`numbers`]; they are written without `+` on the wire.
//! - [`Server`], and the binary `cordboard-vonage-emulator`, are the same in real time on this machine: the APIs over HTTP and
//!   webhooks by HTTP. A test's hands are [under `/control/`](cordboard_emulator::server::control), and two more are here:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control/legs` | | every leg, the oldest first: the fields of [`Leg`] |
//! | `POST /control/clients` | `{"script","after_ms"}` | `accepts`, `rejects`, `ignores` or `absent`: what users do |
//!
//! ```sh
//! cordboard-vonage-emulator --port 8010 --webhooks-base http://127.0.0.1:8000
//! ```
//!
//! It prints one line of JSON: `{"rest":"http://127.0.0.1:8010"}`. Application, keys and secrets are those of
//! [`CloudConfig::for_tests`].
//!
//! # What it does not imitate
//! - The client SDK's session, and with it browsers: users follow a script. Where they come in is [`SignalKind`].
//! - Prices, machine detection, speech, WebSocket, SIP and VBC endpoints, `advanced_machine_detection`, `talk` and `stream`
//!   ordered by REST except `stream` to a leg, `input`, `notify`, `wait`, answer URLs for outbound calls.
//! - Regions: there is one host, and webhooks name none unless the configuration does.
//! - What is said and played: it takes time, and recordings are frames of silence.
//! - Webhooks over TLS, and by GET: the server calls `http` addresses by POST only.
//! - Retries of plain events, which are not documented: each is sent once.
//!
//! # Where Vonage's documents are silent
//! Chosen, and not proven: a conversation that has an `endOnExit` leg ends when that leg hangs up, and not when it is
//! transferred; who is muted or earmuffed stays so in another conversation; a stream is heard under an earmuff; a ringing
//! call that is hung up becomes `cancelled`; a telephone that declines is `rejected` with `declined`; a user without a
//! session is `unanswered` with `unavailable`; a name that a user has already is refused with 400.
mod cloud;
mod config;
mod conversation;
mod hands;
mod leg;
mod lifecycle;
mod ncco;
pub mod numbers;
mod program;
mod recording;
mod rest;
mod server;
mod token;
mod webhook;

pub use cloud::{Cloud, Signal, SignalKind};
pub use config::{ClientScript, CloudConfig};
pub use cordboard_emulator::server::control::Hands;
pub use cordboard_emulator::{
    Answer, Callback, CallbackId, Disturbance, Emulated, Fault, Hears, NoSuchLeg, Unanswered,
};
pub use hands::Leg;
pub use server::Server;
pub use webhook::authorization;
