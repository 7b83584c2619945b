//! The whole widget over the mock network, which lives in the page: calls survive a reload, and whoever embeds the
//! page can let somebody call by changing the part of its address behind `#`.
//!
//! | fragment | what happens |
//! |---|---|
//! | `#incoming=%2B16175550100` | that number calls the agent |
//! | `#incoming=` | somebody calls who withholds their number |

use cordboard::Value;
use cordboard::telephony::{PhoneNumber, Telephony};
use cordboard_browser::{BrowserClock, Storage, fragment_parameter, on_fragment_change, random_seed, spawn};
use cordboard_mock::{Exchange, MockAgent, MockConfig, Network, Store, numbers};
use cordboard_widget::{WidgetConfig, mount};
use std::sync::Arc;

/// Where the network is kept through a reload of the page.
const NETWORK: &str = "cordboard.mock";

/// The storage is asked for each time: to open it takes a browser milliseconds, and the CRM waits for its first answer.
struct TabStore;

impl Store for TabStore {
    fn load(&self) -> Option<Value> {
        Storage::session().load(NETWORK)
    }

    fn save(&self, network: &Value) {
        Storage::session().save(NETWORK, network);
    }
}

fn main() {
    mount(|| (line(), WidgetConfig::default()));
}

fn line() -> impl Telephony {
    let config = MockConfig { seed: (random_seed() >> 32) as u32, ..MockConfig::default() };
    let exchange = Exchange::with_store(Network::new(config), BrowserClock, TabStore);
    spawn(exchange.run());

    let controlled = Arc::clone(&exchange);
    on_fragment_change(move || let_somebody_call(&controlled)).forever();

    exchange.line(MockAgent::Alex)
}

fn let_somebody_call(exchange: &Arc<Exchange>) {
    let Some(caller) = fragment_parameter("incoming") else { return };
    let from = PhoneNumber::parse(&caller, None).ok();
    if let Ok(to) = PhoneNumber::from_e164(numbers::SALES) {
        exchange.control(|network, now| network.incoming(now, from, &to));
    }
}
