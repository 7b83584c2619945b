//! Tin Can on the stage that all such providers' tests have.

#![allow(dead_code, reason = "each test uses some of it")]

#[path = "../service/mod.rs"]
mod service;

use cordboard::Timestamp;
use cordboard_emulator::stage::{Leg, PUBLIC_URL, Stage};
use cordboard_emulator::{Hears, NoSuchLeg};
use cordboard_tin_can::{TinCanCarrier, TinCanConfig};
use http::{Method, Request};
use service::{API_KEY, Cloud, WEBHOOK_SECRET};

/// Tin Can, and what stands in for it.
pub(crate) enum TinCan {}

impl Stage for TinCan {
    type Carrier = TinCanCarrier;
    type Cloud = Cloud;

    const MAKES_LEGS: &'static str = "/v1/legs";
    const CHANGES_LEGS: (Method, &str) = (Method::PATCH, "/v1/legs/");
    const ALONE: Hears = Hears::Music;

    fn cloud() -> Cloud {
        Cloud::new(PUBLIC_URL, 1)
    }

    fn config(_: &Cloud, backlog: usize) -> TinCanConfig {
        TinCanConfig {
            api_url: "https://api.example.com".to_owned(),
            api_key: API_KEY.into(),
            webhook_secret: WEBHOOK_SECRET.into(),
            public_url: PUBLIC_URL.to_owned(),
            backlog,
        }
    }

    fn legs(cloud: &Cloud) -> Vec<Leg> {
        cloud.legs()
    }

    fn hears(cloud: &Cloud, leg: &str) -> Hears {
        cloud.hears(leg)
    }

    fn take_over(cloud: &mut Cloud, now: Timestamp, user: &str) {
        cloud.take_over(now, user);
    }

    fn client_accepts(cloud: &mut Cloud, now: Timestamp, leg: &str) -> Result<(), NoSuchLeg> {
        cloud.agent_accepts(now, leg)
    }

    fn report(request: &Request<Vec<u8>>) -> Vec<u8> {
        request.body().clone()
    }
}
