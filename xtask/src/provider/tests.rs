//! What holds for every provider's folder, whoever writes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// No source is longer.
const MOST_LINES: usize = 500;
/// So many equal lines in a row are a copy.
const COPY: usize = 6;
/// What `new-provider` makes providers of: they have what those have.
const TEMPLATES: [&str; 2] = ["examples/custom-provider/provider", "xtask/templates/browser/providers/my-pbx"];

struct Source {
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where each provider is, from the root.
fn folders() -> Vec<PathBuf> {
    let providers = fs::read_dir(root().join("providers")).unwrap();
    let mut folders: Vec<_> = providers.map(|entry| Path::new("providers").join(entry.unwrap().file_name())).collect();
    assert!(!folders.is_empty());
    folders.extend(TEMPLATES.map(PathBuf::from));
    folders.sort();
    folders
}

/// The sources of a folder, also its tests' and its emulator's.
fn sources(folder: &Path) -> Vec<Source> {
    let (mut folders, mut sources) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(root().join(&next)).unwrap() {
            let path = next.join(entry.unwrap().file_name());
            let is_source =
                path.extension().is_some_and(|extension| ["rs", "js", "mjs"].iter().any(|known| extension == *known));
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if is_source {
                sources.push(Source { text: fs::read_to_string(root().join(&path)).unwrap(), path });
            }
        }
    }
    assert!(!sources.is_empty(), "{} has no sources", folder.display());
    sources
}

/// The lines that say something, with their numbers. One that is blank or has only brackets does not, and what a file takes from
/// elsewhere it has to name. A comment neither makes a copy nor hides one: sources are compared with comments, and without.
fn lines(text: &str, comments: bool) -> Vec<(usize, &str)> {
    let mut is_import = false;
    let mut says_something = |line: &str| {
        let item = ["pub ", "pub(crate) "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
        is_import |= ["use ", "import "].iter().any(|word| item.starts_with(word));
        let names = is_import || item.starts_with("mod ") && item.ends_with(';');
        is_import &= !line.ends_with(';');
        !names && line.contains(char::is_alphanumeric) && (comments || !line.starts_with("//"))
    };
    let numbered = text.lines().enumerate().map(|(place, line)| (place + 1, line.trim()));
    numbered.filter(|(_, line)| says_something(line)).collect()
}

/// Where sources of one provider are as those of another, once for each run of lines.
fn copies(one: &[Source], other: &[Source], comments: bool) -> Vec<String> {
    let mut known = BTreeMap::new();
    for source in one {
        for run in lines(&source.text, comments).windows(COPY) {
            known.entry(texts(run)).or_insert((&source.path, run[0].0));
        }
    }
    let mut copies = Vec::new();
    for source in other {
        let mut is_new = true;
        for run in lines(&source.text, comments).windows(COPY) {
            let copied = known.get(&texts(run));
            if let Some((path, line)) = copied.filter(|_| is_new) {
                copies.push(format!("{}:{line} is {}:{}", path.display(), source.path.display(), run[0].0));
            }
            is_new = copied.is_none();
        }
    }
    copies
}

fn texts<'a>(run: &[(usize, &'a str)]) -> Vec<&'a str> {
    run.iter().map(|(_, line)| *line).collect()
}

#[test]
fn every_provider_runs_the_conformance_suite() {
    for folder in folders() {
        let suite = fs::read_to_string(root().join(&folder).join("tests/conformance.rs")).unwrap_or_default();
        assert!(suite.contains("conformance_tests!"), "{} lacks tests/conformance.rs", folder.display());
        if root().join(&folder).join("src/backend.rs").exists() {
            assert!(suite.contains("backend_conformance_tests!"), "{} lacks the backend's", folder.display());
        }
    }
}

#[test]
fn no_source_of_a_provider_is_long() {
    for source in folders().iter().flat_map(|folder| sources(folder)) {
        let count = source.text.lines().count();
        assert!(count <= MOST_LINES, "{} has {count} lines", source.path.display());
    }
}

/// What two need is written once, where both find it: in `crates/bridge`, `crates/emulator`, or the contract.
#[test]
fn no_provider_has_a_copy_of_another() {
    let providers: Vec<_> = folders().iter().map(|folder| sources(folder)).collect();
    let mut found = Vec::new();
    for (place, one) in providers.iter().enumerate() {
        for other in providers.iter().skip(place + 1) {
            found.extend([true, false].iter().flat_map(|comments| copies(one, other, *comments)));
        }
    }
    assert!(found.is_empty(), "{COPY} equal lines:\n{}", found.join("\n"));
}

#[test]
fn a_copy_is_found_behind_brackets_imports_and_comments() {
    let source = |text: &str| [Source { path: "x.rs".into(), text: text.to_owned() }];
    let one =
        source("use a::{\n    b,\n};\nfn a() {\n    one();\n    two();\n    three();\n}\n\nfn b() {\n    four();\n}\n");
    let other = source(
        "mod c;\nfn a() {\n    // Why.\n    one();\n    two();\n    three();\n    // So.\n}\nfn b() {\n    four();\n}\n",
    );
    assert_eq!(copies(&one, &other, true), [""; 0]);
    assert_eq!(copies(&one, &other, false), ["x.rs:4 is x.rs:2"]);
    // Five lines may be equal, and what a file takes from elsewhere.
    let shorter = source(
        "use a::{\n    b,\n};\nmod c;\nimport { d } from \"d\";\nfn a() {\n    one();\n    two();\n    three();\n}\nfn b() {\n    five();\n}\n",
    );
    assert_eq!(copies(&one, &shorter, false), [""; 0]);
    assert_eq!(copies(&shorter, &shorter, false).len(), 1);
}
