//! Moa's durable memory.
//!
//! One trait, [`Store`], and what lies behind it: the *brain* (keys and values of the plugins), the *journal* (events
//! that were accepted and are not lost until they are finished, with the effects that their calls had) and a few
//! *facts* of the host itself. The store knows nothing of plugins, chat or WebAssembly; to it they are names and bytes.
//!
//! In reading order: [`types`] are the words, `store` is the contract, `plan` decides what a write does (the same for
//! every backend), `keys` turns names into bytes that cannot collide; [`MemoryStore`] and [`RedbStore`] are the
//! backends. `tests/contract` holds every backend to the contract.

// What tests of the inside share with those of the outside names the crate from outside.
#[cfg(test)]
extern crate self as moa_store;

mod bulk;
mod clock;
mod digests;
mod embedded;
mod error;
mod journal;
mod keys;
mod memory;
mod plan;
mod redis;
mod store;
pub mod types;

pub use clock::{Clock, ManualClock, SystemClock};
pub use digests::Digests;
pub use embedded::{Options, RedbStore};
pub use error::{OpenError, Refusal, StoreError};
pub use keys::SHARED_HOLDER;
pub use memory::MemoryStore;
pub use redis::{RedisOpenError, RedisOptions, RedisStore};
pub use store::{Scan, Store};
pub use types::{
    Accepted, Answer, Backlog, Cell, Change, Effect, EffectKey, End, Entry, Filed, KeyPage, NewRecord, Outcome, Purged,
    Record, Recorded, Remembered, Scope, Seq, Space, Usage, Which, Write, WriteOutcome,
};
