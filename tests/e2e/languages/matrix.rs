//! The table of docs/languages.md: what each language was seen to do.

use super::suite::Tested;
use super::{CANNOT, root, updating};
use moa::toolchain::Language;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const BEGIN: &str = "<!-- conformance: written by MOA_UPDATE_DOCS=1 cargo test -p moa --test e2e languages:: -->";
const END: &str = "<!-- conformance: end -->";
const YES: &str = "✓";
const NO: &str = "—";
const UNKNOWN: &str = "?";

fn file() -> PathBuf {
    root().join("docs/languages.md")
}

/// The name that people know a language by.
fn title(language: Language) -> &'static str {
    match language {
        Language::Rust => "Rust",
        Language::Python => "Python",
        Language::JavaScript => "JavaScript",
        Language::TypeScript => "TypeScript",
        Language::Go => "Go",
        Language::C => "C",
        Language::Hongmoa => "hongmoa",
    }
}

/// The cells that stand there, by language and row.
fn cells(table: &str) -> BTreeMap<(String, String), String> {
    let mut lines = table.lines().filter(|line| line.starts_with('|')).map(|line| {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    });
    let titles = lines.next().unwrap_or_default();
    let mut cells = BTreeMap::new();
    for line in lines.skip(1) {
        let name = line
            .first()
            .map(|cell| cell.trim_matches('`').to_owned())
            .unwrap_or_default();
        for (title, cell) in titles.iter().zip(&line).skip(2) {
            cells.insert((title.clone(), name.clone()), cell.clone());
        }
    }
    cells
}

/// The table as it should be. Of a language that was not tried the cells stay as they are.
fn table(columns: &[(Language, Option<&Tested>)], before: &str) -> String {
    let before = cells(before);
    let titles: Vec<&str> = columns.iter().map(|(language, _)| title(*language)).collect();
    let mut lines = vec![
        format!("| | what | {} |", titles.join(" | ")),
        format!("|---|---|{}", ":-:|".repeat(titles.len())),
    ];
    let any = columns
        .iter()
        .find_map(|(_, tested)| *tested)
        .expect("some language is there");
    for row in &any.rows {
        let cell = |(language, tested): &(Language, Option<&Tested>)| match tested {
            Some(tested) => {
                let same = tested.rows.iter().find(|other| other.name == row.name);
                let passed = same.is_some_and(|row| row.outcome.is_ok());
                if passed { YES } else { NO }.to_owned()
            }
            None => {
                let known = before.get(&(title(*language).to_owned(), row.name.clone()));
                known.map_or(UNKNOWN, String::as_str).to_owned()
            }
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        lines.push(format!("| `{}` | {} | {} |", row.name, row.about, cells.join(" | ")));
    }
    let mut text = lines.join("\n");
    for (language, row, why) in CANNOT {
        text.push_str(&format!("\n\n{}, `{row}`: {why}", title(*language)));
    }
    text
}

/// The table in the documentation is the one that was tested; when that is wanted it is written.
pub fn check(columns: &[(Language, Option<&Tested>)]) {
    let text = fs::read_to_string(file()).unwrap();
    let parts = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| rest.split_once(END).map(|(table, after)| (before, table, after)));
    let (before, there, after) = parts.expect("docs/languages.md has a place for the table");
    let wanted = table(columns, there);
    if updating() {
        fs::write(file(), format!("{before}{BEGIN}\n{wanted}\n{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        there.trim(),
        wanted,
        "docs/languages.md does not say what was tested; MOA_UPDATE_DOCS=1 writes it"
    );
}
