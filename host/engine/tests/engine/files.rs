//! What a file is, and what becomes of files that are no plugins.

use crate::support::{engine, hostile, run, text, wasm};
use moa_engine::{
    Allocation, CONTRACT_VERSIONS, Compiler, Engine, Limits, LoadError, MAX_PLUGIN_BYTES, Options, inspect,
};

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {text})")).unwrap()
}

/// The error of a file that must not load, by inspection and by loading alike.
fn refused(bytes: &[u8]) -> LoadError {
    let error = inspect(bytes).unwrap_err();
    assert_eq!(engine().load_bytes(bytes).err(), Some(error.clone()));
    assert_eq!(engine().precompile(bytes).err(), Some(error.clone()));
    error
}

#[test]
fn a_plugin_tells_its_version_imports_and_exports() {
    let bytes = wasm("hostile");
    let seen = inspect(&bytes).unwrap();
    assert_eq!(seen.version, "0.1.0");
    assert_eq!(seen.size, bytes.len() as u64);
    assert!(
        seen.exports.contains(&"moa:plugin/commands@0.1.0".to_owned()),
        "{seen:?}"
    );
    let mut capabilities: Vec<_> = seen.capabilities().collect();
    capabilities.sort_unstable();
    // `chat` is in the guest's world and never called: the tools leave it out.
    assert_eq!(capabilities, ["brain", "system"]);
}

#[test]
fn what_is_no_web_assembly_is_told_so() {
    for bytes in [&b""[..], b"hello", b"\0as", b"\x7fELF\x02\x01\x01"] {
        assert_eq!(refused(bytes), LoadError::NotWasm);
    }
}

#[test]
fn a_core_module_names_the_remedy() {
    let error = refused(&wat::parse_str("(module)").unwrap());
    assert_eq!(error, LoadError::CoreModule);
    assert!(error.to_string().contains("moa build"));
}

#[test]
fn a_cut_off_file_is_malformed_wherever_it_is_cut() {
    let bytes = wasm("bad-manifest");
    for length in [8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = inspect(&bytes[..length]).unwrap_err();
        let expected = match error {
            LoadError::Malformed(_) => true,
            // Cut between two sections it is a whole component, with something missing.
            LoadError::WrongWorld { guest_missing, .. } => guest_missing,
            _ => false,
        };
        assert!(expected, "{length}: {error}");
        assert!(engine().load_bytes(&bytes[..length]).is_err());
    }
}

#[test]
fn damaged_code_is_refused_and_not_run() {
    // Sound in its sections, unsound inside: an instruction that does not exist.
    let mut bytes = component(
        r#"(core module (func (export "f") (result i32) i32.const 0x0badcafe))
           (instance $empty) (export "moa:plugin/guest@0.1.0" (instance $empty))"#,
    );
    assert!(inspect(&bytes).is_ok());
    let at = bytes.iter().position(|byte| *byte == 0x41).unwrap();
    bytes[at] = 0xff;
    assert!(inspect(&bytes).is_ok());
    let error = engine().load_bytes(&bytes).err().unwrap();
    assert!(matches!(error, LoadError::Refused(_)), "{error}");
}

#[test]
fn another_world_lists_what_is_missing_and_what_is_unknown() {
    let error = refused(&component(
        r#"(import "wasi:http/outgoing-handler@0.2.0" (instance))
           (import "wasi:keyvalue/store@0.2.0" (instance))
           (import "acme:db/query@1.0.0" (instance))
           (import "moa:plugin/teleport@0.1.0" (instance))
           (import "moa:plugin/brain@0.1.0" (instance))
           (import "wasi:clocks/wall-clock@0.2.99" (instance))
           (import "wasi:clocks/wall-clock@0.3.0" (instance))"#,
    ));
    let text = error.to_string();
    assert!(text.contains("does not export `moa:plugin/guest`"), "{text}");
    let LoadError::WrongWorld { unknown_imports, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        unknown_imports,
        [
            "wasi:keyvalue/store@0.2.0",
            "acme:db/query@1.0.0",
            "moa:plugin/teleport@0.1.0",
            "wasi:clocks/wall-clock@0.3.0",
        ]
    );
    assert!(text.contains("acme:db/query@1.0.0"), "{text}");
}

#[test]
fn names_inside_of_nested_components_do_not_count() {
    let error = refused(&component(
        r#"(component (instance $i) (export "moa:plugin/guest@0.1.0" (instance $i)))"#,
    ));
    let expected = LoadError::WrongWorld {
        guest_missing: true,
        unknown_imports: Vec::new(),
    };
    assert_eq!(error, expected);
}

#[test]
fn another_version_is_told_with_both() {
    for version in ["0.2.0", "1.0.0", "0.1.0-rc.1"] {
        let error = refused(&component(&format!(
            r#"(instance $i) (export "moa:plugin/guest@{version}" (instance $i))"#
        )));
        let expected = LoadError::WrongVersion {
            found: version.into(),
            supported: CONTRACT_VERSIONS,
        };
        assert_eq!(error, expected);
        assert!(error.to_string().contains(version));
    }
}

/// Memory that is shared between threads would escape the limits.
#[test]
fn shared_memory_is_refused() {
    let bytes = component(
        r#"(core module (memory 1 1 shared))
           (instance $empty) (export "moa:plugin/guest@0.1.0" (instance $empty))"#,
    );
    assert!(inspect(&bytes).is_ok());
    let error = engine().load_bytes(&bytes).err().unwrap();
    assert!(matches!(error, LoadError::Refused(_)), "{error}");
}

#[test]
fn an_interface_in_form_alone_is_refused() {
    let bytes = component(r#"(instance $i) (export "moa:plugin/guest@0.1.0" (instance $i))"#);
    assert!(inspect(&bytes).is_ok());
    let error = engine().load_bytes(&bytes).err().unwrap();
    assert!(
        matches!(&error, LoadError::Refused(why) if why.contains("describe")),
        "{error}"
    );
}

#[test]
fn too_large_a_file_is_not_read() {
    let size = MAX_PLUGIN_BYTES + 1;
    let bytes = vec![0; usize::try_from(size).unwrap()];
    let expected = LoadError::TooLarge {
        size,
        limit: MAX_PLUGIN_BYTES,
    };
    assert_eq!(inspect(&bytes), Err(expected));
}

#[tokio::test]
async fn what_one_process_compiles_another_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.cwasm");
    let compiler = Compiler::new(engine().allocation(), engine().source_lines()).unwrap();
    assert_eq!(compiler.compatibility_key(), engine().compatibility_key());
    std::fs::write(&path, compiler.precompile(&wasm("hostile")).unwrap()).unwrap();
    // SAFETY: written by this engine's compiler right above, and by nobody else.
    let plugin = unsafe { engine().load_file(&path) }.unwrap();
    assert_eq!(text(run(&plugin, "ok", "x", &Limits::default()).await), "ok x");
    assert_eq!(plugin.exports(), hostile().exports());
}

#[test]
fn compiled_code_of_other_settings_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.cwasm");
    let other = Engine::new(Options {
        allocation: Allocation::OnDemand,
        ..Options::default()
    })
    .unwrap();
    std::fs::write(&path, other.precompile(&wasm("hostile")).unwrap()).unwrap();
    // SAFETY: written by an engine of ours; that its settings differ is what is tested, and found before anything runs.
    let error = unsafe { engine().load_file(&path) }.err().unwrap();
    assert!(matches!(error, LoadError::Stale { .. }), "{error}");
    // SAFETY: as above; there is no such file.
    let missing = unsafe { engine().load_file(&folder.path().join("none")) };
    assert!(matches!(missing.err(), Some(LoadError::Stale { .. })));
}
