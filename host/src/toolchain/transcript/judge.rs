//! Whether the bot did what a transcript expects.

use super::parse::{Expect, Transcript};
use super::play::Turn;
use super::room::{Happening, Spot, What};
use crate::adapter::slack::emoji;

/// Where a turn departs from what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong, as a sentence without its full stop.
    pub why: String,
    /// How many expectations at the beginning were met; as many happenings belong to them.
    pub before: usize,
    /// How many at the end were met.
    pub after: usize,
}

/// Compares a turn with what is expected; `None`: all is well.
pub fn judge(transcript: &Transcript, turn: &Turn) -> Option<Mismatch> {
    let expected: Vec<(&Spot, &Expect)> = turn
        .expected
        .iter()
        .filter_map(|(spot, number)| match &transcript.steps.get(*number)?.deed {
            super::parse::Deed::Expects(expect) => Some((spot, expect)),
            _ => None,
        })
        .collect();
    let (before, why) = first_difference(&expected, &turn.got, turn.cause.is_none())?;
    let left = expected.iter().skip(before).rev();
    let after = left
        .zip(turn.got.iter().skip(before.min(turn.got.len())).rev())
        .take_while(|((spot, expect), got)| compare(spot, expect, got).is_ok())
        .count();
    Some(Mismatch { why, before, after })
}

fn first_difference(expected: &[(&Spot, &Expect)], got: &[Happening], turn_is_first: bool) -> Option<(usize, String)> {
    let mut happened = got.iter();
    for (at, (spot, expect)) in expected.iter().enumerate() {
        let why = match (expect, happened.as_slice().first()) {
            (Expect::Nothing, None) => continue,
            (Expect::Nothing, Some(_)) => "the bot was to do nothing here, but did something".to_owned(),
            (_, None) if got.is_empty() && turn_is_first => {
                "nothing has happened yet that the bot could answer; write above it what somebody says".to_owned()
            }
            (_, None) if got.is_empty() => "the bot did not answer".to_owned(),
            (_, None) => "the bot did less than is expected".to_owned(),
            (_, Some(one)) => match compare(spot, expect, one) {
                Ok(()) => {
                    happened.next();
                    continue;
                }
                Err(why) => why,
            },
        };
        return Some((at, why));
    }
    let why = match expected.is_empty() {
        true => "the bot did something, and no line expects anything",
        false => "the bot did more than is expected",
    };
    (!happened.as_slice().is_empty()).then(|| (expected.len(), why.to_owned()))
}

fn compare(spot: &Spot, expect: &Expect, got: &Happening) -> Result<(), String> {
    let differs = |is_same: bool, why: &str| if is_same { Ok(()) } else { Err(why.to_owned()) };
    match (expect, &got.what) {
        (Expect::Says(text), What::Said(said)) => differs(same(text, said), "the bot said something else"),
        (Expect::Matches(pattern), What::Said(said) | What::Told(_, said)) => differs(
            pattern.is_match(said),
            "what the bot said does not match the regular expression",
        ),
        (Expect::Tells(who, _), What::Told(whom, _)) if who != whom => {
            Err(format!("the bot told it to {whom} alone, not to {who}"))
        }
        (Expect::Tells(_, text), What::Told(_, said)) => differs(same(text, said), "the bot said something else"),
        (Expect::Edits(text), What::Edited(now)) => {
            differs(same(text, now), "the bot changed its message to something else")
        }
        (Expect::Reacts(wanted), What::Reacted(with)) => {
            let name = |text: &str| emoji::name(text).unwrap_or(text).to_owned();
            differs(name(wanted) == name(with), "the bot reacted with another emoji")
        }
        (_, What::Told(whom, _)) => Err(format!(
            "the bot said it to {whom} alone; a line `moa! {whom}: …` expects that"
        )),
        (_, What::Edited(_)) => Err("the bot changed an earlier message; a line `moa= …` expects that".into()),
        (_, What::Reacted(with)) => Err(format!(
            "the bot reacted; a line `moa+ {}` expects that",
            emoji::picture(with)
        )),
        (Expect::Tells(..), What::Said(_)) => Err("the bot said it to everybody; a line `moa: …` expects that".into()),
        (Expect::Edits(_), What::Said(_)) => {
            Err("the bot wrote a new message instead of changing one; a line `moa: …` expects that".into())
        }
        (Expect::Reacts(_) | Expect::Sends(_) | Expect::Nothing, What::Said(_)) => {
            Err("the bot wrote a message; a line `moa: …` expects that".into())
        }
    }?;
    if *spot != got.spot {
        return Err(format!(
            "the bot did it in {}, not in {spot}; a line `{}` before it says that it is right there",
            got.spot, got.spot
        ));
    }
    Ok(())
}

/// Blanks at the end of a line cannot be seen, and editors remove them.
fn same(expected: &str, got: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_end();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    lines(expected) == lines(got)
}
