//! Who did what: the audit log, `DATA/audit/AUDIT-….jsonl`.
//!
//! Whatever has to be written down is given to [`Audit::note`], which costs its caller no more than a place in a queue;
//! one thread gives it its number and its link in the chain, and writes it. What must not happen unrecorded is given to
//! [`Audit::begin`] first, which returns when it is on the disk. Where the queue or the disk is full, the first loses what
//! it was given, which the log says itself as soon as it can, and the second fails.
//!
//! `file` has the log's files and their end, `kept` what the store knows of it, `policy` what is written at all; the line and the chain are
//! `moa_core::audit`'s.

pub mod file;
pub mod kept;
mod policy;

pub use policy::Policy;

use file::Log;
use moa_core::audit::{Entry, Head, Outcome, What};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{oneshot, watch};

/// How many entries may wait for the writer.
const WAITING: usize = 8192;
/// How many lines are written at once, at most; bounds memory.
const TOGETHER: usize = 512;
/// How long the writer waits for more before it lets itself be woken up: to wake it costs the one who does.
const LINGER: Duration = Duration::from_millis(1);
/// How often what is written is also brought to the disk, so that the store may know of it.
const SYNC: Duration = Duration::from_millis(500);
/// How often a log that cannot be written is tried again where nobody has anything to write.
const AGAIN: Duration = Duration::from_secs(5);

/// Why something is not in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrecorded {
    /// More is to be written than can be.
    #[error("{WAITING} entries wait to be written already")]
    Full,
    /// The disk does not take it.
    #[error("the audit log cannot be written: {0}")]
    Disk(String),
    /// The host is stopping.
    #[error("the audit log is closed")]
    Closed,
}

/// The log.
pub struct Audit {
    /// Nothing, where nothing is written down.
    queue: Option<Arc<Queue>>,
    policy: Policy,
    dir: PathBuf,
    /// What was odd about it when it was opened.
    found: Vec<String>,
    head: watch::Receiver<Head>,
    trouble: watch::Receiver<Option<Trouble>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// The log cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What the disk says.
    pub reason: String,
    /// Since when.
    pub since: SystemTime,
}

impl Audit {
    /// One that nobody writes.
    pub fn none() -> Arc<Self> {
        Arc::new(Self {
            queue: None,
            policy: Policy::default(),
            dir: PathBuf::new(),
            found: Vec::new(),
            head: watch::channel(Head::NONE).1,
            trouble: watch::channel(None).1,
            writer: Mutex::default(),
        })
    }

    /// Opens the log of a folder. `known` is the end that the store knows.
    ///
    /// # Errors
    /// The folder cannot be used, or another host writes there.
    pub fn open(dir: &Path, policy: Policy, known: Option<Head>) -> io::Result<Arc<Self>> {
        Self::of_files(dir, policy, known, file::LARGEST)
    }

    /// The same with files that are followed by another when they have grown to this.
    fn of_files(dir: &Path, policy: Policy, known: Option<Head>, largest: u64) -> io::Result<Arc<Self>> {
        let (log, told) = Log::open(dir, known, largest)?;
        let (head_out, head) = watch::channel(log.head());
        let (trouble_out, trouble) = watch::channel(None);
        let queue = Arc::<Queue>::default();
        let mut writer = Writer {
            log,
            policy: policy.clone(),
            unsynced: None,
            head: head_out,
            missed: None,
            trouble: trouble_out,
        };
        let thread = std::thread::Builder::new().name("audit".into()).spawn({
            let queue = Arc::clone(&queue);
            move || writer.run(&queue)
        })?;
        let audit = Self {
            queue: Some(queue),
            policy,
            dir: dir.to_owned(),
            found: told.iter().map(|entry| entry.reason.clone()).collect(),
            head,
            trouble,
            writer: Mutex::new(Some(thread)),
        };
        for entry in told {
            tracing::error!("the audit log: {}", entry.reason);
            audit.note(entry);
        }
        let version = concat!("moa ", env!("CARGO_PKG_VERSION"));
        audit.note(Entry::own(What::Log, Outcome::Opened).because(version));
        Ok(Arc::new(audit))
    }

    /// These secrets are never written either, from now on.
    pub fn hide(&self, secrets: impl IntoIterator<Item = String>) {
        self.policy.hide(secrets);
    }

    /// Whether commands are written down: all, or those that are restricted or ask for a confirmation (`guarded`).
    pub fn wants(&self, guarded: bool) -> bool {
        self.queue.is_some() && self.policy.wants(guarded)
    }

    /// Writes something down. Never waits; what cannot be written is missing, and the log says so itself.
    pub fn note(&self, entry: Entry) {
        if let Some(queue) = &self.queue {
            queue.put(Some(entry), None, false);
        }
    }

    /// Writes down something that must not happen otherwise, and returns when it is on the disk.
    ///
    /// # Errors
    /// It is not there: what it is about must not happen.
    pub async fn begin(&self, entry: Entry) -> Result<(), Unrecorded> {
        match &self.queue {
            Some(queue) => queue.wait(Some(entry), true).await,
            None => Ok(()),
        }
    }

    /// Brings to the disk what was noted before; where the log ends then.
    ///
    /// # Errors
    /// Not all of it is there.
    pub async fn flush(&self) -> Result<Head, Unrecorded> {
        if let Some(queue) = &self.queue {
            queue.wait(None, true).await?;
        }
        Ok(*self.head.borrow())
    }

    /// Writes something down, and returns when it is written, so that it outlives this process, or cannot be.
    pub async fn settle(&self, entry: Entry) {
        if let Some(queue) = &self.queue {
            // That it is missing is told by the log itself.
            let _ = queue.wait(Some(entry), false).await;
        }
    }

    /// What was odd about the log's end when it was opened.
    pub fn found(&self) -> &[String] {
        &self.found
    }

    /// The end of what is on the disk.
    pub fn head(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// Whether the log can be written.
    pub fn trouble(&self) -> watch::Receiver<Option<Trouble>> {
        self.trouble.clone()
    }

    /// Writes what waits, and closes the log. What comes later is not written.
    pub async fn close(&self) {
        let Some(queue) = &self.queue else {
            return;
        };
        queue.put(Some(Entry::own(What::Log, Outcome::Closed)), None, false);
        queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let ended = tokio::task::spawn_blocking(|| writer.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the audit log was not closed as it should be");
            }
        }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}

/// What waits to be written.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    items: Vec<Item>,
    /// How many found no place.
    lost: u64,
    /// Whether the writer sleeps until it is woken up.
    asleep: bool,
    closed: bool,
}

struct Item {
    at: SystemTime,
    /// Nothing, where somebody only wants what was written before to be on the disk.
    entry: Option<Entry>,
    /// Whoever waits, and whether for the disk.
    waits: Option<Told>,
    sync: bool,
}

/// Is told whether it is there.
type Told = oneshot::Sender<Result<(), Unrecorded>>;

impl Queue {
    fn put(&self, entry: Option<Entry>, waits: Option<Told>, sync: bool) {
        let item = Item {
            at: SystemTime::now(),
            entry,
            waits,
            sync,
        };
        let mut state = self.lock();
        let refused = match (state.closed, state.items.len() < WAITING) {
            (false, true) => {
                state.items.push(item);
                let wake = std::mem::take(&mut state.asleep) || sync;
                drop(state);
                if wake {
                    self.more.notify_one();
                }
                return;
            }
            (true, _) => Unrecorded::Closed,
            (false, false) => {
                state.lost += u64::from(!sync);
                Unrecorded::Full
            }
        };
        drop(state);
        if let Some(waits) = item.waits {
            // Nobody may wait any more.
            let _ = waits.send(Err(refused));
        }
    }

    async fn wait(&self, entry: Option<Entry>, sync: bool) -> Result<(), Unrecorded> {
        let (told, answer) = oneshot::channel();
        self.put(entry, Some(told), sync);
        answer.await.unwrap_or(Err(Unrecorded::Closed))
    }

    fn close(&self) {
        self.lock().closed = true;
        self.more.notify_one();
    }

    /// What waits, how many found no place, and whether nothing will come any more. Waits until there is something, or
    /// for so long.
    fn take(&self, idle: Option<Duration>) -> (Vec<Item>, u64, bool) {
        let mut state = self.lock();
        if state.items.is_empty() && !state.closed {
            state = self.sleep(state, Some(LINGER));
        }
        if state.items.is_empty() && !state.closed {
            state.asleep = true;
            state = self.sleep(state, idle);
            state.asleep = false;
        }
        let items = std::mem::take(&mut state.items);
        (items, std::mem::take(&mut state.lost), state.closed)
    }

    fn sleep<'a>(&self, state: MutexGuard<'a, State>, longest: Option<Duration>) -> MutexGuard<'a, State> {
        match longest {
            Some(longest) => {
                let waited = self.more.wait_timeout(state, longest);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Nothing here panics half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one that writes.
struct Writer {
    log: Log,
    policy: Policy,
    /// Since when something is written that is perhaps not on the disk.
    unsynced: Option<Instant>,
    head: watch::Sender<Head>,
    missed: Option<Missed>,
    trouble: watch::Sender<Option<Trouble>>,
}

/// What could not be written.
struct Missed {
    count: u64,
    since: SystemTime,
    reason: Unrecorded,
}

impl Writer {
    fn run(&mut self, queue: &Queue) {
        loop {
            let until_sync = self.unsynced.map(|since| SYNC.saturating_sub(since.elapsed()));
            let idle = match (&self.missed, until_sync) {
                (None, until) => until,
                (Some(_), until) => Some(until.map_or(AGAIN, |until| until.min(AGAIN))),
            };
            let (items, lost, closed) = queue.take(idle);
            if lost > 0 {
                self.miss(lost, Unrecorded::Full);
            }
            self.write_all(items);
            self.tell_missed();
            if closed || self.unsynced.is_some_and(|since| since.elapsed() >= SYNC) {
                // Told to nobody: what needs the disk asks for it itself, and the store does not hear of a new end.
                let _ = self.sync();
            }
            if closed {
                return;
            }
        }
    }

    /// Writes what waits, and brings all of it to the disk at once where somebody waits for that.
    fn write_all(&mut self, items: Vec<Item>) {
        let mut waiting = Vec::new();
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            self.write_some(items.by_ref().take(TOGETHER), &mut waiting);
        }
        if !waiting.is_empty() {
            let synced = self.sync();
            for waits in waiting {
                // Nobody may wait any more.
                let _ = waits.send(synced.clone());
            }
        }
    }

    /// Writes with one write, mostly. Whoever has to be told when it is on the disk is added to `waiting`.
    fn write_some(&mut self, items: impl Iterator<Item = Item>, waiting: &mut Vec<Told>) {
        let (mut entries, mut told) = (Vec::new(), Vec::new());
        for item in items {
            told.push((item.entry.is_some(), item.waits, item.sync));
            entries.extend(item.entry.map(|mut entry| {
                self.policy.apply(&mut entry);
                (item.at, entry)
            }));
        }
        if !entries.is_empty() {
            self.tell_missed();
        }
        let (mut left, why) = self.write(entries);
        for (is_entry, waits, sync) in told {
            let is_there = !is_entry || left > 0;
            left -= usize::from(is_entry && is_there);
            let written = if is_there { Ok(()) } else { why.clone() };
            // What must not happen then does not happen: only what happens all the same is missing.
            if let (Err(why), false) = (&written, sync) {
                self.miss(1, why.clone());
            }
            match (waits, &written) {
                (Some(waits), Ok(())) if sync => waiting.push(waits),
                (Some(waits), _) => drop(waits.send(written)),
                (None, _) => {}
            }
        }
    }

    /// How many of the first are written, and why not the others.
    fn write(&mut self, entries: Vec<(SystemTime, Entry)>) -> (usize, Result<(), Unrecorded>) {
        if entries.is_empty() {
            return (0, Ok(()));
        }
        let (count, written) = self.log.append_all(entries);
        self.judge(&written);
        if count > 0 {
            self.unsynced.get_or_insert_with(Instant::now);
        }
        (count, written.map_err(|error| Unrecorded::Disk(error.to_string())))
    }

    fn sync(&mut self) -> Result<(), Unrecorded> {
        let synced = self.log.sync();
        self.judge(&synced);
        // Tried once: after a failure the system may have given up what it could not write.
        self.unsynced = None;
        match synced {
            Ok(()) => {
                self.head.send_replace(self.log.head());
                Ok(())
            }
            Err(error) => Err(Unrecorded::Disk(error.to_string())),
        }
    }

    /// What the disk said last is how it is.
    fn judge(&self, result: &io::Result<()>) {
        self.trouble.send_if_modified(|trouble| match (result, &trouble) {
            (Ok(()), Some(_)) => {
                tracing::info!("the audit log can be written again");
                *trouble = None;
                true
            }
            (Err(error), None) => {
                tracing::error!(%error, "the audit log cannot be written: commands that are restricted or ask for a confirmation are not run; make room on the disk of the data directory");
                *trouble = Some(Trouble {
                    reason: error.to_string(),
                    since: SystemTime::now(),
                });
                true
            }
            _ => false,
        });
    }

    fn miss(&mut self, count: u64, reason: Unrecorded) {
        let missed = self.missed.get_or_insert_with(|| Missed {
            count: 0,
            since: SystemTime::now(),
            reason,
        });
        missed.count += count;
    }

    /// The log says itself what is missing in it.
    fn tell_missed(&mut self) {
        let Some(missed) = &self.missed else {
            return;
        };
        let since = jiff::Timestamp::try_from(missed.since).unwrap_or_default();
        let reason = format!(
            "{} entries since {since:.3} are missing: {}",
            missed.count, missed.reason
        );
        let entry = Entry::own(What::Log, Outcome::Gap).because(reason);
        if self.write(vec![(SystemTime::now(), entry)]).1.is_ok() {
            self.missed = None;
        }
    }
}

#[cfg(test)]
mod tests;
