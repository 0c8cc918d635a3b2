//! Released versions of the contract stay: the present package may have more functions and interfaces, nothing else may
//! differ.

// All of this file is a test; the lints' exemption reaches only the functions marked as one.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, PackageId, Resolve, Type, TypeDefKind, TypeOwner, WorldItem, WorldKey,
};

/// Everything that a package promises: what it is, and how it is written in full.
type Promises = BTreeMap<String, String>;

fn promises(resolve: &Resolve, package: PackageId) -> Promises {
    let package = &resolve.packages[package];
    let mut found = Promises::new();
    for (interface_name, &id) in &package.interfaces {
        let interface = &resolve.interfaces[id];
        found.insert(format!("interface {interface_name}"), String::new());
        for (name, &id) in &interface.types {
            let definition = definition(resolve, &resolve.types[id].kind);
            found.insert(format!("type {interface_name}.{name}"), definition);
        }
        for (name, function) in &interface.functions {
            found.insert(
                format!("function {interface_name}.{name}"),
                signature(resolve, function),
            );
        }
    }
    for (world_name, &id) in &package.worlds {
        let world = &resolve.worlds[id];
        for (direction, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                found.insert(
                    format!("{direction} {} of world {world_name}", key_name(resolve, key)),
                    match item {
                        WorldItem::Function(function) => signature(resolve, function),
                        WorldItem::Type { id, .. } => definition(resolve, &resolve.types[*id].kind),
                        WorldItem::Interface { .. } => String::new(),
                    },
                );
            }
        }
    }
    found
}

fn key_name(resolve: &Resolve, key: &WorldKey) -> String {
    match key {
        WorldKey::Name(name) => name.clone(),
        WorldKey::Interface(id) => interface_name(resolve, *id),
    }
}

/// An interface's name, without a version: the package's version rises.
fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    let interface = &resolve.interfaces[id];
    let package = interface.package.map(|id| &resolve.packages[id].name);
    let package = package
        .map(|name| format!("{}:{}/", name.namespace, name.name))
        .unwrap_or_default();
    package + interface.name.as_deref().unwrap_or("inline")
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let kind = match function.kind {
        FunctionKind::Freestanding => "func",
        FunctionKind::AsyncFreestanding => "async func",
        ref other => panic!("the contract uses {other:?}, which this check does not know: teach it"),
    };
    let params = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, named(resolve, &param.ty)));
    let result = function.result.as_ref().map_or("_".into(), |of| named(resolve, of));
    format!("{kind}({}) -> {result}", params.collect::<Vec<_>>().join(", "))
}

/// A type where it is used: by its name if it has one.
fn named(resolve: &Resolve, of: &Type) -> String {
    let Type::Id(id) = of else {
        return format!("{of:?}").to_lowercase();
    };
    let of = &resolve.types[*id];
    // A `use` makes a second name; what counts is the type behind it.
    if let TypeDefKind::Type(target @ Type::Id(_)) = &of.kind {
        return named(resolve, target);
    }
    match (&of.name, of.owner) {
        (Some(name), TypeOwner::Interface(id)) => format!("{}.{name}", interface_name(resolve, id)),
        (Some(name), _) => name.clone(),
        (None, _) => definition(resolve, &of.kind),
    }
}

/// A type in full, its parts in their order.
fn definition(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let of = |of: &Type| named(resolve, of);
    let maybe = |it: &Option<Type>| it.as_ref().map_or("_".into(), of);
    let all = |parts: Vec<String>| parts.join(", ");
    match kind {
        TypeDefKind::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|field| format!("{}: {}", field.name, of(&field.ty)));
            format!("record {{ {} }}", all(fields.collect()))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant
                .cases
                .iter()
                .map(|case| format!("{}({})", case.name, maybe(&case.ty)));
            format!("variant {{ {} }}", all(cases.collect()))
        }
        TypeDefKind::Enum(it) => {
            format!(
                "enum {{ {} }}",
                all(it.cases.iter().map(|case| case.name.clone()).collect())
            )
        }
        TypeDefKind::Flags(it) => {
            format!(
                "flags {{ {} }}",
                all(it.flags.iter().map(|flag| flag.name.clone()).collect())
            )
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", all(tuple.types.iter().map(of).collect())),
        TypeDefKind::Option(it) => format!("option<{}>", of(it)),
        TypeDefKind::Result(it) => format!("result<{}, {}>", maybe(&it.ok), maybe(&it.err)),
        TypeDefKind::List(it) => format!("list<{}>", of(it)),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", of(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", of(&Type::Id(*id))),
        TypeDefKind::Type(it) => of(it),
        TypeDefKind::Resource => "resource".into(),
        other => panic!("the contract uses {other:?}, which this check does not know: teach it"),
    }
}

/// What the present package broke of a released one.
fn broken(released: &Promises, present: &Promises) -> Vec<String> {
    let compare = |(what, before): (&String, &String)| match present.get(what) {
        None => Some(format!("{what} is gone")),
        Some(now) if now != before => Some(format!("{what} was `{before}` and is `{now}`")),
        Some(_) => None,
    };
    released.iter().filter_map(compare).collect()
}

fn of_folder(folder: &Path) -> Promises {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error:#}", folder.display()));
    promises(&resolve, package)
}

#[test]
fn released_versions_stay() {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let present = of_folder(&wit.join("moa-plugin"));
    let mut breaks = Vec::new();
    for entry in std::fs::read_dir(wit.join("released")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.is_dir() {
            let found = broken(&of_folder(&folder), &present);
            breaks.extend(found.into_iter().map(|what| format!("{}: {what}", folder.display())));
        }
    }
    assert!(
        breaks.is_empty(),
        "released contracts never change; add a function or an interface instead:\n{}",
        breaks.join("\n")
    );
}

#[test]
fn every_function_and_type_has_its_prose() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/moa-plugin");
    let mut resolve = Resolve::default();
    resolve.push_dir(folder).unwrap();
    for (_, interface) in resolve.interfaces.iter() {
        let name = interface.name.as_deref().unwrap();
        assert!(interface.docs.contents.is_some(), "interface {name}");
        for function in interface.functions.values() {
            assert!(function.docs.contents.is_some(), "{name}.{}", function.name);
        }
        for &id in interface.types.values() {
            let of = &resolve.types[id];
            let is_used = matches!(of.kind, TypeDefKind::Type(_));
            assert!(is_used || of.docs.contents.is_some(), "{name}.{:?}", of.name);
        }
    }
}

const BEFORE: &str = "
    package moa:plugin@0.1.0;
    interface types { variant error { gone(string), late } record entry { value: list<u8>, version: string } }
    interface brain {
        use types.{error, entry};
        get: func(key: string) -> result<option<entry>, error>;
        delete: func(key: string) -> result<bool, error>;
    }
    interface guest { describe: func() -> string; }
    world plugin { import brain; export guest; }
";

fn of_text(text: &str) -> Promises {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", text).unwrap();
    promises(&resolve, package)
}

#[track_caller]
fn check(replaced: &str, by: &str, expected: &[&str]) {
    assert!(BEFORE.contains(replaced), "{replaced}");
    assert_eq!(
        broken(&of_text(BEFORE), &of_text(&BEFORE.replace(replaced, by))),
        expected
    );
}

#[test]
fn growth_is_allowed() {
    check("get:", "has: func(key: string) -> bool; get:", &[]);
    check(
        "interface guest",
        "interface clock { now: func() -> string; } interface guest",
        &[],
    );
    check("import brain;", "import brain; import types;", &[]);
    check("record entry", "record page { keys: list<string> } record entry", &[]);
    check("@0.1.0", "@0.2.0", &[]);
}

#[test]
fn anything_else_is_reported() {
    check(
        "delete: func(key: string) -> result<bool, error>;",
        "",
        &["function brain.delete is gone"],
    );
    check(
        "version: string",
        "version: string, expires: string",
        &[
            "type types.entry was `record { value: list<u8>, version: string }` and is `record { value: list<u8>, version: \
         string, expires: string }`",
        ],
    );
    check(
        "gone(string), late",
        "late, gone(string)",
        &["type types.error was `variant { gone(string), late(_) }` and is `variant { late(_), gone(string) }`"],
    );
    check(
        "(key: string) -> result<bool",
        "(key: string, sure: bool) -> result<bool",
        &[
            "function brain.delete was `func(key: string) -> result<bool, moa:plugin/types.error>` and is `func(key: string, \
         sure: bool) -> result<bool, moa:plugin/types.error>`",
        ],
    );
    check(
        "describe: func",
        "describe: async func",
        &["function guest.describe was `func() -> string` and is `async func() -> string`"],
    );
    check(
        "export guest;",
        "",
        &["export moa:plugin/guest of world plugin is gone"],
    );
}
