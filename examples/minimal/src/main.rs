//! The smallest calling app: a line, and the widget over it.

use cordboard_browser::{BrowserClock, random_seed, spawn};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network};
use cordboard_widget::{WidgetConfig, mount};

fn main() {
    let seed = (random_seed() >> 32) as u32;
    let exchange = Exchange::new(Network::new(MockConfig { seed, ..MockConfig::default() }), BrowserClock);
    spawn(exchange.run());
    mount(exchange.line(MockAgent::Alex), WidgetConfig::default());
}
