//! Vonage's Voice API for tests: it stands in for Vonage's cloud where that can't be reached, and speaks the documented wire.
//!
//! - [`Cloud`] is the cloud itself, without I/O or a clock: calls that live in virtual time, conversations, NCCOs, recordings,
//!   users, numbers, signed webhooks. What to call is in [`numbers`]; they are written without `+` on the wire.
//! - [`start`], and the binary `cordboard-vonage-emulator`, are the same in real time on this machine: the APIs over HTTP,
//!   webhooks by HTTP, the client SDK's sessions over `ws` and HTTP, audio by WebRTC (PCMU). The SDK's options `apiUrl` and
//!   `websocketUrl` are the emulator's address. A test's hands are [under `/control/`](cordboard_emulator::server::control),
//!   and more are here:
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /control/legs` | | every leg, the oldest first: the fields of [`Leg`], and `audio`: `from` and `to` its far end |
//! | `GET /control/clients` | | the users for whom a browser is there; it has their legs |
//! | `POST /control/clients` | `{"script","after_ms"}` | `accepts`, `rejects`, `ignores` or `absent`: what users do who have no browser |
//!
//! ```sh
//! cordboard-vonage-emulator --port 8010 --webhooks-base http://127.0.0.1:8000
//! ```
//!
//! It prints one line of JSON: `{"rest":"http://127.0.0.1:8010"}`. Application, keys and secrets are those of
//! [`CloudConfig::for_tests`]; who has no browser is absent.
//!
//! # What it does not imitate
//! - Of the client SDK: calls that a browser makes (`serverCall`), chat, push, a leg's list of others, events that want an
//!   acknowledgement, numbers in `callHangup`'s quality. What the SDK 2.3.1 accepts was seen by running it; nothing of its wire is
//!   documented, and nothing was compared with what Vonage's own cloud sends.
//! - In audio: Opus, jitter, loss. A scripted user and a telephone say a tone for as long as they are there.
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
//! session is `unanswered` with `unavailable`; a name that a user has already is refused with 400. A
//! browser is invited into a conversation of its leg's own, and transferred when its NCCO names another; it is told which of
//! them ended by one event each for member and leg; a leg whose browser falls silent waits half a minute for it, and a session
//! fifteen minutes for its socket; a token that runs out ends the session with its socket.
mod browser;
mod cloud;
mod config;
mod conversation;
mod guest;
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
pub use config::CloudConfig;
pub use cordboard_emulator::server::control::Hands;
pub use cordboard_emulator::{
    Answer, Callback, CallbackId, ClientScript, Disturbance, Emulated, Fault, Hears, NoSuchLeg, Unanswered,
};
pub use hands::Leg;
pub use server::{Server, start};
pub use webhook::authorization;
