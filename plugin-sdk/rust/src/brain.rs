//! The plugin's durable memory.
//!
//! A write that returned is on disk. Each function is atomic by itself; several in a row are not, which is what
//! [`Brain::increment`] and [`Brain::compare_and_swap`] are for. Keys have 1 to 512 bytes, values up to 1 MiB.
//!
//! ```
//! use moa_plugin::prelude::*;
//!
//! #[derive(serde::Serialize, serde::Deserialize, Default)]
//! struct Menu {
//!     dishes: Vec<String>,
//! }
//!
//! /// Puts a dish on the menu of this conversation.
//! #[command]
//! fn add_dish(ctx: &Context, #[rest] dish: String) -> Result<String> {
//!     let brain = ctx.conversation_brain();
//!     let mut menu: Menu = brain.get("menu")?.unwrap_or_default();
//!     menu.dishes.push(dish);
//!     brain.set("menu", &menu)?;
//!     let changes = ctx.brain().increment("changes", 1)?;
//!     Ok(format!("{} dishes, {changes} changes in all", menu.dishes.len()))
//! }
//! ```

mod all;
mod error;
mod keys;
mod limit;
mod numbered;
mod once;
mod undo;
mod update;

pub use error::{BrainError, BrainResult};
pub use keys::Keys;
pub use numbered::Numbered;
pub use undo::{Change, Undoable};

use crate::bindings::moa::plugin::brain as wit;
use crate::host::{self, brain as calls};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// One scope of the plugin's memory.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// let (own, here, theirs): (Brain, Brain, Brain) = (ctx.brain(), ctx.conversation_brain(), ctx.user_brain());
/// own.set("dish", "soup")?;
/// assert_eq!(own.get::<String>("dish")?.as_deref(), Some("soup"));
/// assert!(here.get::<String>("dish")?.is_none() && theirs.get::<String>("dish")?.is_none());
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Brain {
    scope: wit::Scope,
}

/// The version of an entry: changes with every write, never comes back for the same key.
///
/// ```
/// # use moa_plugin::{prelude::*, brain::Version, testing::Host};
/// # Host::new().with(|ctx| {
/// let brain = ctx.brain();
/// let first: Version = brain.set("dish", "soup")?;
/// let second = brain.set("dish", "soup")?;
/// assert_ne!(first, second, "another write, though of the same");
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

/// A value with what the host knows about it.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # Host::new().with(|ctx| {
/// ctx.brain().set_with_ttl("menu", "soup", Duration::from_secs(60))?;
/// let entry = ctx.brain().entry::<String>("menu")?;
/// let expires = entry.and_then(|entry| entry.expires);
/// assert_eq!(expires.as_deref(), Some("2026-11-20T03:01:00.000Z"));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// The value.
    pub value: T,
    /// For [`Brain::compare_and_swap`].
    pub version: Version,
    /// When it will be gone, RFC 3339 in UTC; `None` if never.
    pub expires: Option<String>,
}

impl Brain {
    /// The plugin's memory.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|_| Brain::plugin().set("n", &1))?;
    /// assert_eq!(host.with(|ctx| ctx.brain().get("n"))?, Some(1));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn plugin() -> Self {
        Self {
            scope: wit::Scope::Plugin,
        }
    }

    /// The plugin's memory about one conversation, by id.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// Brain::conversation(&ctx.place().conversation).set("n", &1)?;
    /// assert_eq!(ctx.conversation_brain().get("n")?, Some(1));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn conversation(id: impl Into<String>) -> Self {
        Self {
            scope: wit::Scope::Conversation(id.into()),
        }
    }

    /// The plugin's memory about one person, by id.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// Brain::user(&ctx.who().id).set("n", &1)?;
    /// assert_eq!(ctx.user_brain().get("n")?, Some(1));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn user(id: impl Into<String>) -> Self {
        Self {
            scope: wit::Scope::User(id.into()),
        }
    }

    /// The memory that plugins share. Needs the request `shared_brain`.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// Brain::shared().set("n", &1)?;
    /// assert_eq!(ctx.brain().get::<i64>("n")?, None);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn shared() -> Self {
        Self {
            scope: wit::Scope::Shared,
        }
    }

    /// The value under a key, read as JSON; `None` if there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set("names", &["로지", "샐리"])?;
    /// let names: Option<Vec<String>> = ctx.brain().get("names")?;
    /// assert_eq!(names.unwrap_or_default().len(), 2);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Value`] if what is stored does not fit `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> BrainResult<Option<T>> {
        Ok(self.entry(key)?.map(|entry| entry.value))
    }

    /// The value under a key with its version, read as JSON; `None` if there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let version = ctx.brain().set("n", &1)?;
    /// let entry = ctx.brain().entry::<i64>("n")?;
    /// assert_eq!(entry.map(|entry| (entry.value, entry.version)), Some((1, version)));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Value`] if what is stored does not fit `T`.
    pub fn entry<T: DeserializeOwned>(&self, key: &str) -> BrainResult<Option<Entry<T>>> {
        let Some(stored) = self.read(key)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&stored.value).map_err(|source| value_error(key, source))?;
        Ok(Some(Entry {
            value,
            version: Version(stored.version),
            expires: stored.expires,
        }))
    }

    /// The bytes under a key; `None` if there are none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set_bytes("raw", &[1, 2])?;
    /// assert_eq!(ctx.brain().get_bytes("raw")?, Some(vec![1, 2]));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Host`].
    pub fn get_bytes(&self, key: &str) -> BrainResult<Option<Vec<u8>>> {
        Ok(self.read(key)?.map(|stored| stored.value))
    }

    /// The text under a key, as [`Brain::set_text`] wrote it; `None` if there is none.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set_text("note", "김밥 두 줄")?;
    /// assert_eq!(ctx.brain().get_text("note")?.as_deref(), Some("김밥 두 줄"));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::NotText`] if what is stored is not UTF-8.
    pub fn get_text(&self, key: &str) -> BrainResult<Option<String>> {
        let Some(bytes) = self.get_bytes(key)? else {
            return Ok(None);
        };
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| BrainError::NotText { key: key.into() })
    }

    /// Writes a value as JSON, whatever was there, for ever.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set("size", &3)?;
    /// assert_eq!(ctx.brain().get("size")?, Some(3));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Value`] if it has no JSON form, [`BrainError::Host`] if it is too large or can't be stored.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> BrainResult<Version> {
        self.write(key, json(key, value)?, None)
    }

    /// Writes a value as JSON that is gone after a while, in whole seconds, at least one.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// let host = Host::new();
    /// host.with(|ctx| ctx.brain().set_with_ttl("menu", "soup", Duration::from_secs(60)))?;
    /// host.advance(Duration::from_secs(60));
    /// assert_eq!(host.with(|ctx| ctx.brain().get::<String>("menu"))?, None);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Brain::set`].
    pub fn set_with_ttl<T: Serialize + ?Sized>(&self, key: &str, value: &T, ttl: Duration) -> BrainResult<Version> {
        self.write(key, json(key, value)?, Some(seconds(ttl)))
    }

    /// Writes bytes, whatever was there, for ever.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set_bytes("raw", &[1, 2])?;
    /// assert_eq!(ctx.brain().get_bytes("raw")?, Some(vec![1, 2]));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Host`].
    pub fn set_bytes(&self, key: &str, value: &[u8]) -> BrainResult<Version> {
        self.write(key, value.into(), None)
    }

    /// Writes text, whatever was there, for ever.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set_text("note", "김밥 두 줄")?;
    /// assert_eq!(ctx.brain().get_text("note")?.as_deref(), Some("김밥 두 줄"));
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Host`].
    pub fn set_text(&self, key: &str, value: &str) -> BrainResult<Version> {
        self.write(key, value.into(), None)
    }

    /// Writes a value as JSON only if the entry's version is still `expected`; `None` expects that there is no entry.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// let first = ctx.brain().set("n", &1)?;
    /// ctx.brain().compare_and_swap("n", &2, Some(&first))?;
    /// assert!(ctx.brain().compare_and_swap("n", &3, Some(&first)).is_err(), "no longer the first");
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// One that [is a conflict](BrainError::is_conflict) if another writer was first: read again and decide anew.
    pub fn compare_and_swap<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        expected: Option<&Version>,
    ) -> BrainResult<Version> {
        let what = wit::Write {
            key: key.into(),
            value: json(key, value)?,
            ttl_seconds: None,
        };
        let expected = expected.map(|version| version.0.as_str());
        self.ask(key, || calls::compare_and_swap(&self.scope, &what, expected))
            .map(Version)
    }

    /// Adds to a number and returns the sum, in one step: no two calls get the same sum from adding 1. What is absent
    /// counts as 0.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// assert_eq!(ctx.brain().increment("n", 1)?, 1);
    /// assert_eq!(ctx.brain().increment("n", 2)?, 3);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`HostError::Invalid`](crate::HostError::Invalid) if what is stored is no whole number, or if the sum has no room
    /// in 64 bits.
    pub fn increment(&self, key: &str, by: i64) -> BrainResult<i64> {
        self.ask(key, || calls::increment(&self.scope, key, by))
    }

    /// Deletes. Whether there was something to delete.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set("n", &1)?;
    /// assert!(ctx.brain().delete("n")?);
    /// assert!(!ctx.brain().delete("n")?);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`BrainError::Host`].
    pub fn delete(&self, key: &str) -> BrainResult<bool> {
        self.ask(key, || calls::delete(&self.scope, key))
    }

    /// The keys that begin with `prefix` (empty: all), ascending by their bytes, asked of the host page by page as the
    /// iterator goes on. After an error it ends.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, testing::Host};
    /// # Host::new().with(|ctx| {
    /// ctx.brain().set_text("memo/lunch", "김밥")?;
    /// for key in ctx.brain().list_keys("memo/") {
    ///     assert!(ctx.brain().delete(&key?)?);
    /// }
    /// assert_eq!(ctx.brain().list_keys("").count(), 0);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn list_keys(&self, prefix: &str) -> Keys {
        Keys::new(self.clone(), prefix)
    }

    fn read(&self, key: &str) -> BrainResult<Option<wit::Entry>> {
        self.ask(key, || calls::get(&self.scope, key))
    }

    fn write(&self, key: &str, value: Vec<u8>, ttl_seconds: Option<u32>) -> BrainResult<Version> {
        let what = wit::Write {
            key: key.into(),
            value,
            ttl_seconds,
        };
        self.ask(key, || calls::set(&self.scope, &what)).map(Version)
    }

    fn ask<T>(
        &self,
        key: &str,
        call: impl FnOnce() -> Result<T, crate::bindings::moa::plugin::types::Error>,
    ) -> BrainResult<T> {
        host::ask(call).map_err(|source| BrainError::Host {
            key: key.into(),
            source,
        })
    }
}

fn json<T: Serialize + ?Sized>(key: &str, value: &T) -> BrainResult<Vec<u8>> {
    serde_json::to_vec(value).map_err(|source| value_error(key, source))
}

fn value_error(key: &str, source: serde_json::Error) -> BrainError {
    BrainError::Value {
        key: key.into(),
        source,
    }
}

/// Whole seconds, rounded up, at least one: an entry must not be gone before its time.
fn seconds(ttl: Duration) -> u32 {
    let whole = ttl.as_secs().saturating_add(u64::from(ttl.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
