//! Leaves out of a module and its script what no browser needs.

use crate::bindgen::Joined;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use walrus::ir::{Call, Const, Instr, InstrLocId, Load, Store, Value, Visitor};
use walrus::{ConstExpr, DataKind, FunctionBuilder, FunctionId, FunctionKind, Module};
use xshell::{Shell, cmd};

/// What panics go through. Nobody hears them in a browser: the standard library writes to where nothing is, and stops. So
/// they stop at once.
const PANICS: [&str; 14] = [
    "__rustc::__rust_alloc_error_handler",
    "__rustc::rust_begin_unwind",
    "__rustc::rust_panic",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "core::cell::lazy::panic",
    "core::cell::panic_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "std::panicking::",
];

/// Lets every panic stop without building its message.
pub(crate) fn cut_panics(module: &mut Module) {
    let panics = functions(module, |path| PANICS.iter().any(|panic| path.starts_with(panic)));
    clear_what_panics_say(module, &panics);
    for id in panics {
        cut(module, id);
    }
    walrus::passes::gc::run(module);
    // Nothing else writes a value for people, unless something calls this.
    if functions(module, |path| path.starts_with("core::fmt::write")).is_empty() {
        for id in functions(module, |path| path.contains("::fmt::Debug>::fmt") || path.contains("::fmt::Display>::fmt"))
        {
            cut(module, id);
        }
        walrus::passes::gc::run(module);
    }
}

/// The module's own functions of such a path.
fn functions(module: &Module, is_meant: impl Fn(&str) -> bool) -> Vec<FunctionId> {
    let own = module.funcs.iter().filter(|function| matches!(function.kind, FunctionKind::Local(_)));
    own.filter(|function| function.name.as_deref().is_some_and(|name| is_meant(&path(name)))).map(|f| f.id()).collect()
}

/// A function's path. Names carry their crates' hashes: `core[0123456789abcdef]::panicking::panic_fmt`.
fn path(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        path.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
    }
    path + rest
}

/// Makes a function stop at once.
fn cut(module: &mut Module, id: FunctionId) {
    let ty = module.types.get(module.funcs.get(id).ty());
    let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
    let args = params.iter().map(|param| module.locals.add(*param)).collect();
    let mut body = FunctionBuilder::new(&mut module.types, &params, &results);
    body.func_body().unreachable();
    module.funcs.get_mut(id).kind = FunctionKind::Local(body.local_func(args));
}

/// Clears the texts and places in the source that only panics are told, which compresses them away.
fn clear_what_panics_say(module: &mut Module, panics: &[FunctionId]) {
    let mut numbers = Numbers { panics, run: Vec::new(), told: Vec::new(), others: BTreeSet::new() };
    for (_, function) in module.funcs.iter_local() {
        walrus::ir::dfs_in_order(&mut numbers, function, function.entry_block());
    }
    let Numbers { told, others, .. } = numbers;
    for id in module.data.iter().map(|segment| segment.id()).collect::<Vec<_>>() {
        let segment = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = segment.kind else { continue };
        let mut memory = Memory { start: start.cast_unsigned(), bytes: &mut segment.value };
        let mut files = BTreeSet::new();
        let addresses = &others | &memory.words();
        for call in &told {
            for text in call.windows(2) {
                memory.clear_unless(&addresses, text[0], text[1]);
            }
            for place in call {
                // A `core::panic::Location`: the file's name and its length, line and column.
                if let [Some(name), Some(length), Some(_), Some(_)] = [0, 4, 8, 12].map(|at| memory.word(place + at))
                    && memory.text(name, length).is_some_and(|text| text.ends_with(b".rs"))
                    && memory.clear_unless(&addresses, *place, 16)
                {
                    files.insert((name, length));
                }
            }
        }
        // Many places are in one file.
        let addresses = &others | &memory.words();
        for (name, length) in files {
            memory.clear_unless(&addresses, name, length);
        }
    }
}

/// Collects the numbers that stand in the code: those that panics are told, and all others, any of which may be an address.
struct Numbers<'a> {
    panics: &'a [FunctionId],
    /// Those right before the present instruction.
    run: Vec<u32>,
    told: Vec<Vec<u32>>,
    others: BTreeSet<u32>,
}

impl<'a> Visitor<'a> for Numbers<'_> {
    fn visit_instr(&mut self, instruction: &'a Instr, _: &'a InstrLocId) {
        match instruction {
            Instr::Const(Const { value: Value::I32(number) }) => return self.run.push(number.cast_unsigned()),
            Instr::Call(Call { func }) if self.panics.contains(func) => self.told.push(std::mem::take(&mut self.run)),
            Instr::Load(Load { arg, .. }) | Instr::Store(Store { arg, .. }) => {
                self.others.extend(u32::try_from(arg.offset));
            }
            _ => {}
        }
        self.others.extend(self.run.drain(..));
    }
}

/// A part of the module's memory, as it is at the start.
struct Memory<'a> {
    start: u32,
    bytes: &'a mut [u8],
}

impl Memory<'_> {
    fn range(&self, place: u32, length: u32) -> Option<Range<usize>> {
        let start = usize::try_from(place.checked_sub(self.start)?).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (length > 0 && end <= self.bytes.len()).then_some(start..end)
    }

    fn text(&self, place: u32, length: u32) -> Option<&[u8]> {
        self.bytes.get(self.range(place, length)?)
    }

    fn word(&self, place: u32) -> Option<u32> {
        self.text(place, 4)?.try_into().map(u32::from_le_bytes).ok()
    }

    /// Whatever may be an address: those lie at multiples of their length.
    fn words(&self) -> BTreeSet<u32> {
        let first = self.start.next_multiple_of(4) - self.start;
        let aligned = self.bytes.get(first as usize..).unwrap_or_default();
        aligned.chunks_exact(4).filter_map(|word| word.try_into().map(u32::from_le_bytes).ok()).collect()
    }

    /// Clears a part, unless one of the addresses points into it. Returns whether it did.
    fn clear_unless(&mut self, addresses: &BTreeSet<u32>, place: u32, length: u32) -> bool {
        let Some(range) = self.range(place, length) else { return false };
        let is_free = addresses.range(place..=place.saturating_add(length - 1)).next().is_none();
        if is_free {
            self.bytes[range].fill(0);
        }
        is_free
    }
}

/// Gives what module and script call of each other names of a letter or two.
pub(crate) fn shorten_names(joined: &mut Joined) {
    let mut keys = BTreeMap::new();
    for (index, import) in joined.module.imports.iter_mut().enumerate() {
        let short = short_name(index);
        joined.script = joined.script.replace(&format!("\"{}\":", import.module), "\"_\":");
        keys.insert(std::mem::replace(&mut import.name, short.clone()), short);
        import.module = "_".to_owned();
    }
    let mut members = BTreeMap::new();
    for (index, export) in joined.module.exports.iter_mut().enumerate() {
        let short = short_name(index);
        members.insert(std::mem::replace(&mut export.name, short.clone()), short);
    }
    joined.script = rename(
        &joined.script,
        |before, name| {
            if before.ends_with("wasm.") { members.get(name) } else { keys.get(name) }
        },
    );
}

/// `a` to `z`, then `ba` and on.
fn short_name(index: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(index % 26).unwrap_or_default());
    let mut name = if index < 26 { String::new() } else { short_name(index / 26) };
    name.push(letter);
    name
}

/// Replaces identifiers; `new_name` is told what stands before each.
fn rename<'a>(script: &str, new_name: impl Fn(&str, &str) -> Option<&'a String>) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut renamed = String::with_capacity(script.len());
    let mut place = 0;
    while let Some(start) = script[place..].find(is_part).map(|offset| place + offset) {
        let end = script[start..].find(|c| !is_part(c)).map_or(script.len(), |length| start + length);
        renamed.push_str(&script[place..start]);
        let name = &script[start..end];
        renamed.push_str(new_name(&script[..start], name).map_or(name, String::as_str));
        place = end;
    }
    renamed.push_str(&script[place..]);
    renamed
}

/// The text of each `script` and `style` element, without what only people read.
pub(crate) fn minify_elements(program: &Path, html: &str) -> Result<String> {
    let html = minify(program, html, "style", "css")?;
    minify(program, &html, "script", "js")
}

fn minify(program: &Path, html: &str, element: &str, loader: &str) -> Result<String> {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut small = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(&open) {
        let (attributes, after) = after.split_once('>').with_context(|| format!("a {open} is never closed"))?;
        let (text, after) = after.split_once(&close).with_context(|| format!("{close} is missing"))?;
        small.extend([before, &open, attributes, ">"]);
        let format = if attributes.contains("module") { "esm" } else { "iife" };
        small.push_str(run(program, text, loader, format)?.trim_end());
        small.push_str(&close);
        rest = after;
    }
    small.push_str(rest);
    Ok(small)
}

fn run(program: &Path, text: &str, loader: &str, format: &str) -> Result<String> {
    let shell = Shell::new()?;
    let flags = ["--minify", "--target=es2022", "--tree-shaking=true"];
    Ok(cmd!(shell, "{program} {flags...} --loader={loader} --format={format}").stdin(text).quiet().read()?)
}

/// A script and all that it imports, in one.
pub(crate) fn bundle(program: &Path, script: &Path) -> Result<Vec<u8>> {
    let shell = Shell::new()?;
    let text = cmd!(shell, "{program} {script} --bundle --minify --format=esm --target=es2022").quiet().read();
    Ok(text.with_context(|| format!("cannot bundle {}", script.display()))?.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_hashes() {
        assert_eq!(path("core[c5930c85a12de822]::panicking::panic_fmt"), "core::panicking::panic_fmt");
        assert_eq!(path("<usize as core[c5930c85a12de822]::fmt::Debug>::fmt"), "<usize as core::fmt::Debug>::fmt");
        assert_eq!(path("app::main"), "app::main");
    }

    #[test]
    fn short_names_are_all_different() {
        assert_eq!([0, 25, 26, 51, 52].map(short_name), ["a", "z", "ba", "bz", "ca"]);
        let names: std::collections::BTreeSet<String> = (0..2_000).map(short_name).collect();
        assert_eq!(names.len(), 2_000);
    }

    #[test]
    fn module_and_script_keep_speaking_of_the_same() {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[]);
        let (called, _) = module.add_import_func("./app_bg.js", "__wbg_log_0123", ty);
        module.exports.add("__wbindgen_start", called);
        let script =
            "const i = { \"./app_bg.js\": { __wbg_log_0123: () => __wbg_log_01234 } };\nwasm.__wbindgen_start();";
        let mut joined = Joined { module, script: script.to_owned() };
        shorten_names(&mut joined);
        assert_eq!(joined.script, "const i = { \"_\": { a: () => __wbg_log_01234 } };\nwasm.a();");
        let import = joined.module.imports.iter().next().unwrap();
        assert_eq!((import.module.as_str(), import.name.as_str()), ("_", "a"));
        assert_eq!(joined.module.exports.iter().next().unwrap().name, "a");
    }

    #[test]
    fn a_panic_stops_without_a_message() {
        let mut module = Module::default();
        let mut body = FunctionBuilder::new(&mut module.types, &[], &[]);
        body.name("core[0123456789abcdef]::panicking::panic".to_owned()).func_body().i32_const(1).drop();
        let id = body.finish(Vec::new(), &mut module.funcs);
        module.exports.add("f", id);
        cut_panics(&mut module);
        let FunctionKind::Local(function) = &module.funcs.get(id).kind else { panic!("a local function") };
        let instructions = &function.block(function.entry_block()).instrs;
        assert!(matches!(instructions.as_slice(), [(walrus::ir::Instr::Unreachable(_), _)]));
    }
}
