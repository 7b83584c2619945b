use crate::error::ApiError;
use http::{Method, Request, Response};
use std::borrow::Cow;

/// One request that is answered wrongly. [`Cloud::inject`](crate::Cloud::inject) takes them.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What the client gets.
    pub answer: Answer,
    /// Whether the request does its work all the same. Only the client knows nothing of it.
    pub carried_out: bool,
    /// Only such requests are answered wrongly; the others pass.
    pub method: Option<Method>,
    /// Only requests whose path contains this.
    pub path: Option<Cow<'static, str>>,
}

/// What a client gets instead of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The truth after all: this fault only lets one request pass.
    Truth,
    /// Nothing: the connection is lost.
    Nothing,
    /// A page that is not JSON, with 200.
    Garbage,
    /// 401, 20003.
    Unauthenticated,
    /// 404, 20404.
    NotFound,
    /// 429, 20429.
    TooManyRequests,
    /// 500, 20500.
    ServerError,
    /// 503, a page that is not JSON.
    Unavailable,
}

impl Fault {
    /// Answers the next request so, without doing its work.
    #[must_use]
    pub const fn refuse(answer: Answer) -> Self {
        Self { answer, carried_out: false, method: None, path: None }
    }

    /// Does the next request's work, and answers so.
    #[must_use]
    pub const fn after(answer: Answer) -> Self {
        Self { answer, carried_out: true, method: None, path: None }
    }

    /// Waits for a request with that method and path.
    #[must_use]
    pub fn on(mut self, method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        self.method = Some(method);
        self.path = Some(path.into());
        self
    }

    pub(crate) fn applies(&self, request: &Request<Vec<u8>>) -> bool {
        self.method.as_ref().is_none_or(|method| method == request.method())
            && self.path.as_ref().is_none_or(|path| request.uri().path().contains(&**path))
    }

    pub(crate) fn response(&self) -> Option<Response<Vec<u8>>> {
        let page = |status: u16| {
            let page = Response::builder().status(status).header("content-type", "text/html");
            page.body(b"<html><body>Something is wrong</body></html>".to_vec()).ok()
        };
        let error = |status, code, message: &str| Some(ApiError::new(status, code, message).into_response());
        match self.answer {
            Answer::Truth | Answer::Nothing => None,
            Answer::Garbage => page(200),
            Answer::Unavailable => page(503),
            Answer::Unauthenticated => error(401, 20003, "Authenticate"),
            Answer::NotFound => error(404, 20404, "The requested resource was not found"),
            Answer::TooManyRequests => error(429, 20429, "Too Many Requests"),
            Answer::ServerError => error(500, 20500, "Internal Server Error"),
        }
    }
}
