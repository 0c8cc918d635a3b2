//! `moa run`: the bot.

use super::slack::{APPS, Known, ManifestArgs};
use super::{EXIT_CREDENTIALS, End, ExitError, Global, log, runtime};
use crate::app::{self, CredentialsRefused, Tokens, signal};
use crate::logs::{self, Logs};
use crate::registry::Compiler;
use crate::service::Life;
use crate::settings;
use anyhow::Context;
use moa_core::config::Config;
use std::sync::Arc;

pub(super) fn main(global: &Global) -> anyhow::Result<End> {
    let logs = Arc::<Logs>::default();
    let life = Life::of_environment();
    let config = super::configuration(global, settings::environment())?;
    log::start_with(global, "info", config.log.format, logs::layer(&logs))?;
    let tokens = tokens(&config)?;
    let start = app::Start {
        config,
        tokens,
        grant_everything: false,
        source_lines: false,
        compiler: compiler()?,
        reports: None,
        logs,
        life,
        reread: Some(Arc::new({
            let global = global.clone();
            move || super::configuration(&global, settings::environment())
        })),
    };
    runtime()?.block_on(async { serve(start, signal::stop_requested()).await })
}

/// Runs a host until `stop` returns, and gives refused credentials their exit code.
pub(super) async fn serve(start: app::Start, stop: impl Future<Output = ()>) -> anyhow::Result<End> {
    match app::run(start, stop).await {
        Ok(()) => Ok(End::Done),
        Err(error) if error.is::<CredentialsRefused>() => Err(ExitError {
            code: EXIT_CREDENTIALS,
            message: format!("{error:#}"),
        }
        .into()),
        Err(error) => Err(error),
    }
}

/// Plugins are compiled in a child of this very binary.
pub(super) fn compiler() -> anyhow::Result<Compiler> {
    let exe = std::env::current_exe()
        .context("the path of this program cannot be found, and plugins are compiled by a child of it")?;
    Ok(Compiler::Child(exe))
}

/// Both tokens, or how to get them; none where the bot is to be in JANDI alone.
fn tokens(config: &Config) -> anyhow::Result<Option<Tokens>> {
    let app = settings::secret("slack.app-token", &config.slack.app_token);
    let bot = settings::secret("slack.bot-token", &config.slack.bot_token);
    match (app, bot) {
        (Ok(app), Ok(bot)) => Ok(Some(Tokens { app, bot })),
        (Err(_), Err(_)) if settings::is_without_slack(config) => {
            tracing::info!("there are no tokens of Slack; the bot is in JANDI alone");
            Ok(None)
        }
        (app, bot) => {
            let missing: Vec<String> = [app.err(), bot.err()]
                .into_iter()
                .flatten()
                .map(|error| error.to_string())
                .collect();
            let known = runtime()?.block_on(Known::of(config))?;
            Err(ExitError {
                code: 1,
                message: help_with_tokens(config, &known, &missing),
            }
            .into())
        }
    }
}

/// The steps come last: they are what is still in sight.
fn help_with_tokens(config: &Config, known: &Known, missing: &[String]) -> String {
    let app = known.app(config, &ManifestArgs::default());
    let mut notes = String::new();
    for note in known.notes(&app) {
        notes.push_str(&format!("\n  {note}"));
    }
    if !notes.is_empty() {
        notes.push('\n');
    }
    format!(
        "there is no way into Slack yet:\n  {missing}\n\n\
         The manifest of the app at Slack (`moa slack manifest` prints it alone):\n\n\
         {manifest}{notes}\n\
         To get the tokens:\n\
         \x20 1. Open {APPS}, choose \"Create New App\", \"From a manifest\", your workspace, \"YAML\", and paste what stands above.\n\
         \x20 2. \"Basic Information\", \"App-Level Tokens\": generate one with the scope connections:write. It begins with xapp-.\n\
         \x20 3. \"Install App\": install it to the workspace. The bot token begins with xoxb-.\n\
         \x20 4. export SLACK_APP_TOKEN=xapp-... SLACK_BOT_TOKEN=xoxb-...   (or name files in moa.toml: slack.app-token = {{ file = \"...\" }})\n\
         \x20 5. moa run; then write to the bot directly, or /invite it to a channel.\n\n\
         To try Moa without Slack:   moa dev",
        missing = missing.join("\n  "),
        manifest = app.yaml(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_way_to_the_tokens_names_what_is_missing_and_holds_the_manifest() {
        let dir = tempfile::tempdir().unwrap();
        let config = settings::load(None, Some(dir.path()), Vec::new()).unwrap();
        let known = Known::of(&config).await.unwrap();
        let text = help_with_tokens(&config, &known, &["slack.app-token: not set".to_owned()]);
        assert!(text.contains("there is no plugin in"), "{text}");
        assert!(text.contains("slack.app-token: not set"));
        assert!(text.contains("moa dev") && text.contains("socket_mode_enabled: true"));
    }
}
