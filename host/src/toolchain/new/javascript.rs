//! What a plugin in this language begins with.

use super::Template;

pub(super) const FILES: Template = &[];
