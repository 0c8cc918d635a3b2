//! Moa beside the bots that people use instead: how fast each is, and what it loses or says twice while its workspace
//! misbehaves.
//!
//! All of them answer `!echo X` with `X` in the thread where it was asked, written as each one's own guide begins
//! (`tests/load/peers`), each in a workspace of its own, in turn.

mod install;
mod report;

pub use report::Report;

use crate::bot::{Build, FILE, Home, Kind};
use crate::http::Http;
use crate::load::{self, Ask, general};
use crate::measure::{REST, median, milliseconds};
use crate::process::Process;
use crate::sim::Sim;
use anyhow::{Context, ensure};
use moa_test_rough::{Asking, Plan, Rates, Workspace, drive};
use report::{Fault, Speed};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a bot may take from its start to its first answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a start is timed in a round.
const STARTS: usize = 3;
/// Commands under each fault.
const COMMANDS: usize = 600;
/// Of them wait for their answers at the same time.
const OUTSTANDING: usize = 16;
/// The workspace delivers an event for the last time 45 s after the first.
const QUIET: Duration = Duration::from_secs(60);
/// Entries that the workspace's record holds while faults are counted.
const RECORD: usize = 100_000;

/// Another bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Bolt for JavaScript.
    BoltJs,
    /// Bolt for Python.
    BoltPython,
    /// Hubot with its Slack adapter.
    Hubot,
    /// Errbot with its Slack backend.
    Errbot,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BoltJs, Self::BoltPython, Self::Hubot, Self::Errbot];

    /// Its name and version.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BoltJs => "Bolt for JavaScript 5.1.0",
            Self::BoltPython => "Bolt for Python 1.30.0",
            Self::Hubot => "Hubot 14.1.0, hubot-slack 3.8.0",
            Self::Errbot => "Errbot 6.2.1, Slack backend 0.3.2",
        }
    }

    /// The program that runs it.
    pub fn program(self) -> anyhow::Result<PathBuf> {
        let folder = install::folder(self)?;
        Ok(match self {
            Self::BoltJs | Self::Hubot => PathBuf::from("node"),
            Self::BoltPython => folder.join("bin/python"),
            Self::Errbot => folder.join("bin/errbot"),
        })
    }

    /// Its arguments, and the files that it wants in the folder where it runs. What it is told of the workspace stands in
    /// the environment already.
    pub fn prepare<'a>(self, command: &'a mut Command, data: &Path) -> anyhow::Result<&'a mut Command> {
        let installed = install::folder(self)?;
        Ok(match self {
            // Node looks for packages beside the file.
            Self::BoltJs => command.arg(installed.join("bolt.mjs")),
            Self::BoltPython => command.arg(source("bolt.py")),
            Self::Hubot => {
                let scripts = data.join("scripts");
                std::fs::create_dir_all(&scripts)?;
                std::fs::copy(source("hubot/echo.mjs"), scripts.join("echo.mjs"))?;
                let hubot = installed.join("node_modules/hubot/bin/Hubot.mjs");
                let adapter = installed.join("slack.mjs");
                command
                    .arg(hubot)
                    .args(["--disable-httpd", "--name", "moa", "--file"])
                    .arg(adapter)
            }
            Self::Errbot => command
                .arg("--config")
                .arg(source("errbot.py"))
                .env("ERRBOT_DATA", data),
        })
    }
}

/// What was written for a bot.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// What goes wrong, by itself.
const FAULTS: [(&str, Rates); 4] = [
    (
        "refreshed",
        Rates {
            refresh: 150,
            ..Rates::NONE
        },
    ),
    (
        "dropped",
        Rates {
            close: 150,
            ..Rates::NONE
        },
    ),
    (
        "events twice",
        Rates {
            duplicate: 5,
            ..Rates::NONE
        },
    ),
    (
        "posts refused",
        Rates {
            rate_limit: 100,
            ..Rates::NONE
        },
    ),
];

/// Measures all of them in so many rounds, with 64 commands outstanding for so many seconds in each; then each under each
/// fault, once. One that cannot be installed, or does not answer, has the reason in its row.
pub async fn run(build: &Build, rounds: u16, seconds: f64) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut bots = Vec::from([Kind::Moa, Kind::Floor]);
    for peer in Peer::ALL {
        eprintln!("installing {}", peer.name());
        match install::install(peer) {
            Ok(()) => bots.push(Kind::Peer(peer)),
            Err(error) => report.cannot(name(Kind::Peer(peer)), &error),
        }
    }
    for number in 0..rounds {
        for at in 0..bots.len() {
            // Whoever comes later finds the machine warmer, so each round begins with another one.
            let Some(bot) = bots.get((at + usize::from(number)) % bots.len()).copied() else {
                continue;
            };
            eprintln!("round {} of {rounds}: {}", number + 1, name(bot));
            match speed(bot, build, seconds).await {
                Ok(speed) => report.speed(name(bot), speed),
                Err(error) => report.cannot(name(bot), &error),
            }
        }
    }
    for bot in bots {
        for (fault, rates) in FAULTS {
            eprintln!("{fault}: {}", name(bot));
            match count(bot, build, rates).await {
                Ok(counted) => report.fault(name(bot), fault, counted),
                Err(error) => report.cannot(name(bot), &error),
            }
        }
    }
    Ok(report)
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Moa => "Moa",
        Kind::Floor => "floor bot",
        Kind::Peer(peer) => peer.name(),
    }
}

async fn speed(kind: Kind, build: &Build, seconds: f64) -> anyhow::Result<Speed> {
    let mut sim = Sim::start()?;
    let home = Home::new(kind, build, &sim.address, FILE)?;
    let measured = async {
        // The first start makes the data, and compiles.
        start(&mut sim, &home).await?.0.stop().await?;
        let mut connected = Vec::new();
        for _ in 1..STARTS {
            let (process, took) = start(&mut sim, &home).await?;
            connected.push(took);
            process.stop().await?;
        }
        let (process, took) = start(&mut sim, &home).await?;
        connected.push(took);
        tokio::time::sleep(REST).await;
        let idle_memory = process.memory()?;
        let one = load::one_by_one(&sim, Ask::Echo).await?;
        let many = load::many(&sim, &process, Ask::Echo, seconds).await?;
        let loaded_memory = process.memory()?;
        process.stop().await?;
        anyhow::Ok(Speed {
            connected: median(&mut connected),
            p50: one.p50,
            p99: one.p99,
            rate: many.rate,
            sim_cpu: many.sim_cpu,
            // Microseconds for one are seconds for a million.
            cpu_per_thousand: many.cpu_per_command / 1e3,
            idle_memory,
            loaded_memory,
            lost: one.lost + many.lost,
        })
    };
    measured
        .await
        .with_context(|| format!("it wrote:\n{}", home.last_words()))
}

/// Starts a bot and waits until it answers; milliseconds until it was connected.
async fn start(sim: &mut Sim, home: &Home) -> anyhow::Result<(Process, f64)> {
    sim.catch_up().await?;
    let begun = Instant::now();
    let process = home.start()?;
    sim.connected().await?;
    let connected = milliseconds(begun);
    // Some are connected before they can answer, and what they are asked then is lost.
    while sim
        .client()
        .ask_within(&general(), "!echo first", 1_000)
        .await?
        .as_deref()
        != Some("first")
    {
        ensure!(begun.elapsed() < PATIENCE, "it does not answer");
    }
    Ok((process, connected))
}

struct Client(Http);

impl Workspace for Client {
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.0.ask(method, path, body).await
    }
}

async fn count(kind: Kind, build: &Build, rates: Rates) -> anyhow::Result<Fault> {
    let mut sim = Sim::recording(RECORD)?;
    let home = Home::new(kind, build, &sim.address, FILE)?;
    let plan = Plan {
        commands: COMMANDS,
        outstanding: OUTSTANDING,
        rates,
        asking: Asking::default(),
        until: None,
        patience: QUIET,
    };
    let counted = async {
        let (process, _) = start(&mut sim, &home).await?;
        let report = drive(&mut Client(Http::new(sim.address.at, None)), &plan).await?;
        process.stop().await?;
        let [all, ..] = report.times.as_slice() else {
            return Ok(Fault::of(&report, 0.0));
        };
        anyhow::Ok(Fault::of(&report, all.max))
    };
    counted
        .await
        .with_context(|| format!("it wrote:\n{}", home.last_words()))
}
