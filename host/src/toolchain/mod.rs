//! What plugin authors use: finding plugin sources, building them, looking at components.
//!
//! In reading order: [`source`] finds plugin sources, [`mod@build`] makes components of them (`lang` knows how, a module
//! for each language; [`diagnostic`] is what a compiler says, `inputs` tells whether anything changed), [`check`] says what
//! a component is, [`watch`] tells when sources change, [`new`] begins a plugin, [`build_hongmoa`] makes one of apps for another bot, [`transcript`] plays conversations as tests.

pub mod build;
pub mod check;
pub mod diagnostic;
mod hongmoa;
mod inputs;
mod lang;
pub mod new;
pub mod source;
pub mod transcript;
pub mod watch;

pub use build::{BuildError, BuildEvent, BuildResult, Built, build};
pub use check::{CheckReport, check_file, check_folder};
pub use diagnostic::Diagnostic;
pub use hongmoa::build_hongmoa;
pub use source::{Language, Source, SourceError, find_sources};
pub use watch::{SourceWatch, watch_sources};
