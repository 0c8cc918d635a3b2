//! Backups: the whole brain and the host's facts, as of one moment where the store has such, in a file that is there as a
//! whole or not at all.

use super::brain::export_of;
use super::http::Body;
use super::lines::{FormatError, Parser};
use super::pipe::{LineReader, ReadError};
use jiff::Timestamp;
use moa_core::config::Backup;
use moa_store::Store;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::fs;
use tokio::io::AsyncWriteExt;

/// The folder below the data directory.
const FOLDER: &str = "backups";
/// The names of backups: when they were begun.
const NAME: &str = "moa-%Y%m%dT%H%M%SZ.jsonl";
/// What a file is called until it is whole.
const PART: &str = ".part";
/// After how long a backup that failed is tried again, unless the next is due before.
const AGAIN: Duration = Duration::from_secs(600);
/// How long a host that has no backup yet waits for the first, at most: its start is busy enough.
const FIRST: Duration = Duration::from_secs(60);

/// Why a backup was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file cannot be written.
    #[error("{path} cannot be written: {source}; {}", remedy(source))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was to be written did not come whole.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// What was to be written ended too early; it said why.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// The store could not be read.
    #[error("{0}")]
    Store(String),
}

fn remedy(error: &io::Error) -> &'static str {
    use io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded => "make room, or write it elsewhere",
        PermissionDenied | ReadOnlyFilesystem => "make the folder writable for this user, or write it elsewhere",
        NotFound => "make the folder first",
        _ => "write it elsewhere",
    }
}

/// The folder of the backups of a data directory.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

/// The name of a backup that begins now.
pub fn name_now() -> String {
    Timestamp::now().strftime(NAME).to_string()
}

/// The backups in a folder, oldest first. A folder that is not there has none.
///
/// # Errors
/// The folder cannot be read.
pub async fn list(folder: &Path) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        // The name tells the time also after the file was copied.
        if let Some(time) = entry.file_name().to_str().and_then(time_of) {
            found.push((time, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn time_of(name: &str) -> Option<Timestamp> {
    let time = jiff::fmt::strtime::parse(NAME, name).ok()?.to_datetime().ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// Writes lines into a file: whole, on disk and for this user alone, or not at all. A pipe or a device is written as it
/// is, and behind a link is the file that is meant. `progress` is told the bytes of each line. How many entries there were.
///
/// # Errors
/// See [`SaveError`]; what was there before is there still.
pub async fn save(body: Body, path: &Path, mut progress: impl FnMut(usize)) -> Result<u64, SaveError> {
    let failed = |source| SaveError::File {
        path: path.to_owned(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    options.write(true);
    if fs::metadata(path).await.is_ok_and(|there| !there.is_file()) {
        let file = options.open(path).await.map_err(failed)?;
        let (entries, _) = write(body, file, failed, &mut progress).await?;
        return Ok(entries);
    }
    let target = fs::canonicalize(path).await.unwrap_or_else(|_| path.to_owned());
    let mut part = target.as_os_str().to_owned();
    part.push(PART);
    options.create(true).truncate(true).mode(0o600);
    let file = options.open(&part).await.map_err(failed)?;
    let part = Part(Some(part.into()));
    let (entries, file) = write(body, file, failed, &mut progress).await?;
    file.sync_all().await.map_err(failed)?;
    part.becomes(&target).map_err(failed)?;
    // A name is on disk when its folder is.
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = fs::File::open(parent.unwrap_or(Path::new("."))).await.map_err(failed)?;
    folder.sync_all().await.map_err(failed)?;
    Ok(entries)
}

/// A file that is not whole yet: it goes with whoever gives it up, for half a backup is no use to anybody.
struct Part(Option<PathBuf>);

impl Part {
    fn becomes(mut self, target: &Path) -> io::Result<()> {
        if let Some(part) = &self.0 {
            std::fs::rename(part, target)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(part) = &self.0 {
            // What is wrong was said.
            let _ = std::fs::remove_file(part);
        }
    }
}

async fn write(
    body: Body,
    file: fs::File,
    failed: impl Fn(io::Error) -> SaveError,
    progress: &mut impl FnMut(usize),
) -> Result<(u64, fs::File), SaveError> {
    let mut file = tokio::io::BufWriter::with_capacity(256 << 10, file);
    let (mut reader, mut parser) = (LineReader::new(body), Parser::default());
    while let Some(line) = reader.next().await? {
        // What is kept is known to be readable.
        parser.line(&line)?;
        file.write_all(&line).await.map_err(&failed)?;
        file.write_all(b"\n").await.map_err(&failed)?;
        progress(line.len() + 1);
    }
    let entries = parser.finish()?;
    file.flush().await.map_err(&failed)?;
    Ok((entries, file.into_inner()))
}

/// Backs up a store as often as the configuration says, for as long as it is polled.
pub async fn keep(store: Arc<dyn Store>, data_dir: PathBuf, settings: Backup) {
    if settings.keep == 0 {
        return;
    }
    let folder = folder(&data_dir);
    loop {
        let wait = match list(&folder).await {
            Ok(backups) => until_due(backups.last().map(|(time, _)| *time), Timestamp::now(), settings.every),
            // Writing will say what is wrong.
            Err(_) => Duration::ZERO,
        };
        tokio::time::sleep(wait).await;
        match back_up(&store, &folder, settings.keep).await {
            Ok(entries) => tracing::info!("backed up {entries} entries of the brain"),
            Err(error) => {
                let again = AGAIN.min(settings.every);
                tracing::warn!(%error, "the brain could not be backed up; trying again in {} s", again.as_secs());
                tokio::time::sleep(again).await;
            }
        }
    }
}

/// How long until the next backup is due.
fn until_due(newest: Option<Timestamp>, now: Timestamp, every: Duration) -> Duration {
    match newest {
        None => FIRST.min(every),
        // A clock that was wrong once must not stop backups for years.
        Some(newest) if newest > now => Duration::ZERO,
        Some(newest) => every.saturating_sub(now.duration_since(newest).unsigned_abs()),
    }
}

async fn back_up(store: &Arc<dyn Store>, folder: &Path, keep: u32) -> Result<u64, SaveError> {
    make(folder).await?;
    let export = export_of(store, None, true)
        .await
        .map_err(|fault| SaveError::Store(fault.to_string()))?;
    let entries = save(export.into_body(), &folder.join(name_now()), |_| {}).await?;
    let failed = |source| SaveError::File {
        path: folder.to_owned(),
        source,
    };
    let backups = list(folder).await.map_err(failed)?;
    let spare = backups
        .len()
        .saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    for (_, path) in backups.into_iter().take(spare) {
        fs::remove_file(&path).await.map_err(failed)?;
    }
    sweep(folder).await.map_err(failed)?;
    Ok(entries)
}

/// Makes the folder of the backups, for this user alone.
///
/// # Errors
/// It cannot be made.
pub async fn make(folder: &Path) -> Result<(), SaveError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| SaveError::File {
            path: folder.to_owned(),
            source,
        })
}

/// Removes what an earlier host did not finish. Only one host writes here.
async fn sweep(folder: &Path) -> io::Result<()> {
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name: OsString = entry.file_name();
        let begun = name.to_str().and_then(|name| name.strip_suffix(PART)).and_then(time_of);
        let old = begun.is_some_and(|begun| Timestamp::now().duration_since(begun).as_hours() >= 1);
        if old {
            fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_store::{MemoryStore, Scope, Space, SystemClock, Write};
    use std::os::unix::fs::PermissionsExt;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_backup_says_when_the_next_is_due() {
        let now = at("2026-11-21T12:00:00Z");
        let day = Duration::from_secs(86_400);
        assert_eq!(until_due(None, now, day), FIRST);
        assert_eq!(until_due(None, now, Duration::from_secs(1)), Duration::from_secs(1));
        assert_eq!(until_due(Some(at("2026-11-21T06:00:00Z")), now, day), day * 3 / 4);
        assert_eq!(until_due(Some(at("2026-11-01T06:00:00Z")), now, day), Duration::ZERO);
        assert_eq!(until_due(Some(at("2030-01-01T00:00:00Z")), now, day), Duration::ZERO);
    }

    #[tokio::test]
    async fn the_newest_are_kept_and_what_is_no_backup_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path());
        make(&folder).await.unwrap();
        for name in ["moa-20250101T000000Z.jsonl", "moa-20250102T000000Z.jsonl", "mine.jsonl"] {
            std::fs::write(folder.join(name), "old").unwrap();
        }
        std::fs::write(folder.join("moa-20250102T000000Z.jsonl.part"), "half").unwrap();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(SystemClock));
        let cell = Space::new("p", Scope::Plugin).cell("k");
        store.write(vec![Write::set(cell, "v")], None).await.unwrap();
        store.fact_set("f", Some("g")).await.unwrap();
        assert_eq!(back_up(&store, &folder, 2).await.unwrap(), 1);

        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        assert_eq!(names[..2], ["mine.jsonl", "moa-20250102T000000Z.jsonl"]);
        let new = folder.join(&names[2]);
        let text = std::fs::read_to_string(&new).unwrap();
        assert!(text.contains("{\"fact\":\"f\",\"value\":\"g\"}"), "{text}");
        assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
        let (time, _) = list(&folder).await.unwrap().pop().unwrap();
        assert!(Timestamp::now().duration_since(time).as_secs() < 600);
    }

    #[tokio::test]
    async fn what_breaks_off_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.jsonl");
        std::fs::write(&path, "before").unwrap();
        for text in [
            "{\"moa-brain\":1}\n",
            "{\"moa-brain\":1}\n{\"error\":\"the disk is gone\"}\n",
        ] {
            save(super::super::http::full(text), &path, |_| {}).await.unwrap_err();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[tokio::test]
    async fn a_device_is_written_and_a_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let text = |entries: &[Write]| {
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new(SystemClock));
            let entries = entries.to_vec();
            async move {
                store.write(entries, None).await.unwrap();
                export_of(&store, None, false).await.unwrap().into_body()
            }
        };
        let one = [Write::set(Space::new("p", Scope::Plugin).cell("k"), "v")];

        // A link to a device, so that a mistake here replaces the link alone.
        let device = dir.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        assert_eq!(save(text(&one).await, &device, |_| {}).await.unwrap(), 1);
        assert!(std::fs::symlink_metadata(&device).unwrap().is_symlink());

        let (link, file) = (dir.path().join("newest.jsonl"), dir.path().join("b.jsonl"));
        std::fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink("b.jsonl", &link).unwrap();
        assert_eq!(save(text(&one).await, &link, |_| {}).await.unwrap(), 1);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(std::fs::read_to_string(&file).unwrap().contains("\"k\""));

        // A folder can be neither.
        let error = save(text(&one).await, dir.path(), |_| {}).await.unwrap_err();
        assert!(error.to_string().contains("cannot be written"), "{error}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[tokio::test]
    async fn what_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.jsonl");
        let endless = super::super::http::stream(futures_util::stream::pending::<io::Result<bytes::Bytes>>());
        let saving = save(endless, &path, |_| {});
        tokio::time::timeout(Duration::from_millis(50), saving)
            .await
            .unwrap_err();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
