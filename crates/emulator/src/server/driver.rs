//! Lets the cloud's time pass: its callbacks go out, its signals go to the browsers.

use super::Shared;
use crate::{Callback, Emulated, Unanswered};
use core::time::Duration;
use http::Response;
use std::sync::Arc;

/// No provider waits longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Lets time pass, for ever. `tell` hands signals on to browsers.
pub async fn run<C: Emulated>(shared: Arc<Shared<C>>, tell: impl Fn(C::Signal)) {
    loop {
        let now = shared.clock.now();
        let (callbacks, signals, due) = {
            let mut cloud = shared.cloud.lock();
            cloud.handle_timeout(now);
            let callbacks: Vec<_> = core::iter::from_fn(|| cloud.poll_callback()).collect();
            let signals: Vec<_> = core::iter::from_fn(|| cloud.poll_signal()).collect();
            (callbacks, signals, cloud.poll_timeout())
        };
        for callback in callbacks {
            tokio::spawn(deliver(Arc::clone(&shared), callback));
        }
        for signal in signals {
            tell(signal);
        }
        let sleep = async {
            match due {
                // A millisecond more than too early, which would find nothing due.
                Some(due) => tokio::time::sleep(due.since(now) + Duration::from_millis(1)).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.changed.notified() => {}
            () = sleep => {}
        }
    }
}

async fn deliver<C: Emulated>(shared: Arc<Shared<C>>, callback: Callback) {
    let id = callback.id;
    let answer = send(&shared, callback)
        .await
        .map_err(|error| if error.is_connect() { Unanswered::Connect } else { Unanswered::Read });
    shared.with(|cloud, now| cloud.handle_callback_response(now, id, answer));
}

async fn send<C: Emulated>(shared: &Shared<C>, callback: Callback) -> reqwest::Result<Response<Vec<u8>>> {
    let request = callback.request.map(reqwest::Body::from).try_into()?;
    let mut request: reqwest::Request = request;
    *request.timeout_mut() = Some(PATIENCE);
    let answer = shared.client.execute(request).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(answer.bytes().await?.to_vec());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
