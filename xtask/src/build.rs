//! Builds an app into `dist/NAME`.

use crate::flags::Build;
use crate::{app, setup};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// How to build an app.
pub(crate) struct Order<'a> {
    pub(crate) app: &'a str,
    /// Where it is, if not in this workspace.
    pub(crate) workspace: Option<&'a Path>,
    pub(crate) profile: Profile,
    /// CRM origins that may embed it, besides HubSpot's own.
    pub(crate) allow_hosts: &'a [String],
    /// Where its page may connect to, besides what the app itself says.
    pub(crate) connect: &'a [String],
    /// Installs the app's voice SDK if that is not ours to hand on: for demos and tests on this machine.
    pub(crate) adds_sdk: bool,
    /// Gets a folder named as the app.
    pub(crate) into: &'a Path,
}

impl<'a> Order<'a> {
    /// An app that only HubSpot may embed and that connects to what it says itself.
    pub(crate) const fn new(app: &'a str, profile: Profile, into: &'a Path) -> Self {
        Self { app, workspace: None, profile, allow_hosts: &[], connect: &[], adds_sdk: false, into }
    }
}

/// What a build is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Profile {
    /// To be there soon.
    Dev,
    /// To be small and fast.
    Release,
}

pub(crate) fn run(shell: &Shell, flags: &Build) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let profile = if flags.release { Profile::Release } else { Profile::Dev };
    let (workspace, into) = (flags.path.as_deref(), &dist(shell, flags.path.as_deref()));
    let order = Order { workspace, allow_hosts: &flags.allow_host, ..Order::new(name, profile, into) };
    let folder = build(shell, &order)?;
    crate::say(&format!("built {}", folder.display()));
    Ok(())
}

/// Where builds lie that are to be served.
pub(crate) fn dist(shell: &Shell, workspace: Option<&Path>) -> PathBuf {
    shell.current_dir().join(workspace.unwrap_or(Path::new(""))).join("dist")
}

/// Keeps the folders of the machine that builds out of what it builds: a panic names its source file.
fn without_paths(shell: &Shell) -> Result<String> {
    let home = match shell.var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(shell.var("HOME").context("set CARGO_HOME to cargo's folder")?).join(".cargo"),
    };
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    let flags = [format!("{}=cargo", home.display()), format!("{sysroot}/lib/rustlib/src/rust=rust")]
        .map(|prefix| format!("'--remap-path-prefix={prefix}'"));
    Ok(format!("target.wasm32-unknown-unknown.rustflags=[{}]", flags.join(", ")))
}

/// Builds an app and returns its folder.
pub(crate) fn build(shell: &Shell, order: &Order<'_>) -> Result<PathBuf> {
    let app = app::find(shell, order.app, order.workspace)?;
    setup::wasm_target(shell)?;
    let (profile, directory) = match order.profile {
        Profile::Dev => ("dev", "debug"),
        Profile::Release => ("wasm-release", "wasm-release"),
    };
    let (name, title, page, target) = (&app.name, &app.title, &app.page, setup::target_dir(shell));
    let mut compile = vec!["--profile".to_owned(), profile.to_owned()];
    if order.profile == Profile::Release {
        compile.extend(["--config".to_owned(), without_paths(shell)?]);
    }
    {
        let _there = shell.push_dir(&app.folder);
        cmd!(shell, "cargo build --bin {name} --target wasm32-unknown-unknown --target-dir {target} {compile...}")
            .run()?;
    }

    let wasm = target.join(format!("wasm32-unknown-unknown/{directory}/{name}.wasm"));
    let out = order.into.join(name);
    let hosts = order.allow_hosts.iter().flat_map(|host| ["--allow-host", host]);
    let mut bundle = cmd!(shell, "cargo run --quiet --package cordboard-bundle --")
        .args([
            "--wasm".as_ref(),
            wasm.as_os_str(),
            "--page".as_ref(),
            page.as_os_str(),
            "--out".as_ref(),
            out.as_os_str(),
        ])
        .args(["--title", title])
        .args(hosts);
    if let Some(theme) = &app.theme {
        bundle = bundle.arg("--theme").arg(theme);
    }
    if let Some(media) = &app.media {
        bundle = bundle.arg("--media").arg(media);
    }
    for source in app.connect.iter().chain(order.connect) {
        bundle = bundle.args(["--connect", source]);
    }
    if app.is_crm {
        bundle = bundle.arg("--crm");
    }
    if order.profile == Profile::Release {
        bundle = bundle.arg("--compress").arg("--wasm-opt").arg(setup::wasm_opt(shell)?);
    }
    if order.profile == Profile::Release || app.media.is_some() {
        bundle = bundle.arg("--esbuild").arg(setup::esbuild(shell)?);
    }
    if let Some(package) = &app.sdk {
        if order.adds_sdk {
            // Where esbuild looks, besides the folders above the script.
            bundle = bundle.env("NODE_PATH", setup::npm_package(shell, package)?);
        } else if !setup::is_installed(shell, package) {
            crate::say(&format!(
                "{name} will have no sound: its voice SDK is missing. Run npm install {package}, then build again."
            ));
        }
    }
    bundle.run()?;
    Ok(out)
}
