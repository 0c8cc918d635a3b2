//! The log's files: `AUDIT-DAY-NUMBER.jsonl`, the day and the number of the first line in the name. The numbers, not the
//! days, are their order.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use moa_core::audit::{Entry, Hash, Head, Line, Outcome, What};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that has grown to this is followed by another.
pub const LARGEST: u64 = 16 << 20;
/// How much of the rest of a torn line is kept in the line that tells of it.
const PIECE: usize = 400;

/// One of the log's files, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where it is.
    pub path: PathBuf,
    /// The number of its first line.
    pub first: u64,
    /// The day of its first line, in UTC.
    pub day: Date,
}

impl Named {
    fn new(dir: &Path, day: Date, first: u64) -> Self {
        Self {
            path: dir.join(format!("AUDIT-{day}-{first:012}.jsonl")),
            first,
            day,
        }
    }

    fn of(path: PathBuf) -> Result<Self, PathBuf> {
        let read = || {
            let name = path.file_name()?.to_str()?;
            let (day, first) = name.strip_prefix("AUDIT-")?.strip_suffix(".jsonl")?.rsplit_once('-')?;
            let named = Self::new(path.parent()?, day.parse().ok()?, first.parse().ok()?);
            // One name for each file: no `+1`, no `1` for `000000000001`.
            (named.path == path).then_some(named)
        };
        read().ok_or(path)
    }
}

/// What is in the log's folder.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Its files, in the order of their lines.
    pub files: Vec<Named>,
    /// What else begins with `AUDIT`.
    pub strange: Vec<PathBuf>,
}

/// Lists the files of a log. A folder that is not there has none.
///
/// # Errors
/// The folder cannot be read.
pub fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        match Named::of(path) {
            Ok(named) => listing.files.push(named),
            Err(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.to_uppercase().starts_with("AUDIT") {
                    listing.strange.push(path);
                }
            }
        }
    }
    listing.files.sort_by_key(|file| (file.first, file.day));
    listing.strange.sort();
    Ok(listing)
}

/// The files of which every line is older than `keep`, the oldest first, and the last line of them: never the file that is
/// written to.
///
/// # Errors
/// The folder, or a file, cannot be read.
pub(super) fn outlived(dir: &Path, now: SystemTime, keep: Duration) -> io::Result<Option<(Vec<PathBuf>, Head)>> {
    let then = now.checked_sub(keep).and_then(|then| Timestamp::try_from(then).ok());
    let day = |then: Timestamp| then.to_zoned(TimeZone::UTC).date();
    // All lines of a file are of its own day, but for those of a midnight.
    let Some(oldest) = then.and_then(|then| day(then).checked_sub(2.days()).ok()) else {
        return Ok(None);
    };
    let files = list(dir)?.files;
    let mut old: Vec<&Named> = files.iter().take_while(|file| file.day <= oldest).collect();
    if old.len() == files.len() {
        old.pop();
    }
    let Some(next) = files.get(old.len()).filter(|_| !old.is_empty()) else {
        return Ok(None);
    };
    // What they end with stands in the line behind them.
    let mut line = String::new();
    BufReader::new(File::open(&next.path)?).read_line(&mut line)?;
    let behind: Line = serde_json::from_str(&line)?;
    let last = Head {
        seq: behind.seq.saturating_sub(1),
        hash: behind.prev,
    };
    Ok(Some((old.into_iter().map(|file| file.path.clone()).collect(), last)))
}

/// The log, open for writing. There is one at a time.
pub(super) struct Log {
    dir: PathBuf,
    /// Held as long as the log is open, so that nobody else writes to it.
    _lock: File,
    file: Option<Open>,
    head: Head,
    largest: u64,
    /// The lines that are written next, and one alone.
    lines: Vec<u8>,
    line: Vec<u8>,
}

/// A line that is to be written.
struct Staged {
    day: Date,
    /// Where it ends in what is to be written.
    end: usize,
    /// The log's head with it.
    head: Head,
}

struct Open {
    path: PathBuf,
    /// Closed after a failure, as whoever mends the disk wants it.
    file: Option<File>,
    day: Date,
    bytes: u64,
    /// Behind `bytes` stands the beginning of a line that could not be written, nor be taken away.
    torn: bool,
}

impl Log {
    /// Opens the log of a folder behind its last line, and tells what is not as the store knows it. `known` is the head
    /// in the store.
    pub(super) fn open(dir: &Path, known: Option<Head>, largest: u64) -> io::Result<(Self, Vec<Entry>)> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let lock = File::open(dir)?;
        lock.try_lock().map_err(io::Error::from)?;
        let mut log = Self {
            dir: dir.to_owned(),
            _lock: lock,
            file: None,
            head: Head::NONE,
            largest,
            lines: Vec::new(),
            line: Vec::new(),
        };
        let told = log.find_end(known)?;
        Ok((log, told))
    }

    pub(super) fn head(&self) -> Head {
        self.head
    }

    fn find_end(&mut self, known: Option<Head>) -> io::Result<Vec<Entry>> {
        let is_known = known.is_some();
        let known = known.unwrap_or(Head::NONE);
        let mut told = Vec::new();
        let mut there = Head::NONE;
        let mut at_known = None;
        // A file that was begun and not written to is no end.
        for named in list(&self.dir)?.files.into_iter().rev() {
            let bytes = fs::read(&named.path)?;
            let end = End::of(&bytes, known.seq);
            let mut length = bytes.len();
            if end.whole < bytes.len() {
                let piece = bytes.get(end.whole..).unwrap_or_default();
                let shown = String::from_utf8_lossy(piece.get(..PIECE).unwrap_or(piece)).into_owned();
                let reason = format!(
                    "the last {} bytes of {} were no whole line and are taken away: {shown:?}",
                    piece.len(),
                    named.path.display()
                );
                told.push(Entry::own(What::Log, Outcome::Torn).because(reason));
                let file = OpenOptions::new().write(true).open(&named.path)?;
                file.set_len(end.whole as u64)?;
                file.sync_data()?;
                length = end.whole;
            }
            let Some(head) = end.last else {
                continue;
            };
            there = head;
            at_known = end.at_known;
            self.file = Some(Open {
                file: Some(OpenOptions::new().append(true).open(&named.path)?),
                path: named.path,
                day: named.day,
                bytes: length as u64,
                torn: false,
            });
            break;
        }
        self.head = there;
        let reason = if there.seq < known.seq {
            let (from, to) = (there.seq + 1, known.seq);
            Some(format!("lines {from} to {to} were written and are not there any more"))
        } else {
            at_known
                .filter(|hash| *hash != known.hash)
                .map(|_| format!("line {} is not the one that was written", known.seq))
        };
        if !is_known && there.seq > 0 {
            let reason = "the store does not know where the log ended, so nobody can tell whether its end is missing";
            told.push(Entry::own(What::Log, Outcome::Mismatch).because(reason));
        }
        if let Some(reason) = reason {
            told.push(Entry::own(What::Log, Outcome::Mismatch).because(reason));
            // So the chain shows it for ever, whatever the store knows by then.
            self.head = Head {
                seq: there.seq.max(known.seq),
                hash: known.hash,
            };
        }
        Ok(told)
    }

    /// Writes an entry as the next line.
    ///
    /// # Errors
    /// It is not there then, nor a part of it that would count.
    #[cfg(test)]
    pub(super) fn append(&mut self, at: SystemTime, entry: Entry) -> io::Result<()> {
        self.append_all(vec![(at, entry)]).1
    }

    /// Writes entries as the next lines, with one write for those of a file. How many of the first are there then, and
    /// why not the others, of which no part is there that would count.
    pub(super) fn append_all(&mut self, entries: Vec<(SystemTime, Entry)>) -> (usize, io::Result<()>) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        let staged = self.stage(entries, &mut lines);
        let (staged, whole) = match staged {
            Ok(staged) => (staged, Ok(())),
            Err((staged, error)) => (staged, Err(error)),
        };
        let (mut done, mut from) = (0, 0);
        let mut written = Ok(());
        while let Some(next) = staged.get(done) {
            let together = self.together(staged.get(done..).unwrap_or_default(), from);
            let last = staged.get(done + together - 1).unwrap_or(next);
            written = self.put(next, lines.get(from..last.end).unwrap_or_default());
            let (count, last) = match written {
                Ok(()) => (together, last),
                // What has room of them, then.
                Err(_) if together > 1 => {
                    written = self.put(next, lines.get(from..next.end).unwrap_or_default());
                    (1, next)
                }
                Err(_) => (1, next),
            };
            if written.is_err() {
                break;
            }
            (done, from, self.head) = (done + count, last.end, last.head);
        }
        self.lines = lines;
        (done, written.and(whole))
    }

    /// The lines of entries, one behind the other in `out`. After an entry that cannot be a line there is no other.
    fn stage(
        &mut self,
        entries: Vec<(SystemTime, Entry)>,
        out: &mut Vec<u8>,
    ) -> Result<Vec<Staged>, (Vec<Staged>, io::Error)> {
        let mut head = self.head;
        let mut staged = Vec::with_capacity(entries.len());
        for (at, entry) in entries {
            let time = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
            if let Err(error) = head.chain(format!("{time:.3}"), entry, &mut self.line) {
                return Err((staged, error.into()));
            }
            out.extend_from_slice(&self.line);
            staged.push(Staged {
                day: time.to_zoned(TimeZone::UTC).date(),
                end: out.len(),
                head,
            });
        }
        Ok(staged)
    }

    /// How many of these lines, of which the first begins at `from`, go into the file that the first goes into.
    fn together(&self, staged: &[Staged], from: usize) -> usize {
        let Some(next) = staged.first() else {
            return 0;
        };
        let (day, bytes) = match self.file.as_ref().filter(|open| self.fits(open, next.day)) {
            Some(open) => (open.day, open.bytes),
            None => (next.day, 0),
        };
        let ends = staged.iter().map(|one| bytes + (one.end - from) as u64);
        let others = staged.iter().skip(1).zip(ends);
        1 + others
            .take_while(|(one, before)| day >= one.day && *before < self.largest)
            .count()
    }

    fn fits(&self, open: &Open, day: Date) -> bool {
        open.day >= day && (open.bytes == 0 || open.bytes < self.largest) && open.is_there()
    }

    /// Writes lines, of which `first` is the first, into one file.
    fn put(&mut self, first: &Staged, lines: &[u8]) -> io::Result<()> {
        let open = match self.file.take() {
            Some(open) if self.fits(&open, first.day) => open,
            other => {
                self.file = other;
                self.next_file(first.day)?
            }
        };
        self.file.insert(open).put(lines)
    }

    fn next_file(&mut self, day: Date) -> io::Result<Open> {
        if let Some(open) = self.file.as_mut().filter(|open| open.is_there()) {
            open.mend()?;
            open.handle()?.sync_data()?;
        }
        let named = Named::new(&self.dir, day, self.head.seq + 1);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&named.path)?;
        // One that was begun before and is empty, or holds what is no line.
        file.set_len(0)?;
        File::open(&self.dir)?.sync_all()?;
        Ok(Open {
            path: named.path,
            file: Some(file),
            day,
            bytes: 0,
            torn: false,
        })
    }

    #[cfg(test)]
    pub(super) fn close_file(&mut self) {
        if let Some(open) = &mut self.file {
            open.file = None;
        }
    }

    /// What was written is on the disk.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(open) => open.handle()?.sync_data(),
            None => Ok(()),
        }
    }
}

impl Open {
    /// Whether it can be written to: not where it had to be closed and somebody took it away since.
    fn is_there(&self) -> bool {
        self.file.is_some() || self.path.exists()
    }

    fn handle(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).open(&self.path)?,
        };
        Ok(self.file.insert(file))
    }

    /// Takes away what is left of a line that could not be written.
    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            let bytes = self.bytes;
            self.handle()?.set_len(bytes)?;
            self.torn = false;
        }
        Ok(())
    }

    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        self.mend()?;
        let written = self.handle().and_then(|file| file.write_all(lines));
        match &written {
            Ok(()) => self.bytes += lines.len() as u64,
            Err(_) => {
                // A full disk may have taken a part of it.
                self.torn = true;
                // Or later.
                let _ = self.mend();
                self.file = None;
            }
        }
        written
    }
}

/// What a file ends with.
struct End {
    /// How many bytes are whole lines.
    whole: usize,
    /// The last line.
    last: Option<Head>,
    /// The hash of the line with a certain number, if it is in this file.
    at_known: Option<Hash>,
}

impl End {
    fn of(bytes: &[u8], known: u64) -> Self {
        let mut end = Self {
            whole: 0,
            last: None,
            at_known: None,
        };
        let mut rest = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => bytes.get(..at).unwrap_or_default(),
            None => return end,
        };
        // From behind: a power cut may leave more than one line that is none.
        loop {
            let from = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let line = rest.get(from..).unwrap_or_default();
            if end.last.is_none()
                && let Ok(read) = serde_json::from_slice::<Line>(line)
                && read.seq > 0
            {
                end.whole = rest.len() + 1;
                end.last = Some(Head {
                    seq: read.seq,
                    hash: Hash::of(line),
                });
            }
            if end.last.is_some() {
                match serde_json::from_slice::<Number>(line) {
                    Ok(number) if number.seq == known => {
                        end.at_known = Some(Hash::of(line));
                        return end;
                    }
                    Ok(number) if number.seq < known => return end,
                    _ if known == 0 => return end,
                    _ => {}
                }
            }
            if from == 0 {
                return end;
            }
            rest = rest.get(..from - 1).unwrap_or_default();
        }
    }
}

/// The one field that is looked for.
#[derive(serde::Deserialize)]
struct Number {
    seq: u64,
}
