//! The whole widget over a gateway, which keeps the provider's secrets and the calls: agents sign in as the gateway says, with a password or on their
//! company's own page, and a reload ends nothing.
//!
//! The gateway is where the page comes from, unless the app was built with `--gateway`.

use cordboard::telephony::{Capabilities, ProviderInfo};
use cordboard_gateway_client::{GatewayConfig, page_line, tell_engagements};
use cordboard_widget::{OnEngagement, WidgetConfig, mount};

fn main() {
    mount(|| {
        let url = cordboard_browser::meta("cordboard-gateway").unwrap_or_else(cordboard_browser::origin);
        let provider = ProviderInfo { id: "gateway", name: "Gateway" };
        let capabilities = Capabilities::all();
        let line = page_line(GatewayConfig { url, provider, capabilities });
        let on_engagement = OnEngagement::new(tell_engagements(&line));
        (line, WidgetConfig { on_engagement, ..WidgetConfig::default() })
    });
}
