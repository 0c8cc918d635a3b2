//! The brain page by page.

use super::brain::pairs;
use super::names::Owner;
use super::scripts::Script;
use super::{Inner, Kind, codec, read};
use crate::bulk::PAGE_BYTES;
use crate::error::StoreError;
use crate::keys;
use crate::store::Scan;
use crate::types::{Cell, Entry};
use async_trait::async_trait;
use redis::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many cells a page has at most: Redis does nothing else meanwhile.
const PAGE_CELLS: usize = 4096;

/// A scan: each page as of its own moment.
pub(super) struct Pages {
    inner: Arc<Inner>,
    owners: VecDeque<Owner>,
    /// Where to go on within the first owner, as ZRANGEBYLEX wants it.
    from: Vec<u8>,
}

impl Pages {
    pub(super) async fn begin(inner: &Arc<Inner>, holder: Option<&str>) -> Result<Self, StoreError> {
        inner.still_open()?;
        let owners = match holder {
            Some(holder) => vec![Owner {
                bytes: keys::of_holder(holder),
            }],
            None => inner.owners().await?,
        };
        Ok(Self {
            inner: Arc::clone(inner),
            owners: owners.into(),
            from: b"-".to_vec(),
        })
    }
}

#[async_trait]
impl Scan for Pages {
    async fn next(&mut self, limit: usize) -> Result<Vec<(Cell, Entry)>, StoreError> {
        let limit = limit.clamp(1, PAGE_CELLS);
        while let Some(owner) = self.owners.front() {
            let keys = owner.keys();
            let mut scan = self
                .inner
                .link
                .run(Script::Scan, [keys.entries.as_str(), &keys.index])?;
            scan.arg(&self.from)
                .arg(self.inner.clock.now_ms())
                .arg(limit)
                .arg(PAGE_BYTES);
            let mut answer: Vec<Value> = self.inner.ask_one(scan, Kind::Read).await?;
            let found = answer.split_off(2.min(answer.len()));
            let from: Vec<u8> = read(answer.pop())?;
            let end: String = read(answer.pop())?;
            let page: Result<Vec<_>, StoreError> = pairs(Value::Array(found))?
                .into_iter()
                .map(|(rest, packed)| {
                    let cell = owner.cell(&rest);
                    let cell = cell.ok_or_else(|| StoreError::Damaged("a key of the brain is no cell".to_owned()))?;
                    Ok((cell, codec::entry(&packed)?))
                })
                .collect();
            let page = page?;
            if end == "end" {
                self.owners.pop_front();
                self.from = b"-".to_vec();
            } else {
                self.from = from;
            }
            if !page.is_empty() {
                return Ok(page);
            }
        }
        self.inner.still_open().map(|()| Vec::new())
    }
}
