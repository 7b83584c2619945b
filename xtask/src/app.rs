//! The apps of this workspace: its crates with a program that mounts a page.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// What `--app` is when it is not given.
pub(crate) const DEFAULT: &str = "softphone";
/// The CRM page for demos and tests.
pub(crate) const SIMULATOR: &str = "cordboard-simulator";
/// Whoever depends on it can mount it, and its page is the default page.
const WIDGET: &str = "cordboard-widget";

/// A crate that can be bundled.
#[derive(Debug, PartialEq)]
pub(crate) struct App {
    /// The name of its program.
    pub(crate) name: String,
    /// The name of its crate.
    pub(crate) package: String,
    /// The folder of its crate.
    pub(crate) folder: PathBuf,
    pub(crate) title: String,
    pub(crate) page: PathBuf,
    pub(crate) theme: Option<PathBuf>,
    /// The script of the provider's voice SDK.
    pub(crate) media: Option<PathBuf>,
    /// The npm package that script is made for and that is not ours to hand on, as `NAME@VERSION`.
    pub(crate) sdk: Option<String>,
    /// Where the page may connect to, besides its own origin.
    pub(crate) connect: Vec<String>,
    /// The example that a demo starts beside it.
    pub(crate) service: Option<String>,
    /// It is a CRM, which embeds widgets.
    pub(crate) is_crm: bool,
}

/// Finds an app by the name of its program, in this workspace or another.
pub(crate) fn find(shell: &Shell, name: &str, workspace: Option<&Path>) -> Result<App> {
    let default_page = shell.current_dir().join("widget/static/index.html");
    // Where it is told what cargo's settings are.
    let _there = workspace.map(|workspace| shell.push_dir(workspace));
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let mut apps = all(&serde_json::from_str(&metadata)?, &default_page)?;
    match apps.iter().position(|app| app.name == name) {
        Some(index) => Ok(apps.swap_remove(index)),
        None => {
            let known: Vec<&str> = apps.iter().map(|app| app.name.as_str()).collect();
            bail!("there is no app {name:?}; there are {}", known.join(", "))
        }
    }
}

/// A gateway over a provider of somebody's own.
pub(crate) struct Gateway {
    /// The name of its program.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The provider's crate.
    pub(crate) provider: String,
    /// The provider's example that a demo starts beside it.
    pub(crate) service: String,
}

/// Finds the gateway of a provider, in this workspace or another.
pub(crate) fn gateway(shell: &Shell, provider: &str, workspace: Option<&Path>) -> Result<Gateway> {
    let _there = workspace.map(|workspace| shell.push_dir(workspace));
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let name = format!("gateway-{provider}");
    let package = metadata["packages"].as_array().into_iter().flatten().find(|package| package["name"] == *name);
    let package = package.with_context(|| format!("there is no demo of {provider:?}, and no crate {name}"))?;
    let service = text(&package["metadata"]["cordboard-gateway"], "service")?.to_owned();
    Ok(Gateway { folder: folder(package)?.to_owned(), provider: format!("cordboard-{provider}"), service, name })
}

fn all(metadata: &Value, default_page: &Path) -> Result<Vec<App>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let mut apps = Vec::new();
    for package in packages.iter().filter(|package| mounts(package)) {
        let settings = &package["metadata"]["cordboard"];
        let folder = folder(package)?;
        let in_folder = |key: &str| settings[key].as_str().map(|path| folder.join(path));
        for name in programs(package) {
            apps.push(App {
                name: name.to_owned(),
                package: text(package, "name")?.to_owned(),
                folder: folder.to_owned(),
                title: settings["title"].as_str().unwrap_or("Phone").to_owned(),
                page: in_folder("page").unwrap_or_else(|| default_page.to_owned()),
                theme: in_folder("theme"),
                media: in_folder("media"),
                sdk: settings["sdk"].as_str().map(str::to_owned),
                connect: settings["connect"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                service: settings["service"].as_str().map(str::to_owned),
                is_crm: settings["crm"] == true,
            });
        }
    }
    Ok(apps)
}

fn mounts(package: &Value) -> bool {
    let depends_on_widget =
        package["dependencies"].as_array().is_some_and(|all| all.iter().any(|dependency| dependency["name"] == WIDGET));
    depends_on_widget || package["metadata"]["cordboard"].is_object()
}

fn programs(package: &Value) -> impl Iterator<Item = &str> {
    let is_program =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin"));
    package["targets"].as_array().into_iter().flatten().filter(is_program).filter_map(|target| target["name"].as_str())
}

fn folder(package: &Value) -> Result<&Path> {
    Path::new(text(package, "manifest_path")?).parent().context("a manifest lies in a folder")
}

fn text<'a>(package: &'a Value, key: &str) -> Result<&'a str> {
    package[key].as_str().with_context(|| format!("cargo metadata names no {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn package(name: &str, kind: &str, depends_on: &str, metadata: Value) -> Value {
        json!({
            "name": name, "manifest_path": format!("/w/{name}/Cargo.toml"), "metadata": metadata,
            "targets": [{ "name": name, "kind": [kind] }], "dependencies": [{ "name": depends_on }],
        })
    }

    #[test]
    fn apps_are_programs_that_mount() {
        let metadata = json!({ "packages": [
            package("minimal", "bin", "cordboard-widget", json!(null)),
            package("a-library", "lib", "cordboard-widget", json!(null)),
            package("a-tool", "bin", "anyhow", json!(null)),
            package("crm", "bin", "leptos", json!({ "cordboard": { "title": "CRM", "page": "page.html", "theme": "theme.css", "media": "media.js", "sdk": "@voice/sdk@1.0.0", "connect": ["wss://voice.example.com"], "service": "voice", "crm": true } })),
        ]});
        let apps = all(&metadata, Path::new("/w/page.html")).unwrap();
        assert_eq!(
            apps,
            [
                App {
                    name: "minimal".to_owned(),
                    package: "minimal".to_owned(),
                    folder: "/w/minimal".into(),
                    title: "Phone".to_owned(),
                    page: "/w/page.html".into(),
                    theme: None,
                    media: None,
                    sdk: None,
                    connect: Vec::new(),
                    service: None,
                    is_crm: false,
                },
                App {
                    name: "crm".to_owned(),
                    package: "crm".to_owned(),
                    folder: "/w/crm".into(),
                    title: "CRM".to_owned(),
                    page: "/w/crm/page.html".into(),
                    theme: Some("/w/crm/theme.css".into()),
                    media: Some("/w/crm/media.js".into()),
                    sdk: Some("@voice/sdk@1.0.0".to_owned()),
                    connect: vec!["wss://voice.example.com".to_owned()],
                    service: Some("voice".to_owned()),
                    is_crm: true,
                },
            ]
        );
    }
}
