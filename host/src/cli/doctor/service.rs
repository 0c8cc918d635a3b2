//! The chat service: tokens, scopes, its clock.

use super::Findings;
use crate::adapter::slack::{Examined, Secret, SlackOptions, examine as ask};
use crate::cli::slack::{Known, ManifestArgs};
use crate::service::Given;
use crate::settings;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use moa_core::config::Config;

/// A clock that is further off makes signatures fail and jobs come at the wrong time, and than this soon.
const WRONG: i64 = 60;
const ODD: i64 = 5;

pub(super) async fn examine(config: &Config, findings: &mut Findings) {
    if settings::is_without_slack(config) {
        findings.good("slack", "there are no tokens, and the bot is in JANDI alone");
        return;
    }
    let app = settings::secret("slack.app-token", &config.slack.app_token);
    let bot = settings::secret("slack.bot-token", &config.slack.bot_token);
    // What is missing has been told.
    let (Ok(app), Ok(bot)) = (app, bot) else { return };
    let options = SlackOptions {
        api_url: config.slack.api_url.clone(),
        app_token: Secret::new(app),
        bot_token: Secret::new(bot),
        connections: config.slack.connections.into(),
        ping_timeout: config.slack.ping_timeout,
    };
    match ask(&options).await {
        Ok(found) => {
            let needed = match Known::of(config).await {
                Ok(known) => known.app(config, &ManifestArgs::default()).scopes(),
                Err(_) => Vec::new(),
            };
            told(&found, &needed, Timestamp::now(), findings);
        }
        Err(error) => findings.problem(
            "slack",
            error.to_string(),
            "check slack.api-url, the proxy in the environment and the certificates of this machine",
        ),
    }
}

/// What is taken over from the service that has this configuration.
pub(super) fn given(given: &Given, findings: &mut Findings) {
    let taken: Vec<String> = given.taken().iter().map(|path| path.display().to_string()).collect();
    if !taken.is_empty() {
        findings.good("service", format!("read as it reads them: {}", taken.join(", ")));
    }
    if let Some((path, why)) = given.unread() {
        findings.warning(
            "service",
            format!(
                "what its unit names as its environment cannot be read: {}: {why}",
                path.display()
            ),
            "run this as root: without it the service may have another configuration than what is looked at here",
        );
    }
}

/// What Slack said, and the scopes that the plugins need.
fn told(found: &Examined, needed: &[&str], now: Timestamp, findings: &mut Findings) {
    const TOKENS: &str = "copy it again from https://api.slack.com/apps (OAuth & Permissions, and Basic Information for the app-level token); a refused token ends `moa run` with 3";
    match &found.bot {
        Some(Ok(who)) => findings.good("slack", format!("the bot token is {who}'s")),
        Some(Err(why)) => findings.problem(
            "slack",
            format!("the bot token is refused or Slack is away: {why}"),
            TOKENS,
        ),
        None => {}
    }
    match &found.app {
        Some(Ok(())) => findings.good("slack", "the app-level token opens connections"),
        Some(Err(why)) => findings.problem(
            "slack",
            format!("the app-level token opens no connection: {why}"),
            format!("it needs the scope connections:write, and Socket Mode has to be switched on; {TOKENS}"),
        ),
        None => {}
    }
    match &found.scopes {
        None => {}
        Some(has) => {
            let missing: Vec<&str> = needed
                .iter()
                .copied()
                .filter(|scope| !has.iter().any(|has| has == scope))
                .collect();
            match missing.is_empty() {
                true => findings.good("scopes", format!("the bot token has all {} that the plugins need", needed.len())),
                false => findings.problem(
                    "scopes",
                    format!("the bot token lacks {}", missing.join(", ")),
                    "paste what `moa slack manifest` prints at https://api.slack.com/apps (App Manifest), and install the app again",
                ),
            }
        }
    }
    let theirs = found.date.as_deref().and_then(|date| rfc2822::parse(date).ok());
    if let Some(theirs) = theirs {
        let off = now.as_second().saturating_sub(theirs.timestamp().as_second());
        let said = format!("this machine's clock and Slack's differ by {} s", off.abs());
        let remedy = "let the system set the clock: `timedatectl set-ntp true`, or install chrony";
        match off.abs() {
            0..=ODD => findings.good("clock", said),
            off if off < WRONG => findings.warning("clock", said, remedy),
            _ => findings.problem("clock", said, remedy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::Level;

    fn levels(found: &Examined, needed: &[&str], now: &str) -> Vec<(&'static str, Level)> {
        let mut findings = Findings::default();
        told(found, needed, now.parse().unwrap(), &mut findings);
        findings.0.iter().map(|one| (one.check, one.level)).collect()
    }

    #[test]
    fn what_slack_says_becomes_findings() {
        let good = Examined {
            bot: Some(Ok("moa in team".into())),
            scopes: Some(vec!["chat:write".into()]),
            app: Some(Ok(())),
            date: Some("Sun, 22 Nov 2026 09:00:00 GMT".into()),
        };
        let now = "2026-11-22T09:00:03Z";
        let all = levels(&good, &["chat:write"], now);
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|(_, level)| *level == Level::Good), "{all:?}");
        let lacking = levels(&good, &["chat:write", "files:read"], now);
        assert!(lacking.contains(&("scopes", Level::Problem)));
        assert!(levels(&good, &[], "2026-11-22T09:00:30Z").contains(&("clock", Level::Warning)));
        assert!(levels(&good, &[], "2026-11-22T08:00:00Z").contains(&("clock", Level::Problem)));
        let bad = Examined {
            bot: Some(Err("invalid_auth".into())),
            app: Some(Err("not_allowed_token_type".into())),
            ..Examined::default()
        };
        assert_eq!(levels(&bad, &[], now), [("slack", Level::Problem); 2]);
    }
}
