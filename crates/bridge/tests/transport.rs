//! Requests over a real socket.

use cordboard_bridge::{Https, Transport as _, TransportError};
use futures_util::StreamExt as _;
use http::{Method, Request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A server for one request: answers so, and returns what it was sent.
async fn serve(listener: TcpListener, answer: &[u8]) -> String {
    let (mut socket, _) = listener.accept().await.expect("a connection");
    let mut heard = Vec::new();
    let mut chunk = [0; 1024];
    while !heard.ends_with(b"Hold=true") {
        let length = socket.read(&mut chunk).await.expect("a request");
        assert!(length > 0, "the request ended early");
        heard.extend_from_slice(&chunk[..length]);
    }
    socket.write_all(answer).await.expect("the client listens");
    socket.shutdown().await.expect("the client listens");
    String::from_utf8(heard).expect("a text")
}

async fn ask(answer: &[u8]) -> (Result<http::Response<Vec<u8>>, TransportError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/x", listener.local_addr().expect("an address"));
    let request = Request::builder().method(Method::POST).uri(url).header("authorization", "Basic x");
    let request = request.body(b"Hold=true".to_vec()).expect("a request");
    let https = Https::new().expect("a client");
    tokio::join!(https.send(request), serve(listener, answer))
}

#[tokio::test]
async fn carries_requests_and_answers() {
    let (answer, heard) = ask(b"HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}").await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (429, b"{}".as_slice()));
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(heard.starts_with("POST /x HTTP/1.1\r\n") && heard.contains("authorization: Basic x\r\n"), "{heard}");
}

#[tokio::test]
async fn does_not_follow_redirects() {
    let (answer, _) = ask(b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(answer.expect("an answer").status(), 302);
}

#[tokio::test]
async fn tells_what_was_sent_from_what_was_not() {
    let (answer, _) = ask(b"").await;
    assert_eq!(answer.expect_err("no answer"), TransportError::NoAnswer);
    let (answer, _) = ask(b"HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert_eq!(answer.expect_err("half an answer"), TransportError::NoAnswer);

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let request = Request::builder().uri(url).body(Vec::new()).expect("a request");
    let answer = Https::new().expect("a client").send(request).await;
    assert_eq!(answer.expect_err("nobody listens"), TransportError::NotSent);
}

#[tokio::test]
async fn a_long_body_is_handed_on_as_it_comes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/x", listener.local_addr().expect("an address"));
    let (go_on, wait) = oneshot::channel();
    let server = async {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut heard = [0; 1024];
        assert!(socket.read(&mut heard).await.expect("a request") > 0);
        socket.write_all(b"HTTP/1.1 206 X\r\nContent-Length: 99\r\n\r\nfirst").await.expect("the client listens");
        wait.await.expect("the first piece was read");
        socket.write_all(b"second").await.expect("the client listens");
        socket.shutdown().await.expect("the client listens");
    };
    let client = async {
        let request = Request::builder().uri(url).body(Vec::new()).expect("a request");
        let answer = Https::new().expect("a client").open(request).await.expect("an answer");
        assert_eq!(answer.status(), 206);
        let mut body = answer.into_body();
        assert_eq!(body.next().await, Some(Ok(b"first".to_vec())));
        go_on.send(()).expect("the server waits");
        assert_eq!(body.next().await, Some(Ok(b"second".to_vec())));
        assert_eq!(body.next().await, Some(Err(TransportError::NoAnswer)), "it was to be longer");
    };
    tokio::join!(server, client);
}
