//! Twilio, the disk and the clock fail: a clear line for the operator, an error with a way out for the agent, nothing lost and nobody
//! called twice.

use super::office::Office;
use crate::support::Agent;
use axum::Router;
use axum::http::{StatusCode, header};
use cordboard_twilio_emulator::{Answer, Fault, Hands as _, numbers};
use http::Method;
use serde_json::{Value as Json, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;

/// The lines of a log that warn, with their fields.
fn warnings(log: &str) -> Vec<Json> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    lines.filter(|line| matches!(line["level"].as_str(), Some("WARN" | "ERROR"))).collect()
}

fn says(log: &str, level: &str, text: &str) -> bool {
    warnings(log).iter().any(|line| line["level"] == level && line["fields"].to_string().contains(text))
}

/// Dials with a key of its own. Returns the call or the kind of the error.
async fn dial(agent: &mut Agent, to: &str) -> Result<String, String> {
    let reply = agent.ask("dial", json!({"key": to, "to": to})).await;
    match reply["result"]["call"].as_str() {
        Some(call) => Ok(call.to_owned()),
        None => Err(reply["error"]["kind"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()),
    }
}

/// Hangs everything up, and waits until nobody is on the line.
async fn end_all(office: &Office, agent: &mut Agent) {
    let calls = agent.order("active_calls", json!({})).await["calls"].clone();
    for call in calls.as_array().unwrap() {
        agent.ask("hang_up", json!({"call": call["id"]})).await;
    }
    office.until_silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_answers_a_dial_with_anything() {
    let office = Office::open("").await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    let on_dial = |fault: Fault| fault.on(Method::POST, "/Participants");
    let mut number = 0;
    for (answer, kind) in [
        (Answer::Unauthenticated, "provider"),
        (Answer::NotFound, "provider"),
        (Answer::TooManyRequests, "rate_limited"),
        (Answer::ServerError, "outcome_unknown"),
        (Answer::Unavailable, "outcome_unknown"),
        (Answer::Garbage, "outcome_unknown"),
        (Answer::Nothing, "outcome_unknown"),
    ] {
        number += 1;
        let to = format!("+1617557{number:04}");
        // Four times: what is refused for its pace is sent again three times.
        let times = if answer == Answer::TooManyRequests { 4 } else { 1 };
        office.emulator.with(|cloud, _| cloud.inject(vec![on_dial(Fault::refuse(answer)); times]));
        assert_eq!(dial(&mut alex, &to).await, Err(kind.to_owned()), "{answer:?}");
        assert_eq!(office.dialled(&to), 0, "{answer:?}");
        // The same click again is a new attempt if there was none, and else the same call.
        if kind != "outcome_unknown" {
            let call = dial(&mut alex, &to).await.unwrap();
            alex.event(&call, "connected").await;
        }
        end_all(&office, &mut alex).await;
        assert!(office.dialled(&to) <= 1, "{answer:?}");
    }
    // And where it did what it was asked all the same.
    for answer in [Answer::ServerError, Answer::Garbage, Answer::Nothing] {
        number += 1;
        let to = format!("+1617557{number:04}");
        office.emulator.with(|cloud, _| cloud.inject(vec![on_dial(Fault::after(answer))]));
        assert_eq!(dial(&mut alex, &to).await, Err("outcome_unknown".to_owned()), "{answer:?}");
        let call = dial(&mut alex, &to).await.expect("it is known by now");
        alex.event(&call, "connected").await;
        end_all(&office, &mut alex).await;
        assert_eq!(office.dialled(&to), 1, "{answer:?}");
    }
    let log = running.terminate();
    assert!(says(&log, "ERROR", "the provider refuses the credentials"), "{:?}", warnings(&log));
    for text in [
        "the provider answered 401 with code 20003",
        "the provider answered 404 with code 20404",
        "the provider answered 429 with code 20429",
        "the provider answered 500 with code 20500",
        "the provider answered 503",
        "the provider's answer can't be read",
        "the provider did not answer",
    ] {
        assert!(says(&log, "WARN", text), "{text}: {:?}", warnings(&log));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_that_is_too_fast_is_slowed_down() {
    let office = Office::open("").await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    let slow = || Fault::refuse(Answer::TooManyRequests).on(Method::POST, "/Participants");
    office.emulator.with(|cloud, _| cloud.inject([slow(), slow()]));
    let call = dial(&mut alex, numbers::ANSWERS).await.expect("it is sent again");
    alex.event(&call, "connected").await;
    assert_eq!(office.dialled(numbers::ANSWERS), 1);
    end_all(&office, &mut alex).await;
    running.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_to_the_operator() {
    let office = Office::open("").await;
    let file = office.folder.path().join("cordboard.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("not-a-secret-api-key-secret-of-32", "another-secret-than-the-right-one"))
        .unwrap();
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    assert_eq!(dial(&mut alex, numbers::ANSWERS).await, Err("provider".to_owned()));
    assert_eq!(office.dialled(numbers::ANSWERS), 0);
    let log = running.terminate();
    assert!(says(&log, "ERROR", "check the account's id, the API key and its secret"), "{:?}", warnings(&log));
    assert!(!log.contains("another-secret"));
}

/// Somebody who takes connections, and what becomes of a dial then.
async fn dial_at(listener: &TcpListener, accepts: bool) -> (Result<String, String>, String, Office) {
    let api = format!("http://{}", listener.local_addr().unwrap());
    let office = Office::open_at(Some(&api), &format!("default_caller_id = \"{}\"", numbers::SALES)).await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    let taken = async {
        let mut sockets = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            if accepts {
                sockets.push(socket);
            }
        }
    };
    let outcome = tokio::select! {
        outcome = dial(&mut alex, numbers::ANSWERS) => outcome,
        () = taken => unreachable!("it listens for ever"),
    };
    assert_eq!(office.http.get(format!("http://{}/ready", running.address)).send().await.unwrap().status(), 200);
    (outcome, running.kill(), office)
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (outcome, log, _office) = dial_at(&listener, true).await;
    assert_eq!(outcome, Err("outcome_unknown".to_owned()));
    assert!(says(&log, "WARN", "the provider did not answer"), "{:?}", warnings(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (outcome, log, _office) = dial_at(&listener, false).await;
    assert_eq!(outcome, Err("outcome_unknown".to_owned()));
    assert!(says(&log, "WARN", "the provider did not answer"), "{:?}", warnings(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let office = Office::open_at(Some(&api), &format!("default_caller_id = \"{}\"", numbers::SALES)).await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    assert_eq!(dial(&mut alex, numbers::ANSWERS).await, Err("unreachable".to_owned()));
    let log = running.terminate();
    assert!(says(&log, "WARN", "the provider can't be reached"), "{:?}", warnings(&log));
}

/// Whatever Twilio's answers lead to, the credentials stay with its host.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_go_nowhere_else() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", elsewhere.local_addr().unwrap());
    for leads in ["redirect", "next page"] {
        let there = url.clone();
        let api = Router::new().fallback(move || {
            let page = json!({"incoming_phone_numbers": [], "next_page_uri": format!("{there}/2010-04-01/Accounts/")});
            let answer = match leads {
                "redirect" => {
                    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{there}/x"))], String::new())
                }
                _ => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json".to_owned())], page.to_string()),
            };
            async move { answer }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, api).await });
        let office = Office::open_at(Some(&at), "").await;
        let running = office.start();
        let mut alex = office.agent(&running, "alex").await;
        tokio::select! {
            refused = alex.refused("caller_ids", json!({})) => assert!(matches!(&*refused, "provider" | "unreachable"), "{refused}"),
            _ = elsewhere.accept() => panic!("somebody else was asked, by {leads}"),
        }
        running.terminate();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told_to_the_operator() {
    for minutes in [-10_i64, 10] {
        let api = Router::new().fallback(move || async move {
            let off = Duration::from_secs(60 * minutes.unsigned_abs());
            #[expect(clippy::disallowed_methods, reason = "what Twilio's clock shows")]
            let now = SystemTime::now();
            let theirs = if minutes < 0 { now - off } else { now + off };
            let page = json!({"incoming_phone_numbers": [], "outgoing_caller_ids": [], "next_page_uri": null});
            ([(header::DATE, httpdate::fmt_http_date(theirs))], page.to_string())
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, api).await });
        let office = Office::open_at(Some(&at), "").await;
        let running = office.start();
        let mut alex = office.agent(&running, "alex").await;
        assert_eq!(alex.order("caller_ids", json!({})).await, json!({"caller_ids": []}));
        let log = running.terminate();
        assert_eq!(
            log.matches("this machine's clock is not the provider's").count(),
            1,
            "told once: {:?}",
            warnings(&log)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_the_database_is_locked() {
    let office = Office::open("[journal]\nbusy = \"50ms\"").await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    let call = dial(&mut alex, numbers::ANSWERS).await.unwrap();
    alex.event(&call, "connected").await;
    let file = SqliteConnectOptions::new().filename(office.folder.path().join("cordboard.db"));
    let mut other = file.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    // The customer hangs up, and Twilio can't be answered.
    let customer = office.legs().into_iter().find(|leg| leg.to == numbers::ANSWERS).unwrap().sid;
    office.emulator.with(|cloud, now| cloud.far_end_hangs_up(now, &customer)).unwrap();
    office.door.wait(2).await;
    assert_eq!(dial(&mut alex, "+16175570001").await, Err("unreachable".to_owned()));
    assert_eq!(office.dialled("+16175570001"), 0);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let ended = alex.event(&call, "ended").await;
    assert_eq!(ended["event"]["reason"], "remote-hung-up");
    assert!(office.door.passed().iter().any(|passed| passed.status == Some(503)), "some were refused");
    office.until_silent().await;
    let log = running.terminate();
    assert!(says(&log, "ERROR", "the journal"), "{:?}", warnings(&log));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_dialling() {
    let office = Office::open("[journal]\nmost = 1").await;
    let running = office.start();
    let mut alex = office.agent(&running, "alex").await;
    let file = SqliteConnectOptions::new().filename(office.folder.path().join("cordboard.db"));
    let mut other = file.connect().await.unwrap();
    // Until nothing fits into what the gateway may take.
    sqlx::query("CREATE TABLE filler (body BLOB)").execute(&mut other).await.unwrap();
    sqlx::query("INSERT INTO filler VALUES (zeroblob(1048576))").execute(&mut other).await.unwrap();
    let mut refused = None;
    for number in 0..200 {
        let to = format!("+1617558{number:04}");
        match dial(&mut alex, &to).await {
            Ok(call) => drop(alex.ask("hang_up", json!({"call": call})).await),
            Err(kind) => {
                refused = Some((to, kind));
                break;
            }
        }
    }
    let (to, kind) = refused.expect("what is left of its pages is soon full");
    assert!(matches!(&*kind, "unreachable" | "outcome_unknown" | "provider"), "{kind}");
    assert!(office.dialled(&to) <= 1);
    let log = running.kill();
    assert!(says(&log, "ERROR", "the journal"), "{:?}", warnings(&log));
}
