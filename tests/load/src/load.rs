//! Commands, one at a time and 64 at a time, and how fast they are answered.

use crate::measure::{milliseconds, percent, quantile};
use crate::process::Process;
use crate::sim::{Client, Place, Sim};
use serde::Serialize;
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

/// The command that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// `!echo X`, which answers `X`.
    Echo,
    /// `!count`, which writes to the brain and answers with the next number.
    Count,
}

impl Ask {
    /// Whether the bot answers as it must; `mark` makes the command one of its kind.
    async fn is_answered(self, client: &mut Client, place: &Place, mark: &str) -> anyhow::Result<bool> {
        let (command, right): (_, fn(&str, &str) -> bool) = match self {
            Self::Echo => (format!("!echo {mark}"), |reply, mark| reply == mark),
            Self::Count => ("!count".to_owned(), |reply, _| number(reply).is_some()),
        };
        let reply = client.ask(place, &command).await?;
        let right = reply.as_deref().is_some_and(|reply| right(reply, mark));
        if !right {
            eprintln!("`{command}` is answered with {reply:?}");
        }
        Ok(right)
    }
}

/// The number in what `!count` says, in whatever language.
pub fn number(reply: &str) -> Option<u64> {
    let from = reply.find(|c: char| c.is_ascii_digit())?;
    let digits = reply.get(from..)?.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Commands one at a time. Times are in milliseconds, CPU in percent of one core.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OneByOne {
    /// Command to reply.
    pub p50: f64,
    /// The same, the slowest hundredth.
    pub p99: f64,
    /// The workspace's CPU meanwhile.
    pub sim_cpu: f64,
    /// Right answers, also those before the clock ran.
    pub answered: u64,
    /// Commands without an answer or with a wrong one.
    pub lost: u64,
}

/// Asks one thing after the other.
pub async fn one_by_one(sim: &Sim, ask: Ask) -> anyhow::Result<OneByOne> {
    let mut client = sim.client();
    let mut found = OneByOne::default();
    let mut times = Vec::new();
    let (mut begun, mut cpu) = (Instant::now(), 0.0);
    for n in 0..WARM_UP + ONE_BY_ONE {
        if n == WARM_UP {
            (begun, cpu) = (Instant::now(), sim.process.cpu()?);
        }
        let asked = Instant::now();
        let right = ask.is_answered(&mut client, &general(), &format!("one {n}")).await?;
        if n >= WARM_UP {
            times.push(milliseconds(asked));
        }
        *(if right { &mut found.answered } else { &mut found.lost }) += 1;
    }
    found.sim_cpu = percent(sim.process.cpu()? - cpu, begun);
    found.p50 = quantile(&mut times, 0.5);
    found.p99 = quantile(&mut times, 0.99);
    Ok(found)
}

/// 64 commands outstanding. CPU is in percent of one core.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Many {
    /// Commands answered per second.
    pub rate: f64,
    /// The workspace's CPU meanwhile.
    pub sim_cpu: f64,
    /// The bot's own CPU for one command, in microseconds.
    pub cpu_per_command: f64,
    /// Right answers, also those before and after the clock ran.
    pub answered: u64,
    /// Commands without an answer or with a wrong one.
    pub lost: u64,
}

/// Keeps 64 commands outstanding for so many seconds.
pub async fn many(sim: &Sim, bot: &Process, ask: Ask, seconds: f64) -> anyhow::Result<Many> {
    let load = Load::start(sim, ask).await?;
    tokio::time::sleep(LEAD).await;
    let begun = Instant::now();
    let before = (load.answered(), sim.process.cpu()?, bot.cpu()?);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let answered = (load.answered() - before.0) as f64;
    let sim_cpu = percent(sim.process.cpu()? - before.1, begun);
    let cpu_per_command = (bot.cpu()? - before.2) * 1e6 / answered.max(1.0);
    let rate = answered / begun.elapsed().as_secs_f64();
    let (answered, lost) = load.stop().await?;
    Ok(Many {
        rate,
        sim_cpu,
        cpu_per_command,
        answered,
        lost,
    })
}

/// Commands in 64 threads of three conversations, by five people; each waits for its answer before the next.
pub struct Load {
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
    /// Begins.
    pub async fn start(sim: &Sim, ask: Ask) -> anyhow::Result<Self> {
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
                    let mark = format!("many {number} {n}");
                    let which = match ask.is_answered(&mut client, &place, &mark).await? {
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

    /// Ends it; how many answers were right, and how many missing.
    pub async fn stop(mut self) -> anyhow::Result<(u64, u64)> {
        self.counts.stop.store(true, Ordering::Relaxed);
        for task in &mut self.tasks {
            task.await??;
        }
        Ok((self.answered(), self.counts.lost.load(Ordering::Relaxed)))
    }
}

/// Where one person asks.
pub fn general() -> Place {
    Place {
        user: "ben",
        channel: "#general",
        thread: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_count_is_found_in_both_languages() {
        assert_eq!(number("That was number 12."), Some(12));
        assert_eq!(number("307번째입니다."), Some(307));
        assert_eq!(number("⚠️ hello: its memory cannot be used"), None);
    }
}
