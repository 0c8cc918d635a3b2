//! The log of the process: lines on standard error, with the plugin and invocation that each is about.

use super::{Color, EXIT_USAGE, ExitError, Global};
use crate::registry::steers;
use std::fmt::Debug;
use std::io::IsTerminal;
use tracing::field::Field;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
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
    let _ = subscriber(filter, color, std::io::stderr).try_init();
    Ok(())
}

/// Starts logging as [`start`] does; `also` gets every line too, whatever the filter says.
///
/// # Errors
/// A filter that cannot be read, as wrong use.
pub fn start_with(
    global: &Global,
    default: &str,
    also: impl Layer<Registry> + Send + Sync + 'static,
) -> anyhow::Result<()> {
    let (filter, color) = settings(global, default)?;
    // As above.
    let _ = subscriber_with(filter, color, std::io::stderr, also).try_init();
    Ok(())
}

/// Each layer has a filter of its own, and each filter says how fine the finest line is that it may let through. Without
/// that every `trace!` of every library, some for each frame, would be looked at before it is dropped.
fn subscriber_with<W>(
    filter: EnvFilter,
    color: bool,
    writer: W,
    also: impl Layer<Registry> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let harmless = filter_fn(|line| !tells_tickets(line)).with_max_level_hint(LevelFilter::TRACE);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(color)
        .with_target(false)
        .fmt_fields(debug_fn(field).delimited(" "))
        .with_writer(writer)
        .with_filter(filter.and(harmless));
    tracing_subscriber::registry().with(also).with(lines)
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

fn subscriber<W>(filter: EnvFilter, color: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(color)
        .with_target(false)
        .fmt_fields(debug_fn(field).delimited(" "))
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(|line| !tells_tickets(line)))
        .with(lines)
}

/// One field of a line. Texts come from plugins and from the network, too: what is in them must not look like a line of
/// the host's own, nor steer the terminal. So what follows a line's end is indented, and other control characters and
/// direction marks are written as escapes.
fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    let text = format!("{value:?}");
    for c in text.trim_end().chars() {
        match c {
            '\n' => writer.write_str("\n    ")?,
            '\t' => writer.write_char(c)?,
            c if c.is_control() || steers(c) => write!(writer, "{}", c.escape_unicode())?,
            c => writer.write_char(c)?,
        }
    }
    Ok(())
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
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_level_speaks_for_moa_alone() {
        assert!(filter_text("debug").starts_with("warn,moa=debug"));
        assert!(filter_text("error").starts_with("error,"));
        assert_eq!(filter_text("hyper=trace"), "hyper=trace");
    }

    #[test]
    fn no_text_looks_like_a_line_of_the_hosts_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let handle = file.reopen().unwrap();
        let writer = Mutex::new(handle);
        tracing::subscriber::with_default(subscriber(EnvFilter::new("info"), false, writer), || {
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
            let to = Mutex::new(file.reopen().unwrap());
            let filter = EnvFilter::new(filter_text(filter));
            match beside {
                true => {
                    let logs = crate::logs::layer(&Arc::default());
                    tracing::subscriber::with_default(subscriber_with(filter, false, to, logs), say);
                }
                false => tracing::subscriber::with_default(subscriber(filter, false, to), say),
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
        let log = subscriber_with(filter(), false, std::io::sink, logs);
        assert_eq!(
            log.max_level_hint(),
            Some(LevelFilter::DEBUG),
            "what plugins say is kept to there"
        );
        let alone = subscriber(filter(), false, std::io::sink);
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
