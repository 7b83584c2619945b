//! The gateway over Tin Can. The configuration is the path that is given, or `cordboard.toml`: `cordboard.example.toml` in the gateway's
//! crate documents every key but those of `[provider]`, which are read here. Secrets are better given by the environment, such as
//! `CORDBOARD__PROVIDER__API_KEY`.

use cordboard::telephony::Backend;
use cordboard_bridge::{Https, Switchboard};
use cordboard_gateway::config::{Config, Keys, Problems};
use cordboard_gateway::{Gateway, SystemClock};
use cordboard_tin_can::{TinCanCarrier, TinCanConfig};
use std::path::Path;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "cordboard.toml".to_owned());
    let (config, tin_can) = load(path.as_ref())?;
    let transport = Arc::new(Https::new()?);
    let gateway = Gateway::builder(config).try_backend(move |journal| {
        let switchboard = Switchboard::<TinCanCarrier>::new(tin_can, transport, journal, Arc::new(SystemClock))?;
        Ok(Arc::new(switchboard) as Arc<dyn Backend>)
    });
    gateway.build().await?.serve().await?;
    Ok(())
}

/// The configuration of the gateway and of the provider, or everything that is wrong with them.
fn load(path: &Path) -> Result<(Config, TinCanConfig), Problems> {
    let mut keys = Keys::load(path)?;
    let config = Config::read(&mut keys);
    let [api_url, api_key, webhook_secret] =
        ["api_url", "api_key", "webhook_secret"].map(|key| keys.secret(&format!("provider.{key}")).unwrap_or_default());
    let provider = config.as_ref().map(|config| TinCanConfig {
        api_url,
        api_key: api_key.into(),
        webhook_secret: webhook_secret.into(),
        public_url: config.server.public_url.as_str().to_owned(),
        backlog: config.socket.backlog,
    });
    for problem in provider.iter().flat_map(TinCanConfig::problems) {
        let key = if problem.key == "public_url" { "server.public_url" } else { &format!("provider.{}", problem.key) };
        keys.wrong(key, problem.problem);
    }
    keys.finish()?;
    config.zip(provider).ok_or_else(|| Problems(Vec::new()))
}
