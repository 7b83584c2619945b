//! Where HubSpot asks for recordings: an address that only HubSpot was told, answered with a link that is good for an hour.
//!
//! HubSpot documents no signature for this request, so the address holds a secret of its own. A signature that is there must be good.

use super::record::{best, call_of};
use crate::app::App;
use crate::journal::StoreError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use cordboard::telephony::{CallId, DialKey, RecordingRef};
use cordboard_hubspot::{SignatureVersion, SignedRequest, Verifier};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq as _;

/// Somebody who listens to a long call goes back and forth in it.
const LASTS: Duration = Duration::from_secs(60 * 60);
/// The longest name of a call.
const MAX_NAME: usize = 256;
const SIGNATURE: &str = "x-hubspot-signature-v3";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    app_id: u32,
    external_account_id: String,
}

/// Answers with where a recording can be fetched.
pub(crate) async fn recording(
    State(app): State<Arc<App>>,
    Path((secret, name)): Path<(String, String)>,
    uri: Uri,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let is_hubspot = app.hubspot_asks(&secret, asked.ok().map(|Query(asked)| asked), &uri.to_string(), &headers);
    if !is_hubspot || name.len() > MAX_NAME {
        return StatusCode::NOT_FOUND.into_response();
    }
    match app.recording_of(&name).await {
        Ok(Some(recording)) => {
            let link = app.links.brief(&recording, app.clock.now(), LASTS);
            crate::api::no_store(Json(json!({ "authenticatedUrl": link.as_str() })).into_response())
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

impl App {
    /// The address for HubSpot's setting, where `%s` stands for a call's name; none without an account at HubSpot.
    pub(crate) fn recordings_for_hubspot(&self) -> Option<String> {
        self.hubspot.as_ref()?;
        let public_url = self.config.server.public_url.as_str();
        Some(format!("{public_url}/hubspot/recordings/{}/%s", self.links.secret_of_hubspot()))
    }

    fn hubspot_asks(&self, secret: &str, asked: Option<Asked>, path: &str, headers: &HeaderMap) -> bool {
        let (Some(hubspot), Some(asked)) = (&self.hubspot, asked) else { return false };
        let knows = bool::from(secret.as_bytes().ct_eq(self.links.secret_of_hubspot().as_bytes()));
        let is_ours = asked.app_id == hubspot.settings.app.0 && asked.external_account_id == self.backend.info().id;
        let is_signed = || {
            let secret = hubspot.credentials.client_secret.clone();
            let url = format!("{}{path}", self.config.server.public_url.as_str());
            let request = SignedRequest { method: &Method::GET, url: &url, headers, body: &[] };
            let verifier = Verifier::new(secret, SignatureVersion::V3);
            verifier.is_some_and(|verifier| verifier.verify(self.clock.now(), &request).is_ok())
        };
        knows && is_ours && (!headers.contains_key(SIGNATURE) || is_signed())
    }

    /// The recording of the call that the CRM knows by that name.
    async fn recording_of(&self, name: &str) -> Result<Option<RecordingRef>, StoreError> {
        let Some(call) = self.store.call_named(&CallId::new(call_of(name)), &DialKey::new(name)).await? else {
            return Ok(None);
        };
        let told = self.store.told_of(&call).await?;
        let mut recordings = best(&told.calls).into_iter().flat_map(|(_, call)| &call.recordings);
        Ok(recordings.find_map(|link| self.links.name_of(link)))
    }
}
