//! TLS by the configured files: a handshake, a socket over it, and files that can't be used.

use crate::support::running::{program, write};
use crate::support::{ORIGIN, PATIENCE, config, http};
use cordboard_gateway::config::Tls;
use cordboard_gateway::{Gateway, MockBackend};
use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value as Json, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn connector(trusted: &CertifiedKey<KeyPair>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

async fn handshake(
    address: SocketAddr,
    trusted: &CertifiedKey<KeyPair>,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.unwrap();
    connector(trusted).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[tokio::test]
async fn an_agent_is_signed_in_over_tls() {
    // Installs what does the cryptography, too.
    let plain = http();
    let folder = tempfile::tempdir().unwrap();
    let made = certificate();
    let mut config = config(folder.path(), "");
    config.server.tls = Some(Tls {
        certificate: file(&folder, "chain.pem", &made.cert.pem()),
        key: file(&folder, "key.pem", &made.signing_key.serialize_pem()),
    });
    let mock = MockBackend::start(Default::default()).await.unwrap();
    let builder = Gateway::builder(config).directory(mock.directory()).backend(|_| mock);
    let gateway = builder.build().await.unwrap();
    let (address, control) = (gateway.address(), gateway.control());
    let serving = tokio::spawn(gateway.serve());

    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let https = reqwest::Client::builder().tls_certs_only([trusted]).resolve("localhost", address).build().unwrap();
    let url = format!("https://localhost:{}/api/session", address.port());
    let session = https.post(&url).json(&json!({"name": "alex", "password": "demo"})).send().await.unwrap();
    let session: Json = session.json().await.unwrap();

    let mut request = "wss://localhost/api/socket".into_client_request().unwrap();
    request.headers_mut().insert("origin", HeaderValue::from_static(ORIGIN));
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("cordboard.v1"));
    let stream = handshake(address, &made).await.unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    let hello = json!({"type": "hello", "token": session["access_token"]});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    let welcome = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an answer").unwrap().unwrap();
    let welcome: Json = serde_json::from_str(welcome.to_text().unwrap()).unwrap();
    assert_eq!(welcome["type"], "welcome");

    assert!(handshake(address, &certificate()).await.is_err(), "another certificate is not trusted");
    assert!(https.post(&url).send().await.is_ok(), "and nobody else minds");
    assert!(plain.get(format!("http://{address}/health")).send().await.is_err(), "nothing is said in the clear");
    control.stop();
    drop(socket);
    serving.await.unwrap().unwrap();
}

#[test]
fn files_that_cant_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (made, other) = (certificate(), certificate());
    let chain = file(&folder, "chain.pem", &made.cert.pem());
    let key = file(&folder, "key.pem", &made.signing_key.serialize_pem());
    let strange = file(&folder, "other.pem", &other.signing_key.serialize_pem());
    let empty = file(&folder, "empty.pem", "");
    let garbage = file(&folder, "garbage.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    let missing = folder.path().join("missing.pem");
    let check = |certificate: &PathBuf, key: &PathBuf| {
        let text = format!(
            "[server]\npublic_url = \"https://calls.example.com\"\ntls_certificate = {certificate:?}\ntls_key = {key:?}\n\
             [policy]\nregions = [\"US\"]\n[provider]\nkind = \"mock\"\n"
        );
        let output = program().arg("--config").arg(write(&folder, &text)).arg("--check").output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(check(&chain, &key), "");
    for wrong in [&missing, &empty, &garbage, &key] {
        let said = check(wrong, &key);
        assert!(said.starts_with("server.tls_certificate: ") && said.lines().count() == 1, "{wrong:?}: {said}");
    }
    for wrong in [&missing, &empty, &chain] {
        let said = check(&chain, wrong);
        assert!(said.starts_with("server.tls_key: ") && said.lines().count() == 1, "{wrong:?}: {said}");
    }
    assert_eq!(check(&chain, &strange), "server.tls_key: it is not the key of the certificate\n");
}
