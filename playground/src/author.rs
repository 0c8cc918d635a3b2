//! What the page shows to authors of plugins beside the chat: plugins, builds, log, and the frames on the wire.
//!
//! The playground knows nothing of who runs the plugins. Whoever does hands over plain cards and lines through an
//! [`AuthorPanel`]; the frames the playground sees itself.

use crate::locked;
use crate::shared::Shared;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// How many lines the log keeps.
const LINES: usize = 1_000;
/// How many faults are kept of each plugin.
const FAULTS: usize = 5;
/// Of how many plugins faults are kept.
const FAULTY: usize = 200;
/// How many plugins, and how many builds, are shown.
const CARDS: usize = 500;
/// How many messages of the compiler are shown of one build.
const DIAGNOSTICS: usize = 50;
/// The longest text, in bytes; what is beyond is cut off.
const TEXT: usize = 8 << 10;

/// A plugin, or a file that should have become one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PluginCard {
    /// The plugin's name; of a file that never was loaded, the file's.
    pub name: String,
    /// Which version of it serves; empty if none does.
    pub version: String,
    /// Where it was loaded from.
    pub file: String,
    /// One sentence of what it is.
    pub summary: String,
    /// Since when this version serves, in milliseconds since 1970; 0 if none does.
    pub since: u64,
    /// What people can write to call it, such as `!echo`.
    pub commands: Vec<String>,
    /// What it asks to be allowed, a line each.
    pub requests: Vec<String>,
    /// What is odd about it, a sentence each.
    pub warnings: Vec<String>,
    /// Why the file isn't what serves; empty if it is.
    pub problem: String,
    /// What it says of itself, shown as JSON.
    pub manifest: Value,
}

/// How far a build is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildState {
    /// It goes on.
    #[default]
    Building,
    /// There is a plugin.
    Built,
    /// There is none, or only the one from before.
    Failed,
}

/// The last build of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BuildCard {
    /// The source's name.
    pub name: String,
    /// The source's folder.
    pub dir: String,
    /// How far it is.
    pub state: BuildState,
    /// How it ended, in a line or some; with [`BuildState::Failed`] why, unless the diagnostics say so.
    pub text: String,
    /// When it ended, in milliseconds since 1970; 0 as long as it goes on.
    pub at: u64,
    /// What the compiler says, in its order. The first 50 are shown.
    pub diagnostics: Vec<BuildNote>,
}

/// One message of a compiler.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BuildNote {
    /// How bad it is: [`Level::Error`] or [`Level::Warn`].
    pub level: Level,
    /// The file; empty if it is about none.
    pub file: String,
    /// The line, from 1; 0 if it is about none.
    pub line: u32,
    /// The column, from 1; 0 if it is about none.
    pub column: u32,
    /// What it says, in one line.
    pub message: String,
    /// All it says, with lines of the source, as plain text.
    pub details: String,
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// The usual.
    #[default]
    Info,
    /// Odd.
    Warn,
    /// Wrong.
    Error,
}

/// A line of the log. Texts longer than 8 KiB are cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// The call that it is about; empty if about none. A message of the bot whose metadata holds this id as
    /// `event_payload.invocation` leads to its lines.
    pub invocation: String,
    /// The plugin that it is about; empty if about none.
    pub plugin: String,
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Whether a call failed by it. The last 5 faults of a plugin are kept beside its card, however long the log gets.
    pub fault: bool,
}

#[derive(Default)]
struct Shown {
    plugins: Vec<PluginCard>,
    builds: Vec<BuildCard>,
    log: VecDeque<LogLine>,
    faults: BTreeMap<String, VecDeque<LogLine>>,
}

/// What there is to show. All of it is bounded.
#[derive(Default)]
pub(crate) struct Author {
    shown: Mutex<Shown>,
}

impl Author {
    /// All of it, for a page that is just opened.
    pub fn state(&self) -> Value {
        let shown = locked(&self.shown);
        json!({"plugins": shown.plugins, "builds": shown.builds, "log": shown.log, "faults": shown.faults})
    }
}

/// The way to the part of the page that is for authors. Clones lead to the same page; once the playground is shut down,
/// nothing comes of what is handed over.
#[derive(Clone, Debug)]
pub struct AuthorPanel {
    shared: Arc<Shared>,
}

impl AuthorPanel {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Shows these plugins instead of those before. Beyond 500 none are shown.
    pub fn set_plugins(&self, mut plugins: Vec<PluginCard>) {
        plugins.truncate(CARDS);
        for card in &mut plugins {
            cut(&mut card.problem);
        }
        let mut shown = locked(&self.shared.author.shown);
        if shown.plugins != plugins {
            // Under the lock, so that pages hear of changes in their order.
            self.shared.notice(|| json!({"type": "plugins", "plugins": plugins}));
            shown.plugins = plugins;
        }
    }

    /// Shows these builds instead of those before. Beyond 500 none are shown.
    pub fn set_builds(&self, mut builds: Vec<BuildCard>) {
        builds.truncate(CARDS);
        for card in &mut builds {
            cut(&mut card.text);
            card.diagnostics.truncate(DIAGNOSTICS);
            for note in &mut card.diagnostics {
                cut(&mut note.message);
                cut(&mut note.details);
            }
        }
        let mut shown = locked(&self.shared.author.shown);
        if shown.builds != builds {
            self.shared.notice(|| json!({"type": "builds", "builds": builds}));
            shown.builds = builds;
        }
    }

    /// Adds a line to the log, which keeps the newest 1,000.
    pub fn log(&self, mut line: LogLine) {
        cut(&mut line.text);
        let mut shown = locked(&self.shared.author.shown);
        self.shared.notice(|| json!({"type": "log", "line": line}));
        if line.fault && (shown.faults.len() < FAULTY || shown.faults.contains_key(&line.plugin)) {
            let faults = shown.faults.entry(line.plugin.clone()).or_default();
            faults.push_back(line.clone());
            if faults.len() > FAULTS {
                faults.pop_front();
            }
        }
        shown.log.push_back(line);
        if shown.log.len() > LINES {
            shown.log.pop_front();
        }
    }
}

/// Cuts what is beyond the longest text, between two characters.
fn cut(text: &mut String) {
    if text.len() > TEXT {
        text.truncate(text.floor_char_boundary(TEXT));
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn panel() -> AuthorPanel {
        let address = "127.0.0.1:1".parse().unwrap();
        AuthorPanel::new(Arc::new(Shared::new(Options::default(), address)))
    }

    #[test]
    fn the_log_forgets_the_oldest_but_not_the_last_faults() {
        let panel = panel();
        for n in 0..7 {
            let (plugin, text) = ("hello".to_owned(), format!("fault {n}"));
            panel.log(LogLine {
                plugin,
                text,
                fault: true,
                ..LogLine::default()
            });
        }
        for n in 0..LINES {
            panel.log(LogLine {
                text: format!("line {n}"),
                ..LogLine::default()
            });
        }
        let state = panel.shared.author.state();
        assert_eq!(state["log"].as_array().unwrap().len(), LINES);
        assert_eq!(state["log"][0]["text"], "line 0");
        let faults = state["faults"]["hello"].as_array().unwrap();
        assert_eq!(faults.len(), FAULTS);
        assert_eq!(faults[0]["text"], "fault 2");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let panel = panel();
        panel.log(LogLine {
            text: "가".repeat(TEXT),
            ..LogLine::default()
        });
        let state = panel.shared.author.state();
        let text = state["log"][0]["text"].as_str().unwrap();
        assert!(text.len() <= TEXT + 3 && text.ends_with("가…"));
    }

    #[tokio::test]
    async fn pages_hear_of_changes_and_only_of_those() {
        let panel = panel();
        let mut heard = panel.shared.notices.subscribe();
        let card = BuildCard {
            name: "hello".to_owned(),
            state: BuildState::Failed,
            ..BuildCard::default()
        };
        panel.set_builds(vec![card.clone()]);
        panel.set_builds(vec![card]);
        panel.set_builds(Vec::new());
        let first: Value = serde_json::from_str(&heard.recv().await.unwrap()).unwrap();
        assert_eq!(
            (&first["type"], &first["builds"][0]["state"]),
            (&json!("builds"), &json!("failed"))
        );
        let second: Value = serde_json::from_str(&heard.recv().await.unwrap()).unwrap();
        assert_eq!(second["builds"], json!([]));
        assert!(heard.try_recv().is_err(), "the same twice is no news");
    }
}
