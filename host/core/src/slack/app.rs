//! The app that Slack must know for a bot with these plugins, as its *app manifest*: which slash commands and shortcuts
//! people are offered, which events the bot is told, what it may do. No more than that: what no plugin wants is not asked
//! for.
//!
//! The form and the limits are Slack's (app manifest, `_metadata.major_version: 1`): names of apps have 35 characters,
//! descriptions 140; there are at most 50 slash commands of 32 characters (the slash counted), described by 2,000, with
//! a hint of 1,000; at most 10 shortcuts. An empty list is refused, and so is an event without the scope that it needs,
//! or a slash command that Slack has itself: then the whole manifest is, so such a thing is left out here, and
//! [`LeftOut`] says so.

mod left_out;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub use left_out::LeftOut;
pub use words::own_slash;

use crate::locale::Locale;
use crate::manifest::{ChatEvent, Command, Manifest, OFFERED_SHORTCUTS, Shortcut, ShortcutPlace};
use crate::router::FALLBACK_SLASH;
use crate::text::{normalise, printable_line};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use words::{is_built_in, slash_word};

/// The longest name of an app, in characters.
pub const MAX_NAME: usize = 35;

/// The most slash commands of one app.
const MAX_SLASH_COMMANDS: usize = 50;
/// The longest text beside a slash command, in characters. Slack takes 2,000; people read less.
const MAX_DESCRIPTION: usize = 200;
/// The longest hint beside a slash command, in characters. Slack takes 1,000; people read less.
const MAX_HINT: usize = 200;
/// The longest description of a shortcut, in characters.
const MAX_SHORTCUT: usize = 150;

/// What every bot needs: to hear people, to know who and where they are, to answer, and to be called by a command.
const SCOPES: [&str; 16] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "users:read",
];

/// What every bot is told. Edits, deletions and topics are among the messages.
const EVENTS: [&str; 5] = [
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
];

/// What an app is made from.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// What the app is called: at most [`MAX_NAME`] characters of it.
    pub title: &'a str,
    /// How people address the bot; where Slack takes that, it is the bot's own slash command.
    pub name: &'a str,
    /// The language of what people read; Slack's manifests have one.
    pub locale: Locale,
    /// The plugins' manifests, in the order in which their slash commands are to stand.
    pub plugins: Vec<&'a Manifest>,
    /// Which plugin each word belongs to: see [`Table::owners`](crate::router::Table::owners).
    pub owners: &'a BTreeMap<String, String>,
    /// Which commands get slash commands of their own.
    pub slash: &'a Slashes,
    /// Whether plugins may write under names and icons of their own. No manifest tells whether one does.
    pub senders: bool,
}

/// Which commands get slash commands of their own. The bot itself always has one, and every command is behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slashes {
    /// All that can.
    #[default]
    All,
    /// None.
    None,
    /// Those with these names or aliases.
    Only(Vec<String>),
}

/// An app at Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    name: String,
    description: &'static str,
    /// The bot's own comes first.
    slash_commands: Vec<SlashCommand>,
    shortcuts: Vec<Offer>,
    scopes: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
    left_out: Vec<LeftOut>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SlashCommand {
    /// Without the slash.
    word: String,
    description: String,
    hint: String,
}

/// A shortcut as Slack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    callback_id: String,
    kind: &'static str,
    name: String,
    description: String,
}

impl App {
    /// The app for a bot.
    pub fn of(wanted: &Wanted<'_>) -> Self {
        let mut app = Self {
            name: line(wanted.title, MAX_NAME),
            description: wanted
                .locale
                .pick("누구나 명령을 더할 수 있는 봇", "A bot that anyone can extend"),
            slash_commands: Vec::new(),
            shortcuts: Vec::new(),
            scopes: SCOPES.into(),
            events: EVENTS.into(),
            left_out: Vec::new(),
        };
        app.slash(wanted);
        for manifest in &wanted.plugins {
            for shortcut in &manifest.shortcuts {
                app.offer(&manifest.name, shortcut, wanted.locale);
            }
            for event in &manifest.events {
                app.tell(*event);
            }
            if !manifest.requests.conversations.is_empty() {
                // Where it was not invited to, as far as everybody may read there.
                app.scopes.insert("chat:write.public");
            }
        }
        if wanted.senders {
            app.scopes.insert("chat:write.customize");
        }
        app
    }

    /// What the bot token has to be allowed to do.
    pub fn scopes(&self) -> Vec<&'static str> {
        self.scopes.iter().copied().collect()
    }

    /// What Slack would not have taken.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The bot's own slash command, without the slash.
    pub fn own_slash(&self) -> &str {
        self.slash_commands.first().map_or(FALLBACK_SLASH, |own| &own.word)
    }

    fn slash(&mut self, wanted: &Wanted<'_>) {
        let locale = wanted.locale;
        let bot = own_slash(wanted.name).to_owned();
        self.slash_commands.push(SlashCommand {
            word: bot.clone(),
            description: locale.pick("봇에게 시키기", "Ask the bot").into(),
            hint: locale.pick("도움말", "help").into(),
        });
        let commands = wanted.plugins.iter().flat_map(|manifest| {
            let commands = manifest.commands.iter();
            commands.map(|command| (manifest.name.as_str(), command))
        });
        let is_meant = |command: &Command| match wanted.slash {
            Slashes::All => true,
            Slashes::None => false,
            Slashes::Only(only) => only.iter().any(|word| has_word(command, word)),
        };
        for (plugin, command) in commands.clone().filter(|(_, command)| is_meant(command)) {
            let named = |word: &&String| {
                let owner = wanted.owners.get(&*normalise(word));
                owner.is_some_and(|owner| owner == plugin)
            };
            // What belongs to another plugin is reached by that one's entry.
            let words: Vec<&String> = words_of(command).filter(named).collect();
            if !words.is_empty() {
                self.slash_command(command, &words, &bot, locale);
            }
        }
        if let Slashes::Only(only) = wanted.slash {
            let unknown = only
                .iter()
                .filter(|word| !commands.clone().any(|(_, command)| has_word(command, word)));
            self.left_out
                .extend(unknown.map(|word| LeftOut::Unknown { word: word.clone() }));
        }
    }

    /// One slash command for a command, by the first of its words that can be one.
    fn slash_command(&mut self, command: &Command, words: &[&String], bot: &str, locale: Locale) {
        let (name, bot) = (command.name.clone(), bot.to_owned());
        let words: Vec<String> = words.iter().filter_map(|word| slash_word(word)).collect();
        let is_taken = |word: &&String| self.slash_commands.iter().any(|other| other.word == **word);
        let free = words.iter().find(|word| !is_built_in(word) && !is_taken(word));
        let left_out = match (free, words.first()) {
            (Some(_), _) if self.slash_commands.len() >= MAX_SLASH_COMMANDS => LeftOut::NoRoom { command: name, bot },
            (Some(word), _) => {
                let summary = line(command.summary.get(locale.tag()), MAX_DESCRIPTION);
                self.slash_commands.push(SlashCommand {
                    word: word.clone(),
                    description: if summary.is_empty() { name } else { summary },
                    hint: line(&command.hint(locale), MAX_HINT),
                });
                return;
            }
            (None, Some(word)) if is_built_in(word) => LeftOut::BuiltIn {
                command: name,
                word: word.clone(),
                bot,
            },
            (None, Some(word)) => LeftOut::Taken {
                command: name,
                word: word.clone(),
                bot,
            },
            (None, None) => LeftOut::NoWord { command: name, bot },
        };
        self.left_out.push(left_out);
    }

    fn offer(&mut self, plugin: &str, shortcut: &Shortcut, locale: Locale) {
        if self.shortcuts.len() >= OFFERED_SHORTCUTS {
            self.left_out.push(LeftOut::NoRoomForShortcut {
                plugin: plugin.into(),
                id: shortcut.id.clone(),
            });
            return;
        }
        let name = line(shortcut.name.get(locale.tag()), crate::manifest::MAX_SHORTCUT_NAME);
        let description = line(shortcut.description.get(locale.tag()), MAX_SHORTCUT);
        self.shortcuts.push(Offer {
            callback_id: format!("{plugin}/{}", shortcut.id),
            kind: match shortcut.on {
                ShortcutPlace::Message => "message",
                ShortcutPlace::Anywhere => "global",
            },
            description: if description.is_empty() {
                name.clone()
            } else {
                description
            },
            name,
        });
    }

    /// Lets the bot be told of something, with the scope that Slack wants for it.
    fn tell(&mut self, event: ChatEvent) {
        let (event, scope) = match event {
            ChatEvent::Reacted => ("reaction_added", "reactions:read"),
            ChatEvent::Unreacted => ("reaction_removed", "reactions:read"),
            ChatEvent::Joined => ("member_joined_channel", "channels:read"),
            ChatEvent::Left => ("member_left_channel", "channels:read"),
            // Subtypes of messages.
            ChatEvent::Topic | ChatEvent::Edited | ChatEvent::Deleted => return,
        };
        self.events.insert(event);
        self.scopes.insert(scope);
    }

    /// The part that people see: slash commands and shortcuts, and how the bot appears.
    pub fn features(&self) -> Value {
        let mut features = json!({
            "app_home": {
                "home_tab_enabled": false,
                "messages_tab_enabled": true,
                // Otherwise nobody can write to the bot directly.
                "messages_tab_read_only_enabled": false,
            },
            "bot_user": {"always_online": true, "display_name": self.display_name()},
            "shortcuts": self.shortcuts.iter().map(Offer::json).collect::<Vec<_>>(),
            "slash_commands": self.slash_commands.iter().map(SlashCommand::json).collect::<Vec<_>>(),
        });
        if let Some(features) = features.as_object_mut()
            && self.shortcuts.is_empty()
        {
            features.remove("shortcuts");
        }
        features
    }

    /// The whole manifest, in JSON.
    pub fn json(&self) -> Value {
        json!({
            "_metadata": {"major_version": 1},
            "display_information": {"description": self.description, "name": self.name},
            "features": self.features(),
            "oauth_config": {"scopes": {"bot": self.scopes}},
            "settings": {
                "event_subscriptions": {"bot_events": self.events},
                "interactivity": {"is_enabled": true},
                "org_deploy_enabled": false,
                "socket_mode_enabled": true,
                "token_rotation_enabled": false,
            },
        })
    }

    /// The whole manifest, in YAML.
    pub fn yaml(&self) -> String {
        yaml::write(&self.json())
    }

    /// The bot's name where people mention it. Slack's words for what it may hold are stricter than what it takes, and
    /// no word tells of other scripts.
    fn display_name(&self) -> &str {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
        match self.name.chars().all(plain) && !self.name.is_empty() {
            true => &self.name,
            false => self.own_slash(),
        }
    }
}

impl SlashCommand {
    fn json(&self) -> Value {
        let mut json = json!({
            "command": format!("/{}", self.word),
            "description": self.description,
            // Mentions come as ids, not as names that anybody can take.
            "should_escape": true,
            "usage_hint": self.hint,
        });
        if let Some(fields) = json.as_object_mut()
            && self.hint.is_empty()
        {
            fields.remove("usage_hint");
        }
        json
    }
}

impl Offer {
    fn json(&self) -> Value {
        json!({
            "callback_id": self.callback_id,
            "description": self.description,
            "name": self.name,
            "type": self.kind,
        })
    }
}

/// One line of at most so many characters.
fn line(text: &str, max: usize) -> String {
    let whole = printable_line(text, max);
    match whole.chars().count() > max {
        true => printable_line(text, max - 1),
        false => whole,
    }
}

fn words_of(command: &Command) -> impl Iterator<Item = &String> {
    std::iter::once(&command.name).chain(&command.aliases)
}

fn has_word(command: &Command, word: &str) -> bool {
    words_of(command).any(|own| *own == *normalise(word))
}
