//! `moa logs`: what plugins logged, and what the host says of their calls.

use super::output::{Table, shown, unless_unread};
use super::{End, Global, log, runtime};
use crate::control::client::Client;
use crate::control::http::{empty, path};
use crate::control::pipe::LineReader;
use crate::control::{LevelList, Told};
use crate::log::Level;
use crate::logs::LogLine;
use crate::settings;
use clap::{Args, Subcommand};
use hyper::Method;
use jiff::Timestamp;
use moa_core::config::Config;
use std::io::{self, Write};

const AFTER_HELP: &str = "\
A running host keeps the last lines of every plugin in memory: what the plugin says down to debug,
and what the host says of its calls, a fault with its backtrace among them. Where a person was told
\"…(0f3a…)\", that is the invocation.

Examples:
  moa logs --invocation 0f3a9c21
  moa logs -f --level warn
  moa logs --since 10m --grep timeout
  moa logs --plugin lunch --lines 500 --json
  moa logs level lunch debug";

/// Arguments of `moa logs`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct LogsArgs {
    /// Something else than to show lines.
    #[command(subcommand)]
    pub action: Option<LogsAction>,
    /// Which lines.
    #[command(flatten)]
    pub which: Which,
    /// How many, and for how long.
    #[command(flatten)]
    pub tail: Tail,
}

/// What else can be done with logs.
#[derive(Debug, Subcommand)]
pub enum LogsAction {
    /// Show or set how much of a plugin the host writes into its log
    ///
    /// It counts for what the plugin says and for what the host says of it, at once and until the host ends; what is to
    /// last stands in --log-level or MOA_LOG. What `moa logs` shows is kept down to debug in any case.
    #[command(after_help = "Examples:\n  moa logs level\n  moa logs level lunch debug\n  moa logs level lunch default")]
    Level {
        /// The plugin; without one, what is set is shown
        #[arg(value_name = "PLUGIN", requires = "level")]
        plugin: Option<String>,
        /// off, error, warn, info, debug, trace; default for what the host was started with
        #[arg(value_name = "LEVEL")]
        level: Option<String>,
    },
}

/// Which lines.
#[derive(Debug, Default, Args)]
pub struct Which {
    /// Those of this plugin alone
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<String>,
    /// Those of this call alone; the beginning of its id is enough
    #[arg(long, value_name = "ID")]
    pub invocation: Option<String>,
    /// Those that are at least so grave: error, warn, info or debug
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub level: Option<Level>,
    /// Those that have this text in them, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// Those from then on: a time (RFC 3339), or how long ago (10m, 2h)
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Timestamp>,
}

fn since(text: &str) -> Result<Timestamp, String> {
    if let Some(ago) = moa_core::config::duration(text) {
        return Timestamp::now().checked_sub(ago).map_err(|error| error.to_string());
    }
    let wrong = |_| "write a time such as 2026-11-22T09:00:00+09:00, or how long ago, such as 10m".to_owned();
    text.parse().map_err(wrong)
}

/// How many lines, and whether to wait for more.
#[derive(Debug, Args)]
pub struct Tail {
    /// Go on with further lines as they come, until Ctrl-C
    #[arg(short, long)]
    pub follow: bool,
    /// The last so many lines [default: 50; of one call, all]
    #[arg(long, value_name = "N")]
    pub lines: Option<usize>,
}

pub(super) fn main(global: &Global, args: &LogsArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        unless_unread(match &args.action {
            Some(LogsAction::Level { plugin, level }) => {
                let set = plugin.as_deref().zip(level.as_deref());
                levels(&config, set, global.json).await
            }
            None => show(&config, &args.which, &args.tail, global.json).await,
        })
    })
}

/// Sets a level, if one is named, and shows those that are set.
async fn levels(config: &Config, set: Option<(&str, &str)>, json: bool) -> anyhow::Result<End> {
    let Some(host) = Client::host(&config.bot.socket).await? else {
        anyhow::bail!(
            "no moa answers at {}, and levels are those of one that runs; is this the right --config or --data-dir?",
            config.bot.socket.display()
        );
    };
    let list: LevelList = match set {
        Some((plugin, level)) => {
            let query = [("plugin", plugin), ("level", level)];
            host.ask(Method::PUT, &path("/v1/logs/levels", &query), empty()).await?
        }
        None => host.get("/v1/logs/levels").await?,
    };
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(End::Done);
    }
    if list.levels.is_empty() {
        writeln!(io::stdout(), "every plugin is logged as the host was started")?;
        return Ok(End::Done);
    }
    let mut table = Table::new(["PLUGIN", "LEVEL"]);
    for (plugin, level) in list.levels {
        table.row([plugin, name_of(level)])?;
    }
    table.end()?;
    Ok(End::Done)
}

fn name_of(level: Level) -> String {
    format!("{level:?}").to_lowercase()
}

pub(super) async fn show(config: &Config, which: &Which, tail: &Tail, json: bool) -> anyhow::Result<End> {
    let Some(host) = Client::host(&config.bot.socket).await? else {
        anyhow::bail!(
            "no moa answers at {}, and lines are only in the memory of one that runs; is this the right --config or --data-dir?",
            config.bot.socket.display()
        );
    };
    let lines = match (tail.lines, which.invocation.is_some() || which.since.is_some()) {
        (Some(lines), _) => Some(lines),
        (None, true) => Some(usize::MAX),
        (None, false) => None,
    };
    let lines = lines.map(|lines| lines.to_string());
    let mut query = Vec::new();
    query.extend(which.plugin.as_deref().map(|plugin| ("plugin", plugin)));
    query.extend(which.invocation.as_deref().map(|invocation| ("invocation", invocation)));
    let level = which.level.map(name_of);
    query.extend(level.as_deref().map(|level| ("level", level)));
    query.extend(which.grep.as_deref().map(|grep| ("grep", grep)));
    let since = which.since.map(|since| since.to_string());
    query.extend(since.as_deref().map(|since| ("since", since)));
    query.extend(lines.as_deref().map(|lines| ("lines", lines)));
    query.extend(tail.follow.then_some(("follow", "true")));
    let answer = host.send(Method::GET, &path("/v1/logs", &query), empty()).await?;
    let mut reader = LineReader::new(answer.into_body());
    let mut out = io::stdout();
    let mut any = false;
    loop {
        let line = match reader.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(_) if tail.follow => anyhow::bail!("the moa that ran has ended"),
            Err(error) => return Err(error.into()),
        };
        any = true;
        match serde_json::from_slice::<LogLine>(&line) {
            Ok(_) if json => writeln!(out, "{}", String::from_utf8_lossy(&line))?,
            Ok(line) => print(&mut out, &line)?,
            Err(error) => match serde_json::from_slice::<Told>(&line) {
                Ok(told) => return Err(told.into()),
                Err(_) => return Err(error.into()),
            },
        }
        // Each line when it comes: somebody watches.
        out.flush()?;
    }
    if let (false, Some(invocation)) = (any, &which.invocation) {
        anyhow::bail!(
            "nothing is kept of a call {invocation}: it logged nothing, is long ago, or was of another host; `moa journal list` knows what became of events"
        );
    }
    Ok(End::Done)
}

/// The time, what kind of line it is, whose, and what it says, further lines of it set in.
fn print(out: &mut impl Write, line: &LogLine) -> io::Result<()> {
    let level = line.level.to_uppercase();
    // As the chat and the host's own log name a call.
    let call = match line.invocation.as_str() {
        "" => String::new(),
        id => format!(" {}", shown(id)),
    };
    let host = if line.own { "" } else { " (host)" };
    let mut text = line.text.lines();
    let first = text.next().unwrap_or_default();
    writeln!(
        out,
        "{:.3} {level:>5} {} {}{call}{host}: {}",
        line.time,
        shown(&line.plugin),
        shown(&line.version),
        shown(first)
    )?;
    for more in text {
        writeln!(out, "      {}", shown(more))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_and_cannot_be_forged() {
        let line = LogLine {
            time: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            level: "warn".into(),
            plugin: "lunch".into(),
            version: "0123".into(),
            invocation: "abcd".into(),
            own: false,
            text: "first\nsecond\u{1b}[2J".into(),
        };
        let mut out = Vec::new();
        print(&mut out, &line).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2026-01-02T03:04:05.678Z  WARN lunch 0123 abcd (host): first\n      second\\u{1b}[2J\n"
        );
    }
}
