//! The words behind a command.

//mod args;
mod error;
//mod tokens;
//mod values;

//pub use args::{Input, Matched, read};
pub use error::ArgError;
//pub use tokens::{Token, Tokens, tokens};
