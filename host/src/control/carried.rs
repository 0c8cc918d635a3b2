//! What of a brain goes along when it is exported, backed up or copied.

use crate::audit::kept;
use async_trait::async_trait;
use moa_store::{Cell, Entry, Scan, Store, StoreError};

/// The brain, or a plugin's part of it, without what belongs to this machine alone: the end of its audit log, whose lines
/// do not go along, and which nothing that comes from elsewhere may take back.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn scan(store: &dyn Store, holder: Option<&str>) -> Result<Box<dyn Scan>, StoreError> {
    Ok(Box::new(Carried(store.scan(holder).await?)))
}

struct Carried(Box<dyn Scan>);

#[async_trait]
impl Scan for Carried {
    async fn next(&mut self, limit: usize) -> Result<Vec<(Cell, Entry)>, StoreError> {
        loop {
            let mut page = self.0.next(limit).await?;
            let is_last = page.is_empty();
            page.retain(|(cell, _)| cell.space.plugin != kept::SPACE);
            // An empty page means the end.
            if is_last || !page.is_empty() {
                return Ok(page);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::{MemoryStore, Scope, Space, SystemClock, Write};

    #[tokio::test]
    async fn all_but_the_end_of_the_audit_log_goes_along() {
        let store = MemoryStore::new(SystemClock);
        for plugin in ["memo", kept::SPACE, "moa:grants", "zebra"] {
            let cell = Space::new(plugin, Scope::Plugin).cell("k");
            store.write(vec![Write::set(cell, "v")], None).await.unwrap();
        }
        let mut scan = scan(&store, None).await.unwrap();
        let mut plugins = Vec::new();
        loop {
            let page = scan.next(1).await.unwrap();
            if page.is_empty() {
                break;
            }
            plugins.extend(page.into_iter().map(|(cell, _)| cell.space.plugin));
        }
        assert_eq!(plugins, ["memo", "moa:grants", "zebra"]);
    }
}
