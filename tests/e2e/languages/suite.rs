//! What one language's conformance plugin does, row by row of the table.

use super::{alone, conformance, driven};
use crate::support::process::{finish_within, moa};
use crate::support::required;
use moa::toolchain::Language;
use moa::toolchain::transcript::play::play;
use moa::toolchain::transcript::report::failures;
use moa::toolchain::transcript::{Bench, Transcript};
use moa_core::manifest::Manifest;
use moa_engine::Engine;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a build may take that begins with nothing: tools are fetched, on a machine that does other things too.
pub const BUILD: Duration = Duration::from_secs(900);

/// What the host may call of a plugin. Not all of it is in the manifest, all of it is exported.
const EXPORTS: [&str; 7] = ["guest", "commands", "listener", "jobs", "webhooks", "actions", "events"];

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The transcript's name, or that of what was driven.
    pub name: String,
    /// What it is about, in one line.
    pub about: String,
    pub outcome: Result<(), String>,
}

/// How one language did.
#[derive(Debug)]
pub struct Tested {
    pub rows: Vec<Row>,
}

/// How a language does; `None` where it cannot be tried. It is tried once.
pub async fn tested(language: Language) -> Option<&'static Tested> {
    static KNOWN: Mutex<Option<HashMap<&'static str, Option<&'static Tested>>>> = Mutex::const_new(None);
    let mut known = KNOWN.lock().await;
    let known = known.get_or_insert_default();
    if let Some(tested) = known.get(language.name()) {
        return *tested;
    }
    let tested: Option<&'static Tested> = try_out(language).await.map(|tested| &*Box::leak(Box::new(tested)));
    known.insert(language.name(), tested);
    tested
}

/// Says why a test does nothing; where all is required it fails.
pub fn skip(language: Language, why: &str) {
    assert!(!required(), "{language}: {why}");
    println!("skipped: {language}: {why}");
}

/// A folder that outlives the test, so that what has not changed is not built again.
fn kept(language: Language) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("conformance")
        .join(language.name())
}

/// Where Rust plugins are built, together with those of the other tests.
pub fn cargo_target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests/build")
}

async fn try_out(language: Language) -> Option<Tested> {
    let source = conformance().join(language.name());
    if !source.join("plugin.toml").is_file() {
        skip(language, "there is no conformance plugin yet");
        return None;
    }
    let component = build(language, &source).await?;
    let engine = Engine::new(moa_engine::Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&component, folder.path().join("conformance.wasm")).unwrap();
    let compiled = kept(language).join("compiled");
    let bench = Bench::new(&engine, folder.path(), &compiled).await.unwrap();
    let row = |name: &str, about: &str, outcome| Row {
        name: name.into(),
        about: about.into(),
        outcome,
    };
    let mut rows = vec![
        row("manifest", "the manifest is the same", manifest(&bench)),
        row("exports", "all of the world is exported", exports(&component)),
    ];
    rows.extend(played(&bench).await);
    bench.close().await;
    let driven = driven::drive(language, &component, &compiled).await;
    rows.extend(
        driven
            .into_iter()
            .map(|(name, about, outcome)| row(name, about, outcome)),
    );
    Some(Tested { rows })
}

/// The component as `moa build` makes it.
async fn build(language: Language, source: &Path) -> Option<PathBuf> {
    let _alone = alone().await;
    let out = kept(language).join("built");
    fs::create_dir_all(&out).unwrap();
    let mut command = moa(source);
    command.arg("build").arg(source).arg("--out").arg(&out);
    let ended = finish_within(command.env("CARGO_TARGET_DIR", cargo_target()), BUILD).await;
    if ended.code == Some(0) {
        return Some(out.join("conformance.wasm"));
    }
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(lacks_tools(&said), "{language} does not build:\n{said}");
    skip(language, &said);
    None
}

/// Whether a build failed because its language's tools are not there.
pub fn lacks_tools(said: &str) -> bool {
    ["cannot be used (", "cannot be fetched ("]
        .iter()
        .any(|words| said.contains(words))
}

/// The manifest means the same as that of the specification, and nothing in it is odd.
fn manifest(bench: &Bench) -> Result<(), String> {
    let specified = fs::read_to_string(conformance().join("manifest.json")).unwrap();
    let specified = serde_json::to_value(Manifest::parse(&specified).unwrap().manifest).unwrap();
    let described = serde_json::to_value(&*bench.plugin.manifest).unwrap();
    let mut differences = bench.plugin.warnings.clone();
    compare("", &described, &specified, &mut differences);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("; ")),
    }
}

/// Where two values differ. Numbers are compared as numbers: `0` is `0.0`.
pub fn compare(at: &str, got: &serde_json::Value, wanted: &serde_json::Value, differences: &mut Vec<String>) {
    use serde_json::Value;
    let null = Value::Null;
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => {
            let keys: std::collections::BTreeSet<&String> = got.keys().chain(wanted.keys()).collect();
            for key in keys {
                let (got, wanted) = (got.get(key).unwrap_or(&null), wanted.get(key).unwrap_or(&null));
                compare(&format!("{at}/{key}"), got, wanted, differences);
            }
        }
        (Value::Array(got), Value::Array(wanted)) if got.len() == wanted.len() => {
            for (number, (got, wanted)) in got.iter().zip(wanted).enumerate() {
                compare(&format!("{at}/{number}"), got, wanted, differences);
            }
        }
        (Value::Number(got), Value::Number(wanted)) if got.as_f64() == wanted.as_f64() => {}
        (got, wanted) if got == wanted => {}
        (got, wanted) => differences.push(format!("{at} is {got}, not {wanted}")),
    }
}

fn exports(component: &Path) -> Result<(), String> {
    let inspection = moa_engine::inspect(&fs::read(component).unwrap()).unwrap();
    let exported = &inspection.exports;
    let has = |name: &&str| exported.iter().any(|export| export.contains(&format!("/{name}@")));
    let missing: Vec<&str> = EXPORTS.into_iter().filter(|name| !has(name)).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("{missing:?} of {exported:?}")),
    }
}

/// Each transcript.
async fn played(bench: &Bench) -> Vec<Row> {
    let mut chats: Vec<PathBuf> = fs::read_dir(conformance().join("chats"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "chat"))
        .collect();
    chats.sort();
    let mut rows = Vec::new();
    for chat in chats {
        let bytes = fs::read(&chat).unwrap();
        let mut transcript = Transcript::read(&bytes).unwrap();
        transcript.folder = conformance().join("chats");
        let first = transcript.lines.first().and_then(|line| line.strip_prefix("# "));
        let about = first.unwrap_or_else(|| panic!("{} does not say what it is about", chat.display()));
        let name = chat.file_stem().unwrap().to_string_lossy().into_owned();
        let played = play(bench, &transcript).await;
        let file = format!("chats/{name}.chat");
        let failed: Vec<String> = failures(&transcript, &played)
            .iter()
            .map(|one| one.text(&file))
            .collect();
        rows.push(Row {
            about: about.to_owned(),
            outcome: match failed.is_empty() {
                true => Ok(()),
                false => Err(failed.join("\n")),
            },
            name,
        });
    }
    rows
}
