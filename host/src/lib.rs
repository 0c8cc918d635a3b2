//! The parts of the `moa` binary. In reading order:

pub mod adapter;
