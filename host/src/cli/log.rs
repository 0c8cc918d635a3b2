//! The log of the process: lines on standard error, with the plugin and invocation that each is about.

use super::{Color, EXIT_USAGE, ExitError, Global};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// At `trace` the websocket library prints the addresses that it opens, and those carry tickets.
const QUIET: &str = "tungstenite=debug,tokio_tungstenite=debug";

/// Starts logging. Without `--log-level` and `MOA_LOG`: `default`.
///
/// # Errors
/// A filter that cannot be read, as wrong use.
pub fn start(global: &Global, default: &str) -> anyhow::Result<()> {
    let text = global.log_level.as_deref().unwrap_or(default);
    let filter = EnvFilter::try_new(format!("{},{QUIET}", filter_text(text))).map_err(|error| ExitError {
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
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(color)
        .with_target(false)
        .with_writer(std::io::stderr)
        .try_init();
    Ok(())
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

    #[test]
    fn a_level_speaks_for_moa_alone() {
        assert!(filter_text("debug").starts_with("warn,moa=debug"));
        assert!(filter_text("error").starts_with("error,"));
        assert_eq!(filter_text("hyper=trace"), "hyper=trace");
    }

    #[test]
    fn no_filter_shows_the_address_of_a_websocket() {
        let filter = EnvFilter::new(format!("{},{QUIET}", filter_text("tungstenite=trace,hyper=trace"))).to_string();
        assert!(
            filter.contains("tungstenite=debug") && !filter.contains("tungstenite=trace"),
            "{filter}"
        );
    }
}
