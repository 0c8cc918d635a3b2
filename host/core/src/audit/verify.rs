//! Whether a log is whole: every line there, in its place and as it was written.
//!
//! Each line says what the one before was; the last ones are held against what is known from elsewhere. A single line does
//! not show which of two that don't fit was changed, so the one behind them is asked.

use super::{Hash, Head, Line, Outcome};
use std::fmt;
use std::sync::Arc;

/// Where a line stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file's name.
    pub file: Arc<str>,
    /// Its place there, from 1.
    pub line: u64,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is no line of a log.
    #[error("{at}: this is no line of an audit log ({why}); line {expected} should stand here")]
    NoLine {
        /// Where.
        at: At,
        /// The number of the line that should stand there.
        expected: u64,
        /// Why it is none.
        why: String,
    },
    /// Another line was expected.
    #[error("{at}: line {expected} should stand here, and line {found} does: {}", moved(*.expected, *.found))]
    Number {
        /// Where.
        at: At,
        /// The number of the line that should stand there.
        expected: u64,
        /// That of the one that does.
        found: u64,
    },
    /// It is not what was written.
    #[error("{at}: line {seq} was changed: it is not the one that was written")]
    Changed {
        /// Where.
        at: At,
        /// Its number.
        seq: u64,
    },
    /// The end is not there.
    #[error("lines {from} to {to} are missing at the end: the store knows that they were written")]
    End {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
}

fn moved(expected: u64, found: u64) -> &'static str {
    match found > expected {
        true => "what should be between was removed, or moved to another place",
        false => "it stands here once more, or was moved",
    }
}

/// What a whole log is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// How many lines it has.
    pub lines: u64,
    /// The number and the time of the first.
    pub first: Option<(u64, String)>,
    /// The last.
    pub last: Head,
    /// What the log itself tells that is missing in it, with the line's number and time.
    pub remarks: Vec<(u64, String, String)>,
}

/// Looks at one line after the other.
pub struct Verifier {
    /// The end of what was removed for its age, and what else is known.
    known: [Option<Head>; 2],
    /// From which number on; the first of all may be an earlier one.
    begin: Begin,
    last: Option<(Head, At)>,
    /// The last line does not fit to the one before: where that stands.
    doubt: Option<At>,
    whole: Whole,
}

/// Where the log begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// Behind this line, or earlier.
    Behind(Head),
    /// At the line with this number, whatever was before.
    At(u64),
}

impl Verifier {
    /// For a log of which everything up to `removed` was removed for its age, and whose end, as far as anybody knows, is
    /// `head`.
    pub fn new(removed: Head, head: Option<Head>) -> Self {
        let removed_at_all = (removed.seq > 0).then_some(removed);
        Self {
            known: [removed_at_all, head.filter(|head| head.seq > 0)],
            begin: Begin::Behind(removed),
            last: None,
            doubt: None,
            whole: Whole::default(),
        }
    }

    /// For the lines from this number on, whatever was before.
    pub fn from(seq: u64, head: Option<Head>) -> Self {
        Self {
            begin: Begin::At(seq),
            ..Self::new(Head::NONE, head)
        }
    }

    /// Looks at the next line, without its newline.
    ///
    /// # Errors
    /// What is wrong, here or just before. Nothing more is to be asked then.
    fn line(&mut self, raw: &[u8], at: At) -> Result<(), Broken> {
        let line = match serde_json::from_slice::<Line>(raw) {
            Ok(line) if line.seq > 0 => line,
            Ok(_) => return Err(self.no_line(at, "it has no number".into())),
            Err(error) => return Err(self.no_line(at, error.to_string())),
        };
        if let Begin::At(seq) = self.begin
            && line.seq < seq
            && self.last.is_none()
        {
            return Ok(());
        }
        if let (Some(before), Some((last, last_at))) = (self.doubt.take(), &self.last) {
            // Whether the line behind knows the last one as it is.
            let last_is_good = line.seq == last.seq.saturating_add(1) && line.prev == last.hash;
            return Err(changed(last_is_good, before, last_at.clone(), last.seq));
        }
        let expected = self.expected(line.seq);
        if line.seq != expected {
            let found = line.seq;
            return Err(Broken::Number { at, expected, found });
        }
        let hash = Hash::of(raw);
        let differs = |known: &Head| known.seq == line.seq && known.hash != hash;
        if self.known.iter().flatten().any(differs) {
            return Err(Broken::Changed { at, seq: line.seq });
        }
        match (&self.last, self.begin) {
            (Some((last, last_at)), _) if line.prev != last.hash => self.doubt = Some(last_at.clone()),
            // Nobody knows the line before it.
            (None, Begin::Behind(removed))
                if line.seq == removed.seq.saturating_add(1) && line.prev != removed.hash =>
            {
                return Err(Broken::Changed { at, seq: line.seq });
            }
            (None, Begin::Behind(_)) if line.seq == 1 && line.prev != Hash::NONE => {
                return Err(Broken::Changed { at, seq: line.seq });
            }
            _ => {}
        }
        self.last = Some((Head { seq: line.seq, hash }, at));
        self.whole.lines += 1;
        self.whole.first.get_or_insert_with(|| (line.seq, line.time.clone()));
        if matches!(line.outcome, Outcome::Gap | Outcome::Torn | Outcome::Mismatch) {
            let remark = (line.seq, line.time.clone(), line.reason.clone());
            self.whole.remarks.push(remark);
        }
        Ok(())
    }

    /// Looks at all lines of the next file. Whether it ends in the middle of a line, which only the last one (`is_last`)
    /// may, since it is being written to, or was when its host ended.
    ///
    /// # Errors
    /// What is wrong.
    pub fn file(&mut self, name: &str, bytes: &[u8], is_last: bool) -> Result<bool, Broken> {
        let file: Arc<str> = name.into();
        let mut at = At { file, line: 0 };
        let mut rest = bytes;
        while !rest.is_empty() {
            at.line += 1;
            let end = rest.iter().position(|byte| *byte == b'\n');
            let Some((line, behind)) = end.and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?))) else {
                if is_last {
                    return self.torn(at).map(|()| true);
                }
                return Err(self.no_line(at, "its end is missing".into()));
            };
            self.line(line, at.clone())?;
            rest = behind;
        }
        Ok(false)
    }

    /// What stands at the end is no line, since it has no end: a crash may leave that, but only behind what is known to be
    /// written.
    ///
    /// # Errors
    /// The log went on there.
    fn torn(&self, at: At) -> Result<(), Broken> {
        let last = self.last.as_ref().map_or(0, |(last, _)| last.seq);
        match self.known.iter().flatten().any(|known| known.seq > last) {
            true => Err(Broken::NoLine {
                at,
                expected: last + 1,
                why: "its end is missing".into(),
            }),
            false => Ok(()),
        }
    }

    /// There are no more lines.
    ///
    /// # Errors
    /// What is wrong at the end.
    pub fn finish(mut self) -> Result<Whole, Broken> {
        let end = self.known.iter().flatten().map(|known| known.seq).max().unwrap_or(0);
        let begin = match self.begin {
            Begin::Behind(removed) => removed.seq,
            Begin::At(seq) => seq.saturating_sub(1),
        };
        let Some((last, at)) = self.last else {
            return match begin < end {
                true => Err(Broken::End {
                    from: begin.saturating_add(1),
                    to: end,
                }),
                false => Ok(self.whole),
            };
        };
        if let Some(before) = self.doubt {
            return Err(changed(self.known.contains(&Some(last)), before, at, last.seq));
        }
        if last.seq < end {
            return Err(Broken::End {
                from: last.seq.saturating_add(1),
                to: end,
            });
        }
        self.whole.last = last;
        Ok(self.whole)
    }

    fn expected(&self, found: u64) -> u64 {
        match (&self.last, self.begin) {
            (Some((last, _)), _) => last.seq.saturating_add(1),
            (None, Begin::At(seq)) => seq,
            // What was to be removed may still be there.
            (None, Begin::Behind(removed)) => found.min(removed.seq.saturating_add(1)),
        }
    }

    /// What is no line, unless the trouble is earlier.
    fn no_line(&mut self, at: At, why: String) -> Broken {
        match (self.doubt.take(), &self.last) {
            (Some(before), Some((last, last_at))) => changed(false, before, last_at.clone(), last.seq),
            _ => Broken::NoLine {
                at,
                expected: self.expected(u64::MAX),
                why,
            },
        }
    }
}

/// Of two lines that do not fit, the second is good or not.
fn changed(second_is_good: bool, first: At, second: At, seq: u64) -> Broken {
    match second_is_good {
        true => Broken::Changed {
            at: first,
            seq: seq - 1,
        },
        false => Broken::Changed { at: second, seq },
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
