//! Who asked what, and how often.
//!
//! | brain | key | |
//! |---|---|---|
//! | the plugin's | `asked` | how many questions there were |
//! | | `asked/NUMBER` | one of them, for as long as `keep` says |
//! | a person's | `asked/QUERY/CALL` | that they asked, for as long as `within` says |

use crate::asked::Asked;
use crate::settings::{Query, Settings};
use moa_plugin::brain::Numbered;
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

impl Entry {
    pub fn of(ctx: &Context, query: &Query, asked: &Asked) -> Self {
        Self {
            time: ctx.time().into(),
            id: ctx.who().id.clone(),
            name: ctx.who().display_name.clone(),
            query: query.key.clone(),
            values: asked.values.to_string(),
            answer: asked.answer.key().into(),
            rows: None,
        }
    }
}

/// Whether this person may ask the query once more; if so, that counts.
pub fn may_ask(ctx: &Context, settings: &Settings, query: &Query) -> Result<bool> {
    let key = format!("asked/{}", query.key);
    Ok(ctx
        .user_brain()
        .allows(&key, ctx.id(), settings.times(query), settings.within)?)
}

/// All questions, each for as long as `keep` says.
pub fn questions(settings: &Settings) -> Numbered<Entry> {
    Numbered::of(Brain::plugin(), "asked").kept_for(settings.keep)
}
