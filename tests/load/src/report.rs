//! The figures of all rounds as a table and as JSON.

use crate::measure::{Figures, median};
use crate::parts::Part;
use serde::Serialize;
use std::fmt::Write;

/// Above this much of one core the workspace itself may be what is measured.
pub const SIMULATOR_BOUND: f64 = 40.0;

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Processors.
    pub cores: usize,
    /// Plugins that were loaded.
    pub plugins: Vec<String>,
    /// The size of the plugin that was dropped, in bytes.
    pub dropped_bytes: u64,
    /// The budgets' rows: medians over the rounds.
    pub rows: Vec<Row>,
    /// The budgets that benchmarks answer for.
    pub parts: Vec<Part>,
    /// Commands without their answer, in all rounds of both bots. Anything but 0 is a fault.
    pub lost: u64,
    /// The rounds of Moa.
    pub moa: Vec<Figures>,
    /// The rounds of the floor bot.
    pub floor: Vec<Figures>,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub what: &'static str,
    /// In which unit.
    pub unit: &'static str,
    /// Moa's figure.
    pub moa: f64,
    /// The floor bot's.
    pub floor: Option<f64>,
    /// Moa's divided by the floor bot's.
    pub ratio: Option<f64>,
    /// The budget in words.
    pub budget: &'static str,
    /// Whether it is kept; absent where there is none.
    pub kept: Option<bool>,
    /// The workspace's CPU beside Moa and beside the floor bot, in percent of one core.
    pub simulator_cpu: Option<(f64, f64)>,
    /// Whether one of these is so high that the row tells of the workspace rather than of the bots.
    pub simulator_bound: bool,
}

impl Report {
    /// Of these rounds.
    pub fn new(
        plugins: Vec<String>,
        dropped_bytes: u64,
        moa: Vec<Figures>,
        floor: Vec<Figures>,
        parts: Vec<Part>,
    ) -> Self {
        let all = moa.iter().chain(&floor);
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            plugins,
            dropped_bytes,
            lost: all.map(|figures| figures.lost).sum(),
            rows: rows(&moa, &floor),
            parts,
            moa,
            floor,
        }
    }

    /// The table, as Markdown.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| what | Moa | floor | ratio | budget | kept | simulator CPU (Moa, floor) |\n|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let figure = |value| figure(value, row.unit);
            let floor = row.floor.map(figure).unwrap_or_default();
            let ratio = row.ratio.map(|ratio| format!("{ratio:.2} ×")).unwrap_or_default();
            let kept = match row.kept {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "",
            };
            let mark = if row.simulator_bound { ", simulator-bound" } else { "" };
            let cpu = row
                .simulator_cpu
                .map(|(moa, floor)| format!("{moa:.0} %, {floor:.0} %{mark}"));
            let _ = writeln!(
                text,
                "| {} | {} | {floor} | {ratio} | {} | {kept} | {} |",
                row.what,
                figure(row.moa),
                row.budget,
                cpu.unwrap_or_default()
            );
        }
        let _ = write!(
            text,
            "\n{} rounds, {} cores, plugins: {}; the dropped one has {} bytes; commands without their answer: {}",
            self.moa.len(),
            self.cores,
            self.plugins.join(", "),
            self.dropped_bytes,
            self.lost
        );
        text
    }
}

/// With three digits that count, and its unit.
pub fn figure(value: f64, unit: &str) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0} {unit}"),
        v if v >= 10.0 => format!("{v:.1} {unit}"),
        v => format!("{v:.2} {unit}"),
    }
}

fn rows(moa: &[Figures], floor: &[Figures]) -> Vec<Row> {
    let middle = |rounds: &[Figures], get: &dyn Fn(&Figures) -> f64| -> f64 {
        median(&mut rounds.iter().map(get).collect::<Vec<f64>>())
    };
    let both = |get: &dyn Fn(&Figures) -> f64| (middle(moa, get), middle(floor, get));
    let row = |what, unit, get: &dyn Fn(&Figures) -> f64, budget, kept: &dyn Fn(f64, f64) -> Option<bool>| {
        let (moa, floor) = both(get);
        Row {
            what,
            unit,
            moa,
            floor: Some(floor),
            ratio: (floor > 0.0).then(|| moa / floor),
            budget,
            kept: kept(moa, floor),
            simulator_cpu: None,
            simulator_bound: false,
        }
    };
    let beside = |row: Row, cpu: (f64, f64)| Row {
        simulator_cpu: Some(cpu),
        simulator_bound: cpu.0.max(cpu.1) > SIMULATOR_BOUND,
        ..row
    };
    let (one, many) = (both(&|f| f.one_sim_cpu), both(&|f| f.many_sim_cpu));
    vec![
        beside(
            row(
                "command → reply, one at a time, p50",
                "ms",
                &|f| f.p50,
                "≤ floor + 0.10 ms",
                &|moa, floor| Some(moa <= floor + 0.10),
            ),
            one,
        ),
        beside(
            row(
                "command → reply, one at a time, p99",
                "ms",
                &|f| f.p99,
                "≤ floor + 0.5 ms",
                &|moa, floor| Some(moa <= floor + 0.5),
            ),
            one,
        ),
        beside(
            row(
                "commands/s, 64 outstanding",
                "/s",
                &|f| f.rate,
                "≥ 0.5 × floor",
                &|moa, floor| Some(moa >= 0.5 * floor),
            ),
            many,
        ),
        row(
            "the bot's CPU for one of those",
            "µs",
            &|f| f.cpu_per_command,
            "",
            &|_, _| None,
        ),
        row("idle memory", "MB", &|f| f.idle_memory, "≤ 30 MB", &|moa, _| {
            Some(moa <= 30.0)
        }),
        row("memory after the load", "MB", &|f| f.loaded_memory, "", &|_, _| None),
        row(
            "start → connected, cache warm",
            "ms",
            &|f| f.start,
            "≤ 150 ms",
            &|moa, _| Some(moa <= 150.0),
        ),
        row(
            "start → first answer, cache warm",
            "ms",
            &|f| f.first_answer,
            "",
            &|_, _| None,
        ),
        Row {
            floor: None,
            ratio: None,
            ..row(
                "file dropped → live, beyond the quiet time",
                "ms",
                &|f| f.dropped.unwrap_or_default(),
                "≤ 500 ms",
                &|moa, _| Some(moa <= 500.0),
            )
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_medians_with_their_budgets_and_marks() {
        let figures = |p50, rate, cpu| Figures {
            p50,
            rate,
            many_sim_cpu: cpu,
            ..Figures::default()
        };
        let moa = vec![
            figures(1.0, 400.0, 41.0),
            figures(9.0, 100.0, 41.0),
            figures(1.2, 300.0, 39.0),
        ];
        let floor = vec![figures(1.15, 500.0, 10.0)];
        let report = Report::new(vec!["hello".into()], 5, moa, floor, Vec::new());
        let row = |what: &str| report.rows.iter().find(|row| row.what.contains(what)).unwrap();
        assert_eq!((row("p50").moa, row("p50").kept), (1.2, Some(true)));
        assert!(!row("p50").simulator_bound);
        let many = row("64");
        assert_eq!((many.moa, many.ratio, many.kept), (300.0, Some(0.6), Some(true)));
        assert!(many.simulator_bound);
        assert!(
            report.table().contains("41 %, 10 %, simulator-bound"),
            "{}",
            report.table()
        );
    }
}
