//! The people who use the bystander, and how they fare.

use crate::http::Http;
use crate::measure::{milliseconds, quantile};
use crate::sim::{Place, Sim};
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How long one look at the record waits for something to happen, in milliseconds.
const LOOK_MS: u64 = 500;
/// For so long nothing more may be said before it is taken that nothing comes.
const QUIET: Duration = Duration::from_secs(1);

/// How the bystander fared. Times are in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Seen {
    /// Commands that were given.
    pub commands: u64,
    /// Command to answer.
    pub p50: f64,
    /// The same, the slowest hundredth.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
    /// Commands without an answer or with a wrong one.
    pub lost: u64,
    /// Commands that were answered more than once.
    pub twice: u64,
}

/// People who use it, each asking again as soon as the answer is there.
pub struct Load {
    counts: Arc<Counts>,
    people: Vec<JoinHandle<anyhow::Result<Person>>>,
    reader: JoinHandle<anyhow::Result<HashMap<String, u32>>>,
}

#[derive(Default)]
struct Counts {
    over: AtomicBool,
    /// everything was said, and the record is read to its end
    read: AtomicBool,
    answered: Arc<AtomicU64>,
}

/// What one of them asked.
struct Person {
    marks: Vec<String>,
    times: Vec<f64>,
    /// answers that were not there, or not right
    lost: u64,
}

impl Load {
    /// Begins.
    pub async fn start(sim: &Sim, people: u8) -> anyhow::Result<Self> {
        let counts = Arc::new(Counts::default());
        let reader = tokio::spawn(read(
            Http::new(sim.address.at, None),
            newest(sim).await?,
            Arc::clone(&counts),
        ));
        let names = ["rosie", "sally", "ally"].into_iter().cycle();
        let channels = ["#general", "#lunch"].into_iter().cycle();
        let mut tasks = Vec::new();
        for (number, (user, channel)) in names.zip(channels).take(people.into()).enumerate() {
            let mut client = sim.client();
            let mut place = Place {
                user,
                channel,
                thread: None,
            };
            place.thread = Some(client.say(&place, &format!("thread {number}")).await?);
            let counts = Arc::clone(&counts);
            tasks.push(tokio::spawn(async move {
                let mut person = Person {
                    marks: Vec::new(),
                    times: Vec::new(),
                    lost: 0,
                };
                while !counts.over.load(Ordering::Relaxed) {
                    let thread = place.thread.as_deref().unwrap_or_default();
                    let mark = format!("by {thread} {}", person.marks.len());
                    let asked = Instant::now();
                    let reply = client.ask(&place, &format!("!echo {mark}")).await?;
                    person.times.push(milliseconds(asked));
                    if reply.as_deref() == Some(&mark) {
                        counts.answered.fetch_add(1, Ordering::Relaxed);
                    } else {
                        eprintln!("`!echo {mark}` is answered with {reply:?}");
                        person.lost += 1;
                    }
                    person.marks.push(mark);
                }
                Ok(person)
            }));
        }
        Ok(Self {
            counts,
            people: tasks,
            reader,
        })
    }

    /// How many answers there are by now.
    pub fn answered(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.counts.answered)
    }

    /// Ends it, and counts by the workspace's record.
    pub async fn stop(self) -> anyhow::Result<Seen> {
        self.counts.over.store(true, Ordering::Relaxed);
        let mut people = Vec::new();
        for person in self.people {
            people.push(person.await??);
        }
        tokio::time::sleep(QUIET).await;
        self.counts.read.store(true, Ordering::Relaxed);
        let said = self.reader.await??;
        let mut seen = Seen::default();
        let mut times: Vec<f64> = Vec::new();
        for person in people {
            let answers = person
                .marks
                .iter()
                .map(|mark| said.get(mark).copied().unwrap_or_default());
            let answers: Vec<u32> = answers.collect();
            let missing = answers.iter().filter(|times| **times == 0).count() as u64;
            seen.lost += missing.max(person.lost);
            seen.twice += answers.iter().filter(|times| **times > 1).count() as u64;
            seen.commands += answers.len() as u64;
            times.extend(person.times);
        }
        seen.p50 = quantile(&mut times, 0.5);
        seen.p99 = quantile(&mut times, 0.99);
        seen.max = quantile(&mut times, 1.0);
        Ok(seen)
    }
}

#[derive(Deserialize)]
struct Page {
    next: u64,
    dropped: u64,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

async fn look(http: &mut Http, since: u64, wait_ms: u64) -> anyhow::Result<Page> {
    let record = http
        .ask("GET", &format!("/sim/record?since={since}&wait_ms={wait_ms}"), b"")
        .await?;
    serde_json::from_slice(&record).context("the record cannot be read")
}

/// The newest entry of the record.
async fn newest(sim: &Sim) -> anyhow::Result<u64> {
    // Nothing that old is there any more; what is asked for is only how far it goes.
    Ok(look(&mut Http::new(sim.address.at, None), u64::MAX, 0).await?.next)
}

/// How often the bot said each thing that the bystander says.
async fn read(mut http: Http, mut seen: u64, counts: Arc<Counts>) -> anyhow::Result<HashMap<String, u32>> {
    let mut said = HashMap::new();
    loop {
        let last = counts.read.load(Ordering::Relaxed);
        let page = look(&mut http, seen, if last { 0 } else { LOOK_MS }).await?;
        ensure!(
            page.dropped == 0,
            "the workspace's record has lost {} entries",
            page.dropped
        );
        seen = page.next;
        for entry in page.entries {
            if let (true, Some(text)) = (entry.kind == "post", entry.text)
                && text.starts_with("by ")
            {
                *said.entry(text).or_default() += 1;
            }
        }
        if last {
            return Ok(said);
        }
        // It costs less to read much at a time.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
