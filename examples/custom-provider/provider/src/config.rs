use cordboard::telephony::{Capabilities, Capability, ProviderInfo};
use cordboard_bridge::{ConfigProblem, is_secret, is_server, problems};
use secrecy::SecretString;

/// Who provides the lines. The id is a part of the webhooks' address.
pub(crate) const INFO: ProviderInfo = ProviderInfo { id: "tin-can", name: "Tin Can" };

/// What a line can do. The widget draws this and nothing else, and the conformance suite asks for it.
pub const CAPABILITIES: Capabilities = Capabilities::basic()
    .with(Capability::Inbound)
    .with(Capability::Mute)
    .with(Capability::Hold)
    .with(Capability::Digits)
    .with(Capability::BlindTransfer)
    .with(Capability::AttendedTransfer)
    .with(Capability::ConcurrentCalls);

/// An account at Tin Can. Its `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct TinCanConfig {
    /// Where the service is: scheme and host, without a final slash.
    pub api_url: String,
    /// What our requests bear.
    pub api_key: SecretString,
    /// What the service's webhooks are signed with.
    pub webhook_secret: SecretString,
    /// Where the service reaches this server: scheme, host and, if there must be one, a path, without a final slash.
    pub public_url: String,
    /// How many events a line keeps for a listener that is behind.
    pub backlog: usize,
}

impl TinCanConfig {
    /// Everything that is wrong with it, by the keys.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let server = "it must be https:// and a host, or on this machine, without query or final slash";
        problems([
            ("api_url", is_server(&self.api_url), server),
            ("api_key", is_secret(Some(&self.api_key)), "it is empty"),
            ("webhook_secret", is_secret(Some(&self.webhook_secret)), "it is empty"),
            ("public_url", is_server(&self.public_url), server),
            ("backlog", self.backlog > 0, "it must not be 0"),
        ])
    }
}
