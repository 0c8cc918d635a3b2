//! Transcripts: text files of a conversation that are also tests (`*.chat`), and the examples of a plugin's help.
//!
//! Everything that a message passes in the real host is real here too: intake, matching, dispatch, invocation, outbox,
//! capabilities, the sandbox. Only the ends are not: the chat service is a `room`, the store is memory, and time and
//! chance come from the transcript.
//!
//! In reading order: `parse` reads a transcript, `control` and `form` are what people press and fill in, `room` is the
//! chat, `stage` puts the host around it, `play` lets
//! the conversation happen, `judge` compares, `report` says what differs, `accept` writes down what was got,
//! `examples` tries the examples of the help.

pub mod accept;
mod canned;
mod control;
pub mod examples;
mod form;
pub mod judge;
pub mod parse;
pub mod play;
pub mod report;
mod room;
mod stage;

#[cfg(test)]
mod tests;

pub use parse::{ParseError, Transcript};
pub use room::{Happening, Spot, What};
pub use stage::Bench;
