//! Measures Moa beside a bare bot: `cargo run --release -p moa-load`; with `--stores`, Moa on each of its stores beside
//! Moa that keeps nothing.
//!
//! Both answer `!echo X` in a simulated workspace of their own, in turn, over several rounds. Everything is on this
//! machine's loopback, so what counts are the ratios of one run, not its figures. `docs/performance.md` tells more.

mod bot;
mod floor;
mod http;
mod load;
mod measure;
mod parts;
mod process;
mod report;
mod sim;
mod stores;

use anyhow::Context;
use bot::{Build, Kind};
use clap::{Parser, Subcommand};
use report::Report;
use std::net::SocketAddr;

/// Measures Moa beside a bare bot, in a simulated workspace.
#[derive(Debug, Parser)]
struct Cli {
    /// How often each of them is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// How long 64 commands are kept outstanding in each round
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=60))]
    seconds: u16,
    /// Measure Moa on each of its stores, beside Moa that keeps nothing, instead of beside the bare bot
    #[arg(long)]
    stores: bool,
    /// Print the JSON alone
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program is in its other processes.
#[derive(Debug, Subcommand)]
enum Part {
    /// The bare bot
    #[command(hide = true)]
    Floor {
        /// Where the workspace listens.
        at: SocketAddr,
    },
    /// The workspace
    #[command(hide = true)]
    Sim,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.part {
        Some(Part::Sim) => sim::run().await,
        Some(Part::Floor { at }) => {
            let token = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
            floor::run(at, &token("SLACK_APP_TOKEN")?, &token("SLACK_BOT_TOKEN")?).await
        }
        None => drive(&cli).await,
    }
}

async fn drive(cli: &Cli) -> anyhow::Result<()> {
    let build = Build::make()?;
    if cli.stores {
        let report = stores::measure(&build, cli.rounds, f64::from(cli.seconds)).await?;
        if !cli.json {
            println!("{}\n", report.table());
        }
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    let (mut moa, mut floor) = (Vec::new(), Vec::new());
    for number in 0..cli.rounds {
        // Whoever comes second finds the machine warmer.
        let order = match number % 2 {
            0 => [Kind::Floor, Kind::Moa],
            _ => [Kind::Moa, Kind::Floor],
        };
        for kind in order {
            eprintln!("round {} of {}: {kind:?}", number + 1, cli.rounds);
            let figures = measure::round(kind, &build, f64::from(cli.seconds)).await?;
            match kind {
                Kind::Moa => moa.push(figures),
                Kind::Floor => floor.push(figures),
            }
        }
    }
    let dropped = std::fs::metadata(build.hello()?)?.len();
    let report = Report::new(build.names(), dropped, moa, floor, parts::parts(&build.target));
    if !cli.json {
        println!("{}\n\n{}", report.table(), parts::table(&report.parts));
    }
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_are_measured_when_asked_for() {
        let cli = |words: &[&str]| Cli::try_parse_from([&["moa-load"], words].concat());
        let asked = cli(&["--stores", "--rounds", "2", "--seconds", "1"]).unwrap();
        assert_eq!((asked.stores, asked.rounds, asked.seconds), (true, 2, 1));
        let default = cli(&[]).unwrap();
        assert_eq!((default.stores, default.rounds, default.seconds), (false, 5, 3));
        assert!(cli(&["--rounds", "0"]).is_err());
    }
}
