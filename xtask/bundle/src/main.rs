//! Turns an app's WebAssembly into a folder that any static host can serve: one page that holds its own script and
//! style, the module under a hashed name, everything compressed ahead, and the headers that the host must send.

mod assets;
mod bindgen;
mod flags;
mod headers;
mod hosts;
mod page;
mod policy;
mod wasm_opt;

use crate::assets::Asset;
use crate::flags::Bundle;
use crate::hosts::HostPattern;
use crate::page::Values;
use crate::policy::Policy;
use anyhow::{Context, Result};
use std::fs;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Bundle::from_env_or_exit().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
            {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

impl Bundle {
    fn run(self) -> Result<()> {
        let joined = bindgen::join(&self.wasm)?;
        let module = match &self.wasm_opt {
            Some(program) => wasm_opt::optimise(program, &joined.module)?,
            None => joined.module,
        };
        let theme = match &self.theme {
            Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            None => String::new(),
        };
        let hosts = HostPattern::with_default(&self.allow_host);
        let module = Asset::hashed("app", "wasm", module);
        let html = page::fill(
            &self.page,
            &Values::from([
                ("title", page::escape(&self.title)),
                ("hosts", hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
                ("theme", theme),
                ("glue", joined.script),
                ("wasm", module.path.clone()),
                ("wasm-integrity", assets::integrity(&module.bytes)),
            ]),
        )?;
        let policy = if self.crm { Policy::crm(&html) } else { Policy::widget(&html, &hosts) };
        let html = page::fill_policy(&html, &policy.meta())?;

        match fs::remove_dir_all(&self.out) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot empty {}", self.out.display()));
            }
            _ => {}
        }
        fs::create_dir_all(&self.out)?;
        fs::write(self.out.join("_headers"), headers::headers(&policy.header(), &module.path))?;
        Asset::new("index.html", html).write(&self.out)?;
        module.write(&self.out)
    }
}
