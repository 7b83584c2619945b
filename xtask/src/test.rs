//! Every test: native, then in the browser.

use crate::build::{Order, Profile, build};
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
    cmd!(shell, "cargo test --workspace --all-features").run()?;
    browser(shell)
}

fn browser(shell: &Shell) -> Result<()> {
    let files = browser_tests(shell)?;
    if files.is_empty() {
        return Ok(());
    }
    let chromium = setup::chromium(shell)?;
    setup::npm_packages(shell)?;
    let into = &setup::target_dir(shell).join("e2e");
    // Programs that the tests start. With the tests, which are there already: without them, features differ, and what they depend on
    // would be built again.
    let emulators = provider::ALL.iter().flat_map(|provider| ["--bin".to_owned(), provider.emulator()]);
    cmd!(
        shell,
        "cargo build --workspace --all-features --tests --bin cordboard-gateway --bin cordboard-publish {emulators...}"
    )
    .run()?;
    build_apps(shell, into)?;
    cmd!(shell, "node --test {files...}").env("CHROMIUM", chromium).env("CORDBOARD_DIST", into).run()?;
    Ok(())
}

/// The apps, side by side: what takes long, linking one and compressing another, needs one core each.
fn build_apps(shell: &Shell, into: &Path) -> Result<()> {
    // What all of them need, before they could all install it.
    setup::wasm_target(shell)?;
    let allow_hosts = &[TEST_HOSTS.to_owned()];
    // The emulator listens at any port.
    let any = |source: &&str| source.replace("{cloud}", "*").replace("{signal}", "*");
    let of_providers: Vec<_> = (provider::ALL.iter())
        .map(|provider| (provider.app(), provider.connect.iter().map(any).collect::<Vec<_>>()))
        .collect();
    let own = [app::DEFAULT, app::SIMULATOR, GATEWAY]
        .map(|app| Order { allow_hosts, ..Order::new(app, Profile::Release, into) });
    let mut orders = Vec::from(own);
    orders.extend(of_providers.iter().map(|(app, connect)| Order {
        allow_hosts,
        connect,
        adds_sdk: true,
        ..Order::new(app, Profile::Release, into)
    }));
    thread::scope(|scope| {
        let build = |order| {
            let shell = shell.clone();
            scope.spawn(move || build(&shell, &order))
        };
        let builds: Vec<_> = orders.into_iter().map(build).collect();
        builds.into_iter().try_for_each(|built| match built.join() {
            Ok(result) => result.map(drop),
            Err(panic) => resume_unwind(panic),
        })
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_runs_the_conformance_suite() {
        let shell = Shell::new().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        // What is generated has what its template has.
        let templates = ["examples/custom-provider/provider", "xtask/templates/browser/providers/my-pbx"];
        let mut providers = shell.read_dir(root.join("providers")).unwrap();
        assert!(!providers.is_empty());
        providers.extend(templates.map(|template| root.join(template)));
        for provider in providers {
            let suite = shell.read_file(provider.join("tests/conformance.rs")).unwrap_or_default();
            assert!(suite.contains("conformance_tests!"), "{} lacks tests/conformance.rs", provider.display());
            if shell.path_exists(provider.join("src/backend.rs")) {
                assert!(suite.contains("backend_conformance_tests!"), "{} lacks the backend's", provider.display());
            }
        }
    }
}
