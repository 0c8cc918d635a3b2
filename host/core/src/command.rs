//! The words behind a command: cut into [`tokens`](Tokens), read as typed arguments.

mod args;
mod error;
mod tokens;
pub(crate) mod values;

pub(crate) use args::is_of_machine;
pub use args::{Matched, Wrong, read};
pub use error::ArgError;
pub use error::shown;
pub use tokens::{Token, Tokens, list};
pub use values::Clock;
