use cordboard::async_trait;
use std::fmt;
use std::time::Duration;

/// What carries requests to HubSpot. Tests bring their own.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request and waits for its answer, of whatever status.
    ///
    /// # Errors
    /// When there is none, saying whether the request may have arrived.
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError>;
}

/// Why there is no answer. It says nothing of the request, whose address may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// There was no connection: nothing was sent.
    NotSent,
    /// The connection was lost or silent after the request may have been sent.
    NoAnswer,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSent => "there was no connection",
            Self::NoAnswer => "there was no answer",
        })
    }
}

impl std::error::Error for TransportError {}

/// Requests over HTTPS, by rustls on ring. It needs a tokio runtime.
#[derive(Clone, Debug)]
pub struct Https(reqwest::Client);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// HubSpot's gateway gives up after less.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A batch of a hundred calls with long notes is a fraction of this.
const MAX_ANSWER: usize = 32 << 20;

impl Https {
    /// A client that keeps its connections.
    ///
    /// # Errors
    /// When the system's certificates can't be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        // Whoever installed one before has chosen.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // HubSpot's API does not redirect, and the credentials are for its host only.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("cordboard/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }
}

#[async_trait]
impl Transport for Https {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|_| TransportError::NotSent)?;
        let failed = |error: reqwest::Error| {
            if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
        };
        let mut answer = self.0.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| TransportError::NoAnswer)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(TransportError::NoAnswer);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}
