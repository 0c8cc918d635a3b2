//! `moa schedule`: what plugins do at set times.

use super::output::{Table, shown, unless_unread};
use super::{EXIT_USAGE, End, ExitError, Global, log, plugin, runtime};
use crate::control::client::Client;
use crate::control::http::{empty, path};
use crate::control::{DueList, JobDid, JobList};
use crate::schedule::{JobState, Row};
use crate::settings;
use clap::{Args, Subcommand};
use hyper::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{self, Write};

const AFTER_HELP: &str = "\
A running host is asked through its socket. Where none runs, list, next, pause and resume work on the
store and the plugin folder, and the next start finds it so.
A JOB is PLUGIN/NAME, or NAME where only one plugin has a job of that name.

Examples:
  moa schedule list
  moa schedule next menu/daily --count 5
  moa schedule run menu/daily";

/// Arguments of `moa schedule`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ScheduleArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ScheduleAction,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// List the jobs: when they are due, how they are, and how their last run ended
    #[command(
        visible_alias = "ls",
        after_help = "Examples:\n  moa schedule list\n  moa schedule list --json | jq '.jobs[].next'"
    )]
    List,
    /// Tell when jobs are due next
    #[command(after_help = "Examples:\n  moa schedule next\n  moa schedule next menu/daily --count 20")]
    Next {
        /// Which; all if none is named
        #[arg(value_name = "JOB")]
        job: Option<String>,
        /// How many times are told
        #[arg(long, short = 'n', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        count: u32,
    },
    /// Run a job now, whatever its schedule says
    ///
    /// Its next due times stay what they are. `moa journal list` and `moa plugin logs` tell what came of it.
    #[command(after_help = "Example:\n  moa schedule run menu/daily")]
    Run(Job),
    /// Let a job rest until it is resumed, over restarts too
    ///
    /// What was due meanwhile is not made up for; what is due once waits.
    #[command(after_help = "Example:\n  moa schedule pause menu/daily")]
    Pause(Job),
    /// End a job's rest
    #[command(after_help = "Example:\n  moa schedule resume menu/daily")]
    Resume(Job),
}

/// A job.
#[derive(Debug, Args)]
pub struct Job {
    /// Which: PLUGIN/NAME, or NAME alone
    #[arg(value_name = "JOB")]
    pub job: String,
}

pub(super) fn main(global: &Global, args: &ScheduleArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        let client = plugin::client_of_jobs(&config).await?;
        let zone = TimeZone::get(&config.bot.timezone).unwrap_or(TimeZone::UTC);
        let result = act(&client, &args.action, &zone, global.json).await;
        let closed = client.close().await;
        let end = unless_unread(result)?;
        closed?;
        Ok(end)
    })
}

async fn act(client: &Client, action: &ScheduleAction, zone: &TimeZone, json: bool) -> anyhow::Result<End> {
    match action {
        ScheduleAction::List => list(client, zone, json).await,
        ScheduleAction::Next { job, count } => next(client, job.as_deref(), *count, zone, json).await,
        ScheduleAction::Run(job) => order(client, "run", job, json).await,
        ScheduleAction::Pause(job) => order(client, "pause", job, json).await,
        ScheduleAction::Resume(job) => order(client, "resume", job, json).await,
    }
}

async fn list(client: &Client, zone: &TimeZone, json: bool) -> anyhow::Result<End> {
    let list: JobList = client.get("/v1/schedule").await?;
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(End::Done);
    }
    let mut table = Table::new(["JOB", "SCHEDULE", "ZONE", "STATE", "NEXT", "LAST"]);
    for row in &list.jobs {
        let last = row.last.as_ref().map_or_else(
            || "-".to_owned(),
            |last| {
                let ended = clock(last.ended, zone);
                match &last.failed {
                    Some(why) => format!("{ended} failed: {why}"),
                    None => format!("{ended} ok"),
                }
            },
        );
        table.row([
            format!("{}/{}", row.plugin, row.name),
            row.schedule.clone().unwrap_or_else(|| "once".into()),
            row.timezone.clone(),
            state(row).into(),
            row.next.map_or_else(|| "-".into(), |next| clock(next, zone)),
            last,
        ])?;
    }
    table.end()?;
    Ok(End::Done)
}

fn state(row: &Row) -> &'static str {
    match row.state {
        JobState::Waiting => "waiting",
        JobState::Running => "running",
        JobState::Paused => "paused",
        JobState::Idle => "idle",
        JobState::Broken => "broken",
    }
}

async fn next(client: &Client, job: Option<&str>, count: u32, zone: &TimeZone, json: bool) -> anyhow::Result<End> {
    let count = count.to_string();
    let mut query = vec![("count", count.as_str())];
    let named = match job {
        Some(job) => Some(find(client, job).await?),
        None => None,
    };
    if let Some((plugin, name)) = &named {
        query.extend([("plugin", plugin.as_str()), ("name", name.as_str())]);
    }
    let list: DueList = client.get(&path("/v1/schedule/next", &query)).await?;
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(End::Done);
    }
    let mut table = Table::new(["DUE", "JOB"]);
    for row in &list.due {
        table.row([clock(row.due, zone), format!("{}/{}", row.plugin, row.name)])?;
    }
    table.end()?;
    Ok(End::Done)
}

async fn order(client: &Client, verb: &str, job: &Job, json: bool) -> anyhow::Result<End> {
    let (plugin, name) = find(client, &job.job).await?;
    let query = [("plugin", plugin.as_str()), ("name", name.as_str())];
    let did: JobDid = client
        .ask(Method::POST, &path(&format!("/v1/schedule/{verb}"), &query), empty())
        .await?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&did)?)?;
        return Ok(End::Done);
    }
    let job = shown(&format!("{plugin}/{name}"));
    match verb {
        "run" => writeln!(out, "{job} is begun")?,
        "pause" => writeln!(out, "{job} rests until `moa schedule resume {job}`")?,
        _ => writeln!(out, "{job} runs again when it is due")?,
    }
    Ok(End::Done)
}

/// The job that somebody names.
async fn find(client: &Client, job: &str) -> anyhow::Result<(String, String)> {
    let list: JobList = client.get("/v1/schedule").await?;
    let whole = |row: &&Row| job.split_once('/') == Some((row.plugin.as_str(), row.name.as_str()));
    if let Some(row) = list.jobs.iter().find(whole) {
        return Ok((row.plugin.clone(), row.name.clone()));
    }
    let named: Vec<&Row> = list.jobs.iter().filter(|row| row.name == job).collect();
    match named.as_slice() {
        [row] => Ok((row.plugin.clone(), row.name.clone())),
        [] => anyhow::bail!(
            "there is no job `{}`; `moa schedule list` shows those that there are",
            shown(job)
        ),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|row| format!("{}/{}", row.plugin, row.name))
                .collect();
            Err(ExitError {
                code: EXIT_USAGE,
                message: format!(
                    "several plugins have such a job; name one of: {}",
                    shown(&names.join(", "))
                ),
            }
            .into())
        }
    }
}

/// An instant as the clock of the bot's zone shows it.
fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
