//! The engine with real guests: the components of `tests/fixtures`, compiled and run for each test.

mod faults;
mod files;
mod neighbours;
mod support;
mod tour;
