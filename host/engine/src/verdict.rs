//! From the engine's errors to faults.

use crate::fault::Fault;
use crate::memory::{Denied, INSTANCES};
use crate::state::{State, Stopped};
use crate::wasi::RESOURCES;
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

/// What a call that ended with an error died of.
///
/// The order matters: a guest that was stopped or refused memory dies of something that looks like any other trap.
/// `born` is whether there was an instance already.
pub(crate) fn fault(error: &wasmtime::Error, state: &State, born: bool) -> Fault {
    if let Some(fault) = &state.stopped {
        return fault.clone();
    }
    if error.is::<Stopped>() {
        return Fault::Stopped;
    }
    match state.memory.denied() {
        Some(Denied::Own) => {
            return Fault::Memory {
                limit: state.limits.memory,
            };
        }
        Some(Denied::Shared) => return Fault::Busy("the memory for all plugins together is taken"),
        None => {}
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::Busy("all places for plugins are taken");
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return ended_itself(state, || format!("it ended itself with exit code {code}"));
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return untrapped(error, born);
    };
    match trap {
        Trap::UnreachableCodeReached => ended_itself(state, || String::from("it ended itself")),
        Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidChar
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => Fault::BadOutput(trap_text(trap)),
        Trap::StackOverflow => Fault::Trap {
            message: "its call stack is exhausted; it calls itself too deeply".into(),
        },
        other => Fault::Trap {
            message: trap_text(other),
        },
    }
}

/// Neither a trap nor ours. Before there is an instance, or if the system refused something, it is the host that
/// failed. Otherwise the guest handed over what cannot be read (a text that is no UTF-8, more data than may pass), or
/// broke the component model's rules.
fn untrapped(error: &wasmtime::Error, born: bool) -> Fault {
    // Wasmtime has no type for it, only these words.
    if !born && error.root_cause().to_string().contains("instance count too high") {
        return Fault::Trap {
            message: format!("it consists of more than {INSTANCES} instances"),
        };
    }
    let full =
        |cause: &(dyn std::error::Error + 'static)| matches!(cause.downcast_ref(), Some(ResourceTableError::Full));
    if error.chain().any(full) {
        return Fault::Trap {
            message: format!("it holds more than {RESOURCES} streams, timers and the like at once"),
        };
    }
    if !born || error.chain().any(|cause| cause.is::<std::io::Error>()) {
        return Fault::Engine(format!("{error:#}"));
    }
    Fault::BadOutput(error.root_cause().to_string())
}

fn ended_itself(state: &State, otherwise: impl FnOnce() -> String) -> Fault {
    match state.log.last_words() {
        Some(message) => Fault::Panic { message },
        None => Fault::Trap { message: otherwise() },
    }
}

fn trap_text(trap: &Trap) -> String {
    let text = trap.to_string();
    text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
}
