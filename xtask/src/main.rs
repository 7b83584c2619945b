//! What one does with Cordboard, from a demo to what CI runs: `cargo xtask --help`.

mod app;
mod bench;
mod book;
mod build;
mod ci;
mod demo;
mod flags;
mod load;
mod new_provider;
mod provider;
mod publish;
mod serve;
mod setup;
mod size;
mod test;

use crate::flags::{BenchCmd, Xtask, XtaskCmd};
use anyhow::{Context, Result};
use std::path::Path;
use std::process::ExitCode;
use xshell::Shell;

fn main() -> ExitCode {
    match run(Xtask::from_vec(publish::arguments()).unwrap_or_else(|error| error.exit())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Xtask) -> Result<()> {
    let shell = Shell::new()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    shell.change_dir(root);
    match flags.subcommand {
        XtaskCmd::Build(flags) => build::run(&shell, &flags),
        XtaskCmd::Serve(flags) => serve::run(&shell, &flags),
        XtaskCmd::Demo(flags) => demo::run(&shell, &flags),
        XtaskCmd::NewProvider(flags) => new_provider::run(&shell, &flags),
        XtaskCmd::Book(flags) => book::run(&shell, &flags),
        XtaskCmd::Test(_) => test::run(&shell),
        XtaskCmd::Ci(_) => ci::run(&shell),
        XtaskCmd::CiRest(_) => ci::rest(&shell),
        XtaskCmd::Publish(flags) => publish::publish(&shell, &flags),
        XtaskCmd::Rollback(_)
        | XtaskCmd::Releases(_)
        | XtaskCmd::Settings(_)
        | XtaskCmd::Recording(_)
        | XtaskCmd::Channel(_)
        | XtaskCmd::DevSnippet(_) => publish::run(&shell),
        XtaskCmd::Size(flags) => size::run(&shell, &flags),
        XtaskCmd::Bench(flags) => match flags.subcommand {
            BenchCmd::Page(flags) => bench::run(&shell, &flags),
            BenchCmd::Load(_) => load::run(&shell),
        },
    }
}

/// Tells the user.
#[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
fn say(text: &str) {
    eprintln!("{text}");
}
