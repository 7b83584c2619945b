//! What requests are answered with.

use http::{Response, StatusCode};
use serde_json::{Value, json};

/// What becomes of a request.
pub(crate) type Reply = Result<(u16, Value), Refusal>;

/// A success without a body.
pub(crate) const NOTHING: Reply = Ok((204, Value::Null));

/// A refusal, in HubSpot's words.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, category: &str, message: &str) -> Self {
        let body = json!({ "status": "error", "message": message, "category": category });
        Self { status, body, retry_after: None }
    }

    pub(crate) fn with(mut self, field: &str, value: Value) -> Self {
        self.body[field] = value;
        self
    }

    /// A value that is not taken.
    pub(crate) fn field(name: &str, code: &str, message: &str) -> Self {
        Self::new(400, "VALIDATION_ERROR", "Invalid input JSON")
            .with("errors", json!([{ "message": message, "code": code, "in": name }]))
    }

    /// A property that is not taken. HubSpot repeats its value in the message.
    pub(crate) fn property(name: &str, code: &str, value: &str) -> Self {
        let message = format!("{value} was not one of the allowed values for {name}");
        let all = json!([{ "isValid": false, "message": message, "error": code, "name": name }]);
        Self::new(400, "VALIDATION_ERROR", &format!("Property values were not valid: {all}"))
            .with("errors", json!([{ "message": message, "code": code, "context": { "propertyName": [name] } }]))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "OBJECT_NOT_FOUND", "Object not found")
            .with("subCategory", json!("crm.generic.OBJECT_NOT_FOUND"))
    }

    pub(crate) fn unauthenticated(category: &str) -> Self {
        Self::new(401, category, "Authentication credentials not found or not good.")
    }

    pub(crate) fn scopes(scopes: &[&str]) -> Self {
        let message = "This app hasn't been granted all required scopes to make this call.";
        Self::new(403, "MISSING_SCOPES", message).with(
            "errors",
            json!([{ "message": "One or more of the following scopes are required.",
                "context": { "requiredGranularScopes": scopes } }]),
        )
    }

    pub(crate) fn too_many(policy: &str) -> Self {
        let message = format!("You have reached your {} limit.", policy.to_lowercase());
        let body = json!({ "status": "error", "message": message, "errorType": "RATE_LIMIT", "policyName": policy });
        Self { status: 429, body, retry_after: None }
    }

    /// An error of OAuth's.
    pub(crate) fn oauth(error: &str, status: &str, message: &str) -> Self {
        let body = json!({ "error": error, "error_description": message, "status": status, "message": message });
        Self { status: 400, body, retry_after: None }
    }
}

/// The answer to a reply. Refusals bear an id.
pub(crate) fn response(reply: Reply, correlation_id: &str) -> Response<Vec<u8>> {
    let (status, body, retry_after) = match reply {
        Ok((status, body)) => (status, body, None),
        Err(refusal) => (refusal.status, refusal.with_id(correlation_id), refusal.retry_after),
    };
    let mut response = Response::new(if body.is_null() { Vec::new() } else { body.to_string().into_bytes() });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !response.body().is_empty() {
        let json = http::HeaderValue::from_static("application/json;charset=utf-8");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    }
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}

impl Refusal {
    fn with_id(&self, correlation_id: &str) -> Value {
        let mut body = self.body.clone();
        body["correlationId"] = correlation_id.into();
        body
    }
}
