//! What an app is, by environment: `[env.NAME]` in `cordboard.toml`.

use anyhow::{Context as _, Result, anyhow, bail};
use cordboard_hubspot::{Api, ApiVersion, AppId, CallingSettings, ChannelConnection, RecordingSettings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    env: BTreeMap<String, Environment>,
}

/// An environment, such as staging or production. It holds no secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Environment {
    /// The app's number.
    app_id: u32,
    /// The API's version.
    #[serde(default = "default_version")]
    api_version: String,
    /// Another server than HubSpot's, such as an emulator.
    #[serde(default)]
    api_url: Option<String>,
    /// How the widget is shown. HubSpot's own names; those that are not known here are sent as they are.
    pub(crate) settings: Option<CallingSettings>,
    /// Where recordings are.
    pub(crate) recording: Option<RecordingSettings>,
    /// Which numbers the help desk can connect.
    pub(crate) channel: Option<ChannelConnection>,
}

fn default_version() -> String {
    ApiVersion::March2026.to_string()
}

impl Environment {
    pub(crate) fn read(path: &Path, name: &str) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
        let mut file = parse(&text).with_context(|| format!("{} is not right", path.display()))?;
        let known: Vec<String> = file.env.keys().cloned().collect();
        let environment = file.env.remove(name);
        environment.with_context(|| format!("{} has no [env.{name}]; it has {}", path.display(), known.join(", ")))
    }

    pub(crate) const fn app(&self) -> AppId {
        AppId(self.app_id)
    }

    pub(crate) fn api(&self) -> Result<Api> {
        let version = match self.api_version.parse() {
            Ok(version) => version,
            Err(error) => bail!("api_version: {error}"),
        };
        match &self.api_url {
            Some(url) => Api::at(url, version).context("api_url"),
            None => Ok(Api::new(version)),
        }
    }
}

/// The file. Its errors name the line and repeat no value: somebody may have put a secret there.
fn parse(text: &str) -> Result<File> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let message: Vec<&str> = error.message().split('"').step_by(2).collect();
        anyhow!("line {}: {}", before.matches('\n').count() + 1, message.join("…"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordboard_hubspot::Setting as _;

    fn problem(text: &str) -> String {
        parse(text).err().unwrap().to_string()
    }

    #[test]
    fn what_is_not_known_is_named_and_not_repeated() {
        let shown = problem("[env.a]\napp_id = 1\ndeveloper_key = \"not-a-secret\"\n");
        assert!(shown.contains("line 3") && shown.contains("`developer_key`"), "{shown}");
        assert!(!shown.contains("not-a-secret"), "{shown}");
        let shown = problem("[env.a]\napp_id = \"not-a-secret\"\n");
        assert!(shown.starts_with("line 2: invalid type: string …"), "{shown}");
    }

    #[test]
    fn settings_have_hubspots_names_and_what_comes_later() {
        let text = r#"
            [env.staging]
            app_id = 123
            [env.staging.settings]
            name = "Cordboard"
            url = "https://widget.example.com/"
            width = 400
            height = 600
            supportsInboundCalling = true
            addedLater = "x"
        "#;
        let environment = parse(text).unwrap().env.remove("staging").unwrap();
        let settings = environment.settings.unwrap();
        assert!(settings.supports_inbound_calling && settings.uses_remote && !settings.is_ready);
        assert_eq!(settings.other["addedLater"], "x");
    }

    #[test]
    fn the_example_can_be_used() {
        let mut file = parse(include_str!("../cordboard.example.toml")).unwrap();
        let environment = file.env.remove("staging").unwrap();
        assert_eq!(environment.api().unwrap().version(), ApiVersion::March2026);
        let settings = environment.settings.unwrap();
        assert_eq!((settings.problems(), settings.other.len()), (vec![], 0));
        assert_eq!(environment.recording.unwrap().problems(), []);
        assert_eq!(environment.channel.unwrap().problems(), []);
    }
}
