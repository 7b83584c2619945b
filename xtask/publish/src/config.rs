//! What an app is, by environment: `[env.NAME]` in `cordboard.toml`.

use crate::setting::Wanted;
use anyhow::{Context as _, Result, anyhow, bail};
use cordboard_hubspot::{Api, ApiVersion, AppId, CallingSettings, ChannelConnection, RecordingSettings};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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
    /// Where its files are published.
    publish: Option<Publishing>,
}

/// Where an app's files are published.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publishing {
    /// Which app is built.
    #[serde(default = "default_app")]
    pub(crate) app: String,
    /// The gateway of an app over one, if that does not serve the app.
    pub(crate) gateway: Option<String>,
    /// A folder, or an address such as `s3://bucket/folder`.
    pub(crate) store: String,
    /// How that is reached, as `object_store` names it, such as `aws_region`.
    #[serde(default)]
    pub(crate) options: BTreeMap<String, String>,
    /// The `app-hsmeta.json` of the app's project.
    pub(crate) project: Option<PathBuf>,
    /// Bytes of brotli that a first visit may load.
    #[serde(default = "default_budget")]
    pub(crate) budget: usize,
    /// Who is asked in the place of the host in the widget's address.
    pub(crate) resolve: Option<SocketAddr>,
}

fn default_app() -> String {
    "softphone".to_owned()
}

const fn default_budget() -> usize {
    70_000
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

    /// What HubSpot is to know.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted { settings: self.settings.clone(), recording: self.recording.clone(), channel: self.channel.clone() }
    }

    pub(crate) fn publishing(&self) -> Result<&Publishing> {
        let publishing = self.publish.as_ref().context("the configuration has no publish for this environment")?;
        let secret = |name: &&String| {
            let name = name.to_ascii_lowercase();
            ["key", "secret", "token", "password", "sas", "credential"].iter().any(|word| name.contains(word))
        };
        if let Some(name) = publishing.options.keys().find(secret) {
            bail!("publish.options: {name} is a secret, and secrets come from the environment");
        }
        Ok(publishing)
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
    fn secrets_are_not_options() {
        let text = "[env.a]\napp_id = 1\n[env.a.publish]\nstore = \"s3://a\"\n[env.a.publish.options]\n";
        for name in ["aws_secret_access_key", "AWS_ACCESS_KEY_ID", "azure_storage_sas_token"] {
            let environment = parse(&format!("{text}{name} = \"not-a-secret\"")).unwrap().env.remove("a").unwrap();
            let shown = format!("{:#}", environment.publishing().unwrap_err());
            assert!(shown.contains(name) && !shown.contains("not-a-secret"), "{shown}");
        }
    }

    #[test]
    fn the_example_can_be_used() {
        let mut file = parse(include_str!("../cordboard.example.toml")).unwrap();
        let environment = file.env.remove("staging").unwrap();
        assert_eq!(environment.api().unwrap().version(), ApiVersion::March2026);
        assert_eq!(environment.publishing().unwrap().app, "softphone");
        let settings = environment.settings.unwrap();
        assert_eq!((settings.problems(), settings.other.len()), (vec![], 0));
        assert_eq!(environment.recording.unwrap().problems(), []);
        assert_eq!(environment.channel.unwrap().problems(), []);
    }
}
