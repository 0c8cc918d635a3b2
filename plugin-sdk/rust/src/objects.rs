//! Objects (files) in the stores (buckets) that the operator named. Needs the request `objects` with their names.
//!
//! In transcripts buckets are in memory, and so they are in unit tests, by [`testing::Host`](crate::testing::Host).
//!
//! A key is a relative path without `.` or `..` parts. Files that are sent in chat go by
//! [`chat::upload`](crate::chat::upload) and [`chat::download`](crate::chat::download).
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! /// Keeps the file on the message, and says where everybody finds it for a day.
//! #[command]
//! fn keep(ctx: &Context) -> Result<String> {
//!     let file = ctx.message().files.first().ok_or_else(|| Error::usage("Attach a file."))?;
//!     let key = format!("kept/{}", ctx.id());
//!     objects::put("files", &key, chat::download(&file.id)?, &file.mime)?;
//!     Ok(objects::sign("files", &key, Duration::from_secs(24 * 60 * 60))?)
//! }
//!
//! plugin! {
//!     name: "keep",
//!     commands: [keep],
//!     requests: { objects: ["files"] },
//! }
//!
//! let host = Host::new();
//! host.attach("team.csv", b"a,b");
//! host.run::<keep>("")?;
//! assert_eq!(host.with(|_| objects::get("files", "kept/call-1"))?, b"a,b");
//! # Ok::<(), Error>(())
//! ```

use crate::HostError;
use crate::host::{self, objects as calls};
use std::collections::VecDeque;
use std::time::Duration;

/// An object without its content, as [`list`] tells of it.
///
/// ```
/// # use moa_plugin::{prelude::*, objects::Object, testing::Host};
/// # Host::new().with(|_| {
/// objects::put("files", "menu.txt", "soup", "text/plain")?;
/// for object in objects::list("files", "") {
///     let Object { key, size, modified, .. } = object?;
///     log::info(format!("{key}: {size} bytes since {modified}"));
/// }
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
pub use crate::bindings::moa::plugin::objects::Object;

/// The content, whole.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// let menu = match objects::get("files", "menu.txt") {
///     Err(HostError::NotFound(_)) => b"soup".to_vec(),
///     other => other?,
/// };
/// # assert_eq!(menu, b"soup");
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// [`HostError::NotFound`] if there is no such object,
/// [`HostError::OverLimit`] if it is larger than the host hands to a plugin, [`HostError::Invalid`] for a malformed key,
/// [`HostError::AccessDenied`] for a bucket that is not granted.
pub fn get(bucket: &str, key: &str) -> Result<Vec<u8>, HostError> {
    host::ask(|| calls::get(bucket, key))
}

/// Writes, whatever was there; readers see the old or the new content, never a part. Returns the new etag, which changes
/// with the content.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// objects::put("files", "menu.txt", "soup", "text/plain")?;
/// assert_eq!(objects::get("files", "menu.txt")?, b"soup");
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`get`].
pub fn put(bucket: &str, key: &str, data: impl AsRef<[u8]>, mime: &str) -> Result<String, HostError> {
    host::ask(|| calls::put(bucket, key, data.as_ref(), mime))
}

/// The objects whose keys begin with `prefix` (empty: all), ascending by key.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// objects::put("files", "menu/mon", "soup", "text/plain")?;
/// objects::put("files", "menu/tue", "rice", "text/plain")?;
/// let keys: Result<Vec<_>, _> = objects::list("files", "menu/").map(|found| found.map(|object| object.key)).collect();
/// assert_eq!(keys?, ["menu/mon", "menu/tue"]);
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// Each item may be an error of [`get`]; the first one ends it.
pub fn list(bucket: &str, prefix: &str) -> Objects {
    Objects {
        bucket: bucket.into(),
        prefix: prefix.into(),
        page: VecDeque::new(),
        cursor: Some(None),
    }
}

/// Deletes. One that is not there is success.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// objects::delete("files", "menu.txt")?;
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`get`], except that nothing is missing.
pub fn delete(bucket: &str, key: &str) -> Result<(), HostError> {
    host::ask(|| calls::delete(bucket, key))
}

/// An address by which anybody can read the object for a while, in whole seconds, from 1 second to 7 days. It says
/// nothing about whether the object is there.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// let address = objects::sign("files", "menu.txt", Duration::from_secs(3_600))?;
/// assert!(address.starts_with("https://"));
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`get`]; [`HostError::Unsupported`] also where the store has no such thing, [`HostError::Invalid`] for another
/// time.
pub fn sign(bucket: &str, key: &str, time: Duration) -> Result<String, HostError> {
    let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    host::ask(|| calls::sign(bucket, key, seconds))
}

/// Objects of a bucket, from [`list`]. They are asked for in pages, as far as they are used.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|_| {
/// let mut found: objects::Objects = objects::list("files", "");
/// assert!(found.next().is_none());
/// # });
/// ```
#[derive(Debug)]
pub struct Objects {
    bucket: String,
    prefix: String,
    page: VecDeque<Object>,
    /// Of the next page; `None` after the last one.
    cursor: Option<Option<String>>,
}

impl Iterator for Objects {
    type Item = Result<Object, HostError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A page may be empty without being the last.
        while self.page.is_empty() {
            let cursor = self.cursor.take()?;
            match host::ask(|| calls::list(&self.bucket, &self.prefix, cursor.as_deref())) {
                Ok((page, next)) => {
                    self.page = page.into();
                    self.cursor = next.map(Some);
                }
                Err(error) => return Some(Err(error)),
            }
        }
        self.page.pop_front().map(Ok)
    }
}
