//! Measures Moa beside a bare bot: `cargo run --release -p moa-load`; with `--stores`, Moa on each of its stores beside
//! Moa that keeps nothing; with `--faults`, whether Moa answers everything once while its workspace misbehaves; with
//! `--plugins N`, what many plugins cost; with `--hostile`, what plugins that mean no good cost one beside them; with
//! `--flood`, what bad requests from outside cost the chat; with `--restarts N`, how long a restart silences the bot; with
//! `--peers`, Moa beside the bots that people use instead.
//!
//! Both answer `!echo X` in a simulated workspace of their own, in turn, over several rounds. Everything is on this
//! machine's loopback, so what counts are the ratios of one run, not its figures. `docs/performance.md` tells more.

mod bot;
mod faults;
mod flood;
mod floor;
mod hostile;
mod http;
mod load;
mod measure;
mod parts;
mod peers;
mod plugins;
mod process;
mod report;
mod restarts;
mod sim;
mod stores;

use anyhow::Context;
use bot::{Build, Kind};
use clap::{Parser, Subcommand};
use report::Report;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Measures Moa beside a bare bot, in a simulated workspace.
///
/// Prints a table, then JSON. With `--faults` nothing is compared: Moa alone is given commands while its workspace
/// misbehaves, and it is counted whether every one is answered exactly once.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, after_long_help = HELP)]
struct Cli {
    /// How often each of them is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// How long 64 commands are kept outstanding in each round
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=60))]
    seconds: u16,
    /// Measure Moa on each of its stores, beside Moa that keeps nothing, instead of beside the bare bot
    #[arg(long)]
    stores: bool,
    /// Count whether Moa answers every command exactly once while connections are refreshed and dropped, events come
    /// twice, and posts are refused, instead of measuring
    #[arg(long, conflicts_with_all = ["stores", "rounds", "seconds"])]
    faults: bool,
    /// Measure how long Moa takes to load so many plugins, with an empty cache and a full one, and what each takes of
    /// memory, instead of measuring answers
    #[arg(long, value_name = "N", conflicts_with_all = ["stores", "faults", "rounds", "seconds"],
          value_parser = clap::value_parser!(u16).range(1..=9999))]
    plugins: Option<u16>,
    /// Measure a plugin in use beside plugins that do everything wrong, and beside a program outside that takes as much of
    /// the processors
    #[arg(long, conflicts_with_all = ["stores", "faults", "plugins", "seconds"])]
    hostile: bool,
    /// Measure the chat beside a flood of bad requests to Moa's webhooks, and beside the same flood to a bare server
    #[arg(long, conflicts_with_all = ["stores", "faults", "plugins", "hostile"])]
    flood: bool,
    /// Measure Moa beside Bolt for JavaScript, Bolt for Python, Hubot and Errbot too, and count what each of them loses and
    /// says twice under each fault
    #[arg(long, conflicts_with_all = ["stores", "faults", "plugins", "hostile", "flood"])]
    peers: bool,
    /// Restart Moa so often, by SIGKILL and SIGTERM in turn, and measure how long that silences it while people type
    #[arg(long, value_name = "N", conflicts_with_all = ["stores", "faults", "plugins", "hostile", "flood", "rounds", "seconds"],
          value_parser = clap::value_parser!(u16).range(2..=1000))]
    restarts: Option<u16>,
    /// Print the JSON alone
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    rough: faults::Options,
    #[command(flatten)]
    corpus: hostile::Options,
    #[command(flatten)]
    requests: flood::Options,
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
    Sim {
        /// How many entries its record holds.
        record: usize,
    },
    /// The bare server that refuses everything
    #[command(hide = true)]
    Bare,
    /// A program that takes processor time
    #[command(hide = true)]
    Hog {
        /// What it takes.
        trace: PathBuf,
        /// Where it tells what it took.
        taken: PathBuf,
    },
}

const HELP: &str = "\
With --faults all faults take place at the same time, counted and not timed. Everything is counted by the workspace's own \
record: each command has a number, the answer repeats it. The closing line says how many commands were answered exactly \
once, twice, not at all and late (after more than 3 s), how quickly, and how often each fault really took place. Above it \
stands how quickly those commands were answered that were sent within 2 s after a refresh, and after a sudden close; that \
were on their way on a connection when it was dropped (the workspace waits 3 s before it sends them again); that waited \
for a refused post; and that only a refresh can have delayed.

With --hostile one plugin is in use all the while. In each round, in turn, all that plugins can do wrong is done beside it, \
by files that are put into the folder and by commands; and a program outside Moa takes as much processor time, by as many \
threads and at the same times, as that took. The closing line holds the slowest hundredth of the one against that of the \
other, as medians of the rounds.

With --flood eight people use a command all the while. In each round bad requests are sent to a webhook of Moa's, half of \
them without a signature and half with a wrong one of a kilobyte, and the same to a server that answers 401 to everything, \
for the time of --seconds each. The closing line holds the slowest hundredth of the one against that of the other, as medians.

With --peers the others are installed into a folder of the user's cache, by npm and pip, in the versions that `src/peers` \
names; a row says so where one cannot be. All of them answer `!echo X` in turn, each in a workspace of its own.

Exit status:
  0  all is well
  1  with --faults: a command was lost or answered twice, or a fault took place less often than it should; with --hostile: \
a command of the bystander's was lost or answered twice, something else than it must came of a misdeed, descriptors, child \
processes or memory stay, or the ratio is above its bound; with --flood: a command was lost or answered twice, or the \
ratio is above 1.5; or the run failed
  2  the command line cannot be used

Examples:
  moa-load --rounds 3 --seconds 2 --json
  moa-load --plugins 1000
  moa-load --faults
  moa-load --faults --commands 2000 --close-every 0 --rate-limit-every 0
  moa-load --hostile --rounds 3
  moa-load --flood --rounds 3 --seconds 10
  moa-load --peers --rounds 3
  moa-load --restarts 20";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    match cli.part {
        Some(Part::Sim { record }) => sim::run(record).await?,
        Some(Part::Floor { at }) => {
            let token = |name| std::env::var(name).with_context(|| format!("{name} is not set"));
            floor::run(at, &token("SLACK_APP_TOKEN")?, &token("SLACK_BOT_TOKEN")?).await?;
        }
        Some(Part::Bare) => flood::bare().await?,
        Some(Part::Hog { trace, taken }) => hostile::play(&trace, &taken)?,
        None if cli.faults => return count(&cli).await,
        None if cli.plugins.is_some() => {
            let many = plugins::measure(&Build::without_plugins()?, cli.plugins.unwrap_or(1)).await?;
            if !cli.json {
                println!("{}\n", many.table());
            }
            println!("{}", serde_json::to_string(&many)?);
        }
        None if cli.hostile => return endure(&cli).await,
        None if cli.flood => return withstand(&cli).await,
        None if cli.peers => {
            let report = peers::run(&Build::make()?, cli.rounds, f64::from(cli.seconds)).await?;
            if !cli.json {
                println!("{}\n", report.table());
            }
            println!("{}", serde_json::to_string(&report)?);
        }
        None if cli.restarts.is_some() => {
            let report = restarts::measure(&Build::make()?, cli.restarts.unwrap_or(2)).await?;
            if !cli.json {
                println!("{}\n", report.text());
            }
            println!("{}", serde_json::to_string(&report)?);
            if report.lost + report.twice > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        None => drive(&cli).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn count(cli: &Cli) -> anyhow::Result<ExitCode> {
    let report = faults::run(&Build::make()?, &cli.rough).await?;
    if cli.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{}", faults::text(&report));
    }
    Ok(match report.wrong().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn endure(cli: &Cli) -> anyhow::Result<ExitCode> {
    let report = hostile::run(&Build::make()?, cli.rounds, &cli.corpus).await?;
    if cli.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{}", report.text());
    }
    Ok(match report.wrong().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn withstand(cli: &Cli) -> anyhow::Result<ExitCode> {
    let report = flood::run(&Build::make()?, cli.rounds, cli.seconds, &cli.requests).await?;
    if !cli.json {
        println!("{}\n", report.text());
    }
    println!("{}", serde_json::to_string(&report)?);
    Ok(match report.wrong().is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
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
                _ => floor.push(figures),
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

    #[test]
    fn many_plugins_go_with_nothing_else() {
        let cli = |words: &[&str]| Cli::try_parse_from([&["moa-load"], words].concat());
        assert_eq!(cli(&["--plugins", "1000"]).unwrap().plugins, Some(1000));
        assert!(cli(&["--plugins", "0"]).is_err() && cli(&["--plugins", "10000"]).is_err());
        assert!(cli(&["--plugins", "10", "--stores"]).is_err());
    }

    #[test]
    fn the_corpus_has_its_size_and_goes_with_nothing_else() {
        let cli = |words: &[&str]| Cli::try_parse_from([&["moa-load"], words].concat());
        let asked = cli(&["--hostile", "--rounds", "2", "--people", "3"]).unwrap();
        assert!(asked.hostile && asked.rounds == 2);
        assert_eq!(format!("{:?}", asked.corpus), "Options { people: 3, passes: 1 }");
        for wrong in [
            &["--hostile", "--faults"][..],
            &["--hostile", "--seconds", "2"],
            &["--people", "3"],
        ] {
            assert!(cli(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_faults_have_their_rates_and_go_with_nothing_else() {
        let cli = |words: &[&str]| Cli::try_parse_from([&["moa-load"], words].concat());
        let asked = cli(&["--faults", "--commands", "7", "--close-every", "0"]).unwrap();
        let text = format!("{:?}", asked.rough);
        for part in [
            "commands: 7",
            "outstanding: 64",
            "refresh_every: 500",
            "close_every: 0",
            "duplicate_every: 20",
            "rate_limit_every: 1000",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(cli(&["--faults"]).unwrap().faults);
        assert!(cli(&["--faults", "--stores"]).is_err());
        assert!(cli(&["--faults", "--rounds", "2"]).is_err());
        assert!(
            cli(&["--commands", "7"]).is_err(),
            "without --faults it would be ignored"
        );
    }
}
