//! The whole widget over a gateway, which keeps the provider's secrets and the calls: agents sign in as the gateway says, with a password or on their
//! company's own page, and a reload ends nothing.
//!
//! The gateway is where the page came from, unless the page has `<meta name="cordboard-gateway" content="https://…">`. Its policy must
//! then allow that in `connect-src`.

use cordboard::telephony::{Capabilities, ProviderInfo};
use cordboard_gateway_client::{GatewayConfig, page_line};
use cordboard_widget::{WidgetConfig, mount};

fn main() {
    let url = cordboard_browser::meta("cordboard-gateway").unwrap_or_else(cordboard_browser::origin);
    let provider = ProviderInfo { id: "gateway", name: "Gateway" };
    let capabilities = Capabilities::all();
    mount(page_line(GatewayConfig { url, provider, capabilities }), WidgetConfig::default());
}
