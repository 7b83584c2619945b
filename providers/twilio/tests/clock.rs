//! A clock that is ten minutes off, and what it does not break.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cordboard::platform::Clock as _;
use cordboard::telephony::{AgentId, Backend as _};
use cordboard_emulator::stage::ALEX;
use serde_json::Value;
use std::future::pending;
use std::time::Duration;
use support::World;

const TEN_MINUTES: u64 = 600;

#[test]
fn tokens_of_a_fast_clock_are_valid_at_once() {
    let world = World::new();
    let twilio = world.start();
    world.clock.block_on(pending(), async {
        world.clock.sleep(Duration::from_secs(1_000_000)).await;
        let now = world.clock.now();
        let token = twilio.media_token(&AgentId::new(ALEX), now).await.unwrap().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let of = |claim: &str| claims[claim].as_u64().unwrap();
        let true_time = now.as_millis() / 1_000 - TEN_MINUTES;
        assert!(of("nbf") <= true_time, "{claims}");
        assert!(of("exp") - of("nbf") <= 86_400, "Twilio refuses what is valid for longer");
        assert_eq!(of("exp") * 1_000, token.expires_at.as_millis());
        // A slow one takes its minutes from the end, of which there are enough.
        assert!(of("exp") > now.as_millis() / 1_000 + TEN_MINUTES, "{claims}");
    });
}

#[test]
fn the_longest_token_stays_within_what_twilio_takes() {
    let world = World::new();
    let mut config = world.config();
    config.calls.token_seconds = 86_400;
    assert!(config.problems().is_empty());
    let twilio = world.start_with(config);
    world.clock.block_on(pending(), async {
        world.clock.sleep(Duration::from_secs(1_000_000)).await;
        let token = twilio.media_token(&AgentId::new(ALEX), world.clock.now()).await.unwrap().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap(), 86_400);
    });
}
