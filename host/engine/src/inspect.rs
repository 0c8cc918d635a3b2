//! What a file is, read without compiling or running any of it.

use crate::fault::LoadError;
use wasmparser::{Encoding, Parser, Payload};

/// The most bytes that a plugin's file may have: 64 MiB.
pub const MAX_PLUGIN_BYTES: u64 = 64 << 20;
/// The versions of `moa:plugin` that this host runs.
pub const CONTRACT_VERSIONS: &str = "0.1.x";

const CONTRACT: &str = "moa:plugin/";
const CONTRACT_TRACK: &str = "0.1.";
const CONTRACT_IMPORTS: &[&str] = &[
    "types", "chat", "brain", "triggers", "schedule", "http", "sql", "objects", "system",
];
const WASI_TRACK: &str = "0.2.";
/// What of WASI is there, by package. Sockets and files are there and refuse: languages import them unasked.
const WASI_IMPORTS: &[(&str, &[&str])] = &[
    (
        "wasi:cli/",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("wasi:clocks/", &["monotonic-clock", "wall-clock"]),
    ("wasi:filesystem/", &["types", "preopens"]),
    ("wasi:http/", &["types", "outgoing-handler"]),
    ("wasi:io/", &["error", "poll", "streams"]),
    ("wasi:random/", &["random", "insecure", "insecure-seed"]),
    (
        "wasi:sockets/",
        &[
            "network",
            "instance-network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
            "ip-name-lookup",
        ],
    ),
];

/// What a plugin's file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The version of `moa:plugin` that it was made for.
    pub version: String,
    /// The file's size in bytes.
    pub size: u64,
    /// Everything that it imports, with versions, in the file's order.
    pub imports: Vec<String>,
    /// Everything that it exports, with versions, in the file's order.
    pub exports: Vec<String>,
}

impl Inspection {
    /// The contract's interfaces among the imports (`brain`, `chat`, …), in the file's order.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.imports
            .iter()
            .filter_map(|name| contract_interface(name))
            .map(|(interface, _)| interface)
            .filter(|interface| *interface != "types")
    }
}

/// Looks at a file and tells whether it can be a plugin of this host.
///
/// Only names are read; whether its code is valid shows when it is compiled. The cost is that of walking over its
/// sections, under a millisecond for each megabyte.
///
/// # Errors
///
/// Every case of [`LoadError`] but `Refused` and `Stale`.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    let size = bytes.len() as u64;
    if size > MAX_PLUGIN_BYTES {
        return Err(LoadError::TooLarge {
            size,
            limit: MAX_PLUGIN_BYTES,
        });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm);
    }
    let (imports, exports) = names(bytes)?;
    let mut version = None;
    let mut unknown = Vec::new();
    for name in &exports {
        if let Some(("guest", found)) = contract_interface(name) {
            version = Some(found.to_owned());
        }
    }
    for name in imports.iter().chain(&exports) {
        if let Some((_, found)) = contract_interface(name)
            && !(found.starts_with(CONTRACT_TRACK) && is_release(found))
        {
            return Err(LoadError::WrongVersion {
                found: found.to_owned(),
                supported: CONTRACT_VERSIONS,
            });
        }
    }
    for name in &imports {
        if !is_known(name) {
            unknown.push(name.clone());
        }
    }
    match version {
        Some(version) if unknown.is_empty() => Ok(Inspection {
            version,
            size,
            imports,
            exports,
        }),
        version => Err(LoadError::WrongWorld {
            guest_missing: version.is_none(),
            unknown_imports: unknown,
        }),
    }
}

/// The imports and exports of the component itself, not of those nested in it.
fn names(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), LoadError> {
    let malformed = |error: wasmparser::BinaryReaderError| LoadError::Malformed(error.to_string());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding, .. } if depth == 0 && encoding == Encoding::Module => {
                return Err(LoadError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import.map_err(malformed)?.name;
                    imports.push(full_name(name.name, name.version_suffix));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export.map_err(malformed)?.name;
                    exports.push(full_name(name.name, name.version_suffix));
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// Some tools write `interface@0.1` and keep the rest of the version apart.
fn full_name(name: &str, version_suffix: Option<&str>) -> String {
    match version_suffix {
        Some(rest) => format!("{name}{rest}"),
        None => name.to_owned(),
    }
}

/// Interface and version of a name of the contract; the version is empty where the name has none.
fn contract_interface(name: &str) -> Option<(&str, &str)> {
    let name = name.strip_prefix(CONTRACT)?;
    Some(name.split_once('@').unwrap_or((name, "")))
}

/// Versions before a release (`0.1.0-rc.1`) suit nothing but themselves.
fn is_release(version: &str) -> bool {
    !version.contains('-')
}

fn is_known(name: &str) -> bool {
    if let Some((interface, _)) = contract_interface(name) {
        return CONTRACT_IMPORTS.contains(&interface);
    }
    WASI_IMPORTS.iter().any(|(package, interfaces)| {
        name.strip_prefix(package)
            .and_then(|rest| rest.split_once('@'))
            .is_some_and(|(interface, version)| interfaces.contains(&interface) && version.starts_with(WASI_TRACK))
    })
}
