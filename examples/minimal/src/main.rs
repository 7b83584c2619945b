//! The smallest calling app: a line, and the widget over it.

use cordboard_browser::{BrowserClock, random_seed, spawn};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network};
use cordboard_widget::{WidgetConfig, mount};

fn main() {
    mount(|| {
        let config = MockConfig { seed: (random_seed() >> 32) as u32, ..MockConfig::default() };
        let exchange = Exchange::new(Network::new(config), BrowserClock);
        spawn(exchange.run());
        (exchange.line(MockAgent::Alex), WidgetConfig::default())
    });
}
