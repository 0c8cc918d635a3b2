//! What a build says on the terminal: a line when a source begins (it may take a minute), the compiler's own words where
//! something is wrong, a line at the end.

use crate::toolchain::diagnostic::Severity;
use crate::toolchain::{BuildError, BuildEvent, BuildResult, check};
use std::io::IsTerminal;

/// Prints the events of a build on standard error, so that standard output holds results alone.
pub(super) fn print(event: BuildEvent<'_>) {
    match event {
        BuildEvent::Waiting { out } => eprintln!("waiting for another build in {} to end", out.display()),
        BuildEvent::Started { source } => eprintln!("building {} ({})", source.name, source.dir.display()),
        // Tools tell each of their steps; that is for people who watch.
        BuildEvent::Tool { line, .. } => {
            if std::io::stderr().is_terminal() {
                eprintln!("  {line}");
            }
        }
        BuildEvent::Diagnostic { diagnostic, .. } => {
            // Colours are for terminals; a file or another program wants the words.
            if std::io::stderr().is_terminal() {
                eprintln!("{}", diagnostic.rendered.trim_end());
            } else {
                eprintln!("{}", diagnostic.plain().trim_end());
            }
        }
        BuildEvent::Finished { .. } => {}
    }
}

/// How a source ended: one line, or several where there is more to say.
pub(super) fn summary(result: &BuildResult) -> String {
    let name = &result.source.name;
    match &result.outcome {
        Ok(built) => {
            let how = match (built.rebuilt, built.changed) {
                (false, _) => "unchanged".to_owned(),
                (true, false) => format!("built, the same as before, in {:.1} s", result.took.as_secs_f64()),
                (true, true) => format!("built in {:.1} s", result.took.as_secs_f64()),
            };
            let asks = check::grant_lines(&built.requests);
            let asks = if asks.is_empty() {
                "asks for nothing".to_owned()
            } else {
                format!("asks for {}", asks.join(", "))
            };
            let mut text = format!(
                "{name}: {how}, {}, {asks} → {}",
                check::size_text(built.size),
                built.file.display()
            );
            for warning in &built.warnings {
                text.push_str(&format!("\n  warning: {warning}"));
            }
            text
        }
        Err(error @ (BuildError::NoTool { .. } | BuildError::Fetch { .. })) => {
            format!("{name}: left out: {error}. Everything else goes on.")
        }
        Err(error) => format!("{name}: FAILED: {}", trouble(error, false)),
    }
}

/// Why a source was not built: `whole`, or where the compiler's words stand on the screen already, each of its errors
/// in one line with its place.
pub(super) fn trouble(error: &BuildError, whole: bool) -> String {
    let lines = match error {
        BuildError::Compiler { diagnostics, .. } if !whole => diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| match diagnostic.place() {
                place if place.is_empty() => diagnostic.message.clone(),
                place => format!("{place}: {}", diagnostic.message),
            })
            .collect(),
        _ => Vec::new(),
    };
    match lines.as_slice() {
        [] => error.to_string(),
        [one] => one.clone(),
        several => several.iter().map(|line| format!("\n  {line}")).collect(),
    }
}
