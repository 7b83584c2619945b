//! A gateway in a program of your own: put a `Backend` of yours in the mock's place, and a `Directory` of yours if a file of agents
//! won't do. The configuration is the path that is given, or `cordboard.toml`; `cordboard.example.toml` in the gateway's crate
//! documents every key but `provider`, which is the gateway's own program's.

use cordboard_gateway::config::Config;
use cordboard_gateway::{Gateway, MockBackend};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "cordboard.toml".to_owned());
    let mock = MockBackend::start(Default::default()).await?;
    let gateway = Gateway::builder(Config::load(path.as_ref())?).directory(mock.directory()).backend(|_journal| mock);
    gateway.build().await?.serve().await?;
    Ok(())
}
