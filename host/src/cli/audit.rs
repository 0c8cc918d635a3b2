//! `moa audit`: who did what, and whether the log of it is whole.

use super::output::{shown, unless_unread};
use super::{EXIT_USAGE, End, ExitError, Global, log, runtime};
use crate::audit::file::{self, Named};
use crate::audit::kept::Kept;
use crate::control::client::{Client, Need};
use crate::settings;
use crate::stores;
use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use moa_core::audit::verify::Verifier;
use moa_core::audit::{Head, Line};
use moa_core::config::{Config, duration};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
A time is a date (2026-11-21) or a moment (2026-11-21T09:30), both in the bot's time zone, or how
long ago (2h, 7d). Conditions hold together.

Examples:
  moa audit --since 7d --outcome denied
  moa audit --user U012ABC --command \"deploy now\"
  moa audit --plugin deploy --since 2026-11-01 --json | jq -r .who.id
  moa audit verify";

/// Arguments of `moa audit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub struct AuditArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub action: Option<AuditAction>,
    /// Which lines.
    #[command(flatten)]
    pub which: Which,
}

/// What to do with the log, besides showing it.
#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// Find out whether lines were removed, changed or moved
    ///
    /// Ends with 1 and names the first line that is wrong. Prints the number and the hash of the last line, to be kept
    /// elsewhere. The end is known from the store, where it is written about once a second.
    #[command(after_help = "Examples:\n  moa audit verify\n  moa audit verify --from 5120")]
    Verify {
        /// Begin with this line, whatever was before it
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
        from: Option<u64>,
    },
}

/// Which lines.
#[derive(Debug, Args)]
pub struct Which {
    /// Those from then on
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Those before then
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What this person did or confirmed, by id
    #[arg(long, value_name = "ID")]
    pub user: Option<String>,
    /// Those of this command; with words behind it, of this subcommand and those below it
    #[arg(long, value_name = "COMMAND")]
    pub command: Option<String>,
    /// Those of this plugin
    #[arg(long, value_name = "PLUGIN")]
    pub plugin: Option<String>,
    /// What came of it: done, failed, denied, approved, …
    #[arg(long, value_name = "WORD")]
    pub outcome: Option<String>,
}

pub(super) fn main(global: &Global, args: &AuditArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    match &args.action {
        None => unless_unread(show(&config, &args.which, global.json)),
        Some(AuditAction::Verify { from }) => {
            let from = *from;
            runtime()?.block_on(async { unless_unread(verify(&config, from, global.json).await) })
        }
    }
}

fn folder(config: &Config) -> PathBuf {
    config.bot.data_dir.join("audit")
}

fn show(config: &Config, which: &Which, json: bool) -> anyhow::Result<End> {
    let wanted = Wanted::of(which, config)?;
    let mut out = io::stdout().lock();
    for Named { path, .. } in files(config)? {
        let opened = File::open(&path).with_context(|| path.display().to_string())?;
        for raw in BufReader::new(opened).split(b'\n') {
            let raw = raw.with_context(|| path.display().to_string())?;
            // What is none is `verify`'s business.
            let Ok(line) = serde_json::from_slice::<Line>(&raw) else {
                continue;
            };
            if !wanted.fits(&line, &raw) {
                continue;
            }
            match json {
                true => {
                    out.write_all(&raw)?;
                    out.write_all(b"\n")?;
                }
                false => writeln!(out, "{}", shown(&told(&line, &raw)))?,
            }
        }
    }
    out.flush()?;
    Ok(End::Done)
}

fn files(config: &Config) -> anyhow::Result<Vec<Named>> {
    let dir = folder(config);
    let files = file::list(&dir).with_context(|| dir.display().to_string())?.files;
    if files.is_empty() {
        anyhow::bail!(
            "there is no audit log in {}: nothing was written yet, or this is not the right --config or --data-dir",
            dir.display()
        );
    }
    Ok(files)
}

/// What a line must be like.
struct Wanted<'a> {
    which: &'a Which,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// The plugin that the command names, and its words.
    command: Option<(Option<&'a str>, Vec<&'a str>)>,
}

impl<'a> Wanted<'a> {
    fn of(which: &'a Which, config: &Config) -> anyhow::Result<Self> {
        let zone = TimeZone::get(&config.bot.timezone).unwrap_or(TimeZone::UTC);
        let read = |name, text: &Option<String>| match text {
            Some(text) => time(text, &zone, Timestamp::now()).map(Some).ok_or_else(|| ExitError {
                code: EXIT_USAGE,
                message: format!(
                    "--{name} {text:?} is no time: write 2026-11-21, 2026-11-21T09:30, or 7d for 7 days ago"
                ),
            }),
            None => Ok(None),
        };
        let words = |command: &'a String| {
            let (plugin, words) = match command.split_once(':') {
                Some((plugin, words)) => (Some(plugin), words),
                None => (None, command.as_str()),
            };
            (plugin, words.split_whitespace().collect())
        };
        Ok(Self {
            which,
            since: read("since", &which.since)?,
            until: read("until", &which.until)?,
            command: which.command.as_ref().map(words),
        })
    }

    fn fits(&self, line: &Line, raw: &[u8]) -> bool {
        let is = |wanted: &Option<String>, there: &str| wanted.as_deref().is_none_or(|wanted| wanted == there);
        let by = |user: &String| *user == line.who.id || *user == line.approver;
        let at = || line.time.parse::<Timestamp>().ok();
        self.which.user.as_ref().is_none_or(by)
            && is(&self.which.plugin, &line.plugin)
            && self
                .which
                .outcome
                .as_ref()
                .is_none_or(|outcome| *outcome == word(raw, "outcome"))
            && self.since.is_none_or(|since| at().is_some_and(|at| at >= since))
            && self.until.is_none_or(|until| at().is_some_and(|at| at < until))
            && self.command.as_ref().is_none_or(|(plugin, words)| {
                let there = std::iter::once(&line.command).chain(&line.path).map(String::as_str);
                plugin.is_none_or(|plugin| plugin == line.plugin)
                    && words.len() <= line.path.len() + 1
                    && words.iter().copied().eq(there.take(words.len()))
            })
    }
}

/// A field of a line as it stands there, also where it is a word that this version does not know.
fn word(raw: &[u8], field: &str) -> String {
    let line: serde_json::Value = serde_json::from_slice(raw).unwrap_or_default();
    let word = line.get(field).and_then(serde_json::Value::as_str);
    word.unwrap_or_default().to_owned()
}

/// A time as people write it.
fn time(text: &str, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(ago) = duration(text) {
        return now.checked_sub(SignedDuration::try_from(ago).ok()?).ok();
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    // A date alone is its midnight.
    let there = text.parse::<DateTime>().ok()?;
    there.to_zoned(zone.clone()).ok().map(|there| there.timestamp())
}

/// A line for a person: when, who, where, what, what came of it and why.
fn told(line: &Line, raw: &[u8]) -> String {
    let mut told = line.time.clone();
    let mut add = |part: &str| {
        if !part.is_empty() {
            told.push_str("  ");
            told.push_str(part);
        }
    };
    match line.who.service.is_empty() {
        true => add("(host)"),
        false => add(format!("{} {}", line.who.service, line.who.id).trim_end()),
    }
    add(&line.place.conversation);
    let kind = word(raw, "what");
    if kind != "command" {
        add(&kind);
    }
    let mut command = line.command.clone();
    if !line.plugin.is_empty() {
        command = format!("{}:{command}", line.plugin);
    }
    for part in &line.path {
        command.push(' ');
        command.push_str(part);
    }
    for (name, value) in &line.args {
        command.push_str(&format!(" {name}={value}"));
    }
    add(&command);
    add(&word(raw, "outcome").to_uppercase());
    if !line.rule.is_empty() {
        add(&format!("by {}", line.rule));
    }
    if !line.approver.is_empty() {
        let how = if kind == "ruling" { "decided" } else { "confirmed" };
        add(&format!("{how} by {}", line.approver));
    }
    if line.again {
        add("(again)");
    }
    add(&line.invocation);
    add(&line.reason);
    told
}

async fn verify(config: &Config, from: Option<u64>, json: bool) -> anyhow::Result<End> {
    let kept = kept(config).await?;
    let head = kept.map(|kept| kept.head);
    let listing = {
        let dir = folder(config);
        file::list(&dir).with_context(|| dir.display().to_string())?
    };
    let mut verifier = match from {
        Some(from) => Verifier::from(from, head),
        None => Verifier::new(kept.map_or(Head::NONE, |kept| kept.removed), head),
    };
    let mut torn = false;
    let mut look = || {
        let count = listing.files.len();
        for (at, file) in listing.files.iter().enumerate() {
            let bytes = fs::read(&file.path).with_context(|| file.path.display().to_string())?;
            torn |= verifier.file(&name(&file.path), &bytes, at + 1 == count)?;
        }
        anyhow::Ok(())
    };
    let looked = look();
    let judged = looked.and_then(|()| Ok(verifier.finish()?));
    let whole = match judged {
        Ok(whole) => whole,
        Err(error) => {
            if json {
                println!(
                    "{}",
                    serde_json::json!({ "whole": false, "error": format!("{error:#}") })
                );
            }
            return Err(error.context("the audit log is not whole"));
        }
    };
    let mut remarks: Vec<String> = Vec::new();
    if kept.is_none() && !listing.files.is_empty() {
        remarks.push("the store knows no end of the log, so lines may be missing there".to_owned());
    }
    if torn {
        remarks.push("the last line is not whole; a host that starts takes it away".to_owned());
    }
    let strange = listing.strange.iter();
    remarks.extend(strange.map(|path| format!("{} is no file of the log and was not looked at", name(path))));
    let of_log = whole.remarks.iter();
    remarks.extend(of_log.map(|(seq, time, reason)| format!("line {seq}, {time}: {reason}")));
    if json {
        let first = whole.first.as_ref().map(|(seq, _)| seq);
        let said = serde_json::json!({
            "whole": true, "lines": whole.lines, "first": first, "last": whole.last, "remarks": remarks,
        });
        println!("{said}");
        return Ok(End::Done);
    }
    match &whole.first {
        Some((seq, time)) => println!(
            "whole: {} lines in {} files, from line {seq} of {time}\nlast line: {}",
            whole.lines,
            listing.files.len(),
            whole.last
        ),
        None => println!("whole: no line was written yet"),
    }
    for remark in remarks {
        println!("note: {}", shown(&remark));
    }
    Ok(End::Done)
}

/// What the store knows, from the host that runs or from the store itself.
async fn kept(config: &Config) -> anyhow::Result<Option<Kept>> {
    let client = match Client::host(&config.bot.socket).await? {
        Some(client) => client,
        // One that keeps nothing, or that was never made, knows nothing.
        None if stores::file(&config.store.url).is_some_and(|file| !file.exists()) => return Ok(None),
        None => Client::own(config, Need::Existing).await?,
    };
    let kept = client.get("/v1/audit").await;
    client.close().await?;
    kept
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let zone = TimeZone::get("Asia/Seoul").unwrap();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (text, wanted) in [
            ("2h", Some("2026-11-21T10:00:00Z")),
            ("7d", Some("2026-11-14T12:00:00Z")),
            ("2026-11-21", Some("2026-11-20T15:00:00Z")),
            ("2026-11-21T09:30", Some("2026-11-21T00:30:00Z")),
            ("2026-11-21T09:30:00Z", Some("2026-11-21T09:30:00Z")),
            ("yesterday", None),
            ("", None),
        ] {
            let wanted = wanted.map(|wanted| wanted.parse().unwrap());
            assert_eq!(time(text, &zone, now), wanted, "{text}");
        }
    }

    #[test]
    fn conditions_hold_together() {
        let raw = br#"{"seq":1,"time":"2026-11-21T10:00:00.000Z","what":"command","who":{"service":"slack","id":"U1"},"plugin":"p","command":"deploy","path":["now","all"],"approver":"U2","outcome":"landed"}"#;
        let line: Line = serde_json::from_slice(raw).unwrap();
        let fits = |conditions: &[(&str, &str)]| {
            let get = |name: &str| {
                let found = conditions.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let which = Which {
                since: get("since"),
                until: get("until"),
                user: get("user"),
                command: get("command"),
                plugin: get("plugin"),
                outcome: get("outcome"),
            };
            let config = Config::parse(None, []).unwrap();
            Wanted::of(&which, &config).unwrap().fits(&line, raw)
        };
        assert!(fits(&[]));
        assert!(fits(&[
            ("user", "U1"),
            ("plugin", "p"),
            ("command", "deploy"),
            ("outcome", "landed")
        ]));
        assert!(fits(&[
            ("user", "U2"),
            ("command", "deploy now"),
            ("since", "2026-11-21T10:00:00Z")
        ]));
        assert!(fits(&[
            ("command", "p:deploy now all"),
            ("until", "2026-11-21T10:00:01Z")
        ]));
        for wrong in [
            ("user", "U3"),
            ("plugin", "q"),
            ("command", "dep"),
            ("command", "deploy all"),
            ("command", "deploy now all of"),
            ("command", "q:deploy"),
            ("outcome", "done"),
            ("since", "2026-11-21T10:00:01Z"),
            ("until", "2026-11-21T10:00:00Z"),
        ] {
            assert!(!fits(&[wrong, ("user", "U1"), ("plugin", "p")]), "{wrong:?}");
        }
        let told = told(&line, raw);
        assert_eq!(
            told,
            "2026-11-21T10:00:00.000Z  slack U1  p:deploy now all  LANDED  confirmed by U2"
        );
    }
}
