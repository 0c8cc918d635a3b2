//! Links and their changes as people read them.

use crate::Texts;
use crate::book::Link;
use moa_plugin::brain::Change;
use moa_plugin::prelude::*;
use moa_plugin::time;

/// The answer to a message in which this stands.
pub fn answer(link: &Link, found: &str) -> String {
    let name = if link.is_regex { found } else { link.name() };
    format!("{}: {}", text::plain(name), link.address)
}

/// What a link is heard by, as its teacher typed it.
pub fn words(link: &Link) -> String {
    match link.is_regex {
        true => format!("/{}/", link.name()),
        false => link.words.join(", "),
    }
}

fn shown(link: &Link) -> String {
    format!("{}: {}", text::plain(&words(link)), link.address)
}

/// That a link was taught; the one that it takes the place of is told, too.
pub fn learned(texts: &Texts, change: &Change<Link>) -> String {
    let new = change.added.last().map(words).unwrap_or_default();
    match change.removed.first() {
        None => texts.learned(new),
        Some(old) => texts.learned_anew(new, &old.address),
    }
}

/// What is there again, and the words that are gone.
pub fn undone(texts: &Texts, change: &Change<Link>) -> String {
    let is_back = |word: &&String| change.added.iter().any(|link| link.words.contains(word));
    let before = change.removed.iter().flat_map(|link| &link.words);
    let gone: Vec<&str> = before.filter(|word| !is_back(word)).map(String::as_str).collect();
    let mut told: Vec<String> = change.added.iter().map(shown).collect();
    told.extend((!gone.is_empty()).then(|| texts.no_link_now(gone.join(", "))));
    texts.undone(told.join("; "))
}

/// A link with all that is known of it.
pub fn line(texts: &Texts, timezone: &str, link: &Link) -> String {
    let signed = || format!("{}, {}", text::plain(&link.teacher), time::shown(&link.time, timezone));
    let mut known = match (link.teacher.is_empty(), link.conversations.is_empty()) {
        (true, _) => texts.configuration(),
        (false, true) => format!("{}, {}", signed(), texts.everywhere()),
        (false, false) => signed(),
    };
    if !link.scopes.is_all() {
        known += &format!(", {}", link.scopes.names().join(" "));
    }
    format!("{} ({known})", shown(link))
}

/// A change in one line of the history.
pub fn change(texts: &Texts, timezone: &str, change: &Change<Link>) -> String {
    let (who, time) = (&change.who, time::shown(&change.time, timezone));
    match (change.added.last(), change.removed.first()) {
        (Some(new), None) => texts.history_learned(time, who, shown(new)),
        (Some(new), Some(old)) => texts.history_changed(time, who, shown(new), shown(old)),
        (None, old) => texts.history_forgotten(time, who, old.map(shown).unwrap_or_default()),
    }
}
