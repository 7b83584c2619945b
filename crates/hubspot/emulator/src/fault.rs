use crate::answer::{Refusal, Reply};
use http::{Method, Request};
use serde::Deserialize;
use serde_json::Value;

/// One request that is answered wrongly. [`Cloud::inject`](crate::Cloud::inject) takes them.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// What the client gets.
    pub answer: FaultAnswer,
    /// Whether the request does its work all the same. Only the client knows nothing of it.
    #[serde(default)]
    pub carried_out: bool,
    /// Only such requests are answered wrongly; the others pass.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests whose path contains this.
    #[serde(default)]
    pub path: Option<String>,
}

/// What a client gets instead of the truth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAnswer {
    /// The truth after all: this fault only lets one request pass.
    Truth,
    /// Nothing: the connection is lost.
    Nothing,
    /// The truth, so many milliseconds later.
    Slow(u64),
    /// A page that is not JSON, with this status.
    Page(u16),
    /// HubSpot's error with this status.
    Status(u16),
    /// 429 with this policy, such as `TEN_SECONDLY_ROLLING` or `DAILY`, and perhaps when to come back, in seconds.
    TooMany(String, Option<u64>),
    /// A rule of the account's own refuses this property.
    Refuse(String),
    /// The access token is not taken.
    Unauthenticated,
}

impl Fault {
    /// Answers the next request so, without doing its work.
    #[must_use]
    pub const fn refuse(answer: FaultAnswer) -> Self {
        Self { answer, carried_out: false, method: None, path: None }
    }

    /// Does the next request's work, and answers so.
    #[must_use]
    pub const fn after(answer: FaultAnswer) -> Self {
        Self { answer, carried_out: true, method: None, path: None }
    }

    /// Waits for a request with that method and path.
    #[must_use]
    pub fn on(mut self, method: &Method, path: &str) -> Self {
        self.method = Some(method.to_string());
        self.path = Some(path.to_owned());
        self
    }

    pub(crate) fn applies(&self, request: &Request<Vec<u8>>) -> bool {
        self.method.as_ref().is_none_or(|method| method == request.method().as_str())
            && self.path.as_ref().is_none_or(|path| request.uri().path().contains(&**path))
    }
}

impl FaultAnswer {
    /// The refusal, where it is one of HubSpot's.
    pub(crate) fn reply(&self) -> Option<Reply> {
        Some(Err(match self {
            Self::Truth | Self::Nothing | Self::Slow(_) | Self::Page(_) => return None,
            Self::Status(status) => Refusal::new(*status, "INTERNAL_ERROR", "internal error"),
            Self::TooMany(policy, retry_after) => Refusal { retry_after: *retry_after, ..Refusal::too_many(policy) },
            Self::Refuse(property) => {
                let refusal = Refusal::property(property, "PROPERTY_VALIDATION_RULE", "The value");
                refusal.with("subCategory", Value::from("crm.generic.VALIDATION_RULE"))
            }
            Self::Unauthenticated => Refusal::unauthenticated("EXPIRED_AUTHENTICATION"),
        }))
    }
}
