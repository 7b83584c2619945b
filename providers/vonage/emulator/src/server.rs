//! The cloud in real time: the APIs and a control API over HTTP, the client SDK's sessions, audio over UDP.

use crate::browser::{self, Shared};
use crate::cloud::Cloud;
use crate::config::CloudConfig;
use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use cordboard::platform::Lock;
use cordboard_emulator::server::control::{Answered, done, hears, json, read_script};
use cordboard_emulator::server::{self, Sound};
use std::sync::Arc;

/// The emulator as a server.
pub type Server = server::Server<Cloud>;

/// Listens on this machine only, at any port that is free if it is 0, and serves as long as the runtime runs.
///
/// # Errors
/// When the port is taken.
pub async fn start(mut config: CloudConfig, port: u16) -> Result<Server> {
    let listener = server::listen(port)?;
    config.media_url = format!("http://{}", listener.local_addr()?);
    let world = Arc::new(server::Shared::new(Cloud::new(config))?);
    let sound = Arc::new(Sound::new(world.clock).await?);
    let shared = Arc::new(Shared { world, sound, browsers: Lock::default() });
    let control = Router::new()
        .route("/control/legs", get(legs))
        .route("/control/clients", get(users).post(clients))
        .with_state(Arc::clone(&shared));
    let (more, told) = (control.merge(browser::routes(&shared)), Arc::clone(&shared));
    let mut server = Server::start(listener, Arc::clone(&shared.world), Some(more), move |signal| told.tell(signal))?;
    server.spawn(async move {
        let lose = |leg: &str| shared.world.with(|cloud, now| cloud.client_falls_silent(now, leg));
        shared.sound.run(&shared.world, Cloud::everybody, lose).await;
    });
    Ok(server)
}

async fn legs(State(shared): State<Arc<Shared>>) -> Answered {
    let legs = shared.world.cloud.lock().legs().into_iter().map(|leg| {
        serde_json::json!({
            "uuid": leg.uuid, "from": leg.from, "to": leg.to, "direction": leg.direction, "status": leg.status,
            "conversation": leg.conversation, "event_url": leg.event_url, "muted": leg.muted,
            "earmuffed": leg.earmuffed, "digits_heard": leg.digits_heard, "hears": hears(&leg.hears),
            "is_browser": leg.is_browser, "audio": shared.sound.counters(&leg.uuid),
        })
    });
    json(&legs.collect())
}

/// The users for whom a browser is there.
async fn users(State(shared): State<Arc<Shared>>) -> Answered {
    json(&shared.browsers.lock().users().into())
}

async fn clients(State(shared): State<Arc<Shared>>, body: Bytes) -> Answered {
    let script = read_script(&body)?;
    shared.world.with(|cloud, _| cloud.script_clients(script));
    done()
}
