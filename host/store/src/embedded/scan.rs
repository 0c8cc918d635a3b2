//! The whole brain as of one moment.

use super::{Shared, brain, open::store_error, tables};
use crate::bulk::{PAGE_BYTES, Tally};
use crate::error::StoreError;
use crate::keys;
use crate::plan;
use crate::store::Scan;
use crate::types::{Cell, Entry};
use async_trait::async_trait;
use redb::{Database, ReadOnlyTable, ReadableDatabase};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How many entries are counted at a time.
const COUNT_STEP: usize = 10_000;

/// A read transaction that is held, and how far the scan has come in it.
pub(super) struct Moment {
    shared: Arc<Shared>,
    /// Which opening of the data it belongs to. Another one knows nothing of this transaction and would reuse its pages.
    turn: u64,
    table: ReadOnlyTable<&'static [u8], tables::Value>,
    holder: Vec<u8>,
    after: Option<Vec<u8>>,
}

impl Moment {
    pub(super) fn begin(shared: &Arc<Shared>, holder: Option<&str>) -> Result<Self, StoreError> {
        let begin = |database: &Database| -> Result<_, redb::Error> {
            let table = database.begin_read()?.open_table(tables::BRAIN)?;
            Ok((table, shared.turns.load(Ordering::SeqCst)))
        };
        let (table, turn) = shared.with(|database| begin(database).map_err(store_error))?;
        Ok(Self {
            shared: Arc::clone(shared),
            turn,
            table,
            holder: holder.map(keys::of_holder).unwrap_or_default(),
            after: None,
        })
    }

    /// Shows what comes next, the living entries only, until `each` has enough.
    fn go_on(&mut self, mut each: impl FnMut(Cell, brain::Row<'_>) -> bool) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        // The data cannot be opened anew while it is used here.
        shared.with(|_| {
            if self.turn != shared.turns.load(Ordering::SeqCst) {
                let why = "the data was opened anew after a failure, begin again";
                return Err(StoreError::Io(why.to_owned()));
            }
            self.walk(shared.clock.now_ms(), &mut each).map_err(store_error)
        })
    }

    fn walk(&mut self, now_ms: i64, each: &mut dyn FnMut(Cell, brain::Row<'_>) -> bool) -> Result<(), redb::Error> {
        let after = self.after.take();
        let start = match &after {
            Some(after) => Bound::Excluded(after.as_slice()),
            None => Bound::Included(self.holder.as_slice()),
        };
        let mut last = None;
        for row in self.table.range::<&[u8]>((start, Bound::Unbounded))? {
            let (name, stored) = row?;
            if !name.value().starts_with(&self.holder) {
                break;
            }
            let stored = stored.value();
            let enough = !plan::expired(stored.1, now_ms) && {
                let cell = keys::decode(name.value());
                let cell = cell.ok_or_else(|| redb::Error::Corrupted("a key of the brain is no key".to_owned()))?;
                each(cell, stored)
            };
            if enough {
                last = Some(name.value().to_vec());
                break;
            }
        }
        // Without one everything was seen, and whoever goes on all the same shall see nothing more.
        self.after = Some(last.unwrap_or_else(|| vec![u8::MAX]));
        Ok(())
    }

    /// Counts a few entries. Whether there were any.
    pub(super) fn count(&mut self, tally: &mut Tally) -> Result<bool, StoreError> {
        let mut counted = 0;
        self.go_on(|cell, (_, _, value)| {
            tally.add(&cell, value.len());
            counted += 1;
            counted >= COUNT_STEP
        })?;
        Ok(counted > 0)
    }
}

#[async_trait]
impl Scan for Moment {
    async fn next(&mut self, limit: usize) -> Result<Vec<(Cell, Entry)>, StoreError> {
        let (mut page, mut bytes) = (Vec::new(), 0);
        self.go_on(|cell, stored| {
            bytes += cell.key.len() + stored.2.len();
            page.push((cell, brain::entry_of(stored)));
            page.len() >= limit.max(1) || bytes >= PAGE_BYTES
        })?;
        Ok(page)
    }
}
