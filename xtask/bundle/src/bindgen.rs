//! Joins a module to JavaScript.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

/// A module that a page can load, and the JavaScript that it needs.
pub(crate) struct Joined {
    pub(crate) module: Module,
    pub(crate) script: String,
}

pub(crate) fn join(wasm: &Path) -> Result<Joined> {
    let mut output = Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot read {}", wasm.display()))?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "a crate brings JavaScript files of its own, which a page that holds its script cannot load"
    );
    // The page holds the script itself, so nobody imports anything from it.
    let (script, _) = output.js().rsplit_once("\nexport {").context("wasm-bindgen's script exports nothing")?;
    Ok(Joined { script: script.to_owned(), module: std::mem::take(output.wasm_mut()) })
}
