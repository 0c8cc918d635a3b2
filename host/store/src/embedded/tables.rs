//! The tables of the data file, format 2.

use crate::plan::{Brain, Seen};
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

/// The format that this code writes. Files of a lesser one are migrated (`migrate`), files of a greater one refused.
pub(super) const FORMAT: u64 = 2;

/// An entry: version, expiry in milliseconds since 1970, value.
pub(super) type Value = (u64, Option<i64>, &'static [u8]);

/// `format`, `last-version`, `last-seq`.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// Cell → entry.
pub(super) const BRAIN: TableDefinition<'_, &[u8], Value> = TableDefinition::new("brain");
/// Expiry and cell of the entries that have one.
pub(super) const EXPIRY: TableDefinition<'_, (i64, &[u8]), ()> = TableDefinition::new("expiry");
/// Owner → bytes held.
pub(super) const USED: TableDefinition<'_, &[u8], u64> = TableDefinition::new("used");
/// Number → header as JSON, body. Until it is purged.
pub(super) const JOURNAL: TableDefinition<'_, u64, (&str, &[u8])> = TableDefinition::new("journal");
/// The numbers of the open records.
pub(super) const OPEN: TableDefinition<'_, u64, ()> = TableDefinition::new("open");
/// Number → end as JSON.
pub(super) const ENDED: TableDefinition<'_, u64, &str> = TableDefinition::new("ended");
/// The numbers of the ended records that failed.
pub(super) const FAILED: TableDefinition<'_, u64, ()> = TableDefinition::new("failed");
/// Number → time of acceptance, identity.
pub(super) const IDENTITIES: TableDefinition<'_, u64, (i64, &str)> = TableDefinition::new("identities");
/// Number, invocation, ordinal → what was recorded.
pub(super) const RECORDED: TableDefinition<'_, EffectId, Recording> = TableDefinition::new("recorded");
/// Name → value.
pub(super) const FACTS: TableDefinition<'_, &str, &str> = TableDefinition::new("facts");

/// Number of the record, invocation, ordinal.
pub(super) type EffectId = (u64, &'static str, u32);
/// An effect: fingerprint, by, seen, whether it was noted, answer (what was noted, otherwise what a write returned, as
/// JSON).
pub(super) type Recording = (&'static [u8], &'static str, &'static [u8], bool, &'static [u8]);

pub(super) const LAST_VERSION: &str = "last-version";
pub(super) const LAST_SEQ: &str = "last-seq";
pub(super) const FORMAT_KEY: &str = "format";

/// All tables, open for writing.
pub(super) struct Tables<'t> {
    pub meta: Table<'t, &'static str, u64>,
    pub brain: Table<'t, &'static [u8], Value>,
    pub expiry: Table<'t, (i64, &'static [u8]), ()>,
    pub used: Table<'t, &'static [u8], u64>,
    pub journal: Table<'t, u64, (&'static str, &'static [u8])>,
    pub open: Table<'t, u64, ()>,
    pub ended: Table<'t, u64, &'static str>,
    pub failed: Table<'t, u64, ()>,
    pub identities: Table<'t, u64, (i64, &'static str)>,
    pub recorded: Table<'t, EffectId, Recording>,
    pub facts: Table<'t, &'static str, &'static str>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(txn: &'t WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            meta: txn.open_table(META)?,
            brain: txn.open_table(BRAIN)?,
            expiry: txn.open_table(EXPIRY)?,
            used: txn.open_table(USED)?,
            journal: txn.open_table(JOURNAL)?,
            open: txn.open_table(OPEN)?,
            ended: txn.open_table(ENDED)?,
            failed: txn.open_table(FAILED)?,
            identities: txn.open_table(IDENTITIES)?,
            recorded: txn.open_table(RECORDED)?,
            facts: txn.open_table(FACTS)?,
        })
    }
}

impl Brain for Tables<'_> {
    type Error = redb::Error;

    fn look(&self, cell: &[u8]) -> Result<Option<Seen>, redb::Error> {
        let found = self.brain.get(cell)?;
        Ok(found.map(|entry| {
            let (version, expires_ms, value) = entry.value();
            Seen::of(version, expires_ms, value)
        }))
    }

    fn used(&self, owner: &[u8]) -> Result<u64, redb::Error> {
        Ok(self.used.get(owner)?.map_or(0, |used| used.value()))
    }
}
