//! Every request there is.

use ::http::Request as Http;
use cordboard::Timestamp;
use cordboard::telephony::PhoneNumber;
use cordboard_hubspot::*;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

/// A request whose answer is shown, whatever it is.
pub(crate) struct Made {
    pub(crate) name: &'static str,
    pub(crate) http: Http<Vec<u8>>,
    pub(crate) effect: Effect,
    pub(crate) limit: Limit,
    pub(crate) shown: String,
    pub(crate) read: Read,
}

/// What an answer says, if it can be read.
type Read = Box<dyn Fn(&[u8]) -> Option<String>>;

fn made<T: Debug + 'static>(request: Request<T>) -> Made {
    Made {
        name: request.name(),
        http: request.http().clone(),
        effect: request.effect(),
        limit: request.limit(),
        shown: format!("{request:?}"),
        read: Box::new(move |body| request.read(body).map(|answer| format!("{answer:?}"))),
    }
}

pub(crate) fn credentials() -> AppCredentials {
    AppCredentials {
        client_id: "not-a-secret-client-id".to_owned(),
        client_secret: "not-a-secret-client-secret".into(),
        redirect_uri: "https://calls.example.com/oauth/callback".to_owned(),
    }
}

pub(crate) fn calling_settings() -> CallingSettings {
    CallingSettings {
        name: "Cordboard".to_owned(),
        url: "https://widget.example.com/".to_owned(),
        width: 400,
        height: 600,
        is_ready: false,
        supports_custom_objects: false,
        supports_inbound_calling: true,
        uses_remote: true,
        uses_calling_window: true,
        other: serde_json::Map::new(),
    }
}

pub(crate) fn call_properties() -> CallProperties {
    CallProperties::new()
        .at(Timestamp::from_millis(1_700_000_000_000))
        .with_status(&CallStatus::Completed)
        .with_direction(&CallDirection::Outbound)
        .with_duration(Duration::from_millis(61_500))
        .with_notes("Asked for <more>")
        .with(property::TO_NUMBER, "+16175550142")
        .with(property::EXTERNAL_ID, "call/1?x")
}

pub(crate) fn inbound_call() -> InboundCall {
    InboundCall {
        external_call_id: "call/1?x".to_owned(),
        create_engagement: true,
        engagement_properties: BTreeMap::from([("hs_call_title".to_owned(), "Ada called".to_owned())]),
        final_call_status: FinalCallStatus::Missed,
        from_number: Number::new(PhoneNumber::from_e164("+16175550142").unwrap()),
        to_number: Number {
            e164_number: PhoneNumber::from_e164("+16175550190").unwrap(),
            phone_number_type: NumberType::Voip,
            extension: Some("12".to_owned()),
        },
        potential_recipient_user_ids: vec![UserId(7)],
        call_started_timestamp: Some(Timestamp::from_millis(1_700_000_000_000)),
        duration_seconds: Some(20),
        user_id: Some(UserId(7)),
    }
}

pub(crate) fn transcript(engagement: i64) -> NewTranscript {
    let speaker = Speaker { id: "1".to_owned(), name: "Ada".to_owned(), email: None };
    let utterance = NewUtterance {
        speaker,
        text: "My number is +16175550142".to_owned(),
        start_time_millis: 0,
        end_time_millis: 1_500,
        language_code: Some("en".to_owned()),
    };
    NewTranscript { engagement_id: engagement, utterances: vec![utterance] }
}

/// Every request, with everything that it can have.
pub(crate) fn requests(version: ApiVersion) -> Vec<Made> {
    let api = Api::new(version);
    let app = AppId(12_345);
    let settings = api.settings::<CallingSettings>(app);
    let channel_api = api.settings::<ChannelConnection>(app);
    let recording_api = api.settings::<RecordingSettings>(app);
    let wanted = calling_settings();
    let ready = CallingSettings { is_ready: true, ..wanted.clone() };
    let channel = ChannelConnection {
        url: "https://calls.example.com/numbers".to_owned(),
        is_ready: true,
        other: serde_json::Map::new(),
    };
    let recording = RecordingSettings {
        url_to_retrieve_authed_recording: "https://calls.example.com/recordings/%s".to_owned(),
        other: serde_json::Map::new(),
    };
    let elsewhere = RecordingSettings {
        url_to_retrieve_authed_recording: "https://other.example.com/%s".to_owned(),
        other: serde_json::Map::new(),
    };
    let closed = ChannelConnection { is_ready: false, ..channel.clone() };
    let (calls, call, contact) = (api.calls(), Id::from(9_000), Id::from(101));
    let types = [AssociationType::CALL_TO_CONTACT];
    let new = NewCall {
        properties: call_properties(),
        associations: vec![Association::new(contact.clone(), types.to_vec())],
    };
    let update = CallUpdate {
        id: "call/1?x".to_owned(),
        id_property: Some(property::EXTERNAL_ID.to_owned()),
        properties: call_properties(),
    };
    let kinds = [ObjectType::CONTACTS, ObjectType::COMPANIES];
    let query = CallQuery { properties: &[property::STATUS, property::BODY], associations: &kinds, archived: true };
    let search = Search::by(property::EXTERNAL_ID, "+16175550142", &[property::STATUS]);
    let credentials = credentials();
    let (oauth, token): (_, SecretString) = (api.oauth(&credentials), "not-a-secret-token".into());
    let transcript_id = Id::from(500);
    vec![
        made(settings.get()),
        made(settings.create(&wanted)),
        made(settings.update(&Change::between(&wanted, &ready))),
        made(settings.delete()),
        made(channel_api.get()),
        made(channel_api.create(&channel)),
        made(channel_api.update(&Change::between(&channel, &closed))),
        made(channel_api.delete()),
        made(recording_api.get()),
        made(recording_api.create(&recording)),
        made(recording_api.update(&Change::between(&recording, &elsewhere))),
        made(api.recording_ready(9_000)),
        made(api.transcripts().create(&transcript(9_000))),
        made(api.transcripts().get(&transcript_id)),
        made(api.transcripts().delete(&transcript_id)),
        made(api.inbound_call(&inbound_call())),
        made(api.connection().list(&[UserId(7), UserId(8)])),
        made(api.connection().read(&[Id::from(7)])),
        made(api.connection().me()),
        made(api.dispositions()),
        made(calls.create(&new)),
        made(calls.get(&call, query)),
        made(calls.list(query, 50, Some("9000"))),
        made(calls.update(&call, &call_properties())),
        made(calls.archive(&call)),
        made(calls.search(&search)),
        made(calls.create_all(std::slice::from_ref(&new))),
        made(calls.read_all(&["call/1?x"], Some(property::EXTERNAL_ID), &[property::STATUS])),
        made(calls.update_all(std::slice::from_ref(&update))),
        made(calls.upsert_all(std::slice::from_ref(&update))),
        made(calls.archive_all(std::slice::from_ref(&call))),
        made(calls.associate(&call, &ObjectType::CONTACTS, &contact)),
        made(calls.associate_as(&call, &ObjectType::CONTACTS, &contact, &types)),
        made(calls.dissociate(&call, &ObjectType::CONTACTS, &contact)),
        made(oauth.exchange("not-a-secret-code", Some(&token))),
        made(oauth.refresh(&token)),
        made(oauth.client_credentials(&["developers-read", "developers-write"])),
        made(oauth.introspect(&token)),
        made(oauth.revoke(&token)),
    ]
}
