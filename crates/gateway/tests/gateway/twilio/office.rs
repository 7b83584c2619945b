//! An account at Twilio's emulator, the gateway's program, and a door between them that sees every webhook.

use crate::support::relay::pass_on;
use crate::support::running::{Running, write};
use crate::support::{Agent, ORIGIN, http, until};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cordboard::platform::Lock;
use cordboard_gateway::hash_password;
use cordboard_twilio_emulator::{CloudConfig, Leg, Ports, Server, numbers};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Longer than calls take to end by themselves, whoever was killed meanwhile.
const PATIENCE: Duration = Duration::from_secs(90);

/// A webhook that came to the door, and the gateway's answer.
pub(crate) struct Passed {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// None if there was none.
    pub(crate) status: Option<u16>,
}

/// The public address: it stays when the gateway does not.
pub(crate) struct Door {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    gateway: Lock<Option<String>>,
    passed: Lock<Vec<Passed>>,
    /// Which came, whatever became of them; what is sent again bears the same token.
    came: watch::Sender<BTreeSet<String>>,
    http: reqwest::Client,
}

impl Door {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let came = watch::Sender::default();
        let shared = Arc::new(Shared { gateway: Lock::default(), passed: Lock::default(), came, http: http() });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Leads to that gateway from now on.
    pub(crate) fn lead_to(&self, gateway: Option<&str>) {
        *self.shared.gateway.lock() = gateway.map(str::to_owned);
    }

    /// Waits until so many more have come, for the first time.
    pub(crate) async fn wait(&self, more: usize) {
        let mut came = self.shared.came.subscribe();
        let until = came.borrow().len() + more;
        let waited = tokio::time::timeout(PATIENCE, came.wait_for(|came| came.len() >= until)).await;
        drop(waited.expect("webhooks come").unwrap());
    }

    pub(crate) fn passed(&self) -> Vec<Passed> {
        std::mem::take(&mut *self.shared.passed.lock())
    }
}

async fn pass(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
    let path = parts.uri.path_and_query().unwrap().to_string();
    let token = parts.headers["i-twilio-idempotency-token"].to_str().unwrap().to_owned();
    shared.came.send_modify(|came| {
        came.insert(token);
    });
    let gateway = shared.gateway.lock().clone();
    let answer = match gateway {
        Some(gateway) => pass_on(&shared.http, &format!("http://{gateway}"), &parts, body.clone()).await,
        None => None,
    };
    let headers = parts.headers.iter();
    shared.passed.lock().push(Passed {
        method: parts.method.to_string(),
        path,
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
        body,
        status: answer.as_ref().map(|answer| answer.status().as_u16()),
    });
    answer.unwrap_or_else(|| StatusCode::BAD_GATEWAY.into_response())
}

pub(crate) struct Office {
    pub(crate) emulator: Server,
    pub(crate) door: Door,
    pub(crate) http: reqwest::Client,
    pub(crate) folder: TempDir,
    file: PathBuf,
}

impl Office {
    /// With these lines more in the configuration: in the provider's table, and tables of their own.
    pub(crate) async fn open(more: &str) -> Self {
        Self::open_at(None, more).await
    }

    /// Where Twilio's API is somewhere else.
    pub(crate) async fn open_at(api: Option<&str>, more: &str) -> Self {
        let door = Door::open().await;
        let emulator = Server::start(account(&door.url), Ports::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let hash = hash();
        let agents = ["alex", "blake"].map(|id| {
            format!("[[agents]]\nid = \"{id}\"\nname = \"{} Demo\"\npassword = \"{hash}\"\n", id.to_uppercase())
        });
        std::fs::write(folder.path().join("agents.toml"), agents.concat()).unwrap();
        let rest = format!("http://{}", emulator.rest());
        let config = config(&door.url, api.unwrap_or(&rest), &account(&door.url), more);
        let file = write(&folder, &config);
        Self { emulator, door, http: http(), folder, file }
    }

    /// Starts the gateway, and leads the webhooks to it.
    pub(crate) fn start(&self) -> Running {
        let running = Running::start(&self.file);
        self.door.lead_to(Some(&running.address));
        running
    }

    pub(crate) async fn post(&self, running: &Running, path: &str, body: Json) -> (u16, Json) {
        let url = format!("http://{}{path}", running.address);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    pub(crate) async fn sign_in(&self, running: &Running, name: &str) -> Json {
        let (status, session) = self.post(running, "/api/session", json!({"name": name, "password": "demo"})).await;
        assert_eq!(status, 200);
        session
    }

    pub(crate) async fn agent(&self, running: &Running, name: &str) -> Agent {
        let session = self.sign_in(running, name).await;
        let mut agent = Agent::over(running.socket().await);
        agent.hello(&session, None).await;
        agent
    }

    pub(crate) fn legs(&self) -> Vec<Leg> {
        self.emulator.with(|cloud, _| cloud.legs())
    }

    /// The legs to a number that the API was asked for.
    pub(crate) fn dialled(&self, number: &str) -> usize {
        self.legs().iter().filter(|leg| leg.to == number && leg.direction == "outbound-api").count()
    }

    pub(crate) async fn until_silent(&self) {
        until("every leg to end", PATIENCE, async || self.legs().iter().all(is_over)).await;
    }
}

fn is_over(leg: &Leg) -> bool {
    !matches!(leg.status, "queued" | "ringing" | "in-progress")
}

/// Hashing takes long, on purpose.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_password("demo").unwrap())
}

pub(crate) fn account(public_url: &str) -> CloudConfig {
    let mut account = CloudConfig::for_tests(&format!("{public_url}/webhooks/twilio/inbound"));
    for number in &mut account.numbers {
        number.status_callback = Some(format!("{public_url}/webhooks/twilio/status"));
    }
    account
}

fn config(public_url: &str, api_url: &str, account: &CloudConfig, more: &str) -> String {
    let CloudConfig { account_sid, auth_token, api_key_sid, api_key_secret, .. } = account;
    let sales = numbers::SALES;
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
public_url = "{public_url}"
[socket]
origins = ["{ORIGIN}"]
[agents]
file = "agents.toml"
[policy]
regions = ["US"]
calls_at_once = 6
agent_per_day = 100000
account_per_day = 100000
[reconcile]
every = "1s"
silent = "1s"
[log]
format = "json"
filter = "trace"
[[routes]]
number = "{sales}"
agents = ["blake"]
[provider]
kind = "twilio"
api_url = "{api_url}"
account_sid = "{account_sid}"
auth_token = "{auth_token}"
api_key_sid = "{api_key_sid}"
api_key_secret = "{api_key_secret}"
rejoin_seconds = 3
{more}
"#
    )
}
