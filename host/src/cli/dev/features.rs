//! What the playground's clients complete after `/` and offer in their menus: what the app at Slack would have.

use moa_core::config::Config;
use moa_core::locale::Locale;
use moa_core::manifest::Manifest;
use moa_core::router::Table;
use moa_core::slack::app::{App, Slashes, Wanted};
use moa_playground::Features;
use std::collections::BTreeMap;

/// Makes the features of the plugins that are loaded.
pub(super) struct Offerer {
    name: String,
    locale: Locale,
    aliases: BTreeMap<String, String>,
}

impl Offerer {
    /// For the bot of this configuration.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            name: config.bot.name.clone(),
            locale: config.bot.locale,
            aliases: config.aliases.clone(),
        }
    }

    /// What is offered while these plugins are loaded.
    pub(super) fn features<'a>(&self, plugins: impl Iterator<Item = &'a Manifest>) -> Features {
        let plugins: Vec<&Manifest> = plugins.collect();
        let named: Vec<(&str, &Manifest)> = plugins.iter().map(|one| (one.name.as_str(), *one)).collect();
        let (table, _) = Table::build(&named, &BTreeMap::new(), &self.aliases);
        let app = App::of(&Wanted {
            title: &self.name,
            name: &self.name,
            locale: self.locale,
            plugins,
            owners: table.owners(),
            slash: &Slashes::All,
            senders: true,
        });
        // The playground reads them as Slack does.
        serde_json::from_value(app.features()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_playground::ShortcutPlace;

    #[test]
    fn the_playground_reads_what_slack_would() {
        let config = crate::settings::load(None, Some(std::path::Path::new("data")), Vec::new()).unwrap();
        let lunch = r#"{"name": "lunch", "commands": [{"name": "점심팀", "aliases": ["lunch"], "summary": "Teams"}],
            "shortcuts": [{"id": "join", "on": "message", "name": "Join"}]}"#;
        let lunch = Manifest::parse(lunch).unwrap().manifest;
        let features = Offerer::new(&config).features([&lunch].into_iter());
        let words: Vec<&str> = features.slash_commands.iter().map(|one| one.command.as_str()).collect();
        assert_eq!(words, ["/moa", "/lunch"]);
        assert_eq!(features.slash_commands[1].description, "Teams");
        let [join] = &features.shortcuts[..] else {
            panic!("one shortcut: {features:?}")
        };
        assert_eq!(
            (join.callback_id.as_str(), join.place),
            ("lunch/join", ShortcutPlace::Message)
        );
    }
}
