use cordboard::async_trait;
use cordboard::platform::BoxStream;
use futures_util::stream;
use std::fmt;
use std::time::Duration;

/// What carries requests to the provider. Tests bring their own.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request and waits for its answer, of whatever status.
    ///
    /// # Errors
    /// When there is none, saying whether the request may have arrived.
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError>;

    /// Sends a request and waits for the head of its answer. The body comes in pieces, however long it is.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    async fn open(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Chunks>, TransportError>;
}

/// A body as it comes.
pub type Chunks = BoxStream<Result<Vec<u8>, TransportError>>;

/// Why there is no answer.
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

/// An agent waits for the answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
/// Whoever listens may do so for hours. The provider may not be silent meanwhile for longer than for any answer.
const LISTENING: Duration = Duration::from_secs(6 * 3_600);
/// A page of the longest list is a fraction of this.
const MAX_ANSWER: usize = 4 << 20;

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
            // The credentials are for the provider's host only.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("cordboard/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self(client))
    }

    async fn execute(&self, request: reqwest::Request) -> Result<reqwest::Response, TransportError> {
        let failed = |error: reqwest::Error| {
            if error.is_connect() || error.is_builder() { TransportError::NotSent } else { TransportError::NoAnswer }
        };
        self.0.execute(request).await.map_err(failed)
    }
}

#[async_trait]
impl Transport for Https {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|_| TransportError::NotSent)?;
        let mut answer = self.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| TransportError::NoAnswer)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(TransportError::NoAnswer);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(head(&mut answer).map(|()| body))
    }

    async fn open(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Chunks>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(|_| TransportError::NotSent)?;
        *request.timeout_mut() = Some(LISTENING);
        let mut answer =
            tokio::time::timeout(TIMEOUT, self.execute(request)).await.map_err(|_| TransportError::NoAnswer)??;
        let head = head(&mut answer);
        let chunks = stream::try_unfold(answer, |mut answer| async move {
            let chunk = tokio::time::timeout(TIMEOUT, answer.chunk()).await;
            let chunk = chunk.map_err(|_| TransportError::NoAnswer)?.map_err(|_| TransportError::NoAnswer)?;
            Ok(chunk.map(|chunk| (chunk.to_vec(), answer)))
        });
        Ok(head.map(|()| Box::pin(chunks) as Chunks))
    }
}

/// Status and headers, which are taken out of the answer.
fn head(answer: &mut reqwest::Response) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = answer.status();
    *head.headers_mut() = std::mem::take(answer.headers_mut());
    head
}
