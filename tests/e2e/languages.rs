//! Plugins in every language: the conformance plugin (`tests/conformance`) in each of them behaves alike, the table in
//! docs/languages.md says what was tested, and a new project is live after three commands.
//!
//! A language whose tools cannot be had is skipped, and what the table says about it is believed; with
//! `MOA_TEST_REQUIRE=all` that is a failure, and so is a language without its conformance plugin. `MOA_UPDATE_DOCS=1`
//! writes the table, and `tests/conformance/slack.json` by the plugin in Rust.

mod driven;
mod guides;
mod matrix;
mod projects;
pub mod suite;

use super::support::alone;
use moa::toolchain::Language;
use std::path::{Path, PathBuf};
use suite::Tested;

/// The languages, in the order of the table.
const LANGUAGES: [Language; 6] = [
    Language::Rust,
    Language::Python,
    Language::JavaScript,
    Language::TypeScript,
    Language::Go,
    Language::C,
];

/// What a language cannot do: the row of the table, and why. It must fail as long as it stands here.
const CANNOT: &[(Language, &str, &str)] = &[];

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn conformance() -> PathBuf {
    root().join("tests/conformance")
}

fn updating() -> bool {
    std::env::var("MOA_UPDATE_DOCS").is_ok_and(|value| value == "1")
}

/// Everything is as specified, but for what is known.
async fn conforms(language: Language) {
    let Some(tested) = suite::tested(language).await else {
        return;
    };
    let cannot = |row: &str| {
        CANNOT
            .iter()
            .any(|(other, known, _)| (*other, *known) == (language, row))
    };
    let failed: Vec<String> = tested
        .rows
        .iter()
        .filter_map(|row| match (&row.outcome, cannot(&row.name)) {
            (Err(why), false) => Some(format!("{}: {why}", row.name)),
            (Ok(()), true) => Some(format!("{}: it can do that, take it from `CANNOT`", row.name)),
            _ => None,
        })
        .collect();
    assert!(failed.is_empty(), "{language}:\n{}", failed.join("\n"));
}

macro_rules! languages {
    ($($name:ident: $language:ident,)*) => {$(
        mod $name {
            use super::Language;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn the_conformance_plugin_does_what_is_specified() {
                super::conforms(Language::$language).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn a_new_project_is_built_and_tested_and_answers() {
                super::projects::lives(Language::$language).await;
            }
        }
    )*};
}

languages! {
    rust: Rust,
    python: Python,
    javascript: JavaScript,
    typescript: TypeScript,
    go: Go,
    c: C,
}

#[test]
fn no_language_is_forgotten() {
    // Apps for hongmoa are Python, with a surface of their own: see `hongmoa`.
    for language in Language::ALL
        .into_iter()
        .filter(|language| *language != Language::Hongmoa)
    {
        assert!(LANGUAGES.contains(&language), "{language}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_in_the_documentation_says_what_was_tested() {
    let mut columns: Vec<(Language, Option<&'static Tested>)> = Vec::new();
    for language in LANGUAGES {
        columns.push((language, suite::tested(language).await));
    }
    matrix::check(&columns);
}
