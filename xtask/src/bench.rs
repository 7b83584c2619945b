//! How fast an app loads, against the least that a widget can do and the official SDK's least, in the same run.

use crate::build::{Order, Profile, build};
use crate::flags::Page;
use crate::{app, serve, setup};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use xshell::{Shell, cmd};

/// The first of the ports that the pages are served on.
const PORT: u16 = 9300;
/// As an app's own page: asked for again each time, answered from the cache when it is the same.
const HEADERS: &str = "/*\n  Cache-Control: no-cache\n";

pub(crate) fn run(shell: &Shell, flags: &Page) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let runs = flags.runs.unwrap_or(9).to_string();
    let chromium = setup::chromium(shell)?;
    setup::npm_packages(shell)?;

    let into = &setup::target_dir(shell).join("bench");
    let host = format!("http://localhost:{PORT}");
    let allow_hosts = std::slice::from_ref(&host);
    let mut folders: Vec<PathBuf> =
        ["host", "floor", "official"].iter().map(|page| copy(shell, page, into)).collect::<Result<_>>()?;
    folders.push(build(shell, &Order { allow_hosts, ..Order::new(name, Profile::Release, into) })?);

    let sites: Vec<_> = (PORT..).zip(&folders).map(|(port, folder)| serve::site(port, folder)).collect();
    cmd!(shell, "cargo build --quiet --package cordboard-serve").run()?;
    let program = setup::target_dir(shell).join("debug/cordboard-serve");
    let _server = Server(Command::new(program).args(sites).spawn().context("the server does not start")?);
    let widgets = ["floor", "official", name].into_iter().zip(PORT + 1..);
    let widgets = widgets.map(|(name, port)| format!("{name}=http://127.0.0.1:{port}/"));
    cmd!(shell, "node xtask/bench/bench.mjs {chromium} {host}/ {runs} {widgets...}").run()?;
    Ok(())
}

/// Makes a site of a page of ours, with the official SDK beside it.
fn copy(shell: &Shell, page: &str, into: &Path) -> Result<PathBuf> {
    let folder = into.join(page);
    shell.create_dir(&folder)?;
    shell.copy_file(format!("xtask/bench/{page}.html"), folder.join("index.html"))?;
    shell.copy_file("node_modules/sdk-0.9.7/dist/main.js", folder.join("sdk.js"))?;
    shell.write_file(folder.join("_headers"), HEADERS)?;
    Ok(folder)
}

/// Stops with the task.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have stopped by itself, as when a port is in use, and then it said so.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
