use http::{Method, Request, Response};
use std::borrow::Cow;
use std::collections::VecDeque;

/// One request that is answered wrongly.
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
    /// 401.
    Unauthenticated,
    /// 404.
    NotFound,
    /// 429.
    TooManyRequests,
    /// 500.
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

    fn applies(&self, request: &Request<Vec<u8>>) -> bool {
        self.method.as_ref().is_none_or(|method| method == request.method())
            && self.path.as_ref().is_none_or(|path| request.uri().path().contains(&**path))
    }
}

impl Answer {
    /// A page that is no answer of the API; `None` if the provider's own error answers, or nothing does.
    #[must_use]
    pub fn page(self) -> Option<Response<Vec<u8>>> {
        let status = match self {
            Self::Garbage => 200,
            Self::Unavailable => 503,
            _ => return None,
        };
        let page = Response::builder().status(status).header("content-type", "text/html");
        page.body(b"<html><body>Something is wrong</body></html>".to_vec()).ok()
    }

    /// The status of the provider's own error.
    #[must_use]
    pub const fn error(self) -> Option<u16> {
        match self {
            Self::Unauthenticated => Some(401),
            Self::NotFound => Some(404),
            Self::TooManyRequests => Some(429),
            Self::ServerError => Some(500),
            Self::Truth | Self::Nothing | Self::Garbage | Self::Unavailable => None,
        }
    }
}

/// Requests that will be answered wrongly, one for each fault, in order.
#[derive(Clone, Debug, Default)]
pub struct Faults(VecDeque<Fault>);

impl Faults {
    /// Adds more.
    pub fn inject(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.0.extend(faults);
    }

    /// The fault that befalls a request, if one does.
    pub fn take(&mut self, request: &Request<Vec<u8>>) -> Option<Fault> {
        let found = self.0.iter().position(|fault| fault.applies(request))?;
        self.0.remove(found)
    }
}
