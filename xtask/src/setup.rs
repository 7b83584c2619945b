//! The tools that tasks need: each is looked for, and installed or named in one line.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// The version of cargo-deny that `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";
/// The version of mdBook that the guide is written for.
const MDBOOK: &str = "0.5.4";

/// Where cargo builds.
pub(crate) fn target_dir(shell: &Shell) -> PathBuf {
    let path = shell.var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    shell.current_dir().join(path)
}

/// Keeps others from installing `what` as long as the result lives: tasks run side by side, and npm empties the folder that it installs
/// into.
fn alone(shell: &Shell, what: &str) -> Result<File> {
    let folder = target_dir(shell).join("setup");
    shell.create_dir(&folder)?;
    let path = folder.join(format!("{what}.lock"));
    let lock = || {
        let file = File::create(&path)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    };
    lock().with_context(|| format!("cannot lock {}", path.display()))
}

/// rustc's output for browsers.
pub(crate) fn wasm_target(shell: &Shell) -> Result<()> {
    let _alone = alone(shell, "rustup")?;
    let sysroot = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    if shell.path_exists(Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown")) {
        return Ok(());
    }
    cmd!(shell, "rustup target add wasm32-unknown-unknown")
        .run()
        .context("install the wasm32-unknown-unknown target of this Rust toolchain, then try again")
}

/// binaryen's optimiser, from npm.
pub(crate) fn wasm_opt(shell: &Shell) -> Result<PathBuf> {
    npm_packages(shell)?;
    Ok(shell.current_dir().join("node_modules/binaryen/bin/wasm-opt"))
}

/// The minifier for scripts and style sheets, from npm.
pub(crate) fn esbuild(shell: &Shell) -> Result<PathBuf> {
    npm_packages(shell)?;
    Ok(shell.current_dir().join("node_modules/esbuild/bin/esbuild"))
}

/// The packages of `package-lock.json`.
pub(crate) fn npm_packages(shell: &Shell) -> Result<()> {
    let version = cmd!(shell, "node --version").quiet().read().context("install Node.js 20 or newer")?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(major.is_some_and(|major| major >= 20), "Node.js is {version}: install 20 or newer");
    let _alone = alone(shell, "npm")?;
    // npm ends an installation with the inner lock file.
    let written = |path: &str| shell.current_dir().join(path).metadata().and_then(|metadata| metadata.modified()).ok();
    if written("node_modules/.package-lock.json") >= written("package-lock.json") {
        return Ok(());
    }
    cmd!(shell, "npm ci").run().context("npm could not install what package-lock.json lists")
}

/// A package that is not in `package-lock.json`, `NAME@VERSION`, installed apart from those that are. Returns the folder of modules.
pub(crate) fn npm_package(shell: &Shell, package: &str) -> Result<PathBuf> {
    let folder = target_dir(shell).join("npm").join(package);
    let modules = folder.join("node_modules");
    let _alone = alone(shell, "npm")?;
    if !shell.path_exists(modules.join(name_of(package))) {
        cmd!(shell, "npm install --no-save --no-package-lock --no-audit --no-fund --prefix {folder} {package}")
            .run()
            .with_context(|| format!("npm could not install {package}"))?;
    }
    Ok(modules)
}

/// Whether the workspace has that package, whatever version.
pub(crate) fn is_installed(shell: &Shell, package: &str) -> bool {
    shell.path_exists(Path::new("node_modules").join(name_of(package)))
}

/// A package's name without its version. A name may begin with an @.
fn name_of(package: &str) -> &str {
    package.rsplit_once('@').map_or(package, |(name, _)| if name.is_empty() { package } else { name })
}

/// A Chromium for the tests: `CHROMIUM`, or what the system has, or Debian's package.
pub(crate) fn chromium(shell: &Shell) -> Result<PathBuf> {
    if let Some(path) = shell.var_os("CHROMIUM") {
        ensure!(shell.path_exists(&path), "CHROMIUM names {}, which is not there", path.display());
        return Ok(path.into());
    }
    let _alone = alone(shell, "chromium")?;
    if let Some(path) = installed_chromium(shell) {
        return Ok(path);
    }
    let is_root = cmd!(shell, "id -u").quiet().read().is_ok_and(|id| id == "0");
    if is_root && on_path(shell, "apt-get").is_some() {
        cmd!(shell, "apt-get update").run()?;
        cmd!(shell, "apt-get install --yes --no-install-recommends chromium").run()?;
    }
    installed_chromium(shell).context("install Chromium, or set CHROMIUM to its path")
}

fn installed_chromium(shell: &Shell) -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(|name| on_path(shell, name))
}

/// cargo-deny.
pub(crate) fn cargo_deny(shell: &Shell) -> Result<PathBuf> {
    program(shell, "cargo-deny", CARGO_DENY, &[])
}

/// mdBook, without the server that it would bring along.
pub(crate) fn mdbook(shell: &Shell) -> Result<PathBuf> {
    program(shell, "mdbook", MDBOOK, &["--no-default-features", "--features", "search"])
}

/// A program of crates.io, kept in the target folder. Without optimisation: that is built in half the time, and works in seconds.
fn program(shell: &Shell, name: &str, version: &str, features: &[&str]) -> Result<PathBuf> {
    let root = target_dir(shell).join("tools");
    let program = root.join("bin").join(name);
    let _alone = alone(shell, name)?;
    let installed = cmd!(shell, "{program} --version").quiet().ignore_status().ignore_stderr().read();
    if !installed.is_ok_and(|installed| installed.ends_with(version)) {
        cmd!(shell, "cargo install {name} --debug --locked --version {version} {features...} --root {root}").run()?;
    }
    Ok(program)
}

fn on_path(shell: &Shell, name: &str) -> Option<PathBuf> {
    std::env::split_paths(&shell.var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::TryLockError;

    #[test]
    fn what_is_installed_is_installed_by_one_at_a_time() {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        shell.set_var("CARGO_TARGET_DIR", folder.path());
        let first = alone(&shell, "npm").unwrap();
        let second = File::open(folder.path().join("setup/npm.lock")).unwrap();
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        alone(&shell, "rustup").unwrap();
        drop(first);
        second.try_lock().unwrap();
    }

    #[test]
    fn a_package_is_named_with_or_without_its_version() {
        let packages = ["@vonage/client-sdk@2.3.1", "@vonage/client-sdk", "esbuild@0.28.2", "esbuild"];
        assert_eq!(packages.map(name_of), ["@vonage/client-sdk", "@vonage/client-sdk", "esbuild", "esbuild"]);
    }
}
