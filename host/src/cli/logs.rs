//! `moa logs`: what plugins logged, and what the host says of their calls.

use super::output::{shown, unless_unread};
use super::{End, Global, log, runtime};
use crate::control::Told;
use crate::control::client::Client;
use crate::control::http::{empty, path};
use crate::control::pipe::LineReader;
use crate::logs::LogLine;
use crate::settings;
use clap::Args;
use hyper::Method;
use moa_core::config::Config;
use std::io::{self, Write};

const AFTER_HELP: &str = "\
A running host keeps the last lines of every plugin in memory: what the plugin says down to debug,
and what the host says of its calls, a fault with its backtrace among them. Where a person was told
\"…(0f3a…)\", that is the invocation.

Examples:
  moa logs --invocation 0f3a9c21
  moa logs -f
  moa logs --plugin lunch --lines 500 --json";

/// Arguments of `moa logs`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct LogsArgs {
    /// Which lines.
    #[command(flatten)]
    pub which: Which,
    /// How many, and for how long.
    #[command(flatten)]
    pub tail: Tail,
}

/// Which lines.
#[derive(Debug, Args)]
pub struct Which {
    /// Those of this plugin alone
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<String>,
    /// Those of this call alone; the beginning of its id is enough
    #[arg(long, value_name = "ID")]
    pub invocation: Option<String>,
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
    runtime()?.block_on(async { unless_unread(show(&config, &args.which, &args.tail, global.json).await) })
}

pub(super) async fn show(config: &Config, which: &Which, tail: &Tail, json: bool) -> anyhow::Result<End> {
    let Some(host) = Client::host(&config.bot.socket).await? else {
        anyhow::bail!(
            "no moa answers at {}, and lines are only in the memory of one that runs; is this the right --config or --data-dir?",
            config.bot.socket.display()
        );
    };
    let lines = match (tail.lines, &which.invocation) {
        (Some(lines), _) => Some(lines),
        (None, Some(_)) => Some(usize::MAX),
        (None, None) => None,
    };
    let lines = lines.map(|lines| lines.to_string());
    let mut query = Vec::new();
    query.extend(which.plugin.as_deref().map(|plugin| ("plugin", plugin)));
    query.extend(which.invocation.as_deref().map(|invocation| ("invocation", invocation)));
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
