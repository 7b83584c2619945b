//! The server that keeps an account's secrets and its agents' calls.
//!
//! A vendor implements [`Backend`](cordboard::telephony::Backend) and hands it to a [`Gateway`]. The gateway has the rest: who may
//! sign in, sockets, what may be dialled, who takes inbound calls, and a journal that outlives a crash.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod api;
mod app;
mod clock;
pub mod config;
mod desk;
mod directory;
mod feed;
mod gateway;
mod hubspot;
mod inbound;
mod journal;
mod links;
mod metrics;
mod mock;
mod oidc;
mod once;
mod operator;
mod orders;
mod page;
mod policy;
mod random;
mod recordings;
mod sessions;
mod site;
mod socket;
mod throttle;
pub mod wire;

pub use clock::SystemClock;
pub use directory::{AgentFile, AgentFileError, Directory, DirectoryError, Identity, hash_password};
pub use gateway::{BuildError, Builder, Control, Gateway, ServeError, check_files};
pub use journal::OpenError;
pub use mock::{MockBackend, MockDirectory};
pub use site::SiteError;
