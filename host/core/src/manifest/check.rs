//! The rules that a manifest keeps besides its types.

use super::configured;
use super::fields::{At, Fields};
use super::json::Json;
use super::{
    ArgSpec, ArgType, Command, Confirm, Job, LocalText, MAX_NAME, MAX_PATTERN, ManifestError, is_plain_name,
    is_shortcut_id,
};
use crate::command::values;
use crate::schedule::{self, Pattern, Schedule, SkipDay};
use crate::text::{is_unseen, normalise};

/// The name of a plugin or webhook: `[a-z0-9-]{1,64}`.
pub(super) fn plain_name(at: &At<'_>) -> Result<String, ManifestError> {
    let name = at.text()?;
    match is_plain_name(name) {
        true => Ok(name.into()),
        false => Err(at.invalid(format!(
            "is {}; use 1 to {MAX_NAME} lower-case letters, digits and `-`",
            at.value.described()
        ))),
    }
}

/// The id of a shortcut: it travels as `PLUGIN/ID`, and services are strict about what that holds.
pub(super) fn shortcut_id(at: &At<'_>) -> Result<String, ManifestError> {
    let id = at.text()?;
    match is_shortcut_id(id) {
        true => Ok(id.into()),
        false => Err(at.invalid(format!(
            "is {}; use 1 to {MAX_NAME} lower-case letters, digits, `.`, `_` and `-`",
            at.value.described()
        ))),
    }
}

/// A name that people read, on one line, in each language.
pub(super) fn label(at: &At<'_>, max: usize) -> Result<LocalText, ManifestError> {
    let label = at.local(max, usize::MAX)?;
    let texts: Vec<&str> = match &label {
        LocalText::One(text) => vec![text],
        LocalText::Many(texts) => texts.iter().map(|(_, text)| text.as_str()).collect(),
    };
    if texts.iter().any(|text| text.trim().is_empty()) {
        return Err(at.invalid("is empty; people would have nothing to choose"));
    }
    match texts.iter().any(|text| text.chars().any(is_unseen)) {
        true => Err(at.invalid("holds line ends, control characters or characters that nobody sees; leave them out")),
        false => Ok(label),
    }
}

/// A word that people type: the name of a command, or another one for it.
pub(super) fn word(at: &At<'_>) -> Result<String, ManifestError> {
    let word = at.short(MAX_NAME)?;
    seen(at, &word)?;
    if word.contains([':', '：']) {
        return Err(at.invalid("contains a colon, which separates a plugin from its command"));
    }
    Ok(normalise(&word).into_owned())
}

pub(super) fn arg_name(at: &At<'_>) -> Result<String, ManifestError> {
    let name = at.short(MAX_NAME)?;
    seen(at, &name)?;
    Ok(name)
}

fn seen(at: &At<'_>, word: &str) -> Result<(), ManifestError> {
    if word.chars().any(char::is_whitespace) {
        return Err(at.invalid(format!("is {}; a name cannot hold white space", at.value.described())));
    }
    match word.chars().any(is_unseen) {
        true => {
            Err(at.invalid("holds control characters, direction marks or characters that nobody sees; leave them out"))
        }
        false => Ok(()),
    }
}

/// Names and aliases are unique among the commands of one level.
pub(super) fn siblings(commands: &[Command], path: &str) -> Result<(), ManifestError> {
    let mut seen = std::collections::HashSet::new();
    for (index, command) in commands.iter().enumerate() {
        for word in std::iter::once(&command.name).chain(&command.aliases) {
            if !seen.insert(word) {
                return Err(ManifestError::Invalid {
                    path: format!("{path}[{index}]"),
                    problem: format!(
                        "uses the word {word:?} a second time; each name and alias stands for one command"
                    ),
                });
            }
        }
    }
    Ok(())
}

/// Ids are unique within their list.
pub(super) fn unique<'a>(path: &str, key: &str, ids: impl Iterator<Item = &'a String>) -> Result<(), ManifestError> {
    let mut seen = std::collections::HashSet::new();
    for (index, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(ManifestError::Invalid {
                path: format!("{path}[{index}].{key}"),
                problem: format!("is {id:?}, which is taken already; give it another name"),
            });
        }
    }
    Ok(())
}

/// What follows what among a command's arguments.
pub(super) fn args(args: &[ArgSpec], has_subcommands: bool, path: &str) -> Result<(), ManifestError> {
    let invalid = |index: usize, problem: &str| {
        Err(ManifestError::Invalid {
            path: format!("{path}.args[{index}]"),
            problem: problem.into(),
        })
    };
    let mut optional = false;
    for (index, arg) in args.iter().enumerate() {
        if args.iter().take(index).any(|other| other.name == arg.name) {
            return invalid(
                index,
                "has the name of another argument; names are unique within a command",
            );
        }
        if arg.takes_rest() && index + 1 < args.len() {
            return invalid(
                index,
                "takes all that follows (`list`, `rest`), so it must be the last argument",
            );
        }
        if arg.takes_rest() && has_subcommands {
            return invalid(
                index,
                "takes all that follows (`list`, `rest`), so no subcommand could come behind it",
            );
        }
        if optional && !arg.is_optional() {
            return invalid(
                index,
                "is required, but comes after an optional one; put required arguments first",
            );
        }
        optional |= arg.is_optional();
    }
    Ok(())
}

/// The subcommand that runs where none is typed: so it must need nothing more, and be harmless enough for a slip.
pub(super) fn default_subcommand(at: &At<'_>, subcommands: &[Command]) -> Result<String, ManifestError> {
    let name = at.text()?;
    let Some(sub) = subcommands.iter().find(|sub| sub.name == *name) else {
        return Err(at.invalid(format!(
            "is {}; it must be the name of one of the command's `subcommands`",
            at.value.described()
        )));
    };
    if let Some(arg) = sub.args.iter().find(|arg| !arg.is_optional()) {
        return Err(at.invalid(format!(
            "is {name:?}, which needs `{}`; what runs by itself needs no argument",
            arg.name
        )));
    }
    if sub.restricted || sub.confirm != Confirm::None {
        return Err(at.invalid(format!(
            "is {name:?}, which is restricted or confirmed; that runs only where somebody types its name"
        )));
    }
    match sub.subcommands.is_empty() || sub.default.is_some() {
        true => Ok(name.into()),
        false => Err(at.invalid(format!(
            "is {name:?}, which has subcommands and no `default` of its own"
        ))),
    }
}

pub(super) fn bounds(
    at: &At<'_>,
    min: Option<f64>,
    max: Option<f64>,
    numbers: bool,
    whole: bool,
) -> Result<(), ManifestError> {
    if (min.is_some() || max.is_some()) && !numbers {
        return Err(at.invalid("has `min` or `max`, which only an `int` or `float` has"));
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        return Err(at.invalid(format!("has a `min` of {min} above its `max` of {max}")));
    }
    match whole && [min, max].into_iter().flatten().any(|bound| bound.fract() != 0.0) {
        true => Err(at.invalid("is an `int`, so `min` and `max` must be whole numbers")),
        false => Ok(()),
    }
}

pub(super) fn choices(at: &At<'_>, choices: &[String], wanted: bool) -> Result<(), ManifestError> {
    match (wanted, choices.is_empty()) {
        (true, true) => Err(at.invalid("is a `choice` without `choices`; name at least one")),
        (false, false) => Err(at.invalid("has `choices`, which only a `choice` has")),
        _ => Ok(()),
    }
}

/// A default is what a person could have typed (or a JSON number, truth value or list of texts for those types).
pub(super) fn arg_default(at: &At<'_>, spec: &ArgSpec) -> Result<(), ManifestError> {
    let range = |number: f64| {
        let below = spec.min.is_some_and(|min| number < min);
        match below || spec.max.is_some_and(|max| number > max) {
            true => Err(at.invalid(format!("is {number}, outside of `min` and `max`"))),
            false => Ok(()),
        }
    };
    let text = |good: &dyn Fn(&str) -> bool, expected: &str| match at.value {
        Json::Text(text) if good(text) => Ok(()),
        _ => Err(at.wrong(expected)),
    };
    match spec.kind {
        ArgType::Int => match at.value {
            Json::Number(number) if number.is_i64() => range(at.number()?),
            _ => Err(at.wrong("a whole number")),
        },
        ArgType::Float => range(at.number()?),
        ArgType::Bool => at.truth().map(drop),
        ArgType::String | ArgType::Rest => text(&|_| true, "a text"),
        ArgType::User => text(&|t| !t.is_empty(), "a person's id"),
        ArgType::Conversation => text(&|t| !t.is_empty(), "a conversation's id"),
        ArgType::Duration => text(&|t| values::duration(t).is_some(), "a length of time such as \"10m\""),
        ArgType::Date => text(&values::is_date, "a date such as \"2026-11-21\" or \"today\""),
        ArgType::Time => text(&|t| values::time(t).is_some(), "a time of day such as \"09:30\""),
        ArgType::Choice => text(&|t| spec.choices.iter().any(|c| c == t), "one of `choices`"),
        ArgType::List => {
            for item in at.items(super::MAX_CHOICES).map_err(|_| at.wrong("a list of texts"))? {
                item.text()?;
            }
            Ok(())
        }
    }
}

pub(super) fn pattern(at: &At<'_>) -> Result<String, ManifestError> {
    let pattern = at.text()?;
    if pattern.is_empty() || pattern.len() > MAX_PATTERN {
        return Err(at.invalid(format!("has {} bytes; 1 to {MAX_PATTERN} are allowed", pattern.len())));
    }
    match crate::router::hears::compile(pattern) {
        Ok(_) => Ok(pattern.into()),
        Err(error) => Err(at.invalid(format!("is no regular expression that this host takes: {error}"))),
    }
}

/// When a job is due: either a cron expression or rules.
pub(super) fn due(
    at: &At<'_>,
    cron: Option<At<'_>>,
    rules: Option<At<'_>>,
) -> Result<(String, Vec<String>), ManifestError> {
    match (cron, rules) {
        (Some(cron), None) if configured::Path::of(cron.text()?).is_some() => Ok((cron.text()?.into(), Vec::new())),
        (Some(cron), None) => {
            Pattern::parse(cron.text()?).map_err(|error| cron.invalid(format!("cannot be read: {error}")))?;
            Ok((cron.text()?.into(), Vec::new()))
        }
        (None, Some(at)) => {
            let rules = at.texts(schedule::MAX_RULES, schedule::MAX_PATTERN)?;
            Pattern::of_rules(&rules).map_err(|error| at.invalid(format!("cannot be read: {error}")))?;
            Ok((String::new(), rules))
        }
        (Some(_), Some(rules)) => Err(rules.invalid("stands beside `cron`; a job has one of them")),
        (None, None) => Err(at.invalid(
            "says not when it is due; write `cron` (five fields, or six with seconds first), `rules` (such as \"mon-fri 09:50\") or `on` (\"load\")",
        )),
    }
}

/// What is due at a moment has no times, and nothing that belongs to them.
pub(super) fn no_times(fields: &mut Fields<'_>) -> Result<(String, Vec<String>), ManifestError> {
    for key in ["cron", "rules", "timezone", "except", "missed", "jitter"] {
        if let Some(at) = fields.get(key) {
            return Err(at.invalid("stands beside `on`; a job that is due at a moment has no times"));
        }
    }
    Ok((String::new(), Vec::new()))
}

/// The days that a job leaves out.
pub(super) fn except(at: &At<'_>) -> Result<Vec<String>, ManifestError> {
    let days = at.texts(schedule::MAX_SKIPPED, MAX_NAME)?;
    for day in &days {
        SkipDay::parse(day).map_err(|error| at.invalid(format!("cannot be read: {error}")))?;
    }
    Ok(days)
}

/// A job that never runs is a mistake. Of one whose times the operator writes, each needs a name of its own.
pub(super) fn comes_due(at: &At<'_>, job: &Job) -> Result<(), ManifestError> {
    if let Some(path) = configured::Path::of(&job.cron) {
        let path = path.map_err(|problem| at.invalid(format!("has a `cron` that {problem}")))?;
        return match (path.stars(), job.id.matches('*').count()) {
            (0, 0) | (1, 1) => Ok(()),
            _ => Err(at.invalid("needs one `*` in its id and one in the path of its `cron`, or none in both")),
        };
    }
    if job.on.is_some() {
        return Ok(());
    }
    match Schedule::of_job(job, "", "UTC") {
        Ok(_) => Ok(()),
        Err(error) => Err(at.invalid(format!("cannot be kept: {error}"))),
    }
}

pub(super) fn timezone(at: &At<'_>) -> Result<String, ManifestError> {
    let name = at.text()?;
    match jiff::tz::TimeZone::get(name) {
        Ok(_) => Ok(name.into()),
        Err(_) => Err(at.invalid(format!(
            "is {}, which is no time zone; write an IANA name such as \"Asia/Seoul\"",
            at.value.described()
        ))),
    }
}

pub(super) fn jitter(at: &At<'_>) -> Result<u64, ManifestError> {
    milliseconds(at.text()?).ok_or_else(|| at.wrong("a length of time such as \"30s\" (units ms, s, m, h)"))
}

/// `30s`, `500ms`, `5m`, `1h` in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let count: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(unit)
}

/// A line that says where requests are to be sent.
pub(super) fn http_rule(at: &At<'_>) -> Result<(), ManifestError> {
    if configured::Path::of(at.text()?).is_some() {
        return config_path(at);
    }
    match crate::http_rule::Rule::parse(at.text()?) {
        Ok(_) => Ok(()),
        Err(error) => Err(at.wrong(format!("an origin such as \"https://api.example.com\": {error}"))),
    }
}

/// A line that may say where in the configuration stands what it means.
pub(super) fn config_path(at: &At<'_>) -> Result<(), ManifestError> {
    match configured::Path::of(at.text()?) {
        Some(Err(problem)) => Err(at.invalid(problem)),
        Some(Ok(_)) | None => Ok(()),
    }
}
