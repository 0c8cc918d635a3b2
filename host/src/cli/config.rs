//! `moa config`: what is in force, and what is wrong.

use super::{EXIT_USAGE, End, ExitError, Global};
use crate::adapter::webhook::Address;
use crate::data::Data;
use crate::settings;
use clap::{Args, Subcommand};
use moa_core::config::{Config, SecretSource, StoreUrl};
use moa_store::RedisStore;

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
            usable(&config.store.url)?;
            let data = Data::problems(&config);
            if !data.wrong.is_empty() {
                return Err(ExitError {
                    code: EXIT_USAGE,
                    message: data.wrong.join("\n"),
                }
                .into());
            }
            let missing = missing(&config);
            if missing.is_empty() {
                println!("the configuration is good");
                return Ok(End::Done);
            }
            for line in &missing {
                eprintln!("moa: {line}");
            }
            Err(ExitError {
                code: 1,
                message: "set what is missing, or say in moa.toml where it lies: { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }".into(),
            }
            .into())
        }
    }
}

/// Secrets that are missing, each with where it was looked for.
pub(super) fn missing(config: &Config) -> Vec<String> {
    let mut missing = Data::problems(config).missing;
    let tokens = [
        ("slack.app-token", &config.slack.app_token),
        ("slack.bot-token", &config.slack.bot_token),
    ];
    if !settings::is_without_slack(config) {
        for (key, source) in tokens {
            if let Err(error) = settings::secret(key, source) {
                missing.push(error.to_string());
            }
        }
    }
    for (key, what, source, is_address) in addressed(config) {
        let found = settings::secret(key, source).map_err(|error| format!("{error} ({what})"));
        let read = found.and_then(|text| match is_address {
            true => Address::parse(&what, &text)
                .map(drop)
                .map_err(|error| error.to_string()),
            false => Ok(()),
        });
        missing.extend(read.err());
    }
    for (name, source) in &config.secrets {
        if let Err(error) = settings::secret("secrets", source) {
            missing.push(format!("{error} (secret {name})"));
        }
    }
    missing
}

/// The secrets of webhooks: the key, whose it is, where it lies, and whether it is an address.
fn addressed(config: &Config) -> Vec<(&'static str, String, &SecretSource, bool)> {
    let mut all = Vec::new();
    for hook in &config.jandi {
        let whose = format!("[[jandi.hook]] {}", hook.name);
        all.push(("jandi.hook.token", whose.clone(), &hook.token, false));
        all.extend(
            hook.incoming
                .iter()
                .map(|source| ("jandi.hook.incoming", whose.clone(), source, true)),
        );
    }
    let incoming = config.incoming.iter();
    all.extend(incoming.map(|(name, said)| ("incoming.url", format!("[incoming.{name}]"), &said.url, true)));
    all
}

/// Whether this host can make something of the store's address.
fn usable(url: &StoreUrl) -> Result<(), ExitError> {
    let StoreUrl::Redis(address) = url else {
        return Ok(());
    };
    RedisStore::check_address(address).map_err(|error| ExitError {
        code: EXIT_USAGE,
        message: format!("store.url = \"{url}\": {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_store_would_refuse_is_a_mistake() {
        let check = |url: &str| usable(&StoreUrl::Redis(url.into()));
        check("redis://u:secret@db.example:6379/1").unwrap();
        for wrong in [
            "redis://u:secret@db.example/one",
            "redis-sentinel://u:secret@db.example/0",
        ] {
            let error = check(wrong).unwrap_err();
            assert_eq!(error.code, EXIT_USAGE, "{error}");
            assert!(
                error.message.starts_with("store.url = ") && !error.message.contains("secret@"),
                "{error}"
            );
        }
    }
}
