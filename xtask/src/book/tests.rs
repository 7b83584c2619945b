//! What the guide and the front pages say of files and commands is so.

use super::{MESSAGES, messages};
use crate::flags::Xtask;
use crate::publish;
use std::fs;
use std::path::{Path, PathBuf};
use xshell::{Shell, cmd};

/// Pages beside the guide that name commands.
const PAGES: [&str; 8] = [
    "README.md",
    "CONTRIBUTING.md",
    "crates/simulator/README.md",
    "examples/custom-provider/README.md",
    "examples/custom-provider/provider/README.md",
    "xtask/templates/apart/browser/README.md",
    "xtask/templates/apart/server/README.md",
    "xtask/templates/browser/providers/my-pbx/README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn shell() -> Shell {
    let shell = Shell::new().unwrap();
    shell.change_dir(root());
    shell
}

/// The chapters' texts, by their files.
fn chapters() -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(root().join("docs/src")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

/// What stands between two marks, wherever it does.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

/// Outside of blocks of code.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut links = 0;
    for (file, text) in chapters() {
        for link in between(&prose(&text), "](", ")").into_iter().filter(|link| !link.starts_with("https://")) {
            assert!(file.with_file_name(link).exists(), "{} links to {link}", file.display());
            links += 1;
        }
    }
    assert!(links > 0);
}

#[test]
fn every_chapter_is_in_the_summary() {
    let summary = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    for (file, _) in chapters() {
        let name = file.file_name().unwrap().to_str().unwrap();
        // This one is a part of another.
        let is_chapter = name != "SUMMARY.md" && !MESSAGES.ends_with(name);
        assert!(!is_chapter || summary.contains(&format!("]({name})")), "{name} is in no place of the summary");
    }
}

#[test]
fn every_include_is_there() {
    let mut includes = 0;
    for (file, text) in chapters() {
        for include in between(&text, "{{#include ", "}}") {
            let (path, anchor) = include.split_once(':').unwrap_or((include, ""));
            let included = fs::read_to_string(file.with_file_name(path));
            let included = included.unwrap_or_else(|error| panic!("{} includes {path}: {error}", file.display()));
            for mark in ["ANCHOR: ", "ANCHOR_END: "] {
                let is_there =
                    anchor.is_empty() || included.lines().any(|line| line.ends_with(&format!("{mark}{anchor}")));
                assert!(is_there, "{path} has no {mark}{anchor}");
            }
            includes += 1;
        }
    }
    assert!(includes > 0);
}

#[test]
fn the_messages_are_those_of_the_source() {
    let shell = shell();
    assert_eq!(shell.read_file(MESSAGES).unwrap(), messages(&shell).unwrap(), "run cargo xtask book");
}

/// The commands of a page: lines of its shell blocks, and what its text quotes.
fn commands(text: &str) -> Vec<String> {
    let blocks = between(text, "```sh\n", "```").join("\n");
    let lines = blocks.lines().map(|line| line.split('#').next().unwrap_or_default());
    let prose = prose(text);
    let quotes = prose.split('`').skip(1).step_by(2);
    lines.chain(quotes).map(str::trim).filter(|text| text.starts_with("cargo ")).map(str::to_owned).collect()
}

#[test]
fn every_command_can_be_given() {
    let shell = shell();
    let metadata = cmd!(shell, "cargo metadata --no-deps --offline --format-version 1").quiet().read().unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages: Vec<&str> =
        metadata["packages"].as_array().unwrap().iter().filter_map(|package| package["name"].as_str()).collect();
    let pages = PAGES.map(|page| (root().join(page), fs::read_to_string(root().join(page)).unwrap()));
    let mut checked = 0;
    for (file, text) in chapters().into_iter().chain(pages) {
        for command in commands(&text) {
            let words: Vec<&str> = command.split_whitespace().collect();
            if let ["cargo", "xtask", flags @ ..] = words.as_slice() {
                let parsed = Xtask::from_vec(publish::mark(flags.iter().map(Into::into).collect()));
                assert!(parsed.is_ok(), "{}: {command}: {}", file.display(), parsed.unwrap_err());
                checked += 1;
            }
            for pair in words.windows(2) {
                if let ["--package" | "-p", package] = pair {
                    assert!(packages.contains(package), "{}: {command}: there is no {package}", file.display());
                }
            }
        }
    }
    assert!(checked > 20, "{checked} commands were found");
}
