//! Every test: native, then in the browser.

use crate::build::{Order, Profile, build_together};
use crate::provider::{self, Provider};
use crate::{app, setup};
use anyhow::Result;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use xshell::{Shell, cmd};

/// Where the browser's tests lie.
const BROWSER_TESTS: [&str; 4] = ["widget/e2e", "crates/simulator/e2e", "crates/gateway/e2e", "xtask/publish/e2e"];
/// The app over a gateway, on which people sign in.
const GATEWAY: &str = "softphone-gateway";
/// The browser's tests embed the widget from pages of this machine.
const TEST_HOSTS: &str = "http://localhost:*";

pub(crate) fn run(shell: &Shell) -> Result<()> {
    run_beside(shell, |_| Ok(()))
}

/// Every test, and `more` beside them, as soon as they are compiled: tests wait for much of their time.
pub(crate) fn run_beside(shell: &Shell, more: impl FnOnce(&Shell) -> Result<()> + Send) -> Result<()> {
    cmd!(shell, "cargo test --workspace --all-features --no-run").run()?;
    let beside = shell.clone();
    thread::scope(|scope| {
        let more = scope.spawn(move || more(&beside));
        run_all(shell)?;
        more.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn run_all(shell: &Shell) -> Result<()> {
    cmd!(shell, "cargo test --workspace --all-features").run()?;
    let files = browser_tests(shell)?;
    let chromium = setup::chromium(shell)?;
    setup::npm_packages(shell)?;
    let into = &setup::target_dir(shell).join("e2e");
    // Programs that the tests start. With the tests, which are there already: without them, features differ, and what they depend on
    // would be built again.
    let emulators = provider::ALL.iter().flat_map(|provider| ["--bin".to_owned(), provider.emulator()]);
    cmd!(
        shell,
        "cargo build --workspace --all-features --tests --bin cordboard-gateway --bin cordboard-publish --bin cordboard-hubspot-emulator {emulators...}"
    )
    .run()?;
    build_apps(shell, into)?;
    // Two at once, as each waits for much of its time.
    cmd!(shell, "node --test --test-concurrency=2 {files...}")
        .env("CHROMIUM", chromium)
        .env("CORDBOARD_DIST", into)
        .run()?;
    Ok(())
}

/// The softphone as it ships, without the features that others need; then the others.
fn build_apps(shell: &Shell, into: &Path) -> Result<()> {
    let allow_hosts = &[TEST_HOSTS.to_owned()];
    // The emulator listens at any port.
    let any = |source: &&str| source.replace("{cloud}", "*").replace("{signal}", "*");
    let of_providers: Vec<_> = (provider::ALL.iter())
        .map(|provider| (provider.app(), provider.connect.iter().map(any).collect::<Vec<_>>()))
        .collect();
    let own = |app| Order { allow_hosts, ..Order::new(app, Profile::Release, into) };
    let mut others = vec![own(app::SIMULATOR), own(GATEWAY)];
    others.extend(of_providers.iter().map(|(app, connect)| Order { connect, adds_sdk: true, ..own(app) }));
    build_together(shell, &[own(app::DEFAULT)])?;
    build_together(shell, &others)
}

fn browser_tests(shell: &Shell) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let folders = BROWSER_TESTS.map(str::to_owned).into_iter().chain(provider::ALL.iter().map(Provider::browser_tests));
    for folder in folders.filter(|folder| shell.path_exists(folder)) {
        let is_test = |path: &PathBuf| path.to_string_lossy().ends_with(".test.mjs");
        files.extend(shell.read_dir(folder)?.into_iter().filter(is_test));
    }
    Ok(files)
}
