//! The whole widget over a gateway that runs Vonage. The agent's audio runs in the page, through Vonage's own client SDK.
//!
//! That SDK is not part of Cordboard: its licence is between Vonage and you. Without it nobody can talk, and the phone says what
//! is missing.
//!
//! ```sh
//! npm install @vonage/client-sdk@2.3.1
//! cargo xtask build --app softphone-vonage --release
//! ```
//!
//! The gateway is where the page comes from, unless the app was built with `--gateway`.

#[cfg(target_arch = "wasm32")]
fn main() {
    use cordboard::telephony::{Capabilities, ProviderInfo};
    use cordboard_gateway_client::{GatewayConfig, PageAudio, page_line, tell_engagements};
    use cordboard_widget::{OnEngagement, WidgetConfig, mount_with_audio};
    use std::rc::Rc;

    mount_with_audio(|| {
        let url = cordboard_browser::meta("cordboard-gateway").unwrap_or_else(cordboard_browser::origin);
        let provider = ProviderInfo { id: "vonage", name: "Vonage" };
        let capabilities = Capabilities::all();
        let line = Rc::new(page_line(GatewayConfig { url, provider, capabilities }));
        let on_engagement = OnEngagement::new(tell_engagements(&line));
        let config = WidgetConfig { on_engagement, ..WidgetConfig::default() };
        (Rc::clone(&line) as Rc<_>, PageAudio::new(line), config)
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
