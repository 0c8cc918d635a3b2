//! The `moa` binary.
fn main() {}
