use super::TranscriptsApi;
use crate::hidden::hidden;
use crate::id::Id;
use crate::request::Request;
use crate::when;
use crate::word::words;
use cordboard::Timestamp;
use http::Method;
use serde::{Deserialize, Serialize};

/// What was said in a call, for HubSpot to keep.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTranscript {
    /// The call.
    pub engagement_id: i64,
    /// What was said, in order.
    #[serde(rename = "transcriptCreateUtterances")]
    pub utterances: Vec<NewUtterance>,
}

/// What somebody said.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUtterance {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: String,
    /// From when on, after the call's start.
    pub start_time_millis: i64,
    /// Until when.
    pub end_time_millis: i64,
    /// In which language, such as `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

/// Who said something.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Speaker {
    /// The same for all that one says.
    pub id: String,
    /// A name.
    pub name: String,
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// What was said in a call, as HubSpot keeps it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    /// Which transcript.
    pub id: Id,
    /// The call.
    pub engagement_id: i64,
    /// Whose work it is.
    #[serde(rename = "transcriptSource")]
    pub source: TranscriptSource,
    /// What was said.
    #[serde(rename = "transcriptUtterances")]
    pub utterances: Vec<Utterance>,
    /// When it was made.
    #[serde(default, deserialize_with = "when::read")]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(default, deserialize_with = "when::read")]
    pub updated_at: Option<Timestamp>,
}

/// What somebody said, as HubSpot keeps it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Utterance {
    /// Which utterance.
    pub id: String,
    /// Who, if that is known.
    #[serde(default)]
    pub speaker: Option<Speaker>,
    /// What.
    pub text: String,
    /// From when on, after the call's start.
    pub start_time_millis: i64,
    /// Until when.
    pub end_time_millis: i64,
    /// In which language.
    #[serde(default)]
    pub language_code: Option<String>,
}

words! {
    /// Whose work a transcript is.
    TranscriptSource {
        /// HubSpot's, from the recording.
        Hubspot = "HUBSPOT_GENERATED",
        /// An app's.
        Integrator = "INTEGRATOR_GENERATED",
    }
}

hidden! { NewUtterance Speaker Utterance }

/// A transcript that was added.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CreatedTranscript {
    /// Which transcript.
    pub id: Id,
}

impl TranscriptsApi<'_> {
    /// Adds a transcript to a call. Sent twice, it may be there twice.
    #[must_use]
    pub fn create(&self, transcript: &NewTranscript) -> Request<CreatedTranscript> {
        Request::for_json("transcripts.create", Method::POST, &self.url("")).json(transcript).creates()
    }

    /// Reads a transcript.
    #[must_use]
    pub fn get(&self, transcript: &Id) -> Request<Transcript> {
        Request::for_json("transcripts.get", Method::GET, &self.url(&format!("/{transcript}")))
    }

    /// Removes a transcript.
    #[must_use]
    pub fn delete(&self, transcript: &Id) -> Request<()> {
        Request::for_nothing("transcripts.delete", Method::DELETE, &self.url(&format!("/{transcript}")))
    }

    fn url(&self, path: &str) -> String {
        self.0.calling(&format!("/transcripts{path}"))
    }
}
