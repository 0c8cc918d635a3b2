//! A disk in memory for tests: it gets full, fails, and remembers the order in which it was written.

use super::open::open_with;
use super::{Options, RedbStore};
use crate::clock::Clock;
use redb::{Builder, StorageBackend};
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is written at once or not at all.
const SECTOR: usize = 512;

/// What was done to a disk.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
    Sync,
}

/// The disk. Its clones are the same disk, so that it survives whoever has it open.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Bytes that fit on it.
    pub capacity: Arc<AtomicU64>,
    /// Whether everything fails.
    pub dead: Arc<AtomicBool>,
    /// How long a sync takes, in milliseconds.
    pub slow_ms: Arc<AtomicU64>,
    log: Arc<Mutex<Vec<Op>>>,
}

impl Default for Disk {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Disk {
    /// A disk with a content.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Arc::new(Mutex::new(bytes)),
            capacity: Arc::new(AtomicU64::new(u64::MAX)),
            dead: Arc::default(),
            slow_ms: Arc::default(),
            log: Arc::default(),
        }
    }

    /// The store on it, without its name on any path.
    pub(super) fn store(&self, clock: Box<dyn Clock>) -> RedbStore {
        let path = Path::new("disk");
        let backend = self.clone();
        let cache_bytes = Options::default().cache_bytes;
        let open = move || {
            open_with(path, || {
                Builder::new()
                    .set_cache_size(cache_bytes)
                    .create_with_backend(backend.clone())
            })
        };
        RedbStore::start(path, Box::new(open), clock).unwrap()
    }

    pub(super) fn fill_up(&self) {
        let used = self.bytes.lock().unwrap().len() as u64;
        self.capacity.store(used, Ordering::SeqCst);
    }

    /// How much was done so far.
    pub(super) fn position(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// How many syncs there were.
    pub(super) fn syncs(&self) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|op| matches!(op, Op::Sync)).count()
    }

    /// All that was done.
    pub(super) fn log(&self) -> Vec<Op> {
        self.log.lock().unwrap().clone()
    }

    fn alive(&self) -> Result<(), Error> {
        if self.dead.load(Ordering::SeqCst) {
            Err(Error::other("the disk is dead"))
        } else {
            Ok(())
        }
    }

    fn fits(&self, len: u64) -> Result<(), Error> {
        self.alive()?;
        if len > self.capacity.load(Ordering::SeqCst) {
            Err(ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn did(&self, op: Op) {
        self.log.lock().unwrap().push(op);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        self.alive()?;
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.alive()?;
        let (bytes, from) = (self.bytes.lock().unwrap(), offset as usize);
        let found = bytes.get(from..from + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        self.fits(len)?;
        self.bytes.lock().unwrap().resize(len as usize, 0);
        self.did(Op::SetLen(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        self.alive()?;
        std::thread::sleep(Duration::from_millis(self.slow_ms.load(Ordering::SeqCst)));
        self.did(Op::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.fits(offset + data.len() as u64)?;
        let (mut bytes, from) = (self.bytes.lock().unwrap(), offset as usize);
        bytes
            .get_mut(from..from + data.len())
            .ok_or(ErrorKind::UnexpectedEof)?
            .copy_from_slice(data);
        self.did(Op::Write(from, data.to_vec()));
        Ok(())
    }
}

/// What of the writes that no sync followed is on the disk when the power comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Survive {
    Nothing,
    All,
    /// Any of them, whatever their order, and any sectors of them.
    Some(u64),
}

/// What is on a disk with this content after these were done and the power went.
pub(super) fn cut(mut bytes: Vec<u8>, ops: &[Op], survive: Survive) -> Vec<u8> {
    let synced = ops.iter().rposition(|op| matches!(op, Op::Sync)).map_or(0, |at| at + 1);
    let (safe, unsafe_) = ops.split_at(synced);
    for op in safe {
        apply(&mut bytes, op, |_| true);
    }
    match survive {
        Survive::Nothing => {}
        Survive::All => unsafe_.iter().for_each(|op| apply(&mut bytes, op, |_| true)),
        Survive::Some(seed) => {
            let mut random = fastrand::Rng::with_seed(seed);
            for op in unsafe_ {
                match random.u8(0..4) {
                    0 => {}
                    1 => apply(&mut bytes, op, |_| true),
                    _ => apply(&mut bytes, op, |_| random.bool()),
                }
            }
        }
    }
    bytes
}

fn apply(bytes: &mut Vec<u8>, op: &Op, mut survives: impl FnMut(usize) -> bool) {
    match op {
        Op::Sync => {}
        Op::SetLen(len) => {
            if survives(0) {
                bytes.resize(*len, 0);
            }
        }
        Op::Write(offset, data) => {
            let mut from = *offset;
            let mut rest = data.as_slice();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((SECTOR - from % SECTOR).min(rest.len()));
                if survives(from) {
                    // The length that was set before may have got lost; what is written makes the file as long.
                    bytes.resize(bytes.len().max(from + piece.len()), 0);
                    bytes[from..from + piece.len()].copy_from_slice(piece);
                }
                (from, rest) = (from + piece.len(), after);
            }
        }
    }
}
