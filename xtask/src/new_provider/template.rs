//! Templates are the files of a provider called `my-pbx`, and are read as such: a name takes the place of that one, in its four forms.

use super::name::Name;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Texts by their paths.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// The files of a template, for a name.
pub(crate) fn read(folder: &Path, name: &Name) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            let taken = is_source && identifiers(&text).any(|identifier| identifier == name.type_name());
            ensure!(!taken, "{name} would be the type {}, which is taken: choose another name", name.type_name());
            // A name that begins with a dot would be heeded where the template lies.
            let path = filled(&path.strip_prefix(folder)?.to_string_lossy(), name).replace("dot-", ".");
            files.insert(path.into(), filled(&text, name));
        }
    }
    Ok(files)
}

/// No form can be found in what another leaves.
fn filled(text: &str, name: &Name) -> String {
    let forms = [
        ("my-pbx", name.to_string()),
        ("my_pbx", name.identifier()),
        ("MyPbx", name.type_name()),
        ("My PBX", name.title()),
    ];
    forms.iter().fold(text.to_owned(), |text, (form, name)| text.replace(form, name))
}

fn identifiers(source: &str) -> impl Iterator<Item = &str> {
    source.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| *word != "MyPbx")
}

/// The dependencies that manifests leave to their workspace.
pub(crate) fn dependencies(files: &Files) -> BTreeSet<String> {
    let manifests = files.iter().filter(|(path, _)| path.ends_with("Cargo.toml"));
    let lines = manifests.flat_map(|(_, text)| text.lines());
    let names = lines.filter_map(|line| match line.split_once(" = { workspace = true") {
        Some((name, _)) => Some(name),
        None => line.strip_suffix(".workspace = true"),
    });
    names.map(str::to_owned).collect()
}

/// The front page with the provider in its table.
pub(crate) fn with_row(readme: &str, name: &Name) -> Result<String> {
    let mut lines: Vec<&str> = readme.lines().collect();
    let is_head = |line: &&str| line.starts_with("| provider |");
    let head = lines.iter().position(is_head).context("README.md has no table of providers")?;
    let rows = lines.iter().skip(head).take_while(|line| line.starts_with('|')).count();
    let row = format!("| [{}](providers/{name}) | page | password | ✓ | ✓ | | | ✓ |", name.title());
    lines.insert(head + rows, &row);
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/browser")
    }

    #[test]
    fn every_form_is_filled() {
        let name = Name::parse("x-my-pbx").unwrap();
        let filled = filled("my-pbx my_pbx MyPbx MyPbxConfig My PBX", &name);
        assert_eq!(filled, "x-my-pbx x_my_pbx XMyPbx XMyPbxConfig X My Pbx");
    }

    #[test]
    fn nothing_of_the_template_is_left() {
        for (path, text) in read(&template(), &Name::parse("acme").unwrap()).unwrap() {
            let text = format!("{} {text}", path.display()).to_lowercase();
            assert!(!text.contains("pbx"), "{}", path.display());
        }
    }

    #[test]
    fn a_type_of_the_template_is_no_name() {
        for name in ["call", "error", "page", "vec"] {
            let error = read(&template(), &Name::parse(name).unwrap()).unwrap_err().to_string();
            assert!(error.contains("taken"), "{error}");
        }
        assert!(read(&template(), &Name::parse("my-pbx").unwrap()).is_ok());
    }

    #[test]
    fn dependencies_are_found_in_both_spellings() {
        let manifest = "[package]\nversion.workspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\nc = \"1\"\n";
        let files = Files::from([("x/Cargo.toml".into(), manifest.to_owned())]);
        assert_eq!(dependencies(&files).into_iter().collect::<Vec<_>>(), ["a", "b", "version"]);
    }

    #[test]
    fn a_row_is_the_last_of_the_table() {
        let name = Name::parse("acme").unwrap();
        let readme = "# X\n\n| provider | a |\n|---|---|\n| [mock] | b |\n\nText.\n";
        let row = "| [Acme](providers/acme) | page | password | ✓ | ✓ | | | ✓ |";
        let expected = format!("# X\n\n| provider | a |\n|---|---|\n| [mock] | b |\n{row}\n\nText.\n");
        assert_eq!(with_row(readme, &name).unwrap(), expected);
        assert!(with_row("# X\n", &name).is_err());
    }
}
