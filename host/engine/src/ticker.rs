//! Advances the engine's epoch, so that computing guests are interrupted regularly.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, Thread};
use std::time::Duration;

/// How many ticks without a call until the thread goes to sleep: an idle host should not wake up 200 times a second,
/// and a busy one not put a thread to sleep and wake it for every call.
const LINGER: u32 = 20;

/// The ticking thread. It has the engine weakly and ends with it.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

struct Shared {
    running: AtomicUsize,
    stop: AtomicBool,
}

/// Held by a call while it runs.
pub(crate) struct Running(Arc<Shared>);

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: &wasmtime::Engine, tick: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            running: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let (weak, seen) = (engine.weak(), shared.clone());
        let handle = thread::Builder::new()
            .name("moa-tick".into())
            .stack_size(64 << 10)
            .spawn(move || {
                let mut idle = 0;
                while !seen.stop.load(SeqCst) {
                    if seen.running.load(SeqCst) > 0 {
                        idle = 0;
                    } else if idle < LINGER {
                        idle += 1;
                    } else {
                        // A call that starts between the look above and here has left its token: this returns at once.
                        thread::park();
                        idle = 0;
                        continue;
                    }
                    thread::sleep(tick);
                    match weak.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => return,
                    }
                }
            })?;
        Ok(Self {
            shared,
            thread: handle.thread().clone(),
        })
    }

    /// Keeps ticking until the answer is dropped.
    pub(crate) fn running(&self) -> Running {
        if self.shared.running.fetch_add(1, SeqCst) == 0 {
            self.thread.unpark();
        }
        Running(self.shared.clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        self.thread.unpark();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}
