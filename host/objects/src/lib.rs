//! Moa's way to object stores: named buckets in a folder, in S3 and what speaks like it, in Google Cloud Storage or in
//! Azure.
//!
//! A [`Bucket`] is opened by its [`Settings`] without touching the network; the first use does. Keys are checked here,
//! whatever the store behind would make of them, and errors never hold credentials.
//!
//! ```no_run
//! # async fn example() -> Result<(), moa_objects::ObjectError> {
//! use moa_objects::{Bucket, Settings, Target};
//! let settings = Settings::new(Target::parse("file:./exports", "".as_ref())?);
//! let bucket = Bucket::open("exports", settings)?;
//! bucket.put("2026/report.tsv", "a\tb\n".into(), "text/tab-separated-values").await?;
//! assert_eq!(bucket.get("2026/report.tsv", 1 << 20).await?, "a\tb\n");
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`settings`] says where a bucket is, `key` which keys there are, `bucket` does the work, `stream`
//! moves what is too large for the memory, `listing` lists.

mod bucket;
mod error;
mod key;
mod listing;
pub mod settings;
mod store;
mod stream;

pub use bucket::{Bucket, Object, is_type};
pub use error::ObjectError;
pub use key::{MAX_KEY, MAX_SEGMENT, check};
pub use listing::{PAGE, Page};
pub use settings::{Secret, Settings, Target};
pub use stream::{Body, Reading, Written};
