//! The brain as text: what `moa brain export` and backups write, and `import` and `restore` read.
//!
//! JSON lines. The first is the header, the last tells how many entries there were and the checksum of every byte before
//! it, so that half a file is never taken for a whole one. In between one line an entry, in the store's own order (the
//! same on every backend), and in a backup one line for each fact of the host:
//!
//! ```text
//! {"moa-brain":1}
//! {"plugin":"memo","scope":"conversation:C1","key":"list","value":"milk","version":"7","expires":"2026-11-22T09:00:00.000Z"}
//! {"scope":"shared","key":"raw","base64":"/w==","version":"8"}
//! {"fact":"registry.owners","value":"{}"}
//! {"end":{"entries":2,"sha256":"…"}}
//! ```
//!
//! A value that is no UTF-8 stands under `base64` instead of `value`. An expiry beyond the year 9999 stands under
//! `expires-ms`, in milliseconds since 1970.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use moa_store::{Cell, Entry, Scope, Space};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// The format that this code writes; greater ones are refused.
pub const FORMAT: u32 = 1;

/// Why a line cannot be taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FormatError {
    /// It is none of the lines of this format.
    #[error("line {line}: {problem}; mend it, or export anew")]
    Line {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The file was written for a later version.
    #[error("line 1: this is format {0}, and this moa reads up to {FORMAT}: use the newer moa that wrote it")]
    Newer(u32),
    /// The end is missing.
    #[error(
        "it ends after line {0} without its last line, so something is missing: copy the file again, or export anew"
    )]
    Truncated(u64),
    /// The checksum is another one.
    #[error(
        "line {0}: the checksum does not fit what stands above: the file was changed or damaged after it was written"
    )]
    Checksum(u64),
    /// The sender could not go on; it said why.
    #[error("{0}")]
    Broken(String),
}

/// Something that a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An entry of the brain.
    Entry(Cell, Entry),
    /// A fact of the host.
    Fact {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

/// The text of a scope: `plugin`, `shared`, `conversation:ID` or `user:ID`.
pub fn scope_text(scope: &Scope) -> Cow<'static, str> {
    match scope {
        Scope::Plugin => "plugin".into(),
        Scope::Shared => "shared".into(),
        Scope::Conversation(id) => format!("conversation:{id}").into(),
        Scope::User(id) => format!("user:{id}").into(),
    }
}

/// The scope of a text; `None` if it is none.
pub fn scope(text: &str) -> Option<Scope> {
    match text {
        "plugin" => Some(Scope::Plugin),
        "shared" => Some(Scope::Shared),
        _ => match text.split_once(':')? {
            ("conversation", id) => Some(Scope::Conversation(id.into())),
            ("user", id) => Some(Scope::User(id.into())),
            _ => None,
        },
    }
}

/// An instant as RFC 3339 in UTC with milliseconds; `None` beyond the year 9999.
pub fn instant_text(ms: i64) -> Option<String> {
    let instant = jiff::Timestamp::from_millisecond(ms).ok()?;
    Some(instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// An entry of the brain as JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine<'a> {
    /// The plugin; left out where the brain is shared.
    #[serde(default, skip_serializing_if = "str::is_empty", borrow)]
    pub plugin: Cow<'a, str>,
    /// See [`scope_text`].
    pub scope: Cow<'a, str>,
    /// The key.
    pub key: Cow<'a, str>,
    /// The value, if it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Cow<'a, str>>,
    /// The value, if it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<Cow<'a, str>>,
    /// The version.
    pub version: Cow<'a, str>,
    /// When it is gone, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Cow<'a, str>>,
    /// The same, in milliseconds since 1970, where `expires` cannot say it.
    #[serde(default, rename = "expires-ms", skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
}

impl<'a> EntryLine<'a> {
    /// The line of an entry.
    pub fn new(cell: &'a Cell, entry: &'a Entry) -> Self {
        let text = std::str::from_utf8(&entry.value).ok();
        let expires = entry.expires_ms.and_then(instant_text);
        Self {
            plugin: cell.space.plugin.as_str().into(),
            scope: scope_text(&cell.space.scope),
            key: cell.key.as_str().into(),
            value: text.map(Cow::from),
            base64: text.is_none().then(|| BASE64.encode(&entry.value).into()),
            version: entry.version.as_str().into(),
            expires_ms: entry.expires_ms.filter(|_| expires.is_none()),
            expires: expires.map(Cow::from),
        }
    }

    /// The entry of the line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn entry(self) -> Result<(Cell, Entry), String> {
        let scope = scope(&self.scope).ok_or_else(|| {
            format!(
                "there is no scope {:?} (plugin, shared, conversation:ID, user:ID)",
                self.scope
            )
        })?;
        let value = match (self.value, self.base64) {
            (Some(text), None) => text.into_owned().into_bytes(),
            (None, Some(code)) => BASE64
                .decode(code.as_bytes())
                .map_err(|error| format!("base64 cannot be read ({error})"))?,
            _ => return Err("it needs either value or base64".into()),
        };
        if self.version.parse::<u64>().is_err() {
            return Err(format!("the version {:?} is no whole number", self.version));
        }
        let expires_ms = match (self.expires, self.expires_ms) {
            (None, ms) => ms,
            (Some(text), None) => Some(
                text.parse::<jiff::Timestamp>()
                    .map_err(|error| format!("expires = {text:?} is no instant ({error})"))?
                    .as_millisecond(),
            ),
            (Some(_), Some(_)) => return Err("it has both expires and expires-ms".into()),
        };
        let entry = Entry {
            value,
            version: self.version.into_owned(),
            expires_ms,
        };
        Ok((Space::new(self.plugin, scope).cell(self.key), entry))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(rename = "moa-brain")]
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactLine<'a> {
    #[serde(borrow)]
    fact: Cow<'a, str>,
    value: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer<'a> {
    #[serde(borrow)]
    end: End<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End<'a> {
    entries: u64,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
}

/// What a sender says that cannot go on. Never part of a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Broken<'a> {
    #[serde(borrow)]
    pub(super) error: Cow<'a, str>,
}

/// Writes the format.
pub struct Writer {
    hash: Sha256,
    entries: u64,
}

impl Writer {
    /// Begins with the header.
    pub fn begin(out: &mut Vec<u8>) -> Self {
        let mut this = Self {
            hash: Sha256::new(),
            entries: 0,
        };
        this.push(out, &Header { format: FORMAT });
        this
    }

    /// Adds an entry.
    pub fn entry(&mut self, out: &mut Vec<u8>, cell: &Cell, entry: &Entry) {
        self.push(out, &EntryLine::new(cell, entry));
        self.entries += 1;
    }

    /// Adds a fact.
    pub fn fact(&mut self, out: &mut Vec<u8>, name: &str, value: &str) {
        self.push(
            out,
            &FactLine {
                fact: name.into(),
                value: value.into(),
            },
        );
    }

    /// Adds the end; how many entries there were.
    pub fn end(mut self, out: &mut Vec<u8>) -> u64 {
        let sha256 = hex(&self.hash.clone().finalize());
        let end = End {
            entries: self.entries,
            sha256: sha256.into(),
        };
        self.push(out, &Trailer { end });
        self.entries
    }

    fn push(&mut self, out: &mut Vec<u8>, line: &impl Serialize) {
        let from = out.len();
        // Texts and numbers always have a JSON form, and memory takes all that is written.
        let written = serde_json::to_writer(&mut *out, line);
        debug_assert!(written.is_ok(), "{written:?}");
        out.push(b'\n');
        self.hash.update(out.get(from..).unwrap_or_default());
    }
}

/// Reads the format, line by line.
pub struct Parser {
    hash: Sha256,
    line: u64,
    entries: u64,
    ended: bool,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            hash: Sha256::new(),
            line: 0,
            entries: 0,
            ended: false,
        }
    }
}

impl Parser {
    /// Takes the next line, without its line end; what it holds, if it holds something.
    ///
    /// # Errors
    /// See [`FormatError`]; the line is then to be the last.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<Item>, FormatError> {
        self.line += 1;
        if self.line == 1 {
            self.header(line)?;
            self.add(line);
            return Ok(None);
        }
        if self.ended {
            return Err(self.wrong("there is more behind the end"));
        }
        // The members that only one kind of line has tell the kinds apart; an error tells of the kind that it is.
        let is = |member: &[u8]| line.starts_with(member);
        if is(b"{\"end\"") {
            let end = self.read::<Trailer<'_>>(line)?.end;
            if end.sha256 != hex(&self.hash.clone().finalize()) || end.entries != self.entries {
                return Err(FormatError::Checksum(self.line));
            }
            self.ended = true;
            return Ok(None);
        }
        if is(b"{\"error\"") {
            return Err(FormatError::Broken(self.read::<Broken<'_>>(line)?.error.into_owned()));
        }
        self.add(line);
        if is(b"{\"fact\"") {
            let FactLine { fact, value } = self.read(line)?;
            return Ok(Some(Item::Fact {
                name: fact.into_owned(),
                value: value.into_owned(),
            }));
        }
        self.entries += 1;
        let (cell, entry) = self
            .read::<EntryLine<'_>>(line)?
            .entry()
            .map_err(|problem| self.wrong(problem))?;
        Ok(Some(Item::Entry(cell, entry)))
    }

    /// All was read.
    ///
    /// # Errors
    /// It was not whole.
    pub fn finish(&self) -> Result<u64, FormatError> {
        if self.ended {
            Ok(self.entries)
        } else {
            Err(FormatError::Truncated(self.line))
        }
    }

    /// How many lines were read.
    pub fn lines(&self) -> u64 {
        self.line
    }

    fn header(&self, line: &[u8]) -> Result<(), FormatError> {
        match serde_json::from_slice::<Header>(line) {
            Ok(Header { format: FORMAT }) => Ok(()),
            Ok(Header { format }) if format > FORMAT => Err(FormatError::Newer(format)),
            _ => Err(self.wrong("this is no export or backup of moa; the first line would be {\"moa-brain\":1}")),
        }
    }

    fn read<'l, T: Deserialize<'l>>(&self, line: &'l [u8]) -> Result<T, FormatError> {
        serde_json::from_slice(line).map_err(|error| self.wrong(error))
    }

    fn wrong(&self, problem: impl ToString) -> FormatError {
        // serde_json counts lines of its own, and there is only this one.
        let problem = problem.to_string().replace(" at line 1 column", ", at column");
        FormatError::Line {
            line: self.line,
            problem,
        }
    }

    fn add(&mut self, line: &[u8]) {
        self.hash.update(line);
        self.hash.update(b"\n");
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<(Cell, Entry)> {
        let entry = |value: &[u8], version: u64, expires_ms| Entry {
            value: value.to_vec(),
            version: version.to_string(),
            expires_ms,
        };
        vec![
            (Space::new("memo", Scope::Plugin).cell(""), entry(b"", 1, None)),
            (
                Space::new("메모", Scope::Conversation("C:1\0\n".into())).cell("줄\n\"\\\u{1}"),
                entry("값\u{2028}".as_bytes(), u64::MAX, Some(1_795_251_600_007)),
            ),
            (
                Space::new("a b", Scope::User(String::new())).cell("k"),
                entry(&[0xff, 0, b'\n'], 3, Some(i64::MAX)),
            ),
            (Space::new("", Scope::Shared).cell("k"), entry(b"x", 4, Some(-1))),
        ]
    }

    fn written(entries: &[(Cell, Entry)]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::begin(&mut out);
        for (cell, entry) in entries {
            writer.entry(&mut out, cell, entry);
        }
        writer.fact(&mut out, "f", "v\n");
        assert_eq!(writer.end(&mut out), entries.len() as u64);
        out
    }

    fn parsed(bytes: &[u8]) -> Result<Vec<Item>, FormatError> {
        let mut parser = Parser::default();
        let mut items = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            items.extend(parser.line(line.strip_suffix(b"\n").unwrap_or(line))?);
        }
        parser.finish()?;
        Ok(items)
    }

    #[test]
    fn any_content_comes_back_as_it_was() {
        let entries = sample();
        let bytes = written(&entries);
        let mut expected: Vec<Item> = entries
            .into_iter()
            .map(|(cell, entry)| Item::Entry(cell, entry))
            .collect();
        expected.push(Item::Fact {
            name: "f".into(),
            value: "v\n".into(),
        });
        assert_eq!(parsed(&bytes).unwrap(), expected);
    }

    #[test]
    fn half_a_file_and_a_changed_one_are_refused() {
        let bytes = written(&sample());
        for cut in 0..bytes.len() - 1 {
            assert!(parsed(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let text = String::from_utf8(bytes).unwrap();
        let changed = text.replace("\"version\":\"4\"", "\"version\":\"5\"");
        assert_eq!(parsed(changed.as_bytes()), Err(FormatError::Checksum(7)));
        assert!(matches!(
            parsed(format!("{text}\n").as_bytes()),
            Err(FormatError::Line { line: 8, .. })
        ));
    }

    #[test]
    fn a_wrong_line_is_told_with_its_number() {
        let told = |line: &str| {
            let file = format!("{{\"moa-brain\":1}}\n{line}\n");
            parsed(file.as_bytes()).unwrap_err().to_string()
        };
        for (line, part) in [
            ("{", "line 2: EOF while parsing"),
            ("", "line 2: EOF while parsing"),
            (
                "{\"scope\":\"plugin\",\"key\":\"k\",\"version\":\"1\"}",
                "value or base64",
            ),
            (
                "{\"scope\":\"x\",\"key\":\"k\",\"value\":\"\",\"version\":\"1\"}",
                "no scope \"x\"",
            ),
            (
                "{\"scope\":\"plugin\",\"key\":\"k\",\"value\":\"\",\"version\":\"one\"}",
                "\"one\"",
            ),
            (
                "{\"scope\":\"plugin\",\"key\":\"k\",\"value\":\"\",\"version\":\"1\",\"ttl\":3}",
                "unknown field `ttl`",
            ),
            ("{\"error\":\"the disk is gone\"}", "the disk is gone"),
        ] {
            let told = told(line);
            assert!(told.contains(part), "{line}: {told}");
        }
        assert_eq!(parsed(b"{\"moa-brain\":2}\n"), Err(FormatError::Newer(2)));
        assert!(
            parsed(b"hello\n")
                .unwrap_err()
                .to_string()
                .contains("no export or backup")
        );
    }
}
