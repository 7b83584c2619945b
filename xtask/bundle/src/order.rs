//! The order of a module's functions.

use anyhow::{Context, Result};
use std::collections::BTreeSet;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

/// How many functions a call names in one byte. wasm-opt has put those first that are called most.
const SHORT: usize = 128;

/// Puts each function after the one that it is most like: what they have in common compresses better when it is near.
pub(crate) fn by_likeness(module: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let grams: Vec<_> = bodies.iter().map(|body| grams(body.as_bytes())).collect();
    let (short, long) = grams.split_at(SHORT.saturating_sub(imported).min(grams.len()));
    let mut order = chain(short);
    order.extend(chain(long).into_iter().map(|index| index + short.len()));

    let mut places = vec![0; order.len()];
    for (place, from) in order.iter().enumerate() {
        places[*from] = imported + place;
    }
    let mut ordered = Module::new();
    Order { imported, order, places }
        .parse_core_module(&mut ordered, Parser::new(0), module)
        .context("cannot order the module's functions")?;
    Ok(ordered.finish())
}

/// What functions have in common is counted in runs of so many bytes.
fn grams(body: &[u8]) -> BTreeSet<[u8; 4]> {
    body.array_windows().copied().collect()
}

/// All, each followed by the one of the rest that it is most like.
fn chain(functions: &[BTreeSet<[u8; 4]>]) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..functions.len()).collect();
    let mut order = Vec::with_capacity(rest.len());
    let mut next = 0;
    while !rest.is_empty() {
        let last = rest.remove(next);
        order.push(last);
        let mut best = -1.0;
        for (position, other) in rest.iter().enumerate() {
            let likeness = likeness(&functions[last], &functions[*other]);
            if likeness > best {
                (best, next) = (likeness, position);
            }
        }
    }
    order
}

/// Which part of what either has both have.
fn likeness(one: &BTreeSet<[u8; 4]>, other: &BTreeSet<[u8; 4]>) -> f64 {
    let common = one.intersection(other).count();
    common as f64 / (one.len() + other.len() - common).max(1) as f64
}

/// Writes a module again with its functions in another order.
struct Order {
    imported: usize,
    /// The old positions, in the new order.
    order: Vec<usize>,
    /// The new index of each old position.
    places: Vec<usize>,
}

impl Reencode for Order {
    type Error = std::num::TryFromIntError;

    fn function_index(&mut self, index: u32) -> Result<u32, Error<Self::Error>> {
        let place = usize::try_from(index).ok().and_then(|index| self.places.get(index.checked_sub(self.imported)?));
        place.map_or(Ok(index), |place| u32::try_from(*place).map_err(Error::UserError))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for from in &self.order {
            functions.function(types[*from]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let bodies: Vec<FunctionBody<'_>> = section.into_iter().collect::<Result<_, _>>()?;
        for position in 0..self.order.len() {
            self.parse_function_body(code, bodies[self.order[position]].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection,
        InstructionSink, RefType, TableSection, TableType, TypeSection, ValType,
    };
    use wasmparser::{ElementItems, Operator};

    const FUNCTIONS: u32 = 300;

    /// A function that says which it is; those of a kind have much in common. Each but the last calls the next one.
    fn function(number: u32) -> Function {
        let mut function = Function::new([]);
        let mut body = function.instructions();
        say(&mut body, 1_000 + number);
        for other in 0..10 {
            say(&mut body, 100_000 * (1 + number % 3) + other);
        }
        if number + 1 < FUNCTIONS {
            body.call(1 + number + 1);
        }
        body.end();
        function
    }

    fn say(body: &mut InstructionSink<'_>, number: u32) {
        body.i32_const(i32::try_from(number).unwrap()).drop();
    }

    fn module() -> Vec<u8> {
        let (mut types, mut imports, mut functions) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new());
        types.ty().function([ValType::I32], []);
        types.ty().function([], []);
        imports.import("a", "b", EntityType::Function(0));
        let (mut tables, mut exports) = (TableSection::new(), ExportSection::new());
        let limits = u64::from(FUNCTIONS);
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: limits,
            maximum: None,
            shared: false,
        });
        let mut code = CodeSection::new();
        for number in 0..FUNCTIONS {
            functions.function(1);
            exports.export(&number.to_string(), ExportKind::Func, 1 + number);
            code.function(&function(number));
        }
        let mut elements = ElementSection::new();
        let all: Vec<u32> = (1..=FUNCTIONS).collect();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions((&all).into()));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
        module.section(&elements).section(&code);
        module.finish()
    }

    /// Which function stands where, which calls which, and what exports and table have.
    #[derive(Default)]
    struct Seen {
        bodies: Vec<(u32, Option<u32>)>,
        exports: BTreeMap<String, u32>,
        table: Vec<u32>,
    }

    fn read(module: &[u8]) -> Seen {
        wasmparser::validate(module).unwrap();
        let mut seen = Seen::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::CodeSectionEntry(body) => {
                    let (mut number, mut calls) = (None, None);
                    for operator in body.get_operators_reader().unwrap() {
                        match operator.unwrap() {
                            Operator::I32Const { value } => {
                                number.get_or_insert(u32::try_from(value - 1_000).unwrap());
                            }
                            Operator::Call { function_index } => calls = Some(function_index),
                            _ => {}
                        }
                    }
                    seen.bodies.push((number.unwrap(), calls));
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.unwrap();
                        seen.exports.insert(export.name.to_owned(), export.index);
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(functions) = element.unwrap().items else { panic!("no functions") };
                        seen.table.extend(functions.into_iter().map(Result::unwrap));
                    }
                }
                _ => {}
            }
        }
        seen
    }

    #[test]
    fn whoever_named_a_function_names_the_same_one() {
        let seen = read(&by_likeness(&module()).unwrap());
        let number = |index: u32| seen.bodies[index as usize - 1].0;
        assert_eq!(seen.bodies.len(), FUNCTIONS as usize);
        for (own, calls) in &seen.bodies {
            assert_eq!(calls.map(number), Some(own + 1).filter(|next| *next < FUNCTIONS));
        }
        assert_eq!(seen.exports.len(), FUNCTIONS as usize);
        for (name, index) in &seen.exports {
            assert_eq!(&number(*index).to_string(), name);
        }
        assert!(seen.table.iter().map(|index| number(*index)).eq(0..FUNCTIONS));
    }

    #[test]
    fn those_of_a_kind_stand_together() {
        let seen = read(&by_likeness(&module()).unwrap());
        let kinds: Vec<u32> = seen.bodies.iter().map(|(number, _)| number % 3).collect();
        let (short, long) = kinds.split_at(SHORT - 1);
        for kinds in [short, long] {
            assert_eq!(kinds.windows(2).filter(|pair| pair[0] != pair[1]).count(), 2);
        }
        assert!(seen.bodies[..SHORT - 1].iter().all(|(number, _)| *number < 127));
    }
}
