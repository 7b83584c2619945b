//! Twilio on the stage that all providers' tests have.

#![allow(dead_code, reason = "each test uses some of it")]

use cordboard::Timestamp;
use cordboard_emulator::stage::{self, Leg, LegState, PUBLIC_URL, Stage};
use cordboard_twilio::{ApiKey, TwilioCarrier, TwilioConfig};
use cordboard_twilio_emulator::{Cloud, CloudConfig, Hears, NoSuchLeg};
use http::{Method, Request};

pub(crate) type World = stage::World<Twilio>;
pub(crate) type Listener = stage::Listener<Twilio>;

/// Twilio, and its emulator.
pub(crate) enum Twilio {}

impl Stage for Twilio {
    type Carrier = TwilioCarrier;
    type Cloud = Cloud;

    const MAKES_LEGS: &'static str = "/Participants";
    const CHANGES_LEGS: (Method, &str) = (Method::POST, "/Calls/");
    const ALONE: Hears = Hears::Music;

    fn cloud() -> Cloud {
        let mut config = CloudConfig::for_tests(&format!("{PUBLIC_URL}/webhooks/twilio/inbound"));
        for number in &mut config.numbers {
            number.status_callback = Some(format!("{PUBLIC_URL}/webhooks/twilio/status"));
        }
        Cloud::new(config)
    }

    fn config(cloud: &Cloud, backlog: usize) -> TwilioConfig {
        let account = &cloud.config;
        let key = ApiKey { sid: account.api_key_sid.clone(), secret: account.api_key_secret.clone().into() };
        let token = account.auth_token.clone().into();
        let mut config = TwilioConfig::new(&account.account_sid, token, key, PUBLIC_URL);
        config.calls.backlog = backlog;
        config
    }

    fn legs(cloud: &Cloud) -> Vec<Leg> {
        let leg = |leg: cordboard_twilio_emulator::Leg| Leg {
            state: match leg.status {
                "queued" => LegState::Asked,
                "ringing" => LegState::Rings,
                "in-progress" => LegState::Up,
                _ => LegState::Over,
            },
            is_made: leg.direction == "outbound-api",
            is_browser: leg.to.starts_with("client:"),
            id: leg.sid,
            from: leg.from,
            to: leg.to,
            room: leg.conference,
            label: leg.label,
        };
        cloud.legs().into_iter().map(leg).collect()
    }

    fn hears(cloud: &Cloud, leg: &str) -> Hears {
        cloud.hears(leg)
    }

    fn take_over(cloud: &mut Cloud, now: Timestamp, user: &str) {
        cloud.register(now, user);
    }

    fn client_accepts(cloud: &mut Cloud, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        cloud.client_accepts(now, leg)
    }

    fn report(request: &Request<Vec<u8>>) -> Vec<u8> {
        request.headers()["i-twilio-idempotency-token"].as_bytes().to_vec()
    }
}
