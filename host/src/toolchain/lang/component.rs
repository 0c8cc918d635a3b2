//! From a core module to a component.
//!
//! Compilers of C, Go and their like make core modules that speak WASI's first version. Around one of these go the
//! contract's types and an adapter to the WASI that the host has; nothing else is needed, and no tool outside.

use super::sdk::WIT;
use std::borrow::Cow;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as WASI, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldKey};

/// The one export that every plugin has.
const GUEST: &str = "moa:plugin/guest@";
/// Custom sections that tell a module's world.
const TYPES: &str = "component-type";

/// Why a core module becomes no component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// Bytes that are no valid module.
    #[error(
        "what was built is no WebAssembly module ({0}); build again, and see whether the compiler is of a version that Moa knows"
    )]
    NotAModule(String),
    /// It is one already.
    #[error("what was built is a component already; only core modules are made into one")]
    IsComponent,
    /// A function that is nowhere.
    #[error(
        "`{name}` is used and nowhere defined (the module imports it from `{module}`); the sandbox has nothing of that name: write it, or do without"
    )]
    Undefined {
        /// Where the module looks for it.
        module: String,
        /// What it looks for.
        name: String,
    },
    /// An interface of the contract, or a function in it, that this version does not have.
    #[error(
        "the module imports `{name}` of `{module}`, which this Moa does not have; build it with the SDK of this version"
    )]
    OtherContract {
        /// The interface.
        module: String,
        /// The function.
        name: String,
    },
    /// Nothing says what the plugin is.
    #[error(
        "the module does not export `{GUEST}…#describe`, so it is no plugin; declare the plugin with the SDK (in C: MOA_PLUGIN), or export the contract's functions"
    )]
    NoPlugin,
    /// Exports that don't fit the contract.
    #[error(
        "the module's exports are not those of the contract: {0}; export them with the types in wit/, or use the SDK of this version"
    )]
    Unfit(String),
    /// The contract itself can't be read. Does not happen: it is compiled in.
    #[error("the contract cannot be read: {0}")]
    Contract(String),
}

/// Makes a component of a core module for `wasm32-wasip1`.
///
/// Where the module does not tell its own world, it is taken for one of the contract's, with those exports that it has.
/// Names and line tables stay only for `lines`.
///
/// # Errors
/// A module that is none, uses what is not there, or does not fit the contract.
pub fn componentize(core: &[u8], lines: bool) -> Result<Vec<u8>, ComponentError> {
    let shape = Shape::of(core)?;
    let mut module = if lines { Cow::Borrowed(core) } else { strip(core)? };
    if !shape.tells_world {
        if !shape.exports.iter().any(|name| name.starts_with(GUEST)) {
            return Err(ComponentError::NoPlugin);
        }
        let (resolve, world) = world_of(&shape)?;
        embed_component_metadata(module.to_mut(), &resolve, world, StringEncoding::UTF8).map_err(unfit)?;
    }
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.adapter(WASI, ADAPTER))
        .and_then(|mut encoder| encoder.encode())
        .map_err(unfit)
}

/// With every cause: the last one usually says which export it is.
fn unfit(error: impl Into<anyhow::Error>) -> ComponentError {
    ComponentError::Unfit(format!("{:#}", error.into()))
}

fn malformed(error: impl std::fmt::Display) -> ComponentError {
    ComponentError::NotAModule(error.to_string())
}

/// What a module looks like from outside.
#[derive(Default)]
struct Shape {
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    tells_world: bool,
}

impl Shape {
    fn of(core: &[u8]) -> Result<Self, ComponentError> {
        if Parser::is_component(core) {
            return Err(ComponentError::IsComponent);
        }
        Validator::new_with_features(WasmFeatures::default())
            .validate_all(core)
            .map_err(malformed)?;
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(core) {
            match payload.map_err(malformed)? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.map_err(malformed)?;
                        shape.imports.push((import.module.to_owned(), import.name.to_owned()));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        shape.exports.push(export.map_err(malformed)?.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => shape.tells_world |= section.name().starts_with(TYPES),
                _ => {}
            }
        }
        Ok(shape)
    }

    fn exports_of(&self, interface: &str) -> bool {
        self.exports
            .iter()
            .any(|export| export.strip_prefix(interface).is_some_and(|rest| rest.starts_with('#')))
    }
}

/// The contract's world, without the exports that the module has not: all but one are optional.
fn world_of(shape: &Shape) -> Result<(Resolve, wit_parser::WorldId), ComponentError> {
    let contract = |error: String| ComponentError::Contract(error);
    let mut sources = SourceMap::new();
    for (name, text) in WIT {
        sources.push_str(name, *text);
    }
    let group = sources.parse().map_err(|(_, error)| contract(error.to_string()))?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(group).map_err(|error| contract(error.to_string()))?;
    let world = resolve
        .select_world(&[package], None)
        .map_err(|error| contract(format!("{error:#}")))?;
    check_imports(shape, &resolve)?;
    let missing: Vec<WorldKey> = resolve
        .worlds
        .get(world)
        .map(|world| world.exports.keys().cloned().collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|key| !shape.exports_of(&resolve.name_world_key(key)))
        .collect();
    if let Some(world) = resolve.worlds.get_mut(world) {
        for key in missing {
            world.exports.shift_remove(&key);
        }
    }
    Ok((resolve, world))
}

/// The encoder's own words about an import that is nowhere name neither the reason nor the remedy.
fn check_imports(shape: &Shape, resolve: &Resolve) -> Result<(), ComponentError> {
    for (module, name) in &shape.imports {
        if module == WASI {
            continue;
        }
        let (module, name) = (module.clone(), name.clone());
        if !module.starts_with("moa:plugin/") {
            return Err(ComponentError::Undefined { module, name });
        }
        let known = resolve.interfaces.iter().any(|(id, interface)| {
            resolve.id_of(id).is_some_and(|id| id == module) && interface.functions.contains_key(&name)
        });
        if !known {
            return Err(ComponentError::OtherContract { module, name });
        }
    }
    Ok(())
}

/// Without names, line tables and what compilers note of themselves.
fn strip(core: &[u8]) -> Result<Cow<'_, [u8]>, ComponentError> {
    let mut kept = Vec::with_capacity(core.len());
    for payload in Parser::new(0).parse_all(core) {
        let payload = payload.map_err(malformed)?;
        match &payload {
            Payload::Version {
                range,
                encoding: Encoding::Module,
                ..
            } => kept.extend_from_slice(core.get(range.clone()).unwrap_or_default()),
            Payload::CustomSection(section) if !section.name().starts_with(TYPES) => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    kept.push(id);
                    push_length(&mut kept, range.len());
                    kept.extend_from_slice(core.get(range).unwrap_or_default());
                }
            }
        }
    }
    Ok(kept.into())
}

/// A length in the format's own variable width: seven bits in each byte, the least first.
fn push_length(to: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            to.push(low);
            return;
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least plugin: `describe` answers with a string in memory.
    fn module(more: &str) -> Vec<u8> {
        module_of(
            &format!("(export \"moa:plugin/guest@0.1.0#describe\" (func $describe)) {more}"),
            "",
        )
    }

    fn module_of(exports: &str, imports: &str) -> Vec<u8> {
        wat::parse_str(format!(
            r#"(module
                {imports}
                (memory (export "memory") 1)
                (data (i32.const 8) "\10\00\00\00\0b\00\00\00{{\22name\22:1}}")
                (func $describe (result i32) i32.const 8)
                (func $handle (param i32) (result i32) unreachable)
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
                {exports})"#
        ))
        .unwrap()
    }

    fn exports(component: &[u8]) -> Vec<String> {
        let inspection = moa_engine::inspect(component).unwrap();
        inspection.exports
    }

    #[test]
    fn a_module_becomes_a_component_with_the_exports_that_it_has() {
        let component = componentize(&module(""), false).unwrap();
        assert_eq!(exports(&component), ["moa:plugin/guest@0.1.0"]);
        let handles = module("(export \"moa:plugin/commands@0.1.0#handle\" (func $handle))");
        let component = componentize(&handles, false).unwrap();
        assert_eq!(
            exports(&component),
            ["moa:plugin/guest@0.1.0", "moa:plugin/commands@0.1.0"]
        );
    }

    #[test]
    fn what_preview_1_has_is_adapted() {
        let prints = module_of(
            "(export \"moa:plugin/guest@0.1.0#describe\" (func $describe))",
            "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))",
        );
        let component = componentize(&prints, false).unwrap();
        let imports = moa_engine::inspect(&component).unwrap().imports;
        assert!(
            imports.iter().any(|name| name.starts_with("wasi:cli/stdout@0.2")),
            "{imports:?}"
        );
    }

    #[test]
    fn names_stay_only_for_lines() {
        let named = module("(func $a_name_to_find)");
        let has_name = |component: &[u8]| component.windows(14).any(|part| part == b"a_name_to_find");
        assert!(has_name(&componentize(&named, true).unwrap()));
        assert!(!has_name(&componentize(&named, false).unwrap()));
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_to_do() {
        let describe = "(export \"moa:plugin/guest@0.1.0#describe\" (func $describe))";
        let wrong_name = "(export \"moa:plugin/commands@0.1.0#handel\" (func $handle))";
        let wrong_type = "(export \"moa:plugin/commands@0.1.0#handle\" (func $describe))";
        let socket = "(import \"env\" \"socket\" (func))";
        let other = "(import \"moa:plugin/brain@0.9.0\" \"get\" (func))";
        let no_function = "(import \"moa:plugin/brain@0.1.0\" \"got\" (func))";
        for (bytes, says) in [
            (b"garbage".to_vec(), "no WebAssembly module"),
            (module("")[..60].to_vec(), "no WebAssembly module"),
            (componentize(&module(""), false).unwrap(), "a component already"),
            (module_of("", ""), "MOA_PLUGIN"),
            (module(wrong_name), "`moa:plugin/commands@0.1.0` function `handle`"),
            (module(wrong_type), "moa:plugin/commands@0.1.0#handle"),
            (module_of(describe, socket), "`socket` is used and nowhere defined"),
            (module_of(describe, other), "moa:plugin/brain@0.9.0"),
            (module_of(describe, no_function), "`got`"),
        ] {
            let error = componentize(&bytes, false).unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn lengths_are_of_variable_width() {
        let written = |length| {
            let mut bytes = Vec::new();
            push_length(&mut bytes, length);
            bytes
        };
        assert_eq!(written(0), [0]);
        assert_eq!(written(127), [127]);
        assert_eq!(written(128), [0x80, 1]);
        assert_eq!(written(300), [0xac, 2]);
    }
}
