//! The host that runs, or what it would find: plugins and their grants, store, journal.

use super::super::plugin;
use super::{Findings, machine};
use crate::control::client::Client;
use crate::control::http::path;
use crate::control::{PluginList, Row};
use crate::grants;
use crate::sight::Status;
use crate::stores;
use moa_core::config::{Config, StoreUrl, duration_text};
use moa_store::{RedisOptions, RedisStore};
use std::time::Duration;

/// A pulse that is later shows that the machine has too much to do, in milliseconds.
const LATE: f64 = 250.0;
/// An answer of the store that takes longer is felt, in milliseconds.
const SLOW: f64 = 100.0;
/// A journal of so many open events is more than a moment's work.
const MANY: usize = 100;

pub(super) async fn examine(config: &Config, findings: &mut Findings) {
    if let StoreUrl::Redis(url) = &config.store.url {
        redis(url, findings).await;
    }
    match Client::host(&config.bot.socket).await {
        Ok(Some(host)) => {
            running(config, &host, findings).await;
            contents(&host, findings).await;
        }
        Ok(None) => {
            findings.note(
                "host",
                format!("no moa runs: nothing answers at {}", config.bot.socket.display()),
                "start it with `moa run`, or as a service with `moa service install`",
            );
            machine::files_here(findings);
            resting(config, findings).await;
        }
        Err(error) => findings.problem(
            "host",
            format!("{error:#}"),
            "look at its log; if it hangs, end it and start it again: what it accepted is in the journal",
        ),
    }
}

/// What Redis is set to.
async fn redis(url: &str, findings: &mut Findings) {
    let options = RedisOptions {
        visit: true,
        ..RedisOptions::default()
    };
    match RedisStore::open(url, options).await {
        Ok(store) => {
            for warning in store.warnings() {
                let (found, remedy) = warning.rsplit_once("; ").unwrap_or((warning, "see docs/redis.md"));
                findings.warning("store", found, remedy);
            }
            if store.warnings().is_empty() {
                findings.good("store", "Redis keeps what it is given");
            }
            // It was only looked at.
            let _ = moa_store::Store::close(&store).await;
        }
        Err(error) => findings.problem("store", error.to_string(), "see docs/redis.md"),
    }
}

async fn running(config: &Config, host: &Client, findings: &mut Findings) {
    let status: Status = match host.get("/v1/status").await {
        Ok(status) => status,
        Err(error) => {
            return findings.problem(
                "host",
                format!("it does not tell how it is: {error:#}"),
                "is it of another version than this command? restart it",
            );
        }
    };
    let said = format!("moa {} runs as process {}", status.version, status.pid);
    match status.reasons.as_slice() {
        [] => findings.good("host", format!("{said} and is ready")),
        reasons => findings.problem(
            "host",
            format!("{said} and is not ready: {}", reasons.join("; ")),
            "its log says what it tries; `moa status` shows connections and store",
        ),
    }
    machine::files_of(status.pid, findings);
    let own = env!("CARGO_PKG_VERSION");
    if status.version != own {
        findings.warning(
            "host",
            format!("{} runs, and this command is of {own}", status.version),
            "restart it, so that the installed version runs",
        );
    }
    if status.work.late_ms > LATE {
        findings.warning(
            "host",
            format!("what is due waits {:.0} ms for a thread", status.work.late_ms),
            "the machine has too much to do: look at its load, and at `moa plugin list` for who computes",
        );
    }
    let max_age = config.journal.max_age;
    let lag = Duration::from_secs_f64(status.work.lag_seconds.unwrap_or_default().max(0.0));
    if lag > max_age || status.work.open.is_some_and(|open| open > MANY) {
        let open = status.work.open.unwrap_or_default();
        let lag = duration_text(Duration::from_secs(lag.as_secs()));
        findings.warning(
            "journal",
            format!("{open} events are not finished, the oldest since {lag}"),
            "`moa journal list` shows them, `moa journal show NUMBER` why, `moa journal drop NUMBER` gives one up",
        );
    } else if let Some(open) = status.work.open {
        findings.good(
            "journal",
            match open {
                0 => "nothing is left undone".to_owned(),
                open => format!("{open} events are being done"),
            },
        );
    }
    match (&status.store.problem, status.store.answer_ms) {
        (Some(problem), _) => findings.problem(
            "store",
            problem.clone(),
            "see that it runs and can be reached; the host goes on by itself when it answers",
        ),
        (None, Some(ms)) if ms > SLOW => findings.warning(
            "store",
            format!("it takes {ms:.0} ms to answer"),
            "look at its disk or its network; every command waits for it",
        ),
        _ => findings.good("store", "it answers"),
    }
}

/// What the next host would find.
async fn resting(config: &Config, findings: &mut Findings) {
    let file = stores::file(&config.store.url);
    if file.is_some_and(|file| !file.exists()) || config.store.url == StoreUrl::Memory {
        findings.note("store", "there is no data yet", "nothing: the first `moa run` makes it");
        return;
    }
    match plugin::client_of_store(config).await {
        Ok(client) => {
            if file.is_some() {
                findings.good("store", "it can be opened");
            }
            contents(&client, findings).await;
            let _ = client.close().await;
        }
        Err(error) => findings.problem(
            "store",
            format!("{error:#}"),
            "if it is damaged: `moa brain restore` brings back the last backup",
        ),
    }
}

/// Plugins, their grants, and what failed.
async fn contents(client: &Client, findings: &mut Findings) {
    let list: PluginList = match client.get("/v1/plugins").await {
        Ok(list) => list,
        Err(error) => {
            return findings.problem("plugins", format!("{error:#}"), "see plugins.dir");
        }
    };
    for broken in &list.broken {
        findings.problem(
            "plugins",
            format!(
                "{} is not loaded ({}): {}",
                broken.path.display(),
                broken.stage,
                broken.reason
            ),
            "mend or remove the file; `moa check FILE` says the same",
        );
    }
    let mut good = 0;
    for row in &list.plugins {
        let name = &row.manifest.name;
        for warning in &row.warnings {
            findings.warning(
                "plugins",
                format!("{name}: {warning}"),
                "its author can mend that; see its manifest",
            );
        }
        if let Some(problem) = &row.problem {
            findings.problem(
                "plugins",
                format!("{name} serves an earlier version, for its file is not good: {problem}"),
                "mend or replace the file",
            );
        }
        let status = client
            .get::<grants::Status>(&format!("/v1/plugins/{name}/grants"))
            .await;
        let missing = status.map(|status| status.missing).unwrap_or_default();
        match missing.is_empty() {
            true => good += 1,
            false => findings.warning(
                "grants",
                format!("{name} asks for what nobody granted: {}", missing.join(", ")),
                format!(
                    "`moa plugin grant {name}` approves all of it, or add to moa.toml:\n[plugin.{name}.grant]\n{}",
                    missing.join("\n")
                ),
            ),
        }
    }
    if good > 0 {
        findings.good("plugins", format!("{good} have all that they ask for"));
    }
    let query = [("which", "failed"), ("limit", "100")];
    if let Ok(failed) = client.get::<Vec<Row>>(&path("/v1/journal", &query)).await
        && !failed.is_empty()
    {
        findings.note(
            "journal",
            format!("{} events of the last day were not done", failed.len()),
            "`moa journal list --failed` shows them and why; `moa journal retry NUMBER` tries one again",
        );
    }
}
