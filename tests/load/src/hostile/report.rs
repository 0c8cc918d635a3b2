//! What was found, and whether it is as it has to be.

use super::bystander::Seen;
use crate::measure::median;
use crate::process::Process;
use serde::Serialize;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// The bystander's p99 beside the corpus may be so many times that beside the hog.
const BOUND: f64 = 2.0;
/// By how much more the host may grow between the first round and the last than one whose bystander is alone grows over as
/// many commands, in MB: places of the pool and warm code it may keep, another round must not add to them.
const GROWN: f64 = 16.0;
/// Connections to the workspace that are kept open for the next request.
const KEPT_OPEN: usize = 8;

/// The bystander in use for some time. CPU is in seconds of processor time.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Phase {
    /// How long.
    pub seconds: f64,
    /// How the bystander fared.
    #[serde(flatten)]
    pub seen: Seen,
    /// The host's.
    pub cpu: f64,
    /// The workspace's.
    pub sim_cpu: f64,
    /// What the corpus, or the hog, took.
    pub taken: f64,
    /// What it took at low priority.
    pub taken_nicely: f64,
    /// Files and commands of the corpus.
    pub misdeeds: u64,
    /// What of that did not meet its fate, or was not told.
    pub wrong: Vec<String>,
}

/// What the host's process holds.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Commands of the bystander's until then.
    pub commands: u64,
    /// Memory, in MB.
    pub memory: f64,
    /// Sockets.
    pub sockets: usize,
    /// What its other descriptors lead to.
    pub files: Vec<PathBuf>,
    /// Children, by id.
    pub children: Vec<u32>,
}

impl Held {
    /// What it holds now, after so many commands of the bystander's.
    pub fn by(process: &Process, commands: u64) -> anyhow::Result<Self> {
        let folder = PathBuf::from(format!("/proc/{}", process.id()));
        // One that closes meanwhile leads nowhere.
        let all = fs::read_dir(folder.join("fd"))?.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        let (sockets, mut files): (Vec<_>, Vec<_>) =
            all.partition(|file| file.to_string_lossy().starts_with("socket:"));
        files.sort();
        let mut children = Vec::new();
        for task in fs::read_dir(folder.join("task"))? {
            let words = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
            children.extend(words.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
        Ok(Self {
            commands,
            memory: process.memory()?,
            sockets: sockets.len(),
            files,
            children,
        })
    }

    /// What it holds that it did not hold before, in words.
    pub fn left_over(&self, before: &Self) -> Vec<String> {
        let mut left = Vec::new();
        if self.files.len() > before.files.len() {
            let mut more = self.files.clone();
            for file in &before.files {
                if let Some(at) = more.iter().position(|one| one == file) {
                    more.remove(at);
                }
            }
            left.push(format!("descriptors stay: {more:?}"));
        }
        if self.sockets > before.sockets + KEPT_OPEN {
            left.push(format!("{} sockets stay, {} before", self.sockets, before.sockets));
        }
        if !self.children.is_empty() {
            left.push(format!("child processes stay: {:?}", self.children));
        }
        left
    }
}

/// All rounds.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many used the bystander.
    pub people: u8,
    /// It alone.
    pub alone: Phase,
    /// Beside the corpus, for each round.
    pub inside: Vec<Phase>,
    /// Beside the hog, for each round.
    pub outside: Vec<Phase>,
    /// What the host held before, and after each round.
    pub held: Vec<Held>,
    /// What a host whose bystander was alone held after as many commands, each time.
    pub quiet: Vec<Held>,
}

fn middle(phases: &[Phase], get: impl Fn(&Phase) -> f64) -> f64 {
    median(&mut phases.iter().map(get).collect::<Vec<f64>>())
}

impl Report {
    fn p99(&self) -> (f64, f64, f64) {
        let (inside, outside) = (
            middle(&self.inside, |phase| phase.seen.p99),
            middle(&self.outside, |phase| phase.seen.p99),
        );
        (inside, outside, inside / outside)
    }

    /// What is not as it has to be.
    pub fn wrong(&self) -> Vec<String> {
        let phases = || std::iter::once(&self.alone).chain(&self.inside).chain(&self.outside);
        let mut wrong: Vec<String> = phases().flat_map(|phase| phase.wrong.clone()).collect();
        let (lost, twice): (u64, u64) = phases().fold((0, 0), |(lost, twice), phase| {
            (lost + phase.seen.lost, twice + phase.seen.twice)
        });
        if lost > 0 {
            wrong.push(format!("{lost} commands were not answered"));
        }
        if twice > 0 {
            wrong.push(format!("{twice} commands were answered more than once"));
        }
        if let [before, first, .., last] | [before, first @ last] = self.held.as_slice() {
            wrong.extend(last.left_over(before));
            let grown = last.memory - first.memory;
            let alone = match self.quiet.as_slice() {
                [_, first, .., last] => (last.memory - first.memory).max(0.0),
                _ => 0.0,
            };
            if grown - alone > GROWN {
                wrong.push(format!(
                    "{grown:.1} MB more memory than after the first round, {alone:.1} MB where the bystander is alone"
                ));
            }
        }
        let (.., ratio) = self.p99();
        // Also where nothing was measured.
        if ratio.is_nan() || ratio > BOUND {
            wrong.push("the bystander's p99 is above its bound".to_owned());
        }
        wrong
    }

    /// The whole in words: a table, what the host holds, what is wrong, and the closing line.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "| beside | commands/s | p50 | p99 | max | CPU taken, per second | of that at low priority | Moa's CPU | \
             simulator CPU |\n|---|---|---|---|---|---|---|---|---|\n",
        );
        let alone = std::slice::from_ref(&self.alone);
        for (beside, phases) in [
            ("nobody", alone),
            ("the corpus, inside", &self.inside),
            ("the hog, outside", &self.outside),
        ] {
            let per_second = |get: fn(&Phase) -> f64| middle(phases, |phase| get(phase) / phase.seconds);
            let _ = writeln!(
                text,
                "| {beside} | {:.0} | {:.2} ms | {:.2} ms | {:.1} ms | {:.2} s | {:.2} s | {:.0} % | {:.0} % |",
                per_second(|phase| phase.seen.commands as f64),
                middle(phases, |phase| phase.seen.p50),
                middle(phases, |phase| phase.seen.p99),
                middle(phases, |phase| phase.seen.max),
                per_second(|phase| phase.taken + phase.taken_nicely),
                per_second(|phase| phase.taken_nicely),
                per_second(|phase| phase.cpu) * 100.0,
                per_second(|phase| phase.sim_cpu) * 100.0,
            );
        }
        let each = |phases: &[Phase]| {
            let times: Vec<String> = phases.iter().map(|phase| format!("{:.2}", phase.seen.p99)).collect();
            times.join(", ")
        };
        let sum = |get: fn(&Phase) -> u64| -> u64 {
            let phases = std::iter::once(&self.alone).chain(&self.inside).chain(&self.outside);
            phases.map(get).sum()
        };
        let _ = writeln!(
            text,
            "\n{} rounds, {} people; p99 of each round in ms: inside {}; outside {}",
            self.inside.len(),
            self.people,
            each(&self.inside),
            each(&self.outside)
        );
        let _ = writeln!(
            text,
            "corpus: {} files and commands met their fate; bystander: {} commands, {} lost, {} twice",
            sum(|phase| phase.misdeeds.saturating_sub(phase.wrong.len() as u64)),
            sum(|phase| phase.seen.commands),
            sum(|phase| phase.seen.lost),
            sum(|phase| phase.seen.twice),
        );
        let of = |held: &[Held], get: &dyn Fn(&Held) -> String| {
            let all: Vec<String> = held.iter().map(get).collect();
            all.join(", ")
        };
        let _ = writeln!(
            text,
            "before, and after each round: sockets {}; other descriptors {}; child processes {}",
            of(&self.held, &|held| held.sockets.to_string()),
            of(&self.held, &|held| held.files.len().to_string()),
            of(&self.held, &|held| held.children.len().to_string()),
        );
        let _ = writeln!(
            text,
            "after {} commands: memory {} MB; with the bystander alone, after {}: {} MB (from the first round on at most \
             {GROWN:.0} MB more than that grows)",
            of(&self.held, &|held| held.commands.to_string()),
            of(&self.held, &|held| format!("{:.1}", held.memory)),
            of(&self.quiet, &|held| held.commands.to_string()),
            of(&self.quiet, &|held| format!("{:.1}", held.memory)),
        );
        for wrong in self.wrong() {
            let _ = writeln!(text, "WRONG: {wrong}");
        }
        let (inside, outside, ratio) = self.p99();
        let _ = write!(
            text,
            "bystander p99: inside {inside:.2} ms, outside {outside:.2} ms, ratio {ratio:.2} (bound {BOUND:.0})"
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(p99: f64) -> Phase {
        Phase {
            seconds: 1.0,
            seen: Seen {
                commands: 10,
                p99,
                ..Seen::default()
            },
            ..Phase::default()
        }
    }

    fn held(memory: f64, files: &[&str]) -> Held {
        Held {
            commands: 10,
            memory,
            sockets: 5,
            files: files.iter().map(PathBuf::from).collect(),
            children: Vec::new(),
        }
    }

    fn report() -> Report {
        Report {
            people: 8,
            alone: phase(1.0),
            inside: vec![phase(9.0), phase(6.0), phase(5.0)],
            outside: vec![phase(4.0), phase(3.0), phase(1.0)],
            held: vec![held(30.0, &["a"]), held(60.0, &["a"]), held(81.0, &["b"])],
            quiet: vec![held(30.0, &["a"]), held(40.0, &["a"]), held(45.0, &["a"])],
        }
    }

    #[test]
    fn what_is_as_it_has_to_be_is_not_wrong() {
        let report = report();
        assert_eq!(report.wrong(), Vec::<String>::new());
        let text = report.text();
        let line = "bystander p99: inside 6.00 ms, outside 3.00 ms, ratio 2.00 (bound 2)";
        assert!(text.ends_with(line), "{text}");
    }

    #[test]
    fn whatever_is_wrong_is_told() {
        let check = |change: fn(&mut Report), word: &str| {
            let mut report = report();
            change(&mut report);
            let wrong = report.wrong();
            assert!(wrong.len() == 1 && wrong.concat().contains(word), "{word}: {wrong:?}");
            assert!(report.text().contains(&format!("WRONG: {}", wrong.concat())));
        };
        check(|report| report.inside[1].seen.p99 = 6.1, "p99");
        check(|report| report.outside.clear(), "p99");
        check(|report| report.outside[0].seen.lost = 1, "not answered");
        check(|report| report.alone.seen.twice = 1, "more than once");
        check(|report| report.inside[2].wrong = vec!["!loop".into()], "!loop");
        check(|report| report.held[2] = held(82.0, &["a"]), "memory");
        check(|report| report.quiet[2] = held(44.0, &["a"]), "memory");
        // That the other one gives something back is nothing that this one may take.
        check(
            |report| (report.quiet[2], report.held[2]) = (held(20.0, &["a"]), held(77.0, &["a"])),
            "memory",
        );
        check(|report| report.quiet.clear(), "memory");
        check(|report| report.held[2].files.push("deleted".into()), "deleted");
        check(|report| report.held[2].sockets = 14, "sockets");
        check(|report| report.held[2].children = vec![7], "child");
        check(
            |report| {
                report.held.pop();
                report.held[1].children = vec![7];
            },
            "child",
        );
    }
}
