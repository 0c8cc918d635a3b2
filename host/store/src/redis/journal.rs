//! The requests to the journal.

use super::clerk::Lazy;
use super::effects::place_keys;
use super::names::Journal;
use super::scripts::Script;
use super::{Inner, Kind, codec, read};
use crate::bulk::PAGE_BYTES;
use crate::error::StoreError;
use crate::journal::KEPT_MS;
use crate::types::{Accepted, Backlog, End, Filed, NewRecord, Outcome, Purged, Record, Remembered, Seq, Which};
use redis::Cmd;
use std::sync::atomic::Ordering;

/// How much one step of a purge removes, so that others get their turn.
const PURGE_STEP: u64 = 512;
/// How many offers without an answer are remembered. Beyond it one that was accepted after all waits for the next start.
const MOST_DOUBTFUL: usize = 10_000;
/// How many records, or identities, are asked for at a time.
const PAGE: usize = 512;

impl Inner {
    pub(super) async fn accept(&self, record: &NewRecord) -> Result<Accepted, StoreError> {
        self.owns_journal()?;
        // An offer whose answer was lost is known again by its token: its record is this one's then.
        let token = self.books().doubtful.remove(&record.identity).unwrap_or_else(|| {
            let number = self.tokens.fetch_add(1, Ordering::Relaxed);
            format!("{}-{number}", self.epoch)
        });
        let mut run = self.change(
            Script::Accept,
            [
                Journal::META,
                Journal::IDENTITIES,
                Journal::IDENTITY_OF,
                Journal::ACCEPTED,
                Journal::RECORDS,
                Journal::ALL,
                Journal::OPEN,
            ],
        )?;
        run.arg(self.age_ms())
            .arg(KEPT_MS)
            .arg(&record.identity)
            .arg(&token)
            .arg(codec::pack_record(record)?)
            .arg(self.link.last_seq.load(Ordering::SeqCst));
        let answer: Vec<Vec<u8>> = match self.ask_one(run, Kind::Repeatable).await {
            Ok(answer) => answer,
            Err(error) => {
                let mut books = self.books();
                if books.doubtful.len() >= MOST_DOUBTFUL {
                    books.doubtful.clear();
                }
                books.doubtful.insert(record.identity.clone(), token);
                return Err(error);
            }
        };
        match answer.as_slice() {
            [what, seq] if what == b"new" => {
                let seq = codec::seq(seq)?;
                self.link.last_seq.fetch_max(seq.0, Ordering::SeqCst);
                self.books().open.entry(seq).or_default();
                Ok(Accepted::New(seq))
            }
            [what, seq, state] if what == b"twin" => Ok(Accepted::Twin {
                seq: codec::seq(seq)?,
                finished: state != b"open",
            }),
            _ => Err(StoreError::Damaged("Redis did not answer an offer".to_owned())),
        }
    }

    pub(super) fn finish(&self, seq: Seq, outcome: Outcome) -> Result<(), StoreError> {
        self.owns_journal()?;
        let Some(places) = self.books().open.remove(&seq) else {
            return Ok(());
        };
        let (done, failed, effects) = (outcome.is_done(), outcome.is_failure(), !places.is_empty());
        let end = serde_json::to_string(&End {
            ended_ms: self.clock.now_ms(),
            outcome,
        });
        let mut run = self.change(
            Script::Finish,
            [
                Journal::META,
                Journal::OPEN,
                Journal::ENDS,
                Journal::ENDED,
                Journal::FAILED,
                Journal::KEPT,
                Journal::FORGET,
            ],
        )?;
        let flag = |is: bool| if is { "1" } else { "0" };
        run.arg(seq.0)
            .arg(self.age_ms())
            .arg(end.map_err(|error| StoreError::Io(error.to_string()))?)
            .arg(flag(done))
            .arg(flag(failed))
            .arg(flag(effects));
        // Only when the end is on disk may the effects go: until then a rerun needs them.
        let keys = place_keys(&places, seq);
        self.clerk.add(Lazy {
            seq,
            commands: vec![run],
            then: (done && effects).then(|| forget(seq, &keys)),
        });
        Ok(())
    }

    pub(super) async fn unfinished(&self) -> Result<Vec<Record>, StoreError> {
        let mut all = Vec::new();
        loop {
            let from = all
                .last()
                .map_or_else(|| "-inf".to_owned(), |last: &Record| format!("({}", last.seq));
            let page = self.page(Journal::OPEN, "up", from, PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page.into_iter().map(|filed| filed.record));
        }
    }

    pub(super) async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut count = redis::cmd("ZCARD");
        count.arg(Journal::OPEN);
        let open = self.ask_one(count, Kind::Repeatable).await?;
        let first = self.page(Journal::OPEN, "up", "-inf".to_owned(), 1).await?;
        Ok(Backlog {
            open,
            oldest_ms: first.first().map(|filed| filed.record.received_ms),
        })
    }

    pub(super) async fn records(
        &self,
        which: Which,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Filed>, StoreError> {
        let numbers = match which {
            Which::All => Journal::ALL,
            Which::Open => Journal::OPEN,
            Which::Failed => Journal::FAILED,
        };
        let limit = limit.max(1) as usize;
        let mut all: Vec<Filed> = Vec::new();
        while all.len() < limit {
            let before = all.last().map(|filed| filed.record.seq).or(before);
            let from = before.map_or_else(|| "+inf".to_owned(), |before| format!("({before}"));
            let page = self.page(numbers, "down", from, PAGE.min(limit - all.len())).await?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        Ok(all)
    }

    /// Some records by their numbers, with what was put off being done.
    async fn page(&self, numbers: &str, way: &str, from: String, most: usize) -> Result<Vec<Filed>, StoreError> {
        let mut run = self
            .link
            .run(Script::Records, [numbers, Journal::RECORDS, Journal::ENDS])?;
        run.arg(way).arg(from).arg(most).arg(PAGE_BYTES);
        let flat: Vec<Vec<u8>> = self.ask_one(run, Kind::Repeatable).await?;
        let mut flat = flat.into_iter();
        let mut page = Vec::with_capacity(flat.len() / 3);
        while let (Some(seq), Some(record), Some(end)) = (flat.next(), flat.next(), flat.next()) {
            page.push(filed(
                codec::seq(&seq)?,
                &record,
                Some(end).filter(|end| !end.is_empty()),
            )?);
        }
        Ok(page)
    }

    pub(super) async fn filed(&self, seq: Seq) -> Result<Option<Filed>, StoreError> {
        let [record, end] = [Journal::RECORDS, Journal::ENDS].map(|key| {
            let mut get = redis::cmd("HGET");
            get.arg(key).arg(seq.0);
            get
        });
        let mut answers = self.ask(&[record, end], Kind::Repeatable).await?;
        let end: Option<Vec<u8>> = read(answers.pop())?;
        let record: Option<Vec<u8>> = read(answers.pop())?;
        record.map(|record| filed(seq, &record, end)).transpose()
    }

    pub(super) async fn reopen(&self, seq: Seq, fresh: bool) -> Result<bool, StoreError> {
        self.owns_journal()?;
        self.settle().await?;
        if self.books().open.contains_key(&seq) {
            return Ok(false);
        }
        let mut is_left = redis::cmd("SISMEMBER");
        is_left.arg(Journal::FORGET).arg(seq.0);
        // What a crash left to be forgotten must not be forgotten later, when there is more of it.
        if fresh || self.ask_one(is_left, Kind::Read).await? {
            let forget = forget(seq, &self.effect_keys(seq));
            self.ask(&forget, Kind::Repeatable).await?;
        }
        let mut run = self.change(
            Script::Reopen,
            [
                Journal::META,
                Journal::RECORDS,
                Journal::OPEN,
                Journal::ENDS,
                Journal::ENDED,
                Journal::FAILED,
                Journal::KEPT,
                Journal::IDENTITIES,
                Journal::IDENTITY_OF,
                Journal::ACCEPTED,
            ],
        )?;
        run.arg(seq.0).arg(self.age_ms().saturating_sub(KEPT_MS));
        let opened: bool = self.ask_one(run, Kind::Repeatable).await?;
        if opened {
            self.learn(&[seq]).await?;
        }
        Ok(opened)
    }

    pub(super) async fn identities(&self, since_ms: i64) -> Result<Vec<Remembered>, StoreError> {
        let mut list = redis::cmd("ZRANGEBYSCORE");
        list.arg(Journal::ACCEPTED).arg(since_ms).arg("+inf").arg("WITHSCORES");
        let mut accepted: Vec<(u64, i64)> = self.ask_one(list, Kind::Repeatable).await?;
        accepted.sort_unstable();
        let mut known = Vec::with_capacity(accepted.len());
        for chunk in accepted.chunks(PAGE) {
            let mut get = redis::cmd("HMGET");
            get.arg(Journal::IDENTITY_OF);
            for (seq, _) in chunk {
                get.arg(seq);
            }
            let names: Vec<Option<String>> = self.ask_one(get, Kind::Read).await?;
            for ((_, accepted_ms), identity) in chunk.iter().zip(names) {
                known.extend(identity.map(|identity| Remembered {
                    identity,
                    accepted_ms: *accepted_ms,
                }));
            }
        }
        Ok(known)
    }

    pub(super) async fn purge(&self, now_ms: i64) -> Result<Purged, StoreError> {
        self.owns_journal()?;
        let mut purged = Purged::default();
        for owner in self.owners().await? {
            loop {
                let mut run = self.change(Script::Sweep, owner.keys().all())?;
                run.arg(now_ms).arg(PURGE_STEP);
                let step: u64 = self.ask_one(run, Kind::Repeatable).await?;
                purged.entries += step;
                if step < PURGE_STEP {
                    break;
                }
            }
        }
        loop {
            let mut run = self.change(
                Script::Purge,
                [
                    Journal::META,
                    Journal::IDENTITIES,
                    Journal::IDENTITY_OF,
                    Journal::ACCEPTED,
                    Journal::RECORDS,
                    Journal::ALL,
                    Journal::OPEN,
                    Journal::ENDS,
                    Journal::ENDED,
                    Journal::FAILED,
                    Journal::KEPT,
                    Journal::FORGET,
                ],
            )?;
            run.arg(self.age_ms().saturating_sub(KEPT_MS)).arg(PURGE_STEP);
            let [identities, records]: [u64; 2] = self.ask_one(run, Kind::Repeatable).await?;
            purged.identities += identities;
            purged.records += records;
            if identities < PURGE_STEP && records < PURGE_STEP {
                break;
            }
        }
        self.forget_the_rest().await?;
        Ok(purged)
    }

    /// Forgets the effects of records that are over: those of purged ones, and what a crash left.
    async fn forget_the_rest(&self) -> Result<(), StoreError> {
        loop {
            let mut some = redis::cmd("SRANDMEMBER");
            some.arg(Journal::FORGET).arg(32);
            let due: Vec<u64> = self.ask_one(some, Kind::Repeatable).await?;
            let due: Vec<Seq> = due.into_iter().map(Seq).collect();
            if due.is_empty() {
                return Ok(());
            }
            let commands: Vec<Cmd> = due
                .iter()
                .flat_map(|seq| forget(*seq, &self.effect_keys(*seq)))
                .collect();
            self.ask(&commands, Kind::Repeatable).await?;
        }
    }
}

/// Removes the effects, and then that they are to be removed.
fn forget(seq: Seq, keys: &[String]) -> Vec<Cmd> {
    let mut all: Vec<Cmd> = keys
        .iter()
        .map(|key| {
            let mut unlink = redis::cmd("UNLINK");
            unlink.arg(key);
            unlink
        })
        .collect();
    let mut done = redis::cmd("SREM");
    done.arg(Journal::FORGET).arg(seq.0);
    all.push(done);
    all
}

fn filed(seq: Seq, record: &[u8], end: Option<Vec<u8>>) -> Result<Filed, StoreError> {
    let end: Option<End> = end
        .map(|json| serde_json::from_slice(&json))
        .transpose()
        .map_err(|_| StoreError::Damaged(format!("the end of journal record {seq} makes no sense")))?;
    Ok(Filed {
        record: codec::record(seq, record)?,
        end,
    })
}
