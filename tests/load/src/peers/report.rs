//! The figures of all bots as tables and as JSON.

use crate::measure::median;
use crate::report::figure;
use serde::Serialize;
use std::fmt::Write;

/// What one bot did in one round.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Speed {
    /// From the start of the process to an open websocket, in milliseconds.
    pub connected: f64,
    /// Command to reply, one at a time, in milliseconds.
    pub p50: f64,
    /// The same, the slowest hundredth.
    pub p99: f64,
    /// Commands answered per second with 64 outstanding.
    pub rate: f64,
    /// The workspace's CPU meanwhile, in percent of one core.
    pub sim_cpu: f64,
    /// The bot's own CPU for a thousand of those commands, in seconds.
    pub cpu_per_thousand: f64,
    /// Memory two seconds after the start, in MB.
    pub idle_memory: f64,
    /// Memory after the load, in MB.
    pub loaded_memory: f64,
    /// Commands without an answer or with a wrong one.
    pub lost: u64,
}

/// What one bot did under one fault.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// Commands that were given.
    pub commands: usize,
    /// How often it really went wrong.
    pub happened: usize,
    /// Commands that were never answered.
    pub lost: usize,
    /// Commands that were answered more than once.
    pub twice: usize,
    /// Commands whose answer took longer than 3 s.
    pub late: usize,
    /// The slowest answer, in milliseconds.
    pub slowest: f64,
}

impl Fault {
    /// Of what was counted.
    pub fn of(report: &moa_test_rough::Report, slowest: f64) -> Self {
        let faults = &report.faults;
        let all = [
            &faults.refreshes,
            &faults.closes,
            &faults.duplicates,
            &faults.rate_limits,
        ];
        Self {
            commands: report.commands,
            happened: all.iter().map(|often| often.happened).sum(),
            lost: report.lost,
            twice: report.twice,
            late: report.late,
            slowest,
        }
    }
}

/// A bot's rounds, and what it did under each fault.
#[derive(Clone, Debug, Serialize)]
pub struct Bot {
    /// Its name and version.
    pub name: &'static str,
    /// Each round.
    pub rounds: Vec<Speed>,
    /// Each fault by its name.
    pub faults: Vec<(&'static str, Fault)>,
    /// Why there is less of it than there should be.
    pub cannot: Option<String>,
}

/// Everything that a run found out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The bots, in the order in which they were first measured.
    pub bots: Vec<Bot>,
}

impl Report {
    fn bot(&mut self, name: &'static str) -> Option<&mut Bot> {
        if !self.bots.iter().any(|bot| bot.name == name) {
            self.bots.push(Bot {
                name,
                rounds: Vec::new(),
                faults: Vec::new(),
                cannot: None,
            });
        }
        self.bots.iter_mut().find(|bot| bot.name == name)
    }

    /// A round of a bot.
    pub fn speed(&mut self, name: &'static str, speed: Speed) {
        if let Some(bot) = self.bot(name) {
            bot.rounds.push(speed);
        }
    }

    /// A bot under a fault.
    pub fn fault(&mut self, name: &'static str, fault: &'static str, counted: Fault) {
        if let Some(bot) = self.bot(name) {
            bot.faults.push((fault, counted));
        }
    }

    /// Why something of a bot is missing. The first reason stands.
    pub fn cannot(&mut self, name: &'static str, error: &anyhow::Error) {
        eprintln!("{name}: {error:#}");
        if let Some(bot) = self.bot(name) {
            bot.cannot.get_or_insert_with(|| error.root_cause().to_string());
        }
    }

    /// Two tables, as Markdown: how fast (medians of the rounds), and what was lost.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| bot | connected | p50 | p99 | commands/s at 64 | workspace's CPU | CPU for 1,000 | idle | after the load | lost |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for bot in &self.bots {
            let _ = write!(text, "| {} |", bot.name);
            if bot.rounds.is_empty() {
                let why = bot.cannot.as_deref().unwrap_or("not measured");
                let _ = writeln!(text, " {why} | | | | | | | | |");
                continue;
            }
            let of = |which: fn(&Speed) -> f64| median(&mut bot.rounds.iter().map(which).collect::<Vec<_>>());
            let columns = [
                figure(of(|speed| speed.connected), "ms"),
                figure(of(|speed| speed.p50), "ms"),
                figure(of(|speed| speed.p99), "ms"),
                format!("{:.0}", of(|speed| speed.rate)),
                format!("{:.0} %", of(|speed| speed.sim_cpu)),
                figure(of(|speed| speed.cpu_per_thousand), "s"),
                figure(of(|speed| speed.idle_memory), "MB"),
                figure(of(|speed| speed.loaded_memory), "MB"),
                bot.rounds.iter().map(|speed| speed.lost).sum::<u64>().to_string(),
            ];
            let _ = writeln!(text, " {} |", columns.join(" | "));
        }
        text += "\n| bot | fault | times | commands | lost | twice | later than 3 s | slowest |\n|---|---|--:|--:|--:|--:|--:|--:|\n";
        for bot in &self.bots {
            for (name, fault) in &bot.faults {
                let _ = writeln!(
                    text,
                    "| {} | {name} | {} | {} | {} | {} | {} | {} |",
                    bot.name,
                    fault.happened,
                    fault.commands,
                    fault.lost,
                    fault.twice,
                    fault.late,
                    figure(fault.slowest, "ms"),
                );
            }
        }
        text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Report, Speed};

    #[test]
    fn a_row_has_the_medians_or_the_reason() {
        let mut report = Report::default();
        for p50 in [3.0, 1.0, 2.0] {
            let speed = Speed {
                p50,
                lost: 1,
                ..Speed::default()
            };
            report.speed("one", speed);
        }
        report.cannot("other", &anyhow::anyhow!("npm is not installed").context("in vain"));
        let fault = Fault {
            commands: 600,
            happened: 4,
            lost: 1,
            twice: 2,
            late: 3,
            slowest: 4_000.0,
        };
        report.fault("one", "dropped", fault);
        let table = report.table();
        assert!(
            table.contains("| one | 0.00 ms | 2.00 ms |") && table.contains(" | 3 |\n"),
            "{table}"
        );
        assert!(table.contains("| other | npm is not installed |"), "{table}");
        assert!(
            table.ends_with("| one | dropped | 4 | 600 | 1 | 2 | 3 | 4000 ms |"),
            "{table}"
        );
    }
}
