//! What there is, as tables and facts.

use super::super::End;
use super::super::output::{Table, shown};
use crate::control::client::Client;
use crate::control::{BrokenRow, Counts, PluginList, PluginRow, State};
use crate::toolchain::check;
use jiff::Timestamp;
use moa_core::config::{Config, size_text};
use std::io::{self, Write};
use std::time::Duration;

/// The longest text of a fault in the list, in characters; `show` has all of it.
const SHORT: usize = 60;

pub(super) async fn all(client: &Client, config: &Config, json: bool) -> anyhow::Result<End> {
    let list: PluginList = client.get("/v1/plugins").await?;
    if json {
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&list)?)?;
        return Ok(End::Done);
    }
    if list.incomplete {
        eprintln!("moa: it has just started, and plugins are still being loaded");
    }
    if list.plugins.is_empty() && list.broken.is_empty() && !list.incomplete {
        eprintln!("moa: there is no plugin in {}", config.plugins.dir.display());
        return Ok(End::Done);
    }
    let mut table = Table::new([
        "NAME",
        "VERSION",
        "STATE",
        "UP",
        "CALLS",
        "ERRORS",
        "P50",
        "P99",
        "MEMORY",
        "LAST FAULT",
    ]);
    let now = Timestamp::now();
    let mut rows: Vec<(&str, [String; 10])> = list
        .plugins
        .iter()
        .map(|plugin| {
            let row = loaded(plugin, now, client.is_host());
            (plugin.manifest.name.as_str(), row)
        })
        .chain(
            list.broken
                .iter()
                .map(|broken| (broken.name.as_str(), never_loaded(broken))),
        )
        .collect();
    rows.sort_by_key(|(name, _)| *name);
    for (_, row) in rows {
        table.row(row)?;
    }
    table.end()?;
    Ok(End::Done)
}

fn loaded(plugin: &PluginRow, now: Timestamp, is_host: bool) -> [String; 10] {
    let counts = &plugin.counts;
    let up = match plugin.state {
        State::Serving | State::Resting => age(plugin.since, now),
        State::Stopped | State::Idle => "-".into(),
    };
    // Of calls only hosts know.
    let count = |count: u64| if is_host { count.to_string() } else { "-".into() };
    let fault = match (&plugin.problem, &counts.last_fault) {
        // What is wrong with its file is more urgent than what once was wrong with a call.
        (Some(problem), _) => format!("file not loaded: {problem}"),
        (None, Some(fault)) => format!("{} ago: {}", age(fault.at, now), fault.what),
        (None, None) => "-".into(),
    };
    [
        plugin.manifest.name.clone(),
        version_text(&plugin.manifest.version, &plugin.version),
        match plugin.missing.is_empty() {
            true => state(plugin).into(),
            false => format!("{}, asks for more", state(plugin)),
        },
        up,
        count(counts.calls),
        count(counts.errors),
        time(counts.p50_us),
        time(counts.p99_us),
        memory(counts),
        cut(&fault),
    ]
}

fn never_loaded(broken: &BrokenRow) -> [String; 10] {
    let none = || "-".to_owned();
    let reason = format!("{}: {}", broken.stage, broken.reason);
    let name = broken.name.clone();
    [
        name,
        none(),
        "broken".into(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        cut(&reason),
    ]
}

/// All that is known of one plugin.
pub(super) async fn one(client: &Client, name: &str, json: bool) -> anyhow::Result<End> {
    let list: PluginList = client.get("/v1/plugins").await?;
    let mut out = io::stdout().lock();
    if let Some(plugin) = list.plugins.iter().find(|plugin| plugin.manifest.name == name) {
        match json {
            true => writeln!(out, "{}", serde_json::to_string_pretty(plugin)?)?,
            false => facts(&mut out, plugin, client.is_host())?,
        }
        return Ok(End::Done);
    }
    let Some(broken) = list.broken.iter().find(|broken| broken.name == name) else {
        if list.incomplete {
            anyhow::bail!("no plugin `{name}` is loaded yet; moa has just started, ask again in a moment");
        }
        anyhow::bail!("there is no plugin `{name}`; `moa plugin list` shows what there is");
    };
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(broken)?)?;
        return Ok(End::Done);
    }
    let facts = [
        ("file", broken.path.to_string_lossy().into_owned()),
        ("state", format!("broken: {}", broken.reason)),
        ("got to", broken.stage.clone()),
    ];
    for (fact, value) in facts {
        writeln!(out, "{fact:<12} {}", shown(&value))?;
    }
    Ok(End::Done)
}

/// Of calls only hosts know.
fn facts(out: &mut impl Write, plugin: &PluginRow, is_host: bool) -> io::Result<()> {
    let now = Timestamp::now();
    let counts = &plugin.counts;
    let manifest = &plugin.manifest;
    let mut facts = vec![
        ("name", manifest.name.clone()),
        ("summary", manifest.summary.get("en").to_owned()),
        ("version", manifest.version.clone()),
        ("digest", format!("sha256:{}", plugin.version)),
        ("file", plugin.path.to_string_lossy().into_owned()),
        ("pinned", plugin.pinned.clone().unwrap_or_else(|| "no".into())),
        ("source", plugin.source.clone().unwrap_or_default()),
        ("state", state(plugin).into()),
        ("not loaded", plugin.problem.clone().unwrap_or_default()),
        (
            "loaded",
            match is_host {
                true => format!("{:.0} ({} ago)", plugin.since, age(plugin.since, now)),
                false => String::new(),
            },
        ),
        (
            "commands",
            manifest
                .commands
                .iter()
                .map(|command| command.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        ),
        (
            "rests until",
            plugin
                .resting_until
                .map(|until| format!("{until:.0}"))
                .unwrap_or_default(),
        ),
        ("asks for", check::grant_lines(&manifest.requests).join(", ")),
        ("not granted", plugin.missing.join(", ")),
    ];
    if is_host {
        facts.extend(calls(counts));
    } else {
        facts.push(("calls", "counted while moa runs; none does".into()));
    }
    if let Some(fault) = &counts.last_fault {
        facts.push((
            "last fault",
            format!("{:.0} ({} ago): {}", fault.at, age(fault.at, now), fault.what),
        ));
        if !fault.invocation.is_empty() {
            facts.push(("", format!("moa logs --invocation {}", fault.invocation)));
        }
    }
    facts.extend(plugin.warnings.iter().map(|warning| ("warning", warning.clone())));
    for (fact, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "{fact:<12} {}", shown(&value))?;
    }
    Ok(())
}

fn calls(counts: &Counts) -> [(&'static str, String); 3] {
    [
        (
            "calls",
            format!(
                "{} ({} errors, {} of them faults)",
                counts.calls, counts.errors, counts.faults
            ),
        ),
        (
            "latency",
            format!("p50 {}, p99 {}", time(counts.p50_us), time(counts.p99_us)),
        ),
        ("memory", format!("{} at most", memory(counts))),
    ]
}

fn state(plugin: &PluginRow) -> &'static str {
    match plugin.state {
        State::Serving => "serving",
        State::Resting => "resting",
        State::Stopped => "stopped",
        State::Idle => "idle (no moa runs)",
    }
}

/// The first characters of a version.
pub(super) fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

pub(super) fn version_text(said: &str, version: &str) -> String {
    match said {
        "" => short(version).to_owned(),
        said => format!("{} {said}", short(version)),
    }
}

fn memory(counts: &Counts) -> String {
    match counts.memory_peak {
        0 => "-".into(),
        // To a tenth: an exact number of bytes says nothing at a glance.
        bytes if bytes >= 1 << 20 => format!("{:.1}MiB", bytes as f64 / f64::from(1 << 20)),
        bytes if bytes >= 1 << 10 => format!("{}KiB", bytes >> 10),
        bytes => size_text(bytes),
    }
}

fn time(micros: Option<u64>) -> String {
    match micros {
        None => "-".into(),
        Some(micros @ 0..1_000) => format!("{micros}µs"),
        Some(micros @ 1_000..1_000_000) => format!("{:.1}ms", micros as f64 / 1e3),
        Some(micros) => format!("{:.1}s", micros as f64 / 1e6),
    }
}

/// How long ago something was, in its two largest units.
fn age(at: Timestamp, now: Timestamp) -> String {
    let since = Duration::try_from(now.duration_since(at)).unwrap_or_default().as_secs();
    let (minutes, hours, days) = (since / 60, since / 3_600, since / 86_400);
    match since {
        0..60 => format!("{since}s"),
        60..3_600 => format!("{minutes}m {}s", since % 60),
        3_600..86_400 => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.chars().count() > SHORT {
        true => line.chars().take(SHORT - 1).chain(['…']).collect(),
        false => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_enough_for_a_column() {
        assert_eq!(
            [time(None), time(Some(999)), time(Some(1_500)), time(Some(2_250_000))],
            ["-", "999µs", "1.5ms", "2.2s"]
        );
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ago = |seconds: i64| age(Timestamp::from_second(1_000_000 - seconds).unwrap(), now);
        assert_eq!(
            [ago(-5), ago(59), ago(61), ago(7_260), ago(90_000)],
            ["0s", "59s", "1m 1s", "2h 1m", "1d 1h"]
        );
        assert_eq!(cut(&"가".repeat(70)).chars().count(), SHORT);
        assert_eq!(cut("one\ntwo"), "one");
        assert_eq!(
            (version_text("1.2", &"a".repeat(64)), version_text("", "b")),
            ("aaaaaaaaaaaa 1.2".into(), "b".into())
        );
    }
}
