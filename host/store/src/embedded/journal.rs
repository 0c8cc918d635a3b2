//! Reading the journal.

use super::events::{Header, recorded};
use super::session::from_json;
use super::tables;
use crate::journal::Ended;
use crate::types::{Backlog, Filed, Record, Recorded, Remembered, Seq, Which};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};
use std::ops::Bound;

/// The tables that a record's parts stand in.
pub(super) struct Shelf {
    journal: ReadOnlyTable<u64, (&'static str, &'static [u8])>,
    ended: ReadOnlyTable<u64, &'static str>,
}

impl Shelf {
    pub(super) fn open(txn: &ReadTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            journal: txn.open_table(tables::JOURNAL)?,
            ended: txn.open_table(tables::ENDED)?,
        })
    }

    pub(super) fn filed(&self, seq: u64) -> Result<Option<Filed>, redb::Error> {
        let Some(stored) = self.journal.get(seq)? else {
            return Ok(None);
        };
        let (header, body) = stored.value();
        let Header {
            identity,
            kind,
            received_ms,
        } = from_json(header)?;
        let record = Record {
            seq: Seq(seq),
            identity: identity.into_owned(),
            kind: kind.into_owned(),
            body: body.to_vec(),
            received_ms,
        };
        let end = self.ended.get(seq)?;
        let end = end.map(|end| from_json::<Ended>(end.value())).transpose()?;
        let end = end.map(|ended| ended.end);
        Ok(Some(Filed { record, end }))
    }

    fn received_ms(&self, seq: u64) -> Result<Option<i64>, redb::Error> {
        let Some(stored) = self.journal.get(seq)? else {
            return Ok(None);
        };
        let header: Header<'_> = from_json(stored.value().0)?;
        Ok(Some(header.received_ms))
    }

    /// A record that another table says is there.
    fn known(&self, seq: u64) -> Result<Filed, redb::Error> {
        self.filed(seq)?
            .ok_or_else(|| redb::Error::Corrupted(format!("journal record {seq} is missing")))
    }
}

pub(super) fn unfinished(txn: &ReadTransaction) -> Result<Vec<Record>, redb::Error> {
    let shelf = Shelf::open(txn)?;
    let open = txn.open_table(tables::OPEN)?;
    open.iter()?
        .map(|row| Ok(shelf.known(row?.0.value())?.record))
        .collect()
}

pub(super) fn backlog(txn: &ReadTransaction) -> Result<Backlog, redb::Error> {
    let open = txn.open_table(tables::OPEN)?;
    let first = open.first()?.map(|row| row.0.value());
    let received = match first {
        Some(seq) => Shelf::open(txn)?.received_ms(seq)?,
        None => None,
    };
    Ok(Backlog {
        open: open.len()?,
        oldest_ms: received,
    })
}

pub(super) fn records(
    txn: &ReadTransaction,
    which: Which,
    before: Option<Seq>,
    limit: u32,
) -> Result<Vec<Filed>, redb::Error> {
    let shelf = Shelf::open(txn)?;
    let range = (
        Bound::Unbounded,
        before.map_or(Bound::Unbounded, |before| Bound::Excluded(before.0)),
    );
    let limit = limit.max(1) as usize;
    let marked = |table| -> Result<Vec<Filed>, redb::Error> {
        let newest = txn.open_table::<u64, ()>(table)?.range(range)?.rev();
        newest.take(limit).map(|row| shelf.known(row?.0.value())).collect()
    };
    match which {
        Which::Open => marked(tables::OPEN),
        Which::Failed => marked(tables::FAILED),
        Which::All => {
            let newest = shelf.journal.range(range)?.rev();
            newest.take(limit).map(|row| shelf.known(row?.0.value())).collect()
        }
    }
}

pub(super) fn identities(txn: &ReadTransaction, since_ms: i64) -> Result<Vec<Remembered>, redb::Error> {
    let mut known = Vec::new();
    for row in txn.open_table(tables::IDENTITIES)?.iter()? {
        let row = row?;
        let (accepted_ms, identity) = row.1.value();
        if accepted_ms >= since_ms {
            known.push(Remembered {
                identity: identity.to_owned(),
                accepted_ms,
            });
        }
    }
    Ok(known)
}

pub(super) fn effects(txn: &ReadTransaction, seq: Seq, invocation: &str) -> Result<Vec<Recorded>, redb::Error> {
    let table = txn.open_table(tables::RECORDED)?;
    let of_call = table.range((seq.0, invocation, 0)..=(seq.0, invocation, u32::MAX))?;
    of_call
        .map(|row| {
            let (id, stored) = row?;
            recorded(id.value().2, stored.value())
        })
        .collect()
}

pub(super) fn all_effects(txn: &ReadTransaction, seq: Seq) -> Result<Vec<(String, Recorded)>, redb::Error> {
    let table = txn.open_table(tables::RECORDED)?;
    let of_record = table.range((seq.0, "", 0)..(seq.0.saturating_add(1), "", 0))?;
    of_record
        .map(|row| {
            let (id, stored) = row?;
            let (_, invocation, ordinal) = id.value();
            Ok((invocation.to_owned(), recorded(ordinal, stored.value())?))
        })
        .collect()
}
