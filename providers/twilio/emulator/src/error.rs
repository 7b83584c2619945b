use http::Response;
use serde_json::json;

/// A refusal, as Twilio writes it.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn bad_request(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(404, 20404, format!("The requested resource {path} was not found"))
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(401, 20003, "Authenticate")
    }

    pub(crate) fn not_in_progress() -> Self {
        Self::bad_request(21220, "Call is not in-progress. Cannot redirect.")
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status,
        });
        crate::rest::answer(self.status, &body)
    }
}
