//! `system`: configuration, clock, chance, log.

use crate::bindings::moa::plugin::system::{Host, Level};
use crate::clock;
use crate::fault::Fault;
use crate::state::State;
use crate::wasi::RANDOM;

impl Host for State {
    fn config(&mut self) -> wasmtime::Result<String> {
        self.enter()?;
        Ok(self.host.system.config())
    }

    fn now(&mut self) -> wasmtime::Result<String> {
        self.enter()?;
        Ok(clock::rfc3339(self.host.system.now()))
    }

    fn local(&mut self, instant: String, timezone: String) -> wasmtime::Result<Result<String, String>> {
        self.enter()?;
        Ok(self.host.system.local(&instant, &timezone))
    }

    fn random(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        self.enter()?;
        if len > RANDOM {
            return Err(self.stop(Fault::BadOutput(format!(
                "it asked for {len} random bytes at once; at most {RANDOM} are given"
            ))));
        }
        let mut bytes = vec![0; len as usize];
        self.host.system.random(&mut bytes);
        Ok(bytes)
    }

    fn log(&mut self, level: Level, text: String) -> wasmtime::Result<()> {
        self.enter()?;
        self.log.line(level.into(), &text);
        Ok(())
    }
}
