//! One write transaction: what each request does to the tables.
//!
//! The in-memory books change together with the tables. If the transaction does not get to the disk they are wrong, and
//! the writer loads them anew.

use super::tables::{self, Tables};
use crate::error::{Refusal, StoreError};
use crate::journal::{self, Ended, Index};
use crate::keys;
use crate::plan::{self, Plan};
use crate::types::{Accepted, Effect, NewRecord, Outcome, Purged, Seq, Write, WriteOutcome};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

/// How much one step of a purge removes, so that others get their turn.
const PURGE_STEP: usize = 512;

/// What the writer knows by heart.
#[derive(Default)]
pub(super) struct Books {
    index: Index,
    last_version: u64,
    last_seq: u64,
}

impl Books {
    pub(super) fn load(database: &Database) -> Result<Self, redb::Error> {
        let txn = database.begin_read()?;
        let mut books = Self::default();
        let meta = txn.open_table(tables::META)?;
        let number = |name| Ok::<_, redb::Error>(meta.get(name)?.map_or(0, |n| n.value()));
        books.last_version = number(tables::LAST_VERSION)?;
        books.last_seq = number(tables::LAST_SEQ)?;
        for row in txn.open_table(tables::IDENTITIES)?.iter()? {
            let (seq, known) = row?;
            let (accepted_ms, identity) = known.value();
            books.index.remember(identity, Seq(seq.value()), accepted_ms);
        }
        for row in txn.open_table(tables::OPEN)?.iter()? {
            books.index.open(Seq(row?.0.value()));
        }
        Ok(books)
    }
}

/// What is stored of a record beside its body.
#[derive(Serialize, Deserialize)]
pub(super) struct Header<'h> {
    #[serde(borrow)]
    pub identity: std::borrow::Cow<'h, str>,
    #[serde(borrow)]
    pub kind: std::borrow::Cow<'h, str>,
    pub received_ms: i64,
}

/// See the [module](self).
pub(super) struct Session<'t, 'b> {
    tables: Tables<'t>,
    books: &'b mut Books,
    now_ms: i64,
    changed: bool,
}

impl<'t, 'b> Session<'t, 'b> {
    pub(super) fn open(txn: &'t WriteTransaction, books: &'b mut Books, now_ms: i64) -> Result<Self, redb::Error> {
        Ok(Self {
            tables: Tables::open(txn)?,
            books,
            now_ms,
            changed: false,
        })
    }

    /// Writes the counters. Whether there is anything to commit.
    pub(super) fn end(mut self) -> Result<bool, redb::Error> {
        if self.changed {
            self.tables.meta.insert(tables::LAST_VERSION, self.books.last_version)?;
            self.tables.meta.insert(tables::LAST_SEQ, self.books.last_seq)?;
        }
        Ok(self.changed)
    }

    pub(super) fn write(
        &mut self,
        writes: &[Write],
        effect: Option<&Effect>,
    ) -> Result<Result<Vec<WriteOutcome>, StoreError>, redb::Error> {
        let Some(Effect { key, fingerprint }) = effect else {
            return Ok(self.apply(writes)?.map_err(StoreError::from));
        };
        if !self.books.index.is_open(key.seq) {
            return Ok(Err(StoreError::NotOpen(key.seq)));
        }
        let id = (key.seq.0, key.invocation.as_str(), key.ordinal);
        if let Some(recorded) = self.tables.effects.get(id)? {
            let (earlier, answer) = recorded.value();
            if earlier != fingerprint.as_slice() {
                return Ok(Err(StoreError::Diverged(key.clone())));
            }
            let answer: Result<Vec<WriteOutcome>, Refusal> = from_json(answer)?;
            return Ok(answer.map_err(StoreError::from));
        }
        let answer = self.apply(writes)?;
        let json = to_json(&answer)?;
        self.tables
            .effects
            .insert(id, (fingerprint.as_slice(), json.as_str()))?;
        self.changed = true;
        Ok(answer.map_err(StoreError::from))
    }

    fn apply(&mut self, writes: &[Write]) -> Result<Result<Vec<WriteOutcome>, Refusal>, redb::Error> {
        let mut planned = plan::plan(&self.tables, writes, self.now_ms, self.books.last_version)?;
        // What has expired must not stand in anybody's way.
        if matches!(planned, Err(Refusal::Quota { .. })) && self.sweep(self.now_ms, usize::MAX)? > 0 {
            planned = plan::plan(&self.tables, writes, self.now_ms, self.books.last_version)?;
        }
        match planned {
            Ok(plan) => self.carry_out(plan).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn carry_out(&mut self, plan: Plan<'_>) -> Result<Vec<WriteOutcome>, redb::Error> {
        let Tables {
            brain, expiry, used, ..
        } = &mut self.tables;
        self.changed |= !plan.puts.is_empty();
        self.books.last_version = plan.last_version;
        for (cell, put) in plan.puts {
            let cell = cell.as_slice();
            if let Some(old) = put.old_expiry {
                expiry.remove((old, cell))?;
            }
            match put.new {
                Some(new) => {
                    brain.insert(cell, (new.version, new.expires_ms, new.value.as_ref()))?;
                    if let Some(at) = new.expires_ms {
                        expiry.insert((at, cell), ())?;
                    }
                }
                None => {
                    brain.remove(cell)?;
                }
            }
        }
        for (owner, bytes) in plan.used {
            used.insert(owner.as_slice(), bytes)?;
        }
        Ok(plan.outcomes)
    }

    /// Removes at most `most` expired entries; how many.
    fn sweep(&mut self, now_ms: i64, most: usize) -> Result<u64, redb::Error> {
        let nothing: &[u8] = &[];
        let mut due = Vec::new();
        for row in self
            .tables
            .expiry
            .range(..(now_ms.saturating_add(1), nothing))?
            .take(most)
        {
            let (at, cell) = {
                let row = row?;
                let (at, cell) = row.0.value();
                (at, cell.to_vec())
            };
            due.push((at, cell));
        }
        for (at, cell) in &due {
            let cell = cell.as_slice();
            self.tables.expiry.remove((*at, cell))?;
            let Some(size) = self.tables.brain.remove(cell)?.map(|entry| entry.value().2.len()) else {
                continue;
            };
            if let Some(named) = keys::decode(cell) {
                let owner = keys::owner(&named.space);
                let before = self.tables.used.get(owner.as_slice())?.map_or(0, |used| used.value());
                let freed = (size + named.key.len()) as u64;
                self.tables
                    .used
                    .insert(owner.as_slice(), before.saturating_sub(freed))?;
            }
        }
        self.changed |= !due.is_empty();
        Ok(due.len() as u64)
    }

    pub(super) fn accept(&mut self, record: &NewRecord) -> Result<Accepted, redb::Error> {
        let NewRecord {
            identity,
            kind,
            body,
            received_ms,
        } = record;
        if let Some(twin) = self.books.index.twin(identity, self.now_ms) {
            return Ok(twin);
        }
        self.books.last_seq += 1;
        let seq = Seq(self.books.last_seq);
        let header = Header {
            identity: identity.into(),
            kind: kind.into(),
            received_ms: *received_ms,
        };
        let header = to_json(&header)?;
        self.tables.journal.insert(seq.0, (header.as_str(), body.as_slice()))?;
        self.tables.open.insert(seq.0, ())?;
        self.tables.identities.insert(seq.0, (self.now_ms, identity.as_str()))?;
        self.books.index.remember(identity, seq, self.now_ms);
        self.books.index.open(seq);
        self.changed = true;
        Ok(Accepted::New(seq))
    }

    pub(super) fn finish(&mut self, seq: Seq, outcome: &Outcome) -> Result<(), redb::Error> {
        if !self.books.index.close(seq) {
            return Ok(());
        }
        let end = to_json(&Ended {
            ended_ms: self.now_ms,
            outcome: outcome.clone(),
        })?;
        self.tables.open.remove(seq.0)?;
        self.tables.ended.insert(seq.0, end.as_str())?;
        let of_this = (seq.0, "", 0)..(seq.0.saturating_add(1), "", 0);
        self.tables.effects.retain_in(of_this, |_, _| false)?;
        self.changed = true;
        Ok(())
    }

    pub(super) fn fact(&mut self, name: &str, value: Option<&str>) -> Result<(), redb::Error> {
        match value {
            Some(value) => self.tables.facts.insert(name, value)?,
            None => self.tables.facts.remove(name)?,
        };
        self.changed = true;
        Ok(())
    }

    /// A step of a purge. Whether there may be more to do.
    pub(super) fn purge(&mut self, now_ms: i64) -> Result<(Purged, bool), redb::Error> {
        let mut purged = Purged {
            entries: self.sweep(now_ms, PURGE_STEP)?,
            ..Purged::default()
        };

        // In order of acceptance, so the first that stays ends the search. (After the clock was set back later ones may
        // look older; they wait for it.)
        let mut due = Vec::new();
        let mut first_kept = u64::MAX;
        for row in self.tables.identities.iter()? {
            let (seq, known) = row?;
            let (seq, (accepted_ms, identity)) = (Seq(seq.value()), known.value());
            if !journal::due(accepted_ms, now_ms) || due.len() == PURGE_STEP {
                first_kept = seq.0;
                break;
            }
            if !self.books.index.is_open(seq) {
                due.push((seq, identity.to_owned()));
            }
        }
        for (seq, identity) in &due {
            self.tables.identities.remove(seq.0)?;
            self.books.index.forget(identity, *seq);
        }
        purged.identities = due.len() as u64;

        // Nothing ends before it is accepted: only among those accepted long enough ago can any be due.
        let mut over = Vec::new();
        for row in self.tables.ended.range(..first_kept)? {
            let (seq, end) = row?;
            if journal::due(from_json::<Ended>(end.value())?.ended_ms, now_ms) {
                over.push(seq.value());
                if over.len() == PURGE_STEP {
                    break;
                }
            }
        }
        for seq in &over {
            self.tables.ended.remove(seq)?;
            self.tables.journal.remove(seq)?;
        }
        purged.records = over.len() as u64;

        self.changed |= purged != Purged::default();
        let full = PURGE_STEP as u64;
        let more = purged.entries >= full || purged.identities >= full || purged.records >= full;
        Ok((purged, more))
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, redb::Error> {
    serde_json::to_string(value).map_err(|error| redb::Error::Io(error.into()))
}

/// What this code wrote must be readable by it.
pub(super) fn from_json<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, redb::Error> {
    serde_json::from_str(json).map_err(|error| redb::Error::Corrupted(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{EffectKey, Scope, Space};
    use redb::ReadableTableMetadata;

    /// What nobody can ask for any more must not stay in the file.
    #[test]
    fn nothing_is_left_of_what_is_over() {
        let backend = redb::backends::InMemoryBackend::new();
        let database = redb::Builder::new().create_with_backend(backend).unwrap();
        let mut books = Books::default();
        let txn = database.begin_write().unwrap();

        let mut session = Session::open(&txn, &mut books, 0).unwrap();
        let (identity, kind) = ("i".to_owned(), "k".to_owned());
        let record = NewRecord {
            identity,
            kind,
            body: vec![1],
            received_ms: 0,
        };
        let Accepted::New(seq) = session.accept(&record).unwrap() else {
            panic!()
        };
        for ordinal in 0..3 {
            let key = EffectKey {
                seq,
                invocation: "call".to_owned(),
                ordinal,
            };
            let effect = Effect {
                key,
                fingerprint: vec![1],
            };
            let cell = Space::new("p", Scope::Plugin).cell(ordinal.to_string());
            session
                .write(&[Write::set(cell, "v").ttl(5)], Some(&effect))
                .unwrap()
                .unwrap();
        }
        assert_eq!(session.tables.effects.len().unwrap(), 3);
        session.finish(seq, &Outcome::Done).unwrap();
        assert_eq!(session.tables.effects.len().unwrap(), 0);
        assert_eq!(session.tables.open.len().unwrap(), 0);
        assert_eq!(session.tables.journal.len().unwrap(), 1, "the text stays for a day");

        session.purge(journal::KEPT_MS).unwrap();
        let Tables {
            brain,
            expiry,
            journal,
            ended,
            identities,
            ..
        } = &session.tables;
        let left = [brain.len(), expiry.len(), journal.len(), ended.len(), identities.len()];
        assert_eq!(left.map(Result::unwrap), [0; 5]);
        assert_eq!(
            plan::Brain::used(&session.tables, &keys::owner(&Space::new("p", Scope::Plugin))).unwrap(),
            0
        );
    }
}
