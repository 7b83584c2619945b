//! Builds the guide in `docs`.

mod messages;
#[cfg(test)]
mod tests;

use crate::flags::Book;
use crate::setup;
use anyhow::Result;
use xshell::{Shell, cmd};

/// The part of the protocol's chapter that is made of the source.
const MESSAGES: &str = "docs/src/protocol-messages.md";
/// Where the protocol's tables stand, and what they are about.
const SOURCES: [(&str, &str); 2] = [
    ("From the widget to the CRM page", "crates/core/src/protocol/widget_message.rs"),
    ("From the CRM page to the widget", "crates/core/src/protocol/host_message.rs"),
];

pub(crate) fn run(shell: &Shell, flags: &Book) -> Result<()> {
    shell.write_file(MESSAGES, messages(shell)?)?;
    let mdbook = setup::mdbook(shell)?;
    let open = flags.open.then_some("--open");
    cmd!(shell, "{mdbook} build docs {open...}").run()?;
    crate::say("built target/book");
    Ok(())
}

/// The protocol's messages, as its chapter includes them.
fn messages(shell: &Shell) -> Result<String> {
    let mut text = "<!-- Made of the source by `cargo xtask book`. -->\n".to_owned();
    for (title, source) in SOURCES {
        text += &messages::chapter(title, &shell.read_file(source)?);
    }
    Ok(text)
}
