//! Builds an app into `dist/NAME`.

use crate::app::App;
use crate::flags::Build;
use crate::{app, setup};
use anyhow::{Context, Result};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
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
    /// The gateway of an app over one, if that does not serve the app.
    pub(crate) gateway: Option<&'a str>,
    /// Installs the app's voice SDK if that is not ours to hand on: for demos and tests on this machine.
    pub(crate) adds_sdk: bool,
    /// Gets a folder named as the app.
    pub(crate) into: &'a Path,
}

impl<'a> Order<'a> {
    /// An app that only HubSpot may embed and that connects to what it says itself.
    pub(crate) const fn new(app: &'a str, profile: Profile, into: &'a Path) -> Self {
        Self { app, workspace: None, profile, allow_hosts: &[], connect: &[], gateway: None, adds_sdk: false, into }
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

impl Profile {
    /// Cargo's profile, and the folder of what it makes.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Dev => ("dev", "debug"),
            Self::Release => ("wasm-release", "wasm-release"),
        }
    }
}

pub(crate) fn run(shell: &Shell, flags: &Build) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let profile = if flags.release { Profile::Release } else { Profile::Dev };
    let (workspace, into) = (flags.path.as_deref(), &dist(shell, flags.path.as_deref()));
    let (allow_hosts, gateway) = (&*flags.allow_host, flags.gateway.as_deref());
    let order = Order { workspace, allow_hosts, gateway, ..Order::new(name, profile, into) };
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
    compile(shell, &[&app], order.profile)?;
    bundle(shell, &app, order)
}

/// Builds apps of this workspace for release, side by side: most of what takes long uses one core. What they share gets the features
/// that any of them needs.
pub(crate) fn build_together(shell: &Shell, orders: &[Order<'_>]) -> Result<()> {
    let apps: Vec<App> = orders.iter().map(|order| app::find(shell, order.app, None)).collect::<Result<_>>()?;
    compile(shell, &apps.iter().collect::<Vec<_>>(), Profile::Release)?;
    thread::scope(|scope| {
        let bundle = |(app, order)| {
            let shell = shell.clone();
            scope.spawn(move || bundle(&shell, app, order))
        };
        let bundles: Vec<_> = apps.iter().zip(orders).map(bundle).collect();
        bundles.into_iter().try_for_each(|bundled| match bundled.join() {
            Ok(result) => result.map(drop),
            Err(panic) => resume_unwind(panic),
        })
    })
}

/// Compiles apps of one workspace.
fn compile(shell: &Shell, apps: &[&App], profile: Profile) -> Result<()> {
    setup::wasm_target(shell)?;
    let Some(first) = apps.first() else { return Ok(()) };
    let target = setup::target_dir(shell);
    let mut options = vec!["--profile".to_owned(), profile.names().0.to_owned()];
    if profile == Profile::Release {
        options.extend(["--config".to_owned(), without_paths(shell)?]);
    }
    let selected = apps.iter().flat_map(|app| ["--package", &app.package, "--bin", &app.name]);
    let _there = shell.push_dir(&first.folder);
    cmd!(shell, "cargo build {selected...} --target wasm32-unknown-unknown --target-dir {target} {options...}")
        .run()?;
    Ok(())
}

/// Makes a folder of what was compiled.
fn bundle(shell: &Shell, app: &App, order: &Order<'_>) -> Result<PathBuf> {
    let (name, title, page, target) = (&app.name, &app.title, &app.page, setup::target_dir(shell));
    let directory = order.profile.names().1;
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
    if let Some(gateway) = order.gateway {
        bundle = bundle.args(["--gateway", gateway]);
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
