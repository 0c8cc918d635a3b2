//! What all backends need to hand out the brain in bulk and to take it.

use crate::error::StoreError;
use crate::keys;
use crate::types::{Cell, Entry, Usage};
use std::collections::BTreeMap;

/// Bytes of keys and values in a page of a scan, about.
pub(crate) const PAGE_BYTES: usize = 4 << 20;

/// Far more writes than any store will see, and far enough below what fits that counting on is safe.
pub(crate) const GREATEST_VERSION: u64 = 1 << 62;

/// The number in an entry's version.
pub(crate) fn version(cell: &Cell, entry: &Entry) -> Result<u64, StoreError> {
    let digits = Some(entry.version.as_str()).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number
        .filter(|number| *number <= GREATEST_VERSION)
        .ok_or_else(|| StoreError::NotAVersion {
            key: cell.key.clone(),
            version: entry.version.clone(),
        })
}

/// Adds up what each holder has.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, (u64, u64)>);

impl Tally {
    /// Counts an entry.
    pub(crate) fn add(&mut self, cell: &Cell, value: usize) {
        let holder = keys::holder(&cell.space);
        let bytes = (cell.key.len() + value) as u64;
        match self.0.get_mut(holder) {
            Some(sum) => *sum = (sum.0 + 1, sum.1 + bytes),
            None => drop(self.0.insert(holder.to_owned(), (1, bytes))),
        }
    }

    pub(crate) fn done(self) -> Vec<Usage> {
        let all = self.0.into_iter();
        all.map(|(holder, (keys, bytes))| Usage { holder, keys, bytes })
            .collect()
    }
}
