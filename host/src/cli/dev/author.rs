//! What the playground's page tells an author: builds, plugins, and what is logged about their calls.

use super::super::progress;
use super::features::Offerer;
use crate::registry::{Loaded, Report};
use crate::toolchain::diagnostic::Severity;
use crate::toolchain::{BuildError, BuildResult, Diagnostic, Source, check};
use moa_core::config::Config;
use moa_core::manifest::Command;
use moa_playground::{AuthorPanel, BuildCard, BuildNote, BuildState, Features, Level, LogLine, PluginCard};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, watch};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How many lines may wait for the page; a plugin that logs faster than they are taken loses some there. The log on
/// standard error has them all.
const WAITING: usize = 1_024;
/// How many examples are shown when a plugin is loaded.
const EXAMPLES: usize = 4;

/// What is known by now, and where it is shown.
pub(super) struct Author {
    panel: AuthorPanel,
    /// Before the name of a command.
    prefix: String,
    builds: Mutex<BTreeMap<PathBuf, BuildCard>>,
    plugins: Mutex<Plugins>,
    offerer: Offerer,
    offered: watch::Sender<Features>,
}

#[derive(Default)]
struct Plugins {
    loaded: BTreeMap<PathBuf, Arc<Loaded>>,
    /// Why a file is not what serves.
    problems: BTreeMap<PathBuf, String>,
}

impl Author {
    pub(super) fn new(panel: AuthorPanel, config: &Config) -> Self {
        let offerer = Offerer::new(config);
        let offered = watch::Sender::new(offerer.features(std::iter::empty()));
        Self {
            panel,
            prefix: config.bot.prefixes.first().cloned().unwrap_or_default(),
            builds: Mutex::default(),
            plugins: Mutex::default(),
            offerer,
            offered,
        }
    }

    /// The slash commands and shortcuts of the plugins that are loaded.
    pub(super) fn offered(&self) -> watch::Receiver<Features> {
        self.offered.subscribe()
    }

    /// Shows the lines that are caught, until the log ends.
    pub(super) async fn show_lines(self: Arc<Self>, mut lines: mpsc::Receiver<LogLine>) {
        while let Some(line) = lines.recv().await {
            self.panel.log(line);
        }
    }

    /// A source is looked at. What was wrong with it stays in sight until more is known.
    pub(super) fn build_begins(&self, source: &Source) {
        let mut builds = locked(&self.builds);
        let card = builds.entry(source.dir.clone()).or_insert_with(|| BuildCard {
            name: source.name.clone(),
            dir: source.dir.display().to_string(),
            ..BuildCard::default()
        });
        card.state = BuildState::Building;
        self.panel.set_builds(builds.values().cloned().collect());
    }

    /// A source is done.
    pub(super) fn build_ended(&self, result: &BuildResult) {
        let mut builds = locked(&self.builds);
        let mut card = build_card(result);
        let unchanged = result.outcome.as_ref().is_ok_and(|built| !built.rebuilt);
        if let Some(before) = builds.get(&result.source.dir)
            && unchanged
            && before.at != 0
        {
            card.at = before.at;
        }
        builds.insert(result.source.dir.clone(), card);
        self.panel.set_builds(builds.values().cloned().collect());
    }

    /// These are all the sources that there are.
    pub(super) fn builds_ended(&self, results: &[BuildResult]) {
        let mut builds = locked(&self.builds);
        builds.retain(|dir, _| results.iter().any(|result| result.source.dir == *dir));
        self.panel.set_builds(builds.values().cloned().collect());
    }

    /// Nothing at or below a folder could be built.
    pub(super) fn no_builds(&self, dir: &Path, why: String) {
        let mut builds = locked(&self.builds);
        let dir_text = dir.display().to_string();
        let card = BuildCard {
            name: dir_text.clone(),
            dir: dir_text,
            state: BuildState::Failed,
            text: why,
            at: now(),
            diagnostics: Vec::new(),
        };
        builds.insert(dir.to_owned(), card);
        self.panel.set_builds(builds.values().cloned().collect());
    }

    /// The registry did or met something.
    pub(super) fn report(&self, report: &Report) {
        let plugin = match report {
            Report::Loaded { plugin, .. }
            | Report::Replaced { plugin, .. }
            | Report::Moved { plugin, .. }
            | Report::Mended { plugin }
            | Report::Stopped { plugin }
            | Report::Started { plugin } => plugin.name.clone(),
            Report::Removed { name, .. } | Report::DuplicateName { name, .. } => name.clone(),
            Report::Conflict { refused, .. } => refused.clone(),
            Report::Failed(problem) => stem(&problem.path),
            Report::FolderGone { .. } | Report::FolderBack { .. } => String::new(),
        };
        let level = if report.is_problem() { Level::Warn } else { Level::Info };
        self.panel.log(LogLine {
            plugin,
            level,
            text: report.to_string(),
            at: now(),
            ..LogLine::default()
        });
        let mut plugins = locked(&self.plugins);
        plugins.learn(report);
        self.panel.set_plugins(plugins.cards(&self.prefix));
        let loaded = plugins.loaded.values().map(|plugin| &*plugin.manifest);
        self.offered.send_replace(self.offerer.features(loaded));
    }
}

impl Plugins {
    fn learn(&mut self, report: &Report) {
        match report {
            Report::Loaded { plugin, .. }
            | Report::Replaced { plugin, .. }
            | Report::Moved { plugin, .. }
            | Report::Mended { plugin }
            | Report::Stopped { plugin }
            | Report::Started { plugin } => {
                self.problems.remove(&plugin.path);
                self.loaded.retain(|_, other| other.name != plugin.name);
                self.loaded.insert(plugin.path.clone(), Arc::clone(plugin));
            }
            Report::Removed { name, path, .. } => {
                if self.loaded.get(path).is_some_and(|gone| gone.name == *name) {
                    self.loaded.remove(path);
                }
            }
            Report::Failed(problem) => {
                self.problems
                    .insert(problem.path.clone(), format!("{}: {}", problem.stage, problem.reason));
            }
            Report::DuplicateName { refused, .. } => {
                self.problems.insert(refused.clone(), report.to_string());
            }
            Report::Conflict { .. } | Report::FolderGone { .. } | Report::FolderBack { .. } => {}
        }
        // Of a file that never was loaded nobody tells when it goes.
        self.problems.retain(|path, _| path.exists());
    }

    fn cards(&self, prefix: &str) -> Vec<PluginCard> {
        let loaded = self.loaded.iter().map(|(path, plugin)| PluginCard {
            problem: self.problems.get(path).cloned().unwrap_or_default(),
            ..plugin_card(plugin, prefix)
        });
        let never = self
            .problems
            .iter()
            .filter(|(path, _)| !self.loaded.contains_key(*path))
            .map(|(path, problem)| PluginCard {
                name: stem(path),
                file: path.display().to_string(),
                problem: problem.clone(),
                ..PluginCard::default()
            });
        let mut cards: Vec<PluginCard> = loaded.chain(never).collect();
        cards.sort_by(|a, b| a.name.cmp(&b.name));
        cards
    }
}

fn plugin_card(plugin: &Loaded, prefix: &str) -> PluginCard {
    let manifest = &plugin.manifest;
    let mut commands = Vec::new();
    for command in &manifest.commands {
        list_commands(command, prefix, &mut commands);
    }
    commands.extend(manifest.hears.iter().map(|hear| format!("/{}/", hear.pattern)));
    PluginCard {
        name: plugin.name.clone(),
        version: plugin.version.clone(),
        file: plugin.path.display().to_string(),
        summary: manifest.summary.get("en").to_owned(),
        since: u64::try_from(plugin.since.as_millisecond()).unwrap_or_default(),
        commands,
        requests: check::grant_lines(&manifest.requests),
        warnings: plugin.warnings.clone(),
        problem: String::new(),
        manifest: serde_json::to_value(&**manifest).unwrap_or_default(),
    }
}

/// What can be written to call a command or one below it, by all its names.
fn list_commands(command: &Command, before: &str, list: &mut Vec<String>) {
    for name in std::iter::once(&command.name).chain(&command.aliases) {
        list.push(format!("{before}{name}"));
    }
    for below in &command.subcommands {
        list_commands(below, &format!("{before}{} ", command.name), list);
    }
}

/// What to type to see what a plugin does: an example of each command, of few.
pub(super) fn first_examples(commands: &[Command]) -> Vec<String> {
    let firsts = commands.iter().flat_map(|command| {
        let below = first_examples(&command.subcommands);
        command.examples.first().cloned().into_iter().chain(below)
    });
    firsts.take(EXAMPLES).collect()
}

fn build_card(result: &BuildResult) -> BuildCard {
    let (state, text, diagnostics) = match &result.outcome {
        Ok(built) => (BuildState::Built, progress::summary(result), &*built.diagnostics),
        Err(BuildError::Compiler { diagnostics, words }) => (BuildState::Failed, words.clone(), &**diagnostics),
        Err(error) => (BuildState::Failed, error.to_string(), &[][..]),
    };
    BuildCard {
        name: result.source.name.clone(),
        dir: result.source.dir.display().to_string(),
        state,
        text,
        at: now(),
        diagnostics: diagnostics.iter().map(note).collect(),
    }
}

fn note(diagnostic: &Diagnostic) -> BuildNote {
    BuildNote {
        level: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warn,
        },
        file: diagnostic.file.clone(),
        line: diagnostic.line,
        column: diagnostic.column,
        message: diagnostic.message.clone(),
        details: diagnostic.plain(),
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it guards is whole at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Catches the lines of the log that are about a plugin, whatever else the log shows; they come out at the other end.
pub(super) fn catch_lines<S>() -> (impl Layer<S> + Send + Sync, mpsc::Receiver<LogLine>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let (tell, told) = mpsc::channel(WAITING);
    (Catcher { tell }.with_filter(filter_fn(is_about_a_plugin)), told)
}

fn is_about_a_plugin(line: &Metadata<'_>) -> bool {
    line.fields().field("plugin").is_some() && (line.target() == PLUGIN || *line.level() <= tracing::Level::DEBUG)
}

/// The target of what plugins say themselves.
const PLUGIN: &str = "plugin";

struct Catcher {
    tell: mpsc::Sender<LogLine>,
}

impl<S: Subscriber> Layer<S> for Catcher {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        let mut line = Line(
            LogLine {
                level,
                at: now(),
                ..LogLine::default()
            },
            String::new(),
        );
        event.record(&mut line);
        let Line(mut line, more) = line;
        // What a plugin says is shown as it says it.
        if metadata.target() != PLUGIN {
            line.text.push_str(&more);
        }
        // What the host calls an error of a call is what it failed by; a plugin may call errors what it likes.
        line.fault = level == Level::Error && metadata.target() != PLUGIN && !line.invocation.is_empty();
        // No room: see there.
        let _ = self.tell.try_send(line);
    }
}

/// A line and what is to stand behind its text.
struct Line(LogLine, String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "plugin" => value.clone_into(&mut self.0.plugin),
            "invocation" => value.clone_into(&mut self.0.invocation),
            "message" => value.clone_into(&mut self.0.text),
            name => self.1.push_str(&format!(" {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Problem;
    use crate::registry::Stage;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[test]
    fn lines_about_plugins_are_caught_with_what_they_are_about() {
        let (catcher, mut lines) = catch_lines();
        let log = tracing_subscriber::registry().with(catcher);
        tracing::subscriber::with_default(log, || {
            let (plugin, invocation) = ("hello", "abc");
            tracing::trace!(target: "plugin", plugin, invocation, "counted to {}", 3);
            tracing::error!(target: "plugin", plugin, invocation, "its own idea of an error");
            tracing::error!(plugin = %plugin, invocation = %invocation, version = "1", "it trapped");
            tracing::error!(plugin, "nothing of a call");
            tracing::trace!(plugin, invocation, "too much detail of the host");
            tracing::error!("not about a plugin");
        });
        let mut line = || lines.try_recv().ok();
        let own = line().unwrap();
        assert_eq!(
            (own.plugin.as_str(), own.invocation.as_str(), own.text.as_str()),
            ("hello", "abc", "counted to 3")
        );
        assert_eq!((own.level, own.fault), (Level::Trace, false));
        assert!(!line().unwrap().fault, "a plugin's own error is no fault");
        let fault = line().unwrap();
        assert_eq!((fault.text.as_str(), fault.fault), ("it trapped version=1", true));
        assert!(!line().unwrap().fault);
        assert_eq!(line(), None);
    }

    #[test]
    fn a_file_that_never_loaded_is_shown_until_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("broken.wasm");
        std::fs::write(&path, "x").unwrap();
        let mut plugins = Plugins::default();
        let problem = Problem {
            path: path.clone(),
            stage: Stage::Inspect,
            reason: "no component".into(),
            serving: None,
        };
        plugins.learn(&Report::Failed(problem));
        let cards = plugins.cards("!");
        assert_eq!(
            (cards[0].name.as_str(), cards[0].problem.as_str()),
            ("broken", "inspect: no component")
        );
        assert!(cards[0].version.is_empty());
        std::fs::remove_file(&path).unwrap();
        plugins.learn(&Report::FolderBack { dir: dir.path().into() });
        assert_eq!(plugins.cards("!"), []);
    }

    #[test]
    fn a_command_is_listed_by_all_its_names() {
        let below = Command {
            name: "add".into(),
            examples: vec!["!memo add x".into(), "!memo add y".into()],
            ..Command::default()
        };
        let command = Command {
            name: "memo".into(),
            examples: vec!["!memo".into()],
            aliases: vec!["메모".into()],
            subcommands: vec![below],
            ..Command::default()
        };
        let mut list = Vec::new();
        list_commands(&command, "!", &mut list);
        assert_eq!(list, ["!memo", "!메모", "!memo add"]);
        assert_eq!(first_examples(&[command]), ["!memo", "!memo add x"]);
    }

    #[test]
    fn what_the_compiler_says_is_shown_with_its_place() {
        let source = Source {
            dir: "plugins/hello".into(),
            name: "hello".into(),
            language: crate::toolchain::Language::Rust,
            entry: "Cargo.toml".into(),
            engine: crate::toolchain::source::ScriptEngine::default(),
        };
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            file: "src/lib.rs".into(),
            line: 7,
            column: 5,
            message: "mismatched types".into(),
            rendered: "\u{1b}[1merror\u{1b}[0m: mismatched types\n".into(),
        };
        let outcome = Err(BuildError::Compiler {
            diagnostics: vec![diagnostic],
            words: String::new(),
        });
        let card = build_card(&BuildResult {
            source,
            outcome,
            took: std::time::Duration::ZERO,
        });
        assert_eq!(card.state, BuildState::Failed);
        let note = &card.diagnostics[0];
        assert_eq!(
            (note.file.as_str(), note.line, note.level),
            ("src/lib.rs", 7, Level::Error)
        );
        assert_eq!(note.details, "error: mismatched types\n");
    }
}
