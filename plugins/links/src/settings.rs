//! What the operator wrote: links, and how often one is repeated.

use crate::book::Link;
use crate::ears::{self, Source};
use crate::scopes;
use moa_plugin::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Where it stands in the brain of which configuration the host listens for, and by which patterns.
const FOLLOWED: &str = "configured";

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
    scopes: Option<Vec<String>>,
    /// Without these all.
    #[serde(default)]
    conversations: Vec<String>,
}

/// A link of the configuration, and where it counts.
pub struct Configured {
    pub link: Link,
    /// Empty: everywhere.
    pub conversations: Vec<String>,
}

/// What the host listens for.
#[derive(Default, Serialize, Deserialize)]
struct Followed {
    config: Value,
    /// Link and conversation of each pattern.
    ears: Vec<(String, Option<String>)>,
}

impl Settings {
    /// # Errors
    /// What cannot be read, with its key, for who asked.
    pub fn read() -> Result<Self> {
        let settings: Self = system::config().map_err(|error| Error::rejected(error.to_string()))?;
        settings.scopes("scopes", &settings.scopes)?;
        Ok(settings)
    }

    /// The scopes of a link that names none.
    pub fn default_scopes(&self) -> Vec<String> {
        self.scopes.clone()
    }

    /// All links of the configuration.
    pub fn links(&self) -> Result<Vec<Configured>> {
        let links = self.links.iter().flatten();
        links.map(|(name, value)| self.link(name, value)).collect()
    }

    fn link(&self, name: &str, value: &Value) -> Result<Configured> {
        let key = format!("links.{name}");
        let entry = match value {
            Value::String(address) => Entry {
                address: address.clone(),
                words: None,
                regex: None,
                scopes: None,
                conversations: Vec::new(),
            },
            value => serde_json::from_value(value.clone()).map_err(|error| {
                wrong(
                    &key,
                    &format!("{error}; write an address, or `{{ words = [\"guide\"], address = \"https://…\" }}`"),
                )
            })?,
        };
        if !is_address(&entry.address) {
            return Err(wrong(&key, "`address` must begin with `https://` or `http://`"));
        }
        let is_regex = entry.regex.is_some();
        let words = match (entry.regex, entry.words) {
            (Some(_), Some(_)) => return Err(wrong(&key, "has `words` and `regex`; leave one of them out")),
            (Some(regex), None) => vec![regex],
            (None, words) => words.unwrap_or_else(|| vec![name.to_owned()]),
        };
        if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
            return Err(wrong(&key, "`words` must be words, such as `[\"guide\", \"가이드\"]`"));
        }
        let scopes = entry.scopes.as_ref().unwrap_or(&self.scopes);
        let link = Link {
            id: name.to_owned(),
            words,
            is_regex,
            address: entry.address,
            scopes: self.scopes(&format!("{key}.scopes"), scopes)?,
            ..Link::default()
        };
        Ok(Configured {
            link,
            conversations: entry.conversations,
        })
    }

    fn scopes(&self, key: &str, names: &[String]) -> Result<Vec<String>> {
        let known = |name: &String| {
            let told = || wrong(key, &format!("`{name}` is none; there are {}", scopes::NAMES));
            scopes::name(name).map(str::to_owned).ok_or_else(told)
        };
        names.iter().map(known).collect()
    }
}

/// Makes the host listen for the links of the configuration, where that is another one than before.
pub fn follow() -> Result<()> {
    let config: Value = system::config()?;
    let brain = Brain::plugin();
    let before: Followed = brain.get(FOLLOWED)?.unwrap_or_default();
    if before.config == config {
        return Ok(());
    }
    let links = Settings::read()?.links()?;
    for (link, conversation) in &before.ears {
        ears::forget(Source::Config, conversation.as_deref(), link)?;
    }
    let mut now = Followed {
        config,
        ears: Vec::new(),
    };
    for Configured { link, conversations } in links {
        let places = match conversations.is_empty() {
            true => vec![None],
            false => conversations.into_iter().map(Some).collect(),
        };
        for conversation in places {
            ears::listen(Source::Config, conversation.as_deref(), &link).map_err(|error| match error {
                HostError::Invalid(why) => wrong(&format!("links.{}", link.id), &why),
                other => other.into(),
            })?;
            now.ears.push((link.id.clone(), conversation));
        }
    }
    brain.set(FOLLOWED, &now)?;
    Ok(())
}

pub fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

fn wrong(key: &str, what: &str) -> Error {
    Error::rejected(format!("[plugin.links.config] `{key}`: {what}"))
}
