//! How a call can end badly, and what it used.
//!
//! A guest's fault and the host's own are told apart by [`Fault::is_guest`]: the first is the plugin's to answer for and
//! counts towards its rest, the second is ours.

use std::time::Duration;

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It computed longer than it may.
    #[error("the plugin computed for longer than its limit of {limit:?}; raise `cpu` in its limits if that is right")]
    CpuTime {
        /// [`Limits::cpu`](crate::Limits::cpu).
        limit: Duration,
    },
    /// It took longer than it may, mostly waiting.
    #[error("the plugin was not done within its limit of {limit:?}; raise `wall` in its limits if that is right")]
    WallTime {
        /// [`Limits::wall`](crate::Limits::wall).
        limit: Duration,
    },
    /// It asked for more memory than it may have and did not survive the refusal.
    #[error(
        "the plugin needed more than its limit of {limit} bytes of memory; raise `memory` in its limits if that is right"
    )]
    Memory {
        /// [`Limits::memory`](crate::Limits::memory), in bytes.
        limit: u64,
    },
    /// It did something that WebAssembly forbids, or ended itself without a word.
    #[error("the plugin trapped: {message}")]
    Trap {
        /// What it did.
        message: String,
    },
    /// It ended itself, and said why.
    #[error("the plugin panicked: {message}")]
    Panic {
        /// Its last words.
        message: String,
    },
    /// It called the host more often than it may.
    #[error("the plugin called the host more than {limit} times; raise `host-calls` in its limits if that is right")]
    HostCalls {
        /// [`Limits::host_calls`](crate::Limits::host_calls).
        limit: u64,
    },
    /// Its manifest names something that it does not export.
    #[error("the plugin does not export `{0}`, which its manifest needs; build it again with its SDK")]
    MissingExport(&'static str),
    /// What it handed over is too large or malformed.
    #[error("the plugin handed over something unusable: {0}")]
    BadOutput(String),
    /// All of the host's room for plugins is taken. Trying again later helps.
    #[error("the host has no room for another call: {0}")]
    Busy(&'static str),
    /// A capability had the call ended ([`CapError::Stopped`](moa_core::call::CapError::Stopped)); whoever serves the
    /// capability knows why.
    #[error("the host stopped the call")]
    Stopped,
    /// The host itself failed.
    #[error("the host failed while running the plugin: {0}")]
    Engine(String),
}

impl Fault {
    /// Whether the plugin is to blame, and not the host.
    pub fn is_guest(&self) -> bool {
        !matches!(self, Self::Engine(_) | Self::Busy(_) | Self::Stopped)
    }
}

/// What a call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time spent computing.
    pub cpu: Duration,
    /// Time from beginning to end, without the wait for a free place.
    pub wall: Duration,
    /// The most memory that it had, in bytes.
    pub memory_peak: u64,
    /// How often it called the host.
    pub host_calls: u64,
}

/// The end of a call: how it went and what it used.
#[derive(Debug, Clone)]
pub struct Done<T> {
    /// What the plugin answered, or why it did not.
    pub result: Result<T, Fault>,
    /// What it used.
    pub usage: Usage,
    /// Where in the plugin a fault ended it, innermost first, a line each: the function, and file, line and column where
    /// the engine has [`source_lines`](crate::Options::source_lines) and the component knows them. Empty where nothing
    /// is known.
    pub backtrace: Vec<String>,
}

impl<T> Done<T> {
    /// A call that never began.
    pub(crate) fn without_a_call(fault: Fault) -> Self {
        Self {
            result: Err(fault),
            usage: Usage::default(),
            backtrace: Vec::new(),
        }
    }
}

/// Why the engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// This machine or these settings do not suit the WebAssembly engine.
    #[error("the WebAssembly engine cannot start: {0}")]
    Unsuitable(String),
    /// The operating system gave no thread.
    #[error("no thread could be started for plugins: {0}; raise the limit on processes (`ulimit -u`, `TasksMax=`)")]
    Thread(#[from] std::io::Error),
}

/// Why a file is no plugin that can run here. Each text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Something else than WebAssembly.
    #[error("this is no WebAssembly file; give the `.wasm` that `moa build` makes")]
    NotWasm,
    /// A bare module, which has no types to call it by.
    #[error(
        "this is a core WebAssembly module, not a component; build it with `moa build`, or for the target wasm32-wasip2"
    )]
    CoreModule,
    /// Damaged or cut off.
    #[error("this WebAssembly file is damaged or cut off ({0}); copy or build it again")]
    Malformed(String),
    /// A component, but none for this host.
    #[error("{}", wrong_world(*.guest_missing, .unknown_imports))]
    WrongWorld {
        /// Whether the mandatory export `moa:plugin/guest` is missing.
        guest_missing: bool,
        /// What it wants and this host does not know.
        unknown_imports: Vec<String>,
    },
    /// Made for another version of the contract.
    #[error(
        "this plugin is made for moa:plugin@{found}, and this host runs {supported}; build it again with the SDK of this host, or use another host"
    )]
    WrongVersion {
        /// The version in the file.
        found: String,
        /// The versions that this host runs.
        supported: &'static str,
    },
    /// Larger than a plugin may be.
    #[error(
        "this file has {size} bytes, more than the {limit} that a plugin may have; build it without debug information"
    )]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The most, in bytes.
        limit: u64,
    },
    /// Valid, but the engine refuses it.
    #[error("this plugin cannot be made to run here: {0}; build it again with its SDK's current tools")]
    Refused(String),
    /// A compiled file of another engine, or a damaged one.
    #[error("the compiled plugin `{path}` does not suit this engine: {reason}; delete it, and it is made again")]
    Stale {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

fn wrong_world(guest_missing: bool, unknown: &[String]) -> String {
    let mut text = String::from("this component is no plugin for this host: ");
    if guest_missing {
        text.push_str("it does not export `moa:plugin/guest`");
    }
    if !unknown.is_empty() {
        if guest_missing {
            text.push_str(", and ");
        }
        text.push_str("it imports what this host does not know: ");
        text.push_str(&unknown.join(", "));
    }
    text.push_str("; build it with an SDK of Moa against `moa:plugin`");
    text
}
