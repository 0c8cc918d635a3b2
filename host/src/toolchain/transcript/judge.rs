//! Whether the bot did what a transcript expects.

use super::parse::{Deed, Expect, Named, Transcript};
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
    let expected: Vec<Wanted<'_>> = turn
        .expected
        .iter()
        .filter_map(|(spot, number)| {
            let step = transcript.steps.get(*number)?;
            let Deed::Expects(expect) = &step.deed else { return None };
            let below = step.below.as_deref();
            Some(Wanted { spot, expect, below })
        })
        .collect();
    let (before, why) = first_difference(&expected, &turn.got, turn.cause.is_none())?;
    let left = expected.iter().skip(before).rev();
    let after = left
        .zip(turn.got.iter().skip(before.min(turn.got.len())).rev())
        .take_while(|(wanted, got)| compare(wanted, got).is_ok())
        .count();
    Some(Mismatch { why, before, after })
}

fn first_difference(expected: &[Wanted<'_>], got: &[Happening], turn_is_first: bool) -> Option<(usize, String)> {
    let mut happened = got.iter();
    for (at, wanted) in expected.iter().enumerate() {
        let why = match (wanted.expect, happened.as_slice().first()) {
            (Expect::Nothing, None) => continue,
            (Expect::Nothing, Some(_)) => "the bot was to do nothing here, but did something".to_owned(),
            (_, None) if got.is_empty() && turn_is_first => {
                "nothing has happened yet that the bot could answer; write above it what somebody says".to_owned()
            }
            (_, None) if got.is_empty() => "the bot did not answer".to_owned(),
            (_, None) => "the bot did less than is expected".to_owned(),
            (_, Some(one)) => match compare(wanted, one) {
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

/// What is expected at one point.
struct Wanted<'a> {
    spot: &'a Spot,
    expect: &'a Expect,
    /// What is to be pressed below it; `None`: that does not matter.
    below: Option<&'a str>,
}

fn compare(wanted: &Wanted<'_>, got: &Happening) -> Result<(), String> {
    let differs = |is_same: bool, why: &str| if is_same { Ok(()) } else { Err(why.to_owned()) };
    match (wanted.expect, &got.what) {
        (Expect::Says(text), What::Said(said)) => differs(same(text, said), "the bot said something else"),
        (Expect::Matches(pattern), What::Said(said) | What::Told(_, said) | What::Edited(said)) => differs(
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
        (Expect::Edits(text), What::Deleted(_)) if text.trim().is_empty() => Ok(()),
        (Expect::Reacts(wanted), What::Reacted(with)) => differs(
            emoji_name(wanted) == emoji_name(with),
            "the bot reacted with another emoji",
        ),
        (Expect::Unreacts(wanted), What::Unreacted(with)) => differs(
            emoji_name(wanted) == emoji_name(with),
            "the bot took another reaction back",
        ),
        (Expect::Sends(named, content), What::Sent(name, data)) => sent(named, content, name, data),
        (_, What::Told(whom, _)) => Err(format!(
            "the bot said it to {whom} alone; a line `moa! {whom}: …` expects that"
        )),
        (_, What::Edited(_)) => Err("the bot changed an earlier message; a line `moa= …` expects that".into()),
        (_, What::Deleted(_)) => {
            Err("the bot deleted a message; a line `moa=` with nothing behind it expects that".into())
        }
        (_, What::Reacted(with)) => Err(format!(
            "the bot reacted; a line `moa+ {}` expects that",
            emoji::picture(with)
        )),
        (_, What::Unreacted(with)) => Err(format!(
            "the bot took a reaction back; a line `moa- {}` expects that",
            emoji::picture(with)
        )),
        (_, What::Sent(name, _)) => Err(format!("the bot sent a file; a line `moa^ {name}` expects that")),
        (Expect::Tells(..), What::Said(_)) => Err("the bot said it to everybody; a line `moa: …` expects that".into()),
        (Expect::Edits(_), What::Said(_)) => {
            Err("the bot wrote a new message instead of changing one; a line `moa: …` expects that".into())
        }
        (Expect::Reacts(_) | Expect::Unreacts(_) | Expect::Sends(..) | Expect::Nothing, What::Said(_)) => {
            Err("the bot wrote a message; a line `moa: …` expects that".into())
        }
    }?;
    if let Some(below) = wanted.below {
        let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let below = if below == "[]" { "" } else { below };
        differs(
            bare(below) == bare(&got.below),
            "something else can be pressed below the message",
        )?;
    }
    if *wanted.spot != got.spot {
        return Err(format!(
            "the bot did it in {}, not in {}; a line `{}` before it says that it is right there",
            got.spot, wanted.spot, got.spot
        ));
    }
    Ok(())
}

fn sent(named: &Named, content: &[String], name: &str, data: &[u8]) -> Result<(), String> {
    let fits = match named {
        Named::Exactly(wanted) => wanted == name,
        Named::Matching(pattern) => pattern.is_match(name),
    };
    if !fits {
        return Err("the bot sent a file of another name".into());
    }
    if content.is_empty() {
        return Ok(());
    }
    match words(data) {
        Ok(text) if same(&content.join("\n"), text) => Ok(()),
        Ok(_) => Err("something else is in the file that the bot sent".into()),
        Err(_) => Err("what is in the file is no text, so no `|` lines can expect it".into()),
    }
}

/// A file's content as a text. A byte-order mark is none of it: editors neither show it nor keep it in a line.
pub(super) fn words(data: &[u8]) -> Result<&str, std::str::Utf8Error> {
    std::str::from_utf8(data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data))
}

fn emoji_name(text: &str) -> &str {
    emoji::name(text).unwrap_or(text)
}

/// Blanks at the end of a line cannot be seen, and editors remove them.
fn same(expected: &str, got: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_end();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    lines(expected) == lines(got)
}
