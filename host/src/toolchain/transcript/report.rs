//! What differs, for somebody who sees a transcript for the first time.

use super::judge::{Mismatch, judge, words};
use super::parse::{ParseError, Transcript};
use super::play::{Played, Turn};
use super::room::{Happening, Spot, What};
use crate::adapter::slack::emoji;
use serde::Serialize;

/// How many lines of a file are shown and written down at most.
const SHOWN: usize = 50;

/// One thing that went otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The line of the transcript, from 1.
    pub line: usize,
    /// What is wrong, in one line.
    pub why: String,
    /// The turn as a difference: `-` is expected, `+` is what the bot did. Empty where there is nothing to compare.
    pub diff: Vec<String>,
    /// What failed inside, if something did.
    pub notes: Vec<String>,
    /// The line itself, where there is nothing to compare.
    pub shown: Option<String>,
}

/// Everything that went otherwise than the transcript says, in order.
pub fn failures(transcript: &Transcript, played: &Played) -> Vec<Failure> {
    let turns = played.turns.iter();
    let mut failures: Vec<Failure> = turns
        .filter_map(|turn| judge(transcript, turn).map(|mismatch| failure(transcript, turn, &mismatch)))
        .collect();
    if let Some((line, why)) = &played.stopped {
        let shown = line.checked_sub(1).and_then(|at| transcript.lines.get(at));
        failures.push(Failure {
            line: *line,
            why: why.clone(),
            diff: Vec::new(),
            notes: Vec::new(),
            shown: shown.cloned(),
        });
    }
    failures
}

impl Failure {
    /// A transcript cannot be read.
    pub fn unreadable(error: ParseError, file: &[u8]) -> Self {
        let line = file.split(|byte| *byte == b'\n').nth(error.line.saturating_sub(1));
        let shown = line.map(|line| String::from_utf8_lossy(line).trim_end().to_owned());
        Self {
            line: error.line,
            why: error.problem,
            diff: Vec::new(),
            notes: Vec::new(),
            shown: shown.filter(|line| !line.is_empty()),
        }
    }

    /// As it is printed, behind the file's name.
    pub fn text(&self, file: &str) -> String {
        let mut text = format!("{file}:{}: {}\n", self.line, self.why);
        if let Some(line) = &self.shown {
            text.push_str(&format!("      {line}\n"));
        }
        for line in &self.diff {
            text.push_str(&format!("    {line}\n"));
        }
        for note in &self.notes {
            text.push_str(&format!("    note: {}\n", note.replace('\n', "\n    ")));
        }
        text
    }
}

fn failure(transcript: &Transcript, turn: &Turn, mismatch: &Mismatch) -> Failure {
    let step_of = |at: usize| {
        let (_, number) = turn.expected.get(at)?;
        transcript.steps.get(*number)
    };
    let cause = turn.cause.and_then(|number| transcript.steps.get(number));
    let line = step_of(mismatch.before).or(cause).map_or(1, |step| step.line);
    let met = |from: usize, to: usize| {
        let steps = (from..to).filter_map(step_of);
        steps
            .flat_map(|step| source(transcript, step.line, step.height))
            .collect::<Vec<_>>()
    };
    let count = turn.expected.len();
    let mut diff = Vec::new();
    let plain = |lines: Vec<String>| lines.into_iter().map(|line| format!("  {line}"));
    if let Some(cause) = cause {
        diff.extend(plain(source(transcript, cause.line, cause.height)));
    }
    diff.extend(plain(met(0, mismatch.before)));
    let mut at = spot_before(turn, mismatch.before);
    let mut expected = Vec::new();
    for (spot, number) in turn
        .expected
        .get(mismatch.before..count - mismatch.after)
        .unwrap_or_default()
    {
        if *spot != at {
            expected.push(spot.to_string());
            at = spot.clone();
        }
        if let Some(step) = transcript.steps.get(*number) {
            expected.extend(source(transcript, step.line, step.height));
        }
    }
    let got = match middle(turn, mismatch) {
        // It did something, and all of that was expected.
        [] if !turn.got.is_empty() => Vec::new(),
        middle => written(middle, &spot_before(turn, mismatch.before)),
    };
    diff.extend(difference(&expected, &got));
    diff.extend(plain(met(count - mismatch.after, count)));
    let mut notes: Vec<String> = turn.failed.clone();
    let blanks = |lines: &[String]| lines.concat().split_whitespace().collect::<String>();
    if !expected.is_empty() && expected != got && blanks(&expected) == blanks(&got) {
        notes.push("they differ only in blanks or line ends".into());
    }
    Failure {
        line,
        why: mismatch.why.clone(),
        diff,
        notes,
        shown: None,
    }
}

/// Where the transcript is when its expectation of this number is looked at.
pub(super) fn spot_before(turn: &Turn, expectation: usize) -> Spot {
    match expectation.checked_sub(1).and_then(|before| turn.expected.get(before)) {
        Some((spot, _)) => spot.clone(),
        None => turn.spot.clone(),
    }
}

/// What the bot did where it departed from what is expected.
pub(super) fn middle<'a>(turn: &'a Turn, mismatch: &Mismatch) -> &'a [Happening] {
    let from = mismatch.before.min(turn.got.len());
    let to = turn.got.len() - mismatch.after.min(turn.got.len() - from);
    turn.got.get(from..to).unwrap_or_default()
}

/// The lines that would expect this, beginning at `spot`; `moa- nothing` where nothing happened.
pub(super) fn written(happenings: &[Happening], spot: &Spot) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = spot;
    for happening in happenings {
        if happening.spot != *at {
            at = &happening.spot;
            lines.push(at.to_string());
        }
        let (mark, text) = match &happening.what {
            What::Said(text) => ("moa:".to_owned(), text.clone()),
            What::Told(whom, text) => (format!("moa! {whom}:"), text.clone()),
            What::Edited(text) => ("moa=".to_owned(), text.clone()),
            What::Deleted(_) => ("moa=".to_owned(), String::new()),
            What::Reacted(emoji) => ("moa+".to_owned(), emoji::picture(emoji).to_owned()),
            What::Unreacted(emoji) => ("moa-".to_owned(), unreacted(emoji)),
            What::Sent(name, data) => ("moa^".to_owned(), format!("{}{}", file_name(name), content(data))),
        };
        let mut text = text.trim_end().lines().map(str::trim_end);
        let first = text.next().unwrap_or_default();
        lines.push(format!("{mark} {first}").trim_end().to_owned());
        lines.extend(text.map(|line| format!("  | {line}").trim_end().to_owned()));
        if !happening.below.is_empty() {
            lines.push(format!("  {}", happening.below));
        }
    }
    if lines.is_empty() {
        lines.push("moa- nothing".into());
    }
    lines
}

/// An emoji of which no picture is known is told from a word by its colons.
fn unreacted(emoji: &str) -> String {
    let shown = emoji::picture(emoji);
    match emoji::name(shown) == Some(shown) {
        true => format!(":{shown}:"),
        false => shown.to_owned(),
    }
}

/// A name that begins with a slash would be read as a regular expression.
fn file_name(name: &str) -> String {
    match name.starts_with('/') {
        true => format!("/^{}$/", regex::escape(name)),
        false => name.to_owned(),
    }
}

/// What is in a file, behind its name, where that is text that can be looked at.
fn content(data: &[u8]) -> String {
    match words(data) {
        Ok(text) if text.lines().count() <= SHOWN && !text.chars().any(is_odd) => {
            let lines = text.trim_end().lines();
            lines.map(|line| format!("\n{line}")).collect()
        }
        _ => String::new(),
    }
}

fn is_odd(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

fn source(transcript: &Transcript, line: usize, height: usize) -> Vec<String> {
    let lines = transcript.lines.iter().skip(line - 1).take(height);
    lines.cloned().collect()
}

/// What is only in the first with `-`, only in the second with `+`, in both with a blank.
fn difference(expected: &[String], got: &[String]) -> Vec<String> {
    // The longest common part of all ends of both, from the shortest on.
    let width = got.len() + 1;
    let mut common = vec![0_usize; (expected.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    let look = |common: &[usize], i: usize, j: usize| common.get(at(i, j)).copied().unwrap_or(0);
    for (i, one) in expected.iter().enumerate().rev() {
        for (j, other) in got.iter().enumerate().rev() {
            let length = if one == other {
                look(&common, i + 1, j + 1) + 1
            } else {
                look(&common, i + 1, j).max(look(&common, i, j + 1))
            };
            if let Some(place) = common.get_mut(at(i, j)) {
                *place = length;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    loop {
        match (expected.get(i), got.get(j)) {
            (Some(one), Some(other)) if one == other => {
                lines.push(format!("  {one}"));
                (i, j) = (i + 1, j + 1);
            }
            (Some(one), other) if other.is_none() || look(&common, i + 1, j) >= look(&common, i, j + 1) => {
                lines.push(format!("- {one}"));
                i += 1;
            }
            (_, Some(other)) => {
                lines.push(format!("+ {other}"));
                j += 1;
            }
            (_, None) => return lines,
        }
    }
}
