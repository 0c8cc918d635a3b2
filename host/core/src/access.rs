//! Who may do what.

mod caller;

pub use caller::{ADMIN, Caller, role_name};
