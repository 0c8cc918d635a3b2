//! Text as people type it and as plugins write it.
//!
//! What arrives is brought into one form by [`normalise`], so that a word compares equal to itself however it was typed,
//! and robbed of anything that looks like our own mention markup by [`neutralise`], so that nobody can type a ping.
//! What leaves is portable [`markup`], cut by [`split`] where a service takes only so much.

mod distance;
mod long;
pub mod markup;
mod normal;
mod split;
mod visible;

pub use distance::distance;
pub use long::{TextFile, as_file};
pub use normal::{fold, neutralise, normalise, plain_mentions, printable_line};
pub(crate) use normal::{folded, harmless, is_direction, is_unseen, is_zero_width};
pub use split::split;
pub use visible::visible;
