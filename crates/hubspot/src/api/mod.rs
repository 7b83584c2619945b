//! Requests, without I/O.

pub(crate) mod associations;
pub(crate) mod batch;
pub(crate) mod calls;
pub(crate) mod connection;
pub(crate) mod contacts;
pub(crate) mod inbound;
pub(crate) mod oauth;
pub(crate) mod properties;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod transcripts;

use crate::id::{AppId, Id};
use crate::request::Request;
use crate::version::ApiVersion;
use calls::Disposition;
use http::Method;
use inbound::{InboundAnswer, InboundCall};
use oauth::AppCredentials;
use serde::{Deserialize, Serialize};
use serde_json::json;
use settings::{Setting, SettingsApi};
use std::fmt;

/// Makes requests of one version of the API.
#[derive(Clone, Debug)]
pub struct Api {
    server: String,
    version: ApiVersion,
}

/// An address that is not that of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAServer;

impl fmt::Display for NotAServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server's address is https:// and a host, without path; http:// only for this machine")
    }
}

impl std::error::Error for NotAServer {}

/// A call's and its associations' requests.
#[derive(Clone, Copy, Debug)]
pub struct CallsApi<'a>(&'a Api);

/// Requests for transcripts.
#[derive(Clone, Copy, Debug)]
pub struct TranscriptsApi<'a>(&'a Api);

/// Requests for whether users can be called.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionApi<'a>(&'a Api);

/// Requests for tokens, with the app's credentials.
#[derive(Clone, Copy, Debug)]
pub struct OAuthApi<'a> {
    api: &'a Api,
    credentials: &'a AppCredentials,
}

const SERVER: &str = "https://api.hubapi.com";

impl Api {
    /// HubSpot's.
    #[must_use]
    pub fn new(version: ApiVersion) -> Self {
        Self { server: SERVER.to_owned(), version }
    }

    /// Another server's, such as an emulator's.
    ///
    /// # Errors
    /// When it is not `https://` and a host, or `http://` and this machine.
    pub fn at(server: &str, version: ApiVersion) -> Result<Self, NotAServer> {
        let url = url::Url::parse(server).map_err(|_| NotAServer)?;
        let local = match url.host() {
            Some(url::Host::Domain(domain)) => domain == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(NotAServer),
        };
        let safe = url.scheme() == "https" || local && url.scheme() == "http";
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        if !(safe && bare && nobody) {
            return Err(NotAServer);
        }
        Ok(Self { server: url.origin().ascii_serialization(), version })
    }

    /// Which version.
    #[must_use]
    pub const fn version(&self) -> ApiVersion {
        self.version
    }

    /// An app's settings: [`CallingSettings`](crate::CallingSettings), [`ChannelConnection`](crate::ChannelConnection) or
    /// [`RecordingSettings`](crate::RecordingSettings).
    #[must_use]
    pub const fn settings<S: Setting>(&self, app: AppId) -> SettingsApi<'_, S> {
        SettingsApi::new(self, app)
    }

    /// Tells HubSpot that it can fetch a call's recording. The call has its external id and account, the app and its source, and
    /// is associated with a record.
    #[must_use]
    pub fn recording_ready(&self, engagement: i64) -> Request<()> {
        let url = self.calling("/recordings/ready");
        Request::for_nothing("recordings.ready", Method::POST, &url).json(&json!({ "engagementId": engagement }))
    }

    /// Logs an inbound call that ended while no tab was open. Sent twice, it may be logged twice.
    #[must_use]
    pub fn inbound_call(&self, call: &InboundCall) -> Request<InboundAnswer> {
        Request::for_json("inbound_call.create", Method::POST, &self.calling("/inbound-call")).json(call).creates()
    }

    /// What became of calls, as the account words it. Accounts can change the list.
    #[must_use]
    pub fn dispositions(&self) -> Request<Vec<Disposition>> {
        // The only path there is, in every version.
        Request::for_json("dispositions.list", Method::GET, &self.url("/calling/v1/dispositions"))
    }

    /// Transcripts.
    #[must_use]
    pub const fn transcripts(&self) -> TranscriptsApi<'_> {
        TranscriptsApi(self)
    }

    /// Whether users can be called.
    #[must_use]
    pub const fn connection(&self) -> ConnectionApi<'_> {
        ConnectionApi(self)
    }

    /// Calls on the timeline.
    #[must_use]
    pub const fn calls(&self) -> CallsApi<'_> {
        CallsApi(self)
    }

    /// Tokens.
    #[must_use]
    pub const fn oauth<'a>(&'a self, credentials: &'a AppCredentials) -> OAuthApi<'a> {
        OAuthApi { api: self, credentials }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    fn calling(&self, path: &str) -> String {
        format!("{}{}{path}", self.server, self.version.calling())
    }
}

/// A path with a query, if there is one.
fn with_query(url: String, fields: &[(&str, &str)]) -> String {
    if fields.is_empty() {
        return url;
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{url}?{query}")
}

/// What batches are made of.
#[derive(Serialize)]
struct Inputs<T> {
    inputs: Vec<T>,
}

#[derive(Serialize)]
struct IdInput<'a> {
    id: &'a str,
}

impl<'a> From<&'a Id> for IdInput<'a> {
    fn from(id: &'a Id) -> Self {
        Self { id: id.as_str() }
    }
}

/// A list that says no more.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Results<T> {
    /// What is in it.
    pub results: Vec<T>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_no_more() {
        for good in ["https://api.hubapi.com", "https://api.hubapi.com/", "http://127.0.0.1:8080", "http://[::1]:1"] {
            assert!(Api::at(good, ApiVersion::V3).is_ok(), "{good}");
        }
        for bad in [
            "api.hubapi.com",
            "http://api.hubapi.com",
            "https://api.hubapi.com/x",
            "https://api.hubapi.com?x",
            "https://user@api.hubapi.com",
            "http://127.0.0.1.example.com",
            "ftp://localhost",
        ] {
            assert_eq!(Api::at(bad, ApiVersion::V3).unwrap_err(), NotAServer, "{bad}");
        }
    }
}
