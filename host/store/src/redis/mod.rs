//! The store in a Redis server.
//!
//! In reading order: `names` says what lies where, `scripts` (and `lua/`) what Redis does in one go, `codec` how things are
//! written; `link` is the connection, `lease` sees to it that one host at a time uses the data, `clerk` does what may be
//! done a moment later; `open` is the start; `brain`, `scan`, `journal`, `effects` and `facts` are the requests.
//!
//! Redis has the data; the host knows by heart which records are open and where their effects are ([`Books`]), because it
//! is the only one.

mod address;
mod brain;
mod clerk;
mod codec;
mod effects;
mod error;
mod facts;
mod journal;
mod lease;
mod link;
mod names;
mod open;
mod scan;
mod scripts;

pub use error::RedisOpenError;

use crate::clock::{Age, Clock, SystemClock};
use crate::error::StoreError;
use crate::store::{Scan, Store};
use crate::types::{
    Accepted, Backlog, Cell, Effect, Entry, Filed, KeyPage, NewRecord, Outcome, Purged, Record, Recorded, Remembered,
    Seq, Space, Usage, Which, Write, WriteOutcome,
};
use async_trait::async_trait;
use clerk::Clerk;
use link::{Link, PATIENCE, Verdict};
use names::Owner;
use redis::{Cmd, Value};
use scripts::Script;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// Before what Redis can't do at the moment is asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// How to open a [`RedisStore`].
pub struct RedisOptions {
    /// Where the time comes from; the machine's clock by default.
    pub clock: Box<dyn Clock>,
    /// Not to be the host, but to look at things and to change them while no host runs; or the brain alone while one
    /// does: its lease is not waited for, and changes of the journal are [declined](StoreError::Declined). No by default.
    pub visit: bool,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            clock: Box::new(SystemClock),
            visit: false,
        }
    }
}

/// Where an effect is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// Beside the data that it wrote.
    Brain(Owner),
    /// It wrote nothing: beside the journal.
    Journal,
}

/// By call and ordinal.
type Places = HashMap<(String, u32), Place>;

/// What the host knows by heart.
#[derive(Default)]
struct Books {
    /// The open records, and where their effects are.
    open: HashMap<Seq, Places>,
    /// The owners that Redis knows of.
    owners: BTreeSet<Owner>,
    /// How often Redis had lost its data when that was so.
    owners_as_of: u64,
    /// Events that may have been accepted though nobody heard of it, and by which token.
    doubtful: HashMap<String, String>,
}

struct Inner {
    clock: Box<dyn Clock>,
    /// What the journal counts by.
    age: Age,
    link: Arc<Link>,
    clerk: Arc<Clerk>,
    epoch: u64,
    /// Who has the journal, if somebody else does.
    host: Option<String>,
    books: Mutex<Books>,
    tokens: AtomicU64,
}

/// A [`Store`] in Redis. See the [crate](crate) for what it promises; that what returned is durable is true as far as Redis
/// is set to `appendonly yes` and `appendfsync always`.
///
/// To be used within the Tokio runtime in which it was opened. While Redis is away, requests fail with
/// [`StoreError::Away`] after a few seconds at most; when it is back everything goes on by itself.
pub struct RedisStore {
    inner: Arc<Inner>,
    warnings: Vec<String>,
    tasks: Vec<AbortHandle>,
}

impl RedisStore {
    /// Connects, checks that the server can be relied on, and takes the lease: only one host at a time can have the data
    /// of a database open. If the last one ended without giving it back, on another machine, that takes some seconds.
    ///
    /// # Errors
    /// See [`RedisOpenError`].
    pub async fn open(url: &str, options: RedisOptions) -> Result<Self, RedisOpenError> {
        open::open(url, options).await
    }

    /// Whether [`Self::open`] can make something of this address; it is not asked whether a server is there.
    ///
    /// # Errors
    /// [`RedisOpenError::Address`].
    pub fn check_address(url: &str) -> Result<(), RedisOpenError> {
        address::Address::parse(url).map(drop)
    }

    /// What about the server's settings may cost data: each says which setting, what can be lost, and what to write
    /// instead.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.inner.link.end(StoreError::Closed);
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// What a request is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It changes nothing: it may be sent twice, and need not wait for anything.
    Read,
    /// It may be sent twice, and comes after what was put off.
    Repeatable,
    /// It must not be sent twice, and comes after what was put off.
    Once,
}

impl Inner {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn age_ms(&self) -> i64 {
        self.age.now_ms(&*self.clock)
    }

    /// A run of a script that changes something: it begins with the epoch.
    fn change<'k>(&self, script: Script, keys: impl IntoIterator<Item = &'k str>) -> Result<Cmd, StoreError> {
        let mut run = self.link.run(script, keys)?;
        run.arg(self.epoch);
        Ok(run)
    }

    /// Sends the commands and gets their answers, over as many connections as it takes.
    async fn ask(&self, commands: &[Cmd], kind: Kind) -> Result<Vec<Value>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let connection = self.link.up(deadline).await?;
            let taken = match kind {
                Kind::Read => self.clerk.take_nothing(),
                Kind::Repeatable | Kind::Once => self.clerk.take(),
            };
            // What was put off goes before what is asked now, all of it.
            let now = if taken.left { &[] } else { commands };
            let all = taken.commands().chain(now);
            let mut answers = match self.link.attempt(connection.clone(), all, deadline).await {
                Ok(answers) => answers,
                Err(cause) if kind == Kind::Once && !now.is_empty() => return Err(self.link.uncertain(cause)),
                Err(_) => {
                    drop(taken);
                    continue;
                }
            };
            let own = answers.split_off(taken.count().min(answers.len()));
            let more = taken.left;
            // What was not done is put back; whoever takes it next sees why.
            let put_back = taken.settle(&self.link, answers);
            if more {
                match put_back {
                    None => {}
                    Some(Verdict::Failed(error)) => return Err(error),
                    Some(Verdict::Load) => drop(self.link.load(&connection).await),
                    Some(Verdict::Later) => sleep(AGAIN).await,
                }
                if Instant::now() >= deadline {
                    return Err(self.link.away("much was put off and is not done yet"));
                }
                continue;
            }
            let refused = own.iter().find_map(|answer| match answer {
                Value::ServerError(error) => Some(self.link.verdict(error)),
                _ => None,
            });
            match refused {
                None => return Ok(own),
                Some(Verdict::Failed(error)) => {
                    if matches!(error, StoreError::TakenOver { .. }) {
                        self.link.end(error.clone());
                    }
                    return Err(error);
                }
                Some(Verdict::Load) => {
                    if let Err(error) = self.link.load(&connection).await {
                        tracing::debug!(%error, "Redis did not take the scripts");
                    }
                }
                Some(Verdict::Later) => sleep(AGAIN).await,
            }
            if Instant::now() >= deadline {
                return Err(self.link.away("it is busy"));
            }
        }
    }

    /// The same for one command, and what its answer is to be.
    async fn ask_one<T: redis::FromRedisValue>(&self, command: Cmd, kind: Kind) -> Result<T, StoreError> {
        let mut answers = self.ask(&[command], kind).await?;
        read(answers.pop())
    }

    /// Nothing but an error if the store is closed or taken over.
    fn still_open(&self) -> Result<(), StoreError> {
        self.link.over().map_or(Ok(()), Err)
    }

    /// The same where the journal is changed, which only its host does.
    fn owns_journal(&self) -> Result<(), StoreError> {
        self.still_open()?;
        match &self.host {
            None => Ok(()),
            Some(host) => Err(StoreError::Declined {
                place: self.link.place.clone(),
                detail: format!("its journal is changed by the moa that runs, {host}: ask that one, on its machine"),
            }),
        }
    }

    /// Does what was put off, and what follows from it.
    async fn settle(&self) -> Result<(), StoreError> {
        let deadline = Instant::now() + PATIENCE;
        while !self.clerk.is_empty() {
            self.ask(&[redis::cmd("PING")], Kind::Repeatable).await?;
            if Instant::now() >= deadline {
                return Err(self.link.away("what was put off is not done yet"));
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Makes the owners known to the journal, which finds their data again by this.
    async fn register(&self, owners: &[Owner]) -> Result<(), StoreError> {
        let new: Vec<&Owner> = {
            let mut books = self.books();
            let lost = self.link.lost();
            if books.owners_as_of != lost {
                books.owners_as_of = lost;
                books.owners.clear();
            }
            owners.iter().filter(|owner| !books.owners.contains(owner)).collect()
        };
        for owner in new {
            let mut own = self.change(Script::Own, [names::Journal::META, names::Journal::OWNERS])?;
            own.arg(&owner.bytes);
            self.ask(&[own], Kind::Repeatable).await?;
            self.books().owners.insert(owner.clone());
        }
        Ok(())
    }
}

/// What an answer is to be.
fn read<T: redis::FromRedisValue>(answer: Option<Value>) -> Result<T, StoreError> {
    let wrong = |what: String| StoreError::Damaged(format!("Redis answered something unexpected: {what}"));
    let answer = answer.ok_or_else(|| wrong("nothing".to_owned()))?;
    redis::from_redis_value(answer).map_err(|error| wrong(error.to_string()))
}

#[async_trait]
impl Store for RedisStore {
    async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        self.inner.get(cell).await
    }

    async fn get_many(&self, cells: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.inner.get_many(cells).await
    }

    async fn keys(&self, space: &Space, prefix: &str, after: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        self.inner.keys(space, prefix, after, limit).await
    }

    async fn write(&self, writes: Vec<Write>, effect: Option<Effect>) -> Result<Vec<WriteOutcome>, StoreError> {
        self.inner.write(&writes, effect.as_ref()).await
    }

    async fn scan(&self, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
        Ok(Box::new(scan::Pages::begin(&self.inner, holder).await?))
    }

    async fn import(&self, entries: Vec<(Cell, Entry)>) -> Result<(), StoreError> {
        self.inner.import(&entries).await
    }

    async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.inner.usage().await
    }

    async fn accept(&self, record: NewRecord) -> Result<Accepted, StoreError> {
        self.inner.accept(&record).await
    }

    async fn note(&self, effect: Effect, answer: Vec<u8>) -> Result<(), StoreError> {
        self.inner.note(&effect, &answer)
    }

    async fn effects(&self, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, StoreError> {
        let all = self.inner.effects(seq).await?;
        let of_call = all.into_iter().filter(|(call, _)| call == invocation);
        Ok(of_call.map(|(_, recorded)| recorded).collect())
    }

    async fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.inner.finish(seq, outcome)
    }

    async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        self.inner.unfinished().await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.inner.backlog().await
    }

    async fn records(&self, which: Which, before: Option<Seq>, limit: u32) -> Result<Vec<Filed>, StoreError> {
        self.inner.records(which, before, limit).await
    }

    async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        self.inner.filed(seq).await
    }

    async fn all_effects(&self, seq: Seq) -> Result<Vec<(String, Recorded)>, StoreError> {
        self.inner.effects(seq).await
    }

    async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.inner.reopen(seq, fresh).await
    }

    async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        self.inner.identities(since_ms).await
    }

    async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        self.inner.purge(now_ms).await
    }

    async fn fact_get(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.fact_get(name).await
    }

    async fn fact_set(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.inner.fact_set(name, value).await
    }

    async fn fact_list(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.inner.fact_list(prefix).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        if self.inner.link.over().is_some() {
            return Ok(());
        }
        let settled = self.inner.settle().await;
        if let Some(release) = self.inner.link.release() {
            // It ends by itself after some seconds.
            let _ = self.inner.ask(&[release?], Kind::Repeatable).await;
        }
        self.inner.link.end(StoreError::Closed);
        for task in &self.tasks {
            task.abort();
        }
        settled
    }
}
