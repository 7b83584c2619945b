//! After a day's work in a minute: nothing that was written holds a secret, a number or a name. Case 10 of what must hold.

use super::office::Office;
use crate::support::running::next;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cordboard_twilio_emulator::{Answer, Fault, Hands as _, numbers};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// What was said by errors, besides the log.
#[derive(Default)]
struct Said(Vec<String>);

impl Said {
    async fn error(&mut self, request: reqwest::RequestBuilder) {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_client_error() || status.is_server_error(), "{status}");
        let headers = format!("{:?}", answer.headers());
        self.0.extend([headers, answer.text().await.unwrap()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_written_names_anybody() {
    let office = Office::open("").await;
    let running = office.start();
    let (http, url) = (&office.http, |path: &str| format!("http://{}{path}", running.address));
    let mut secrets: BTreeSet<String> = [
        "not-a-secret-auth-token",
        "not-a-secret-api-key-secret-of-32",
        "argon2",
        "my-own-password",
        // The names, and those of numbers.
        "ALEX Demo",
        "BLAKE Demo",
        "Front desk",
        // Numbers, in whatever form.
        "6175550100",
        "6175550110",
        "6175550190",
        "6175550142",
        "6175570042",
        "2079460150",
        "881612345678",
    ]
    .map(str::to_owned)
    .into();
    secrets.insert(STANDARD.encode("SK00000000000000000000000000000001:not-a-secret-api-key-secret-of-32"));
    let mut said = Said::default();

    let session = office.sign_in(&running, "alex").await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let (_, second) = office.post(&running, "/api/session/refresh", refresh).await;
    for session in [&session, &second] {
        secrets.insert(session["access_token"].as_str().unwrap().to_owned());
        secrets.insert(session["refresh_token"].as_str().unwrap().rsplit('.').next().unwrap().to_owned());
    }
    let bearer = second["access_token"].as_str().unwrap();
    let wrong = json!({"name": "6175550142", "password": "my-own-password"});
    said.error(http.post(url("/api/session")).json(&wrong)).await;
    said.error(http.post(url("/api/session")).body("my-own-password 6175550142")).await;
    said.error(http.get(url("/api/calls")).bearer_auth("my-own-password")).await;
    for to in ["+881612345678", "tel:+16175570042", "+16175570042;ext=1", "911"] {
        said.error(http.post(url("/api/calls")).bearer_auth(bearer).json(&json!({"key": "k", "to": to}))).await;
    }
    let stranger = json!({"key": "k", "to": numbers::ANSWERS, "from": "+16175570042"});
    said.error(http.post(url("/api/calls")).bearer_auth(bearer).json(&stranger)).await;
    said.error(http.post(url("/api/calls/none/mute")).bearer_auth(bearer)).await;
    let forged = http.post(url("/webhooks/twilio/inbound")).header("x-twilio-signature", "my-own-password");
    let form = "CallSid=CA1&From=%2B16175550142&To=%2B16175550190";
    said.error(forged.header("content-type", "application/x-www-form-urlencoded").body(form)).await;
    said.error(http.get(url("/webhooks/twilio/inbound?From=%2B16175550142"))).await;

    let mut alex = crate::support::Agent::over(running.socket().await);
    alex.hello(&second, None).await;
    let media = alex.order("media_token", json!({})).await;
    secrets.insert(media["media_token"]["token"].as_str().unwrap().to_owned());
    alex.order("caller_ids", json!({})).await;
    let dial = |key: &str, to: &str| json!({"key": key, "to": to});
    office.emulator.with(|cloud, _| {
        cloud.inject([Answer::Unauthenticated, Answer::ServerError, Answer::Garbage].map(Fault::refuse));
    });
    for key in ["1", "2", "3"] {
        said.0.push(alex.ask("dial", dial(key, numbers::BUSY)).await["error"].to_string());
    }
    let call = alex.dial("4", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    for operation in ["mute", "hold", "resume", "start_recording", "pause_recording", "stop_recording"] {
        alex.ask(operation, json!({"call": call})).await;
    }
    said.0.push(alex.ask("transfer_blind", json!({"call": call, "to": "+881612345678"})).await["error"].to_string());
    alex.order("transfer_blind", json!({"call": call, "to": numbers::ANSWERS})).await;
    alex.event(&call, "ended").await;

    let mut blake = office.agent(&running, "blake").await;
    blake.order("set_availability", json!({"available": true})).await;
    let caller = office.emulator.with(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
    let ringing = blake.message().await.unwrap();
    let call = ringing["event"]["call"].as_str().unwrap().to_owned();
    blake.order("answer", json!({"call": call})).await;
    blake.event(&call, "connected").await;
    office.emulator.with(|cloud, now| cloud.far_end_hangs_up(now, &caller)).unwrap();
    blake.event(&call, "ended").await;
    for leg in office.legs() {
        // Those that go on after the transfer.
        let _ = office.emulator.with(|cloud, now| cloud.far_end_hangs_up(now, &leg.sid));
    }
    office.until_silent().await;
    secrets.extend(office.door.passed().iter().flat_map(|passed| {
        passed.headers.iter().filter(|(name, _)| name == "x-twilio-signature").map(|(_, value)| value.clone())
    }));
    let metrics = http.get(url("/metrics")).send().await.unwrap().text().await.unwrap();
    let ready = http.get(url("/ready")).send().await.unwrap().text().await.unwrap();
    said.0.extend([metrics, ready]);
    // Whoever sends nonsense on a socket is told nothing of it.
    let mut rude = running.socket().await;
    futures_util::SinkExt::send(&mut rude, "my-own-password 6175550142".into()).await.unwrap();
    while let Some(message) = next(&mut rude).await {
        said.0.push(Json::to_string(&message));
    }
    let log = running.terminate();
    for text in ["an agent signed in", "a call came in", "an action failed", "a line refused an order"] {
        assert!(log.contains(text), "{text} was not even said");
    }
    said.0.push(log);
    for secret in &secrets {
        for said in &said.0 {
            assert!(!said.contains(secret), "{secret} was written:\n{said}");
        }
    }
}
