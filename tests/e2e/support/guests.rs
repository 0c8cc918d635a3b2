//! Plugins for the tests.

use super::process::{finish_within, moa};
use super::{alone, required};
use moa::toolchain::Language;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Mutex;

/// A bundled plugin that `moa build` makes with another language's tools, once; `None` where these are not there.
pub async fn built(name: &str, language: Language) -> Option<PathBuf> {
    static KNOWN: Mutex<Option<HashMap<String, Option<PathBuf>>>> = Mutex::const_new(None);
    let mut known = KNOWN.lock().await;
    let known = known.get_or_insert_default();
    if let Some(built) = known.get(name) {
        return built.clone();
    }
    let _alone = alone().await;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(name);
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bundled");
    std::fs::create_dir_all(&out).unwrap();
    let mut command = moa(&source);
    command.arg("build").arg(&source).arg("--out").arg(&out);
    let ended = finish_within(&mut command, Duration::from_secs(900)).await;
    let made = (ended.code == Some(0)).then(|| out.join(format!("{name}.wasm")));
    if made.is_none() {
        let said = format!("{}{}", ended.stdout, ended.stderr);
        let lacks_tools = said.contains("cannot be used (") || said.contains("cannot be fetched (");
        assert!(lacks_tools && !required(), "{name} does not build:\n{said}");
        println!("skipped: {language}: {said}");
    }
    known.insert(name.to_owned(), made.clone());
    made
}

/// The bundled plugin `hello`: `!echo`, `!count`.
pub fn hello() -> &'static Path {
    static HELLO: OnceLock<PathBuf> = OnceLock::new();
    HELLO.get_or_init(|| moa_test_guests::plugin("hello"))
}

/// The bundled plugin `data`: `!data`, `!data-log`.
pub fn data() -> &'static Path {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| moa_test_guests::plugin("data"))
}

/// The bundled plugin `links`: `!link`, and the words that it was taught.
pub fn links() -> &'static Path {
    static LINKS: OnceLock<PathBuf> = OnceLock::new();
    LINKS.get_or_init(|| moa_test_guests::plugin("links"))
}

/// The bundled plugin `lunch`: `!lunch`.
pub fn lunch() -> &'static Path {
    static LUNCH: OnceLock<PathBuf> = OnceLock::new();
    LUNCH.get_or_init(|| moa_test_guests::plugin("lunch"))
}

/// The bundled plugin `memo`: `!memo`, `!forget`.
pub fn memo() -> &'static Path {
    static MEMO: OnceLock<PathBuf> = OnceLock::new();
    MEMO.get_or_init(|| moa_test_guests::plugin("memo"))
}

/// The bundled plugin `order`: `!order`, by a form.
pub fn order() -> &'static Path {
    static ORDER: OnceLock<PathBuf> = OnceLock::new();
    ORDER.get_or_init(|| moa_test_guests::plugin("order"))
}

/// A plugin whose commands misbehave.
pub fn hostile() -> &'static Path {
    static HOSTILE: OnceLock<PathBuf> = OnceLock::new();
    HOSTILE.get_or_init(|| moa_test_guests::fixture("hostile"))
}

/// A plugin whose commands reach for what is none of its business.
pub fn intruder() -> &'static Path {
    static INTRUDER: OnceLock<PathBuf> = OnceLock::new();
    INTRUDER.get_or_init(|| moa_test_guests::fixture("intruder"))
}

/// A plugin that listens, and can be taught to.
pub fn ears() -> &'static Path {
    static EARS: OnceLock<PathBuf> = OnceLock::new();
    EARS.get_or_init(|| moa_test_guests::fixture("ears"))
}

/// A plugin that uses one function of `chat` for each command: `!takeback`, `!put`, `!fetch` and so on.
pub fn errands() -> &'static Path {
    static ERRANDS: OnceLock<PathBuf> = OnceLock::new();
    ERRANDS.get_or_init(|| moa_test_guests::fixture("errands"))
}

/// A plugin whose books show whatever is lost or done twice: `!book`, `!booked`.
pub fn ledger() -> &'static Path {
    static LEDGER: OnceLock<PathBuf> = OnceLock::new();
    LEDGER.get_or_init(|| moa_test_guests::fixture("ledger"))
}

/// A plugin that draws a number, keeps and says it, and takes its time: `!roll`.
pub fn dice() -> &'static Path {
    static DICE: OnceLock<PathBuf> = OnceLock::new();
    DICE.get_or_init(|| moa_test_guests::fixture("dice"))
}

/// A plugin that sees everything that can reach one, and logs it: `saw KIND: …`.
pub fn witness() -> &'static Path {
    static WITNESS: OnceLock<PathBuf> = OnceLock::new();
    WITNESS.get_or_init(|| moa_test_guests::fixture("witness"))
}

/// A plugin with buttons, menus, forms, questions and shortcuts, which counts what else happens: `!panel`, `!survey`.
pub fn clerk() -> &'static Path {
    static CLERK: OnceLock<PathBuf> = OnceLock::new();
    CLERK.get_or_init(|| moa_test_guests::fixture("clerk"))
}

/// A plugin that asks the database `members` and keeps files in the bucket `files`: `!who`, `!query`, `!execute`, `!keep`,
/// `!show`, `!files`, `!link`, `!drop`.
pub fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| moa_test_guests::fixture("archive"))
}

/// A plugin that answers with a card, in two messages, late, or for one person, and carries messages to other places:
/// `!menu`, `!twice`, `!dawdle`, `!whisper`, `!carry`.
pub fn courier() -> &'static Path {
    static COURIER: OnceLock<PathBuf> = OnceLock::new();
    COURIER.get_or_init(|| moa_test_guests::fixture("courier"))
}

/// A plugin that does something every second and once a year, and reminds people: `!remind`, `!ticks`, `!count`, `!jobs`.
pub fn almanac() -> &'static Path {
    static ALMANAC: OnceLock<PathBuf> = OnceLock::new();
    ALMANAC.get_or_init(|| moa_test_guests::fixture("almanac"))
}

/// A plugin of its own, and an edition of it, which stands in each of its answers: `!NAME text` → `EDITION text`. The
/// fixture `edition` has both texts in its data, where others of the same length (`plugin-0000`, `edition-0000`) take
/// their places.
pub fn edition(name: &str, edition: &str) -> Vec<u8> {
    static FIXTURE: OnceLock<PathBuf> = OnceLock::new();
    let fixture = FIXTURE.get_or_init(|| moa_test_guests::fixture("edition"));
    let named = altered(fixture, "plugin-0000", name);
    replaced(named, "edition-0000", edition).expect("the fixture has an edition")
}

/// A core module: WebAssembly, but not what plugins are.
pub const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// A component that has nothing of a plugin.
pub const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Another version of a plugin: `from`, which stands in its data, becomes `to` of the same length.
pub fn altered(file: &Path, from: &str, to: &str) -> Vec<u8> {
    let replaced = replaced(std::fs::read(file).unwrap(), from, to);
    replaced.unwrap_or_else(|| panic!("{} has no {from:?}", file.display()))
}

/// `None` if it has no `from`.
fn replaced(mut bytes: Vec<u8>, from: &str, to: &str) -> Option<Vec<u8>> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    for at in &places {
        bytes[*at..*at + to.len()].copy_from_slice(to.as_bytes());
    }
    (!places.is_empty()).then_some(bytes)
}

/// Puts a file where a running bot looks, as `cp` does.
pub fn put(bytes: &[u8], into: &Path) {
    std::fs::write(into, bytes).unwrap();
}

/// A plugin with a webhook for each way in which requests are checked; `!counted WHAT`.
pub fn outside() -> &'static Path {
    static OUTSIDE: OnceLock<PathBuf> = OnceLock::new();
    OUTSIDE.get_or_init(|| moa_test_guests::sdk_fixture("outside"))
}

/// The bundled plugin `servers`: `!server`, and its job `watch`.
pub fn servers() -> &'static Path {
    static SERVERS: OnceLock<PathBuf> = OnceLock::new();
    SERVERS.get_or_init(|| moa_test_guests::plugin("servers"))
}
