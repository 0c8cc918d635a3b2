//! A flood of bad requests from outside, beside people in chat: to Moa's webhooks, and the same flood to a bare server that
//! answers 401 to everything while Moa serves the chat. What refusing costs may be no more than what any refusing costs.

mod bare;

pub use bare::run as bare;

use crate::bot::{Build, FILE, Home, Kind};
use crate::hostile::{Load, Seen};
use crate::http::Http;
use crate::measure::{self, median};
use crate::process::Process;
use crate::sim::Sim;
use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// What the chat's slowest hundredth beside the flood to Moa may be of that beside the flood to the bare server.
const BOUND: f64 = 1.5;
/// People in chat.
const PEOPLE: u8 = 8;
/// Connections of the flood.
const CONNECTIONS: u32 = 32;
/// A body that is signed wrongly.
const BODY: usize = 1024;
/// Entries that the workspace's record holds.
const RECORD: usize = 100_000;
/// How the flood is refused.
const REFUSED: &[u8] = b"unauthorized\n";

/// The size of the flood.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "With --flood")]
#[group(id = "requests")]
pub struct Options {
    /// Bad requests in a second
    #[arg(long, value_name = "N", default_value_t = 2000, requires = "flood",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    per_second: u32,
}

/// One time of the chat, with or without a flood beside it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Phase {
    /// What the people saw.
    pub chat: Seen,
    /// Requests that were refused in a second.
    pub refused: f64,
    /// Moa's processor time in a second.
    pub moa_cpu: f64,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Bad requests that there were to be in a second.
    pub per_second: u32,
    /// Without a flood.
    pub alone: Phase,
    /// Beside the flood to Moa, in each round.
    pub moa: Vec<Phase>,
    /// Beside the flood to the bare server.
    pub bare: Vec<Phase>,
    /// The slowest hundredth of the one against that of the other, as medians of the rounds.
    pub ratio: f64,
}

/// One host for all rounds; whose flood comes first changes.
pub async fn run(build: &Build, rounds: u16, seconds: u16, options: &Options) -> anyhow::Result<Report> {
    let mut sim = Sim::recording(RECORD)?;
    let build = Build {
        moa: build.moa.clone(),
        plugins: vec![build.hello()?.to_owned(), moa_test_guests::sdk_fixture("outside")],
        target: build.target.clone(),
    };
    let home = Home::new(Kind::Moa, &build, &sim.address, FILE)?;
    // Without a rate for each source: all of it comes from one, and is to be looked at.
    home.configure(
        "[secrets]\nGITHUB = { file = \"github\" }\n[plugin.outside.webhook.github]\nsecret = \"GITHUB\"\n",
    )?;
    let with_rate = std::fs::read_to_string(home.path().join("moa.toml"))?;
    let without = with_rate.replace("[http]\n", "[http]\nrate = \"\"\n");
    std::fs::write(home.path().join("moa.toml"), without)?;
    std::fs::write(home.path().join("github"), "a secret\n")?;
    let (bare, line) = Process::start_and_hear(std::process::Command::new(std::env::current_exe()?).arg("bare"))?;
    let bare_at: SocketAddr = line.trim().parse().context("the bare server does not start")?;
    let driven = async {
        let (process, _, _) = measure::start(&mut sim, &home, true).await?;
        let endpoints = std::fs::read(home.path().join("data/endpoints.json"))?;
        let endpoints: Value = serde_json::from_slice(&endpoints)?;
        let moa_at = endpoints
            .get("http")
            .and_then(|url| url.as_str())
            .and_then(|url| url.strip_prefix("http://"));
        let moa_at: SocketAddr = moa_at.context("no address in endpoints.json")?.parse()?;
        let run = Run {
            sim: &sim,
            process: &process,
            seconds: Duration::from_secs(seconds.into()),
            per_second: options.per_second,
        };
        let alone = run.phase(None).await?;
        let (mut moa, mut others) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            for to_moa in if round % 2 == 0 { [true, false] } else { [false, true] } {
                let (to, list) = match to_moa {
                    true => (moa_at, &mut moa),
                    false => (bare_at, &mut others),
                };
                list.push(run.phase(Some(to)).await?);
            }
        }
        process.stop().await?;
        anyhow::Ok((alone, moa, others))
    };
    let (alone, moa, others) = driven
        .await
        .with_context(|| format!("the run failed; Moa wrote:\n{}", home.last_words()))?;
    drop(bare);
    let p99 = |phases: &[Phase]| median(&mut phases.iter().map(|phase| phase.chat.p99).collect::<Vec<f64>>());
    let ratio = p99(&moa) / p99(&others).max(f64::MIN_POSITIVE);
    Ok(Report {
        per_second: options.per_second,
        alone,
        moa,
        bare: others,
        ratio,
    })
}

struct Run<'a> {
    sim: &'a Sim,
    process: &'a Process,
    seconds: Duration,
    per_second: u32,
}

impl Run<'_> {
    /// The chat, and the flood to this address.
    async fn phase(&self, flood: Option<SocketAddr>) -> anyhow::Result<Phase> {
        let flood = flood.map(|to| Flood::start(to, self.per_second));
        let load = Load::start(self.sim, PEOPLE).await?;
        let (begun, cpu) = (Instant::now(), self.process.cpu()?);
        let before = flood.as_ref().map_or(0, Flood::refused);
        tokio::time::sleep(self.seconds).await;
        let lasted = begun.elapsed().as_secs_f64();
        let refused = flood.as_ref().map_or(0, Flood::refused) - before;
        let moa_cpu = (self.process.cpu()? - cpu) / lasted;
        let chat = load.stop().await?;
        if let Some(flood) = flood {
            flood.stop().await?;
        }
        Ok(Phase {
            chat,
            refused: refused as f64 / lasted,
            moa_cpu,
        })
    }
}

/// Bad requests at an even pace: without a signature, and with a wrong one of a body that has to be read for it.
struct Flood {
    over: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Flood {
    fn start(to: SocketAddr, per_second: u32) -> Self {
        let (over, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let pause = Duration::from_secs(1) * CONNECTIONS / per_second;
        let tasks = (0..CONNECTIONS).map(|number| {
            let (over, refused) = (Arc::clone(&over), Arc::clone(&refused));
            tokio::spawn(async move {
                let wrong = format!("X-Hub-Signature-256: sha256={}\r\n", "0".repeat(64));
                let mut signed = Http::with_headers(to, &wrong).expecting(401);
                let mut unsigned = Http::new(to, None).expecting(401);
                let body = vec![b' '; BODY];
                // Not all at once.
                tokio::time::sleep(pause * number / CONNECTIONS).await;
                let mut ticks = tokio::time::interval(pause);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut odd = false;
                while !over.load(Ordering::Relaxed) {
                    ticks.tick().await;
                    odd = !odd;
                    let answer = match odd {
                        true => signed.ask("POST", "/hooks/outside/github", &body).await?,
                        false => unsigned.ask("POST", "/hooks/outside/github", b"").await?,
                    };
                    ensure!(
                        answer == REFUSED,
                        "answered with {:?}",
                        String::from_utf8_lossy(&answer)
                    );
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        });
        Self {
            tasks: tasks.collect(),
            over,
            refused,
        }
    }

    fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        match self.refused.load(Ordering::Relaxed) {
            0 => bail!("nothing of the flood arrived"),
            _ => Ok(()),
        }
    }
}

impl Report {
    /// What is not as it must be.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let all = self.moa.iter().chain(&self.bare).chain([&self.alone]);
        let lost: u64 = all.map(|phase| phase.chat.lost + phase.chat.twice).sum();
        if lost > 0 {
            wrong.push(format!("{lost} commands were lost or answered twice"));
        }
        if self.ratio > BOUND {
            wrong.push(format!("the ratio is above {BOUND}"));
        }
        wrong
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!(
            "chat of {PEOPLE} people, beside {} bad requests a second\n\n{:<22} {:>9} {:>9} {:>9} {:>10} {:>10}\n",
            self.per_second, "", "p50 ms", "p99 ms", "commands", "refused/s", "Moa's CPU"
        );
        let mut row = |name: String, phase: &Phase| {
            let chat = &phase.chat;
            let _ = writeln!(
                text,
                "{name:<22} {:>9.2} {:>9.2} {:>9} {:>10.0} {:>9.0}%",
                chat.p50,
                chat.p99,
                chat.commands,
                phase.refused,
                phase.moa_cpu * 100.0
            );
        };
        row("no flood".into(), &self.alone);
        for (number, (moa, bare)) in self.moa.iter().zip(&self.bare).enumerate() {
            row(format!("to Moa, round {}", number + 1), moa);
            row(format!("to the bare server, {}", number + 1), bare);
        }
        let verdict = match self.wrong().as_slice() {
            [] => "good".to_owned(),
            wrong => wrong.join("; "),
        };
        let _ = write!(
            text,
            "\np99 beside the flood to Moa / to the bare server: {:.2} (at most {BOUND}): {verdict}",
            self.ratio
        );
        text
    }
}
