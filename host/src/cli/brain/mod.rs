//! `moa brain`: what plugins remember, for the operator; while the host runs and while it does not.

mod all;
mod one;
mod restore;

use super::{EXIT_USAGE, End, ExitError, Global, log, runtime};
use crate::control::client::{Client, Need};
use crate::control::lines::scope_text;
use crate::settings;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use moa_core::config::{self, Config};
use moa_store::Scope;
use std::path::PathBuf;
use std::time::Duration;

const AFTER_HELP: &str = "\
A running host is asked through its socket; where none runs, the store is opened directly.

Examples:
  moa brain stats
  moa brain list memo --conversation C012ABC
  moa brain get memo list --conversation C012ABC
  moa brain export brain.jsonl
  moa brain copy --to redis://localhost/0";

/// The longest time to live: beyond it, for ever is meant.
const LONGEST_TTL: Duration = Duration::from_secs(36_500 * 86_400);

/// Arguments of `moa brain`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct BrainArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub action: BrainAction,
}

/// Whose memory within a plugin; the plugin's own if nothing is said.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Whose {
    /// What the plugin remembers of this conversation
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub conversation: Option<String>,
    /// What the plugin remembers of this person
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub user: Option<String>,
    /// What all plugins share; PLUGIN does not matter then, write -
    #[arg(long)]
    pub shared: bool,
}

impl Whose {
    /// The scope, if one was named.
    fn named(&self) -> Option<Scope> {
        let conversation = self.conversation.clone().map(Scope::Conversation);
        let user = self.user.clone().map(Scope::User);
        conversation.or(user).or(self.shared.then_some(Scope::Shared))
    }

    fn text(&self) -> String {
        scope_text(&self.named().unwrap_or(Scope::Plugin)).into_owned()
    }
}

/// One entry.
#[derive(Debug, Args)]
pub struct At {
    /// The plugin
    pub plugin: String,
    /// The key
    pub key: String,
    /// Whose memory within it.
    #[command(flatten)]
    pub whose: Whose,
}

/// What to do with the brain.
#[derive(Debug, Subcommand)]
pub enum BrainAction {
    /// Print the value of an entry, byte for byte
    ///
    /// With --json: the entry with its version and expiry. Ends with 1 if there is no such entry.
    #[command(
        after_help = "Examples:\n  moa brain get memo list --user U012ABC > list.txt\n  moa brain get - motto --shared"
    )]
    Get(At),
    /// Set the value of an entry
    ///
    /// The plugin's quota does not bind the operator.
    #[command(
        after_help = "Examples:\n  moa brain set greet word hello --ttl 1h\n  moa brain set links page - < page.html"
    )]
    Set {
        /// Which.
        #[command(flatten)]
        at: At,
        /// The value, or - to read it from standard input
        #[arg(allow_hyphen_values = true)]
        value: String,
        /// How long it is there, such as 90s, 1h or 7d [default: for ever]
        #[arg(long, value_name = "TIME", value_parser = ttl)]
        ttl: Option<Duration>,
    },
    /// Remove an entry
    ///
    /// Ends with 1 if there is no such entry.
    #[command(after_help = "Example:\n  moa brain delete memo list --conversation C012ABC")]
    Delete(At),
    /// List entries, without their values
    #[command(
        after_help = "Examples:\n  moa brain list\n  moa brain list memo --prefix todo/\n  moa brain list --json | jq -r .key"
    )]
    List {
        /// Of this plugin alone
        plugin: Option<String>,
        /// Whose memory within it.
        #[command(flatten)]
        whose: Whose,
        /// Keys that begin with this
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        prefix: String,
        /// At most so many; 0 for all
        #[arg(long, value_name = "N", default_value_t = 1000)]
        limit: u64,
    },
    /// Tell who holds how much, and how much of the quota that is
    Stats,
    /// Write the brain as JSON lines
    ///
    /// One line an entry, with version and absolute expiry; a first line with the format, a last one with a checksum. What
    /// is exported, imported and exported again is the same, byte for byte.
    #[command(
        after_help = "Examples:\n  moa brain export brain.jsonl\n  moa brain export --plugin memo | gzip > memo.jsonl.gz"
    )]
    Export {
        /// The file, or - for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
        /// This plugin's part alone
        #[arg(long, value_name = "PLUGIN")]
        plugin: Option<String>,
    },
    /// Take entries from an export or a backup
    ///
    /// Entries that are there already stay as they are, unless --replace is given; nothing is removed. A file is checked
    /// as a whole before its first entry is taken; from standard input, what stands above a mistake is taken.
    #[command(
        after_help = "Examples:\n  moa brain import brain.jsonl\n  zcat memo.jsonl.gz | moa brain import - --replace"
    )]
    Import {
        /// The file, or - for standard input
        file: PathBuf,
        /// Replace entries that are there already
        #[arg(long)]
        replace: bool,
    },
    /// Make another store the same as this one, or this one the same as the other; while the bot goes on
    ///
    /// Compares and copies what differs, and again, until nothing does. The journal is not copied. To move a bot: copy
    /// while it runs, stop it, copy once more with --replace (that takes a moment), change store.url, start it.
    #[command(
        after_help = "Examples:\n  moa brain copy --to redis://localhost/0\n  moa brain copy --from redb:old/moa.redb --replace"
    )]
    Copy {
        /// The copy: redb:PATH, redis://…
        #[arg(long, value_name = "URL", conflicts_with = "from", required_unless_present = "from")]
        to: Option<String>,
        /// The original: redb:PATH, redis://…
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Go on if the copy holds something already; what the original does not have is removed
        #[arg(long)]
        replace: bool,
        /// How often is compared, at most; a bot that writes all the time always leaves a difference
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        passes: u32,
    },
    /// Write a backup: the brain as an export, and what the host itself must remember
    ///
    /// The host makes them by itself, see [store.backup] in moa.toml.
    #[command(after_help = "Examples:\n  moa brain backup\n  moa brain backup before-upgrade.jsonl")]
    Backup {
        /// The file [default: a new one in DATA/backups]
        file: Option<PathBuf>,
    },
    /// Make the brain what a backup or an export says
    ///
    /// Refuses if the brain holds something, unless --replace is given: then what the file does not have is removed. A
    /// data file that is damaged is moved aside, and a new one made; that needs the host to be stopped.
    #[command(after_help = "Example:\n  moa brain restore moa-data/backups/moa-20261121T030000Z.jsonl")]
    Restore {
        /// The backup
        file: PathBuf,
        /// Replace what is there
        #[arg(long)]
        replace: bool,
    },
}

fn ttl(text: &str) -> Result<Duration, String> {
    config::duration(text)
        .filter(|time| !time.is_zero() && *time <= LONGEST_TTL)
        .ok_or_else(|| "it must be a time such as 90s, 1h or 7d, at most 36500d".into())
}

pub(super) fn main(global: &Global, args: &BrainArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(act(global, &config, &args.action))
}

async fn act(global: &Global, config: &Config, action: &BrainAction) -> anyhow::Result<End> {
    use BrainAction::{Backup, Copy, Delete, Export, Get, Import, List, Restore, Set, Stats};
    if let Restore { file, replace } = action {
        return restore::restore(config, file, *replace).await;
    }
    // A mistake is told before anything is opened.
    let copy = match action {
        Copy { to, from, .. } => Some(all::address(to.as_deref(), from.as_deref())?),
        _ => None,
    };
    let need = match action {
        Set { .. } | Import { .. } | Copy { from: Some(_), .. } => Need::Writable,
        _ => Need::Existing,
    };
    let client = Client::new(config, need).await?;
    let result = match action {
        Get(at) => one::get(&client, at, global.json).await,
        Set { at, value, ttl } => one::set(&client, at, value, *ttl).await,
        Delete(at) => one::delete(&client, at).await,
        List {
            plugin,
            whose,
            prefix,
            limit,
        } => one::list(&client, plugin.as_deref(), whose, prefix, *limit, global.json).await,
        Stats => one::stats(&client, global.json).await,
        Export { file, plugin } => all::export(&client, file, plugin.as_deref()).await,
        Import { file, replace } => all::import(&client, file, *replace).await,
        Copy { replace, passes, .. } => match copy {
            Some(copy) => all::copy(&client, copy, *replace, *passes).await,
            None => Ok(End::Failed),
        },
        Backup { file } => all::backup(&client, config, file.as_deref()).await,
        // Above.
        Restore { .. } => Ok(End::Failed),
    };
    let closed = client.close().await;
    let end = super::output::unless_unread(result)?;
    closed?;
    Ok(end)
}

fn usage(message: impl Into<String>) -> anyhow::Error {
    ExitError {
        code: EXIT_USAGE,
        message: message.into(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_one_that_a_calendar_has() {
        assert_eq!(ttl("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(ttl("36500d"), Ok(LONGEST_TTL));
        for wrong in ["36501d", "99999999d", "0s", "-1s", "soon", ""] {
            assert!(ttl(wrong).unwrap_err().contains("90s"), "{wrong}");
        }
    }
}
