//! The program in a process of its own.

use super::{ORIGIN, PATIENCE};
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard-gateway"));
    command.env_clear();
    command
}

pub(crate) fn write(folder: &TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("cordboard.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// The program as it runs.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) log: Option<JoinHandle<String>>,
}

impl Running {
    pub(crate) fn start(file: &Path) -> Self {
        let mut child = program().arg("--config").arg(file).stderr(Stdio::piped()).spawn().unwrap();
        let (address, listens) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            for line in stderr.lines().map_while(Result::ok) {
                if let Ok(line) = serde_json::from_str::<Json>(&line)
                    && let Some(listens) = line["fields"]["address"].as_str()
                {
                    let _ = address.send(listens.to_owned());
                }
                log += &line;
                log += "\n";
            }
            log
        });
        match listens.recv_timeout(PATIENCE) {
            Ok(address) => Self { child, address, log: Some(log) },
            Err(_) => {
                child.kill().unwrap();
                panic!("the program does not listen: {}", log.join().unwrap());
            }
        }
    }

    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.logged()
    }

    pub(crate) fn terminate(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let log = self.logged();
        assert!(status.success(), "{log}");
        log
    }

    /// What was logged, when it has ended.
    fn logged(&mut self) -> String {
        self.log.take().unwrap().join().unwrap()
    }

    pub(crate) async fn sign_in(&self, http: &reqwest::Client) -> Json {
        let body = json!({"name": "alex", "password": "demo"});
        let response = http.post(format!("http://{}/api/session", self.address)).json(&body).send().await.unwrap();
        response.json().await.unwrap()
    }

    pub(crate) async fn socket(&self) -> Socket {
        let mut request = format!("ws://{}/api/socket", self.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", HeaderValue::from_static(ORIGIN));
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cordboard.v1"));
        connect_async(request).await.unwrap().0
    }
}

impl Drop for Running {
    /// A test that fails leaves no program behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The next message; `None` when the other end is gone.
pub(crate) async fn next(socket: &mut Socket) -> Option<Json> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("something comes")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
