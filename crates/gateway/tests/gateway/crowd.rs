//! Many who say nothing, and an agent among them. Case 4 of what must hold, as far as it is about numbers.

use crate::support::{PATIENCE, start};
use cordboard_mock::numbers;
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const MANY: usize = 300;

#[tokio::test]
async fn connections_that_are_half_open_keep_nobody_out() {
    let (server, _mock) = start("").await;
    let open = async |said: &[u8]| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        stream
    };
    let half = b"GET /api/socket HTTP/1.1\r\nhost: calls.example.com\r\nupgra";
    let no_body = b"POST /api/session HTTP/1.1\r\nhost: calls.example.com\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
    let mut silent = Vec::new();
    for _ in 0..MANY {
        silent.extend([open(b"").await, open(half).await, open(no_body).await]);
    }
    // They are there, and an agent works as ever.
    let mut alex = server.agent("alex").await;
    let call = alex.dial("k", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    // None of them stays.
    let closed = silent.iter_mut().map(async |stream| {
        let mut rest = Vec::new();
        // Reset or ended, perhaps after an answer that says why.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is closed");
        rest.starts_with(b"HTTP/1.1 408 ")
    });
    assert_eq!(join_all(closed).await.into_iter().filter(|is_told| *is_told).count(), MANY, "whose body is missing");
    assert_eq!(alex.order("active_calls", json!({})).await["calls"][0]["id"], call.as_str());
    server.stop().await;
}

#[tokio::test]
async fn a_connection_waits_for_its_next_request_for_a_time() {
    let (server, _mock) = start("[server]\nkeep_alive = \"1s\"").await;
    let mut alex = server.agent("alex").await;
    for more in ["", "GET /health HTTP/1.1\r\nhost: calls.exa"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET /health HTTP/1.1\r\nhost: calls.example.com\r\n\r\n{more}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it is closed");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    // A socket that says nothing for longer is another matter.
    assert_eq!(alex.order("active_calls", json!({})).await, json!({"calls": []}));
    server.stop().await;
}

#[tokio::test]
async fn sockets_without_hello_give_their_places_back() {
    let (server, _mock) = start(&format!("[socket]\nhello = \"200ms\"\nmost = {MANY}")).await;
    let mut silent = Vec::new();
    for _ in 0..MANY {
        silent.push(server.open().await);
    }
    for socket in &mut silent {
        assert_eq!(socket.closed().await, (Some(4408), vec![]));
    }
    server.agent("alex").await;
    server.stop().await;
}

#[tokio::test]
async fn a_token_is_good_at_its_own_gateway_only() {
    let ((here, _), (there, _)) = (start("").await, start("").await);
    let session = there.sign_in("alex").await;
    let mut stranger = here.open().await;
    stranger.send(json!({"type": "hello", "token": session["access_token"]})).await;
    let refused = json!({"type": "signed_out", "reason": "expired"});
    assert_eq!(stranger.closed().await, (Some(4401), vec![refused]));
    let refresh = json!({"refresh_token": session["refresh_token"]});
    assert_eq!(here.post("/api/session/refresh", refresh).await.0, 401);
    here.stop().await;
    there.stop().await;
}
