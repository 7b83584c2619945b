//! Writes a provider of one's own: a crate that keeps the contract over a small wire, a service to develop against, and an app.

mod manifest;
mod name;
mod template;
#[cfg(test)]
mod tests;

use crate::flags::NewProvider;
use crate::setup;
use anyhow::{Context, Result, ensure};
use manifest::Manifest;
use name::Name;
use std::fs;
use std::path::{Path, PathBuf};
use template::Files;
use xshell::{Shell, cmd};

/// What CI generates.
const SAMPLE: &str = "sample-voice";
const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
/// What a workspace elsewhere has as this one has it: the compiler, its settings, and the versions that are known to work together.
const SHARED: [&str; 4] = ["Cargo.lock", "clippy.toml", "rust-toolchain.toml", "rustfmt.toml"];

pub(crate) fn run(shell: &Shell, flags: &NewProvider) -> Result<()> {
    let name = Name::parse(&flags.name)?;
    ensure_free(shell, &name)?;
    let root = &shell.current_dir();
    let next = match &flags.path {
        None => {
            add(shell, root, &name)?;
            format!(
                "Its README says where to begin: providers/{name}/README.md\n\n\
                 cargo test --package cordboard-{name}\ncargo xtask demo --app softphone-{name}"
            )
        }
        Some(folder) => {
            let folder = &std::path::absolute(folder)?;
            write_apart(shell, root, &name, folder)?;
            let folder = folder.display();
            format!(
                "Its README says where to begin: {folder}/README.md\n\n\
                 cd {folder} && cargo test\ncargo xtask demo --path {folder} --app softphone-{name}"
            )
        }
    };
    crate::say(&next);
    Ok(())
}

/// What a provider elsewhere must pass, made anew each time.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let temporary = shell.create_temp_dir()?;
    let folder = temporary.path().join("vendor");
    let target = setup::target_dir(shell);
    write_apart(shell, &shell.current_dir(), &Name::parse(SAMPLE)?, &folder)?;
    let _there = shell.push_dir(&folder);
    let _target = shell.push_env("CARGO_TARGET_DIR", target);
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets -- -D warnings").run()?;
    cmd!(shell, "cargo clippy --workspace --target wasm32-unknown-unknown -- -D warnings").run()?;
    cmd!(shell, "cargo test --workspace").run()?;
    Ok(())
}

/// Adds a provider to a workspace: all of it, or nothing.
fn add(shell: &Shell, root: &Path, name: &Name) -> Result<()> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let readme = read(&root.join("README.md"))?;
    let files = template::read(&Path::new(TEMPLATES).join("browser"), name)?;
    let changed = [
        (root.join("Cargo.toml"), &manifest, Manifest::parse(&manifest)?.with(name)?),
        (root.join("README.md"), &readme, template::with_row(&readme, name)?),
    ];
    let moves = [format!("providers/{name}"), format!("examples/softphone-{name}")];
    for path in &moves {
        ensure!(!root.join(path).exists(), "{path} is there already: choose another name");
    }

    let made = Made::write(shell, root.join(format!(".new-provider-{name}")), &files)?;
    let place = || -> Result<()> {
        for path in &moves {
            fs::rename(made.0.join(path), root.join(path)).with_context(|| format!("cannot make {path}"))?;
        }
        for (path, _, text) in &changed {
            write(path, text)?;
        }
        Ok(())
    };
    place().inspect_err(|_| {
        // As it was before; what can't be undone, the error is about.
        for path in &moves {
            let _ = fs::remove_dir_all(root.join(path));
        }
        for (path, before, _) in &changed {
            let _ = fs::write(path, before);
        }
    })
}

/// Writes a workspace elsewhere, which has the provider and nothing else in it.
fn write_apart(shell: &Shell, root: &Path, name: &Name, folder: &Path) -> Result<()> {
    ensure!(!folder.exists(), "{} is there already: name a folder that is not", folder.display());
    let parent = folder.parent().context("name a folder, not the root")?;
    let mut files = template::read(&Path::new(TEMPLATES).join("browser"), name)?;
    files.extend(template::read(&Path::new(TEMPLATES).join("apart"), name)?);
    let manifest = read(&root.join("Cargo.toml"))?;
    let manifest = Manifest::parse(&manifest)?;
    let used = template::dependencies(&files);
    files.insert("Cargo.toml".into(), manifest.apart(name, &used)?);
    files.insert(".cargo/config.toml".into(), manifest.patches(root, &used));
    for file in SHARED {
        files.insert(file.into(), read(&root.join(file))?);
    }
    for (path, text) in &mut files {
        if path.ends_with("Cargo.toml") {
            // Under which licence it is, its owner says.
            *text = text.replace("license.workspace = true\n", "");
        }
    }

    fs::create_dir_all(parent)?;
    let made = Made::write(shell, parent.join(format!(".new-provider-{name}")), &files)?;
    fs::rename(&made.0, folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Refuses a name that a crate has.
fn ensure_free(shell: &Shell, name: &Name) -> Result<()> {
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let taken = &package["name"];
        let is_free = *taken != name.package() && *taken != name.app();
        ensure!(is_free, "there is a crate {taken} already: choose another name");
    }
    Ok(())
}

/// What was made and is not yet in its place. What of it stays here goes.
struct Made(PathBuf);

impl Made {
    fn write(shell: &Shell, folder: PathBuf, files: &Files) -> Result<Self> {
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let made = Self(folder);
        let mut sources = Vec::new();
        for (path, text) in files {
            let path = made.0.join(path);
            fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            write(&path, text)?;
            sources.extend(path.extension().is_some_and(|extension| extension == "rs").then_some(path));
        }
        // A longer name breaks lines elsewhere, and sorts elsewhere.
        let settings = Path::new(TEMPLATES).join("../../rustfmt.toml");
        cmd!(shell, "rustfmt --edition 2024 --config-path {settings} {sources...}").quiet().run()?;
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // It is gone when all of it was moved.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
