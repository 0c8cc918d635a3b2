//! JSON values as YAML 1.2, in block style.
//!
//! A string stands plain only if no YAML reader, an old one neither, could take it for anything else; otherwise in double
//! quotes with everything escaped that is not printable.

use serde_json::Value;
use std::fmt::Write;

/// A document.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out
}

/// A value whose first line begins at the present place, `depth` levels in. Ends with a line end.
fn block(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (at, (key, value)) in fields.iter().enumerate() {
                if at > 0 {
                    indent(out, depth);
                }
                scalar(out, key);
                out.push(':');
                behind(out, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    indent(out, depth);
                }
                out.push_str("- ");
                block(out, item, depth + 1);
            }
        }
        Value::String(text) => {
            scalar(out, text);
            out.push('\n');
        }
        // Empty lists and objects, numbers, truth values and null are written as in JSON.
        other => {
            let _ = writeln!(out, "{other}");
        }
    }
}

/// What stands behind a key.
fn behind(out: &mut String, value: &Value, depth: usize) {
    let nested = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        indent(out, depth + 1);
        block(out, value, depth + 1);
    } else {
        out.push(' ');
        block(out, value, depth);
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(out: &mut String, text: &str) {
    match is_plain(text) {
        true => out.push_str(text),
        false => quoted(out, text),
    }
}

/// Letters first, nothing that means anything behind them, and no word that some reader takes for a truth value.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/' | ':');
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
    );
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text.chars().all(plain)
        && !text.contains(": ")
        && !text.contains("  ")
        && !text.ends_with([':', ' '])
        && !word
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

/// What YAML allows unescaped, without the line ends, spaces and marks that only look like nothing.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && (c == ' ' || !c.is_whitespace())
        && !crate::text::is_unseen(c)
        && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use yaml_rust2::{Yaml, YamlLoader};

    fn read(text: &str) -> Value {
        fn value(yaml: &Yaml) -> Value {
            match yaml {
                Yaml::String(text) => json!(text),
                Yaml::Integer(number) => json!(number),
                Yaml::Boolean(truth) => json!(truth),
                Yaml::Null => Value::Null,
                Yaml::Array(items) => items.iter().map(value).collect(),
                Yaml::Hash(fields) => {
                    let field = |(key, field): (&Yaml, &Yaml)| (key.as_str().unwrap().to_owned(), value(field));
                    Value::Object(fields.iter().map(field).collect())
                }
                other => panic!("{other:?} in\n"),
            }
        }
        let documents = YamlLoader::load_from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
        assert_eq!(documents.len(), 1, "{text}");
        value(&documents[0])
    }

    #[test]
    fn what_was_written_is_read_again() {
        let json = json!({
            "a": {"b": [{"c": 1, "d": [], "e": {}}, {"c": [1, [2, 3], {"x": "y"}]}, "text"], "f": null},
            "empty": "", "truth": true, "odd key: #": "x",
        });
        assert_eq!(read(&write(&json)), json);
        assert_eq!(
            write(&json!({"a": [{"b": "c:d", "e": ["f"]}, "g h"], "i": {"j": true}})),
            "a:\n  - b: c:d\n    e:\n      - f\n  - g h\ni:\n  j: true\n"
        );
    }

    #[test]
    fn no_text_becomes_anything_else() {
        let texts = [
            "yes",
            "No",
            "ON",
            "y",
            "null",
            "~",
            "true",
            "1",
            "1.5",
            "0x1f",
            ".5",
            "1_000",
            "12:30:45",
            "2026-11-21",
            "-",
            "- a",
            "? a",
            ": a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "!!str a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "[a",
            "]",
            "{a}",
            "a, b",
            "'a'",
            "\"a\"",
            "a\\nb",
            "a\nb",
            "a\n",
            " a",
            "a ",
            "\ta",
            "a\tb",
            "a\rb",
            "a\u{85}b",
            "a\u{2028}b",
            "\u{feff}a",
            "a\u{0}b",
            "a\u{7f}b",
            "a\u{9b}b",
            "---",
            "...",
            "<size> [names…]",
            "점심 팀",
            "👍🏽",
            "/moa",
            "channels:history",
            "a  b",
            "=",
            "<<",
            "a\u{202e}b",
            "\u{1f600}\u{10ffff}",
        ];
        for text in texts {
            let json = json!({"key": text, "list": [text, {"in": text}], text: text});
            assert_eq!(read(&write(&json)), json, "{text:?}");
        }
        // Every character there is, in one text each of a thousand.
        let all: Vec<char> = ('\u{0}'..=char::MAX).collect();
        for texts in all.chunks(1_000) {
            let text: String = texts.iter().collect();
            assert_eq!(read(&write(&json!([text]))), json!([text]));
        }
    }
}
