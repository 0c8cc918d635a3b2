//! Moa on each of its stores, and on none: what it costs that nothing is lost.

use crate::bot::{self, Build, FILE, Home, Kind};
use crate::load::{self, Ask, Many, OneByOne, general, number};
use crate::measure::{self, median};
use crate::report::{SIMULATOR_BOUND, figure};
use crate::sim::Sim;
use anyhow::Context;
use moa_test_redis::Redis;
use serde::Serialize;
use std::fmt::Write;

/// A store to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Nothing is durable, the journal neither: what the others are held against.
    Memory,
    /// A file.
    Redb,
    /// A Redis server that has written to disk before it answers.
    RedisAlways,
    /// A Redis server that writes to disk once a second.
    RedisEverysec,
}

impl On {
    const ALL: [Self; 4] = [Self::Memory, Self::Redb, Self::RedisAlways, Self::RedisEverysec];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "`memory:`, nothing kept",
            Self::Redb => "`redb:`",
            Self::RedisAlways => "Redis, `appendfsync always`",
            Self::RedisEverysec => "Redis, `appendfsync everysec`",
        }
    }

    fn appendfsync(self) -> Option<&'static str> {
        match self {
            Self::Memory | Self::Redb => None,
            Self::RedisAlways => Some("always"),
            Self::RedisEverysec => Some("everysec"),
        }
    }
}

impl Ask {
    fn name(self) -> &'static str {
        match self {
            Self::Echo => "`!echo`",
            Self::Count => "`!count`",
        }
    }
}

/// One command on one store in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The store.
    pub store: On,
    /// The command.
    pub command: Ask,
    /// One after the other.
    pub one: OneByOne,
    /// 64 outstanding.
    pub many: Many,
}

/// One line of the table: medians over the rounds.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The command.
    pub command: Ask,
    /// The store.
    pub store: On,
    /// Command to reply, one at a time, in milliseconds.
    pub p50: f64,
    /// That divided by the one of the memory.
    pub p50_ratio: Option<f64>,
    /// Commands answered per second with 64 outstanding.
    pub rate: f64,
    /// That divided by the one of the memory.
    pub rate_ratio: Option<f64>,
    /// The bot's own CPU for one of those, in microseconds; a Redis server's is not in it.
    pub cpu_per_command: f64,
    /// The workspace's CPU with one at a time and with 64 outstanding, in percent of one core.
    pub simulator_cpu: (f64, f64),
    /// Whether one of these is so high that the row tells of the workspace rather than of the store.
    pub simulator_bound: bool,
}

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Processors.
    pub cores: usize,
    /// Rounds.
    pub rounds: u16,
    /// Commands without their answer, and counts that came out wrong. Anything but 0 is a fault.
    pub lost: u64,
    /// The table.
    pub stores: Vec<Row>,
    /// All rounds.
    pub all: Vec<Figures>,
}

/// Measures all stores in turn, so many times; without `redis-server` those that there are.
pub async fn measure(build: &Build, rounds: u16, seconds: f64) -> anyhow::Result<Report> {
    let mut stores = On::ALL.to_vec();
    let (mut all, mut miscounted) = (Vec::new(), 0);
    for number in 0..rounds {
        let mut there = Vec::new();
        for on in stores {
            eprintln!("round {} of {rounds}: {on:?}", number + 1);
            // Its data is beside the build like the bot's, and for the same reason.
            let folder = bot::folder()?;
            let (url, _redis) = match on.appendfsync() {
                None if on == On::Memory => ("memory:".to_owned(), None),
                None => (FILE.to_owned(), None),
                Some(fsync) => {
                    let dir = folder.path().display().to_string();
                    // Says so itself where there is no server.
                    let Some(redis) = Redis::start_with(&["--dir", &dir, "--appendfsync", fsync])? else {
                        continue;
                    };
                    (redis.url(), Some(redis))
                }
            };
            miscounted += one_store(build, on, &url, seconds, &mut all).await?;
            there.push(on);
        }
        // Whoever comes second finds the machine warmer: the next round begins with another.
        there.rotate_left(1);
        stores = there;
    }
    Ok(Report::new(rounds, miscounted, all))
}

/// Measures both commands on a fresh store; by how much the count at the end is wrong.
async fn one_store(build: &Build, on: On, url: &str, seconds: f64, all: &mut Vec<Figures>) -> anyhow::Result<u64> {
    let mut sim = Sim::start()?;
    let home = Home::new(Kind::Moa, build, &sim.address, url)?;
    let measured = async {
        // The first start makes the data and compiles the plugins.
        measure::start(&mut sim, &home, true).await?.0.stop().await?;
        let (process, _, _) = measure::start(&mut sim, &home, true).await?;
        let mut counted = 0;
        for command in [Ask::Echo, Ask::Count] {
            let one = load::one_by_one(&sim, command).await?;
            let many = load::many(&sim, &process, command, seconds).await?;
            if command == Ask::Count {
                counted = one.answered + many.answered;
            }
            all.push(Figures {
                store: on,
                command,
                one,
                many,
            });
        }
        let last = sim.client().ask(&general(), "!count").await?;
        let last = last.as_deref().and_then(number).context("the last count is missing")?;
        process.stop().await?;
        anyhow::Ok(last.abs_diff(counted + 1))
    };
    measured
        .await
        .with_context(|| format!("{on:?} failed; it wrote:\n{}", home.last_words()))
}

impl Report {
    /// Of these rounds.
    fn new(rounds: u16, miscounted: u64, all: Vec<Figures>) -> Self {
        let lost: u64 = all.iter().map(|figures| figures.one.lost + figures.many.lost).sum();
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            rounds,
            lost: lost + miscounted,
            stores: rows(&all),
            all,
        }
    }

    /// The table, as Markdown.
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| command | store | one at a time, p50 | beside memory | 64 outstanding | beside memory | the bot's CPU for one of those | simulator CPU (one, 64) |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.stores {
            let ratio = |ratio: Option<f64>| ratio.map(|ratio| format!("{ratio:.2} ×")).unwrap_or_default();
            let mark = if row.simulator_bound { ", simulator-bound" } else { "" };
            let (one, many) = row.simulator_cpu;
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {one:.0} %, {many:.0} %{mark} |",
                row.command.name(),
                row.store.name(),
                figure(row.p50, "ms"),
                ratio(row.p50_ratio),
                figure(row.rate, "/s"),
                ratio(row.rate_ratio),
                figure(row.cpu_per_command, "µs"),
            );
        }
        let Self {
            rounds, cores, lost, ..
        } = self;
        let _ = write!(
            text,
            "\n{rounds} rounds, {cores} cores; commands without their answer, and counts that came out wrong: {lost}"
        );
        text
    }
}

fn rows(all: &[Figures]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for command in [Ask::Echo, Ask::Count] {
        let mut memory = None;
        for store in On::ALL {
            let of_both = |figures: &&Figures| figures.store == store && figures.command == command;
            let rounds: Vec<&Figures> = all.iter().filter(of_both).collect();
            if rounds.is_empty() {
                continue;
            }
            let middle = |get: fn(&Figures) -> f64| {
                let mut values: Vec<f64> = rounds.iter().map(|figures| get(figures)).collect();
                median(&mut values)
            };
            let (p50, rate) = (middle(|f| f.one.p50), middle(|f| f.many.rate));
            if store == On::Memory {
                memory = Some((p50, rate));
            }
            let beside = memory.filter(|_| store != On::Memory);
            let simulator_cpu = (middle(|f| f.one.sim_cpu), middle(|f| f.many.sim_cpu));
            rows.push(Row {
                command,
                store,
                p50,
                p50_ratio: beside.map(|(memory, _)| p50 / memory),
                rate,
                rate_ratio: beside.map(|(_, memory)| rate / memory),
                cpu_per_command: middle(|f| f.many.cpu_per_command),
                simulator_cpu,
                simulator_bound: simulator_cpu.0.max(simulator_cpu.1) > SIMULATOR_BOUND,
            });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_held_against_memory_by_their_medians() {
        let figures = |store, command, p50, rate, sim_cpu| Figures {
            store,
            command,
            one: OneByOne {
                p50,
                lost: 1,
                ..OneByOne::default()
            },
            many: Many {
                rate,
                sim_cpu,
                ..Many::default()
            },
        };
        let all = vec![
            figures(On::Redb, Ask::Count, 4.0, 100.0, 10.0),
            figures(On::Memory, Ask::Count, 0.5, 400.0, 41.0),
            figures(On::Memory, Ask::Count, 0.25, 300.0, 50.0),
            figures(On::Memory, Ask::Count, 0.75, 900.0, 60.0),
            figures(On::Redb, Ask::Count, 1.0, 200.0, 20.0),
            figures(On::Redb, Ask::Count, 1.5, 300.0, 30.0),
            figures(On::Memory, Ask::Echo, 0.1, 1000.0, 0.0),
        ];
        let report = Report::new(3, 2, all);
        assert_eq!(report.lost, 9);
        let found: Vec<_> = report
            .stores
            .iter()
            .map(|row| {
                (
                    row.command,
                    row.store,
                    row.p50_ratio,
                    row.rate_ratio,
                    row.simulator_bound,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (Ask::Echo, On::Memory, None, None, false),
                (Ask::Count, On::Memory, None, None, true),
                (Ask::Count, On::Redb, Some(3.0), Some(0.5), false),
            ]
        );
        let table = report.table();
        assert!(
            table.contains("| `!count` | `redb:` | 1.50 ms | 3.00 × | 200 /s | 0.50 × |")
                && table.ends_with("wrong: 9"),
            "{table}"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["stores"][2]["store"], "redb");
        assert_eq!(json["stores"][2]["command"], "count");
    }
}
