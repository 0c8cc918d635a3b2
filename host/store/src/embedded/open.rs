//! Opening the data file, and saying what is wrong with it.

use super::migrate::migrate;
use super::tables::{self, Tables};
use crate::error::{OpenError, StoreError};
use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError};
use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Opens the data: at the start, and again after each failure of the disk.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, OpenError> + Send>;

/// Opens the file. The first time it is made, with its folder, if it is not there; one that is gone after a failure of the
/// disk has gone with the disk, and an empty one in its place would have forgotten everything.
pub(super) fn opener(path: PathBuf, cache_bytes: usize) -> Opener {
    let was_there = Cell::new(false);
    Box::new(move || {
        let file = writable(&path, !was_there.get()).map_err(|source| OpenError::NotWritable {
            path: path.clone(),
            source,
        })?;
        // Moa never leaves one: what was in it was lost, and beginning anew would say nothing of that.
        if file.metadata().is_ok_and(|found| found.len() == 0) {
            return Err(damaged(&path, "it is empty"));
        }
        if !was_there.get() {
            refuse_newer(&path)?;
        }
        let database = open_with(&path, || Builder::new().set_cache_size(cache_bytes).create_file(file))?;
        was_there.set(true);
        Ok(database)
    })
}

/// Opens what `open` opens, and makes sure that it is of a format known here. `path` is for the messages.
pub(super) fn open_with(
    path: &Path,
    open: impl FnOnce() -> Result<Database, DatabaseError>,
) -> Result<Database, OpenError> {
    let path = path.to_owned();
    // A file that is damaged in an unforeseen way must end in the same message as any other.
    let opened = catch_unwind(AssertUnwindSafe(|| -> Result<Database, OpenError> {
        let database = open().map_err(|error| explain(&path, error))?;
        check_format(&path, &database)?;
        Ok(database)
    }));
    opened.unwrap_or_else(|_| {
        let detail = "it contradicts itself".to_owned();
        Err(OpenError::Damaged { path, detail })
    })
}

/// Refuses a file of a later format before it is opened for writing, which would change it. One that was not closed in peace
/// cannot be looked into so; it is refused a moment later.
fn refuse_newer(path: &Path) -> Result<(), OpenError> {
    let look = || -> Option<u64> {
        let database = redb::ReadOnlyDatabase::open(path).ok()?;
        let meta = database.begin_read().ok()?.open_table(tables::META).ok()?;
        meta.get(tables::FORMAT_KEY).ok()?.map(|found| found.value())
    };
    // Whatever is wrong with it is told by whoever opens it.
    match catch_unwind(look).ok().flatten() {
        Some(found) if found > tables::FORMAT => Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: tables::FORMAT,
        }),
        _ => Ok(()),
    }
}

fn writable(path: &Path, make_it: bool) -> std::io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if make_it {
        std::fs::create_dir_all(folder)?;
        if !path.exists() {
            make(path, folder)?;
        }
    }
    OpenOptions::new().read(true).write(true).open(path)
}

/// Makes an empty data file. It gets its name when it is whole: one that the power left half made could not be told from a
/// damaged one.
fn make(path: &Path, folder: &Path) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = folder.join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    // What people write in chat is nobody else's business on this machine.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(&draft).and_then(|file| {
        let database = Builder::new().create_file(file).map_err(std::io::Error::other)?;
        create(&database).map_err(std::io::Error::other)?;
        drop(database);
        // A link, unlike a renaming, never takes the place of a file that somebody else made in the meantime.
        std::fs::hard_link(&draft, path).or_else(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Ok(()),
            // Not every file system has links.
            _ => std::fs::rename(&draft, path),
        })
    });
    let removed = std::fs::remove_file(&draft);
    made?;
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    // A file whose name is not on disk is lost with the power, however well its contents are kept.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn check_format(path: &Path, database: &Database) -> Result<(), OpenError> {
    let failed = |error: redb::Error| after_open(path, error);
    let txn = database.begin_read().map_err(|e| failed(e.into()))?;
    let is_new = txn.list_tables().map_err(|e| failed(e.into()))?.next().is_none();
    if is_new {
        return create(database).map_err(failed);
    }
    let found = txn
        .open_table(tables::META)
        .map_err(redb::Error::from)
        .and_then(|meta| Ok(meta.get(tables::FORMAT_KEY)?.map(|found| found.value())))
        .map_err(failed)?;
    // A transaction that goes on reading would keep what the migration replaces.
    drop(txn);
    match found {
        Some(tables::FORMAT) => Ok(()),
        Some(found) if found > tables::FORMAT => Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known: tables::FORMAT,
        }),
        Some(found) => {
            if !migrate(database, found).map_err(failed)? {
                return Err(damaged(
                    path,
                    &format!("it says that it has format {found}, which never was"),
                ));
            }
            tracing::info!(path = %path.display(), from = found, to = tables::FORMAT, "the data file has a new format");
            Ok(())
        }
        None => Err(damaged(path, "it does not say which format it has")),
    }
}

fn create(database: &Database) -> Result<(), redb::Error> {
    let txn = database.begin_write()?;
    let mut all = Tables::open(&txn)?;
    all.meta.insert(tables::FORMAT_KEY, tables::FORMAT)?;
    drop(all);
    Ok(txn.commit()?)
}

fn explain(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::Locked { path: path.to_owned() },
        DatabaseError::Storage(StorageError::Io(source)) if refuses_writing(&source) => OpenError::NotWritable {
            path: path.to_owned(),
            source,
        },
        other => after_open(path, other.into()),
    }
}

fn refuses_writing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        error.kind(),
        PermissionDenied | ReadOnlyFilesystem | StorageFull | QuotaExceeded
    )
}

fn after_open(path: &Path, error: redb::Error) -> OpenError {
    match error {
        redb::Error::Io(source) if refuses_writing(&source) => OpenError::NotWritable {
            path: path.to_owned(),
            source,
        },
        // A file that ends too early, or says of itself what it is not.
        redb::Error::Io(source)
            if matches!(
                source.kind(),
                std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData
            ) =>
        {
            damaged(path, &source.to_string())
        }
        redb::Error::Io(_) | redb::Error::PreviousIo => OpenError::Io {
            path: path.to_owned(),
            detail: error.to_string(),
        },
        other => damaged(path, &other.to_string()),
    }
}

fn damaged(path: &Path, detail: &str) -> OpenError {
    OpenError::Damaged {
        path: PathBuf::from(path),
        detail: detail.to_owned(),
    }
}

/// Reads or writes the data. A page that is damaged in an unforeseen way makes the library panic: that must end in the same
/// error as any other damage, and must not take the thread of all writers with it.
pub(super) fn sound<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let done = catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(StoreError::Damaged("it contradicts itself".to_owned())))
}

/// What callers are told of an error of the data file.
pub(super) fn store_error(error: redb::Error) -> StoreError {
    match error {
        redb::Error::Corrupted(detail) => StoreError::Damaged(detail),
        redb::Error::DatabaseClosed => StoreError::Closed,
        redb::Error::PreviousIo => StoreError::Io("an earlier access to the disk failed".to_owned()),
        other => StoreError::Io(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/moa.redb");
        let open = opener(path.clone(), 1 << 20);
        drop(open().unwrap());
        let aside = folder.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        assert!(matches!(open(), Err(OpenError::NotWritable { .. })));
        assert!(!path.exists());
        std::fs::rename(&aside, &path).unwrap();
        open().unwrap();
    }
}
