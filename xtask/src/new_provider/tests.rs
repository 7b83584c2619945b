//! In a workspace that is made for the test.

use super::*;

const MANIFEST: &str = "[workspace]\nmembers = [\n]\n\n[workspace.dependencies]\ncordboard = { version = \"0.1.0\", path = \"crates/core\" }\n";
const README: &str = "# X\n\n| provider | where it runs |\n|---|---|\n| [mock](providers/mock) | page |\n";

struct Workspace {
    shell: Shell,
    folder: xshell::TempDir,
}

impl Workspace {
    fn new(readme: &str) -> Self {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        shell.change_dir(folder.path());
        shell.write_file("Cargo.toml", MANIFEST).unwrap();
        shell.write_file("README.md", readme).unwrap();
        for path in ["providers", "examples"] {
            shell.create_dir(path).unwrap();
        }
        Self { shell, folder }
    }

    fn add(&self, name: &str) -> Result<()> {
        add(&self.shell, self.folder.path(), &BROWSER, &Name::parse(name)?)
    }

    /// Fails unless it is as it was before.
    fn expect_untouched(&self, readme: &str) {
        assert_eq!(self.shell.read_file("Cargo.toml").unwrap(), MANIFEST);
        assert_eq!(self.shell.read_file("README.md").unwrap(), readme);
        let mut left: Vec<_> = self.shell.read_dir(".").unwrap();
        left.sort();
        let left: Vec<_> = left.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert!(
            left.iter().all(|name| ["Cargo.toml", "README.md", "examples", "providers"].contains(name)),
            "{left:?}"
        );
        assert!(self.shell.read_dir("providers").unwrap().is_empty());
    }
}

#[test]
fn a_provider_is_a_part_of_the_workspace() {
    let workspace = Workspace::new(README);
    workspace.add("acme").unwrap();
    let manifest = workspace.shell.read_file("Cargo.toml").unwrap();
    assert!(manifest.contains("members = [\n  \"examples/softphone-acme\",\n  \"providers/acme\",\n]"), "{manifest}");
    assert!(manifest.contains("\ncordboard-acme = { version = \"0.1.0\", path = \"providers/acme\" }\n"), "{manifest}");
    assert!(workspace.shell.read_file("README.md").unwrap().contains("| [Acme](providers/acme) | page |"));
    for file in ["Cargo.toml", "README.md", "src/lib.rs", "tests/conformance.rs", "examples/acme-service.rs"] {
        assert!(workspace.shell.path_exists(Path::new("providers/acme").join(file)), "{file}");
    }
    assert!(workspace.shell.path_exists("examples/softphone-acme/src/main.rs"));
    let error = workspace.add("acme").unwrap_err().to_string();
    assert!(error.contains("already"), "{error}");
    workspace.add("zeta-voice").unwrap();
}

#[test]
fn what_fails_before_leaves_nothing() {
    let workspace = Workspace::new("# X\n");
    assert!(workspace.add("acme").is_err(), "there is no table of providers");
    workspace.expect_untouched("# X\n");
}

#[test]
fn what_fails_halfway_is_undone() {
    let workspace = Workspace::new(README);
    workspace.shell.remove_path("examples").unwrap();
    let error = workspace.add("acme").unwrap_err().to_string();
    assert!(error.contains("examples/softphone-acme"), "{error}");
    workspace.expect_untouched(README);
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let workspace = Workspace::new(README);
    let (name, folder) = (Name::parse("acme").unwrap(), workspace.folder.path());
    assert!(write_apart(&workspace.shell, folder, &BROWSER, &name, &folder.join("providers")).is_err());
    // Here, no file of those that workspaces share is there to be copied.
    assert!(write_apart(&workspace.shell, folder, &BROWSER, &name, &folder.join("elsewhere")).is_err());
    workspace.expect_untouched(README);
}

/// What needs to be there in another workspace is declared there: here, other crates may have asked for it.
#[test]
fn a_workspace_of_its_own_has_all_that_it_needs() {
    let shell = Shell::new().unwrap();
    let root = Path::new(TEMPLATES).canonicalize().unwrap();
    let temporary = shell.create_temp_dir().unwrap();
    for (template, id) in [(&BROWSER, "my-pbx"), (&SERVER, "sample-voice")] {
        let folder = temporary.path().join(id);
        write_apart(&shell, &root, template, &Name::parse(id).unwrap(), &folder).unwrap();
        let _there = shell.push_dir(&folder);
        cmd!(shell, "cargo fmt --all --check").run().unwrap();
        let metadata = cmd!(shell, "cargo metadata --offline --format-version 1").quiet().read().unwrap();
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
        let members = metadata["workspace_members"].as_array().unwrap();
        assert_eq!(members.len(), 2, "{members:?}");
        for path in ["README.md", ".gitignore", "rustfmt.toml", &format!("providers/{id}/tests/conformance.rs")] {
            assert!(folder.join(path).exists(), "{path}");
        }
    }
}
