//! What is documented is what there is.

use super::families::{ALL, Family, Kind};
use std::collections::BTreeSet;

const DOCS: &str = include_str!("../../../docs/metrics.md");
const GRAFANA: &str = include_str!("../../../docs/grafana.json");

/// How a family stands in the table of the documentation.
fn line(family: &Family) -> String {
    let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
    let labels = if labels.is_empty() {
        "-".to_owned()
    } else {
        labels.join(", ")
    };
    format!(
        "| `{}` | {} | {labels} | {} |",
        family.name,
        family.kind.name(),
        family.help
    )
}

#[test]
fn the_documentation_lists_every_family_and_no_other() {
    let documented: Vec<&str> = DOCS
        .lines()
        .filter(|line| line.starts_with("| `moa_") || line.starts_with("| `process_"))
        .collect();
    let expected: Vec<String> = ALL.iter().map(line).collect();
    assert_eq!(documented, expected);
}

#[test]
fn names_follow_the_conventions() {
    let names: BTreeSet<&str> = ALL.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), ALL.len(), "each once");
    for family in ALL {
        assert!(family.name.starts_with("moa_") || family.name.starts_with("process_"));
        assert_eq!(
            family.name.ends_with("_total"),
            family.kind == Kind::Counter,
            "{}",
            family.name
        );
        if family.kind == Kind::Histogram {
            assert!(family.name.ends_with("_seconds"), "{}", family.name);
        }
    }
}

/// The names of numbers in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_word(c))
        .filter(|word| word.starts_with("moa_") || word.starts_with("process_"))
        .collect()
}

#[test]
fn every_number_in_the_dashboard_and_in_the_alerts_is_there() {
    let board: serde_json::Value = serde_json::from_str(GRAFANA).unwrap();
    assert!(board["panels"].as_array().unwrap().len() > 10);
    for text in [GRAFANA, DOCS] {
        for name in named(text) {
            let base = |end: &str| name.strip_suffix(end);
            let base = base("_bucket").or(base("_sum")).or(base("_count")).unwrap_or(name);
            let known = ALL.iter().any(|family| family.name == base);
            assert!(known || name == "moa_" || name == "process_", "{name}");
        }
    }
    for panel in board["panels"].as_array().unwrap() {
        let is_row = panel["type"] == "row";
        assert!(is_row || !panel["targets"].as_array().unwrap().is_empty(), "{panel}");
    }
}
