mod requests;
mod vectors;
mod webhooks;

use crate::config::VonageConfig;

pub(crate) const API_SECRET: &str = "not-a-secret-api-secret";
pub(crate) const SIGNATURE_SECRET: &str = "not-a-secret-signature-secret";

pub(crate) fn config() -> VonageConfig {
    VonageConfig::new(
        "00000000-0000-4000-8000-000000000001",
        include_str!("../../emulator/src/key.pem").into(),
        ("a1b2c3d4", API_SECRET.into()),
        SIGNATURE_SECRET.into(),
        "https://calls.example.com",
    )
}
