//! What the operator wrote: links, and how often one is repeated.

use crate::book::Link;
use crate::ears;
use moa_plugin::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use triggers::Scopes;

/// Where it stands in the plugin's brain for which links of the configuration the host listens.
const FOLLOWED: &str = "followed";

#[derive(Config)]
pub struct Settings {
    /// For so long a link is not repeated in a conversation where nobody asked the bot. `0s`: it always is.
    #[default = "10m"]
    pub pause: Duration,
    /// The messages that a link is for that says nothing else.
    #[default("direct", "direct-mention", "mention", "ambient")]
    scopes: Vec<String>,
    /// Links: a name, and an address or a table of words and an address.
    #[table]
    links: Option<BTreeMap<String, Value>>,
}

/// A link in the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    address: String,
    /// Without these the name is the word.
    words: Option<Vec<String>>,
    /// Instead of words.
    regex: Option<String>,
    scopes: Option<Scopes>,
    /// Without these all.
    #[serde(default)]
    conversations: Vec<String>,
}

impl Settings {
    /// The scopes of a link that names none.
    pub fn default_scopes(&self) -> Result<Scopes> {
        Scopes::named(&self.scopes).map_err(|error| wrong("scopes", error))
    }

    /// All links of the configuration.
    ///
    /// # Errors
    /// What is wrong with one, with its key, for who asked.
    pub fn links(&self) -> Result<Vec<Link>> {
        let scopes = self.default_scopes()?;
        let link = |(name, value): (&String, &Value)| {
            link(name, value, scopes).map_err(|error| wrong(&format!("links.{name}"), error))
        };
        self.links.iter().flatten().map(link).collect()
    }
}

/// A link of the configuration, or what is wrong with it.
fn link(name: &str, value: &Value, scopes: Scopes) -> Result<Link, String> {
    let table = match value {
        Value::String(address) => json!({ "address": address }),
        table => table.clone(),
    };
    let entry: Entry = serde_json::from_value(table).map_err(|error| {
        format!("{error}; write an address, or `{{ words = [\"guide\"], address = \"https://…\" }}`")
    })?;
    if !is_address(&entry.address) {
        return Err("`address` must begin with `https://` or `http://`".into());
    }
    let is_regex = entry.regex.is_some();
    let words = match (entry.regex, entry.words) {
        (Some(_), Some(_)) => return Err("has `words` and `regex`; leave one of them out".into()),
        (Some(regex), None) => vec![regex],
        (None, words) => words.unwrap_or_else(|| vec![name.to_owned()]),
    };
    if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
        return Err("`words` must be words, such as `[\"guide\", \"가이드\"]`".into());
    }
    Ok(Link {
        id: format!("links.{name}"),
        words,
        is_regex,
        address: entry.address,
        scopes: entry.scopes.unwrap_or(scopes),
        conversations: entry.conversations,
        teacher: String::new(),
        time: String::new(),
    })
}

/// Makes the host listen for the links of the configuration, where these are others than before: as soon as the plugin is
/// loaded.
#[job(on = "load")]
pub fn configured() -> Result<()> {
    let (brain, links) = (Brain::plugin(), system::config::<Settings>()?.links()?);
    let before: Vec<Link> = brain.get(FOLLOWED)?.unwrap_or_default();
    if before == links {
        return Ok(());
    }
    before.iter().try_for_each(ears::forget)?;
    for link in &links {
        ears::listen(link).map_err(|error| match error {
            HostError::Invalid(why) => wrong(&link.id, why),
            other => other.into(),
        })?;
    }
    brain.set(FOLLOWED, &links)?;
    Ok(())
}

pub fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

fn wrong(key: &str, what: impl Display) -> Error {
    Error::rejected(format!("[plugin.links.config] `{key}`: {what}"))
}
