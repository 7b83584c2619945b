//! Publishes an app and tells HubSpot what it is: by a program of its own, which reads its own arguments.

use crate::flags::Publish;
use crate::{serve, setup};
use anyhow::Result;
use std::env;
use std::ffi::OsString;
use xshell::{Shell, cmd};

const COMMANDS: [&str; 7] = ["publish", "rollback", "releases", "settings", "recording", "channel", "dev-snippet"];

/// The command line, in which what is for that program is marked as such.
pub(crate) fn arguments() -> Vec<OsString> {
    mark(env::args_os().skip(1).collect())
}

/// Marks what is for that program.
pub(crate) fn mark(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.first().is_some_and(|first| COMMANDS.iter().any(|command| first == command)) {
        arguments.insert(1, "--".into());
    }
    arguments
}

/// Publishes, with the tools that the handshake is tried with.
pub(crate) fn publish(shell: &Shell, flags: &Publish) -> Result<()> {
    let spares = ["--help", "-h", "--without-handshake"];
    if !flags.arguments.iter().any(|argument| spares.iter().any(|spare| argument == spare)) {
        setup::npm_packages(shell)?;
        let chromium = setup::chromium(shell)?;
        let _told = shell.push_env("CHROMIUM", chromium);
        return run(shell);
    }
    run(shell)
}

pub(crate) fn run(shell: &Shell) -> Result<()> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let command = cmd!(shell, "cargo run --quiet --package cordboard-publish -- {arguments...}");
    crate::say(&format!("$ {command}"));
    serve::become_or_wait(command.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::{Xtask, XtaskCmd};

    #[test]
    fn what_is_for_the_program_is_left_to_it() {
        let line = ["settings", "put", "--env", "staging", "-vvv", "--help"].map(OsString::from).to_vec();
        let parsed = Xtask::from_vec(mark(line.clone())).expect("it is all the program's");
        let XtaskCmd::Settings(settings) = parsed.subcommand else { panic!("it is settings") };
        assert_eq!(settings.arguments, line[1..]);
        let line = ["build", "--release"].map(OsString::from).to_vec();
        assert_eq!(mark(line.clone()), line);
    }
}
