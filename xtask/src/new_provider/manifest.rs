//! A workspace's manifest, as lines: what is added to it, and what another workspace takes over.

use super::name::Name;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

/// What a new crate begins with.
const VERSION: &str = "0.1.0";

/// A manifest by its tables, each with its head and the comments above it.
pub(crate) struct Manifest<'a>(Vec<Table<'a>>);

struct Table<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Manifest<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self> {
        let mut tables: Vec<Table<'_>> = Vec::new();
        let mut comments = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                comments.push(line);
                tables.push(Table { name, lines: std::mem::take(&mut comments) });
            } else if line.starts_with('#') {
                comments.push(line);
            } else {
                let table = tables.last_mut().context("a manifest begins with a table")?;
                table.lines.append(&mut comments);
                table.lines.push(line);
            }
        }
        Ok(Self(tables))
    }

    fn table(&self, name: &str) -> Result<&Table<'a>> {
        self.0.iter().find(|table| table.name == name).with_context(|| format!("Cargo.toml has no [{name}]"))
    }

    /// With a provider's crates among its own.
    pub(crate) fn with(&self, name: &Name, app: &str) -> Result<String> {
        let (members, dependencies) = (self.table("workspace")?, self.table("workspace.dependencies")?);
        let mut text = String::new();
        for table in &self.0 {
            let mut lines: Vec<String> = table.lines.iter().map(|line| (*line).to_owned()).collect();
            if table.name == members.name {
                insert(&mut lines, "members = [", format!("  \"{}\",", provider(name)))?;
                insert(&mut lines, "members = [", format!("  \"examples/{app}\","))?;
            } else if table.name == dependencies.name {
                insert(&mut lines, "[workspace.dependencies]", dependency(name))?;
            }
            text.extend(lines.into_iter().map(|line| line + "\n"));
        }
        Ok(text)
    }

    /// The manifest of another workspace, which has a provider's crates and depends on published ones.
    pub(crate) fn apart(&self, name: &Name, app: &str, used: &BTreeSet<String>) -> Result<String> {
        let provider = provider(name);
        let mut text = format!("[workspace]\nresolver = \"3\"\nmembers = [\"examples/{app}\", \"{provider}\"]\n\n");
        let known = |key: &str| self.table("workspace.package").map(|table| table.value(key));
        let (edition, rust) = (known("edition")?, known("rust-version")?);
        let (edition, rust) = (edition.context("no edition")?, rust.context("no rust-version")?);
        text +=
            &format!("[workspace.package]\nversion = \"{VERSION}\"\nedition = {edition}\nrust-version = {rust}\n\n");
        text += "[workspace.dependencies]\n";
        for line in &self.table("workspace.dependencies")?.lines {
            match line.split_once(" = ") {
                Some((crate_name, _)) if !used.contains(crate_name) => {}
                Some((crate_name, value)) if value.contains("path = ") => {
                    let version = value.split('"').nth(1).context("a crate of ours has a version")?;
                    text += &format!("{crate_name} = \"{version}\"\n");
                }
                Some(_) => text += &format!("{line}\n"),
                None => {}
            }
        }
        text += &format!("{}\n\n", dependency(name));
        let is_shared = |table: &&Table<'_>| {
            table.name.starts_with("workspace.lints.")
                || (table.name.starts_with("profile.") && !table.name.contains(".package."))
        };
        for line in self.0.iter().filter(is_shared).flat_map(|table| &table.lines) {
            text += &format!("{line}\n");
        }
        Ok(text)
    }

    /// Where a workspace elsewhere takes the crates from that are not published yet.
    pub(crate) fn patches(&self, root: &Path, used: &BTreeSet<String>) -> String {
        let mut text = "# Cordboard's crates are not on crates.io yet: until they are, this is where they come from.\n\
            [patch.crates-io]\n"
            .to_owned();
        for line in self.0.iter().filter(|table| table.name == "workspace.dependencies").flat_map(|table| &table.lines)
        {
            let path = line.split_once("path = \"").and_then(|(_, rest)| rest.split('"').next());
            if let (Some((name, _)), Some(path)) = (line.split_once(" = "), path)
                && used.contains(name)
            {
                // As Rust writes it, which TOML reads alike.
                text += &format!("{name} = {{ path = {:?} }}\n", root.join(path));
            }
        }
        text
    }
}

impl<'a> Table<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
    }
}

fn provider(name: &Name) -> String {
    format!("providers/{name}")
}

fn dependency(name: &Name) -> String {
    format!("{} = {{ version = \"{VERSION}\", path = \"{}\" }}", name.package(), provider(name))
}

/// Puts a line in its place among the sorted ones that follow a head.
fn insert(lines: &mut Vec<String>, head: &str, line: String) -> Result<()> {
    let start = lines.iter().position(|known| known == head).with_context(|| format!("Cargo.toml has no {head}"))? + 1;
    let count =
        lines.iter().skip(start).take_while(|known| !known.is_empty() && **known < line && *known != "]").count();
    ensure!(lines.get(start + count).is_none_or(|known| *known != line), "Cargo.toml has {line} already");
    lines.insert(start + count, line);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = r#"[workspace]
resolver = "3"
members = [
  "examples/minimal",
  "providers/mock",
  "xtask",
]
# Apart.
exclude = ["fuzz"]

[workspace.package]
version = "0.3.0"
edition = "2024"
rust-version = "1.95"
license = "MIT"

[workspace.dependencies]
cordboard = { version = "0.3.0", path = "crates/core" }
cordboard-mock = { version = "0.3.0", path = "providers/mock" }

serde_json = "1.0"
tokio = "1"

[workspace.lints.rust]
missing_docs = "warn"

[profile.dev]
debug = "line-tables-only"

# For speed.
[profile.dev.package.sha2]
opt-level = 3

# Small.
[profile.wasm-release]
opt-level = "z"
"#;

    const APP: &str = "softphone-acme";

    fn name() -> Name {
        Name::parse("acme").unwrap()
    }

    #[test]
    fn a_manifest_is_what_was_read() {
        let manifest = Manifest::parse(ROOT).unwrap();
        let lines = manifest.0.iter().flat_map(|table| &table.lines);
        assert_eq!(lines.map(|line| format!("{line}\n")).collect::<String>(), ROOT);
    }

    #[test]
    fn crates_are_added_in_order() {
        let text = Manifest::parse(ROOT).unwrap().with(&name(), APP).unwrap();
        let expected = ROOT
            .replace(
                "  \"providers/mock\",\n",
                "  \"examples/softphone-acme\",\n  \"providers/acme\",\n  \"providers/mock\",\n",
            )
            .replace(
                "cordboard-mock =",
                "cordboard-acme = { version = \"0.1.0\", path = \"providers/acme\" }\ncordboard-mock =",
            );
        assert_eq!(text, expected);
        assert!(Manifest::parse(&text).unwrap().with(&name(), APP).is_err(), "it is there already");
    }

    #[test]
    fn another_workspace_depends_on_what_is_published() {
        let manifest = Manifest::parse(ROOT).unwrap();
        let used = BTreeSet::from(["cordboard".to_owned(), "tokio".to_owned()]);
        let expected = r#"[workspace]
resolver = "3"
members = ["examples/softphone-acme", "providers/acme"]

[workspace.package]
version = "0.1.0"
edition = "2024"
rust-version = "1.95"

[workspace.dependencies]
cordboard = "0.3.0"
tokio = "1"
cordboard-acme = { version = "0.1.0", path = "providers/acme" }

[workspace.lints.rust]
missing_docs = "warn"

[profile.dev]
debug = "line-tables-only"

# Small.
[profile.wasm-release]
opt-level = "z"
"#;
        assert_eq!(manifest.apart(&name(), APP, &used).unwrap(), expected);
        let patches = manifest.patches(Path::new("/checkout"), &used);
        assert!(
            patches.ends_with("[patch.crates-io]\ncordboard = { path = \"/checkout/crates/core\" }\n"),
            "{patches}"
        );
    }
}
