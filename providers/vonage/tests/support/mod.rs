//! Vonage on the stage that all providers' tests have.

#![allow(dead_code, reason = "each test uses some of it")]

use cordboard::Timestamp;
use cordboard_emulator::stage::{self, Leg, LegState, PUBLIC_URL, Stage};
use cordboard_vonage::{VonageCarrier, VonageConfig};
use cordboard_vonage_emulator::{Cloud, CloudConfig, Hears, NoSuchLeg};
use http::{Method, Request};

pub(crate) type World = stage::World<Vonage>;
pub(crate) type Listener = stage::Listener<Vonage>;

/// Vonage, and its emulator.
pub(crate) enum Vonage {}

impl Stage for Vonage {
    type Carrier = VonageCarrier;
    type Cloud = Cloud;

    const MAKES_LEGS: &'static str = "/v1/calls";
    const CHANGES_LEGS: (Method, &str) = (Method::PUT, "/v1/calls/");
    const ALONE: Hears = Hears::Silence;

    fn cloud() -> Cloud {
        let webhook = |name: &str| format!("{PUBLIC_URL}/webhooks/vonage/{name}");
        let mut cloud = Cloud::new(CloudConfig::for_tests(&webhook("answer"), &webhook("event")));
        // As if both had signed in before.
        for agent in [stage::ALEX, stage::BLAKE] {
            cloud.add_user(agent);
        }
        cloud
    }

    fn config(cloud: &Cloud, backlog: usize) -> VonageConfig {
        let account = cloud.config.clone();
        let mut config = VonageConfig::new(
            &account.application_id,
            account.private_key.into(),
            (&account.api_key, account.api_secret.into()),
            account.signature_secret.into(),
            PUBLIC_URL,
        );
        config.hold_music_url = Some("https://calls.example.com/music.mp3".to_owned());
        config.calls.backlog = backlog;
        config
    }

    fn legs(cloud: &Cloud) -> Vec<Leg> {
        cloud.legs().into_iter().map(leg).collect()
    }

    fn hears(cloud: &Cloud, leg: &str) -> Hears {
        cloud.hears(leg)
    }

    fn take_over(cloud: &mut Cloud, now: Timestamp, user: &str) {
        cloud.take_over(now, user);
    }

    fn client_accepts(cloud: &mut Cloud, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        cloud.client_accepts(now, leg)
    }

    fn report(request: &Request<Vec<u8>>) -> Vec<u8> {
        // Two deliveries have the same token but for when they were signed.
        [request.uri().to_string().as_bytes(), request.body()].concat()
    }
}

fn leg(leg: cordboard_vonage_emulator::Leg) -> Leg {
    let is_browser = !leg.to.starts_with('+');
    // A leg that we asked for says in the address of its events whose it is; one that came in is named like its call.
    let ours = leg.event_url.split_once("/call/").and_then(|(_, rest)| rest.split_once('/'));
    let (call, name) = ours.unwrap_or((&leg.uuid, "customer"));
    let is_live = matches!(leg.status, "started" | "ringing" | "answered");
    let waits = ours.is_some() && is_live && leg.status != "answered";
    let room = leg.conversation.clone().or_else(|| waits.then(|| call.to_owned()));
    let label = if room.as_deref() == Some(call) { name } else { "brought" };
    Leg {
        state: match leg.status {
            "started" => LegState::Asked,
            "ringing" => LegState::Rings,
            "answered" => LegState::Up,
            _ => LegState::Over,
        },
        is_made: ours.is_some(),
        label: Some(label.to_owned()),
        room: room.filter(|_| is_live),
        id: leg.uuid,
        from: leg.from,
        to: leg.to,
        is_browser,
    }
}
