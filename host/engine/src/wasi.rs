//! WASI for guests: a clock, chance and standard streams; no files, no network, no environment, no arguments.

use crate::capability::{Level, System};
use crate::log::{Log, Standard};
use crate::state::State;
use rand_core::TryRng;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// The most random bytes at once.
pub(crate) const RANDOM: u32 = 64 << 10;
/// The finest step of the steady clock, in nanoseconds. Finer ones are good for little but for watching the neighbours
/// through what the processor shares.
const STEADY_STEP: u64 = 10_000;
/// What the steady clock shows as a call begins, in nanoseconds: Go's runtime ends itself where it shows 0.
const STEADY_START: u64 = 1_000_000_000;
/// Streams, pollables and the like that one call may hold at once: each costs the host memory.
pub(crate) const RESOURCES: usize = 4_096;

/// Made when the guest first uses it: most calls never do.
pub(crate) fn context(system: &Arc<dyn System>, log: &Arc<Log>) -> WasiCtx {
    let mut seed = [0; 16];
    system.random(&mut seed);
    WasiCtxBuilder::new()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(u64::from(RANDOM))
        .secure_random(Chance(system.clone()))
        .insecure_random(Chance(system.clone()))
        .insecure_random_seed(u128::from_le_bytes(seed))
        .wall_clock(Clock(system.clone()))
        .monotonic_clock(Steady(system.clone()))
        .stdout(Standard::new(log.clone(), Level::Info))
        .stderr(Standard::new(log.clone(), Level::Error))
        .build()
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (system, log) = (&self.host.system, &self.log);
        WasiCtxView {
            ctx: self.wasi.get_or_insert_with(|| Box::new(context(system, log))),
            table: &mut self.resources,
        }
    }
}

struct Clock(Arc<dyn System>);

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = self.0.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

struct Steady(Arc<dyn System>);

impl HostMonotonicClock for Steady {
    fn resolution(&self) -> u64 {
        STEADY_STEP
    }

    fn now(&self) -> u64 {
        let now = u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
        (now - now % STEADY_STEP).saturating_add(STEADY_START)
    }
}

struct Chance(Arc<dyn System>);

impl TryRng for Chance {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(buffer);
        Ok(())
    }
}
