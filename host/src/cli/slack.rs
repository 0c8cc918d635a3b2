//! `moa slack manifest`: what Slack must know of the app, from the plugins that are there.

use super::{End, Global, log, runtime};
use crate::control::PluginList;
use crate::control::client::Client;
use crate::registry::Shown;
use crate::settings;
use crate::toolchain::check_folder;
use clap::{Args, Subcommand};
use moa_core::config::Config;
use moa_core::manifest::Manifest;
use moa_core::router::Table;
use moa_core::slack::app::{App, MAX_NAME, Slashes, Wanted};
use moa_engine::Engine;
use std::collections::BTreeMap;

/// Where people make apps.
pub(super) const APPS: &str = "https://api.slack.com/apps";

/// Arguments of `moa slack`.
#[derive(Debug, Args)]
pub struct SlackArgs {
    /// What to do
    #[command(subcommand)]
    pub command: SlackCommand,
}

/// What `moa slack` can do.
#[derive(Debug, Subcommand)]
pub enum SlackCommand {
    /// Print the manifest of the app at Slack: YAML, or JSON with --json
    ///
    /// It has what the plugins in the plugin folder need and nothing else: scopes and events, a slash command for each
    /// command whose name Slack takes, their shortcuts. Paste it at https://api.slack.com/apps, for a new app ("Create
    /// New App", "From a manifest") or in one that exists ("App Manifest"); after a change of scopes the app has to be
    /// installed again. What Slack would not take is left out and told on standard error.
    Manifest(ManifestArgs),
}

/// Arguments of `moa slack manifest`.
#[derive(Clone, Debug, Default, Args)]
pub struct ManifestArgs {
    /// What the app is called [default: bot.name]
    #[arg(long, value_name = "NAME", value_parser = title)]
    pub name: Option<String>,
    /// Which commands get a slash command of their own: all, none, or their names with commas between them
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = slashes)]
    pub slash: Slashes,
    /// Let plugins write under a name and an icon of their own (scope chat:write.customize)
    #[arg(long)]
    pub senders: bool,
}

fn title(text: &str) -> Result<String, String> {
    match text.trim().chars().count() {
        0 => Err("an app needs a name".into()),
        length if length > MAX_NAME => Err(format!("it has {length} characters; Slack takes {MAX_NAME}")),
        _ => Ok(text.trim().into()),
    }
}

fn slashes(text: &str) -> Result<Slashes, String> {
    match text {
        "all" => return Ok(Slashes::All),
        "none" => return Ok(Slashes::None),
        _ => {}
    }
    let words = text
        .split(',')
        .map(|word| word.trim().trim_start_matches('/').to_owned());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => Err("write all, none, or names of commands".into()),
        false => Ok(Slashes::Only(words)),
    }
}

pub(super) fn main(global: &Global, args: &SlackArgs) -> anyhow::Result<End> {
    let SlackCommand::Manifest(args) = &args.command;
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    let known = runtime()?.block_on(Known::of(&config))?;
    let app = known.app(&config, args);
    match global.json {
        true => println!("{}", serde_json::to_string_pretty(&app.json())?),
        // It ends with a line end.
        false => print!("{}", app.yaml()),
    }
    for note in known.notes(&app) {
        eprintln!("moa: {note}");
    }
    eprintln!("moa: paste it at {APPS} (Create New App, From a manifest; or App Manifest, in an app that exists)");
    Ok(End::Done)
}

/// The plugins that an app is made for.
pub(super) struct Known {
    manifests: Vec<Manifest>,
    /// Which plugin each command word belongs to.
    words: BTreeMap<String, String>,
    /// What the operator should know of how they were found.
    notes: Vec<String>,
}

impl Known {
    /// Those that the running host of this configuration has loaded; where none runs, those in its plugin folder.
    ///
    /// # Errors
    /// The folder cannot be read, or nothing can be looked at on this machine.
    pub(super) async fn of(config: &Config) -> anyhow::Result<Self> {
        let unasked = match Client::host(&config.bot.socket).await {
            Ok(None) => return Self::in_folder(config).await,
            Ok(Some(host)) => match host.get::<PluginList>("/v1/plugins").await {
                Ok(list) => return Ok(Self::loaded(list)),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let mut known = Self::in_folder(config).await?;
        let what = "the moa that runs does not tell its plugins, so this is made from the files in the plugin folder";
        known.notes.push(format!("{what}: {unasked:#}"));
        Ok(known)
    }

    fn loaded(list: PluginList) -> Self {
        Self {
            manifests: list.plugins.into_iter().map(|plugin| plugin.manifest).collect(),
            words: list.words,
            notes: Vec::new(),
        }
    }

    async fn in_folder(config: &Config) -> anyhow::Result<Self> {
        let dir = &config.plugins.dir;
        let engine = Engine::new(moa_engine::Options::default())?;
        let mut known = Self {
            manifests: Vec::new(),
            words: BTreeMap::new(),
            notes: Vec::new(),
        };
        for report in check_folder(&engine, dir).await? {
            let file = Shown(&report.path);
            match (report.manifest, report.problem) {
                (Some(manifest), _) if known.manifests.iter().any(|other| other.name == manifest.name) => {
                    known.notes.push(format!(
                        "{file} is left out: another file has the name {} too",
                        manifest.name
                    ));
                }
                (Some(manifest), _) => known.manifests.push(manifest),
                (None, Some(trouble)) => {
                    known
                        .notes
                        .push(format!("{file} is left out ({}): {}", trouble.stage, trouble.reason));
                }
                (None, None) => {}
            }
        }
        known.manifests.sort_by(|a, b| a.name.cmp(&b.name));
        if known.manifests.is_empty() {
            known.notes.push(format!(
                "there is no plugin in {}, so this is what every bot needs; ask again once there are some",
                Shown(dir)
            ));
        }
        let named: Vec<(&str, &Manifest)> = known.manifests.iter().map(|one| (one.name.as_str(), one)).collect();
        let (table, _) = Table::build(&named, &BTreeMap::new(), &config.aliases);
        let words = table.owners().clone();
        known.words = words;
        Ok(known)
    }

    /// The app for them.
    pub(super) fn app(&self, config: &Config, args: &ManifestArgs) -> App {
        let name = &config.bot.name;
        App::of(&Wanted {
            title: args.name.as_deref().unwrap_or(name),
            name,
            locale: config.bot.locale,
            plugins: self.manifests.iter().collect(),
            owners: &self.words,
            slash: &args.slash,
            senders: args.senders,
        })
    }

    /// All that the operator should know, a sentence each.
    pub(super) fn notes(&self, app: &App) -> Vec<String> {
        let left_out = app.left_out().iter().map(ToString::to_string);
        self.notes.iter().cloned().chain(left_out).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_slash_commands() {
        let only = |words: &[&str]| Slashes::Only(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(slashes("all"), Ok(Slashes::All));
        assert_eq!(slashes("none"), Ok(Slashes::None));
        assert_eq!(slashes("lunch"), Ok(only(&["lunch"])));
        assert_eq!(slashes("/lunch, 점심팀,"), Ok(only(&["lunch", "점심팀"])));
        assert!(slashes(" ,").is_err());
        assert!(title(&"x".repeat(36)).is_err() && title(" ").is_err());
        assert_eq!(title(" Moa "), Ok("Moa".into()));
    }
}
