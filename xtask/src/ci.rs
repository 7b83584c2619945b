//! Everything that a change must pass.

use crate::flags::Size;
use crate::{setup, size, test};
use anyhow::Result;
use xshell::{Shell, cmd};

/// What never runs in a browser.
const NATIVE: [&str; 14] = [
    "xtask",
    "cordboard-bundle",
    "cordboard-publish",
    "cordboard-serve",
    "cordboard-bridge",
    "cordboard-emulator",
    "cordboard-gateway",
    "cordboard-hubspot",
    "cordboard-hubspot-emulator",
    "cordboard-twilio",
    "cordboard-twilio-emulator",
    "cordboard-vonage",
    "cordboard-vonage-emulator",
    "gateway-embedded",
];

pub(crate) fn run(shell: &Shell) -> Result<()> {
    setup::wasm_target(shell)?;
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --workspace --all-targets --all-features -- -D warnings").run()?;
    let native = NATIVE.iter().flat_map(|name| ["--exclude", name]);
    cmd!(shell, "cargo clippy --workspace {native...} --target wasm32-unknown-unknown -- -D warnings").run()?;
    cmd!(shell, "cargo doc --workspace --no-deps --all-features").env("RUSTDOCFLAGS", "-D warnings").run()?;
    let deny = setup::cargo_deny(shell)?;
    cmd!(shell, "{deny} check bans licenses sources").run()?;
    test::run(shell)?;
    size::run(shell, &Size { app: None })
}
