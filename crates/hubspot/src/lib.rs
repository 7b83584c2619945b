//! HubSpot's REST API, as far as a calling app needs it: calling settings, recordings, transcripts, calls with their
//! associations, OAuth, and whether a request is HubSpot's.
//!
//! - [`Api`] makes requests, without I/O: what is to be sent, and how its answer is read. The version is a parameter.
//! - [`Client`] sends them over a [`Transport`]: no faster than HubSpot allows, again where that is safe, with [`Access`].
//! - [`App`] keeps the tokens of the accounts that installed the app, in a [`TokenStore`].
//! - [`Verifier`] tells HubSpot's requests from others.
//!
//! ```no_run
//! # async fn run(clock: std::sync::Arc<dyn cordboard::platform::Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! use cordboard_hubspot::{Access, Api, ApiVersion, AppId, CallingSettings, Client, Https};
//! use std::sync::Arc;
//!
//! let api = Api::new(ApiVersion::March2026);
//! let access = Access::DeveloperKey(std::env::var("HUBSPOT_DEVELOPER_KEY")?.into());
//! let client = Client::new(Arc::new(Https::new()?), clock, access, 7);
//! let settings = api.settings::<CallingSettings>(AppId(123));
//! let mut wanted = client.send(&settings.get()).await?.setting;
//! wanted.is_ready = true;
//! client.put(&settings, &wanted).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What survives
//! Fields that are not known here are kept in `other`, and words that are not known in a variant of that name. So what HubSpot adds is
//! not lost by whoever reads, changes and writes.
//!
//! # What is never shown
//! No `Debug` and no error's text has a token, a number, a name or an address of a person. HubSpot's own message may have: it is apart,
//! in [`Problem::message`].

mod api;
mod client;
mod error;
mod hidden;
mod id;
mod pace;
mod request;
mod retry;
mod signature;
mod tokens;
mod transport;
mod version;
mod when;
mod word;

pub use api::associations::{Association, AssociationCategory, AssociationType, DefaultAssociation, Labels};
pub use api::batch::{Batch, BatchStatus};
pub use api::calls::{Associated, Call, CallQuery, CallUpdate, Disposition, NewCall, Page, Upserted};
pub use api::connection::{CallingProvider, Connection};
pub use api::contacts::Found;
pub use api::inbound::{
    CallerIdMatch, FinalCallStatus, InboundAnswer, InboundCall, Number, NumberType, ObjectCoordinates,
};
pub use api::oauth::{AppCredentials, Consent, Pkce, TokenAnswer, TokenInfo};
pub use api::properties::{CallDirection, CallProperties, CallStatus, property};
pub use api::search::{Filter, FilterGroup, Operator, Search};
pub use api::settings::{
    CallingSettings, Change, ChannelConnection, Deletable, Difference, RecordingSettings, Setting, SettingsApi, Stored,
};
pub use api::transcripts::{
    CreatedTranscript, NewTranscript, NewUtterance, Speaker, Transcript, TranscriptSource, Utterance,
};
pub use api::{Api, CallsApi, ConnectionApi, NotAServer, OAuthApi, Results, TranscriptsApi};
pub use client::{Access, Client, Put};
pub use error::{Category, Error, ErrorKind, FieldProblem, Problem};
pub use id::{AppId, BadId, Id, ObjectType, PortalId, UserId};
pub use pace::{Allowance, Limit, Pace};
pub use request::{Effect, Request};
pub use retry::Retries;
pub use signature::{NotSigned, SignatureVersion, SignedRequest, Verifier};
pub use tokens::{App, StoreError, TokenSet, TokenStore, Tokens};
pub use transport::{Https, Transport, TransportError};
pub use version::ApiVersion;
