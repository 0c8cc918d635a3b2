//! Moa's words and rules, without any I/O: what an event is, how text is read, which plugin a message is for, what the
//! configuration says. In reading order:

pub mod call;
pub mod content;
pub mod event;
