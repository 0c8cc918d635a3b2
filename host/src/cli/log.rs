//! The log of the process: lines on standard error, with the plugin and invocation that each is about.

use super::{Color, EXIT_USAGE, ExitError, Global};
use crate::errors;
use crate::log::levels::Own;
use crate::log::{Form, Lines};
use anyhow::Context;
use moa_core::config::LogFormat;
use std::io::{IsTerminal, Write};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// Starts logging. Without `--log-level` and `MOA_LOG`: `default`.
///
/// # Errors
/// A filter that cannot be read, as wrong use.
pub fn start(global: &Global, default: &str) -> anyhow::Result<()> {
    let (filter, color) = settings(global, default)?;
    // A second start in one process (tests) keeps the first.
    let _ = subscriber(filter, Form::Human { color }, stderr).try_init();
    Ok(())
}

/// Starts logging as [`start`] does, in this form; `also` gets every line too, whatever the filter says.
///
/// # Errors
/// A filter that cannot be read, as wrong use; no journal where one is asked for.
pub fn start_with(
    global: &Global,
    default: &str,
    format: LogFormat,
    also: impl Layer<Registry> + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let (filter, color) = settings(global, default)?;
    let form = Form::of(format, color)
        .context("log.format is \"journald\", and the journal cannot be reached; set it to \"human\" or \"json\"")?;
    // As above.
    let _ = subscriber_with(filter, form, stderr, also).try_init();
    Ok(())
}

fn stderr() -> Box<dyn Write> {
    Box::new(std::io::stderr())
}

/// Each layer has a filter of its own, and each filter says how fine the finest line is that it may let through. Without
/// that every `trace!` of every library, some for each frame, would be looked at before it is dropped.
fn subscriber_with<W>(
    filter: EnvFilter,
    form: Form,
    writer: W,
    also: impl Layer<Registry> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync
where
    W: Fn() -> Box<dyn Write> + Send + Sync + 'static,
{
    let harmless = filter_fn(|line| !tells_tickets(line)).with_max_level_hint(LevelFilter::TRACE);
    let lines = Lines::new(form, writer).with_filter(Own(filter.and(harmless)));
    tracing_subscriber::registry()
        .with(also)
        .with(errors::layer())
        .with(lines)
}

/// What is shown, and whether in colours.
fn settings(global: &Global, default: &str) -> anyhow::Result<(EnvFilter, bool)> {
    let text = global.log_level.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(filter_text(text)).map_err(|error| ExitError {
        code: EXIT_USAGE,
        message: format!(
            "--log-level {text:?}: {error}; use error, warn, info, debug or trace, or a filter like moa=debug"
        ),
    })?;
    let color = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    Ok((filter, color))
}

fn subscriber<W>(filter: EnvFilter, form: Form, writer: W) -> impl Subscriber + Send + Sync
where
    W: Fn() -> Box<dyn Write> + Send + Sync + 'static,
{
    let harmless = filter_fn(|line| !tells_tickets(line)).with_max_level_hint(LevelFilter::TRACE);
    tracing_subscriber::registry().with(Lines::new(form, writer).with_filter(filter.and(harmless)))
}

/// At `trace` the websocket library prints the addresses that it opens, and those carry tickets, which nobody may read.
fn tells_tickets(line: &Metadata<'_>) -> bool {
    let library = |name: &str| line.target().split("::").next() == Some(name);
    *line.level() == Level::TRACE && (library("tungstenite") || library("tokio_tungstenite"))
}

/// A bare level is Moa's own; libraries stay at warnings, or one would drown in their details.
fn filter_text(text: &str) -> String {
    match text {
        "error" | "warn" | "info" | "debug" | "trace" => {
            let libraries = if text == "error" { "error" } else { "warn" };
            format!(
                "{libraries},moa={text},moa_core={text},moa_store={text},moa_engine={text},moa_playground={text},plugin={text}"
            )
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Into this file.
    fn to(file: &tempfile::NamedTempFile) -> impl Fn() -> Box<dyn Write> + Send + Sync + 'static {
        let file = file.reopen().unwrap();
        move || Box::new(file.try_clone().unwrap())
    }

    #[test]
    fn a_level_speaks_for_moa_alone() {
        assert!(filter_text("debug").starts_with("warn,moa=debug"));
        assert!(filter_text("error").starts_with("error,"));
        assert_eq!(filter_text("hyper=trace"), "hyper=trace");
    }

    #[test]
    fn no_text_looks_like_a_line_of_the_hosts_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer = to(&file);
        let form = Form::Human { color: false };
        tracing::subscriber::with_default(subscriber(EnvFilter::new("info"), form, writer), || {
            let said = "quiet\n2026-11-21T00:00:00Z ERROR moa: forged\r\u{1b}[2J\u{202e}x";
            tracing::info!(plugin = "a\nb", id = %"c\u{7}", "{said}");
        });
        let text = std::fs::read_to_string(file.path()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[0].contains("INFO quiet"), "{text}");
        assert_eq!(
            lines[1],
            "    2026-11-21T00:00:00Z ERROR moa: forged\\u{d}\\u{1b}[2J\\u{202e}x plugin=\"a\\nb\" id=c\\u{7}"
        );
    }

    /// What is logged with this filter, which must be the same beside what keeps the lines of plugins.
    fn logged(filter: &str) -> String {
        let say = || {
            tracing::trace!(target: "tungstenite::client", "wss://x/?ticket=1");
            tracing::debug!(target: "tungstenite::client", "done");
            tracing::info!(target: "moa::app", "connected");
            tracing::info!(target: "plugin", "counted");
        };
        let [alone, beside] = [false, true].map(|beside| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let (to, form) = (to(&file), Form::Human { color: false });
            let filter = EnvFilter::new(filter_text(filter));
            match beside {
                true => {
                    let logs = crate::logs::layer(&Arc::default());
                    tracing::subscriber::with_default(subscriber_with(filter, form, to, logs), say);
                }
                false => tracing::subscriber::with_default(subscriber(filter, form, to), say),
            }
            let text = std::fs::read_to_string(file.path()).unwrap();
            // Without the time.
            let lines = text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned());
            lines.collect::<Vec<_>>().join("\n")
        });
        assert_eq!(alone, beside);
        alone
    }

    #[test]
    fn what_nobody_wants_is_dropped_before_it_is_looked_at() {
        let filter = || EnvFilter::new(filter_text("info"));
        let logs = crate::logs::layer(&Arc::default());
        let sink = || Box::new(std::io::sink()) as Box<dyn Write>;
        let form = || Form::Human { color: false };
        let log = subscriber_with(filter(), form(), sink, logs);
        assert_eq!(
            log.max_level_hint(),
            Some(LevelFilter::DEBUG),
            "what plugins say is kept to there"
        );
        let alone = subscriber(filter(), form(), sink);
        assert_eq!(alone.max_level_hint(), Some(LevelFilter::INFO));
    }

    #[test]
    fn libraries_are_quiet_unless_asked_for_and_tickets_are_never_told() {
        assert_eq!(logged("warn"), "");
        let info = logged("info");
        assert!(
            info.contains("connected") && info.contains("counted") && !info.contains("done"),
            "{info}"
        );
        let dev = logged("warn,plugin=info");
        assert!(
            dev.contains("counted") && !dev.contains("connected") && !dev.contains("done"),
            "{dev}"
        );
        let all = logged("tungstenite=trace");
        assert!(all.contains("done") && !all.contains("ticket"), "{all}");
    }
}
