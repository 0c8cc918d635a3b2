//! How much memory a call may have, linear memories and tables, and all calls together.

use crate::meter::Tally;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wasmtime::ResourceLimiter;

/// Elements of one table; also the size of a table's place in the pool.
pub(crate) const TABLE_ELEMENTS: usize = 65_536;

/// Instances of core modules that one call may consist of.
pub(crate) const INSTANCES: usize = 1024;

/// What an element of a table takes: a pointer.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// Memory for all calls together.
#[derive(Debug)]
pub(crate) struct Room {
    size: u64,
    taken: AtomicU64,
}

impl Room {
    /// So many bytes.
    pub(crate) fn new(size: u64) -> Arc<Self> {
        Arc::new(Self {
            size,
            taken: AtomicU64::new(0),
        })
    }

    fn take(&self, bytes: u64) -> bool {
        self.taken
            .try_update(Relaxed, Relaxed, |taken| {
                taken.checked_add(bytes).filter(|sum| *sum <= self.size)
            })
            .is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Relaxed);
    }

    /// How many bytes are taken now.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }
}

/// What a call was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// More than its own limit.
    Own,
    /// More than was left of what all calls share.
    Shared,
}

/// One call's limiter. It remembers what it denied: a guest that is refused memory dies of something that no longer
/// looks like it.
pub(crate) struct Limiter {
    limit: u64,
    has: u64,
    room: Arc<Room>,
    tally: Arc<Tally>,
    denied: Option<Denied>,
}

impl Limiter {
    pub(crate) fn new(limit: u64, room: Arc<Room>, tally: Arc<Tally>) -> Self {
        Self {
            limit,
            has: 0,
            room,
            tally,
            denied: None,
        }
    }

    pub(crate) fn denied(&self) -> Option<Denied> {
        self.denied
    }
}

impl Limiter {
    fn take(&mut self, more: u64) -> bool {
        let sum = self.has.saturating_add(more);
        if sum > self.limit {
            self.denied = Some(Denied::Own);
            return false;
        }
        if !self.room.take(more) {
            self.denied = Some(Denied::Shared);
            return false;
        }
        self.has = sum;
        self.tally.memory(sum);
        true
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            // Past what the module itself declares: an ordinary refusal that it counts on.
            return Ok(false);
        }
        Ok(self.take((desired as u64).saturating_sub(current as u64)))
    }

    /// Growth that was allowed and failed stays counted until the call ends. It cannot be told here from growth that was
    /// never asked about because no memory can be so large: a guest that alternates the two would otherwise count
    /// itself down and grow without end.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        let of_the_system = error.chain().any(|cause| cause.is::<std::io::Error>());
        if of_the_system {
            tracing::warn!(%error, "the system gave a plugin no memory");
        }
        self.denied = Some(if of_the_system { Denied::Shared } else { Denied::Own });
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current) as u64;
        Ok(self.take(more.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        1024
    }

    fn memories(&self) -> usize {
        64
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.room.give_back(self.has);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(limit: u64, room: &Arc<Room>) -> Limiter {
        Limiter::new(limit, room.clone(), Arc::default())
    }

    #[test]
    fn memories_add_up_and_come_back() {
        let room = Room::new(100);
        let mut one = limiter(60, &room);
        assert!(one.memory_growing(0, 40, None).unwrap());
        assert!(one.memory_growing(0, 20, None).unwrap());
        assert!(!one.memory_growing(40, 41, None).unwrap());
        assert_eq!(one.denied(), Some(Denied::Own));

        let mut two = limiter(60, &room);
        assert!(!two.memory_growing(0, 41, None).unwrap());
        assert_eq!(two.denied(), Some(Denied::Shared));
        drop(one);
        assert_eq!(room.taken(), 0);
        assert!(two.memory_growing(0, 41, None).unwrap());
    }

    #[test]
    fn tables_count_too() {
        let room = Room::new(1_000);
        let mut limiter = limiter(100, &room);
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert_eq!(room.taken(), 80);
        assert!(!limiter.table_growing(10, 13, None).unwrap());
        assert_eq!(limiter.denied(), Some(Denied::Own));
    }

    #[test]
    fn what_the_module_forbids_itself_is_no_denial() {
        let room = Room::new(100);
        let mut limiter = limiter(100, &room);
        assert!(!limiter.memory_growing(0, 50, Some(40)).unwrap());
        assert_eq!(limiter.denied(), None);
        assert_eq!(room.taken(), 0);
    }

    #[test]
    fn failed_growth_is_not_counted_down() {
        let room = Room::new(100);
        let mut limiter = limiter(100, &room);
        assert!(limiter.memory_growing(0, 50, None).unwrap());
        let absurd = wasmtime::Error::msg("no memory is so large");
        limiter.memory_grow_failed(absurd).unwrap();
        assert_eq!(room.taken(), 50);
        assert_eq!(limiter.denied(), Some(Denied::Own));
        let refused = std::io::Error::from(std::io::ErrorKind::OutOfMemory);
        limiter.memory_grow_failed(refused.into()).unwrap();
        assert_eq!(limiter.denied(), Some(Denied::Shared));
    }
}
