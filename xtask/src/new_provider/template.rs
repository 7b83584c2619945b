//! Templates are crates of this workspace, which work: a name takes the place of their provider's, in its four forms.

use super::name::Name;
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Texts by their paths.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// What is written for a provider.
pub(crate) struct Template {
    /// The provider's name there.
    id: &'static str,
    /// The same, as people write it.
    title: &'static str,
    /// Where its crate is.
    provider: &'static str,
    /// Where its app is, and what the app's name begins with.
    app: (&'static str, &'static str),
    /// What a workspace of its own has besides.
    apart: &'static str,
    /// What the table of providers says of it.
    row: &'static str,
    /// How it is seen.
    pub(crate) demo: &'static str,
}

/// The page holds the line.
pub(crate) const BROWSER: Template = Template {
    id: "my-pbx",
    title: "My PBX",
    provider: "xtask/templates/browser/providers/my-pbx",
    app: ("xtask/templates/browser/examples/softphone-my-pbx", "softphone"),
    apart: "xtask/templates/apart/browser",
    row: "page | password | ✓ | ✓ | | | ✓ |",
    demo: "--app softphone-my-pbx",
};
/// A gateway holds the lines.
pub(crate) const SERVER: Template = Template {
    id: "tin-can",
    title: "Tin Can",
    provider: "examples/custom-provider/provider",
    app: ("examples/custom-provider/gateway", "gateway"),
    apart: "xtask/templates/apart/server",
    row: "gateway, no sound in the page | password, OpenID Connect | ✓ | ✓ | blind, attended | | ✓ |",
    demo: "--provider tin-can",
};

impl Template {
    /// What the app is called.
    pub(crate) fn app(&self, name: &Name) -> String {
        format!("{}-{name}", self.app.1)
    }

    /// The crates, as a workspace has them at `root` of this one.
    pub(crate) fn crates(&self, root: &Path, name: &Name) -> Result<Files> {
        let mut files = self.read(&root.join(self.provider), &format!("providers/{name}"), name)?;
        files.extend(self.read(&root.join(self.app.0), &format!("examples/{}", self.app(name)), name)?);
        Ok(files)
    }

    /// What a workspace of its own has besides its crates.
    pub(crate) fn apart(&self, root: &Path, name: &Name) -> Result<Files> {
        self.read(&root.join(self.apart), "", name)
    }

    /// The files of a folder, for a name.
    fn read(&self, folder: &Path, into: &str, name: &Name) -> Result<Files> {
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
                let taken = is_source && self.identifiers(&text).any(|identifier| identifier == name.type_name());
                ensure!(!taken, "{name} would be the type {}, which is taken: choose another name", name.type_name());
                let path = self.filled(&path.strip_prefix(folder)?.to_string_lossy(), name);
                // A name that begins with a dot would be heeded where the template lies.
                let path = path.strip_prefix("dot-").map_or(path.clone(), |rest| format!(".{rest}"));
                files.insert(Path::new(into).join(path), self.filled(&without_anchors(&text), name));
            }
        }
        Ok(files)
    }

    /// No form can be found in what another leaves.
    pub(crate) fn filled(&self, text: &str, name: &Name) -> String {
        let forms = [
            (self.id.to_owned(), name.to_string()),
            (self.id.replace('-', "_"), name.identifier()),
            (self.type_name(), name.type_name()),
            (self.title.to_owned(), name.title()),
        ];
        forms.iter().fold(text.to_owned(), |text, (form, name)| text.replace(form, name))
    }

    fn type_name(&self) -> String {
        Name::parse(self.id).map(|name| name.type_name()).unwrap_or_default()
    }

    fn identifiers<'a>(&self, source: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.type_name();
        let words = source.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.filter(move |word| *word != own)
    }

    /// The front page with the provider in its table.
    pub(crate) fn with_row(&self, readme: &str, name: &Name) -> Result<String> {
        let mut lines: Vec<&str> = readme.lines().collect();
        let is_head = |line: &&str| line.starts_with("| provider |");
        let head = lines.iter().position(is_head).context("README.md has no table of providers")?;
        let rows = lines.iter().skip(head).take_while(|line| line.starts_with('|')).count();
        let row = format!("| [{}](providers/{name}) | {}", name.title(), self.row);
        lines.insert(head + rows, &row);
        Ok(lines.join("\n") + "\n")
    }
}

/// Marks of what the guide quotes mean nothing elsewhere.
fn without_anchors(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.contains("// ANCHOR")).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Template; 2] = [BROWSER, SERVER];

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    fn files(template: &Template, name: &str) -> Result<Files> {
        let name = Name::parse(name)?;
        let mut files = template.crates(root(), &name)?;
        files.extend(template.apart(root(), &name)?);
        Ok(files)
    }

    #[test]
    fn every_form_is_filled() {
        let name = Name::parse("x-my-pbx").unwrap();
        let filled = BROWSER.filled("my-pbx my_pbx MyPbx MyPbxConfig My PBX", &name);
        assert_eq!(filled, "x-my-pbx x_my_pbx XMyPbx XMyPbxConfig X My Pbx");
    }

    #[test]
    fn nothing_of_the_template_is_left() {
        for template in ALL {
            let files = files(&template, "acme").unwrap();
            assert!(files.contains_key(Path::new("providers/acme/Cargo.toml")));
            for (path, text) in files {
                let text = format!("{} {text}", path.display()).to_lowercase();
                let left = [template.id, template.title, &template.id.replace('-', ""), "anchor"];
                let left: Vec<_> = left.into_iter().filter(|left| text.contains(&left.to_lowercase())).collect();
                assert!(left.is_empty(), "{}: {left:?}", path.display());
            }
        }
    }

    #[test]
    fn a_type_of_the_template_is_no_name() {
        for (template, names) in
            [(&BROWSER, ["call", "error", "page", "vec"]), (&SERVER, ["leg", "cloud", "api", "vec"])]
        {
            for name in names {
                let error = files(template, name).unwrap_err().to_string();
                assert!(error.contains("taken"), "{error}");
            }
            assert!(files(template, template.id).is_ok());
        }
    }

    #[test]
    fn only_files_of_a_workspace_begin_with_a_dot() {
        let files = files(&BROWSER, "dot-com").unwrap();
        assert!(
            files.contains_key(Path::new(".gitignore"))
                && files.contains_key(Path::new("providers/dot-com/src/lib.rs"))
        );
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
        for template in ALL {
            let row = format!("| [Acme](providers/acme) | {}", template.row);
            let expected = format!("# X\n\n| provider | a |\n|---|---|\n| [mock] | b |\n{row}\n\nText.\n");
            assert_eq!(template.with_row(readme, &name).unwrap(), expected);
            assert!(template.with_row("# X\n", &name).is_err());
        }
    }
}
