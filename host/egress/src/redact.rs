//! Hides secrets where they occur literally: `[secret:NAME]` stands there instead.
//!
//! What is encoded or split is not found.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

/// What is shorter is not looked for: it would hide what is no secret.
pub const SHORTEST: usize = 6;

#[derive(Debug)]
struct Found {
    secrets: AhoCorasick,
    /// What stands there instead, one for each.
    masks: Vec<String>,
    longest: usize,
}

/// Hides secrets. One for all: copies are cheap, and hide the same also after a [change](Self::replace). Where there are no
/// secrets it does nothing.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Arc<RwLock<Option<Arc<Found>>>>);

impl Redactor {
    /// From names and secrets. Of one that is made of two parts (`KEY-ID:KEY`) the second is hidden by itself too.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut patterns: Vec<&str> = Vec::new();
        let mut masks = Vec::new();
        for (name, secret) in secrets {
            let second = secret.split_once(':').map(|(_, second)| second);
            for text in [Some(secret), second.filter(|second| second.len() >= 2 * SHORTEST)]
                .into_iter()
                .flatten()
            {
                if text.len() >= SHORTEST && !patterns.contains(&text) {
                    patterns.push(text);
                    masks.push(format!("[secret:{name}]"));
                }
            }
        }
        let longest = patterns.iter().map(|text| text.len()).max();
        let build = |longest| {
            let built = AhoCorasickBuilder::new()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&patterns);
            let secrets = built
                .inspect_err(|error| tracing::error!(%error, "secrets cannot be hidden"))
                .ok()?;
            Some(Arc::new(Found {
                secrets,
                masks,
                longest,
            }))
        };
        Self(Arc::new(RwLock::new(longest.and_then(build))))
    }

    /// Hides what another one hides from now on, and all copies with it.
    pub fn replace(&self, by: Self) {
        let found = by.found();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    fn found(&self) -> Option<Arc<Found>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is nothing to hide.
    pub fn is_idle(&self) -> bool {
        self.found().is_none()
    }

    /// A text without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.found() {
            Some(found) if found.secrets.is_match(text) => found.secrets.replace_all(text, &found.masks).into(),
            _ => text.into(),
        }
    }

    /// Bytes without secrets.
    pub fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match self.found() {
            Some(found) if found.secrets.is_match(&bytes) => found.secrets.replace_all_bytes(&bytes, &found.masks),
            _ => bytes,
        }
    }

    /// For bytes that come bit by bit.
    pub fn stream(&self) -> Stream {
        Stream {
            found: self.found(),
            held: Vec::new(),
        }
    }
}

/// Hides secrets in bytes that come bit by bit, also one that is cut in two.
#[derive(Debug)]
pub struct Stream {
    found: Option<Arc<Found>>,
    /// The end of what came, which may be the beginning of a secret.
    held: Vec<u8>,
}

impl Stream {
    /// Takes bytes; gives those that are safe.
    pub fn push(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(found) = self.found.clone() else {
            return bytes;
        };
        self.held.extend_from_slice(&bytes);
        let end = self.held.len().saturating_sub(found.longest.saturating_sub(1));
        self.give(&found, end)
    }

    /// The rest.
    pub fn finish(&mut self) -> Vec<u8> {
        match self.found.clone() {
            Some(found) => self.give(&found, self.held.len()),
            None => Vec::new(),
        }
    }

    /// Whatever begins before `end`.
    fn give(&mut self, found: &Found, end: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(end);
        let mut from = 0;
        for hit in found.secrets.find_iter(&self.held) {
            if hit.start() >= end {
                break;
            }
            out.extend_from_slice(self.held.get(from..hit.start()).unwrap_or_default());
            let mask = found.masks.get(hit.pattern().as_usize());
            out.extend_from_slice(mask.map_or("[secret]", String::as_str).as_bytes());
            from = hit.end();
        }
        out.extend_from_slice(self.held.get(from..end).unwrap_or_default());
        self.held.drain(..end.max(from));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_instead_of_shown() {
        let redactor = Redactor::new([
            ("TOKEN", "tok-123456"),
            ("LONGER", "tok-1234567"),
            ("SHORT", "abc"),
            ("AWS", "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG"),
            ("SAME", "tok-123456"),
        ]);
        for (text, shown) in [
            ("nothing abc", "nothing abc"),
            ("a tok-123456 b", "a [secret:TOKEN] b"),
            ("tok-1234567tok-123456", "[secret:LONGER][secret:TOKEN]"),
            ("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG", "[secret:AWS]"),
            ("AKIDEXAMPLE and wJalrXUtnFEMI/K7MDENG", "AKIDEXAMPLE and [secret:AWS]"),
        ] {
            assert_eq!(redactor.text(text), shown);
            assert_eq!(redactor.bytes(text.as_bytes().to_vec()), shown.as_bytes());
            for size in 1..text.len() {
                let mut stream = redactor.stream();
                let mut out = Vec::new();
                for part in text.as_bytes().chunks(size) {
                    out.extend(stream.push(part.to_vec()));
                }
                out.extend(stream.finish());
                assert_eq!(String::from_utf8(out).unwrap(), shown, "{size}");
            }
        }
    }

    #[test]
    fn without_secrets_nothing_is_done() {
        for redactor in [Redactor::default(), Redactor::new([]), Redactor::new([("A", "short")])] {
            assert!(redactor.is_idle());
            assert!(matches!(redactor.text("short"), Cow::Borrowed("short")));
            assert_eq!(redactor.stream().push(vec![1, 2]), [1, 2]);
        }
    }
}
