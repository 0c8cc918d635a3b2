//! Writing down what the bot did, in place of what was expected.

use super::judge::judge;
use super::parse::{Deed, Transcript};
use super::play::Played;
use super::report::{middle, spot_before, written};
use std::collections::{BTreeMap, BTreeSet};

/// The transcript's text with what was got in place of what did not fit; `None` where everything fits. Comments, and
/// expectations that are met, stay as they are.
pub fn accept(transcript: &Transcript, played: &Played, text: &str) -> Option<String> {
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let mut new: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for turn in &played.turns {
        let Some(mismatch) = judge(transcript, turn) else {
            continue;
        };
        let wrong = turn.expected.len() - mismatch.after;
        let steps = |from: usize, to: usize| {
            let numbers = turn.expected.get(from..to).unwrap_or_default().iter();
            numbers.filter_map(|(_, number)| transcript.steps.get(*number))
        };
        for step in steps(mismatch.before, wrong) {
            gone.extend(step.line..step.line + step.height);
        }
        // Behind the last line that stays: of the expectation before, of what made it happen, or of nothing at all.
        let met = steps(0, mismatch.before).next_back();
        let cause = turn.cause.and_then(|number| transcript.steps.get(number));
        let behind = match steps(mismatch.before, wrong).next() {
            Some(first) => first.line - 1,
            None => met.or(cause).map_or(0, |step| step.line + step.height - 1),
        };
        // Places may be named between two expectations of one turn: those lines stay and hold for what follows them.
        let at = if steps(mismatch.before, wrong).next().is_some() {
            turn.expected
                .get(mismatch.before)
                .map_or_else(|| turn.spot.clone(), |(spot, _)| spot.clone())
        } else {
            spot_before(turn, mismatch.before)
        };
        let got = middle(turn, &mismatch);
        let mut lines = written(got, &at);
        if got.is_empty() && turn.expected.len() > wrong - mismatch.before {
            // Others are met: there is no need to say that nothing else happened.
            lines.clear();
        }
        let goes_elsewhere = transcript
            .steps
            .iter()
            .find(|step| step.line > behind && !gone.contains(&step.line))
            .is_none_or(|step| matches!(step.deed, Deed::Goes(_)));
        if got.last().is_some_and(|last| last.spot != at) && !goes_elsewhere {
            lines.push(at.to_string());
        }
        new.entry(behind).or_default().extend(lines);
    }
    if new.is_empty() {
        return None;
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = String::new();
    let mut put = |line: &str| {
        out.push_str(line);
        out.push_str(end);
    };
    for number in 0..=transcript.lines.len() {
        let line = number.checked_sub(1).and_then(|at| transcript.lines.get(at));
        if let Some(line) = line.filter(|_| !gone.contains(&number)) {
            put(line);
        }
        new.get(&number).into_iter().flatten().for_each(|line| put(line));
    }
    Some(out)
}
