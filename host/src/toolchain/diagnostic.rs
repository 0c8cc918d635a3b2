//! What a compiler says about a source.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// There is no component.
    Error,
    /// There is one all the same.
    Warning,
}

/// One message of a compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file, as the compiler writes it; empty if the message is about none.
    pub file: String,
    /// The line, from 1; 0 if the message is about none.
    pub line: u32,
    /// The column, from 1; 0 if the message is about none.
    pub column: u32,
    /// What it says, in one line.
    pub message: String,
    /// All it says, with source lines, and with colours as terminals want them.
    pub rendered: String,
}

impl Diagnostic {
    /// A message about a place in a file, rendered without colours. `help` says what to do instead; it may be empty.
    pub fn at(severity: Severity, file: &str, (line, column): (u32, u32), message: &str, help: &str) -> Self {
        let kind = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut rendered = format!("{kind}: {message}\n");
        let mut made = Self {
            severity,
            file: file.to_owned(),
            line,
            column,
            message: message.to_owned(),
            rendered: String::new(),
        };
        let place = made.place();
        if !place.is_empty() {
            rendered.push_str(&format!("  --> {place}\n"));
        }
        if !help.is_empty() {
            rendered.push_str(&format!("  = help: {help}\n"));
        }
        made.rendered = rendered;
        made
    }

    /// Where it is, as far as that is known: `plugin.py:3:7`, `requirements.txt:3`, `plugin.toml`, or nothing.
    pub fn place(&self) -> String {
        let Self { file, line, column, .. } = self;
        match (file.as_str(), line, column) {
            ("", ..) => String::new(),
            (_, 0, _) => file.clone(),
            (_, _, 0) => format!("{file}:{line}"),
            _ => format!("{file}:{line}:{column}"),
        }
    }

    /// Whether it is worse than a warning.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// All it says, without colours.
    pub fn plain(&self) -> String {
        without_colours(&self.rendered)
    }
}

/// One line of `cargo build --message-format=json…` on standard output.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(super) enum CargoLine {
    CompilerMessage {
        message: Message,
    },
    CompilerArtifact {
        package_id: String,
        manifest_path: std::path::PathBuf,
        target: Target,
        filenames: Vec<std::path::PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    level: String,
    message: String,
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Debug, Deserialize)]
struct Expansion {
    span: Span,
}

impl Message {
    /// `None` for notes and for the sum at the end ("aborting due to 2 previous errors").
    pub(super) fn into_diagnostic(self) -> Option<Diagnostic> {
        let severity = match self.level.as_str() {
            "warning" => Severity::Warning,
            level if level.starts_with("error") => Severity::Error,
            _ => return None,
        };
        let is_sum = self.spans.is_empty()
            && (self.message.starts_with("aborting due to")
                || self.message.ends_with("warning emitted")
                || self.message.ends_with("warnings emitted"));
        if is_sum {
            return None;
        }
        let place = self.spans.iter().find(|span| span.is_primary).map(written);
        Some(Diagnostic {
            severity,
            file: place.map(|span| span.file_name.clone()).unwrap_or_default(),
            line: place.map_or(0, |span| span.line_start),
            column: place.map_or(0, |span| span.column_start),
            rendered: self
                .rendered
                .unwrap_or_else(|| format!("{}: {}\n", self.level, self.message)),
            message: self.message,
        })
    }
}

/// Where the author wrote what the message is about: the use of a macro, not the macro's inside.
fn written(span: &Span) -> &Span {
    let mut span = span;
    while let Some(expansion) = &span.expansion {
        span = &expansion.span;
    }
    span
}

/// Text without the escape sequences that colour it on a terminal.
pub(crate) fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            // A sequence of parameters up to its final letter.
            Some('[') => while chars.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
            // A hyperlink's address, up to the bell or `ESC \`.
            Some(']') => {
                while let Some(c) = chars.next() {
                    if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: serde_json::Value) -> Option<Diagnostic> {
        let line = serde_json::json!({"reason": "compiler-message", "package_id": "x", "message": json});
        match serde_json::from_value(line).unwrap() {
            CargoLine::CompilerMessage { message } => message.into_diagnostic(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_in_a_macro_is_where_the_macro_is_used() {
        let span = |file: &str, line: u32, expansion: serde_json::Value| serde_json::json!({"file_name": file, "line_start": line, "column_start": 5, "is_primary": true, "expansion": expansion});
        let outer = span("src/lib.rs", 7, serde_json::Value::Null);
        let inner = span("/registry/m.rs", 90, serde_json::json!({"span": outer}));
        let got = message(serde_json::json!({
            "level": "error", "message": "mismatched types", "rendered": "\u{1b}[1m\u{1b}[91merror\u{1b}[0m: mismatched types\n", "spans": [inner],
        }))
        .unwrap();
        assert_eq!((got.file.as_str(), got.line, got.column), ("src/lib.rs", 7, 5));
        assert_eq!(got.severity, Severity::Error);
        assert_eq!(got.plain(), "error: mismatched types\n");
    }

    #[test]
    fn sums_and_notes_are_left_out() {
        for (level, text) in [
            ("error", "aborting due to 2 previous errors"),
            ("warning", "1 warning emitted"),
            ("failure-note", "For more information"),
        ] {
            assert_eq!(
                message(serde_json::json!({"level": level, "message": text, "spans": []})),
                None,
                "{text}"
            );
        }
        let got = message(serde_json::json!({"level": "error", "message": "linking failed", "spans": []})).unwrap();
        assert_eq!(
            (got.file.as_str(), got.line, got.rendered.as_str()),
            ("", 0, "error: linking failed\n")
        );
    }

    #[test]
    fn other_lines_are_passed_over() {
        let line: CargoLine = serde_json::from_str(r#"{"reason":"build-finished","success":true}"#).unwrap();
        assert!(matches!(line, CargoLine::Other));
    }

    #[test]
    fn a_place_is_told_as_far_as_it_is_known() {
        for (file, place, told) in [
            ("", (0, 0), ""),
            ("plugin.toml", (0, 0), "plugin.toml"),
            ("requirements.txt", (3, 0), "requirements.txt:3"),
            ("plugin.py", (3, 7), "plugin.py:3:7"),
        ] {
            let found = Diagnostic::at(Severity::Error, file, place, "no", "");
            assert_eq!(found.place(), told);
            assert_eq!(found.rendered.contains("-->"), !told.is_empty());
        }
    }

    #[test]
    fn colours_and_links_go() {
        assert_eq!(without_colours("a\u{1b}[38;5;9mb\u{1b}[0mc"), "abc");
        assert_eq!(
            without_colours("\u{1b}]8;;https://x\u{1b}\\E0308\u{1b}]8;;\u{7}!"),
            "E0308!"
        );
        assert_eq!(without_colours("점심\u{1b}"), "점심");
    }
}
