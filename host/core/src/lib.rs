//! Moa's words and rules, without any I/O: what an event is, how text is read, which plugin a message is for, what the
//! configuration says. In reading order:

pub mod access;
pub mod audit;
pub mod call;
pub mod command;
pub mod config;
pub mod content;
pub mod event;
pub mod hangul;
pub mod hook;
pub mod http_rule;
pub mod jandi;
pub mod locale;
pub mod manifest;
pub mod rate;
pub mod router;
pub mod schedule;
pub mod slack;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
