//! The engine with real guests: the components of `tests/fixtures`, compiled and run for each test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests, which the linter does not see"
)]

mod corpus;
mod faults;
mod files;
mod neighbours;
mod outside;
mod support;
mod tour;
mod web;
