//! JANDI's wire formats, both ways: [`Post`] is what JANDI sends when somebody types `/keyword …`, [`Body`] is what is
//! said there. Pure functions, as with [`crate::slack`].
//!
//! JANDI names people and rooms and tells few ids of its own, so Moa makes them:
//!
//! | id | of |
//! |---|---|
//! | `jandi:HOOK` | the room of a hook: the operator's name for it, since an outgoing webhook belongs to one room |
//! | `jandi:HOOK:PERSON` | a member's own chat with JANDI, where a team webhook is used |
//! | `jandi:email:gloria:toss.im` | a person by their address, `:` in the place of the `@` |
//! | `jandi:id:1234` | a person by JANDI's own id, where no address is told |
//! | `jandi:name:9f86d081…` | a person of whom nothing but the name is told |
//!
//! Several people may have one name, and anybody may take another's; where an address comes along is not promised. So
//! none of these authorises anything, see [`crate::access::has_ids`].

mod ids;
mod post;
mod render;
mod token;
mod words;

pub use ids::{conversation, email_of, hook_of};
pub use post::{Person, Post, Unreadable};
pub use render::{Body, Info, MAX_TEXT, Unshown, body};
pub use token::same;
pub use words::{for_one, lost, no_later_answer};

/// The name of this service in places and identities.
pub const SERVICE: &str = "jandi";

/// What every id of JANDI's begins with: no id of another service does.
pub const PREFIX: &str = "jandi:";
