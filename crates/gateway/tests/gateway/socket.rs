//! Who may open a socket, and what the gateway does about those who misuse one.

use crate::support::{Agent, PATIENCE, Server, start};
use cordboard::telephony::SignedOutReason;
use cordboard_gateway::wire::MAX_MESSAGE;
use cordboard_mock::{Fault, numbers};
use futures_util::SinkExt as _;
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Case 1 of the facts page, as far as it is about sockets.
#[tokio::test]
async fn only_known_origins() {
    let (server, _mock) = start("").await;
    let status = |origins: Vec<&'static str>| {
        let mut request = server.request();
        request.headers_mut().remove("origin");
        for origin in origins {
            request.headers_mut().append("origin", HeaderValue::from_str(origin).unwrap());
        }
        async {
            match connect_async(request).await {
                Ok(_) => 101,
                Err(Error::Http(response)) => response.status().as_u16(),
                Err(error) => panic!("{error}"),
            }
        }
    };
    let good = "https://widget.example.com";
    assert_eq!(status(vec![good]).await, 101);
    assert_eq!(status(vec!["https://calls.example.com"]).await, 101, "its own pages");
    for bad in [
        "http://widget.example.com",
        "https://widget.example.com:8443",
        "https://widget.example.com:443",
        "https://widget.example.com.evil.example",
        "https://evilwidget.example.com",
        "https://other.example.com",
        "https://widget.example.com.",
        "https://WIDGET.example.com",
        "https://widget.example.com@evil.example",
        "https://xn--wdget-n4a.example.com",
        "https://widget.example.com/",
        "null",
        "",
        "*",
    ] {
        assert_eq!(status(vec![bad]).await, 403, "{bad}");
    }
    assert_eq!(status(vec![]).await, 403);
    assert_eq!(status(vec![good, good]).await, 403);
    assert_eq!(status(vec![good, "https://evil.example"]).await, 403);
    server.stop().await;
}

#[tokio::test]
async fn the_subprotocol_is_named() {
    let (server, _mock) = start("").await;
    let mut request = server.request();
    request.headers_mut().remove("sec-websocket-protocol");
    assert!(matches!(connect_async(request).await, Err(Error::Http(response)) if response.status() == 400));
    server.stop().await;
}

#[tokio::test]
async fn hello_is_awaited_for_a_time() {
    let (server, _mock) = start("[socket]\nhello = \"100ms\"").await;
    let mut silent = server.open().await;
    assert_eq!(silent.closed().await, (Some(4408), vec![]));
    // Pings are no hello.
    let mut pinging = server.open().await;
    pinging.socket.send(Message::Ping(vec![].into())).await.unwrap();
    assert_eq!(pinging.closed().await.0, Some(4408));
    server.stop().await;
}

#[tokio::test]
async fn the_first_message_is_hello() {
    let (server, _mock) = start("").await;
    for first in
        [json!({"type": "ping"}), json!({"type": "request", "id": 1, "operation": "active_calls"}), json!("hello")]
    {
        let mut agent = server.open().await;
        agent.send(first).await;
        assert_eq!(agent.closed().await, (Some(1007), vec![]));
    }
    server.stop().await;
}

#[tokio::test]
async fn no_token_a_wrong_one_and_an_old_one() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    let refused = json!({"type": "signed_out", "reason": "expired"});
    for token in [json!(""), json!("0".repeat(64)), session["refresh_token"].clone()] {
        let mut agent = server.open().await;
        agent.send(json!({"type": "hello", "token": token})).await;
        assert_eq!(agent.closed().await, (Some(4401), vec![refused.clone()]));
    }
    server.clock.advance(Duration::from_secs(901));
    let mut agent = server.open().await;
    agent.send(json!({"type": "hello", "token": session["access_token"]})).await;
    assert_eq!(agent.closed().await, (Some(4401), vec![refused]));
    server.stop().await;
}

#[tokio::test]
async fn another_agents_call_is_no_call() {
    let (server, _mock) = start("").await;
    let (mut alex, mut blake) = (server.agent("alex").await, server.agent("blake").await);
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    for operation in ["hang_up", "mute", "hold", "answer", "start_recording"] {
        assert_eq!(blake.refused(operation, json!({"call": call})).await, "no_such_call", "{operation}");
    }
    let own = blake.dial("k1", numbers::ANSWERS).await;
    assert_ne!(own, call, "keys are an agent's own");
    blake.event(&own, "connected").await;
    let attended = json!({"call": own, "consultation": call});
    assert_eq!(blake.refused("transfer_attended", attended).await, "no_such_call");
    assert_eq!(alex.order("active_calls", json!({})).await["calls"][0]["state"], "connected");
    server.stop().await;
}

#[tokio::test]
async fn messages_are_bounded() {
    let (server, _mock) = start("").await;
    let mut alex = server.agent("alex").await;
    alex.send(
        json!({"type": "request", "id": 1, "operation": "dial", "key": "x".repeat(60 * 1024), "to": numbers::ANSWERS}),
    )
    .await;
    assert_eq!(alex.message().await.unwrap()["error"]["kind"], "not_allowed");
    // The gateway may be gone before everything is sent.
    let _ = alex.socket.send(Message::text("x".repeat(MAX_MESSAGE + 1024))).await;
    assert_eq!(alex.closed().await.1, Vec::<serde_json::Value>::new());

    // In fragments, too.
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let mut blake = server.agent("blake").await;
    for part in 0..9 {
        let kind = if part == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(vec![b'x'; 8 * 1024], OpCode::Data(kind), part == 8);
        if blake.socket.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
    assert_eq!(blake.closed().await.1, Vec::<serde_json::Value>::new());
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_message_closes_the_socket() {
    let (server, _mock) = start("").await;
    for message in [Message::text("{"), Message::text("{\"type\":\"dance\"}"), Message::binary(vec![1])] {
        let mut alex = server.agent("alex").await;
        alex.socket.send(message).await.unwrap();
        assert_eq!(alex.closed().await, (Some(1007), vec![]));
    }
    server.stop().await;
}

#[tokio::test]
async fn an_operation_of_a_later_version_is_unsupported() {
    let (server, _mock) = start("").await;
    let mut alex = server.agent("alex").await;
    assert_eq!(alex.refused("teleport", json!({})).await, "unsupported");
    assert_eq!(alex.order("media_token", json!({})).await, json!({"media_token": null}));
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_pings_ends() {
    let (server, _mock) = start("[socket]\nrate = 10\nburst = 20").await;
    let mut alex = server.agent("alex").await;
    for _ in 0..200 {
        if alex.socket.send(Message::Ping(vec![7].into())).await.is_err() {
            break;
        }
    }
    assert!(matches!(alex.closed().await.0, Some(1008) | None));
    let mut blake = server.agent("blake").await;
    for _ in 0..200 {
        if blake.socket.send(Message::text("{\"type\":\"ping\"}")).await.is_err() {
            break;
        }
    }
    let (code, pongs) = blake.closed().await;
    assert!(matches!(code, Some(1008) | None) && pongs.len() < 100, "{code:?}, {}", pongs.len());
    server.stop().await;
}

#[tokio::test]
async fn who_is_silent_is_pinged_and_then_closed() {
    let (server, _mock) = start("[socket]\nping = \"50ms\"\nidle = \"150ms\"\nrate = 100000\nburst = 100000").await;
    let mut alex = server.agent("alex").await;
    // A client that answers pings stays: reading does that.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(600) {
        alex.send(json!({"type": "ping"})).await;
        assert_eq!(alex.message().await.unwrap()["type"], "pong");
    }
    // One that does not read, does not answer.
    let raw = server.agent("blake").await;
    let mut stream = raw.socket.into_inner();
    let stream = match &mut stream {
        tokio_tungstenite::MaybeTlsStream::Plain(stream) => stream,
        _ => unreachable!("no TLS here"),
    };
    let mut read = Vec::new();
    use tokio::io::AsyncReadExt as _;
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut read)).await.expect("it is closed").unwrap();
    // A ping, then a close of 4409 with its reason.
    assert_eq!(&read[..2], [0x89, 0]);
    assert_eq!(&read[4..6], 4409_u16.to_be_bytes());
    server.stop().await;
}

#[tokio::test]
async fn signing_out_closes_within_a_second() {
    let (server, _mock) = start("").await;
    let mut alex = server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    let begun = Instant::now();
    assert_eq!(alex.order("sign_out", json!({})).await, json!({}));
    alex.event(&call, "ended").await;
    assert_eq!(alex.closed().await, (Some(1000), vec![]));
    assert!(begun.elapsed() < Duration::from_secs(1));
    server.stop().await;
}

/// A second is the promise, of which the gateway spends 0.6 waiting; what a busy machine adds is not the gateway's. A locked journal alone takes two.
const PARTED: Duration = Duration::from_millis(1_800);

/// By the socket and by REST: how long each takes, and what the answers are.
async fn sign_out_twice(server: &Server, here: &mut Agent, there: &Json) -> (Json, Option<u16>, u16) {
    let begun = Instant::now();
    let reply = here.ask("sign_out", json!({})).await;
    let (code, _) = here.closed().await;
    assert!(begun.elapsed() < PARTED, "{:?}", begun.elapsed());
    let bearer = there["access_token"].as_str().unwrap();
    let sign_out = || server.http.delete(server.url("/api/session")).bearer_auth(bearer).send();
    let begun = Instant::now();
    let status = sign_out().await.unwrap().status();
    assert!(begun.elapsed() < PARTED, "{:?}", begun.elapsed());
    assert_eq!(sign_out().await.unwrap().status(), 401, "the session is over");
    (reply, code, status.as_u16())
}

#[tokio::test]
async fn whoever_signs_out_is_out_whatever_the_line_says() {
    let (server, mock) = start("").await;
    let (session, there) = (server.sign_in("alex").await, server.sign_in("alex").await);
    let mut here = server.open().await;
    here.hello(&session, None).await;
    let call = here.dial("k1", numbers::ANSWERS).await;
    here.event(&call, "connected").await;
    mock.exchange().control(|network, now| network.inject(now, Fault::LoseConnection(Duration::from_secs(60))));
    let (reply, code, status) = sign_out_twice(&server, &mut here, &there).await;
    assert_eq!((&reply["result"], code), (&json!({}), Some(1000)));
    assert_eq!(status, 503, "the call goes on");
    for session in [session, there] {
        let refresh = json!({"refresh_token": session["refresh_token"]});
        assert_eq!(server.post("/api/session/refresh", refresh).await.0, 401);
    }
    server.stop().await;
}

#[tokio::test]
async fn whoever_signs_out_is_out_whatever_the_journal_says() {
    let (server, _mock) = start("").await;
    let (mut here, there) = (server.agent("alex").await, server.sign_in("alex").await);
    let file = SqliteConnectOptions::new().filename(server.folder.path().join("journal.db"));
    let mut other = file.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (reply, code, status) = sign_out_twice(&server, &mut here, &there).await;
    // It may come back after a restart.
    assert_eq!((&reply["error"]["kind"], code), (&json!("outcome_unknown"), Some(1013)));
    assert_eq!(status, 504);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn signing_out_elsewhere_closes_within_a_second() {
    let (server, _mock) = start("").await;
    let session = server.sign_in("alex").await;
    let mut here = server.open().await;
    here.hello(&session, None).await;
    let mut other = server.agent("alex").await;
    let bearer = session["access_token"].as_str().unwrap();
    let sign_out =
        |query: &str| server.http.delete(server.url(&format!("/api/session{query}"))).bearer_auth(bearer).send();

    let begun = Instant::now();
    assert_eq!(sign_out("").await.unwrap().status(), 204);
    let revoked = json!({"type": "signed_out", "reason": "revoked"});
    assert_eq!(here.closed().await, (Some(4401), vec![revoked.clone()]));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(sign_out("").await.unwrap().status(), 401, "the token is over too");
    let refresh = json!({"refresh_token": session["refresh_token"]});
    assert_eq!(server.post("/api/session/refresh", refresh).await.0, 401);
    assert_eq!(other.order("active_calls", json!({})).await, json!({"calls": []}), "the other session goes on");

    let third = server.sign_in("alex").await;
    let bearer = third["access_token"].as_str().unwrap();
    let everywhere = server.http.delete(server.url("/api/session?everywhere=true")).bearer_auth(bearer);
    let begun = Instant::now();
    assert_eq!(everywhere.send().await.unwrap().status(), 204);
    assert_eq!(other.closed().await, (Some(4401), vec![revoked]));
    assert!(begun.elapsed() < Duration::from_secs(1));
    server.stop().await;
}

#[tokio::test]
async fn a_socket_lives_as_long_as_its_session() {
    let (server, _mock) = start("[sessions]\naccess = \"1s\"").await;
    let session = server.sign_in("alex").await;
    let mut refreshed = server.open().await;
    refreshed.hello(&session, None).await;
    let mut left = server.agent("blake").await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    server.clock.advance(Duration::from_millis(500));
    assert_eq!(server.post("/api/session/refresh", refresh).await.0, 200);
    // Closed without a word: who can refresh connects again, as the client does.
    assert_eq!(left.closed().await, (Some(4401), vec![]));
    assert_eq!(refreshed.order("active_calls", json!({})).await, json!({"calls": []}));
    server.stop().await;
}

#[tokio::test]
async fn sessions_end_for_a_reason() {
    let (server, _mock) = start("[sessions]\nsingle = true").await;
    let mut first = server.agent("alex").await;
    let mut second = server.agent("alex").await;
    assert_eq!(first.closed().await, (Some(4401), vec![json!({"type": "signed_out", "reason": "replaced"})]));
    server.end_sessions("alex", SignedOutReason::Expired).await;
    assert_eq!(second.closed().await, (Some(4401), vec![json!({"type": "signed_out", "reason": "expired"})]));
    server.stop().await;
}

#[tokio::test]
async fn a_slow_reader_is_dropped_and_misses_nothing() {
    // A short backlog, so that it must read the journal afterwards, and little patience.
    let (server, mock) = start("[socket]\nslow = \"300ms\"\nbacklog = 4\n[policy]\ncalls_at_once = 9").await;
    let session = server.sign_in("alex").await;
    let mut slow = server.open_with(4 * 1024).await;
    let welcome = slow.hello(&session, None).await;
    let mut quick = server.open().await;
    quick.hello(&session, None).await;
    let call = quick.dial("k1", numbers::ANSWERS).await;
    quick.event(&call, "connected").await;
    // Far more than the system's own buffers hold.
    let id = cordboard::telephony::CallId::new(&call);
    let digits = cordboard::telephony::Digits::parse(&"1".repeat(32)).unwrap();
    let mut last = 0;
    for round in 0..400_u64 {
        for _ in 0..100 {
            mock.exchange().control(|network, now| network.far_end_sends(now, &id, &digits));
        }
        // Whoever reads keeps up, so that the line is never overrun.
        while quick.sequences().len() < usize::try_from((round + 1) * 100).unwrap() {
            let event = quick.message().await.expect("an event");
            quick.events.push(event);
        }
        last = *quick.sequences().last().unwrap();
        if slow_is_gone(&server).await {
            break;
        }
    }
    assert!(slow_is_gone(&server).await, "the slow reader was closed");
    drop(slow);
    let mut back = server.open().await;
    let resumed = back.hello(&session, Some(json!({"stream": welcome["stream"], "after": 0}))).await;
    assert_eq!(resumed["resumed"], true);
    while back.events.len() < usize::try_from(last).unwrap() {
        let event = back.message().await.expect("an event");
        back.events.push(event);
    }
    assert_eq!(back.sequences(), (1..=last).collect::<Vec<_>>());
    server.stop().await;
}

async fn slow_is_gone(server: &crate::support::Server) -> bool {
    let metrics = server.http.get(server.url("/metrics")).send().await.unwrap().text().await.unwrap();
    metrics.contains("cordboard_sockets_closed_total{reason=\"slow reader\"} 1")
}

#[tokio::test]
async fn there_is_a_most() {
    let (server, _mock) = start("[socket]\nmost = 2").await;
    let _first = server.open().await;
    let _second = server.open().await;
    assert!(matches!(connect_async(server.request()).await, Err(Error::Http(response)) if response.status() == 503));
    drop(_first);
    // The place is free as soon as the gateway has noticed.
    let opened = async {
        while connect_async(server.request()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.expect("a place becomes free");
    server.stop().await;
}
