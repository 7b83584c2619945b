//! Builds an app into `dist/NAME`.

use crate::flags::Build;
use crate::{app, setup};
use anyhow::Result;
use std::path::PathBuf;
use xshell::{Shell, cmd};

pub(crate) fn run(shell: &Shell, flags: &Build) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let folder = build(shell, name, flags.release, &flags.allow_host)?;
    crate::say(&format!("built {}", folder.display()));
    Ok(())
}

/// Builds an app and returns its folder.
pub(crate) fn build(shell: &Shell, name: &str, release: bool, allow_hosts: &[String]) -> Result<PathBuf> {
    let app = app::find(shell, name)?;
    setup::wasm_target(shell)?;
    let profile = if release { "wasm-release" } else { "dev" };
    let (package, name, title, page) = (&app.package, &app.name, &app.title, &app.page);
    cmd!(shell, "cargo build --package {package} --bin {name} --target wasm32-unknown-unknown --profile {profile}")
        .run()?;

    let directory = if release { profile } else { "debug" };
    let wasm = setup::target_dir(shell).join(format!("wasm32-unknown-unknown/{directory}/{name}.wasm"));
    let out = shell.current_dir().join("dist").join(name);
    let hosts: Vec<String> = allow_hosts.iter().flat_map(|host| ["--allow-host".to_owned(), host.clone()]).collect();
    let mut bundle = cmd!(
        shell,
        "cargo run --quiet --package cordboard-bundle -- --wasm {wasm} --page {page} --out {out} --title {title}"
    )
    .args(hosts);
    if let Some(theme) = &app.theme {
        bundle = bundle.arg("--theme").arg(theme);
    }
    if app.is_crm {
        bundle = bundle.arg("--crm");
    }
    if release {
        bundle = bundle.arg("--wasm-opt").arg(setup::wasm_opt(shell)?);
    }
    bundle.run()?;
    Ok(out)
}
