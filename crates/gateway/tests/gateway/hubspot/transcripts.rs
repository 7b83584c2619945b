//! What was said in calls, for HubSpot to keep.

use super::complete::Desk;
use cordboard_hubspot_emulator::{Fault, FaultAnswer};
use cordboard_mock::numbers;
use reqwest::Method;
use serde_json::Value as Json;

/// With those of transcripts.
pub(super) const SCOPES: &str = "scopes = [\"oauth\", \"crm.objects.contacts.read\", \"crm.objects.contacts.write\", \
                      \"crm.extensions_calling_transcripts.write\"]\n";

/// What HubSpot has of the only call.
fn transcripts(desk: &Desk) -> Vec<Vec<Json>> {
    let records = desk.records();
    let id = *records.keys().next().unwrap();
    assert_eq!(records.len(), 1);
    desk.portal.server.with(|cloud| cloud.kept_transcripts(id).into_iter().map(<[Json]>::to_vec).collect())
}

#[tokio::test]
async fn hubspot_gets_what_was_said_once() {
    let desk = Desk::with(SCOPES).await;
    let mut alex = desk.server.agent("alex").await;
    let call = desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    desk.until_told().await;
    let all = transcripts(&desk);
    let [transcript] = all.as_slice() else { panic!("{all:?}") };
    let said = |utterance: &Json| (utterance["speaker"]["name"].clone(), utterance["startTimeMillis"].clone());
    let said: Vec<_> = transcript.iter().map(said).collect();
    assert_eq!(said, [("Alex Demo".into(), 0.into()), (numbers::ANSWERS.into(), 1_000.into())]);
    // There is more to tell, and that is told again.
    let engagement = desk.records().keys().next().unwrap().to_string();
    alex.order("log", serde_json::json!({"call": call, "engagement": engagement})).await;
    desk.until_told().await;
    assert_eq!(transcripts(&desk).len(), 1);
    desk.server.stop().await;
}

#[tokio::test]
async fn nobody_who_may_not_sends_what_was_said() {
    let desk = Desk::open().await;
    let mut alex = desk.server.agent("alex").await;
    desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    desk.until_told().await;
    assert!(transcripts(&desk).is_empty());
    desk.server.stop().await;
}

#[tokio::test]
async fn what_certainly_failed_is_sent_again() {
    let desk = Desk::with(SCOPES).await;
    desk.fails(
        Fault::refuse(FaultAnswer::TooMany("TEN_SECONDLY_ROLLING".to_owned(), Some(1)))
            .on(&Method::POST, "/transcripts"),
    );
    let mut alex = desk.server.agent("alex").await;
    desk.call(&mut alex, "k1", numbers::ANSWERS).await;
    desk.until_told().await;
    assert_eq!(transcripts(&desk).len(), 1);
    desk.server.stop().await;
}

#[tokio::test]
async fn what_may_be_there_is_for_an_operator() {
    for (fault, sent) in [(Fault::after(FaultAnswer::Nothing), 1), (Fault::refuse(FaultAnswer::Nothing), 0)] {
        let desk = Desk::with(SCOPES).await;
        desk.fails(fault.on(&Method::POST, "/transcripts"));
        let mut alex = desk.server.agent("alex").await;
        let call = desk.call(&mut alex, "k1", numbers::ANSWERS).await;
        let parked = desk.until_parked().await;
        assert!(parked["problem"].as_str().unwrap().contains("look at the record"), "{parked}");
        // All that waits is tried again, as when the app is installed anew: nobody has looked.
        desk.operate(Method::POST, "/operator/outbox/retry").await;
        desk.until_parked().await;
        assert_eq!(transcripts(&desk).len(), sent);
        desk.operate(Method::POST, &format!("/operator/outbox/{call}/retry")).await;
        desk.until_told().await;
        assert_eq!(transcripts(&desk).len(), sent + 1);
        desk.server.stop().await;
    }
}
