//! The gateway as it ships, with its journal on the disk and agents who sign in.

use crate::client::{ORIGIN, Protocol, next};
use crate::process::{Server, free_address};
use anyhow::{Context as _, Result, ensure};
use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use cordboard_gateway::MockBackend;
use cordboard_mock::{MockAgent, numbers};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

const SECRET: &str = "no secret at all, for a load test";
const PUBLIC_URL: &str = "https://calls.example.com";
const JOURNAL: &str = "journal.db";
/// The agent who has a line. The mock knows two; all others only have a place in the gateway.
const AGENT: MockAgent = MockAgent::Alex;
/// How many sign in at a time.
const SIGN_INS: usize = 64;

pub(crate) struct Gateway {
    pub(crate) server: Server,
    http: Client,
    folder: TempDir,
    /// How many calls were dialled.
    dialled: AtomicU64,
}

impl Gateway {
    /// Starts the program in a new folder. It has so many agents.
    pub(crate) async fn start(program: &Path, folder: &Path, agents: usize) -> Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let address = free_address()?;
        fs::write(folder.path().join("agents.toml"), agent_file(agents)?)?;
        let file = folder.path().join("cordboard.toml");
        let text = format!(
            "[server]\nlisten = \"{address}\"\npublic_url = \"{PUBLIC_URL}\"\n[agents]\nfile = \"agents.toml\"\n\
             [socket]\norigins = [\"{ORIGIN}\"]\n[journal]\nfile = \"{JOURNAL}\"\n[policy]\nregions = [\"US\"]\n\
             agent_per_day = 100000\naccount_per_day = 100000\n\
             [log]\nfilter = \"warn\"\n[provider]\nkind = \"mock\"\nwebhook_secret = \"{SECRET}\"\n"
        );
        fs::write(&file, text)?;
        let server = Server::start(program, address, |command| command.arg("--config").arg(file)).await?;
        Ok(Self { server, http: Client::new(), folder, dialled: AtomicU64::default() })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }

    async fn sign_in(&self, name: &str) -> Result<String> {
        let body = json!({"name": name, "password": MockAgent::PASSWORD});
        let response = self.http.post(self.url("/api/session")).json(&body).send().await?.error_for_status()?;
        let session: Json = response.json().await?;
        Ok(session["access_token"].as_str().context("there is no token")?.to_owned())
    }

    /// The tokens of so many agents, who sign in.
    pub(crate) async fn sign_in_all(&self, agents: usize) -> Result<Vec<String>> {
        let signing_in = (0..agents).map(async |index| self.sign_in(&name(index)).await);
        stream::iter(signing_in).buffered(SIGN_INS).try_collect().await
    }

    /// The token of the agent who has a line, and takes calls.
    pub(crate) async fn sign_in_one(&self) -> Result<String> {
        let token = self.sign_in(AGENT.id()).await?;
        let mut socket = Protocol::Gateway.open(self.server.address, &token).await?;
        let order = json!({"type": "request", "id": 1, "operation": "set_availability", "available": true});
        socket.send(Message::text(order.to_string())).await?;
        let reply: Json = serde_json::from_str(&next(&mut socket).await?)?;
        ensure!(reply["result"].is_object(), "the agent can't be rung: {reply}");
        Ok(token)
    }

    /// The agent dials somebody who does not answer, or hangs up what was dialled in the round before.
    pub(crate) async fn dial_or_hang_up(&self, token: &str, heard: &[Utf8Bytes]) -> Result<()> {
        let (path, body) = match heard.iter().find_map(|text| started(text)) {
            Some(call) => (format!("/api/calls/{call}/hang_up"), json!({})),
            None => {
                let key = self.dialled.fetch_add(1, Ordering::Relaxed).to_string();
                ("/api/calls".to_owned(), json!({"key": key, "to": numbers::NO_ANSWER}))
            }
        };
        let response = self.http.post(self.url(&path)).bearer_auth(token).json(&body).send().await?;
        ensure!(response.status().is_success(), "the gateway answers {}", response.status());
        Ok(())
    }

    /// Reports a fact of a call, and says whether the gateway has it.
    pub(crate) async fn note(&self, call: &str, key: &str) -> Result<bool> {
        let body = json!({"call": call, "key": key, "at": 1}).to_string();
        Ok(self.webhook("note", body).await?.status() == StatusCode::NO_CONTENT)
    }

    async fn webhook(&self, kind: &str, body: String) -> Result<Response> {
        let path = format!("/webhooks/mock/{kind}");
        let signature = MockBackend::sign(SECRET, &format!("{PUBLIC_URL}{path}"), body.as_bytes());
        Ok(self.http.post(self.url(&path)).header("x-mock-signature", signature).body(body).send().await?)
    }

    /// Ends the gateway without a word, and reads the keys of all facts in its journal.
    pub(crate) async fn kill(self) -> Result<BTreeSet<String>> {
        let Self { server, folder, .. } = self;
        server.kill()?;
        let mut journal = SqliteConnectOptions::new().filename(folder.path().join(JOURNAL)).connect().await?;
        let keys: Vec<String> = sqlx::query_scalar("SELECT key FROM entries").fetch_all(&mut journal).await?;
        Ok(keys.into_iter().collect())
    }
}

/// The call that begins with this event.
fn started(event: &str) -> Option<String> {
    let event: Json = serde_json::from_str(event).ok()?;
    (event["event"]["kind"] == "started").then(|| event["event"]["call"].as_str().map(str::to_owned))?
}

/// The key of [`Gateway::note`] in the journal.
pub(crate) fn note_key(call: &str, key: &str) -> String {
    format!("mock/note/{call}/{key}")
}

fn name(index: usize) -> String {
    format!("agent-{index}")
}

/// All with one password, hashed as cheaply as Argon2 can: the gateway takes the cost from the hash, and ten thousand honest ones
/// would take minutes that are not what is measured.
fn agent_file(agents: usize) -> Result<String> {
    let cheapest = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None);
    let cheapest = cheapest.map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheapest);
    let hash = argon2.hash_password(MockAgent::PASSWORD.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let names = std::iter::once(AGENT.id().to_owned()).chain((0..agents).map(name));
    names.into_iter().try_fold(String::new(), |mut text, name| {
        writeln!(text, "[[agents]]\nid = \"{name}\"\nname = \"{name}\"\npassword = \"{hash}\"")?;
        Ok(text)
    })
}
