//! Everything that means no good beside a plugin in use, and the same plugin beside a program outside that takes as much of
//! the processors: what a plugin can cost its neighbours may be no more than what any program on the machine costs them.

mod attack;
mod bystander;
mod hog;
mod report;

pub use bystander::{Load, Seen};
pub use hog::play;
pub use report::Report;

use crate::bot::{Build, FILE, Home, Kind};
use crate::measure;
use crate::process::Process;
use crate::sim::Sim;
use anyhow::Context;
use clap::Args;
use hog::{Sampler, Slice};
use moa_test_guests::{fixture, misdeeds};
use report::{Held, Phase};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Entries that the workspace's record holds. It is read all the while, so this is room for a reader that is held up.
const RECORD: usize = 100_000;
/// How long the bystander is alone, before anything.
const ALONE: Duration = Duration::from_secs(5);
/// For how long nothing happens before memory is looked at.
const REST: Duration = Duration::from_secs(2);
/// Seconds that a call of `hostile` may take.
const WALL: u32 = 2;
/// How long the host may take to let go of files and children.
const PATIENCE: Duration = Duration::from_secs(30);

/// The size of the run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "With --hostile")]
#[group(id = "corpus")]
pub struct Options {
    /// How many people use the bystander all the while, each asking again as soon as the answer is there
    #[arg(long, value_name = "N", default_value_t = 8, requires = "hostile",
          value_parser = clap::value_parser!(u8).range(1..=64))]
    people: u8,
    /// How often each attacker goes through what can be done wrong in each round, at least
    #[arg(long, value_name = "N", default_value_t = 1, requires = "hostile",
          value_parser = clap::value_parser!(u8).range(1..=100))]
    passes: u8,
}

/// One host for all rounds. In each the bystander is beside the corpus, and beside the hog; whose turn comes first changes.
pub async fn run(build: &Build, rounds: u16, options: &Options) -> anyhow::Result<Report> {
    let mut sim = Sim::recording(RECORD)?;
    let build = Build {
        moa: build.moa.clone(),
        plugins: vec![build.hello()?.to_owned(), fixture("hostile"), fixture("intruder")],
        target: build.target.clone(),
    };
    let home = host(&build, &sim)?;
    let driven = async {
        let (process, _, _) = measure::start(&mut sim, &home, true).await?;
        let run = Run {
            sim: &sim,
            home: &home,
            process: &process,
            options,
            hello: std::fs::read(build.hello()?)?,
        };
        let report = run.rounds(rounds).await?;
        process.stop().await?;
        anyhow::Ok(report)
    };
    let mut report = driven
        .await
        .with_context(|| format!("the run failed; Moa wrote:\n{}", home.last_words()))?;
    drop((home, sim));
    let mut sim = Sim::recording(RECORD)?;
    let home = host(&build, &sim)?;
    let counts: Vec<u64> = report.held.iter().map(|held| held.commands).collect();
    report.quiet = quiet(&mut sim, &home, options.people, &counts)
        .await
        .with_context(|| format!("the bystander alone failed; Moa wrote:\n{}", home.last_words()))?;
    Ok(report)
}

fn host(build: &Build, sim: &Sim) -> anyhow::Result<Home> {
    let home = Home::new(Kind::Moa, build, &sim.address, FILE)?;
    home.configure(&misdeeds::limits(WALL))?;
    Ok(home)
}

/// What a fresh host holds whose bystander is alone all the while, whenever so many commands were given. A host remembers
/// something of each command for a day, which is no plugin's doing.
async fn quiet(sim: &mut Sim, home: &Home, people: u8, counts: &[u64]) -> anyhow::Result<Vec<Held>> {
    let (process, _, _) = measure::start(sim, home, true).await?;
    let mut held = Vec::new();
    let mut commands = 0;
    for (number, wanted) in counts.iter().enumerate() {
        eprintln!("the bystander alone, {} of {}", number + 1, counts.len());
        let load = Load::start(sim, people).await?;
        let answered = load.answered();
        while commands + answered.load(Ordering::Relaxed) < *wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        commands += load.stop().await?.commands;
        tokio::time::sleep(REST).await;
        held.push(Held::by(&process, commands)?);
    }
    process.stop().await?;
    Ok(held)
}

struct Run<'a> {
    sim: &'a Sim,
    home: &'a Home,
    process: &'a Process,
    options: &'a Options,
    hello: Vec<u8>,
}

impl Run<'_> {
    async fn rounds(&self, rounds: u16) -> anyhow::Result<Report> {
        let (alone, _) = self.phase(0.0, tokio::time::sleep(ALONE)).await?;
        // What a command of the bystander's costs the host: so much of what it computes beside the corpus is not for that.
        let mut cost = alone.cpu / alone.seen.commands.max(1) as f64;
        tokio::time::sleep(REST).await;
        let mut commands = alone.seen.commands;
        let mut held = vec![Held::by(self.process, commands)?];
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        let mut trace = Vec::new();
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            // What is outside follows what was inside, so the first round can only begin with that. Whoever comes second
            // finds another host than whoever comes first.
            for hostile in if round % 2 == 0 { [true, false] } else { [false, true] } {
                if hostile {
                    let (phase, slices) = self.attacked(cost).await?;
                    trace = slices;
                    commands += phase.seen.commands;
                    inside.push(phase);
                } else {
                    let phase = self.beside(&trace).await?;
                    cost = phase.cpu / phase.seen.commands.max(1) as f64;
                    commands += phase.seen.commands;
                    outside.push(phase);
                }
            }
            tokio::time::sleep(REST).await;
            held.push(self.at_rest(held.first(), commands).await?);
        }
        Ok(Report {
            people: self.options.people,
            alone,
            inside,
            outside,
            held,
            quiet: Vec::new(),
        })
    }

    /// The bystander beside the whole corpus; with what that took of the processors.
    async fn attacked(&self, cost: f64) -> anyhow::Result<(Phase, Vec<Slice>)> {
        let attack = attack::Attack {
            sim: self.sim,
            home: self.home,
            hello: &self.hello,
            passes: self.options.passes,
        };
        let mut wrong = Ok(attack::Found::default());
        let (mut phase, slices) = self
            .phase(cost, async {
                wrong = attack.all().await;
            })
            .await?;
        let found = wrong?;
        phase.misdeeds = found.misdeeds;
        phase.wrong = found.wrong;
        phase.taken = slices.iter().map(|slice| slice.threads.iter().sum::<f64>()).sum();
        phase.taken_nicely = slices.iter().map(|slice| slice.nice).sum();
        Ok((phase, slices))
    }

    /// The bystander beside a program that takes the same.
    async fn beside(&self, trace: &[Slice]) -> anyhow::Result<Phase> {
        let file = self.home.path().join("trace.json");
        std::fs::write(&file, serde_json::to_vec(trace)?)?;
        let mut taken = Ok((0.0, 0.0));
        let (mut phase, _) = self
            .phase(0.0, async {
                taken = hog::beside(&file, trace.len()).await;
            })
            .await?;
        (phase.taken, phase.taken_nicely) = taken?;
        Ok(phase)
    }

    /// The bystander in use until that is over.
    async fn phase(&self, cost: f64, meanwhile: impl Future<Output = ()>) -> anyhow::Result<(Phase, Vec<Slice>)> {
        let load = Load::start(self.sim, self.options.people).await?;
        let sampler = Sampler::start(self.process.id(), load.answered(), cost)?;
        let (begun, cpu, sim_cpu) = (Instant::now(), self.process.cpu()?, self.sim.process.cpu()?);
        meanwhile.await;
        let seconds = begun.elapsed().as_secs_f64();
        let (cpu, sim_cpu) = (self.process.cpu()? - cpu, self.sim.process.cpu()? - sim_cpu);
        let slices = sampler.stop().await?;
        let seen = load.stop().await?;
        let phase = Phase {
            seconds,
            cpu,
            sim_cpu,
            seen,
            ..Phase::default()
        };
        Ok((phase, slices))
    }

    /// What the host holds once it has let go of what was only for the moment, or when it had all the time for it.
    async fn at_rest(&self, before: Option<&Held>, commands: u64) -> anyhow::Result<Held> {
        let begun = Instant::now();
        loop {
            let held = Held::by(self.process, commands)?;
            if before.is_none_or(|before| held.left_over(before).is_empty()) || begun.elapsed() > PATIENCE {
                return Ok(held);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
