//! Data files of earlier formats.
//!
//! Each step is one transaction together with the new number, so whatever happens in between, the file has the one format
//! or the other. `tests/fixtures` has a file of each.

use super::session::from_json;
use super::tables;
use crate::journal::Ended;
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};

/// Format 1: number, invocation, ordinal → fingerprint, answer as JSON. It had neither notes nor what a call had seen, and
/// no table of the failed records.
const EFFECTS_1: TableDefinition<'_, tables::EffectId, (&[u8], &str)> = TableDefinition::new("effects");

/// Brings the data from a format to the one that is written today. Whether there is a way.
pub(super) fn migrate(database: &Database, from: u64) -> Result<bool, redb::Error> {
    let step = match from {
        1 => from_1,
        _ => return Ok(false),
    };
    let txn = database.begin_write()?;
    step(&txn)?;
    txn.open_table(tables::META)?
        .insert(tables::FORMAT_KEY, tables::FORMAT)?;
    txn.commit()?;
    Ok(true)
}

fn from_1(txn: &WriteTransaction) -> Result<(), redb::Error> {
    {
        let old = txn.open_table(EFFECTS_1)?;
        let mut new = txn.open_table(tables::RECORDED)?;
        for row in old.iter()? {
            let (id, recorded) = row?;
            let (fingerprint, answer) = recorded.value();
            new.insert(id.value(), (fingerprint, "", &[][..], false, answer.as_bytes()))?;
        }
    }
    txn.delete_table(EFFECTS_1)?;
    let mut failed = txn.open_table(tables::FAILED)?;
    for row in txn.open_table(tables::ENDED)?.iter()? {
        let (seq, end) = row?;
        if from_json::<Ended>(end.value())?.end.outcome.is_failure() {
            failed.insert(seq.value(), ())?;
        }
    }
    Ok(())
}
