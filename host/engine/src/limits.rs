//! How much one call may use.

use std::time::Duration;

/// The limits of one call. Plain numbers; what exceeds one ends the call as a [`Fault`](crate::Fault) (time, memory,
/// host calls), or is answered with `over-limit` (messages, keys, values), or is dropped (log).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time that the plugin may compute. Waiting for the host does not count.
    pub cpu: Duration,
    /// Time from beginning to end, waiting included.
    pub wall: Duration,
    /// Bytes of memory, all of the plugin's linear memories and tables together.
    pub memory: u64,
    /// Calls of the contract's functions.
    pub host_calls: u64,
    /// Bytes of log, standard output and standard error together.
    pub log_bytes: u64,
    /// Messages, files and questions sent.
    pub messages: u32,
    /// Bytes of one key in the brain.
    pub key: usize,
    /// Bytes of one value in the brain.
    pub value: usize,
    /// Bytes that one call of a host function, or the plugin's own answer, may carry out of the plugin.
    pub transfer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(10),
            memory: 128 << 20,
            host_calls: 10_000,
            log_bytes: 1 << 20,
            messages: 32,
            key: 512,
            value: 1 << 20,
            transfer: 16 << 20,
        }
    }
}
