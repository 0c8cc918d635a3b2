use super::{Brain, BrainResult};
use crate::host::brain as calls;
use std::collections::VecDeque;

/// Keys of a [`Brain`], from [`Brain::list_keys`]. They are asked for in pages, as far as they are used.
///
/// ```
/// # use moa_plugin::{prelude::*, brain::Keys, testing::Host};
/// # Host::new().with(|ctx| {
/// let brain = ctx.brain();
/// for key in ["menu/soup", "menu/rice", "other"] {
///     brain.set(key, &1)?;
/// }
/// let keys: Keys = brain.list_keys("menu/");
/// assert_eq!(keys.collect::<Result<Vec<_>, _>>()?, ["menu/rice", "menu/soup"]);
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Keys {
    brain: Brain,
    prefix: String,
    page: VecDeque<String>,
    cursor: Cursor,
}

#[derive(Debug)]
enum Cursor {
    Start,
    At(String),
    End,
}

impl Keys {
    pub(super) fn new(brain: Brain, prefix: &str) -> Self {
        Self {
            brain,
            prefix: prefix.into(),
            page: VecDeque::new(),
            cursor: Cursor::Start,
        }
    }
}

impl Iterator for Keys {
    type Item = BrainResult<String>;

    fn next(&mut self) -> Option<Self::Item> {
        /// As many as the host gives at once.
        const PAGE: u32 = 1_000;
        // A page may be empty without being the last.
        while self.page.is_empty() {
            let cursor = match std::mem::replace(&mut self.cursor, Cursor::End) {
                Cursor::Start => None,
                Cursor::At(cursor) => Some(cursor),
                Cursor::End => return None,
            };
            let list = || calls::list_keys(&self.brain.scope, &self.prefix, cursor.as_deref(), PAGE);
            match self.brain.ask(&self.prefix, list) {
                Ok(found) => {
                    self.page = found.keys.into();
                    self.cursor = found.next.map_or(Cursor::End, Cursor::At);
                }
                Err(error) => return Some(Err(error)),
            }
        }
        self.page.pop_front().map(Ok)
    }
}
