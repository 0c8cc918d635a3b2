//! Lines for people.

use super::record::{Record, Value};
use crate::registry::steers;
use std::fmt::Write;
use tracing::Level;

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// `TIME LEVEL message field=value …`, and a line end.
///
/// Texts come from plugins and from the network, too: what is in them must not look like a line of the host's own, nor steer
/// the terminal. So what follows a line's end is indented, and other control characters and direction marks are written as
/// escapes.
pub(super) fn line(record: &Record, color: bool) -> String {
    let mut line = String::with_capacity(160);
    let (dim, plain) = if color { (DIM, PLAIN) } else { ("", "") };
    let (tint, after) = match (color, record.level) {
        (false, _) => ("", ""),
        (true, Level::ERROR) => ("\u{1b}[31m", PLAIN),
        (true, Level::WARN) => ("\u{1b}[33m", PLAIN),
        (true, Level::INFO) => ("\u{1b}[32m", PLAIN),
        (true, Level::DEBUG) => ("\u{1b}[34m", PLAIN),
        (true, _) => ("\u{1b}[35m", PLAIN),
    };
    let level = record.level.as_str();
    let _ = write!(line, "{dim}{:.6}{plain} {tint}{level:>5}{after} ", record.time);
    say(&mut line, record, record.fields.len(), (dim, plain));
    line.push('\n');
    line
}

/// What the line itself says: its message and its own fields, without what is around it.
pub(super) fn text(record: &Record) -> String {
    let mut text = String::with_capacity(160);
    say(&mut text, record, record.own, ("", ""));
    text
}

fn say(line: &mut String, record: &Record, fields: usize, (dim, plain): (&str, &str)) {
    put(line, &record.message);
    for (name, value) in record.fields.iter().take(fields) {
        let _ = write!(line, " {dim}{name}={plain}");
        match value {
            Value::Text(text) => put(line, &format!("{text:?}")),
            other => put(line, &other.text()),
        }
    }
}

fn put(line: &mut String, text: &str) {
    for c in text.trim_end().chars() {
        match c {
            '\n' => line.push_str("\n    "),
            '\t' => line.push(c),
            c if c.is_control() || steers(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
}
