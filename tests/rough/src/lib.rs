//! Commands while the workspace misbehaves: connections are refreshed and dropped, events come twice, posts are refused.
//!
//! [`drive`] gives numbered commands to a bot that answers `!echo X` with `X`, or another one with `EDITION X`, and counts
//! the answers by the workspace's own record: what is said there was said, whatever anybody believes. So it is counted
//! how often each fault took place: a run in which nothing went wrong proves nothing.

mod entry;
mod report;
mod tally;

pub use report::{Answer, Faults, Often, Redelivered, Report, Row};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tally::{Said, Tally};

/// How long one look at the record waits for something to happen.
const LOOK: Duration = Duration::from_secs(1);
/// For how long a connection that is refreshed is still there. Shorter than Slack's, since so many refreshes come so
/// quickly here: an app has at most ten connections, and those that are about to end are among them.
const GRACE: Duration = Duration::from_millis(300);
/// For so many seconds a refused post is put off.
const RETRY_AFTER: u64 = 1;

/// The workspace, as it is reached by HTTP.
pub trait Workspace {
    /// Asks for this path below its address; answers with the body.
    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> impl Future<Output = anyhow::Result<Vec<u8>>> + Send;
}

/// How often what goes wrong: once in so many; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// After so many messages of people a connection is told that it is refreshed, and closed a little later.
    pub refresh: u64,
    /// After so many messages of people a connection is dropped without a word.
    pub close: u64,
    /// One of so many events comes twice: as a redelivery, in the same envelope, as another event, in turn.
    pub duplicate: u64,
    /// One of so many posts of the bot is answered with 429 and `Retry-After: 1`.
    pub rate_limit: u64,
}

impl Rates {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        refresh: 0,
        close: 0,
        duplicate: 0,
        rate_limit: 0,
    };
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            refresh: 500,
            close: 700,
            duplicate: 20,
            rate_limit: 1_000,
        }
    }
}

/// How the bot is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What stands before the text that is to be repeated.
    pub command: String,
    /// Whether an answer begins with a word that tells who answers, and is then the text.
    pub signed: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            command: "!echo ".to_owned(),
            signed: false,
        }
    }
}

/// What is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Commands in all; the least of them where there is `until`.
    pub commands: usize,
    /// How the bot is asked.
    pub asking: Asking,
    /// Commands go on until this is true, past their number.
    pub until: Option<Arc<AtomicBool>>,
    /// Commands that wait for their answers at the same time, each in a thread of its own.
    pub outstanding: usize,
    /// What goes wrong meanwhile.
    pub rates: Rates,
    /// So long nothing may be answered before what is still open counts as lost. Longer than the workspace goes on to
    /// redeliver, or what it would still deliver is missed.
    pub patience: Duration,
}

/// Gives all commands, and counts. The bot has to be connected and to answer as the plan says.
///
/// # Errors
/// When the workspace cannot be asked or answers something else than it should. What the bot does wrong is in the report.
pub async fn drive(workspace: &mut impl Workspace, plan: &Plan) -> anyhow::Result<Report> {
    let mut run = Run::begin(workspace, plan).await?;
    run.arm(&plan.rates).await?;
    let begun = Instant::now();
    let all = run
        .until(|run| run.to_give() == 0 && run.tally.answered() == run.given)
        .await?;
    let took = begun.elapsed();
    let at_rest = all && run.rest().await?;
    run.control("fault", &json!({"kind": "clear"})).await?;
    let rates = plan.rates;
    Ok(Report::new(
        &run.tally,
        plan.outstanding,
        &rates,
        at_rest,
        took.as_secs_f64(),
    ))
}

/// Where one command at a time is given.
struct Lane {
    user: &'static str,
    channel: &'static str,
    thread: String,
}

struct Run<'a, W> {
    workspace: &'a mut W,
    plan: &'a Plan,
    lanes: Vec<Lane>,
    /// lanes in which nothing waits for its answer
    free: VecDeque<usize>,
    given: usize,
    /// the last entry of the record that was read
    seen: u64,
    tally: Tally,
}

#[derive(Deserialize)]
struct Sent {
    ok: bool,
    #[serde(default)]
    ts: String,
}

#[derive(Deserialize)]
struct Page {
    next: u64,
    dropped: u64,
    entries: Vec<entry::Entry>,
}

impl<'a, W: Workspace> Run<'a, W> {
    /// Begins the threads, and reads the record as far as it goes.
    async fn begin(workspace: &'a mut W, plan: &'a Plan) -> anyhow::Result<Self> {
        let mut run = Self {
            workspace,
            plan,
            lanes: Vec::new(),
            free: (0..plan.outstanding).collect(),
            given: 0,
            seen: 0,
            tally: Tally::of(&plan.asking),
        };
        let people = ["rosie", "sally", "ally", "vincent", "ben"].into_iter().cycle();
        let channels = ["#general", "#lunch", "#dev"].into_iter().cycle();
        let places: Vec<_> = people.zip(channels).take(plan.outstanding).collect();
        let first: Value = places
            .iter()
            .enumerate()
            .map(|(lane, (user, channel))| json!({"user": user, "channel": channel, "text": format!("thread {lane}")}))
            .collect();
        let roots = run.send(&first).await?;
        run.lanes = places
            .into_iter()
            .zip(roots)
            .map(|((user, channel), root)| Lane {
                user,
                channel,
                thread: root.ts,
            })
            .collect();
        run.tally.open(run.lanes.iter().map(|lane| lane.thread.clone()));
        run.catch_up().await?;
        Ok(run)
    }

    /// Reads what was before; all that matters of it is which connections there are.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let record = self.workspace.ask("GET", "/sim/record?since=0", b"").await?;
        let page: Page = serde_json::from_slice(&record).context("the record cannot be read")?;
        self.seen = page.next;
        let of_connections =
            |entry: &&entry::Entry| matches!(entry, entry::Entry::Open { .. } | entry::Entry::Close { .. });
        for entry in page.entries.iter().filter(of_connections) {
            self.tally.take(entry);
        }
        self.tally.closes.clear();
        Ok(())
    }

    async fn arm(&mut self, rates: &Rates) -> anyhow::Result<()> {
        let grace = GRACE.as_millis();
        let faults = [
            (rates.refresh, json!({"kind": "refresh", "grace_ms": grace})),
            (rates.close, json!({"kind": "close"})),
            (rates.duplicate, json!({"kind": "duplicate"})),
            (
                rates.rate_limit,
                json!({"kind": "rate-limit", "method": entry::POST, "retry_after": RETRY_AFTER}),
            ),
        ];
        for (every, mut fault) in faults {
            if every == 0 {
                continue;
            }
            if let Some(fault) = fault.as_object_mut() {
                fault.insert("every".to_owned(), every.into());
                // Without end, also where each one of them is met.
                fault.insert("count".to_owned(), u64::MAX.into());
            }
            self.control("fault", &fault).await?;
        }
        Ok(())
    }

    /// Goes on until that is so; `false` if nothing was answered for too long.
    async fn until(&mut self, done: impl Fn(&Self) -> bool) -> anyhow::Result<bool> {
        let (mut progress, mut since) = (self.tally.progress(), Instant::now());
        while !done(self) {
            self.give().await?;
            self.look().await?;
            if self.tally.progress() > progress {
                (progress, since) = (self.tally.progress(), Instant::now());
            }
            if since.elapsed() > self.plan.patience {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many commands are still to be given, as far as it is known.
    fn to_give(&self) -> usize {
        let goes_on = |until: &Arc<AtomicBool>| !until.load(Ordering::SeqCst);
        match self.plan.until.as_ref().is_some_and(goes_on) {
            true => usize::MAX,
            false => self.plan.commands.saturating_sub(self.given),
        }
    }

    /// Gives a command in every lane that is free.
    async fn give(&mut self) -> anyhow::Result<()> {
        let room = self.free.len().min(self.to_give());
        if room == 0 {
            return Ok(());
        }
        let mut lines = Vec::with_capacity(room);
        let command = &self.plan.asking.command;
        for lane in self.free.drain(..room) {
            lines.extend(line(
                &self.lanes,
                lane,
                &format!("{command}{}{}", tally::COMMAND, self.given),
            ));
            self.tally.give(lane);
            self.given += 1;
        }
        self.send(&lines.into()).await.map(drop)
    }

    /// Lets everything come that is still to come; `false` if it does not.
    async fn rest(&mut self) -> anyhow::Result<bool> {
        if !self.until(|run| run.tally.is_quiet()).await? {
            return Ok(false);
        }
        // What one person asks at one place is done in order: when the last words are said, nothing more will be said of
        // what was asked before.
        self.say_last_words().await?;
        let lanes = self.lanes.len();
        if !self.until(|run| run.tally.last_words() == lanes).await? {
            return Ok(false);
        }
        // Where ends of connections were due while none was there, a message more makes up for each.
        let begun = Instant::now();
        while Faults::new(&self.tally, &self.plan.rates).are_owed() && begun.elapsed() < self.plan.patience {
            if self.tally.is_connected() {
                let more = line(&self.lanes, 0, "one more");
                self.send(&more.into_iter().collect()).await?;
            }
            self.look().await?;
        }
        self.until(|run| run.tally.is_quiet()).await
    }

    async fn say_last_words(&mut self) -> anyhow::Result<()> {
        let command = &self.plan.asking.command;
        let lines: Value = (0..self.lanes.len())
            .filter_map(|lane| line(&self.lanes, lane, &format!("{command}{}{lane}", tally::LAST)))
            .collect();
        self.send(&lines).await.map(drop)
    }

    /// Takes in what happened meanwhile.
    async fn look(&mut self) -> anyhow::Result<()> {
        let path = format!("/sim/record?since={}&wait_ms={}", self.seen, LOOK.as_millis());
        let record = self.workspace.ask("GET", &path, b"").await?;
        let page: Page = serde_json::from_slice(&record).context("the record cannot be read")?;
        ensure!(
            page.dropped == 0,
            "the workspace's record has lost {} entries that were not read yet; give it more room",
            page.dropped
        );
        self.seen = page.next;
        for entry in &page.entries {
            if let Some(Said::First(lane)) = self.tally.take(entry) {
                self.free.push_back(lane);
            }
        }
        Ok(())
    }

    /// People say these things.
    async fn send(&mut self, lines: &Value) -> anyhow::Result<Vec<Sent>> {
        let answer = self.ask("send", lines).await?;
        let sent: Vec<Sent> = serde_json::from_slice(&answer).context("the workspace answers something else")?;
        ensure!(
            sent.iter().all(|sent| sent.ok),
            "the workspace does not let people write: {}",
            String::from_utf8_lossy(&answer)
        );
        Ok(sent)
    }

    async fn control(&mut self, what: &str, body: &Value) -> anyhow::Result<()> {
        let answer = self.ask(what, body).await?;
        let sent: Sent = serde_json::from_slice(&answer)?;
        ensure!(
            sent.ok,
            "the workspace refused {body}: {}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }

    async fn ask(&mut self, what: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
        let (path, body) = (format!("/sim/{what}"), body.to_string());
        self.workspace.ask("POST", &path, body.as_bytes()).await
    }
}

fn line(lanes: &[Lane], lane: usize, text: &str) -> Option<Value> {
    let Lane { user, channel, thread } = lanes.get(lane)?;
    Some(json!({"user": user, "channel": channel, "thread_ts": thread, "text": text}))
}

#[cfg(test)]
mod tests;
