use super::{ConnectionApi, IdInput, Inputs, Results, with_query};
use crate::id::{AppId, Id, UserId};
use crate::request::Request;
use crate::version::ApiVersion;
use http::Method;
use serde::Deserialize;

/// Whether a user can be called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The user.
    pub user_id: Id,
    /// Whether they can be called.
    pub connected: bool,
    /// Over what.
    #[serde(default)]
    pub provider: Option<CallingProvider>,
}

/// What carries a user's calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum CallingProvider {
    /// HubSpot itself.
    #[serde(rename = "HUBSPOT")]
    Hubspot,
    /// An app.
    #[serde(rename = "THIRD_PARTY", rename_all = "camelCase")]
    App {
        /// Which.
        app_id: AppId,
        /// Its name.
        #[serde(default)]
        app_name: Option<String>,
    },
    /// Something that was not known when this was written.
    #[serde(other)]
    Other,
}

impl ConnectionApi<'_> {
    /// These users; all of them if none is named.
    #[must_use]
    pub fn list(&self, users: &[UserId]) -> Request<Results<Connection>> {
        let users: Vec<String> = users.iter().map(|user| user.0.to_string()).collect();
        let query: Vec<(&str, &str)> = users.iter().map(|user| ("userId", user.as_str())).collect();
        Request::for_json("connection.list", Method::GET, &with_query(self.url(""), &query))
    }

    /// These users, in the body: more of them fit.
    #[must_use]
    pub fn read(&self, users: &[Id]) -> Request<Results<Connection>> {
        let inputs = Inputs { inputs: users.iter().map(IdInput::from).collect() };
        Request::for_json("connection.read", Method::POST, &self.url("/batch/read")).json(&inputs)
    }

    /// The user whose token this is.
    #[must_use]
    pub fn me(&self) -> Request<Connection> {
        Request::for_json("connection.me", Method::GET, &self.url("/me"))
    }

    fn url(&self, path: &str) -> String {
        self.0.url(&format!("{}{path}", ApiVersion::connection_statuses()))
    }
}
