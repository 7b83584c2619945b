use crate::numbers;
use cordboard_emulator::ClientScript;
use core::time::Duration;

/// The application that the [`Cloud`](crate::Cloud) serves. There is one.
#[derive(Clone)]
pub struct CloudConfig {
    /// The application's id.
    pub application_id: String,
    /// What checks the application's tokens, as PEM.
    pub public_key: String,
    /// What signs them, for whoever is to speak to this cloud.
    pub private_key: String,
    /// The account's key.
    pub api_key: String,
    /// The account's secret.
    pub api_secret: String,
    /// Signs webhooks.
    pub signature_secret: String,
    /// Is asked what to do with a call, by POST.
    pub answer_url: String,
    /// Is told of inbound calls.
    pub event_url: String,
    /// The host that webhooks name for a call's control, if they name one.
    pub region_url: Option<String>,
    /// What recordings' addresses begin with.
    pub media_url: String,
    /// The account's numbers in E.164, which somebody can call.
    pub numbers: Vec<String>,
    /// What users do.
    pub clients: ClientScript,
    /// How long a webhook is on its way, before any [disturbance](crate::Disturbance).
    pub callback_latency: Duration,
    /// Makes identifiers and disturbances.
    pub seed: u64,
}

impl CloudConfig {
    /// An application with the [numbers] that tests use, whose webhooks are there.
    #[must_use]
    pub fn for_tests(answer_url: &str, event_url: &str) -> Self {
        Self {
            application_id: "00000000-0000-4000-8000-000000000001".to_owned(),
            public_key: include_str!("key.pub.pem").to_owned(),
            private_key: include_str!("key.pem").to_owned(),
            api_key: "a1b2c3d4".to_owned(),
            api_secret: "not-a-secret-api-secret".to_owned(),
            signature_secret: "not-a-secret-signature-secret-of-some-length".to_owned(),
            answer_url: answer_url.to_owned(),
            event_url: event_url.to_owned(),
            region_url: None,
            media_url: "https://api.nexmo.com".to_owned(),
            numbers: numbers::OWNED.map(|(number, _)| number.to_owned()).into(),
            clients: ClientScript::Accepts(Duration::from_millis(100)),
            callback_latency: Duration::from_millis(20),
            seed: 1,
        }
    }
}
