//! One pattern: what it is, whether it is one, and the text without which it can't fit.

use crate::manifest::{MAX_PATTERN, Scope};
use crate::text::normalise;
use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// The longest keyword, in characters.
const MAX_KEYWORD: usize = 200;
/// The largest compiled pattern, in bytes. All of them are kept.
pub(crate) const MAX_COMPILED: usize = 1 << 20;
/// What one pattern may remember of its work, in bytes.
const CACHE: usize = 1 << 18;
/// The most needles of one pattern.
const MAX_NEEDLES: usize = 64;
/// A needle of fewer bytes is in every other message.
const MIN_NEEDLE: usize = 2;
/// Of a long needle the beginning is enough.
const MAX_NEEDLE: usize = 32;

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// This text as a whole word or sequence of words, up to 200 characters.
    Keyword(String),
    /// A regular expression of at most 10 kB.
    Regex(String),
}

/// A pattern taught at run time, and where it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Taught {
    /// What to look for.
    pub what: What,
    /// In which messages; at least one kind.
    pub scopes: Vec<Scope>,
    /// The only conversation in which it counts, by id; `None`: all.
    pub conversation: Option<String>,
}

/// Why something is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A keyword of the wrong length.
    #[error("a keyword has 1 to {MAX_KEYWORD} characters, and this one has {0}")]
    Keyword(usize),
    /// An expression of the wrong length.
    #[error("a pattern has 1 to {MAX_PATTERN} bytes, and this one has {0}")]
    Length(usize),
    /// No expression at all, or one that is too large.
    #[error("this is no regular expression that this host takes: {0}")]
    Regex(String),
}

/// A pattern, ready to be matched without regard to upper and lower case.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    needles: Option<Vec<String>>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern. It is compiled when it is needed first, so use [`Pattern::check`] for one that nobody has
    /// compiled before.
    ///
    /// # Errors
    /// [`PatternError`] where it is too long or cannot be read.
    pub fn new(what: &What) -> Result<Self, PatternError> {
        let source = match what {
            What::Keyword(words) => keyword(words)?,
            What::Regex(source) => source.clone(),
        };
        if matches!(what, What::Regex(_)) && !(1..=MAX_PATTERN).contains(&source.len()) {
            return Err(PatternError::Length(source.len()));
        }
        // Read with regard to case: the needles are found without it, and single letters stay letters.
        let parsed = regex_syntax::Parser::new().parse(&source);
        let hir = parsed.map_err(|error| PatternError::Regex(error.to_string()))?;
        Ok(Self {
            needles: needles(&hir),
            source,
            compiled: OnceLock::new(),
        })
    }

    /// Compiles it now.
    ///
    /// # Errors
    /// [`PatternError::Regex`] where it becomes too large.
    pub fn check(self) -> Result<Self, PatternError> {
        let compiled = compile(&self.source).map_err(|error| PatternError::Regex(error.to_string()))?;
        Ok(Self {
            compiled: OnceLock::from(Some(compiled)),
            ..self
        })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Texts of which one, upper and lower case being the same in ASCII, stands in everything that fits.
    pub(super) fn needles(&self) -> Option<&[String]> {
        self.needles.as_deref()
    }

    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.compiled
            .get_or_init(|| compile(&self.source).ok())
            .as_ref()?
            .captures(text)
    }
}

pub(crate) fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(CACHE)
        .build()
}

/// The expression for a keyword. Between its words there may be any white space, at its ends no letter or digit may
/// follow where it has one itself.
fn keyword(words: &str) -> Result<String, PatternError> {
    let count = words.trim().chars().count();
    if !(1..=MAX_KEYWORD).contains(&count) {
        return Err(PatternError::Keyword(count));
    }
    let words = normalise(words);
    let words: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    Ok(format!(r"\b{{start-half}}{}\b{{end-half}}", words.join(r"\s+")))
}

fn needles(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            let longest = text.split(|c| !is_plain(c)).max_by_key(|run| run.len())?;
            let needle = longest.get(..longest.floor_char_boundary(MAX_NEEDLE))?;
            (needle.len() >= MIN_NEEDLE).then(|| vec![needle.to_owned()])
        }
        HirKind::Concat(parts) => {
            let shortest = |needles: &Vec<String>| needles.iter().map(String::len).min();
            parts.iter().filter_map(needles).max_by_key(shortest)
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(needles(part)?);
            }
            (all.len() <= MAX_NEEDLES).then_some(all)
        }
        HirKind::Capture(group) => needles(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => needles(&repeated.sub),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

/// Whether a character is the same in upper and lower case, or is told apart by nothing but that in ASCII.
fn is_plain(c: char) -> bool {
    c.is_ascii() || (c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]))
}
