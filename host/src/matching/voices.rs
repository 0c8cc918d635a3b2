//! How the bot is spoken to where it is not spoken to as everywhere: behind each of JANDI's hooks by its keyword.

use super::Matcher;
use moa_core::event::Event;
use moa_core::jandi;
use moa_core::router::{Me, Settings};
use std::collections::HashMap;

/// By the hook's name.
#[derive(Clone, Debug, Default)]
pub struct Voices(HashMap<String, (Settings, Me)>);

impl Voices {
    /// For these hooks, by name and keyword. There commands are written behind `/keyword `, and so is help; in all else
    /// it is as `settings` say.
    pub fn of<'a>(hooks: impl IntoIterator<Item = (&'a str, &'a str)>, settings: &Settings) -> Self {
        let voice = |(name, keyword): (&str, &str)| {
            let settings = Settings {
                prefixes: vec![format!("/{keyword} ")],
                ..settings.clone()
            };
            let me = Me {
                keywords: vec![keyword.to_owned()],
                ..Me::default()
            };
            (name.to_owned(), (settings, me))
        };
        Self(hooks.into_iter().map(voice).collect())
    }

    fn get(&self, event: &Event) -> Option<&(Settings, Me)> {
        let place = event.place();
        if place.service != jandi::SERVICE {
            return None;
        }
        let (hook, _) = jandi::hook_of(&place.conversation)?;
        self.0.get(hook)
    }
}

impl Matcher {
    /// How commands look where an event came from.
    pub fn settings_of(&self, event: &Event) -> &Settings {
        self.voices.get(event).map_or(&self.settings, |(settings, _)| settings)
    }

    /// Who the bot is there.
    pub(super) fn me_of(&self, event: &Event) -> &Me {
        self.voices.get(event).map_or(&self.me, |(_, me)| me)
    }

    /// What a command is written behind where an event came from.
    pub fn prefix_of(&self, event: &Event) -> &str {
        self.settings_of(event).prefixes.first().map_or("", String::as_str)
    }
}
