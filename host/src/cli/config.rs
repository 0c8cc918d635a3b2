//! `moa config`: what is in force, and what is wrong.

use super::{End, Global};
use crate::settings;
use clap::{Args, Subcommand};

/// Arguments of `moa config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Find mistakes: unknown keys, wrong types, missing secrets
    ///
    /// Ends with 0 if `moa run` would accept it, with 2 for mistakes, with 1 if only a secret is missing.
    Check,
    /// Print every value that is in force and where it came from; secrets stay hidden
    Show,
}

pub(super) fn main(global: &Global, args: &ConfigArgs) -> anyhow::Result<End> {
    let config = super::configuration(global, settings::environment())?;
    match args.action {
        ConfigAction::Show => {
            print!("{}", config.show());
            Ok(End::Done)
        }
        ConfigAction::Check => {
            let mut missing = Vec::new();
            let tokens = [
                ("slack.app-token", &config.slack.app_token),
                ("slack.bot-token", &config.slack.bot_token),
            ];
            for (key, source) in tokens {
                if let Err(error) = settings::secret(key, source) {
                    missing.push(error.to_string());
                }
            }
            for (name, source) in &config.secrets {
                if let Err(error) = settings::secret("secrets", source) {
                    missing.push(format!("{error} (secret {name})"));
                }
            }
            if missing.is_empty() {
                println!("the configuration is good");
                return Ok(End::Done);
            }
            for line in &missing {
                eprintln!("moa: {line}");
            }
            Err(super::ExitError {
                code: 1,
                message: "set what is missing, or say in moa.toml where it lies: { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }".into(),
            }
            .into())
        }
    }
}
