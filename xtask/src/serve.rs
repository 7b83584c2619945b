//! Serves what was built.

use crate::build::dist;
use crate::flags::Serve;
use crate::{app, setup};
use anyhow::{Result, ensure};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use xshell::{Shell, cmd};

pub(crate) fn run(shell: &Shell, flags: &Serve) -> Result<()> {
    let name = flags.app.as_deref().unwrap_or(app::DEFAULT);
    let folder = dist(shell, flags.path.as_deref()).join(name);
    ensure!(shell.path_exists(folder.join("index.html")), "{name} is not built: cargo xtask build --app {name}");
    let mut arguments = vec![site(flags.port.unwrap_or(9025), &folder)];
    if !flags.http {
        arguments.extend(["--certificate".into(), setup::target_dir(shell).join("localhost").into()]);
    }
    server(shell, arguments)
}

/// A folder and its port, as the server reads them.
pub(crate) fn site(port: u16, folder: &Path) -> OsString {
    let mut site = OsString::from(format!("{port}="));
    site.push(folder);
    site
}

/// Runs the server until the user stops it.
pub(crate) fn server(shell: &Shell, arguments: Vec<OsString>) -> Result<()> {
    let command = cmd!(shell, "cargo run --quiet --package cordboard-serve -- {arguments...}");
    crate::say(&format!("$ {command}"));
    become_or_wait(command.into())
}

/// Runs the server until the user stops it, while other programs run beside, which end with this one.
pub(crate) fn server_beside(shell: &Shell, arguments: Vec<OsString>) -> Result<()> {
    cmd!(shell, "cargo run --quiet --package cordboard-serve -- {arguments...}").run()?;
    Ok(())
}

/// Where the system can, this process becomes the other program, so that who stops the one stops the other.
#[cfg(unix)]
pub(crate) fn become_or_wait(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

#[cfg(not(unix))]
pub(crate) fn become_or_wait(mut command: Command) -> Result<()> {
    ensure!(command.status()?.success(), "{} failed", command.get_program().display());
    Ok(())
}
