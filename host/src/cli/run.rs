//! `moa run`: the bot.

use super::{EXIT_CREDENTIALS, End, ExitError, Global, log, runtime};
use crate::app::{self, CredentialsRefused, signal};
use crate::registry::Compiler;
use crate::settings;
use anyhow::Context;
use moa_core::config::Config;

/// What a Slack app needs, to be pasted at Slack.
const APP_MANIFEST: &str = include_str!("slack-app.yaml");

pub(super) fn main(global: &Global) -> anyhow::Result<End> {
    log::start(global, "info")?;
    let config = super::configuration(global, settings::environment())?;
    let (app_token, bot_token) = tokens(&config)?;
    let start = app::Start {
        config,
        app_token,
        bot_token,
        grant_everything: false,
        compiler: compiler()?,
        reports: None,
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

/// Both tokens, or how to get them.
fn tokens(config: &Config) -> anyhow::Result<(String, String)> {
    let app = settings::secret("slack.app-token", &config.slack.app_token);
    let bot = settings::secret("slack.bot-token", &config.slack.bot_token);
    match (app, bot) {
        (Ok(app), Ok(bot)) => Ok((app, bot)),
        (app, bot) => {
            let missing: Vec<String> = [app.err(), bot.err()]
                .into_iter()
                .flatten()
                .map(|error| error.to_string())
                .collect();
            Err(ExitError {
                code: 1,
                message: help_with_tokens(&missing),
            }
            .into())
        }
    }
}

fn help_with_tokens(missing: &[String]) -> String {
    format!(
        "there is no way into Slack yet:\n  {}\n\n\
         To try Moa without Slack:   moa dev\n\n\
         To get the tokens:\n\
         \x20 1. Open https://api.slack.com/apps, choose \"Create New App\", \"From a manifest\", and paste the manifest below.\n\
         \x20 2. \"Basic Information\", \"App-Level Tokens\": generate one with the scope connections:write. It begins with xapp-.\n\
         \x20 3. \"Install App\": install it to the workspace. The bot token begins with xoxb-.\n\
         \x20 4. export SLACK_APP_TOKEN=xapp-... SLACK_BOT_TOKEN=xoxb-...   (or name files in moa.toml: slack.app-token = {{ file = \"...\" }})\n\n\
         {APP_MANIFEST}",
        missing.join("\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_tokens_names_what_is_missing_and_holds_the_manifest() {
        let text = help_with_tokens(&["slack.app-token: not set".to_owned()]);
        assert!(text.contains("slack.app-token: not set"));
        assert!(text.contains("moa dev") && text.contains("socket_mode_enabled: true"));
    }
}
