//! Making two stores the same while one of them is at work: passes that compare and copy what differs, until a pass
//! finds nothing.

use super::http::{self, Body};
use super::pipe::{self, Ended, Pipe};
use super::sync::{self, Changes, Stored, Watch};
use super::{Control, Fault};
use crate::stores::{self, Purpose};
use async_trait::async_trait;
use hyper::Response;
use moa_core::config::StoreUrl;
use moa_store::Store;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The longest request, in bytes.
const REQUEST: usize = 64 << 10;

/// What is to be copied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CopyRequest {
    /// Whether the other store is the source; otherwise it becomes the copy.
    pub from: bool,
    /// The address of the other store, paths absolute.
    pub url: String,
    /// Whether a copy that holds something is made the same nevertheless.
    pub replace: bool,
    /// How many passes are made at most.
    pub passes: u32,
}

/// How far a copy is, one line after every transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyStep {
    /// The pass, from 1.
    pub pass: u32,
    /// Entries of the source that this pass has seen.
    pub compared: u64,
    /// Entries that it has written.
    pub written: u64,
    /// Entries that it has removed.
    pub removed: u64,
    /// Whether this is the last line, and the two are the same (`true`) or the source changed until the last pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// Whether both are the address of one store, as far as addresses tell.
fn is_same(one: &StoreUrl, other: &StoreUrl) -> bool {
    let found = |url| stores::file(url).and_then(|file| file.canonicalize().ok());
    one == other || found(one).is_some_and(|file| found(other) == Some(file))
}

pub(super) async fn copy(control: Arc<Control>, body: Body) -> Result<Response<Body>, Fault> {
    let request: CopyRequest = http::body_of(body, REQUEST).await?;
    let url =
        StoreUrl::parse(&request.url, Path::new("")).ok_or_else(|| Fault::wrong("that is no address of a store"))?;
    if is_same(&url, &control.url) {
        return Err(Fault::wrong("both are the same store"));
    }
    if let Some(file) = stores::file(&url).filter(|file| request.from && !file.exists()) {
        return Err(Fault::wrong(format!("there is no data file {}", file.display())));
    }
    let other = stores::open(&url, Purpose::Visit)
        .await
        .map_err(|error| Fault::wrong(format!("{url}: {error:#}")))?;
    let own = Arc::clone(&control.store);
    let (source, target, name) = match request.from {
        true => (Arc::clone(&other), own, "the store".to_owned()),
        false => (own, Arc::clone(&other), url.to_string()),
    };
    if let Err(fault) = sync::refuse_full(&*target, request.replace, &name).await {
        other.close().await?;
        return Err(fault);
    }
    Ok(pipe::lines(move |pipe| {
        Box::pin(async move {
            let result = passes(&*source, &*target, request.passes, pipe).await;
            other.close().await?;
            if request.from {
                control.follow().await?;
            }
            result
        })
    }))
}

async fn passes(source: &dyn Store, target: &dyn Store, most: u32, pipe: &mut Pipe) -> Result<(), Ended> {
    for pass in 1..=most.max(1) {
        let mut entries = Stored::all(source, None).await?;
        let mut told = Told { pass, pipe };
        let changes = sync::pass(&mut entries, target, &mut told).await?;
        let facts = sync::facts(&source.fact_list("").await?, target).await?;
        let same = !changes.any() && facts == 0;
        if same || pass >= most {
            pipe.line(&step(pass, changes, Some(same)))?;
            return Ok(());
        }
    }
    Ok(())
}

fn step(pass: u32, changes: Changes, same: Option<bool>) -> CopyStep {
    CopyStep {
        pass,
        compared: changes.compared,
        written: changes.written,
        removed: changes.removed,
        same,
    }
}

struct Told<'p> {
    pass: u32,
    pipe: &'p mut Pipe,
}

#[async_trait]
impl Watch for Told<'_> {
    async fn tell(&mut self, changes: Changes) -> Result<(), Fault> {
        let gone = || Fault::wrong("nobody waits for the end of the copy any more");
        self.pipe.line(&step(self.pass, changes, None)).map_err(|_| gone())?;
        self.pipe.flush().await.map_err(|_| gone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_whichever_way_leads_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let (one, link) = (dir.path().join("one.redb"), dir.path().join("link.redb"));
        std::fs::write(&one, "").unwrap();
        std::os::unix::fs::symlink("one.redb", &link).unwrap();
        let one = StoreUrl::Redb(one);
        assert!(is_same(&one, &one) && is_same(&one, &StoreUrl::Redb(link)));
        let missing = |name: &str| StoreUrl::Redb(dir.path().join(name));
        assert!(!is_same(&one, &missing("a.redb")) && !is_same(&missing("a.redb"), &missing("b.redb")));
    }
}
