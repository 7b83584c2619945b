//! What the gateway carries, beside its peers, in the same run.

use crate::setup;
use anyhow::Result;
use xshell::{Shell, cmd};

const PEERS: &str = "xtask/load/peers";

pub(crate) fn run(shell: &Shell) -> Result<()> {
    setup::npm_packages(shell)?;
    cmd!(shell, "cargo build --release --package cordboard-gateway --package cordboard-load").run()?;
    let target = setup::target_dir(shell);
    let (tool, gateway) = (target.join("release/cordboard-load"), target.join("release/cordboard-gateway"));
    cmd!(shell, "{tool} --gateway {gateway} --folder {target} --peers {PEERS}").run()?;
    Ok(())
}
