use crate::numbers;
use cordboard_emulator::ClientScript;
use core::time::Duration;

/// The account that the [`Cloud`](crate::Cloud) serves. There is one.
#[derive(Clone)]
pub struct CloudConfig {
    /// `AC…`
    pub account_sid: String,
    /// Authenticates requests, and signs webhooks.
    pub auth_token: String,
    /// `SK…`
    pub api_key_sid: String,
    /// Authenticates requests, and signs the browsers' access tokens.
    pub api_key_secret: String,
    /// The TwiML application that browsers call through.
    pub application: Option<Application>,
    /// The account's numbers, which somebody can call.
    pub numbers: Vec<AccountNumber>,
    /// Verified numbers that are not the account's: number and name.
    pub caller_ids: Vec<(String, String)>,
    /// What an identity does that no browser is registered for.
    pub clients: ClientScript,
    /// How long a callback is on its way, before any [disturbance](crate::Disturbance).
    pub callback_latency: Duration,
    /// How far calls that the API starts are apart at least; Twilio's default for a new account is a second. None waits if
    /// it is zero.
    pub call_start_interval: Duration,
    /// Makes identifiers and disturbances.
    pub seed: u64,
}

impl CloudConfig {
    /// An account with the [numbers] that tests use, which all ask `voice_url` what to do.
    #[must_use]
    pub fn for_tests(voice_url: &str) -> Self {
        let number = |(phone_number, friendly_name): (&str, &str)| AccountNumber {
            phone_number: phone_number.to_owned(),
            friendly_name: friendly_name.to_owned(),
            voice_url: voice_url.to_owned(),
            status_callback: None,
            voice: true,
        };
        Self {
            account_sid: "AC00000000000000000000000000000001".to_owned(),
            auth_token: "not-a-secret-auth-token".to_owned(),
            api_key_sid: "SK00000000000000000000000000000001".to_owned(),
            api_key_secret: "not-a-secret-api-key-secret-of-32".to_owned(),
            application: Some(Application {
                sid: "AP00000000000000000000000000000001".to_owned(),
                voice_url: voice_url.to_owned(),
            }),
            numbers: numbers::OWNED.map(number).into(),
            caller_ids: vec![(numbers::VERIFIED.to_owned(), "Front desk".to_owned())],
            clients: ClientScript::Accepts(Duration::from_millis(100)),
            callback_latency: Duration::from_millis(20),
            call_start_interval: Duration::ZERO,
            seed: 1,
        }
    }
}

/// A TwiML application.
#[derive(Clone, Debug)]
pub struct Application {
    /// `AP…`
    pub sid: String,
    /// Is asked what to do with a browser's call.
    pub voice_url: String,
}

/// A number of the account.
#[derive(Clone)]
pub struct AccountNumber {
    /// E.164.
    pub phone_number: String,
    /// Its name in lists.
    pub friendly_name: String,
    /// Is asked what to do with a call.
    pub voice_url: String,
    /// Is told when a call ends.
    pub status_callback: Option<String>,
    /// Whether it can be called, and call; some carry only messages.
    pub voice: bool,
}
