//! Reading the brain.

use super::tables;
use crate::keys as names;
use crate::plan;
use crate::types::{Cell, Entry, KeyPage, Space};
use redb::{AccessGuard, ReadOnlyTable, ReadTransaction};
use std::ops::Bound;

type BrainTable = ReadOnlyTable<&'static [u8], tables::Value>;

/// Version, expiry, value.
pub(super) type Row<'r> = (u64, Option<i64>, &'r [u8]);

pub(super) fn get(txn: &ReadTransaction, cell: &Cell, now_ms: i64) -> Result<Option<Entry>, redb::Error> {
    entry(&txn.open_table(tables::BRAIN)?, cell, now_ms)
}

pub(super) fn get_many(txn: &ReadTransaction, cells: &[Cell], now_ms: i64) -> Result<Vec<Option<Entry>>, redb::Error> {
    let table = txn.open_table(tables::BRAIN)?;
    cells.iter().map(|cell| entry(&table, cell, now_ms)).collect()
}

fn entry(table: &BrainTable, cell: &Cell, now_ms: i64) -> Result<Option<Entry>, redb::Error> {
    let stored = table.get(names::cell(cell).as_slice())?;
    let living = stored.as_ref().map(AccessGuard::value);
    let living = living.filter(|stored| !plan::expired(stored.1, now_ms));
    Ok(living.map(entry_of))
}

/// The entry of what is stored.
pub(super) fn entry_of((version, expires_ms, value): Row<'_>) -> Entry {
    Entry {
        value: value.to_vec(),
        version: plan::text(version),
        expires_ms,
    }
}

pub(super) fn keys(
    txn: &ReadTransaction,
    space: &Space,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
    now_ms: i64,
) -> Result<KeyPage, redb::Error> {
    let base = names::space(space);
    let wanted = [base.as_slice(), prefix.as_bytes()].concat();
    let after = after.filter(|after| *after >= prefix);
    let after = after.map(|after| [base.as_slice(), after.as_bytes()].concat());
    let start = match &after {
        Some(after) => Bound::Excluded(after.as_slice()),
        None => Bound::Included(wanted.as_slice()),
    };
    let limit = limit.max(1) as usize;
    let mut page = KeyPage::default();
    for row in txn
        .open_table(tables::BRAIN)?
        .range::<&[u8]>((start, Bound::Unbounded))?
    {
        let (bytes, stored) = row?;
        if !bytes.value().starts_with(&wanted) {
            break;
        }
        if plan::expired(stored.value().1, now_ms) {
            continue;
        }
        if page.keys.len() == limit {
            page.next = page.keys.last().cloned();
            break;
        }
        let key = bytes.value().strip_prefix(base.as_slice()).unwrap_or_default();
        let key = String::from_utf8(key.to_vec())
            .map_err(|_| redb::Error::Corrupted("a key of the brain is not text".to_owned()))?;
        page.keys.push(key);
    }
    Ok(page)
}
