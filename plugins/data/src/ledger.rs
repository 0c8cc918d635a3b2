//! Who asked what, and how often.
//!
//! | brain | key | |
//! |---|---|---|
//! | the plugin's | `asked` | how many questions there were |
//! | | `asked/NUMBER` | one of them, for as long as `keep` says |
//! | a person's | `asked/QUERY/CALL` | that they asked, for as long as `within` says |

use crate::answer::Asked;
use crate::settings::{Query, Settings};
use moa_plugin::prelude::*;
use serde::{Deserialize, Serialize};

/// A question.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    pub time: String,
    /// By id, and by the name of then.
    pub id: String,
    pub name: String,
    pub query: String,
    pub values: String,
    pub answer: String,
    /// `None`: it was not answered.
    pub rows: Option<i64>,
}

/// Whether this person may ask the query once more; if so, that counts. A call that runs again counts once.
pub fn may_ask(ctx: &Context, settings: &Settings, query: &Query) -> Result<bool> {
    let (brain, prefix) = (ctx.user_brain(), format!("asked/{}/", query.key));
    let key = format!("{prefix}{}", ctx.id());
    // First this one is written, then all are counted: two at the same time see each other.
    brain.set_with_ttl(&key, &true, settings.within)?;
    let count = brain.list_keys(&prefix).collect::<Result<Vec<_>, _>>()?.len();
    let may = count <= query.times.unwrap_or(settings.times) as usize;
    if !may {
        brain.delete(&key)?;
    }
    Ok(may)
}

/// Writes a question down, before it is answered.
pub fn asked(ctx: &Context, settings: &Settings, query: &Query, asked: &Asked) -> Result<(i64, Entry)> {
    let [_, answer] = asked.answer.words();
    let entry = Entry {
        time: ctx.time().into(),
        id: ctx.who().id.clone(),
        name: ctx.who().display_name.clone(),
        query: query.key.clone(),
        values: asked.line(),
        answer: answer.into(),
        rows: None,
    };
    let number = ctx.brain().increment("asked", 1)?;
    ctx.brain().set_with_ttl(&key(number), &entry, settings.keep)?;
    Ok((number, entry))
}

/// Writes down how many rows it was answered with.
pub fn answered(settings: &Settings, (number, entry): (i64, Entry), rows: i64) -> Result<()> {
    let entry = Entry {
        rows: Some(rows),
        ..entry
    };
    Brain::plugin().set_with_ttl(&key(number), &entry, settings.keep)?;
    Ok(())
}

/// The latest questions, newest first.
pub fn latest(count: i64) -> Result<Vec<Entry>> {
    let brain = Brain::plugin();
    let last = brain.increment("asked", 0)?;
    let numbers = (1..=last).rev().take(usize::try_from(count)?);
    numbers
        .filter_map(|number| brain.get(&key(number)).transpose())
        .map(|entry| Ok(entry?))
        .collect()
}

fn key(number: i64) -> String {
    format!("asked/{number:010}")
}
