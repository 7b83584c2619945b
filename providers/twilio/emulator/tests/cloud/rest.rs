//! Credentials, forms, lists, errors, faults.

use crate::world::{FROM, World, read, text};
use cordboard_twilio_emulator::{Answer, Emulated as _, Fault, Hands as _, numbers};
use http::{Method, Request};

const QUIET: &str = "<Response><Pause length=\"60\"/></Response>";

fn code(answer: &(u16, serde_json::Value)) -> (u16, u64) {
    let (status, body) = answer;
    assert_eq!(body["status"], *status);
    assert_eq!(body["more_info"], format!("https://www.twilio.com/docs/errors/{}", body["code"]));
    (*status, body["code"].as_u64().unwrap())
}

#[test]
fn credentials_are_checked() {
    let mut world = World::new();
    let path = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Calls.json";
    for header in [None, Some("Basic Zm9vOmJhcg=="), Some("Bearer x"), Some("Basic !")] {
        let mut request = Request::get(path);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = world.cloud.handle_request(world.now, &request.body(Vec::new()).unwrap()).unwrap();
        assert_eq!(code(&read(&answer)), (401, 20003));
    }
    assert_eq!(world.get("/Calls.json").0, 200);
    let other = "/2010-04-01/Accounts/AC00000000000000000000000000000002/Calls.json";
    assert_eq!(code(&world.get(other)), (404, 20404));
    assert_eq!(code(&world.get("/Calls")), (404, 20404), "without .json the answer would be XML");
}

#[test]
fn a_body_is_a_form() {
    let mut world = World::new();
    let config = world.cloud.config.clone();
    let credentials = format!("{}:{}", config.account_sid, config.auth_token);
    let credentials = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, credentials);
    let request = Request::post(format!("/2010-04-01/Accounts/{}/Calls.json", config.account_sid))
        .header("authorization", format!("Basic {credentials}"))
        .header("content-type", "application/json")
        .body(b"{\"To\":\"+16175550100\"}".to_vec())
        .unwrap();
    let answer = world.cloud.handle_request(world.now, &request).unwrap();
    assert_eq!(answer.status(), 415);
    assert_eq!(world.get("/Calls.json").1["calls"].as_array().unwrap().len(), 0);
}

#[test]
fn bad_calls_are_refused_with_their_codes() {
    let mut world = World::new();
    let mut refused = |to: &str, from: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("To", to), ("From", from)];
        if more.iter().all(|(name, _)| *name != "Url") {
            fields.push(("Twiml", QUIET));
        }
        fields.extend(more);
        code(&world.post("/Calls.json", &fields)).1
    };
    assert_eq!(refused("", FROM, &[]), 21201);
    assert_eq!(refused(numbers::ANSWERS, "", &[]), 21213);
    assert_eq!(refused("12", FROM, &[]), 21211);
    assert_eq!(refused("+15005550001", FROM, &[]), 21211);
    assert_eq!(refused("+15005550002", FROM, &[]), 21214);
    assert_eq!(refused(numbers::NOT_ALLOWED, FROM, &[]), 21215);
    assert_eq!(refused("+15005550004", FROM, &[]), 21216);
    assert_eq!(refused(numbers::ANSWERS, "Alex", &[]), 21212);
    assert_eq!(refused(numbers::ANSWERS, "+16175550100", &[]), 21210);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("Url", "nowhere")]), 21205);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("SendDigits", "x")]), 21206);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("Timeout", "601")]), 21208);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("ApplicationSid", "AP0")]), 21218);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("StatusCallback", "https://a_b.example/")]), 21609);
    assert_eq!(refused(numbers::ANSWERS, FROM, &[("StatusCallbackEvent", "answerd")]), 20001);
    assert_eq!(code(&world.post("/Calls.json", &[("To", numbers::ANSWERS), ("From", FROM)])).1, 21205);
    assert_eq!(code(&world.get("/Calls/CA0.json")), (404, 20404));
    // A verified number may be shown, and one that is not the account's may not.
    let (status, _) =
        world.post("/Calls.json", &[("To", numbers::ANSWERS), ("From", numbers::VERIFIED), ("Twiml", QUIET)]);
    assert_eq!(status, 201);
}

#[test]
fn calls_are_listed_in_pages_the_newest_first() {
    let mut world = World::new();
    let mut calls: Vec<String> = (0..5).map(|_| world.call(numbers::ANSWERS, QUIET)).collect();
    let busy = world.call(numbers::BUSY, QUIET);
    world.run(2_000);
    calls.reverse();
    let sids = |body: &serde_json::Value| -> Vec<String> {
        body["calls"].as_array().unwrap().iter().map(|call| text(call, "sid")).collect()
    };
    let (_, mut body) = world.get("/Calls.json?Status=in-progress&PageSize=2");
    let mut found = sids(&body);
    assert_eq!((body["page"].as_u64(), body["page_size"].as_u64(), body["end"].as_u64()), (Some(0), Some(2), Some(1)));
    while let Some(next) = body["next_page_uri"].as_str().map(str::to_owned) {
        assert!(next.contains("Status=in-progress"), "{next}");
        body = world.get(&next).1;
        found.extend(sids(&body));
    }
    assert_eq!(found, calls);
    assert_eq!(sids(&world.get("/Calls.json?Status=busy").1), [&*busy]);
    assert_eq!(sids(&world.get("/Calls.json?To=%2B16175550110").1), [&*busy]);
    assert_eq!(sids(&world.get("/Calls.json?StartTime%3C=2026-11-21").1).len(), 0);
    assert_eq!(sids(&world.get("/Calls.json?StartTime%3E=2026-11-22").1).len(), 6);
    assert_eq!(world.get("/Calls.json?PageSize=1001").0, 400);
    assert_eq!(world.delete(&format!("/Calls/{busy}.json")), 204);
    assert_eq!(world.get(&format!("/Calls/{busy}.json")).0, 404);
    assert_eq!(world.delete(&format!("/Calls/{}.json", calls[0])), 409);
}

#[test]
fn numbers_are_listed_and_changed() {
    let mut world = World::new();
    let (_, body) = world.get("/IncomingPhoneNumbers.json?PhoneNumber=%2B16175550190");
    let sid = text(&body["incoming_phone_numbers"][0], "sid");
    let (status, body) =
        world.post(&format!("/IncomingPhoneNumbers/{sid}.json"), &[("VoiceUrl", "https://calls.example.com/other")]);
    assert_eq!((status, text(&body, "voice_url")), (200, "https://calls.example.com/other".to_owned()));
    world.incoming();
    world.run(100);
    assert_eq!(world.webhooks[0].path, "/other");
    assert_eq!(world.get("/OutgoingCallerIds.json").1["outgoing_caller_ids"][0]["phone_number"], numbers::VERIFIED);
}

#[test]
fn faults_answer_one_request_each() {
    let mut world = World::new();
    let answers =
        [Answer::Unauthenticated, Answer::NotFound, Answer::TooManyRequests, Answer::ServerError, Answer::Garbage];
    world.cloud.inject(answers.map(Fault::refuse));
    let seen: Vec<(u16, Option<u64>)> = answers
        .iter()
        .map(|_| world.get("/Calls.json"))
        .map(|(status, body)| (status, body["code"].as_u64()))
        .collect();
    let expected = [(401, Some(20003)), (404, Some(20404)), (429, Some(20429)), (500, Some(20500)), (200, None)];
    assert_eq!(seen, expected);
    assert_eq!(world.get("/Calls.json").0, 200);
}

/// A reply that is lost is not a request that is lost.
#[test]
fn a_fault_may_come_after_the_work() {
    let mut world = World::new();
    let fields = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("To", numbers::ANSWERS), ("From", FROM), ("Twiml", QUIET)])
        .finish();
    for (fault, calls) in [(Fault::refuse(Answer::Nothing), 0), (Fault::after(Answer::Nothing), 1)] {
        world.cloud.inject([fault.on(Method::POST, "/Calls")]);
        // It waits for the request that it is for.
        assert_eq!(world.get("/Calls.json").0, 200);
        let request = Request::post("/2010-04-01/Accounts/AC00000000000000000000000000000001/Calls.json")
            .header(
                "authorization",
                "Basic U0swMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpub3QtYS1zZWNyZXQtYXBpLWtleS1zZWNyZXQtb2YtMzI=",
            )
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields.clone().into_bytes())
            .unwrap();
        assert!(world.cloud.handle_request(world.now, &request).is_none());
        assert_eq!(world.get("/Calls.json").1["calls"].as_array().unwrap().len(), calls);
    }
}
