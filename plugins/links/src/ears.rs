//! What the host listens for: two patterns for each link, so that the pattern's id tells whether somebody spoke to the bot
//! (`asked/LINK`) or about something (`said/LINK`).

use crate::book::Link;
use moa_plugin::brain::Change;
use moa_plugin::prelude::*;
use triggers::{Pattern, Scopes};

/// Makes the host listen for a link.
pub fn listen(link: &Link) -> Result<(), HostError> {
    let pattern = match link.is_regex {
        true => Pattern::regex(link.name()),
        false => Pattern::words(&link.words),
    };
    // The host takes one conversation or all: in one of several it is for the plugin to tell.
    let only = match &link.conversations[..] {
        [one] => Some(one.as_str()),
        _ => None,
    };
    for (id, wanted) in ids(link).iter().zip([!Scopes::AMBIENT, Scopes::AMBIENT]) {
        match link.scopes & wanted {
            none if none.is_empty() => drop(triggers::forget(id)?),
            some => triggers::hear(id, &pattern, some, only)?,
        }
    }
    Ok(())
}

/// Ends that.
pub fn forget(link: &Link) -> Result<(), HostError> {
    for id in ids(link) {
        triggers::forget(&id)?;
    }
    Ok(())
}

/// Makes the host listen for what is in a book since a change.
pub fn follow(change: &Change<Link>) -> Result<(), HostError> {
    change.removed.iter().try_for_each(forget)?;
    change.added.iter().try_for_each(listen)
}

fn ids(link: &Link) -> [String; 2] {
    ["asked", "said"].map(|way| format!("{way}/{}", link.id))
}
