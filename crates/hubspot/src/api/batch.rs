use crate::error::Problem;
use crate::when;
use crate::word::words;
use cordboard::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What became of several things. A success says so although some were refused.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch<T> {
    /// How far it is.
    pub status: BatchStatus,
    /// What was done.
    pub results: Vec<T>,
    /// What was refused.
    #[serde(default, deserialize_with = "problems")]
    pub errors: Vec<Problem>,
    /// How many were refused: HubSpot may name less.
    #[serde(default)]
    pub num_errors: u32,
    /// When it was ready.
    #[serde(default, deserialize_with = "when::read")]
    pub completed_at: Option<Timestamp>,
}

impl<T> Batch<T> {
    /// Whether nothing was refused.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.errors.is_empty() && self.num_errors == 0
    }
}

words! {
    /// How far a batch is.
    BatchStatus {
        /// It was given up.
        Canceled = "CANCELED",
        /// It is ready.
        Complete = "COMPLETE",
        /// It has not begun.
        Pending = "PENDING",
        /// It goes on.
        Processing = "PROCESSING",
    }
}

fn problems<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Problem>, D::Error> {
    let errors = Option::<Vec<Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(errors.iter().map(Problem::read).collect())
}
