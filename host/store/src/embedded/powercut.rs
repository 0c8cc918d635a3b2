//! The power goes, at every moment of a life.
//!
//! A random life is lived on a disk that remembers what was written and when it was synced, and beside it in memory, which
//! shows what should be there after each deed. Then, for every moment of it: of what was written after the last sync
//! nothing, all, or any sectors in any order survive; the file is opened again; and what it shows is the life up to some
//! deed, not before the last one that had returned. So no write that returned is lost, no transaction is seen half, and
//! notes and ends come in order.

use super::deeds::{Deed, any, view};
use super::disk::{Disk, Op, Survive, cut};
use super::{RedbStore, tables};
use crate::bulk::Tally;
use crate::clock::{Clock, ManualClock};
use crate::keys;
use crate::memory::MemoryStore;
use crate::store::Store;
use crate::types::{Accepted, NewRecord, Scope, Space, Which, Write};
use redb::{ReadableTable, ReadableTableMetadata};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

const START: i64 = 1_750_000_000_000;
const HOUR: i64 = 60 * 60 * 1000;

/// What was lived, and what should be there after each deed of it.
struct Life {
    /// What was on the disk at the beginning: an empty file. (That a file is made whole or not at all is not the disk's to
    /// prove, see `open`.)
    empty: Vec<u8>,
    log: Vec<Op>,
    /// What is seen after so many deeds.
    views: Vec<String>,
    /// For each deed: how much was done to the disk before it was asked for.
    asked: Vec<usize>,
    /// For each deed: how much had been done to the disk when it had returned and was durable.
    durable: Vec<Option<usize>>,
}

/// Polls all in their order until all are done: so they are asked for in their order, and wait together.
async fn all<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// Whether it may return before it is durable.
fn is_lazy(deed: &Deed) -> bool {
    matches!(deed, Deed::Note(..) | Deed::Finish(..))
}

async fn live(seed: u64, turns: usize) -> Life {
    let mut random = fastrand::Rng::with_seed(seed);
    let clock = Arc::new(ManualClock::at(START));
    let empty = Disk::default();
    drop(empty.store(Box::new(Arc::clone(&clock))));
    let empty = cut(Vec::new(), &empty.log(), Survive::All);
    let disk = Disk::of(empty.clone());
    let store = disk.store(Box::new(Arc::clone(&clock)));
    let model_clock = Arc::new(ManualClock::at(START));
    let memory = MemoryStore::new(Arc::clone(&model_clock));
    let mut life = Life {
        empty,
        log: Vec::new(),
        views: vec![view(&memory).await],
        asked: Vec::new(),
        durable: Vec::new(),
    };
    let mut seqs = 0;
    for _ in 0..turns {
        let mut deeds: Vec<Deed> = (0..random.usize(1..5))
            .map(|_| any(&mut random, seqs, clock.now_ms()))
            .collect();
        // Time stands still while something may still come to disk: its time of day is that of its commit.
        if random.u8(0..4) == 0 {
            deeds.push(Deed::Fact("settled".to_owned(), Some(random.u8(..).to_string())));
        }
        let settled = matches!(deeds.last(), Some(Deed::Fact(..)));
        let mut expected = Vec::new();
        for deed in &deeds {
            expected.push(deed.clone().done_to(&memory).await);
            if matches!(deed, Deed::Accept(_)) && expected.last().is_some_and(|done| done.contains("New")) {
                seqs += 1;
            }
            // What has expired is there until it is swept; at this time everything is seen.
            let now_ms = model_clock.now_ms();
            model_clock.jump(-now_ms);
            life.views.push(view(&memory).await);
            model_clock.jump(now_ms);
            life.asked.push(disk.position());
        }
        let lazy: Vec<bool> = deeds.iter().map(is_lazy).collect();
        let asked = deeds
            .into_iter()
            .map(|deed| Box::pin(deed.done_to(&store)) as Pin<Box<dyn Future<Output = _> + Send>>);
        let done = all(asked.collect()).await;
        assert_eq!(done, expected, "seed {seed}");
        let position = disk.position();
        life.durable
            .extend(lazy.into_iter().map(|lazy| (!lazy).then_some(position)));
        if settled {
            let hours = [0, 0, 0, 1, 11, 24];
            let passed = random.i64(0..20) + random.choice(hours).unwrap_or(0) * HOUR;
            let jump = random.choice([0, 0, 0, 0, 30, -30]).unwrap_or(0) * HOUR;
            for clock in [&clock, &model_clock] {
                clock.advance(passed);
                clock.jump(jump);
            }
        }
    }
    store.close().await.unwrap();
    life.log = disk.log();
    life
}

impl Life {
    /// What may be there when the power goes after so much was done to the disk.
    fn possible(&self, position: usize) -> std::ops::RangeInclusive<usize> {
        let durable = |at: &Option<usize>| at.is_some_and(|at| at <= position);
        let least = self.durable.iter().rposition(durable).map_or(0, |last| last + 1);
        let most = self.asked.iter().take_while(|asked| **asked <= position).count();
        least..=most
    }

    async fn check(&self, bytes: Vec<u8>, position: usize, survive: Survive) -> Disk {
        let disk = Disk::of(bytes);
        let store = disk.store(Box::new(ManualClock::at(0)));
        let seen = view(&store).await;
        let possible = self.possible(position);
        let found = |range: &[String]| range.iter().position(|view| *view == seen);
        assert!(
            found(&self.views[possible.clone()]).is_some(),
            "{survive:?} after {position} of {}: expected the state after {possible:?} deeds, found that after {:?}:\n{seen}",
            self.log.len(),
            found(&self.views),
        );
        is_consistent(&store);
        drop(store);
        disk
    }
}

/// What must be true of any file, whatever was written in it.
fn is_consistent(store: &RedbStore) {
    let checked = store.read(|txn| {
        let numbers = |table| -> Result<BTreeSet<u64>, redb::Error> {
            txn.open_table::<u64, ()>(table)?
                .iter()?
                .map(|row| Ok(row?.0.value()))
                .collect()
        };
        let (mut tally, mut expiry, mut last) = (Tally::default(), BTreeSet::new(), 0);
        for row in txn.open_table(tables::BRAIN)?.iter()? {
            let (name, stored) = row?;
            let (version, expires_ms, value) = stored.value();
            tally.add(&keys::decode(name.value()).unwrap(), value.len());
            expiry.extend(expires_ms.map(|at| (at, name.value().to_vec())));
            last = last.max(version);
        }
        let index = txn.open_table(tables::EXPIRY)?;
        for row in index.iter()? {
            let (at, name) = (
                row.as_ref().unwrap().0.value().0,
                row.as_ref().unwrap().0.value().1.to_vec(),
            );
            assert!(expiry.remove(&(at, name)), "an expiry of nothing");
        }
        assert_eq!(expiry.len(), 0, "an entry without its expiry");
        let used = txn.open_table(tables::USED)?;
        let mut accounts: BTreeMap<Vec<u8>, u64> = used
            .iter()?
            .map(|row| row.map(|(owner, used)| (owner.value().to_vec(), used.value())).unwrap())
            .collect();
        for usage in tally.done() {
            assert_eq!(
                accounts.remove(&keys::of_holder(&usage.holder)),
                Some(usage.bytes),
                "{}",
                usage.holder
            );
        }
        assert!(accounts.values().all(|used| *used == 0), "{accounts:?}");

        let meta = txn.open_table(tables::META)?;
        let number = |name| meta.get(name).unwrap().map_or(0, |number| number.value());
        assert!(number(tables::LAST_VERSION) >= last);
        let journal: BTreeSet<u64> = txn
            .open_table(tables::JOURNAL)?
            .iter()?
            .map(|row| row.map(|row| row.0.value()).unwrap())
            .collect();
        assert!(journal.last().is_none_or(|last| *last <= number(tables::LAST_SEQ)));
        let ended: BTreeSet<u64> = txn
            .open_table(tables::ENDED)?
            .iter()?
            .map(|row| row.map(|row| row.0.value()).unwrap())
            .collect();
        let (open, failed) = (numbers(tables::OPEN)?, numbers(tables::FAILED)?);
        assert!(open.is_disjoint(&ended));
        assert_eq!(&open | &ended, journal);
        assert!(failed.is_subset(&ended));
        for row in txn.open_table(tables::RECORDED)?.iter()? {
            assert!(journal.contains(&row?.0.value().0), "an effect of nothing");
        }
        Ok(index.len()?)
    });
    checked.unwrap();
}

/// Every moment: right before and after each sync, and some in between.
fn moments(log: &[Op], random: &mut fastrand::Rng) -> Vec<(usize, Survive)> {
    let mut all = Vec::new();
    let mut from = 0;
    let syncs = log.iter().enumerate().filter(|(_, op)| matches!(op, Op::Sync));
    for (sync, _) in syncs.chain([(log.len(), &Op::Sync)]) {
        // Before the sync, with all or nothing of it; `sync + 1` comes as the nothing of the next.
        all.push((sync, Survive::Nothing));
        all.push((sync, Survive::All));
        all.push((sync, Survive::Some(random.u64(..))));
        for _ in 0..2 {
            all.push((random.usize(from..=sync), Survive::Some(random.u64(..))));
        }
        from = (sync + 1).min(log.len());
        all.push((from, Survive::Nothing));
    }
    all
}

fn long() -> bool {
    std::env::var_os("MOA_TEST_LONG").is_some()
}

#[tokio::test]
async fn nothing_that_returned_is_lost_and_nothing_is_seen_half() {
    let (lives, turns) = if long() { (8, 150) } else { (1, 40) };
    for seed in 0..lives {
        let life = live(seed, turns).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let moments = moments(&life.log, &mut random);
        assert!(moments.len() > turns, "there were syncs");
        for (position, survive) in moments {
            let bytes = cut(life.empty.clone(), &life.log[..position], survive);
            let opened = life.check(bytes.clone(), position, survive).await;
            // Opening it repaired it. The power may go in that, too.
            let repair = opened.log();
            let again = random.usize(0..=repair.len());
            let bytes = cut(bytes, &repair[..again], Survive::Some(random.u64(..)));
            life.check(bytes, position, survive).await;
        }
    }
}

#[tokio::test]
async fn life_goes_on_after_a_cut() {
    let life = live(77, 30).await;
    let mut random = fastrand::Rng::with_seed(77);
    for _ in 0..if long() { 500 } else { 20 } {
        let position = random.usize(0..=life.log.len());
        let before = cut(life.empty.clone(), &life.log[..position], Survive::Some(random.u64(..)));
        let disk = Disk::of(before.clone());
        let store = disk.store(Box::new(ManualClock::at(START)));
        let known = store.records(Which::All, None, 1).await.unwrap();
        let Accepted::New(seq) = store.accept(event("after")).await.unwrap() else {
            panic!()
        };
        assert!(known.iter().all(|known| known.record.seq < seq), "{seq}");
        let cell = Space::new("memo", Scope::Plugin).cell("after");
        store.write(vec![Write::set(cell.clone(), "v")], None).await.unwrap();
        let done = disk.log();
        drop(store);

        let disk = Disk::of(cut(before, &done, Survive::Some(random.u64(..))));
        let store = disk.store(Box::new(ManualClock::at(START)));
        assert!(store.get(&cell).await.unwrap().is_some());
        assert!(store.unfinished().await.unwrap().iter().any(|open| open.seq == seq));
        is_consistent(&store);
    }
}

/// A migration is seen whole or not at all, and nothing gets lost in it.
#[tokio::test]
async fn a_migration_can_be_cut() {
    let old = include_bytes!("../../tests/fixtures/format-1.redb");
    let disk = Disk::of(old.to_vec());
    let migrated = disk.store(Box::new(ManualClock::at(0)));
    let expected = view(&migrated).await;
    drop(migrated);
    let log = disk.log();
    let mut random = fastrand::Rng::with_seed(0);
    for (position, survive) in moments(&log, &mut random) {
        let disk = Disk::of(cut(old.to_vec(), &log[..position], survive));
        let store = disk.store(Box::new(ManualClock::at(0)));
        assert_eq!(
            view(&store).await,
            expected,
            "{survive:?} after {position} of {}",
            log.len()
        );
        is_consistent(&store);
    }
}

fn event(identity: &str) -> NewRecord {
    NewRecord {
        identity: identity.to_owned(),
        kind: String::new(),
        body: Vec::new(),
        received_ms: START,
    }
}
