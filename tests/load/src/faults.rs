//! Moa while its workspace misbehaves: not how fast it is, but that it answers everything once.

use crate::bot::{Build, FILE, Home, Kind};
use crate::http::Http;
use crate::measure;
use crate::sim::Sim;
use anyhow::Context;
use clap::Args;
use moa_test_rough::{Asking, Plan, Rates, Report, Workspace, drive};
use std::time::Duration;

/// Entries that the workspace's record holds. It is read all the while, so this is room for a reader that is held up.
const RECORD: usize = 400_000;
/// The workspace delivers an event for the last time 45 s after the first.
const PATIENCE: Duration = Duration::from_secs(90);

/// The size of the run, and what goes wrong in it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "With --faults")]
pub struct Options {
    /// How many commands are given in all
    #[arg(long, value_name = "N", default_value_t = 20_000, requires = "faults",
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    commands: u32,
    /// How many commands wait for their answers at the same time, each in a thread of its own
    #[arg(long, value_name = "N", default_value_t = 64, requires = "faults",
          value_parser = clap::value_parser!(u8).range(1..=100))]
    outstanding: u8,
    /// Refresh a connection after every N messages of people (0: never): the bot is told, and 0.3 s later it is closed
    #[arg(long, value_name = "N", default_value_t = Rates::default().refresh, requires = "faults")]
    refresh_every: u64,
    /// Drop a connection without a word after every N messages of people (0: never)
    #[arg(long, value_name = "N", default_value_t = Rates::default().close, requires = "faults")]
    close_every: u64,
    /// Deliver every Nth event twice (0: none): as a redelivery, in the same envelope, as another event, in turn
    #[arg(long, value_name = "N", default_value_t = Rates::default().duplicate, requires = "faults")]
    duplicate_every: u64,
    /// Answer every Nth post of the bot with 429 and `Retry-After: 1` (0: none)
    #[arg(long, value_name = "N", default_value_t = Rates::default().rate_limit, requires = "faults")]
    rate_limit_every: u64,
}

struct Client(Http);

impl Workspace for Client {
    async fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.0.ask(method, path, body).await
    }
}

/// Gives the commands to a Moa of its own in a workspace of its own.
pub async fn run(build: &Build, options: &Options) -> anyhow::Result<Report> {
    let mut sim = Sim::recording(RECORD)?;
    let home = Home::new(Kind::Moa, build, &sim.address, FILE)?;
    let plan = Plan {
        commands: usize::try_from(options.commands)?,
        outstanding: options.outstanding.into(),
        rates: Rates {
            refresh: options.refresh_every,
            close: options.close_every,
            duplicate: options.duplicate_every,
            rate_limit: options.rate_limit_every,
        },
        asking: Asking::default(),
        until: None,
        patience: PATIENCE,
    };
    let driven = async {
        let (process, _, _) = measure::start(&mut sim, &home, true).await?;
        let report = drive(&mut Client(Http::new(sim.address.at, None)), &plan).await?;
        process.stop().await?;
        anyhow::Ok(report)
    };
    driven
        .await
        .with_context(|| format!("the run failed; Moa wrote:\n{}", home.last_words()))
}

/// The whole in words: what was wrong, the times, and one closing line.
pub fn text(report: &Report) -> String {
    let wrong = report.wrong();
    let verdict = match wrong.as_slice() {
        [] => "Every command was answered exactly once.".to_owned(),
        wrong => format!("WRONG: {}", wrong.join("\nWRONG: ")),
    };
    [report.table(), report.redelivery_line(), verdict, report.closing_line()].join("\n\n")
}
