//! The flows of a call, as the page sees them.

use super::*;
use crate::settings::Fault;
use cordboard::Value;
use cordboard::protocol::WidgetMessage;
use serde_json::json;

/// A page whose widget is connected and signed in.
struct Simulation {
    crm: Crm,
    settings: Settings,
    now: u64,
}

impl Simulation {
    fn new() -> Self {
        let mut simulation = Self { crm: Crm::default(), settings: Settings::default(), now: 1_000_000 };
        simulation.crm.connected();
        simulation.say(json!({"type": "INITIALIZED", "data": {"isLoggedIn": true, "isAvailable": true}}));
        simulation
    }

    /// The widget says something; gives what the page does, a message as its type and data.
    fn say(&mut self, message: serde_json::Value) -> Vec<serde_json::Value> {
        let message: Value = serde_json::from_value(message).unwrap();
        let message = WidgetMessage::decode(&message).unwrap();
        let effects = self.crm.handle_message(self.now(), message, &self.settings);
        effects.into_iter().map(show).collect()
    }

    fn dial(&mut self, contact: u32) -> Vec<serde_json::Value> {
        let record = contact_of(contact).record().unwrap();
        let effects = self.crm.dial(self.now(), record, &record.phones[0], &self.settings);
        effects.into_iter().map(show).collect()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// Loads the page again.
    fn reload(&mut self) {
        self.crm = Crm::from_value(&self.crm.to_value());
        self.crm.connecting();
        self.crm.connected();
    }

    fn latest(&self) -> &Call {
        self.crm.engagements().next().expect("an engagement")
    }
}

fn contact_of(id: u32) -> RecordId {
    RecordId { object_type: ObjectType::Contact, id }
}

fn show(effect: Effect) -> serde_json::Value {
    match effect {
        Effect::Send(message) => {
            let mut message = serde_json::to_value(message.encode("")).unwrap();
            message.as_object_mut().unwrap().remove("messageId");
            message
        }
        Effect::Toast(_, text) => json!({ "toast": text }),
        Effect::OpenTab(record) => json!({ "tab": record.id }),
        Effect::Reload => json!("reload"),
    }
}

fn started(id: &str) -> serde_json::Value {
    let data = json!({
        "externalCallId": id, "fromNumber": "+16175550150", "toNumber": "+16175550100", "createEngagement": true,
    });
    json!({"type": "OUTGOING_CALL_STARTED", "data": data})
}

fn incoming(id: &str, from: &str) -> serde_json::Value {
    let data = json!({"externalCallId": id, "fromNumber": from, "toNumber": "+16175550190", "createEngagement": true});
    json!({"type": "INCOMING_CALL", "data": data})
}

fn answered(id: &str) -> serde_json::Value {
    json!({"type": "CALL_ANSWERED", "data": {"externalCallId": id}})
}

fn ended(id: &str, status: &str) -> serde_json::Value {
    json!({"type": "CALL_ENDED", "data": {"externalCallId": id, "engagementId": 80_001, "callEndStatus": status}})
}

fn completed(id: &str) -> serde_json::Value {
    json!({"type": "CALL_COMPLETED", "data": {"externalCallId": id, "engagementId": 80_001}})
}

#[test]
fn outbound_from_click_to_timeline() {
    let mut page = Simulation::new();
    page.crm.page = Page::Record(RecordId { object_type: ObjectType::Company, id: 201 });
    assert_eq!(
        page.dial(101),
        [json!({"type": "DIAL_NUMBER", "data": {
            "phoneNumber": "+16175550100", "portalId": 1_234_567, "ownerId": 70_000_001,
            "subjectId": 201, "objectId": 201, "objectType": "COMPANY", "countryCode": "US",
            "calleeInfo": {"calleeId": 101, "calleeObjectTypeId": "0-1"},
            "startTimestamp": 1_000_000, "toPhoneNumberSrc": "phone",
        }})]
    );
    let engagement = json!({"engagementId": 80_001, "externalCallId": "a"});
    assert_eq!(
        page.say(started("a")),
        [
            json!({"type": "CREATE_ENGAGEMENT_SUCCEEDED", "data": engagement}),
            json!({"type": "ENGAGEMENT_CREATED", "data": engagement}),
        ]
    );
    assert_eq!((page.latest().status, page.latest().record), (CallStatus::Ringing, Some(contact_of(101))));
    assert!(page.crm.has_live_call());

    page.now += 2_000;
    assert!(page.say(answered("a")).is_empty());
    assert_eq!(page.latest().status, CallStatus::InProgress);
    page.now += 61_000;
    assert!(page.say(ended("a", "COMPLETED")).is_empty());
    assert_eq!(page.latest().duration, Some(core::time::Duration::from_secs(61)));
    assert!(!page.crm.has_live_call());

    let properties = json!({
        "hs_call_body": "Wants a quote", "hs_call_title": "Call with Maria", "hs_call_duration": "60500",
        "hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
        "hs_call_recording_url": "https://recordings.example/a.mp3",
    });
    let data = json!({"externalCallId": "a", "engagementId": 80_001, "engagementProperties": properties});
    assert_eq!(
        page.say(json!({"type": "CALL_COMPLETED", "data": data})),
        [
            json!({"type": "UPDATE_ENGAGEMENT_SUCCEEDED", "data": engagement}),
            json!({"toast": "Call logged on the timeline."}),
            json!({"type": "VISIBILITY_CHANGED", "data": {"isMinimized": false, "isHidden": true}}),
        ]
    );
    let call = page.crm.timeline(contact_of(101)).next().unwrap();
    assert_eq!(call.status.label(), "Completed");
    assert_eq!(call.notes.as_deref(), Some("Wants a quote"));
    assert_eq!(call.outcome.as_deref().map(outcome_label), Some("Connected"));
    assert_eq!(call.duration, Some(core::time::Duration::from_millis(60_500)));
    assert_eq!(call.recording.as_deref(), Some("https://recordings.example/a.mp3"));
    assert!(call.completed);
}

#[test]
fn inbound_is_matched_navigated_and_logged() {
    let mut page = Simulation::new();
    page.crm.show_panel(Panel::Minimised);
    let effects = page.say(incoming("b", "+16175550108"));
    let coordinates = json!({"portalId": 1_234_567, "objectId": 102, "objectTypeId": "0-1"});
    let jonas = json!({
        "callerIdType": "CONTACT", "objectCoordinates": coordinates, "firstName": "Jonas", "lastName": "Lindqvist",
        "email": "jonas.lindqvist@northwind.example",
    });
    let engagement = json!({"engagementId": 80_001, "externalCallId": "b"});
    assert_eq!(
        effects,
        [
            json!({"toast": "Incoming call from Jonas Lindqvist"}),
            json!({"type": "VISIBILITY_CHANGED", "data": {"isMinimized": false, "isHidden": false}}),
            json!({"type": "CALLER_ID_MATCH_SUCCEEDED", "data": {"callerIdMatches": [jonas], "externalCallId": "b"}}),
            json!({"type": "CREATE_ENGAGEMENT_SUCCEEDED", "data": engagement}),
            json!({"type": "ENGAGEMENT_CREATED", "data": engagement}),
        ]
    );
    let data = json!({"objectCoordinates": coordinates, "engagementId": 80_001});
    assert!(page.say(json!({"type": "NAVIGATE_TO_RECORD", "data": data})).is_empty());
    assert_eq!(page.crm.page, Page::Record(contact_of(102)));
    page.say(answered("b"));
    page.say(ended("b", "COMPLETED"));
    page.say(completed("b"));
    assert_eq!(page.crm.timeline(contact_of(102)).count(), 1);
}

#[test]
fn a_stranger_and_a_company() {
    let mut page = Simulation::new();
    let matches = |effects: Vec<serde_json::Value>| {
        let mut found = effects.into_iter().filter(|effect| effect["type"] == "CALLER_ID_MATCH_SUCCEEDED");
        found.next().unwrap()["data"]["callerIdMatches"].clone()
    };
    assert_eq!(matches(page.say(incoming("c", "anonymous"))), json!([]));
    assert_eq!(page.latest().record, None);
    let company = matches(page.say(incoming("d", "+16175550141")));
    assert_eq!((&company[0]["callerIdType"], &company[0]["name"]), (&json!("COMPANY"), &json!("Harbor & Pine")));
    // A custom object rings too, but HubSpot matches only contacts and companies.
    assert_eq!(matches(page.say(incoming("e", "+16175550143"))), json!([]));
}

#[test]
fn nothing_is_dialed_before_the_user_is_signed_in() {
    let mut page = Simulation::new();
    page.say(json!({"type": "LOGGED_OUT"}));
    page.crm.show_panel(Panel::Closed);
    assert_eq!(
        page.dial(101),
        [json!({"type": "VISIBILITY_CHANGED", "data": {"isMinimized": false, "isHidden": false}})]
    );
    assert_eq!(page.crm.alert.take().as_deref(), Some("Sign in to the calling app first, then call again."));
    page.say(json!({"type": "LOGGED_IN"}));
    assert_eq!(page.dial(101)[0]["type"], "DIAL_NUMBER");
    for link in [Link::None, Link::Connecting, Link::Failed] {
        page.crm.link = link;
        assert!(page.dial(101).is_empty());
        assert!(page.crm.alert.take().is_some());
    }
}

#[test]
fn availability_follows_the_widget() {
    let mut page = Simulation::new();
    page.say(json!({"type": "USER_UNAVAILABLE"}));
    assert_eq!(page.crm.link, Link::Ready { logged_in: true, available: false });
    page.say(json!({"type": "USER_AVAILABLE"}));
    assert_eq!(page.crm.link, Link::Ready { logged_in: true, available: true });
    page.say(json!({"type": "LOGGED_OUT"}));
    assert_eq!(page.crm.link, Link::Ready { logged_in: false, available: false });
}

#[test]
fn failures_on_demand() {
    let mut page = Simulation::new();
    page.settings.faults = Fault::ALL.into();
    page.dial(101);
    let effects = page.say(started("a"));
    assert_eq!(effects[0]["type"], "CREATE_ENGAGEMENT_FAILED");
    assert_eq!(effects[0]["data"]["error"]["message"], "The engagement could not be created");
    assert_eq!(page.crm.engagements().count(), 0);
    assert!(page.crm.has_live_call());
    assert_eq!(page.say(incoming("b", "+16175550108"))[1]["type"], "CALLER_ID_MATCH_FAILED");

    page.settings.set_fault(Fault::CreateEngagement, false);
    page.say(started("c"));
    page.say(ended("c", "NO_ANSWER"));
    let effects = page.say(completed("c"));
    assert_eq!(effects[0]["type"], "UPDATE_ENGAGEMENT_FAILED");
    assert!(!page.latest().completed);
    page.settings.set_fault(Fault::UpdateEngagement, false);
    assert_eq!(page.say(completed("c"))[0]["type"], "UPDATE_ENGAGEMENT_SUCCEEDED");
    assert!(page.latest().completed);

    let to_contact = json!({"objectCoordinates": {"portalId": 1_234_567, "objectId": 101, "objectTypeId": "0-1"}});
    let navigate = json!({"type": "NAVIGATE_TO_RECORD", "data": to_contact});
    assert_eq!(page.say(navigate.clone())[0]["type"], "NAVIGATE_TO_RECORD_FAILED");
    page.settings.set_fault(Fault::NavigateToRecord, false);
    assert!(page.say(navigate).is_empty());
    for (portal, record) in [(1_234_567, 999), (7, 101)] {
        let elsewhere = json!({"objectCoordinates": {"portalId": portal, "objectId": record, "objectTypeId": "0-1"}});
        let effects = page.say(json!({"type": "NAVIGATE_TO_RECORD", "data": elsewhere}));
        assert_eq!(effects[0]["type"], "NAVIGATE_TO_RECORD_FAILED");
    }
}

#[test]
fn a_call_goes_on_after_a_reload() {
    let mut page = Simulation::new();
    page.crm.page = Page::Record(contact_of(101));
    page.dial(101);
    page.say(started("a"));
    page.say(answered("a"));
    assert_eq!(page.crm.context(&page.settings).engagement_id, Some(engagement_id(80_001)));

    page.reload();
    assert_eq!(page.crm.page, Page::Record(contact_of(101)));
    assert_eq!(page.crm.context(&page.settings).engagement_id, Some(engagement_id(80_001)));
    assert!(!page.crm.has_live_call());
    page.say(json!({"type": "INITIALIZED", "data": {"isLoggedIn": true, "engagementId": 80_001}}));
    assert!(page.crm.has_live_call());
    page.say(ended("a", "COMPLETED"));
    assert_eq!(page.say(completed("a"))[0]["type"], "UPDATE_ENGAGEMENT_SUCCEEDED");
    assert_eq!(page.crm.context(&page.settings).engagement_id, None);
}

#[test]
fn a_call_that_a_reload_lost_does_not_stay_in_the_way() {
    let mut page = Simulation::new();
    page.dial(101);
    page.say(started("a"));
    page.reload();
    page.say(json!({"type": "INITIALIZED", "data": {"isLoggedIn": true}}));
    assert_eq!(page.dial(102)[0]["type"], "DIAL_NUMBER");
    page.say(started("b"));
    let statuses: Vec<CallStatus> = page.crm.engagements().map(|call| call.status).collect();
    assert_eq!(statuses, [CallStatus::Ringing, CallStatus::Ended(None)]);
}

#[test]
fn all_of_a_call_survives_a_reload() {
    let mut page = Simulation::new();
    page.crm.start_queue(page.now(), &page.settings);
    page.say(started("a"));
    page.say(answered("a"));
    page.say(ended("a", "REJECTED"));
    let properties = json!({"hs_call_body": "n", "hs_call_title": "t", "hs_call_disposition": "x", "hs_call_recording_url": "https://r.example/"});
    page.say(json!({"type": "CALL_COMPLETED", "data": {"externalCallId": "a", "engagementProperties": properties}}));
    let (before, queue) = (page.latest().clone(), page.crm.queue.clone());
    page.reload();
    assert_eq!(page.latest(), &Call { stale: true, ..before });
    assert_eq!(page.crm.queue, queue);
}

#[test]
fn a_queue_dials_one_contact_after_another() {
    let mut page = Simulation::new();
    let dialed = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Send(HostMessage::DialNumber(dial)) => Some(dial.phone_number.as_str().to_owned()),
            _ => None,
        })
    };
    let contacts: Vec<&Record> = Queue::contacts().collect();
    let mut effects = page.crm.start_queue(page.now(), &page.settings);
    for (index, contact) in contacts.iter().enumerate() {
        assert_eq!(dialed(&effects).as_deref(), Some(contact.phones[0].number));
        assert_eq!(page.crm.page, Page::Record(contact.id));
        let id = format!("call-{index}");
        page.say(started(&id));
        page.say(ended(&id, "COMPLETED"));
        let message: Value = serde_json::from_value(completed(&id)).unwrap();
        let message = WidgetMessage::decode(&message).unwrap();
        effects = page.crm.handle_message(page.now(), message, &page.settings);
    }
    assert_eq!(dialed(&effects), None);
    assert_eq!(page.crm.queue, None);
    assert_eq!(page.crm.panel, Panel::Open);
}

#[test]
fn a_second_call_waits_for_the_first() {
    let mut page = Simulation::new();
    page.dial(101);
    page.say(started("a"));
    assert!(page.dial(102).is_empty());
    assert_eq!(page.crm.alert.as_deref(), Some("Finish the call that is running first."));
    let end = page.crm.end_call().into_iter().map(show).collect::<Vec<_>>();
    assert_eq!(end, [json!({"type": "END_CALL", "data": {"externalCallId": "a", "engagementId": 80_001}})]);
}

#[test]
fn a_call_told_twice_is_one_call() {
    let mut page = Simulation::new();
    let first = page.say(started("a"));
    assert_eq!(page.say(started("a")), first);
    assert_eq!(page.crm.engagements().count(), 1);
    page.say(ended("a", "COMPLETED"));
    assert!(!page.crm.has_live_call());
}

#[test]
fn a_call_without_an_engagement_is_not_on_the_timeline() {
    let mut page = Simulation::new();
    let data = json!({"externalCallId": "a", "toNumber": "+16175550100"});
    assert!(page.say(json!({"type": "OUTGOING_CALL_STARTED", "data": data})).is_empty());
    assert_eq!(page.crm.engagements().count(), 0);
    assert!(page.crm.has_live_call());
    page.say(json!({"type": "CALL_TRANSFERRED", "data": {"externalCallId": "a"}}));
    assert!(!page.crm.has_live_call());
}

#[test]
fn calls_are_bounded_and_live_ones_stay() {
    let mut page = Simulation::new();
    page.say(started("live"));
    for index in 0..100 {
        let id = format!("call-{index}");
        page.say(started(&id));
        page.say(ended(&id, "BUSY"));
    }
    assert_eq!(page.crm.engagements().count(), MAX_CALLS);
    assert_eq!(page.crm.engagements().last().map(|call| call.external_id.as_str()), Some("live"));
}

#[test]
fn the_panel_takes_a_sensible_size() {
    let mut page = Simulation::new();
    for (asked, given) in [((500, 700), (500, 700)), ((1, 1), (300, 400)), ((9_000, 9_000), (800, 900))] {
        page.say(json!({"type": "RESIZE_WIDGET", "data": {"width": asked.0, "height": asked.1}}));
        assert_eq!((page.crm.size.width, page.crm.size.height), given);
    }
}

#[test]
fn errors_are_alerts_and_recordings_are_web_pages() {
    let mut page = Simulation::new();
    page.say(json!({"type": "ERROR", "data": {"message": "No microphone"}}));
    assert_eq!(page.crm.alert.as_deref(), Some("No microphone"));
    page.say(started("a"));
    let properties = json!({"hs_call_recording_url": "javascript:alert(1)"});
    page.say(json!({"type": "CALL_COMPLETED", "data": {"externalCallId": "a", "engagementProperties": properties}}));
    assert_eq!(page.latest().recording, None);
}

#[test]
fn channels_and_tabs() {
    let mut page = Simulation::new();
    page.say(started("a"));
    let data = json!({"externalCallId": "a", "engagementId": 80_001});
    for (kind, answer) in [
        ("FINALIZE_ENGAGEMENT", "FINALIZE_ENGAGEMENT_SUCCEEDED"),
        ("PUBLISH_TO_CHANNEL", "PUBLISH_TO_CHANNEL_SUCCEEDED"),
    ] {
        assert_eq!(page.say(json!({"type": kind, "data": data}))[0]["type"], answer);
    }
    let unknown = json!({"externalCallId": "x", "engagementId": 5});
    assert_eq!(
        page.say(json!({"type": "FINALIZE_ENGAGEMENT", "data": unknown}))[0]["type"],
        "FINALIZE_ENGAGEMENT_FAILED"
    );
    let coordinates = json!({"portalId": 1_234_567, "objectId": 201, "objectTypeId": "0-2"});
    let new_tab = json!({"objectCoordinates": coordinates, "openIn": "NEW_TAB"});
    assert_eq!(page.say(json!({"type": "NAVIGATE_TO_RECORD", "data": new_tab})), [json!({"tab": 201})]);
    page.settings.navigation_reloads = true;
    let here = json!({"objectCoordinates": coordinates});
    assert_eq!(page.say(json!({"type": "NAVIGATE_TO_RECORD", "data": here})), [json!("reload")]);
}
