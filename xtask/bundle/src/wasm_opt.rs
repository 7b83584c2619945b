//! Makes a module smaller.

use anyhow::Result;
use std::fs;
use std::path::Path;
use xshell::{Shell, cmd};

/// What rustc's output uses and every current browser knows. With all features named, the output is refused by Chromium.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// By what brings most. The lowest kilobyte is the far end of the stack, which no address is computed around.
const PASSES: [&str; 6] = ["--low-memory-unused", "--flatten", "--rereloop", "-Oz", "-Oz", "--strip-target-features"];

pub(crate) fn optimise(program: &Path, module: &[u8]) -> Result<Vec<u8>> {
    let shell = Shell::new()?;
    let folder = shell.create_temp_dir()?;
    let (input, output) = (folder.path().join("in.wasm"), folder.path().join("out.wasm"));
    fs::write(&input, module)?;
    cmd!(shell, "node {program} {PASSES...} {FEATURES...} {input} -o {output}").run()?;
    Ok(fs::read(output)?)
}
