//! HubSpot's records of calls, when everything goes well and when it does not.

use super::portal::{Portal, TOKEN};
use crate::support::{Agent, PATIENCE, Server, start, until};
use cordboard::telephony::ErrorKind;
use cordboard_gateway::MockBackend;
use cordboard_hubspot_emulator::{CloudConfig, Fault, FaultAnswer};
use cordboard_mock::numbers;
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A gateway, and an account that installed the app.
pub(super) struct Desk {
    pub(super) portal: Portal,
    pub(super) server: Server,
    mock: Arc<MockBackend>,
}

impl Desk {
    pub(super) async fn open() -> Self {
        Self::with("").await
    }

    /// With these keys more of `[hubspot]`.
    pub(super) async fn with(keys: &str) -> Self {
        Self::at(keys, |config| config.contacts[0].phone = numbers::ANSWERS.to_owned()).await
    }

    /// The same at such an account.
    async fn at(keys: &str, adjust: impl FnOnce(&mut CloudConfig)) -> Self {
        let portal = Portal::open(adjust);
        let more =
            format!("[server]\noperator_token = \"{TOKEN}\"\n[policy]\ncalls_at_once = 3\n{}{keys}", portal.keys());
        let (server, mock) = start(&more).await;
        assert_eq!(portal.install(&server.address.to_string()).await.status, 200);
        Self { portal, server, mock }
    }

    /// A call that was answered, and is over.
    pub(super) async fn call(&self, agent: &mut Agent, key: &str, to: &str) -> String {
        let call = agent.dial(key, to).await;
        agent.event(&call, "connected").await;
        agent.order("hang_up", json!({"call": call})).await;
        agent.event(&call, "ended").await;
        call
    }

    pub(super) async fn operate(&self, method: Method, path: &str) -> Json {
        let request = self.server.http.request(method, self.server.url(path)).bearer_auth(TOKEN);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn untold(&self) -> Vec<Json> {
        self.operate(Method::GET, "/operator/outbox").await["calls"].as_array().unwrap().clone()
    }

    pub(super) async fn until_told(&self) {
        until("everything to be told", PATIENCE, async || self.untold().await.is_empty()).await;
    }

    pub(super) async fn until_parked(&self) -> Json {
        let is_parked = async || self.untold().await.iter().any(|call| call["due_at"].is_null());
        until("a call to be parked", PATIENCE, is_parked).await;
        self.untold().await[0].clone()
    }

    pub(super) fn records(&self) -> BTreeMap<u64, BTreeMap<String, String>> {
        self.portal.server.with(|cloud| cloud.kept_calls())
    }

    pub(super) fn fails(&self, fault: Fault) {
        self.portal.server.with(|cloud| cloud.inject(fault));
    }

    fn asked(&self, method: &str, path: &str) -> usize {
        let is_it = |seen: &&cordboard_hubspot_emulator::Seen| seen.method == method && seen.path.ends_with(path);
        self.portal.server.with(|cloud| cloud.requests().iter().filter(is_it).count())
    }

    async fn metrics(&self) -> String {
        self.server.http.get(self.server.url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// A record that the CRM made for a widget, with what is in it by then.
    fn engagement(&self, properties: Json) -> String {
        self.portal.server.with(|cloud| cloud.log_call(&properties)).to_string()
    }
}

#[tokio::test]
async fn a_call_without_a_record_gets_one() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let call = desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    desk.until_told().await;
    let records = desk.records();
    let (id, record) = records.first_key_value().unwrap();
    assert_eq!(records.len(), 1);
    for (name, value) in [
        ("hs_call_direction", "OUTBOUND"),
        ("hs_call_status", "COMPLETED"),
        ("hs_call_to_number", numbers::ANSWERS),
        ("hs_call_source", "INTEGRATIONS_PLATFORM"),
        ("hs_call_app_id", &desk.portal.config.app_id.to_string()),
        ("hs_call_external_id", &format!("mock-{call}")),
        ("hs_call_external_account_id", "mock"),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(record["hs_call_duration"].parse::<u64>().is_ok() && record["hs_timestamp"].parse::<u64>().is_ok());
    assert_eq!(desk.portal.server.with(|cloud| cloud.kept_records(*id)), [("contacts".to_owned(), 101)]);
    assert!(desk.metrics().await.contains("cordboard_outbox_total{result=\"done\"} 1"));
    desk.server.stop().await;
}

#[tokio::test]
async fn a_record_is_completed_and_what_somebody_wrote_stays() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let engagement = desk.engagement(json!({
        "hs_timestamp": "1700000000000", "hs_call_status": "IN_PROGRESS", "hs_call_body": "asked for a <b>quote</b>",
        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "hs_call_to_number": "+16175550999",
    }));
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    alex.order("log", json!({"call": call, "engagement": engagement})).await;
    alex.order("hang_up", json!({"call": call})).await;
    alex.event(&call, "ended").await;
    desk.until_told().await;
    let records = desk.records();
    assert_eq!(records.len(), 1, "{records:?}");
    let record = &records[&engagement.parse().unwrap()];
    for (name, value) in [
        ("hs_timestamp", "1700000000000"),
        ("hs_call_status", "COMPLETED"),
        ("hs_call_body", "asked for a <b>quote</b>"),
        ("hs_call_disposition", "f240bbac-87c9-4f6e-bf70-924b57d47db7"),
        ("hs_call_to_number", "+16175550999"),
        ("hs_call_direction", "OUTBOUND"),
        ("hs_call_external_id", &format!("mock-{call}")),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert_eq!(desk.asked("POST", "/calls") + desk.asked("POST", "/calls/search"), 0);
    desk.server.stop().await;
}

#[tokio::test]
async fn an_outcome_is_given_where_it_is_certain_and_the_account_has_it() {
    let busy = "9d9162e7-6cf3-4944-bf63-4dff82258764";
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let chosen = desk.engagement(json!({"hs_timestamp": "1700000000000", "hs_call_disposition": "the rep's"}));
    let left = desk.engagement(json!({"hs_timestamp": "1700000000000", "hs_call_disposition": ""}));
    for (key, engagement) in [("k1", None), ("k2", Some(chosen)), ("k3", Some(left))] {
        let call = alex.dial(key, numbers::BUSY).await;
        if let Some(engagement) = &engagement {
            alex.order("log", json!({"call": call, "engagement": engagement})).await;
        }
        alex.event(&call, "ended").await;
    }
    desk.call(&mut alex, "k4", numbers::ANSWERS).await;
    desk.until_told().await;
    let mut outcomes: Vec<_> = (desk.records().values())
        .map(|record| {
            (record["hs_call_status"].clone(), record.get("hs_call_disposition").cloned().unwrap_or_default())
        })
        .collect();
    outcomes.sort();
    let expected = [("BUSY", busy), ("BUSY", busy), ("BUSY", "the rep's"), ("COMPLETED", "")];
    assert_eq!(outcomes, expected.map(|(status, outcome)| (status.to_owned(), outcome.to_owned())));

    desk.server.stop().await;
}

#[tokio::test]
async fn an_outcome_is_left_to_the_rep_unless_the_account_says_that_it_has_it() {
    let away = Fault::refuse(FaultAnswer::Status(404)).on(&Method::GET, "/dispositions");
    let fails = Fault::refuse(FaultAnswer::Status(500)).on(&Method::GET, "/dispositions");
    for (keeps, fault, expected) in [(0, None, false), (3, Some(away), false), (3, Some(fails), true)] {
        let desk = Desk::at("", |config| config.dispositions.truncate(keeps)).await;
        fault.into_iter().for_each(|fault| desk.fails(fault));
        let mut alex = desk.server.agent("alex").await;
        let call = alex.dial("k1", numbers::BUSY).await;
        alex.event(&call, "ended").await;
        desk.until_told().await;
        let records = desk.records();
        let record = records.values().next().unwrap();
        assert_eq!((records.len(), &*record["hs_call_status"]), (1, "BUSY"));
        assert_eq!(record.contains_key("hs_call_disposition"), expected, "{record:?}");
        desk.server.stop().await;
    }
}

#[tokio::test]
async fn a_report_that_comes_late_leaves_one_record() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let call = desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    desk.until_told().await;
    assert_eq!(desk.records().len(), 1);
    let engagement = desk.engagement(json!({"hs_timestamp": "1700000000000", "hs_call_status": "RINGING"}));
    alex.order("log", json!({"call": call, "engagement": engagement})).await;
    desk.until_told().await;
    let records = desk.records();
    assert_eq!(records.keys().map(u64::to_string).collect::<Vec<_>>(), std::slice::from_ref(&engagement));
    assert_eq!(records.values().next().unwrap()["hs_call_status"], "COMPLETED");
    // The same again is nothing new, and a record that somebody removed is not made again.
    let before = desk.portal.server.with(|cloud| cloud.requests().len());
    alex.order("log", json!({"call": call, "engagement": engagement})).await;
    assert!(desk.untold().await.is_empty());
    assert_eq!(desk.portal.server.with(|cloud| cloud.requests().len()), before);
    alex.order("log", json!({"call": call, "engagement": "404404"})).await;
    desk.until_told().await;
    assert_eq!(desk.records().len(), 1);
    for engagement in ["", &"1".repeat(129)] {
        assert_eq!(alex.refused("log", json!({"call": call, "engagement": engagement})).await, "not_allowed");
    }
    assert_eq!(alex.refused("log", json!({"call": "another", "engagement": "1"})).await, "no_such_call");
    desk.server.stop().await;
}

#[tokio::test]
async fn a_record_that_somebody_else_made_stays_theirs() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    let theirs =
        desk.engagement(json!({"hs_timestamp": "1700000000000", "hs_call_external_id": format!("mock-{call}")}));
    // A search finds it by then.
    tokio::time::sleep(2 * desk.portal.config.index_delay).await;
    alex.order("hang_up", json!({"call": call})).await;
    alex.event(&call, "ended").await;
    desk.until_told().await;
    assert_eq!(desk.records().keys().map(u64::to_string).collect::<Vec<_>>(), std::slice::from_ref(&theirs));
    let engagement = desk.engagement(json!({"hs_timestamp": "1700000000000", "hs_call_status": "RINGING"}));
    alex.order("log", json!({"call": call, "engagement": engagement})).await;
    desk.until_told().await;
    let records = desk.records();
    assert_eq!(records.len(), 2, "{records:?}");
    assert!(records.values().all(|record| record["hs_call_status"] == "COMPLETED"), "{records:?}");
    desk.server.stop().await;
}

#[tokio::test]
async fn a_consultation_is_not_logged() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    alex.order("hold", json!({"call": call})).await;
    let consultation = alex.dial("k2", numbers::ECHOES_DIGITS).await;
    alex.event(&consultation, "connected").await;
    alex.order("transfer_attended", json!({"call": call, "consultation": consultation})).await;
    for call in [&call, &consultation] {
        alex.event(call, "ended").await;
    }
    desk.until_told().await;
    let records = desk.records();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records.values().next().unwrap()["hs_call_external_id"], format!("mock-{call}"));
    desk.server.stop().await;
}

#[tokio::test]
async fn a_consultation_that_came_to_nothing_is_logged() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    let call = alex.dial("k1", numbers::ANSWERS).await;
    alex.event(&call, "connected").await;
    alex.order("hold", json!({"call": call})).await;
    let other = alex.dial("k2", numbers::ECHOES_DIGITS).await;
    alex.event(&other, "connected").await;
    let refused = cordboard_mock::Fault::Refuse(ErrorKind::Provider);
    desk.mock.exchange().control(|network, now| network.inject(now, refused));
    let transfer = json!({"call": call, "consultation": other});
    assert_eq!(alex.refused("transfer_attended", transfer).await, "provider");
    for call in [&call, &other] {
        alex.order("hang_up", json!({"call": call})).await;
        alex.event(call, "ended").await;
    }
    desk.until_told().await;
    assert_eq!(desk.records().len(), 2, "{:?}", desk.records());
    desk.server.stop().await;
}

#[tokio::test]
async fn what_fails_for_now_is_tried_again() {
    let too_fast = || FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(1));
    for fault in [
        Fault::refuse(too_fast()).on(&Method::POST, "/calls"),
        Fault::refuse(FaultAnswer::Status(500)).on(&Method::POST, "/calls"),
        Fault::after(FaultAnswer::Status(500)).on(&Method::POST, "/calls"),
        Fault::after(FaultAnswer::Nothing).on(&Method::POST, "/calls"),
        Fault::after(FaultAnswer::Page(502)).on(&Method::POST, "/calls"),
        Fault::refuse(FaultAnswer::Nothing).on(&Method::POST, "/contacts/search"),
        Fault::refuse(FaultAnswer::Unauthenticated),
    ] {
        let desk = Desk::open().await;
        // The first that fits would be the search.
        if fault.path.as_deref() == Some("/calls") {
            desk.fails(Fault { path: Some("/calls/search".to_owned()), ..Fault::refuse(FaultAnswer::Truth) });
        }
        desk.fails(fault.clone());
        let mut alex = desk.server.agent("alex").await;
        desk.call(&mut alex, "k1", numbers::ANSWERS).await;
        desk.until_told().await;
        assert_eq!(desk.records().len(), 1, "{fault:?}");
        desk.server.stop().await;
    }
}

#[tokio::test]
async fn retry_after_is_kept() {
    let desk = Desk::open().await;
    desk.fails(Fault::refuse(FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(3600))));
    let mut alex = desk.server.agent("alex").await;
    desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    until("a failure", PATIENCE, async || desk.untold().await[0]["attempts"] == 1).await;
    let untold = &desk.untold().await[0];
    let wait = Duration::from_millis(untold["due_at"].as_u64().unwrap() - untold["ended_at"].as_u64().unwrap());
    assert!(wait >= Duration::from_secs(3600), "{untold}");
    assert!(untold["problem"].as_str().unwrap().contains("too many requests"), "{untold}");
    desk.server.stop().await;
}

#[tokio::test]
async fn what_hubspot_does_not_take_waits_for_an_operator() {
    let desk = Desk::open().await;
    desk.fails(Fault::refuse(FaultAnswer::Truth));
    desk.fails(Fault::refuse(FaultAnswer::Truth));
    desk.fails(Fault::refuse(FaultAnswer::Refuse("hs_call_to_number".to_owned())));
    let mut alex = desk.server.agent("alex").await;
    let call = desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    let parked = desk.until_parked().await;
    assert_eq!(parked["call"], call);
    let problem = parked["problem"].as_str().unwrap();
    assert!(problem.contains("hs_call_to_number: PROPERTY_VALIDATION_RULE"), "{problem}");
    assert!(!parked.to_string().contains("555"), "{parked}");
    let told = async || desk.metrics().await.contains("cordboard_outbox{state=\"parked\"} 1");
    until("the metric", PATIENCE, told).await;
    assert!(desk.records().is_empty());
    // The rule was mended.
    let retried = desk.operate(Method::POST, &format!("/operator/outbox/{call}/retry")).await;
    assert_eq!(retried["calls"], 1);
    desk.until_told().await;
    assert_eq!(desk.records().len(), 1);
    assert_eq!(desk.operate(Method::POST, "/operator/outbox/retry").await["calls"], 0);
    desk.server.stop().await;
}

#[tokio::test]
async fn calls_wait_until_the_app_is_installed() {
    let portal = Portal::open(|_| ());
    let more = format!("[server]\noperator_token = \"{TOKEN}\"\n{}", portal.keys());
    let (server, mock) = start(&more).await;
    let desk = Desk { portal, server, mock };
    let mut alex = desk.server.agent("alex").await;
    desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    until("a failure", PATIENCE, async || desk.untold().await[0]["attempts"] == 1).await;
    assert!(desk.untold().await[0]["problem"].as_str().unwrap().contains("has not installed the app"));
    desk.portal.install(&desk.server.address.to_string()).await;
    desk.until_told().await;
    assert_eq!(desk.records().len(), 1);
    desk.server.stop().await;
}
