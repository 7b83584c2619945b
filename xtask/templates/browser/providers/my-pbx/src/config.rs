use cordboard::telephony::{Capabilities, Capability, ProviderInfo, SignInMethod};

/// Who provides the line.
pub(crate) const INFO: ProviderInfo = ProviderInfo { id: "my-pbx", name: "My PBX" };

/// What the line can do, and how agents sign in. The widget draws this and nothing else, and the conformance suite asks for it.
pub const CAPABILITIES: Capabilities = Capabilities::basic()
    .with(Capability::Inbound)
    .with(Capability::Mute)
    .with(Capability::Hold)
    .with(Capability::Digits)
    .with_sign_in(SignInMethod::Password);

/// Where the service is.
#[derive(Clone, Debug)]
pub struct MyPbxConfig {
    /// The address of its socket, such as `wss://voice.example.com/agents`. The page must be allowed to connect there: see `connect` in
    /// the app's `Cargo.toml`.
    pub url: String,
}

impl Default for MyPbxConfig {
    /// The service for development, `examples/my-pbx-service.rs`.
    fn default() -> Self {
        Self { url: "ws://127.0.0.1:9010".to_owned() }
    }
}
