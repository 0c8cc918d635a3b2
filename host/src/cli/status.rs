//! `moa status` and `moa stop`.

use super::output::{Table, shown, unless_unread};
use super::{End, Global, log, runtime};
use crate::control::Stopping;
use crate::control::client::Client;
use crate::control::http::empty;
use crate::settings;
use crate::sight::Status;
use clap::Args;
use hyper::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use moa_core::config::{Config, duration_text, size_text};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often it is looked whether the host has ended.
const GLANCE: Duration = Duration::from_millis(50);

/// Arguments of `moa stop`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  moa stop && moa run")]
pub struct StopArgs {
    /// How long to wait until it has ended
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = length)]
    pub timeout: Duration,
}

fn length(text: &str) -> Result<Duration, String> {
    moa_core::config::duration(text).ok_or_else(|| "write a length of time such as 30s or 2m".to_owned())
}

/// The host of this configuration.
async fn host(config: &Config) -> anyhow::Result<Client> {
    match Client::host(&config.bot.socket).await? {
        Some(host) => Ok(host),
        None => anyhow::bail!(
            "no moa runs: nothing answers at {}; start it with `moa run`, or name its --config or --data-dir",
            config.bot.socket.display()
        ),
    }
}

pub(super) fn status(global: &Global) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        let status: Status = host(&config).await?.get("/v1/status").await?;
        let zone = TimeZone::get(&config.bot.timezone).unwrap_or(TimeZone::UTC);
        unless_unread(
            match global.json {
                true => writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&status)?).map_err(Into::into),
                false => print(&status, &zone).map_err(Into::into),
            }
            .map(|()| End::Done),
        )
    })
}

fn print(status: &Status, zone: &TimeZone) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let now = Timestamp::now();
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let ago = |at: Timestamp| {
        let since = u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0);
        duration_text(Duration::from_secs(since))
    };
    let state = if status.ready { "ready" } else { "NOT READY" };
    writeln!(
        out,
        "moa {} (process {}) is {state}, since {} ({} ago)",
        status.version,
        status.pid,
        clock(status.since),
        ago(status.since)
    )?;
    for reason in &status.reasons {
        writeln!(out, "  {}", shown(reason))?;
    }
    match status.connections.as_slice() {
        [] => writeln!(out, "connections  none")?,
        open => writeln!(out, "connections  {}", open.len())?,
    }
    for link in &status.connections {
        let pinged = link
            .pinged
            .map_or_else(|| "never".to_owned(), |at| format!("{} ago", ago(at)));
        let round_trip = link
            .round_trip_ms
            .map_or_else(String::new, |ms| format!(" ({ms:.0} ms)"));
        writeln!(
            out,
            "  {}  since {}, heard {} ago, pinged {pinged}{round_trip}",
            link.service,
            clock(link.since),
            ago(link.heard)
        )?;
    }
    let work = &status.work;
    let open = work.open.map_or_else(|| "?".to_owned(), |open| open.to_string());
    let lag = work
        .lag_seconds
        .map_or_else(|| "none".to_owned(), |lag| format!("{lag:.1} s"));
    writeln!(
        out,
        "work         {} running, {} waiting, {open} unfinished in the journal, lag {lag}",
        work.running, work.waiting
    )?;
    for queue in work.queues.iter().filter(|queue| queue.waiting > 0) {
        let (plugin, running, waiting) = (shown(&queue.plugin), queue.running, queue.waiting);
        writeln!(out, "  {plugin}: {running} running, {waiting} waiting")?;
    }
    let store = &status.store;
    let answer = match (&store.problem, store.answer_ms) {
        (Some(problem), _) => format!("does not answer: {}", shown(problem)),
        (None, Some(ms)) => format!("answers in {ms:.1} ms"),
        (None, None) => "has not been asked".to_owned(),
    };
    let bytes = store
        .bytes
        .map_or_else(String::new, |bytes| format!(", {}", rounded(bytes)));
    writeln!(out, "store        {} {answer}{bytes}", shown(&store.url))?;
    writeln!(
        out,
        "plugins      {} serving, {} resting, {} stopped, {} broken",
        status.serving.len(),
        status.resting.len(),
        status.stopped.len(),
        status.broken.len()
    )?;
    for (what, names) in [("resting", &status.resting), ("stopped", &status.stopped)] {
        if !names.is_empty() {
            writeln!(out, "  {what}: {}", shown(&names.join(", ")))?;
        }
    }
    for broken in &status.broken {
        let path = broken.path.display().to_string();
        writeln!(out, "  broken: {}: {}", shown(&path), shown(&broken.reason))?;
    }
    let listeners = &status.listeners;
    for (what, address) in [("outside", &listeners.http), ("operator", &listeners.admin)] {
        let address = address.as_deref().unwrap_or("not listened to");
        writeln!(out, "{what:<12} {address}")?;
    }
    let memory = status.memory.map_or_else(|| "?".to_owned(), rounded);
    let cpu = status
        .cpu_seconds
        .map_or_else(|| "?".to_owned(), |cpu| format!("{cpu:.1} s"));
    let files = status
        .open_files
        .map_or_else(|| "?".to_owned(), |files| files.to_string());
    writeln!(
        out,
        "process      {memory} of memory, {cpu} of computing, {files} open files"
    )?;
    out.flush()?;
    drop(out);
    if !status.next.is_empty() {
        println!("due next");
        let mut table = Table::new(["  WHEN", "JOB"]);
        for due in &status.next {
            table.row([format!("  {}", clock(due.at)), format!("{}/{}", due.plugin, due.name)])?;
        }
        table.end()?;
    }
    let last = status.noticed.iter().rev().take(10).rev();
    if !status.noticed.is_empty() {
        println!("last warnings and errors");
    }
    for noticed in last {
        let times = match noticed.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        println!(
            "  {} {} {}{times}",
            clock(noticed.at),
            noticed.level.to_uppercase(),
            shown(&noticed.text)
        );
    }
    Ok(())
}

/// A size as people say it.
pub(super) fn rounded(bytes: u64) -> String {
    match bytes {
        0..1024 => size_text(bytes),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

pub(super) fn stop(global: &Global, args: &StopArgs) -> anyhow::Result<End> {
    log::start(global, "warn")?;
    let config = super::configuration(global, settings::environment())?;
    runtime()?.block_on(async {
        let client = host(&config).await?;
        let stopping: Stopping = client.ask(Method::POST, "/v1/stop", empty()).await?;
        drop(client);
        wait(&config, &stopping, args.timeout).await?;
        match global.json {
            true => println!("{}", serde_json::to_string_pretty(&stopping)?),
            false => println!("moa (process {}) has stopped", stopping.pid),
        }
        Ok(End::Done)
    })
}

/// Waits until the process is gone, and tells on a terminal how far it is.
async fn wait(config: &Config, stopping: &Stopping, patience: Duration) -> anyhow::Result<()> {
    let (begun, terminal) = (Instant::now(), io::stderr().is_terminal());
    let mut told = None;
    while is_there(stopping.pid) {
        if begun.elapsed() > patience {
            anyhow::bail!(
                "moa (process {}) was asked to stop and has not ended within {} s; its log says what it waits for, and `kill -9 {0}` ends it with nothing lost: what is not done is in the journal",
                stopping.pid,
                patience.as_secs()
            );
        }
        if terminal && told.is_none_or(|told: Instant| told.elapsed() > Duration::from_secs(1)) {
            told = Some(Instant::now());
            let outstanding = match Client::host(&config.bot.socket).await {
                Ok(Some(host)) => host.get::<Status>("/v1/status").await.ok(),
                _ => None,
            };
            let what = outstanding.map_or_else(
                || "closing the store".to_owned(),
                |status| format!("{} calls run", status.work.running + status.work.waiting),
            );
            eprint!("\r\x1b[Kstopping: {what}, {} s", begun.elapsed().as_secs());
        }
        tokio::time::sleep(GLANCE).await;
    }
    if told.is_some() {
        eprint!("\r\x1b[K");
    }
    Ok(())
}

/// Whether a process runs. One that has ended and of which nobody took note is no more.
fn is_there(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let is_zombie = |stat: &String| {
        let after = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
        after.is_some_and(|rest| rest.starts_with('Z'))
    };
    state.is_ok_and(|stat| !is_zombie(&stat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        let said = [0, 2048, 3 << 20, 5 << 30].map(rounded);
        assert_eq!(said, ["0B", "2.0 KiB", "3.0 MiB", "5.00 GiB"]);
    }

    #[test]
    fn a_process_is_there_until_it_is_not() {
        assert!(is_there(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert!(!is_there(pid));
    }
}
