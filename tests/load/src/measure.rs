//! What is measured of one bot in one round.

use crate::bot::{Build, FILE, Home, Kind};
use crate::load::{self, Ask, Load, general};
use crate::process::Process;
use crate::sim::{Client, Place, Sim};
use anyhow::{Context, bail, ensure};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

/// After a start, until the bot's memory is looked at.
pub const REST: Duration = Duration::from_secs(2);
/// After an answer, until its acknowledgement has surely arrived too.
const SETTLE: Duration = Duration::from_millis(100);
const STARTS: usize = 5;
const DROPS: usize = 4;
/// The host waits so long for a file to be whole.
const QUIET_MS: f64 = 200.0;

/// The figures of one bot in one round. Times are in milliseconds, memory in MB, CPU in percent of one core.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// From the start of the process to an open websocket, compiled code in the cache.
    pub start: f64,
    /// From the start of the process to the answer to a command that was typed when the websocket opened.
    pub first_answer: f64,
    /// Memory two seconds after the start.
    pub idle_memory: f64,
    /// Memory after all the load.
    pub loaded_memory: f64,
    /// Command to reply, one at a time.
    pub p50: f64,
    /// The same, the slowest hundredth.
    pub p99: f64,
    /// The workspace's CPU meanwhile.
    pub one_sim_cpu: f64,
    /// Commands answered per second with 64 outstanding.
    pub rate: f64,
    /// The workspace's CPU meanwhile.
    pub many_sim_cpu: f64,
    /// The bot's own CPU for one command of that load, in microseconds.
    pub cpu_per_command: f64,
    /// From a file's appearance to the first answer of the new version, beyond the quiet time; Moa only.
    pub dropped: Option<f64>,
    /// Commands without an answer or with a wrong one, in everything.
    pub lost: u64,
}

/// Measures one bot in a fresh workspace.
pub async fn round(kind: Kind, build: &Build, seconds: f64) -> anyhow::Result<Figures> {
    let mut sim = Sim::start()?;
    let home = Home::new(kind, build, &sim.address, FILE)?;
    let figures = measure(kind, build, &mut sim, &home, seconds).await;
    figures.with_context(|| format!("{kind:?} failed; it wrote:\n{}", home.last_words()))
}

async fn measure(kind: Kind, build: &Build, sim: &mut Sim, home: &Home, seconds: f64) -> anyhow::Result<Figures> {
    let mut figures = Figures::default();
    // The first start makes the data and compiles the plugins.
    start(sim, home, true).await?.0.stop().await?;
    let (mut starts, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (process, started, answered) = start(sim, home, true).await?;
        starts.push(started);
        answers.push(answered);
        process.stop().await?;
    }
    figures.start = median(&mut starts);
    figures.first_answer = median(&mut answers);

    let (process, _, _) = start(sim, home, false).await?;
    tokio::time::sleep(REST).await;
    figures.idle_memory = process.memory()?;
    let one = load::one_by_one(sim, Ask::Echo).await?;
    let many = load::many(sim, &process, Ask::Echo, seconds).await?;
    (figures.p50, figures.p99, figures.one_sim_cpu) = (one.p50, one.p99, one.sim_cpu);
    (figures.rate, figures.many_sim_cpu) = (many.rate, many.sim_cpu);
    figures.cpu_per_command = many.cpu_per_command;
    figures.lost = one.lost + many.lost;
    if kind == Kind::Moa {
        figures.dropped = Some(drops(sim, home, build, &mut figures.lost).await?);
    }
    figures.loaded_memory = process.memory()?;
    process.stop().await?;
    Ok(figures)
}

/// Starts a bot; how long it took to connect and, where that is wanted, to answer.
pub async fn start(sim: &mut Sim, home: &Home, answer: bool) -> anyhow::Result<(Process, f64, f64)> {
    sim.catch_up().await?;
    let begun = Instant::now();
    let process = home.start()?;
    sim.connected().await?;
    let connected = milliseconds(begun);
    if answer {
        let reply = sim.client().ask(&general(), "!echo first").await?;
        ensure!(reply.as_deref() == Some("first"), "the first answer is {reply:?}");
        let answered = milliseconds(begun);
        // What is not acknowledged before the end would come again, in the middle of something else.
        tokio::time::sleep(SETTLE).await;
        return Ok((process, connected, answered));
    }
    Ok((process, connected, connected))
}

/// New versions of `hello` are dropped while somebody asks it all the time; the last one under load.
async fn drops(sim: &Sim, home: &Home, build: &Build, lost: &mut u64) -> anyhow::Result<f64> {
    let bytes = std::fs::read(build.hello()?)?;
    let mut client = sim.client();
    let mut times = Vec::new();
    for number in 0..DROPS {
        times.push(drop_one(&mut client, &home.plugins(), &bytes, number, lost).await? - QUIET_MS);
    }
    let load = Load::start(sim, Ask::Echo).await?;
    drop_one(&mut client, &home.plugins(), &bytes, DROPS, lost).await?;
    *lost += load.stop().await?.1;
    Ok(median(&mut times))
}

/// Drops a version that greets in another way; milliseconds until somebody is greeted like that.
async fn drop_one(
    client: &mut Client,
    folder: &Path,
    bytes: &[u8],
    number: usize,
    lost: &mut u64,
) -> anyhow::Result<f64> {
    const WORD: &[u8] = b"Hello, ";
    let greeting = format!("Hi{number:03}, ");
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = bytes
        .windows(WORD.len())
        .enumerate()
        .filter_map(|(at, part)| (part == WORD).then_some(at))
        .collect();
    ensure!(!places.is_empty(), "the plugin hello does not say Hello");
    for at in places {
        if let Some(word) = bytes.get_mut(at..at + WORD.len()) {
            word.copy_from_slice(greeting.as_bytes());
        }
    }
    let place = Place {
        user: "ben",
        channel: "@dm",
        thread: None,
    };
    // Whole from the beginning: a rename, not a copy.
    let partial = folder.with_extension("partial");
    std::fs::write(&partial, bytes)?;
    std::fs::rename(&partial, folder.join("hello.wasm"))?;
    let begun = Instant::now();
    loop {
        match client.ask(&place, "!hello").await? {
            Some(reply) if reply.starts_with(&greeting) => return Ok(milliseconds(begun)),
            Some(_) => {}
            None => *lost += 1,
        }
        if begun.elapsed() > Duration::from_secs(30) {
            bail!("a dropped plugin is not live after 30 s");
        }
    }
}

/// Since then.
pub fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// Processor time in percent of the time since then.
pub fn percent(cpu: f64, begun: Instant) -> f64 {
    cpu / begun.elapsed().as_secs_f64() * 100.0
}

/// The middle one; 0 for none.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that this part of them does not exceed (nearest rank); 0 for none.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * part).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(quantile(&mut values, 0.5), 100.0);
        assert_eq!(quantile(&mut values, 0.99), 198.0);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut []), 0.0);
    }
}
