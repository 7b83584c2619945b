//! SIGKILL at each request to HubSpot, before HubSpot has it and after: the end is always the same.

use super::portal::{Portal, TOKEN};
use super::transcripts::SCOPES;
use crate::support::relay::pass_on;
use crate::support::running::{Running, write};
use crate::support::{Agent, ORIGIN, PATIENCE, http, until};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cordboard_mock::numbers;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// When the gateway is killed: at which of its requests, and whether HubSpot has it by then.
#[derive(Clone, Copy, Debug)]
struct Moment {
    request: usize,
    is_carried_out: bool,
}

/// Stands before HubSpot and sees every request.
struct Door {
    url: String,
    shared: Arc<Shared>,
}

struct Shared {
    hubspot: String,
    http: reqwest::Client,
    kill_at: watch::Sender<Option<Moment>>,
    seen: AtomicUsize,
    reached: watch::Sender<bool>,
}

impl Door {
    async fn open(hubspot: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (kill_at, reached) = (watch::Sender::default(), watch::Sender::default());
        let shared = Arc::new(Shared { hubspot, http: http(), kill_at, seen: AtomicUsize::new(0), reached });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let kill_at = *shared.kill_at.borrow();
    let is_now = kill_at.filter(|moment| shared.seen.fetch_add(1, Ordering::Relaxed) + 1 == moment.request);
    if is_now.is_some_and(|moment| !moment.is_carried_out) {
        shared.reached.send_replace(true);
        return std::future::pending().await;
    }
    let answer = pass_on(&shared.http, &shared.hubspot, &parts, body).await;
    if is_now.is_some() {
        shared.reached.send_replace(true);
        return std::future::pending().await;
    }
    answer.unwrap_or_else(|| StatusCode::BAD_GATEWAY.into_response())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    /// Nobody reported a record, and the tokens are too old.
    Makes,
    /// The widget reported the CRM's own, and the call was recorded.
    Completes,
    /// It did so after the gateway had made one.
    Withdraws,
}

struct World {
    portal: Portal,
    door: Door,
    folder: TempDir,
    file: std::path::PathBuf,
}

impl World {
    async fn open() -> Self {
        let portal = Portal::open(|config| config.contacts[0].phone = numbers::ANSWERS.to_owned());
        let door = Door::open(portal.server.url()).await;
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://calls.example.com\"\noperator_token = \"{TOKEN}\"\n\
             [socket]\norigins = [\"{ORIGIN}\"]\n[policy]\nregions = [\"US\"]\n[log]\nformat = \"json\"\nfilter = \"trace\"\n\
             [provider]\nkind = \"mock\"\n{}",
            portal.keys_at(&door.url) + SCOPES
        );
        let file = write(&folder, &text);
        Self { portal, door, folder, file }
    }

    /// Waits as an operator does, who looks where only that helps.
    async fn until_told(&self, running: &Running) {
        let http = http();
        let url = format!("http://{}/operator/outbox", running.address);
        let is_told = async || {
            let untold: Json = http.get(&url).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
            let calls = untold["calls"].as_array().unwrap();
            for call in calls.iter().filter(|call| call["due_at"].is_null()) {
                let what = if self.transcripts() == 0 { "retry" } else { "dismiss" };
                let url = format!("{url}/{}/{what}", call["call"].as_str().unwrap());
                assert!(http.post(url).bearer_auth(TOKEN).send().await.unwrap().status().is_success(), "{call}");
            }
            calls.is_empty()
        };
        until("everything to be told", PATIENCE, is_told).await;
    }

    /// How often the only record has what was said.
    fn transcripts(&self) -> usize {
        self.portal.server.with(|cloud| {
            let records = cloud.kept_calls();
            records.keys().next().map_or(0, |id| cloud.kept_transcripts(*id).len())
        })
    }

    /// A whole call, which the gateway is killed over. Returns whether that moment came.
    async fn play(&self, work: Work, moment: Moment) -> bool {
        let running = Running::start(&self.file);
        assert_eq!(self.portal.install(&running.address).await.status, 200);
        let session = running.sign_in(&http()).await;
        let mut alex = Agent::over(running.socket().await);
        alex.hello(&session, None).await;
        let call = alex.dial("k1", numbers::ANSWERS).await;
        alex.event(&call, "connected").await;
        if work == Work::Completes {
            alex.order("start_recording", json!({"call": call})).await;
            alex.event(&call, "recording_started").await;
        }
        let engagement = (work != Work::Makes).then(|| {
            let properties =
                json!({"hs_timestamp": "1700000000000", "hs_call_status": "IN_PROGRESS", "hs_call_body": "notes"});
            self.portal.server.with(|cloud| cloud.log_call(&properties)).to_string()
        });
        let log = json!({"call": call, "engagement": engagement});
        match work {
            Work::Makes => self.portal.server.with(|cloud| cloud.expire_tokens()),
            Work::Completes => drop(alex.order("log", log.clone()).await),
            Work::Withdraws => {}
        }
        if work != Work::Withdraws {
            self.door.shared.kill_at.send_replace(Some(moment));
        }
        alex.order("hang_up", json!({"call": call})).await;
        alex.event(&call, "ended").await;
        if work == Work::Withdraws {
            self.until_told(&running).await;
            self.door.shared.kill_at.send_replace(Some(moment));
            alex.order("log", log).await;
        }
        let mut reached = self.door.shared.reached.subscribe();
        let came = tokio::select! {
            reached = reached.wait_for(|reached| *reached) => reached.is_ok(),
            () = self.until_told(&running) => false,
        };
        if came {
            let log = running.kill();
            assert!(!log.contains("not-a-secret") && !log.contains("6175550100"), "{log}");
            let running = Running::start(&self.file);
            self.until_told(&running).await;
            running.terminate();
        } else {
            running.terminate();
        }
        let records = self.portal.server.with(|cloud| cloud.kept_calls());
        assert_eq!(records.len(), 1, "{work:?} {moment:?} {records:?}");
        let (id, record) = records.first_key_value().unwrap();
        assert_eq!(record["hs_call_status"], "COMPLETED", "{work:?} {moment:?}");
        assert_eq!(record["hs_call_external_id"], format!("mock-{call}"), "{work:?} {moment:?}");
        assert_eq!(self.transcripts(), 1, "{work:?} {moment:?}");
        let is_ready = self.portal.server.with(|cloud| cloud.ready_recordings().contains(id));
        assert_eq!(is_ready, work == Work::Completes, "{work:?} {moment:?}");
        match engagement {
            Some(engagement) => assert_eq!((id.to_string(), &*record["hs_call_body"]), (engagement, "notes")),
            None => {
                let belongs_to = self.portal.server.with(|cloud| cloud.kept_records(*id));
                assert_eq!(belongs_to, [("contacts".to_owned(), 101)]);
            }
        }
        came
    }
}

/// Kills at the first request, the second and so on, until there are no more.
async fn everywhere(work: Work) -> usize {
    for request in 1.. {
        for is_carried_out in [false, true] {
            let world = World::open().await;
            if !world.play(work, Moment { request, is_carried_out }).await {
                return request - 1;
            }
            drop(world.folder);
        }
    }
    unreachable!("it ends with the requests")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_is_made_whenever_it_is_killed() {
    // A search that is refused, new tokens, the search, people, the record, a look at it, and what was said.
    assert_eq!(everywhere(Work::Makes).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_completed_whenever_it_is_killed() {
    // It is read and changed, the recording is ready, and what was said is added.
    assert_eq!(everywhere(Work::Completes).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_record_is_taken_back_whenever_it_is_killed() {
    // One is removed, the other is read and changed, and gets what was said.
    assert_eq!(everywhere(Work::Withdraws).await, 4);
}
