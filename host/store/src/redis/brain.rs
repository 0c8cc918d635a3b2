//! The requests to the brain.

use super::names::{self, Owner};
use super::scripts::Script;
use super::{Inner, Kind, Place, codec, read};
use crate::bulk;
use crate::error::StoreError;
use crate::keys as cells;
use crate::types::{Answer, Cell, Change, Effect, Entry, KeyPage, Space, Usage, Write, WriteOutcome};
use redis::{Cmd, Value};
use tokio::time::Instant;

impl Inner {
    pub(super) async fn get(&self, cell: &Cell) -> Result<Option<Entry>, StoreError> {
        let now_ms = self.clock.now_ms();
        let owner = Owner::of(&cell.space);
        let mut get = redis::cmd("HGET");
        get.arg(owner.keys().entries).arg(owner.rest(cell));
        codec::live_entry(self.ask_one(get, Kind::Read).await?, now_ms)
    }

    pub(super) async fn get_many(&self, wanted: &[Cell]) -> Result<Vec<Option<Entry>>, StoreError> {
        if wanted.is_empty() {
            return self.still_open().map(|()| Vec::new());
        }
        let now_ms = self.clock.now_ms();
        let (owners, of_cell) = owners(wanted.iter().map(|cell| &cell.space));
        let mut gets: Vec<Cmd> = owners
            .iter()
            .map(|owner| {
                let mut get = redis::cmd("HMGET");
                get.arg(owner.keys().entries);
                get
            })
            .collect();
        for (cell, of) in wanted.iter().zip(&of_cell) {
            if let (Some(get), Some(owner)) = (gets.get_mut(*of), owners.get(*of)) {
                get.arg(owner.rest(cell));
            }
        }
        // Several owners as of one moment: nothing comes between.
        let several = gets.len() > 1;
        if several {
            gets.insert(0, redis::cmd("MULTI"));
            gets.push(redis::cmd("EXEC"));
        }
        let mut answers = self.ask(&gets, Kind::Read).await?;
        if several {
            answers = read(answers.pop())?;
        }
        let found: Result<Vec<Vec<Option<Vec<u8>>>>, StoreError> =
            answers.into_iter().map(|answer| read(Some(answer))).collect();
        let mut found: Vec<_> = found?.into_iter().map(Vec::into_iter).collect();
        of_cell
            .iter()
            .map(|of| {
                let packed = found.get_mut(*of).and_then(Iterator::next).flatten();
                codec::live_entry(packed, now_ms)
            })
            .collect()
    }

    pub(super) async fn keys(
        &self,
        space: &Space,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<KeyPage, StoreError> {
        let owner = Owner::of(space);
        let base = owner.rest(&space.cell(""));
        let wanted = [base.as_slice(), prefix.as_bytes()].concat();
        let from = match after.filter(|after| *after >= prefix) {
            Some(after) => [b"(", base.as_slice(), after.as_bytes()].concat(),
            None => [b"[", wanted.as_slice()].concat(),
        };
        let limit = limit.max(1) as usize;
        let keys = owner.keys();
        let mut list = self.link.run(Script::Keys, [keys.index.as_str(), &keys.expiries])?;
        list.arg(from)
            .arg(behind(&wanted))
            .arg(self.clock.now_ms())
            .arg(limit.saturating_add(1));
        let found: Vec<Vec<u8>> = self.ask_one(list, Kind::Read).await?;
        let more = found.len() > limit;
        let mut keys = Vec::with_capacity(found.len());
        for rest in found.into_iter().take(limit) {
            let key = rest.strip_prefix(base.as_slice()).unwrap_or_default().to_vec();
            let key = String::from_utf8(key);
            keys.push(key.map_err(|_| StoreError::Damaged("a key of the brain is not text".to_owned()))?);
        }
        let next = keys.last().filter(|_| more).cloned();
        Ok(KeyPage { keys, next })
    }

    pub(super) async fn write(
        &self,
        writes: &[Write],
        effect: Option<&Effect>,
    ) -> Result<Vec<WriteOutcome>, StoreError> {
        self.still_open()?;
        let (owners, of_write) = owners(writes.iter().map(|write| &write.cell.space));
        if let Some(effect) = effect {
            let place = owners.first().cloned().map_or(Place::Journal, Place::Brain);
            // What was noted for this call before must not come after it.
            self.clerk
                .arrived(effect.key.seq, Instant::now() + super::PATIENCE)
                .await;
            if let Some(other) = self.claim(effect, &place)?
                && let Some(answer) = self.answered(effect, &other).await?
            {
                return answer;
            }
            if place == Place::Journal {
                return self.record_nothing(effect).await;
            }
            self.take_place(effect, place);
        }
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        self.register(&owners).await?;

        let now_ms = self.clock.now_ms();
        let of_owners: Vec<_> = owners.iter().map(Owner::keys).collect();
        let effects = effect.zip(owners.first());
        let effects = effects.map(|(effect, owner)| owner.effects(effect.key.seq));
        let keys = of_owners.iter().flat_map(|keys| keys.all());
        let mut run = self.link.run(Script::Write, keys.chain(effects.as_deref()))?;
        run.arg(now_ms).arg(self.epoch).arg(owners.len());
        match effect {
            None => run.arg("").arg("").arg(0),
            Some(effect) => {
                let (head, fingerprint) = codec::effect_head(effect);
                run.arg(names::effect_field(&effect.key.invocation, effect.key.ordinal))
                    .arg(head)
                    .arg(fingerprint)
            }
        };
        for (write, of) in writes.iter().zip(of_write) {
            if let Some(owner) = owners.get(of) {
                push(&mut run, write, of, owner, now_ms);
            }
        }
        let kind = if effect.is_some() { Kind::Repeatable } else { Kind::Once };
        let answer: Vec<Vec<u8>> = self.ask_one(run, kind).await?;
        let written = match (answer.as_slice(), effect) {
            ([what, json], _) if what == b"answer" => codec::written(json)?,
            ([what, earlier], Some(effect)) if what == b"earlier" => {
                match codec::recorded(effect.key.ordinal, earlier)?.answer {
                    Answer::Written(written) => written,
                    Answer::Noted(_) => return Err(StoreError::Diverged(effect.key.clone())),
                }
            }
            ([what], Some(effect)) if what == b"diverged" => return Err(StoreError::Diverged(effect.key.clone())),
            _ => return Err(StoreError::Damaged("Redis did not answer a write".to_owned())),
        };
        Ok(written?)
    }

    pub(super) async fn import(&self, entries: &[(Cell, Entry)]) -> Result<(), StoreError> {
        self.still_open()?;
        if entries.is_empty() {
            return Ok(());
        }
        let (owners, of_entry) = owners(entries.iter().map(|(cell, _)| &cell.space));
        let mut put: Vec<(usize, Vec<u8>, u64, &Entry)> = Vec::with_capacity(entries.len());
        for ((cell, entry), of) in entries.iter().zip(of_entry) {
            let version = bulk::version(cell, entry)?;
            if let Some(owner) = owners.get(of) {
                put.push((of + 1, owner.rest(cell), version, entry));
            }
        }
        self.register(&owners).await?;
        let of_owners: Vec<_> = owners.iter().map(Owner::keys).collect();
        let mut run = self.change(Script::Import, of_owners.iter().flat_map(|keys| keys.all()))?;
        run.arg(owners.len());
        for (owner, rest, version, entry) in put {
            run.arg(owner)
                .arg(rest)
                .arg(version)
                .arg(codec::expiry(entry.expires_ms))
                .arg(&entry.value);
        }
        // The same entries once more are the same entries.
        self.ask(&[run], Kind::Repeatable).await.map(drop)
    }

    pub(super) async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        let now_ms = self.clock.now_ms();
        let owners = self.owners().await?;
        let mut all = Vec::new();
        for owner in owners {
            let mut run = self.link.run(Script::Usage, owner.keys().all())?;
            run.arg(now_ms);
            let [keys, bytes]: [u64; 2] = self.ask_one(run, Kind::Read).await?;
            if let Some(cell) = owner.cell(&[1]).filter(|_| keys > 0) {
                all.push(Usage {
                    holder: cells::holder(&cell.space).to_owned(),
                    keys,
                    bytes,
                });
            }
        }
        all.sort_by(|a, b| a.holder.cmp(&b.holder));
        Ok(all)
    }

    /// Whose data there is, in order.
    pub(super) async fn owners(&self) -> Result<Vec<Owner>, StoreError> {
        let mut members = redis::cmd("SMEMBERS");
        members.arg(names::Journal::OWNERS);
        let mut owners: Vec<Vec<u8>> = self.ask_one(members, Kind::Read).await?;
        owners.sort();
        Ok(owners.into_iter().map(|bytes| Owner { bytes }).collect())
    }
}

/// The owners of the spaces, each once, and which of them each space has.
fn owners<'s>(spaces: impl Iterator<Item = &'s Space>) -> (Vec<Owner>, Vec<usize>) {
    let mut owners: Vec<Owner> = Vec::new();
    let of = spaces.map(|space| {
        let owner = Owner::of(space);
        owners.iter().position(|known| *known == owner).unwrap_or_else(|| {
            owners.push(owner);
            owners.len() - 1
        })
    });
    let of = of.collect();
    (owners, of)
}

/// The first bytes behind all that begin with these, as ZRANGEBYLEX wants it.
fn behind(prefix: &[u8]) -> Vec<u8> {
    let mut next = prefix.to_vec();
    while let Some(last) = next.pop() {
        if let Some(greater) = last.checked_add(1) {
            next.push(greater);
            return [b"(", next.as_slice()].concat();
        }
    }
    b"+".to_vec()
}

/// The eight arguments of a write.
fn push(run: &mut Cmd, write: &Write, of: usize, owner: &Owner, now_ms: i64) {
    let end = |ttl_ms: Option<u64>| codec::expiry(ttl_ms.map(|ttl| now_ms.saturating_add_unsigned(ttl)));
    let (what, value, expiry) = match &write.change {
        Change::Set { value, ttl_ms } => ("set", value.clone(), end(*ttl_ms)),
        Change::Delete => ("delete", Vec::new(), String::new()),
        Change::Increment { by } => ("increment", by.to_string().into_bytes(), String::new()),
        Change::CompareAndSwap {
            value,
            ttl_ms,
            expected,
        } => {
            let is_version = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let expected = match expected {
                None => "-",
                Some(version) if is_version(version) => version,
                // Nothing has such a version.
                Some(_) => "?",
            };
            ("swap", [expected.as_bytes(), b" ", value].concat(), end(*ttl_ms))
        }
    };
    let limit = write.limit.map_or_else(String::new, |limit| limit.to_string());
    run.arg(what)
        .arg(of + 1)
        .arg(owner.rest(&write.cell))
        .arg(&write.cell.key)
        .arg(cells::holder(&write.cell.space))
        .arg(limit)
        .arg(value)
        .arg(expiry);
}

type Pair = (Vec<u8>, Vec<u8>);

/// An answer's list of pairs.
pub(super) fn pairs(answer: Value) -> Result<Vec<Pair>, StoreError> {
    let flat: Vec<Vec<u8>> = read(Some(answer))?;
    let mut flat = flat.into_iter();
    let mut pairs = Vec::with_capacity(flat.len() / 2);
    while let (Some(first), Some(second)) = (flat.next(), flat.next()) {
        pairs.push((first, second));
    }
    Ok(pairs)
}
