//! What is measured of one bot in one round.

use crate::bot::{Build, Home, Kind};
use crate::process::Process;
use crate::sim::{Client, Place, Sim};
use anyhow::{Context, bail, ensure};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How many commands wait for their answers at the same time.
const OUTSTANDING: usize = 64;
/// Commands one at a time, and as many again before the clock runs.
const ONE_BY_ONE: usize = 600;
const WARM_UP: usize = 100;
/// Before the clock of the load runs.
const LEAD: Duration = Duration::from_millis(700);
/// After a start, until the bot's memory is looked at.
const REST: Duration = Duration::from_secs(2);
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
    let home = Home::new(kind, build, &sim.address)?;
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
    one_by_one(sim, &mut figures).await?;
    many(sim, &process, &mut figures, seconds).await?;
    if kind == Kind::Moa {
        figures.dropped = Some(drops(sim, home, build, &mut figures.lost).await?);
    }
    figures.loaded_memory = process.memory()?;
    process.stop().await?;
    Ok(figures)
}

/// Starts a bot; how long it took to connect and, where that is wanted, to answer.
async fn start(sim: &mut Sim, home: &Home, answer: bool) -> anyhow::Result<(Process, f64, f64)> {
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

async fn one_by_one(sim: &Sim, figures: &mut Figures) -> anyhow::Result<()> {
    let mut client = sim.client();
    let mut times = Vec::new();
    let (mut begun, mut cpu) = (Instant::now(), 0.0);
    for n in 0..WARM_UP + ONE_BY_ONE {
        if n == WARM_UP {
            (begun, cpu) = (Instant::now(), sim.process.cpu()?);
        }
        let asked = Instant::now();
        let right = echo(&mut client, &general(), &format!("one {n}")).await?;
        if n >= WARM_UP {
            times.push(milliseconds(asked));
        }
        figures.lost += u64::from(!right);
    }
    figures.one_sim_cpu = percent(sim.process.cpu()? - cpu, begun);
    figures.p50 = quantile(&mut times, 0.5);
    figures.p99 = quantile(&mut times, 0.99);
    Ok(())
}

async fn many(sim: &Sim, bot: &Process, figures: &mut Figures, seconds: f64) -> anyhow::Result<()> {
    let load = Load::start(sim).await?;
    tokio::time::sleep(LEAD).await;
    let begun = Instant::now();
    let before = (load.answered(), sim.process.cpu()?, bot.cpu()?);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let answered = (load.answered() - before.0) as f64;
    figures.many_sim_cpu = percent(sim.process.cpu()? - before.1, begun);
    figures.cpu_per_command = (bot.cpu()? - before.2) * 1e6 / answered.max(1.0);
    figures.rate = answered / begun.elapsed().as_secs_f64();
    figures.lost += load.stop().await?;
    Ok(())
}

/// Commands in 64 threads of three conversations, by five people; each waits for its answer before the next.
struct Load {
    counts: Arc<Counts>,
    tasks: Vec<tokio::task::JoinHandle<anyhow::Result<()>>>,
}

#[derive(Default)]
struct Counts {
    stop: AtomicBool,
    answered: AtomicU64,
    lost: AtomicU64,
}

impl Load {
    async fn start(sim: &Sim) -> anyhow::Result<Self> {
        let counts = Arc::new(Counts::default());
        let people = ["rosie", "sally", "ally", "vincent", "ben"].into_iter().cycle();
        let channels = ["#general", "#lunch", "#dev"].into_iter().cycle();
        let mut tasks = Vec::new();
        for (number, (user, channel)) in people.zip(channels).take(OUTSTANDING).enumerate() {
            let mut client = sim.client();
            let mut place = Place {
                user,
                channel,
                thread: None,
            };
            place.thread = Some(client.say(&place, &format!("thread {number}")).await?);
            let counts = Arc::clone(&counts);
            tasks.push(tokio::spawn(async move {
                let mut n = 0_u32;
                while !counts.stop.load(Ordering::Relaxed) {
                    n += 1;
                    let which = match echo(&mut client, &place, &format!("many {number} {n}")).await? {
                        true => &counts.answered,
                        false => &counts.lost,
                    };
                    which.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }));
        }
        Ok(Self { counts, tasks })
    }

    fn answered(&self) -> u64 {
        self.counts.answered.load(Ordering::Relaxed)
    }

    /// Ends it; how many answers were missing.
    async fn stop(self) -> anyhow::Result<u64> {
        self.counts.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.counts.lost.load(Ordering::Relaxed))
    }
}

/// New versions of `hello` are dropped while somebody asks it all the time; the last one under load.
async fn drops(sim: &Sim, home: &Home, build: &Build, lost: &mut u64) -> anyhow::Result<f64> {
    let bytes = std::fs::read(build.hello()?)?;
    let mut client = sim.client();
    let mut times = Vec::new();
    for number in 0..DROPS {
        times.push(drop_one(&mut client, &home.plugins(), &bytes, number, lost).await? - QUIET_MS);
    }
    let load = Load::start(sim).await?;
    drop_one(&mut client, &home.plugins(), &bytes, DROPS, lost).await?;
    *lost += load.stop().await?;
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

fn general() -> Place {
    Place {
        user: "ben",
        channel: "#general",
        thread: None,
    }
}

/// Whether the bot says back what it is told.
async fn echo(client: &mut Client, place: &Place, text: &str) -> anyhow::Result<bool> {
    let reply = client.ask(place, &format!("!echo {text}")).await?;
    let right = reply.as_deref() == Some(text);
    if !right {
        eprintln!("`!echo {text}` is answered with {reply:?}");
    }
    Ok(right)
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

fn percent(cpu: f64, begun: Instant) -> f64 {
    cpu / begun.elapsed().as_secs_f64() * 100.0
}

/// The middle one; 0 for none.
pub fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that this part of them does not exceed (nearest rank); 0 for none.
fn quantile(values: &mut [f64], part: f64) -> f64 {
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
