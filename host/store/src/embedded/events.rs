//! Events in a write transaction: accepted, recorded what their calls did, finished, purged.

use super::session::{Session, from_json, to_json};
use super::tables;
use crate::journal::{self, Ended};
use crate::types::{Accepted, Answer, Effect, EffectKey, End, NewRecord, Outcome, Purged, Recorded, Seq};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

/// How much one step of a purge removes, so that others get their turn.
const PURGE_STEP: usize = 512;

/// What is stored of a record beside its body.
#[derive(Serialize, Deserialize)]
pub(super) struct Header<'h> {
    #[serde(borrow)]
    pub identity: std::borrow::Cow<'h, str>,
    #[serde(borrow)]
    pub kind: std::borrow::Cow<'h, str>,
    pub received_ms: i64,
}

/// A recorded effect as it is stored.
pub(super) fn recorded(
    ordinal: u32,
    stored: <tables::Recording as redb::Value>::SelfType<'_>,
) -> Result<Recorded, redb::Error> {
    let (fingerprint, by, seen, noted, answer) = stored;
    Ok(Recorded {
        ordinal,
        fingerprint: fingerprint.to_vec(),
        by: by.to_owned(),
        seen: seen.to_vec(),
        answer: if noted {
            Answer::Noted(answer.to_vec())
        } else {
            let json = std::str::from_utf8(answer).map_err(|error| redb::Error::Corrupted(error.to_string()))?;
            Answer::Written(from_json(json)?)
        },
    })
}

fn id(key: &EffectKey) -> (u64, &str, u32) {
    (key.seq.0, key.invocation.as_str(), key.ordinal)
}

impl Session<'_, '_> {
    /// What is recorded of an effect.
    pub(super) fn recorded(&self, key: &EffectKey) -> Result<Option<Recorded>, redb::Error> {
        let found = self.tables.recorded.get(id(key))?;
        found.map(|found| recorded(key.ordinal, found.value())).transpose()
    }

    pub(super) fn record(&mut self, effect: &Effect, noted: bool, answer: &[u8]) -> Result<(), redb::Error> {
        let Effect {
            key,
            fingerprint,
            by,
            seen,
        } = effect;
        let stored = (fingerprint.as_slice(), by.as_str(), seen.as_slice(), noted, answer);
        self.tables.recorded.insert(id(key), stored)?;
        self.changed = true;
        Ok(())
    }

    pub(super) fn note(&mut self, effect: &Effect, answer: &[u8]) -> Result<(), redb::Error> {
        let open = self.books.index.is_open(effect.key.seq);
        let known = self.recorded(&effect.key)?;
        if journal::takes_note(effect, open, known.as_ref().map(|known| known.fingerprint.as_slice())) {
            self.record(effect, true, answer)?;
        }
        Ok(())
    }

    fn forget_effects(&mut self, seq: u64) -> Result<(), redb::Error> {
        let of_this = (seq, "", 0)..(seq.saturating_add(1), "", 0);
        Ok(self.tables.recorded.retain_in(of_this, |_, _| false)?)
    }

    pub(super) fn accept(&mut self, record: &NewRecord) -> Result<Accepted, redb::Error> {
        let NewRecord {
            identity,
            kind,
            body,
            received_ms,
        } = record;
        if let Some(twin) = self.books.index.twin(identity, self.age_ms) {
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
        self.tables.identities.insert(seq.0, (self.age_ms, identity.as_str()))?;
        self.books.index.remember(identity, seq, self.age_ms);
        self.books.index.open(seq);
        self.changed = true;
        Ok(Accepted::New(seq))
    }

    pub(super) fn finish(&mut self, seq: Seq, outcome: &Outcome) -> Result<(), redb::Error> {
        if !self.books.index.close(seq) {
            return Ok(());
        }
        let end = End {
            ended_ms: self.now_ms,
            outcome: outcome.clone(),
        };
        let end = to_json(&Ended {
            end,
            age_ms: Some(self.age_ms),
        })?;
        self.tables.open.remove(seq.0)?;
        self.tables.ended.insert(seq.0, end.as_str())?;
        if outcome.is_failure() {
            self.tables.failed.insert(seq.0, ())?;
        }
        if outcome.is_done() {
            self.forget_effects(seq.0)?;
        }
        self.changed = true;
        Ok(())
    }

    pub(super) fn reopen(&mut self, seq: Seq, fresh: bool) -> Result<bool, redb::Error> {
        if self.tables.ended.remove(seq.0)?.is_none() {
            return Ok(false);
        }
        self.changed = true;
        self.tables.failed.remove(seq.0)?;
        self.tables.open.insert(seq.0, ())?;
        self.books.index.open(seq);
        if let Some(stored) = self.tables.journal.get(seq.0)? {
            let Header { identity, .. } = from_json(stored.value().0)?;
            if !self.books.index.knows(&identity) {
                // It was forgotten, so a day has passed. While the record is open, that does not matter.
                let accepted_ms = self.age_ms.saturating_sub(journal::KEPT_MS);
                self.tables.identities.insert(seq.0, (accepted_ms, identity.as_ref()))?;
                self.books.index.remember(&identity, seq, accepted_ms);
            }
        }
        if fresh {
            self.forget_effects(seq.0)?;
        }
        Ok(true)
    }

    /// A step of a purge. Whether there may be more to do.
    pub(super) fn purge(&mut self, now_ms: i64) -> Result<(Purged, bool), redb::Error> {
        let mut purged = Purged {
            entries: self.sweep(now_ms, PURGE_STEP)?,
            ..Purged::default()
        };

        // In order of acceptance, so the first that stays ends the search.
        let mut due = Vec::new();
        let mut first_kept = u64::MAX;
        for row in self.tables.identities.iter()? {
            let (seq, known) = row?;
            let (seq, (accepted_ms, identity)) = (Seq(seq.value()), known.value());
            if !journal::due(accepted_ms, self.age_ms) || due.len() == PURGE_STEP {
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
            if from_json::<Ended>(end.value())?.due(self.age_ms) {
                over.push(seq.value());
                if over.len() == PURGE_STEP {
                    break;
                }
            }
        }
        for seq in &over {
            self.tables.ended.remove(seq)?;
            self.tables.failed.remove(seq)?;
            self.tables.journal.remove(seq)?;
            self.forget_effects(*seq)?;
        }
        purged.records = over.len() as u64;

        self.changed |= purged != Purged::default();
        let full = PURGE_STEP as u64;
        let more = purged.entries >= full || purged.identities >= full || purged.records >= full;
        Ok((purged, more))
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::Books;
    use super::super::tables::Tables;
    use super::*;
    use crate::keys;
    use crate::plan;
    use crate::types::{Scope, Space, Write};
    use redb::ReadableTableMetadata;

    /// What nobody can ask for any more must not stay in the file.
    #[test]
    fn nothing_is_left_of_what_is_over() {
        let backend = redb::backends::InMemoryBackend::new();
        let database = redb::Builder::new().create_with_backend(backend).unwrap();
        let mut books = Books::default();
        let txn = database.begin_write().unwrap();

        let mut session = Session::open(&txn, &mut books, (0, 0)).unwrap();
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
                by: "1.0.0".to_owned(),
                seen: vec![2],
            };
            let cell = Space::new("p", Scope::Plugin).cell(ordinal.to_string());
            session
                .write(&[Write::set(cell, "v").ttl(5)], Some(&effect))
                .unwrap()
                .unwrap();
        }
        assert_eq!(session.tables.recorded.len().unwrap(), 3);
        session.finish(seq, &Outcome::Done).unwrap();
        assert_eq!(session.tables.recorded.len().unwrap(), 0);
        assert_eq!(session.tables.open.len().unwrap(), 0);
        assert_eq!(session.tables.journal.len().unwrap(), 1, "the text stays for a day");

        session.age_ms = journal::KEPT_MS;
        session.purge(5).unwrap();
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
