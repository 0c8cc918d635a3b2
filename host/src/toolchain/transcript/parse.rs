//! From a transcript's text to its steps, a line each (or several, where a text goes on behind `|`).

mod act;
mod data;
mod hook;

pub use act::Act;
pub use hook::HookLine;

use super::canned::Canned;
use super::room::Spot;
use crate::adapter::slack::emoji;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use moa_core::locale::Locale;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How the bot is called in transcripts.
pub const BOT: &str = "moa";
/// What a line may be, for whoever wrote one that is none.
const FORMS: &str = "a line is a comment (# …), a directive (@config, @admin, @sql, @seed, @now, @locale, @http), a place ([#lunch], [@name]), what \
                     somebody says (name: text) or does (name> click \"label\"), what the bot is to do (moa: moa~ moa- moa+ moa! moa= moa^), time \
                     that passes (+24h), or a webhook (hook name text)";

/// Why a transcript cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it and how it would be right.
    pub problem: String,
}

/// A transcript that was read.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The lines as they stand in the file, without their ends.
    pub lines: Vec<String>,
    /// The plugin's configuration.
    pub config: Map<String, Value>,
    /// Where `@config` first stands.
    pub config_line: usize,
    /// The host's language.
    pub locale: Locale,
    /// Who looks after the bot, by name.
    pub admins: Vec<String>,
    /// `@sql NAME = FILE`: databases in memory, by name; the line, and the file that makes each.
    pub databases: BTreeMap<String, (usize, String)>,
    /// What the files are relative to; whoever read the transcript sets it.
    pub folder: PathBuf,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step of a transcript.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its first line, from 1.
    pub line: usize,
    /// How many lines it has.
    pub height: usize,
    /// What it says.
    pub deed: Deed,
    /// `  [주문] [취소]`: what is to be pressed below the message that is expected; `[]`: nothing.
    pub below: Option<String>,
}

/// What a step says.
#[derive(Clone, Debug)]
pub enum Deed {
    /// `@seed 7`: chance begins anew.
    Seed(u64),
    /// `@now TIME`: the clock is set.
    Now(Timestamp),
    /// `@http GET https://example.com/ 200 BODY`: what a request is answered from now on.
    Answers(Canned),
    /// `[#lunch]`: what follows is there.
    Goes(Spot),
    /// `name: text`
    Says(String, String),
    /// `name> click "label"` and its kin.
    Acts(String, Act),
    /// `+24h`
    Passes(SignedDuration),
    /// `hook NAME BODY`
    Hook(HookLine),
    /// What the bot is to do.
    Expects(Expect),
}

/// What the bot is to do.
#[derive(Clone, Debug)]
pub enum Expect {
    /// `moa: text`
    Says(String),
    /// `moa~ /regex/`
    Matches(Regex),
    /// `moa- nothing`
    Nothing,
    /// `moa+ 👍`
    Reacts(String),
    /// `moa- 👍`: takes its reaction back.
    Unreacts(String),
    /// `moa! name: text`: only that person sees it.
    Tells(String, String),
    /// `moa= text`: an earlier message now says this; `moa=` with nothing behind: it is gone.
    Edits(String),
    /// `moa^ name` or `moa^ /regex/`: a file, and the lines that are in it; without any, whatever is in it.
    Sends(Named, Vec<String>),
}

/// What a file is called.
#[derive(Clone, Debug)]
pub enum Named {
    /// So.
    Exactly(String),
    /// So that it matches.
    Matching(Regex),
}

impl Transcript {
    /// Reads a transcript from a file's content.
    ///
    /// # Errors
    /// The first line that is no UTF-8 text, or none of the forms.
    pub fn read(bytes: &[u8]) -> Result<Self, ParseError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let hint = match bytes {
                    [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it looks like UTF-16; ",
                    _ => "",
                };
                Err(ParseError {
                    line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                    problem: format!("this line is no UTF-8 text; {hint}save the file as UTF-8"),
                })
            }
        }
    }

    /// Reads a transcript.
    ///
    /// # Errors
    /// The first line that is none of the forms.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let lines: Vec<String> = text
            .strip_prefix('\u{feff}')
            .unwrap_or(text)
            .lines()
            .map(str::to_owned)
            .collect();
        let mut read = Self {
            config: Map::new(),
            config_line: 1,
            locale: Locale::default(),
            admins: Vec::new(),
            databases: BTreeMap::new(),
            folder: PathBuf::new(),
            steps: Vec::new(),
            lines: Vec::new(),
        };
        let mut begun = false;
        for (at, line) in lines.iter().enumerate() {
            let number = at + 1;
            read.line(line, number, &mut begun)
                .map_err(|problem| ParseError { line: number, problem })?;
        }
        if read.steps.is_empty() {
            return Err(ParseError {
                line: lines.len().max(1),
                problem: "nothing happens in this transcript: write what somebody says, such as 로지: !help".into(),
            });
        }
        read.lines = lines;
        Ok(read)
    }

    /// The names of all who speak, are spoken to or have a direct conversation, in order of appearance; then of those who
    /// only look after the bot.
    pub fn people(&self) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        for step in &self.steps {
            let name = match &step.deed {
                Deed::Goes(Spot::Direct(name))
                | Deed::Says(name, _)
                | Deed::Acts(name, _)
                | Deed::Expects(Expect::Tells(name, _)) => name,
                _ => continue,
            };
            if !people.contains(name) {
                people.push(name.clone());
            }
        }
        for name in &self.admins {
            if !people.contains(name) {
                people.push(name.clone());
            }
        }
        people
    }

    /// The names of all channels, in order of appearance.
    pub fn channels(&self) -> Vec<String> {
        let mut channels: Vec<String> = Vec::new();
        for step in &self.steps {
            if let Deed::Goes(Spot::Channel(name, _)) = &step.deed
                && !channels.contains(name)
            {
                channels.push(name.clone());
            }
        }
        channels
    }

    /// Where what stands before the first `[…]` happens.
    pub fn first_spot() -> Spot {
        Spot::Channel("general".into(), None)
    }

    fn line(&mut self, line: &str, number: usize, begun: &mut bool) -> Result<(), String> {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(more) = line.trim_start().strip_prefix('|') {
            return self.goes_on(more.strip_prefix(' ').unwrap_or(more), number);
        }
        if line.starts_with(char::is_whitespace) && line.trim_start().starts_with('[') {
            return self.below(line.trim(), number);
        }
        if let Some(answer) = hook::answer(line) {
            return self.answered(answer, number);
        }
        if let Some(directive) = line.strip_prefix('@') {
            return self.directive(directive, number, *begun);
        }
        let deed = if let Some(place) = line.strip_prefix('[') {
            Deed::Goes(spot(place)?)
        } else if line.starts_with('+') {
            Deed::Passes(duration(line)?)
        } else if let Some(expect) = expectation(line)? {
            Deed::Expects(expect)
        } else if let Some(request) = hook::line(line) {
            Deed::Hook(request?)
        } else {
            deed_of_person(line)?
        };
        *begun = *begun || !matches!(deed, Deed::Goes(_));
        self.steps.push(Step {
            line: number,
            height: 1,
            deed,
            below: None,
        });
        Ok(())
    }

    /// `| text`: another line of the text, or of the file's content, before.
    fn goes_on(&mut self, more: &str, number: usize) -> Result<(), String> {
        let none = "a line that begins with `|` goes on with the text of the line directly above, and there is none";
        let step = self.above(number).filter(|step| step.below.is_none()).ok_or(none)?;
        match &mut step.deed {
            Deed::Says(_, text) | Deed::Expects(Expect::Says(text) | Expect::Tells(_, text) | Expect::Edits(text)) => {
                text.push('\n');
                text.push_str(more);
            }
            Deed::Hook(request) => request.goes_on(more),
            Deed::Expects(Expect::Sends(_, content)) => content.push(more.to_owned()),
            _ => return Err(none.into()),
        }
        step.height += 1;
        Ok(())
    }

    /// `hook= text`: what the request above is answered.
    fn answered(&mut self, text: &str, number: usize) -> Result<(), String> {
        match self.above(number).map(|step| (&mut step.deed, &mut step.height)) {
            Some((Deed::Hook(request), height)) if request.answer.is_none() => {
                request.answer = Some(text.to_owned());
                *height += 1;
                Ok(())
            }
            _ => Err("a line `hook= text` says what the request directly above it is answered: hook build {}".into()),
        }
    }

    /// `  [주문] [취소]`: what is to be pressed below the message above.
    fn below(&mut self, shown: &str, number: usize) -> Result<(), String> {
        let what = "a line such as `  [주문] [취소]` says what there is to press below the message that is expected \
                    directly above it (`  []`: nothing)";
        let message = |step: &&mut Step| {
            let expect = match &step.deed {
                Deed::Expects(expect) => expect,
                _ => return false,
            };
            matches!(
                expect,
                Expect::Says(_) | Expect::Matches(_) | Expect::Tells(..) | Expect::Edits(_)
            )
        };
        let step = self.above(number).filter(message).ok_or(what)?;
        if !shown.ends_with(']') {
            return Err(format!("{what}; this one has no `]` at its end"));
        }
        let below = step.below.get_or_insert_default();
        if !below.is_empty() {
            below.push(' ');
        }
        below.push_str(shown);
        step.height += 1;
        Ok(())
    }

    /// The step that ends on the line above.
    fn above(&mut self, number: usize) -> Option<&mut Step> {
        self.steps.last_mut().filter(|step| step.line + step.height == number)
    }

    fn directive(&mut self, directive: &str, number: usize, begun: bool) -> Result<(), String> {
        let (word, rest) = directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
        let rest = rest.trim();
        if begun && matches!(word, "config" | "locale" | "admin" | "sql") {
            return Err(format!("@{word} must stand before the first thing that happens"));
        }
        let deed = match word {
            "config" => {
                let table: toml::Table = rest.parse().map_err(|error: toml::de::Error| {
                    format!(
                        "@config takes a line as in moa.toml, such as @config team-size = 3; {}",
                        error.message()
                    )
                })?;
                let Ok(Value::Object(values)) = serde_json::to_value(table) else {
                    return Err("@config takes a line as in moa.toml: @config team-size = 3".into());
                };
                if self.config.is_empty() {
                    self.config_line = number;
                }
                merge(&mut self.config, values);
                return Ok(());
            }
            "locale" => {
                self.locale = match rest {
                    "ko" => Locale::Ko,
                    "en" => Locale::En,
                    _ => return Err("@locale is ko or en".into()),
                };
                return Ok(());
            }
            "admin" => {
                let names = || rest.split([',', ' ', '\t']).filter(|name| !name.is_empty());
                if names().next().is_none() || !names().all(|name| is_name(name) && name != BOT) {
                    return Err("@admin takes the names of those who look after the bot: @admin 로지, 샐리".into());
                }
                self.admins.extend(names().map(str::to_owned));
                return Ok(());
            }
            "sql" => {
                let (name, file) = data::database(rest)?;
                self.databases.insert(name, (number, file));
                return Ok(());
            }
            "seed" => Deed::Seed(rest.parse().map_err(|_| "@seed takes a whole number: @seed 7")?),
            "now" => Deed::Now(
                rest.parse()
                    .map_err(|_| "@now takes a time with its offset: @now 2026-11-20T12:00:00+09:00")?,
            ),
            "http" => Deed::Answers(Canned::parse(rest)?),
            _ => {
                return Err(format!(
                    "there is no @{word}; the directives are @config, @admin, @sql, @seed, @now, @locale and @http"
                ));
            }
        };
        self.steps.push(Step {
            line: number,
            height: 1,
            deed,
            below: None,
        });
        Ok(())
    }
}

fn spot(place: &str) -> Result<Spot, String> {
    let wrong =
        || "a place is [#lunch], [#lunch > 1] (the first thread there) or [@로지] (a direct message)".to_owned();
    let inner = place.trim_end().strip_suffix(']').ok_or_else(wrong)?.trim();
    if let Some(name) = inner.strip_prefix('@') {
        return is_name(name).then(|| Spot::Direct(name.into())).ok_or_else(wrong);
    }
    let inner = inner.strip_prefix('#').ok_or_else(wrong)?;
    let (name, thread) = match inner.split_once('>') {
        None => (inner, None),
        Some((name, number)) => {
            let number: usize = number.trim().parse().map_err(|_| wrong())?;
            (
                name.trim(),
                Some(number).filter(|number| *number > 0).ok_or_else(wrong)?.into(),
            )
        }
    };
    is_name(name)
        .then(|| Spot::Channel(name.into(), thread))
        .ok_or_else(wrong)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.trim() == name && !name.chars().any(char::is_control)
}

fn duration(line: &str) -> Result<SignedDuration, String> {
    let wrong = "time passes as in +24h, +90s or +1d";
    let text = line.strip_prefix('+').unwrap_or(line).trim();
    let span: Span = text.parse().map_err(|_| wrong)?;
    let passed = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong)?;
    if passed.is_positive() {
        Ok(passed)
    } else {
        Err(wrong.into())
    }
}

/// `moa: …` and its kin; `None` where the line is not about the bot.
fn expectation(line: &str) -> Result<Option<Expect>, String> {
    let Some(rest) = line.strip_prefix(BOT) else {
        return Ok(None);
    };
    let mut chars = rest.chars();
    let (sign, rest) = (chars.next(), chars.as_str());
    let text = match sign {
        Some(':') => rest,
        // Somebody may be called `moa-lee`.
        Some('~' | '-' | '+' | '!' | '=' | '^') if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest,
        _ => return Ok(None),
    };
    let text = text.strip_prefix(char::is_whitespace).unwrap_or(text);
    Ok(Some(match sign {
        Some('~') => Expect::Matches(pattern(text.trim())?),
        Some('-') => match text.trim() {
            "" | "nothing" => Expect::Nothing,
            emoji if is_emoji(emoji) => Expect::Unreacts(emoji.into()),
            _ => {
                return Err(
                        "`moa-` means that the bot does nothing: write moa- nothing (or moa- 👍 where it takes its reaction back)"
                            .into(),
                    );
            }
        },
        Some('+') => Expect::Reacts(needed(text, "say with what the bot reacts: moa+ 👍")?),
        Some('!') => {
            let (who, text) = text
                .split_once(':')
                .filter(|(who, _)| is_name(who))
                .ok_or("say who alone sees it: moa! 로지: text")?;
            Expect::Tells(who.into(), text.strip_prefix(' ').unwrap_or(text).into())
        }
        Some('=') => Expect::Edits(text.into()),
        Some('^') => {
            let name = needed(text, "say what the file is called: moa^ report.csv")?;
            let named = match name.starts_with('/') {
                true => Named::Matching(pattern(&name)?),
                false => Named::Exactly(name),
            };
            Expect::Sends(named, Vec::new())
        }
        _ => Expect::Says(text.into()),
    }))
}

/// Whether it is the picture of an emoji, or its name between colons.
fn is_emoji(text: &str) -> bool {
    emoji::name(text).is_some_and(|name| name != text)
}

fn needed(text: &str, otherwise: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(otherwise.into());
    }
    Ok(text.into())
}

fn pattern(text: &str) -> Result<Regex, String> {
    let (inner, flags) = text
        .strip_prefix('/')
        .and_then(|text| text.rsplit_once('/'))
        .filter(|(_, flags)| matches!(*flags, "" | "i"))
        .ok_or("a regular expression stands between slashes: moa~ /사용법.*점심팀/ (behind the last one an i: upper and lower case are the same)")?;
    RegexBuilder::new(inner)
        .case_insensitive(flags == "i")
        // Answers have several lines, and `.*` is meant to reach over them.
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| {
            // Its last line says what is wrong; those above show the expression, which the transcript does too.
            let all = error.to_string();
            let last = all.lines().last().unwrap_or(&all);
            format!(
                "the regular expression cannot be read: {}",
                last.strip_prefix("error: ").unwrap_or(last)
            )
        })
}

fn deed_of_person(line: &str) -> Result<Deed, String> {
    let unknown = || format!("this line is nothing that a transcript knows; {FORMS}");
    let no_colon = || format!("there is no colon in this line: somebody says something by `name: text`; {FORMS}");
    let at = line.find([':', '>']).ok_or_else(no_colon)?;
    let (name, rest) = line.split_at(at);
    let name = name.trim_end();
    if !is_name(name) {
        return Err(unknown());
    }
    if name != BOT && name.eq_ignore_ascii_case(BOT) {
        return Err(format!(
            "the bot's name is written {BOT}, in small letters: {BOT}: text"
        ));
    }
    if let Some(act) = rest.strip_prefix('>') {
        return Ok(Deed::Acts(name.into(), act::act(act.trim())?));
    }
    let text = rest.strip_prefix(':').unwrap_or(rest);
    let text = text.strip_prefix(char::is_whitespace).unwrap_or(text);
    if text.trim().is_empty() {
        return Err(format!("{name} says nothing here; write what: {name}: !help"));
    }
    Ok(Deed::Says(name.into(), text.into()))
}

/// Adds what stands in another table, tables within it as well.
fn merge(table: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(value)) => merge(known, value),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
