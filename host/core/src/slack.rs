//! Slack's wire formats, both ways: [`decode`] makes events of its frames, [`render`] makes message arguments of what is
//! said. Pure functions, which is why they stand here, where they can be fuzzed and counted, and not with the adapter.

pub mod app;
pub mod decode;
pub mod incoming;
pub mod render;
