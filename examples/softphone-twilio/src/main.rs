//! The whole widget over a gateway that runs Twilio. The agent's audio runs in the page, through Twilio's own voice SDK.
//!
//! The gateway is where the page came from, unless the page has `<meta name="cordboard-gateway" content="https://…">`.

#[cfg(target_arch = "wasm32")]
fn main() {
    use cordboard::telephony::{Capabilities, ProviderInfo};
    use cordboard_gateway_client::{GatewayConfig, PageAudio, page_line};
    use cordboard_widget::{WidgetConfig, mount_with_audio};
    use std::rc::Rc;

    let url = cordboard_browser::meta("cordboard-gateway").unwrap_or_else(cordboard_browser::origin);
    let provider = ProviderInfo { id: "twilio", name: "Twilio" };
    let capabilities = Capabilities::all();
    let line = Rc::new(page_line(GatewayConfig { url, provider, capabilities }));
    mount_with_audio(Rc::clone(&line) as Rc<_>, PageAudio::new(line), WidgetConfig::default());
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
