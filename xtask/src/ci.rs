//! Everything that a change must pass.

use crate::flags::Size;
use crate::{new_provider, setup, size, test};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::env;
use xshell::{Shell, cmd};

/// What never runs in a browser, nor does what depends on it.
const NATIVE: [&str; 9] = [
    "xtask",
    "cordboard-bundle",
    "cordboard-load",
    "cordboard-publish",
    "cordboard-serve",
    "cordboard-bridge",
    "cordboard-gateway",
    "cordboard-hubspot",
    "cordboard-hubspot-emulator",
];

pub(crate) fn run(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()?;
    test::run_beside(shell, politely)
}

/// The rest, in a process that leaves the processor to others.
fn politely(shell: &Shell) -> Result<()> {
    let this = env::current_exe()?;
    let output = cmd!(shell, "nice -n 19 {this} ci-rest").ignore_status().output()?;
    // In one piece, not between what the tests say.
    crate::say(&format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout)));
    ensure!(output.status.success(), "cargo xtask ci-rest failed: {}", output.status);
    Ok(())
}

/// What is slow and hinders nobody.
pub(crate) fn rest(shell: &Shell) -> Result<()> {
    setup::wasm_target(shell)?;
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let native = native(&serde_json::from_str(&metadata)?)?;
    let native = native.iter().flat_map(|name| ["--exclude", name]);
    cmd!(shell, "cargo clippy --workspace {native...} --target wasm32-unknown-unknown -- -D warnings").run()?;
    new_provider::compile(shell)?;
    cmd!(shell, "cargo doc --workspace --no-deps --all-features").env("RUSTDOCFLAGS", "-D warnings").run()?;
    let deny = setup::cargo_deny(shell)?;
    cmd!(shell, "{deny} check bans licenses sources").run()?;
    size::run(shell, &Size { app: None })
}

/// The crates that never run in a browser. A provider's own are found by what they depend on.
fn native(metadata: &Value) -> Result<BTreeSet<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let mut native = BTreeSet::from(NATIVE.map(str::to_owned));
    loop {
        let depends = |package: &&Value| {
            // What tests need says nothing of where a crate runs.
            let needed =
                package["dependencies"].as_array().into_iter().flatten().filter(|needed| needed["kind"].is_null());
            needed.filter_map(|needed| needed["name"].as_str()).any(|name| native.contains(name))
        };
        let names = packages.iter().filter(depends).filter_map(|package| package["name"].as_str());
        let more: BTreeSet<_> = names.map(str::to_owned).filter(|name| !native.contains(name)).collect();
        if more.is_empty() {
            return Ok(native);
        }
        native.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_depends_on_a_native_crate_is_native() {
        let package = |name: &str, needs: &str, kind: Option<&str>| json!({ "name": name, "dependencies": [{ "name": needs, "kind": kind }] });
        let metadata = json!({ "packages": [
            package("gateway-acme", "cordboard-acme", None),
            package("cordboard-acme", "cordboard-bridge", None),
            package("cordboard-page", "cordboard-bridge", Some("dev")),
            package("minimal", "cordboard-widget", None),
        ]});
        let native = native(&metadata).unwrap();
        let others: Vec<_> = native.iter().filter(|name| !NATIVE.contains(&name.as_str())).collect();
        assert_eq!(others, ["cordboard-acme", "gateway-acme"]);
    }
}
