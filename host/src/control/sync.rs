//! Making the entries of a store what a source says: both go by the same order, so one walk beside each other finds what
//! is missing, what differs and what is too much, whatever their size.

use super::lines::{Item, Parser};
use super::pipe::LineReader;
use super::{Fault, carried};
use async_trait::async_trait;
use hyper::StatusCode;
use moa_store::{Cell, Entry, Scan, Scope, Store, StoreError, Write};
use std::cmp::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

/// Entries that are read from a store at once.
pub(super) const PAGE: usize = 1_000;
/// Entries that are written in one transaction, at most.
const BATCH: usize = 1_000;
/// Bytes of values that are written in one transaction, about.
const BATCH_BYTES: usize = 1 << 20;

/// Entries that are compared between two words about it.
const STRIDE: u64 = 10_000;

/// Entries in the store's order.
#[async_trait]
pub(super) trait Source: Send {
    /// The next; `None` behind the last.
    async fn next(&mut self) -> Result<Option<(Cell, Entry)>, Fault>;
}

/// The entries of a store.
pub(super) struct Stored {
    scan: Box<dyn Scan>,
    page: std::vec::IntoIter<(Cell, Entry)>,
}

impl Stored {
    pub(super) async fn all(store: &dyn Store, plugin: Option<&str>) -> Result<Self, StoreError> {
        Ok(Self {
            scan: carried::scan(store, plugin).await?,
            page: Vec::new().into_iter(),
        })
    }
}

#[async_trait]
impl Source for Stored {
    async fn next(&mut self) -> Result<Option<(Cell, Entry)>, Fault> {
        if let Some(one) = self.page.next() {
            return Ok(Some(one));
        }
        self.page = self.scan.next(PAGE).await?.into_iter();
        Ok(self.page.next())
    }
}

/// The entries of a file.
pub(super) struct Read {
    reader: LineReader,
    parser: Parser,
    now_ms: i64,
    /// The facts among them so far.
    pub(super) facts: Vec<(String, String)>,
    /// Entries whose time was over; they are left out.
    pub(super) expired: u64,
}

impl Read {
    pub(super) fn new(reader: LineReader) -> Self {
        Self {
            reader,
            parser: Parser::default(),
            now_ms: now_ms(),
            facts: Vec::new(),
            expired: 0,
        }
    }

    /// Reads what is left, so that the sender gets to the answer.
    pub(super) async fn drain(&mut self) {
        self.reader.drain().await;
    }

    /// How many lines were read.
    pub(super) fn lines(&self) -> u64 {
        self.parser.lines()
    }
}

#[async_trait]
impl Source for Read {
    async fn next(&mut self) -> Result<Option<(Cell, Entry)>, Fault> {
        loop {
            let Some(line) = self.reader.next().await? else {
                self.parser.finish()?;
                return Ok(None);
            };
            match self.parser.line(&line)? {
                Some(Item::Entry(_, entry)) if entry.expires_ms.is_some_and(|at| at <= self.now_ms) => {
                    self.expired += 1
                }
                Some(Item::Entry(cell, entry)) => return Ok(Some((cell, entry))),
                Some(Item::Fact { name, value }) => self.facts.push((name, value)),
                None => {}
            }
        }
    }
}

/// What was done to a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Entries of the source.
    pub(super) compared: u64,
    /// Entries that were missing or differed.
    pub(super) written: u64,
    /// Entries that the source does not have.
    pub(super) removed: u64,
}

impl Changes {
    pub(super) fn any(self) -> bool {
        self.written + self.removed > 0
    }
}

/// What the walk tells now and then.
#[async_trait]
pub(super) trait Watch: Send {
    async fn tell(&mut self, changes: Changes) -> Result<(), Fault>;
}

/// Nobody watches.
pub(super) struct Unwatched;

#[async_trait]
impl Watch for Unwatched {
    async fn tell(&mut self, _: Changes) -> Result<(), Fault> {
        Ok(())
    }
}

/// Makes the entries of `store` those of `source`.
pub(super) async fn pass(source: &mut dyn Source, store: &dyn Store, watch: &mut dyn Watch) -> Result<Changes, Fault> {
    let mut there = Stored::all(store, None).await?;
    let mut changes = Changes::default();
    let mut batch = Batch::default();
    let mut wanted = source.next().await?;
    let mut found = there.next().await?;
    loop {
        let side = match (&wanted, &found) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((wanted, _)), Some((found, _))) => order(wanted, found),
        };
        let (mut missing, mut spare) = (None, None);
        if side.is_le() {
            missing = match source.next().await? {
                Some(next) => {
                    if wanted
                        .as_ref()
                        .is_some_and(|(before, _)| order(before, &next.0).is_ge())
                    {
                        return Err(Fault::wrong(
                            "the entries are not in the order of an export; `moa brain import` takes them in any order",
                        ));
                    }
                    wanted.replace(next)
                }
                None => wanted.take(),
            };
            changes.compared += 1;
        }
        if side.is_ge() {
            let next = there.next().await?;
            spare = std::mem::replace(&mut found, next);
        }
        match (missing, spare) {
            (Some(one), Some(other)) if one == other => {}
            (Some(one), _) => {
                changes.written += 1;
                batch.put(one);
            }
            (None, Some((cell, _))) => {
                changes.removed += 1;
                batch.remove(cell);
            }
            (None, None) => {}
        }
        if batch.is_full() {
            batch.write(store).await?;
            watch.tell(changes).await?;
        } else if changes.compared.is_multiple_of(STRIDE) {
            watch.tell(changes).await?;
        }
    }
    batch.write(store).await?;
    watch.tell(changes).await?;
    Ok(changes)
}

/// Changes that go to the store together.
#[derive(Default)]
pub(super) struct Batch {
    puts: Vec<(Cell, Entry)>,
    removals: Vec<Write>,
    bytes: usize,
}

impl Batch {
    pub(super) fn put(&mut self, one: (Cell, Entry)) {
        self.bytes += one.0.key.len() + one.1.value.len();
        self.puts.push(one);
    }

    fn remove(&mut self, cell: Cell) {
        self.removals.push(Write::delete(cell));
    }

    pub(super) fn is_full(&self) -> bool {
        self.puts.len() + self.removals.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    /// Takes out what is to be put.
    pub(super) fn take_puts(&mut self) -> Vec<(Cell, Entry)> {
        self.bytes = 0;
        std::mem::take(&mut self.puts)
    }

    async fn write(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let puts = self.take_puts();
        if !puts.is_empty() {
            store.import(puts).await?;
        }
        let removals = std::mem::take(&mut self.removals);
        if !removals.is_empty() {
            store.write(removals, None).await?;
        }
        Ok(())
    }
}

/// Makes the facts of `store` these. How many differed.
pub(super) async fn facts(wanted: &[(String, String)], store: &dyn Store) -> Result<u64, StoreError> {
    let mut changed = 0;
    for (name, value) in wanted {
        if store.fact_get(name).await?.as_ref() != Some(value) {
            store.fact_set(name, Some(value)).await?;
            changed += 1;
        }
    }
    for (name, _) in store.fact_list("").await? {
        if !wanted.iter().any(|(wanted, _)| *wanted == name) {
            store.fact_set(&name, None).await?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// Refuses a store that holds something, unless that is to be replaced.
pub(super) async fn refuse_full(store: &dyn Store, replace: bool, name: &str) -> Result<(), Fault> {
    if replace || carried::scan(store, None).await?.next(1).await?.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        StatusCode::CONFLICT,
        format!("{name} holds entries already, and nothing was changed"),
    )
    .hint("with --replace they are replaced"))
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// The store's order: plugins by name, what they share last; within a plugin its own, then conversations, then people.
fn order(one: &Cell, other: &Cell) -> Ordering {
    fn parts(cell: &Cell) -> (bool, &str, &Scope, &str) {
        let shared = cell.space.scope == Scope::Shared;
        // The name of whoever shares does not count.
        let plugin = if shared { "" } else { cell.space.plugin.as_str() };
        (shared, plugin, &cell.space.scope, &cell.key)
    }
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests;
