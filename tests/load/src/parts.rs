//! The budgets that are about parts of the host alone: `cargo bench` measures them, here its last figures are shown.

use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;

/// One budget that a benchmark answers for.
#[derive(Debug, Serialize)]
pub struct Part {
    /// What is measured.
    pub what: &'static str,
    /// The command that measures it.
    pub command: &'static str,
    /// The benchmark's name.
    pub bench: &'static str,
    /// The budget in words.
    pub budget: &'static str,
    /// What the last run found, if there was one.
    pub found: Option<Found>,
}

/// The figure of a benchmark's last run.
#[derive(Debug, Serialize)]
pub struct Found {
    /// The median, in `unit`.
    pub value: f64,
    /// In which unit.
    pub unit: &'static str,
    /// Whether the budget is kept.
    pub kept: bool,
    /// How long ago it was measured, in hours.
    pub hours_ago: f64,
}

/// What a budget limits.
enum Limit {
    /// At least so many a second, where one round of the benchmark is `elements` of them.
    PerSecond { elements: f64, least: f64 },
    /// At most so many microseconds for a round.
    Micros { most: f64 },
}

impl Limit {
    fn judge(&self, nanos: f64) -> (f64, &'static str, bool) {
        match *self {
            Self::PerSecond { elements, least } => {
                let rate = elements * 1e9 / nanos;
                (rate, "/s", rate >= least)
            }
            Self::Micros { most } => (nanos / 1e3, "µs", nanos / 1e3 <= most),
        }
    }
}

/// All of them, with what the benchmarks' last runs left below `target`, cargo's target directory.
pub fn parts(target: &Path) -> Vec<Part> {
    let part = |what, command, bench, budget, limit: Limit| Part {
        what,
        command,
        bench,
        budget,
        found: last(target, bench).map(|(nanos, hours_ago)| {
            let (value, unit, kept) = limit.judge(nanos);
            Found {
                value,
                unit,
                kept,
                hours_ago,
            }
        }),
    };
    let per_second = |elements, least| Limit::PerSecond { elements, least };
    vec![
        part(
            "frames nobody wants, bytes → decision, 100 plugins",
            "cargo bench -p moa",
            "bytes to decision, 100 plugins/nobody wants it",
            "≥ 200,000/s per core",
            per_second(1.0, 200_000.0),
        ),
        part(
            "fresh instance and call, Rust plugin",
            "cargo bench -p moa-engine",
            "instance and call, Rust plugin/one at a time",
            "≤ 50 µs",
            Limit::Micros { most: 50.0 },
        ),
        part(
            "brain reads",
            "cargo bench -p moa-store",
            "brain reads/get/redb",
            "≥ 500,000/s",
            per_second(1.0, 500_000.0),
        ),
        part(
            "brain durable writes, 64 writers",
            "cargo bench -p moa-store",
            "brain durable writes/redb/64",
            "≥ 20,000/s",
            per_second(64.0, 20_000.0),
        ),
    ]
}

/// As a Markdown table.
pub fn table(parts: &[Part]) -> String {
    let mut text =
        String::from("| part, by its benchmark | last figure | budget | kept | measured by |\n|---|---|---|---|---|\n");
    for part in parts {
        let (figure, kept) = match &part.found {
            None => ("not measured yet".to_owned(), ""),
            Some(found) => {
                let decimals = if found.value < 1_000.0 { 1 } else { 0 };
                let Found {
                    value, unit, hours_ago, ..
                } = found;
                (
                    format!("{value:.decimals$} {unit}, {hours_ago:.1} h ago"),
                    if found.kept { "yes" } else { "**no**" },
                )
            }
        };
        let Part {
            what, command, budget, ..
        } = part;
        let _ = writeln!(text, "| {what} | {figure} | {budget} | {kept} | `{command}` |");
    }
    text
}

/// The median of a benchmark's last run, in nanoseconds a round, and its age in hours.
fn last(target: &Path, bench: &str) -> Option<(f64, f64)> {
    #[derive(Deserialize)]
    struct Estimates {
        median: Estimate,
    }
    #[derive(Deserialize)]
    struct Estimate {
        point_estimate: f64,
    }
    let file = target.join("criterion").join(bench).join("new/estimates.json");
    let age = SystemTime::now().duration_since(file.metadata().ok()?.modified().ok()?);
    let estimates: Estimates = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    Some((
        estimates.median.point_estimate,
        age.unwrap_or_default().as_secs_f64() / 3600.0,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figure_of_a_benchmark_is_held_against_its_budget() {
        let target = tempfile::tempdir().unwrap();
        let measured = |bench: &str, nanos: f64| {
            let folder = target.path().join("criterion").join(bench).join("new");
            std::fs::create_dir_all(&folder).unwrap();
            let json = format!("{{\"median\":{{\"point_estimate\":{nanos}}},\"mean\":{{\"point_estimate\":1}}}}");
            std::fs::write(folder.join("estimates.json"), json).unwrap();
        };
        measured("brain reads/get/redb", 1_000.0);
        measured("brain durable writes/redb/64", 6_400_000.0);
        measured("instance and call, Rust plugin/one at a time", 49_900.0);
        let parts = parts(target.path());
        let found: Vec<_> = parts
            .iter()
            .map(|part| part.found.as_ref().map(|found| (found.value, found.kept)))
            .collect();
        assert_eq!(
            found,
            [
                None,
                Some((49.9, true)),
                Some((1_000_000.0, true)),
                Some((10_000.0, false))
            ]
        );
        let table = table(&parts);
        assert!(
            table.contains("not measured yet") && table.contains("**no** | `cargo bench -p moa-store`"),
            "{table}"
        );
    }
}
