//! What commands print: tables, and how far they are.

use super::End;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthStr;

/// How many rows are looked at to find how wide a column is.
const LOOK: usize = 1_000;
/// How often progress is told.
const OFTEN: Duration = Duration::from_millis(100);

/// A table on standard output, however long: columns as wide as the rows so far need.
pub(super) struct Table<const N: usize> {
    widths: [usize; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with these headings.
    pub(super) fn new(headings: [&str; N]) -> Self {
        Self {
            widths: [0; N],
            rows: vec![headings.map(str::to_owned)],
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: [String; N]) -> io::Result<()> {
        self.rows.push(row.map(|cell| shown(&cell)));
        if self.rows.len() >= LOOK {
            self.print()?;
        }
        Ok(())
    }

    /// Prints what is left.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.print()
    }

    fn print(&mut self) -> io::Result<()> {
        for row in &self.rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let mut out = io::stdout().lock();
        for row in self.rows.drain(..) {
            let mut line = String::new();
            for (width, cell) in self.widths.iter().zip(&row) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width + 2 - cell.width().min(*width)));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        out.flush()
    }
}

/// A text of somebody else on one line of a terminal: what would move the cursor is spelled out.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Tells on a terminal how far something long is.
pub(super) struct Progress {
    what: &'static str,
    terminal: bool,
    begun: Instant,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            what,
            terminal: io::stderr().is_terminal(),
            begun: Instant::now(),
            told: None,
        }
    }

    /// So many entries are done; `more` says what there is to say besides.
    pub(super) fn tell(&mut self, entries: u64, more: &str) {
        if !self.terminal || self.told.is_some_and(|told| told.elapsed() < OFTEN) {
            return;
        }
        self.told = Some(Instant::now());
        let rate = entries as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        eprint!("\r\x1b[K{}{more}: {entries} entries, {rate:.0}/s", self.what);
    }

    /// So many bytes are done, of so many if that is known.
    pub(super) fn tell_bytes(&mut self, bytes: u64, whole: Option<u64>) {
        if !self.terminal || self.told.is_some_and(|told| told.elapsed() < OFTEN) {
            return;
        }
        self.told = Some(Instant::now());
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let of = whole.map_or_else(String::new, |whole| format!(" of {:.1}", mib(whole)));
        eprint!("\r\x1b[K{}: {:.1}{of} MiB", self.what, mib(bytes));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.told.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

/// A command whose reader went away (`moa brain list | head`) is done.
pub(super) fn unless_unread(result: anyhow::Result<End>) -> anyhow::Result<End> {
    match result {
        Err(error) if error.downcast_ref::<io::Error>().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) => {
            Ok(End::Done)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_the_cursor_is_spelled_out() {
        assert_eq!(shown("가 나"), "가 나");
        assert_eq!(shown("a\x1b[2Jb\n\u{202e}"), "a\\u{1b}[2Jb\\n\\u{202e}");
    }
}
