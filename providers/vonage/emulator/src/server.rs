//! The cloud in real time: the APIs and a control API over HTTP, the client SDK's sessions, audio over UDP.

use crate::browser::{self, Shared};
use crate::cloud::Cloud;
use crate::config::{ClientScript, CloudConfig};
use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use cordboard::Timestamp;
use cordboard::platform::Lock;
use cordboard_emulator::server::control::{Answered, done, hears, json, read};
use cordboard_emulator::server::{self, Sound};
use core::time::Duration;
use http::StatusCode;
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::task::JoinSet;

/// The emulator as a server. It stops when this is dropped.
pub struct Server {
    rest: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Listens on this machine only, at any port that is free if it is 0, and serves as long as the runtime runs.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(mut config: CloudConfig, port: u16) -> Result<Self> {
        let listener = server::listen(port)?;
        let rest = listener.local_addr()?;
        config.media_url = format!("http://{rest}");
        let world = Arc::new(server::Shared::new(Cloud::new(config))?);
        let sound = Arc::new(Sound::new(world.clock).await?);
        let shared = Arc::new(Shared { world, sound, browsers: Lock::default() });
        let mut tasks = JoinSet::new();
        let told = Arc::clone(&shared);
        tasks.spawn(server::run(Arc::clone(&shared.world), move |signal| told.tell(signal)));
        let (sound, world) = (Arc::clone(&shared.sound), Arc::clone(&shared.world));
        tasks.spawn(async move {
            let lose = |leg: &str| world.with(|cloud, now| cloud.client_falls_silent(now, leg));
            sound.run(&world, Cloud::everybody, lose).await;
        });
        let control = Router::new()
            .route("/control/legs", get(legs))
            .route("/control/clients", get(users).post(clients))
            .with_state(Arc::clone(&shared));
        let app = control.merge(server::control::routes(Arc::clone(&shared.world))).merge(browser::routes(&shared));
        let app = app.fallback_service(server::rest(Arc::clone(&shared.world)));
        tasks.spawn(async move {
            let _ = server::serve(listener, app).await;
        });
        Ok(Self { rest, shared, tasks })
    }

    /// Where the APIs and control are.
    #[must_use]
    pub const fn rest(&self) -> SocketAddr {
        self.rest
    }

    /// Does something in the cloud, now.
    pub fn with<T>(&self, act: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.shared.world.with(act)
    }

    /// Serves until the process ends.
    pub async fn wait(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
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
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Accepts,
        Rejects,
        Ignores,
        Absent,
    }
    #[derive(Deserialize)]
    struct Wish {
        script: Word,
        #[serde(default)]
        after_ms: u64,
    }
    let Wish { script, after_ms } = read::<Wish>(&body).map_err(|_: StatusCode| StatusCode::BAD_REQUEST)?;
    let after = Duration::from_millis(after_ms);
    let script = match script {
        Word::Accepts => ClientScript::Accepts(after),
        Word::Rejects => ClientScript::Rejects(after),
        Word::Ignores => ClientScript::Ignores,
        Word::Absent => ClientScript::Absent,
    };
    shared.world.with(|cloud, _| cloud.script_clients(script));
    done()
}
