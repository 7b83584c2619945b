use crate::pace::Limit;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// A request to HubSpot without its credentials, and how its answer is read.
pub struct Request<T> {
    name: &'static str,
    http: http::Request<Vec<u8>>,
    effect: Effect,
    limit: Limit,
    read: fn(&[u8]) -> Option<T>,
}

/// What may be concluded from a request that failed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It creates something: it may have been created.
    Creates,
    /// Carried out twice, it is the same as once.
    Repeatable,
    /// It removes something: what is not there any more was removed by the first.
    Removes,
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither query nor body, which name people.
        f.debug_struct("Request")
            .field("name", &self.name)
            .field("method", self.http.method())
            .field("path", &self.http.uri().path())
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self { name: self.name, http: self.http.clone(), effect: self.effect, limit: self.limit, read: self.read }
    }
}

impl<T> Request<T> {
    /// What it is called in errors and logs, such as `calls.create`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is sent, but for the credentials. Its `Debug` shows all of it.
    #[must_use]
    pub const fn http(&self) -> &http::Request<Vec<u8>> {
        &self.http
    }

    /// What may be concluded when it fails.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        self.effect
    }

    /// Which of HubSpot's limits it counts to.
    #[must_use]
    pub const fn limit(&self) -> Limit {
        self.limit
    }

    /// What the body of a success says; `None` if it can't be read.
    #[must_use]
    pub fn read(&self, body: &[u8]) -> Option<T> {
        (self.read)(body)
    }

    fn new(name: &'static str, method: Method, url: &str, read: fn(&[u8]) -> Option<T>) -> Self {
        let mut http = http::Request::new(Vec::new());
        let effect = if method == Method::DELETE { Effect::Removes } else { Effect::Repeatable };
        *http.method_mut() = method;
        // The server's address was checked, and so was everything that stands in a path.
        *http.uri_mut() = url.parse().unwrap_or_default();
        http.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self { name, http, effect, limit: Limit::General, read }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // Everything that is sent is a struct or a map with texts for keys.
        *self.http.body_mut() = serde_json::to_vec(body).unwrap_or_default();
        self
    }

    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        *self.http.body_mut() = form.into_bytes();
        self
    }

    pub(crate) const fn creates(mut self) -> Self {
        self.effect = Effect::Creates;
        self
    }

    pub(crate) const fn searches(mut self) -> Self {
        self.limit = Limit::Search;
        self
    }
}

impl<T: DeserializeOwned> Request<T> {
    /// A request that is answered with JSON.
    pub(crate) fn for_json(name: &'static str, method: Method, url: &str) -> Self {
        Self::new(name, method, url, |body| serde_json::from_slice(body).ok())
    }
}

impl Request<()> {
    /// A request whose answer says nothing.
    pub(crate) fn for_nothing(name: &'static str, method: Method, url: &str) -> Self {
        Self::new(name, method, url, |_| Some(()))
    }
}
