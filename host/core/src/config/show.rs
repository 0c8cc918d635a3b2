//! The effective configuration as TOML, with the origin of what is no default.

use super::Config;
use super::source::Entry;
use std::fmt::Write;

impl Config {
    /// Every value that is in force, as TOML. What is no default says where it came from; a secret shows its source only.
    pub fn show(&self) -> String {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        // Tables stay in the order in which they are read; the keys of one table must stand together.
        let mut order: Vec<&[String]> = Vec::new();
        for entry in &entries {
            let table = table_of(entry);
            if !order.contains(&table) {
                order.push(table);
            }
        }
        entries.sort_by_key(|entry| order.iter().position(|table| *table == table_of(entry)));
        let mut text = String::new();
        let mut current: Option<&[String]> = None;
        for entry in entries {
            let table = table_of(entry);
            if current != Some(table) {
                let gap = if current.is_some() { "\n" } else { "" };
                let _ = match table {
                    // A table of a list has a number in the place of a name.
                    [list, _] if list == "access" => writeln!(text, "{gap}[[{list}]]"),
                    [service, list, _] if service == "jandi" => writeln!(text, "{gap}[[{service}.{list}]]"),
                    table => {
                        let name = table.iter().map(|part| key(part)).collect::<Vec<_>>().join(".");
                        writeln!(text, "{gap}[{name}]")
                    }
                };
                current = Some(table);
            }
            let _ = write!(
                text,
                "{} = {}",
                entry.path.last().map_or_else(String::new, |last| key(last)),
                entry.shown
            );
            match &entry.origin {
                Some(origin) => {
                    let _ = writeln!(text, "  # {origin}");
                }
                None => text.push('\n'),
            }
        }
        text
    }
}

fn table_of(entry: &Entry) -> &[String] {
    entry.path.split_last().map_or(&[], |(_, table)| table)
}

/// A key as TOML wants it: bare where it can be.
fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare {
        name.to_owned()
    } else {
        toml::Value::String(name.to_owned()).to_string()
    }
}
