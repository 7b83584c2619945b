//! `GET /recordings/{name}`: the sound behind a link, from the provider to whoever has the link. Nothing of it is kept here.

use crate::app::App;
use crate::links::{Proof, Worth};
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cordboard::platform::BoxStream;
use cordboard::telephony::{RecordingError, RecordingRef, RecordingSound, SoundPart};
use futures_util::{Stream, StreamExt as _, stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

/// How long the provider may take to begin.
const BEGIN: Duration = Duration::from_secs(15);
/// How long a listener may take to read a piece, and the provider to give one. A player that has enough waits, and asks for the
/// rest when it wants it.
const PIECE: Duration = Duration::from_secs(60);
/// How many pieces wait for a listener.
const AHEAD: usize = 4;
/// A day of MP3 in the quality of a telephone is less.
const MOST: u64 = 1 << 30;
/// When to ask again for what is not ready: providers take seconds, or minutes for long calls.
const NOT_READY: &str = "10";
const BUSY: &str = "2";

type Chunks = BoxStream<Result<Vec<u8>, RecordingError>>;

/// Answers who has a link.
pub(crate) async fn listen(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    proof: Result<Query<Proof>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let proof = proof.ok().map(|Query(proof)| proof);
    let worth = proof.as_ref().map_or(Worth::Nothing, |proof| app.links.worth(&name, proof, app.clock.now()));
    let mut response = match worth {
        Worth::Nothing => refusal(StatusCode::NOT_FOUND, "There is nothing here.\n", None),
        Worth::Expired => refusal(StatusCode::GONE, "This link to a recording has expired.\n", None),
        Worth::Good => play(&app, &RecordingRef::new(name), &method, part(&headers)).await,
    };
    app.metrics.recording(response.status().as_u16());
    for (name, value) in [
        // Whoever has the address can listen, so it and the sound stay with who asked.
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if response.status().is_success() && proof.is_some_and(|proof| proof.is_brief()) {
        // HubSpot transcribes nothing else.
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    }
    response
}

/// The part that is asked for. With `if-range`, which asks whether the recording is still the same, the whole is right in any case.
fn part(headers: &HeaderMap) -> Option<SoundPart> {
    let range = headers.get(header::RANGE).filter(|_| !headers.contains_key(header::IF_RANGE))?;
    SoundPart::from_range(range.to_str().ok()?)
}

fn refusal(status: StatusCode, sentence: &'static str, retry: Option<&'static str>) -> Response {
    let mut response = (status, sentence).into_response();
    response.headers_mut().extend(retry.map(|retry| (header::RETRY_AFTER, HeaderValue::from_static(retry))));
    response
}

async fn play(app: &App, recording: &RecordingRef, method: &Method, part: Option<SoundPart>) -> Response {
    let unavailable = || refusal(StatusCode::SERVICE_UNAVAILABLE, "The recording can't be had now.\n", Some(BUSY));
    let Ok(permit) = Arc::clone(&app.listeners).try_acquire_owned() else { return unavailable() };
    let Ok(sound) = timeout(BEGIN, app.backend.recording(recording, part)).await else { return unavailable() };
    match sound.and_then(|sound| cut(sound, part)) {
        Ok(sound) => answer(sound, method, permit),
        Err(RecordingError::NotReady) => {
            refusal(StatusCode::SERVICE_UNAVAILABLE, "The recording is not ready yet.\n", Some(NOT_READY))
        }
        Err(RecordingError::Gone) => refusal(StatusCode::GONE, "There is no such recording any more.\n", None),
        Err(RecordingError::NoSuchPart { length }) => {
            let mut response = refusal(StatusCode::RANGE_NOT_SATISFIABLE, "The recording has no such part.\n", None);
            let range = length.and_then(|length| HeaderValue::from_str(&format!("bytes */{length}")).ok());
            response.headers_mut().extend(range.map(|range| (header::CONTENT_RANGE, range)));
            response
        }
        Err(RecordingError::Unavailable) => unavailable(),
    }
}

/// Cuts the part out that was asked for, if the provider gave the whole: some players play nothing else.
fn cut(sound: RecordingSound, part: Option<SoundPart>) -> Result<RecordingSound, RecordingError> {
    let (Some(part), Some(length), None) = (part, sound.length, sound.part) else { return Ok(sound) };
    let (first, last) = part.within(length).ok_or(RecordingError::NoSuchPart { length: Some(length) })?;
    let chunks = sound.chunks.scan(0, move |begin: &mut u64, chunk| {
        let from = *begin;
        let piece = chunk.map(|mut chunk| {
            *begin += chunk.len() as u64;
            let index = |byte: u64| usize::try_from(byte.saturating_sub(from)).unwrap_or(usize::MAX);
            chunk.truncate(index(last + 1));
            chunk.drain(..index(first).min(chunk.len()));
            chunk
        });
        let is_over = from > last;
        async move { (!is_over).then_some(piece) }
    });
    let chunks: Chunks = Box::pin(chunks.filter(|piece| {
        let is_empty = piece.as_ref().is_ok_and(Vec::is_empty);
        async move { !is_empty }
    }));
    Ok(RecordingSound { part: Some((first, last)), chunks, ..sound })
}

fn answer(sound: RecordingSound, method: &Method, permit: OwnedSemaphorePermit) -> Response {
    let RecordingSound { content_type, length, part, chunks } = sound;
    let size = part.map(|(first, last)| last.saturating_sub(first) + 1).or(length);
    if size.is_some_and(|size| size > MOST) {
        tracing::warn!("a recording is longer than any that is handed on");
        return refusal(StatusCode::BAD_GATEWAY, "The recording is too long.\n", None);
    }
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from_stream(hand_on(chunks, permit)),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.extend(size.map(|size| (header::CONTENT_LENGTH, size.into())));
    if let Some((first, last)) = part {
        let length = length.map_or("*".to_owned(), |length| length.to_string());
        let range = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}"));
        headers.extend(range.ok().map(|range| (header::CONTENT_RANGE, range)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

/// The pieces, by a task that gives up when either side stands still: a body itself is not asked while its reader does not read.
fn hand_on(
    mut chunks: Chunks,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, RecordingError>> + Send + 'static {
    let (pieces, body) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let _permit = permit;
        let mut left = MOST;
        loop {
            let next = timeout(PIECE, chunks.next());
            let piece = tokio::select! {
                next = next => match next {
                    Ok(Some(piece)) => piece,
                    Ok(None) => return,
                    Err(_) => Err(RecordingError::Unavailable),
                },
                () = pieces.closed() => return,
            };
            let piece = piece.and_then(|piece| {
                left = left.checked_sub(piece.len() as u64).ok_or(RecordingError::Unavailable)?;
                Ok(Bytes::from(piece))
            });
            let is_broken = piece.is_err();
            let is_taken = matches!(timeout(PIECE, pieces.send(piece)).await, Ok(Ok(())));
            if is_broken || !is_taken {
                return;
            }
        }
    });
    stream::unfold(body, |mut body| async move { body.recv().await.map(|piece| (piece, body)) })
}
