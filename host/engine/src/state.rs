//! What a call's store holds besides the guest.

use crate::bindings::moa::plugin::types::Error;
use crate::capability::Host;
use crate::fault::Fault;
use crate::limits::Limits;
use crate::log::Log;
use crate::memory::{Limiter, Room};
use crate::meter::Tally;
use crate::wasi::RESOURCES;
use crate::web::Web;
use moa_core::call::{CapError, CapResult};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use tokio::runtime::Handle;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::WasiCtx;

/// One call's state. Dropped with the store when the call is over, however it ended.
pub(crate) struct State {
    pub(crate) host: Host,
    pub(crate) limits: Limits,
    pub(crate) tally: Arc<Tally>,
    pub(crate) memory: Limiter,
    pub(crate) log: Arc<Log>,
    pub(crate) wasi: Option<Box<WasiCtx>>,
    pub(crate) resources: ResourceTable,
    pub(crate) web: Option<Box<Web>>,
    /// Set where the engine itself ends the call.
    pub(crate) stopped: Option<Fault>,
    messages: u32,
    pub(crate) caller: Option<Handle>,
}

/// A capability has the call ended; what unwinds the guest then.
#[derive(Debug, thiserror::Error)]
#[error("the host stopped the call")]
pub(crate) struct Stopped;

impl State {
    /// `caller` is the runtime on which the host's own functions shall find their timers and sockets.
    pub(crate) fn new(host: Host, limits: Limits, room: Arc<Room>, tally: Arc<Tally>, caller: Option<Handle>) -> Self {
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(RESOURCES);
        Self {
            memory: Limiter::new(limits.memory, room, tally.clone()),
            log: Log::new(host.system.clone(), limits.log_bytes),
            host,
            limits,
            tally,
            wasi: None,
            resources,
            web: None,
            stopped: None,
            messages: 0,
            caller,
        }
    }

    /// Begins a call of one of the contract's functions: counts it.
    pub(crate) fn enter(&mut self) -> wasmtime::Result<()> {
        let limit = self.limits.host_calls;
        if self.tally.host_call() > limit {
            return Err(self.stop(Fault::HostCalls { limit }));
        }
        Ok(())
    }

    /// Ends the call with this fault; the error is only what unwinds the guest.
    pub(crate) fn stop(&mut self, fault: Fault) -> wasmtime::Error {
        let error = wasmtime::Error::msg(fault.to_string());
        self.stopped.get_or_insert(fault);
        error
    }

    /// Counts a message, file or question.
    pub(crate) fn message(&mut self) -> Result<(), Error> {
        let limit = self.limits.messages;
        if self.messages >= limit {
            return Err(Error::OverLimit(format!(
                "a call may send {limit} messages; raise `messages` in the plugin's limits if that is right"
            )));
        }
        self.messages += 1;
        Ok(())
    }

    /// Runs a function of the host's in the context of the caller's runtime, whose timers and sockets it may use; the
    /// guests' own runtime has nothing but guests. The outer error ends the call.
    pub(crate) fn on_host<'a, T: 'a>(
        &self,
        mut function: Pin<Box<dyn Future<Output = CapResult<T>> + Send + 'a>>,
    ) -> impl Future<Output = wasmtime::Result<Result<T, Error>>> + Send + use<'a, T> {
        let caller = self.caller.clone();
        poll_fn(move |context| {
            let _entered = caller.as_ref().map(Handle::enter);
            function.as_mut().poll(context).map(|answer| match answer {
                Err(CapError::Stopped) => Err(wasmtime::Error::new(Stopped)),
                answer => Ok(answer.map_err(Error::from)),
            })
        })
    }
}
