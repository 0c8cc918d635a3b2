//! How long a restart silences the bot, while people go on typing: from its last answer before to its first one after.

use crate::bot::{Build, FILE, Home, Kind};
use crate::http::Http;
use crate::load::general;
use crate::measure;
use crate::sim::Sim;
use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two commands.
const OFTEN: Duration = Duration::from_millis(20);
/// How long all goes well before the next restart.
const STEADY: Duration = Duration::from_secs(1);
/// What the next one said cannot be heard sooner after its start.
const ON_ITS_WAY: Duration = Duration::from_millis(5);
/// How long the first answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Silence {
    /// How often.
    pub restarts: usize,
    /// Half of them took no longer.
    pub median: f64,
    /// None took longer.
    pub worst: f64,
}

/// What restarts cost.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// After SIGKILL.
    pub killed: Silence,
    /// After SIGTERM, the calls that ran included.
    pub stopped: Silence,
    /// How many commands were typed.
    pub commands: u32,
    /// How many were never answered.
    pub lost: u32,
    /// How many were answered more than once.
    pub twice: u32,
}

impl Report {
    /// The whole in words.
    pub fn text(&self) -> String {
        let line = |what: &str, silence: &Silence| {
            format!(
                "{what}: {} restarts, silent for {:.0} ms (median), {:.0} ms (worst)",
                silence.restarts, silence.median, silence.worst
            )
        };
        format!(
            "{}\n{}\n{} commands were typed meanwhile: {} lost, {} answered twice",
            line("killed ", &self.killed),
            line("stopped", &self.stopped),
            self.commands,
            self.lost,
            self.twice
        )
    }
}

/// Restarts a Moa on the embedded store so often, by SIGKILL and SIGTERM in turn.
pub async fn measure(build: &Build, restarts: u16) -> anyhow::Result<Report> {
    let mut sim = Sim::recording(400_000)?;
    let home = Home::new(Kind::Moa, build, &sim.address, FILE)?;
    let measured = restart(&mut sim, &home, restarts).await;
    measured.with_context(|| format!("the run failed; Moa wrote:\n{}", home.last_words()))
}

/// What the bot said so far: when something came last, and how often each word.
#[derive(Default)]
struct Heard {
    at: Vec<Instant>,
    words: HashMap<String, u32>,
}

async fn listen(at: SocketAddr, heard: Arc<Mutex<Heard>>) -> anyhow::Result<()> {
    let (mut http, mut seen) = (Http::new(at, None), 0);
    loop {
        let path = format!("/sim/record?since={seen}&wait_ms=1000");
        let answer: Value = serde_json::from_slice(&http.ask("GET", &path, b"").await?)?;
        let now = Instant::now();
        for entry in answer.get("entries").and_then(Value::as_array).into_iter().flatten() {
            seen = entry.get("n").and_then(Value::as_u64).unwrap_or(seen);
            let text = entry.get("text").and_then(Value::as_str).unwrap_or_default();
            if entry.get("kind").is_some_and(|kind| kind == "post") && text.starts_with("word-") {
                let mut heard = lock(&heard);
                heard.at.push(now);
                *heard.words.entry(text.to_owned()).or_default() += 1;
            }
        }
    }
}

async fn restart(sim: &mut Sim, home: &Home, restarts: u16) -> anyhow::Result<Report> {
    let (mut process, _, _) = measure::start(sim, home, true).await?;
    let (heard, typed) = (Arc::<Mutex<Heard>>::default(), Arc::<AtomicU32>::default());
    let listening = tokio::spawn(listen(sim.address.at, Arc::clone(&heard)));
    let typing = tokio::spawn({
        let (mut client, typed) = (sim.client(), Arc::clone(&typed));
        async move {
            let mut every = tokio::time::interval(OFTEN);
            loop {
                every.tick().await;
                let number = typed.load(Ordering::Relaxed);
                if client.say(&general(), &format!("!echo word-{number}.")).await.is_err() {
                    return;
                }
                typed.store(number + 1, Ordering::Relaxed);
            }
        }
    });
    let (mut killed, mut stopped) = (Vec::new(), Vec::new());
    for number in 0..restarts {
        tokio::time::sleep(STEADY).await;
        ensure!(
            !typing.is_finished() && !listening.is_finished(),
            "the workspace answers no more"
        );
        let begun = Instant::now();
        let silences = match number % 2 {
            0 => {
                drop(process);
                &mut killed
            }
            _ => {
                process.stop().await?;
                &mut stopped
            }
        };
        // What was said before it ended may still be on its way to whoever listens.
        tokio::task::yield_now().await;
        let started = Instant::now();
        process = home.start()?;
        let all = loop {
            let all = lock(&heard).at.clone();
            if all.last().is_some_and(|last| *last > started + ON_ITS_WAY) {
                break all;
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "nothing is answered after restart {number}"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let around: Vec<Instant> = all.into_iter().filter(|at| *at + STEADY / 2 > begun).collect();
        let gaps = around.windows(2).filter_map(|pair| match pair {
            [before, after] => Some(after.duration_since(*before)),
            _ => None,
        });
        let longest = gaps.max().context("nothing was answered before a restart")?;
        silences.push(longest.as_secs_f64() * 1e3);
    }
    tokio::time::sleep(STEADY).await;
    typing.abort();
    let commands = typed.load(Ordering::Relaxed);
    let word = |number: u32| format!("word-{number}.");
    let (mut lost, mut twice) = (commands, 0);
    let begun = Instant::now();
    while lost > 0 && begun.elapsed() < PATIENCE * 2 {
        tokio::time::sleep(STEADY).await;
        let heard = lock(&heard);
        let times = |number: u32| heard.words.get(&word(number)).copied().unwrap_or_default();
        lost = (0..commands)
            .filter(|number| times(*number) == 0)
            .fold(0, |count, _| count + 1);
        twice = (0..commands)
            .filter(|number| times(*number) > 1)
            .fold(0, |count, _| count + 1);
    }
    listening.abort();
    process.stop().await?;
    Ok(Report {
        killed: silence(killed),
        stopped: silence(stopped),
        commands,
        lost,
        twice,
    })
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn silence(mut all: Vec<f64>) -> Silence {
    Silence {
        restarts: all.len(),
        worst: all.iter().copied().fold(0.0, f64::max),
        median: measure::median(&mut all),
    }
}
