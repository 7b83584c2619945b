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
use template::{BROWSER, Files, SERVER, Template};
use xshell::{Shell, cmd};

/// Where templates' paths begin.
const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What a workspace elsewhere has as this one has it: the compiler, its settings, and the versions that are known to work together.
const SHARED: [&str; 4] = ["Cargo.lock", "clippy.toml", "rust-toolchain.toml", "rustfmt.toml"];

pub(crate) fn run(shell: &Shell, flags: &NewProvider) -> Result<()> {
    ensure!(
        !(flags.browser && flags.server),
        "choose --browser or --server: a line is in the page or behind a gateway"
    );
    let template = if flags.server { &SERVER } else { &BROWSER };
    let name = Name::parse(&flags.name)?;
    let root = &shell.current_dir();
    let demo = template.filled(template.demo, &name);
    let next = match &flags.path {
        None => {
            ensure_free(shell, &[&name.package(), &template.app(&name)])?;
            add(shell, root, template, &name)?;
            format!(
                "Its README says where to begin: providers/{name}/README.md\n\n\
                 cargo test --package cordboard-{name}\ncargo xtask demo {demo}"
            )
        }
        Some(folder) => {
            let folder = &std::path::absolute(folder)?;
            write_apart(shell, root, template, &name, folder)?;
            let folder = folder.display();
            format!(
                "Its README says where to begin: {folder}/README.md\n\n\
                 cd {folder} && cargo test\ncargo xtask demo --path {folder} {demo}"
            )
        }
    };
    crate::say(&next);
    Ok(())
}

/// Compiles what vendors elsewhere get, over this repository as it is: the browser's with its tests and app, and the server's crate. Features are
/// those that they declare themselves: here, other crates may have asked for more. So little of what is compiled here serves them, and all of
/// a gateway again would take minutes.
pub(crate) fn compile(shell: &Shell) -> Result<()> {
    let root = &shell.current_dir();
    let target = &setup::target_dir(shell);
    let temporary = shell.create_temp_dir()?;
    let name = Name::parse("sample-voice")?;
    let package = name.package();
    for (template, folder, what) in
        [(&BROWSER, "browser", ["--workspace", "--all-targets"]), (&SERVER, "server", ["--package", &package])]
    {
        let folder = &temporary.path().join(folder);
        write_apart(shell, root, template, &name, folder)?;
        let _there = shell.push_dir(folder);
        // With this workspace's profile, or nothing that is compiled already would serve.
        let profile = ["--config", r#"profile.dev.debug="line-tables-only""#];
        cmd!(shell, "cargo check --offline {profile...} {what...}").env("CARGO_TARGET_DIR", target).run()?;
    }
    Ok(())
}

/// Adds a provider to a workspace: all of it, or nothing.
fn add(shell: &Shell, root: &Path, template: &Template, name: &Name) -> Result<()> {
    let app = template.app(name);
    let manifest = read(&root.join("Cargo.toml"))?;
    let readme = read(&root.join("README.md"))?;
    let files = template.crates(TEMPLATES.as_ref(), name)?;
    let changed = [
        (root.join("Cargo.toml"), &manifest, Manifest::parse(&manifest)?.with(name, &app)?),
        (root.join("README.md"), &readme, template.with_row(&readme, name)?),
    ];
    let moves = [format!("providers/{name}"), format!("examples/{app}")];
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
fn write_apart(shell: &Shell, root: &Path, template: &Template, name: &Name, folder: &Path) -> Result<()> {
    ensure!(!folder.exists(), "{} is there already: name a folder that is not", folder.display());
    let parent = folder.parent().context("name a folder, not the root")?;
    let mut files = template.crates(TEMPLATES.as_ref(), name)?;
    files.extend(template.apart(TEMPLATES.as_ref(), name)?);
    let manifest = read(&root.join("Cargo.toml"))?;
    let manifest = Manifest::parse(&manifest)?;
    let mut used = template::dependencies(&files);
    // Its own, which may have the name of the template's.
    used.remove(&name.package());
    files.insert("Cargo.toml".into(), manifest.apart(name, &template.app(name), &used)?);
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

/// Refuses names that crates have.
fn ensure_free(shell: &Shell, names: &[&str]) -> Result<()> {
    let metadata = cmd!(shell, "cargo metadata --no-deps --format-version 1").quiet().read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let taken = &package["name"];
        ensure!(names.iter().all(|name| taken != name), "there is a crate {taken} already: choose another name");
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
        let settings = Path::new(TEMPLATES).join("rustfmt.toml");
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
