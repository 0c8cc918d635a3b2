//! Moa as a service that runs for years: what it tells a service manager, what that is built on, and the unit that has it
//! started.
//!
//! In reading order: [`pulse`] is what goes on inside, `notify` how systemd is spoken to, [`life`] what it is told and when,
//! `unit` the text of a unit, [`install`] brings it into the system, and [`Given`] is what it has the service given.

mod given;
pub mod install;
pub mod life;
mod notify;
pub mod pulse;
mod unit;

pub use given::Given;
pub use life::Life;
pub use unit::{Scope, Unit};
