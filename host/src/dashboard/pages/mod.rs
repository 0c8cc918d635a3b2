//! The pages: one file each. A page asks the host what the command line asks it, and makes markup of the answer.

pub mod brain;
pub mod enter;
mod host;
pub mod journal;
pub mod log;
pub mod overview;
pub mod plugin;
pub mod plugins;
pub mod schedule;
