//! SQLite: a file, or the memory.
//!
//! Reading goes through connections that cannot write: the file is opened for reading, and `query_only` is set. No file
//! can be attached. A statement is interrupted from inside SQLite, which asks every thousand steps whether to go on.

use crate::run::{Failure, GRACE, IDLE, Outcome, Work};
use crate::settings::Limits;
use crate::text::Dialect;
use crate::{Cell, SqlError};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqlitePoolOptions, SqliteQueryResult, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Decode, Executor as _, Row as _, SqlSafeStr as _, SqliteConnection,
    SqlitePool, Statement as _, TypeInfo as _, ValueRef as _, raw_sql,
};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// How many steps SQLite makes between two looks at whether to go on.
const STEPS: i32 = 1000;
/// How long a writer waits for another one at most.
const BUSY: Duration = Duration::from_secs(5);
/// How many rows are read before somebody asks for them.
const AHEAD: usize = 1;
/// The longest value or row at most, in bytes.
const LENGTH: usize = 4 << 20;
/// How many columns a result or table may have: together with [`LENGTH`] what one row may take.
const COLUMNS: c_int = 200;
/// How long a pattern of `LIKE` or `GLOB` may be, in bytes: one comparison is one step, which nothing interrupts.
const PATTERN: c_int = 256;
/// What the authorizer is asked for temporary things: `SQLITE_CREATE_TEMP_INDEX` to `SQLITE_CREATE_TEMP_VIEW`.
const TEMPORARY: RangeInclusive<c_int> =
    libsqlite3_sys::SQLITE_CREATE_TEMP_INDEX..=libsqlite3_sys::SQLITE_CREATE_TEMP_VIEW;

pub(crate) struct Sqlite {
    reading: SqlitePool,
    /// The same for what is in memory.
    writing: Option<SqlitePool>,
    in_memory: bool,
}

impl Sqlite {
    pub(crate) fn in_memory(limits: Limits) -> Self {
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .row_buffer_size(AHEAD)
            .pragma("trusted_schema", "OFF");
        // The data is gone with the connection.
        let pool = pool(1, limits).min_connections(0).idle_timeout(None).max_lifetime(None);
        let pool = pool.connect_lazy_with(options);
        Self {
            reading: pool.clone(),
            writing: Some(pool),
            in_memory: true,
        }
    }

    pub(crate) fn in_file(name: &str, path: &Path, write: bool, limits: Limits) -> Result<Self, SqlError> {
        let folder = path.parent().unwrap_or(Path::new("")).join(".");
        if !(path.is_file() || write && !path.exists() && folder.is_dir()) {
            return Err(SqlError::Settings {
                connection: name.to_owned(),
                key: "url",
                problem: format!("there is no database {}", path.display()),
                remedy: "Make the file first, or its folder; an empty one is made where `write = true`".into(),
            });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .row_buffer_size(AHEAD)
            // Sooner than the statement is given up, so that it is told why.
            .busy_timeout(BUSY.min(limits.time / 2))
            .pragma("trusted_schema", "OFF");
        let reading = options.clone().read_only(true).pragma("query_only", "ON");
        let writing = options.create_if_missing(true);
        Ok(Self {
            reading: pool(limits.connections, limits).connect_lazy_with(reading),
            // SQLite has one writer at a time.
            writing: write.then(|| pool(1, limits).connect_lazy_with(writing)),
            in_memory: false,
        })
    }

    pub(crate) async fn close(&self) {
        self.reading.close().await;
        if let Some(writing) = &self.writing {
            writing.close().await;
        }
    }

    pub(crate) async fn script(&self, name: &str, text: &str) -> Result<(), SqlError> {
        if !self.in_memory {
            return Err(SqlError::Invalid("a script is run in a database in memory only".into()));
        }
        let done = async {
            let mut connection = self.reading.acquire().await?;
            raw_sql("PRAGMA query_only = OFF").execute(&mut *connection).await?;
            raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut *connection).await
        };
        done.await.map(drop).map_err(|error| SqlError::of(&error, name))
    }

    pub(crate) async fn run(&self, work: &Work) -> Result<Outcome, SqlError> {
        let pool = match &self.writing {
            Some(writing) if work.write => writing,
            None if work.write => return Err(SqlError::ReadOnly(work.name.clone())),
            Some(_) | None => {
                self.exists(work).await?;
                &self.reading
            }
        };
        let mut connection = work.waited(pool.acquire()).await?;
        let stopped = Arc::new(AtomicBool::new(false));
        let done = self.on(&mut connection, work, &stopped).await;
        self.give_back(connection, stopped).await;
        done.map_err(|failure| match failure {
            Failure::Ours(error) | Failure::Hung(error) => error,
            Failure::Database(error) => work.failed(&error),
        })
    }

    /// A file that `write = true` allows to be made is made before somebody reads it.
    async fn exists(&self, work: &Work) -> Result<(), SqlError> {
        match &self.writing {
            Some(writing) if !self.in_memory && writing.size() == 0 => work.waited(writing.acquire()).await.map(drop),
            Some(_) | None => Ok(()),
        }
    }

    async fn on(
        &self,
        connection: &mut SqliteConnection,
        work: &Work,
        stopped: &Arc<AtomicBool>,
    ) -> Result<Outcome, Failure> {
        let asked = Arc::clone(stopped);
        // What ran before may not be over.
        let mut handle = work.begun(connection.lock_handle()).await?;
        handle.set_progress_handler(STEPS, move || !asked.load(Ordering::Relaxed));
        drop(handle);
        if self.in_memory {
            let only = if work.write {
                "PRAGMA query_only = OFF"
            } else {
                "PRAGMA query_only = ON"
            };
            work.begun(raw_sql(only).execute(&mut *connection)).await?;
        }
        let begin = if work.write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        work.begun(raw_sql(begin).execute(&mut *connection)).await?;
        let done = work
            .until_stopped(statement(connection, work), async {
                stopped.store(true, Ordering::Relaxed)
            })
            .await;
        let done = done.ok_or_else(|| Failure::Ours(work.too_late()))?;
        if done.as_ref().map_or(true, |outcome| outcome.unread) {
            stopped.store(true, Ordering::Relaxed);
        }
        let outcome = done?;
        if work.write {
            work.committed(raw_sql("COMMIT").execute(&mut *connection)).await?;
        }
        Ok(outcome)
    }

    /// Ends what is left of a transaction, in the background where that takes long: a statement is over only when it
    /// looks whether it may go on. Until then its connection keeps its place, so that no others pile up. One that was
    /// stopped is closed then, unless the data is in it.
    async fn give_back(&self, mut connection: PoolConnection<sqlx::Sqlite>, stopped: Arc<AtomicBool>) {
        let in_memory = self.in_memory;
        let cleaning = tokio::spawn(async move {
            let cleaned = async {
                // This waits for the end of what runs.
                connection.lock_handle().await?.remove_progress_handler();
                // There may be none.
                let _ = raw_sql("ROLLBACK").execute(&mut *connection).await;
                Ok::<_, sqlx::Error>(())
            };
            let clean = cleaned.await.is_ok() && !stopped.load(Ordering::Relaxed);
            if !clean && !in_memory {
                let _ = connection.close().await;
            }
        });
        if timeout(GRACE, cleaning).await.is_err() {
            tracing::warn!(
                "a statement in SQLite goes on after it was cancelled, and keeps its connection until its end"
            );
        }
    }
}

fn pool(connections: u32, limits: Limits) -> SqlitePoolOptions {
    // Not less than a statement: the schema is made of such.
    let longest = c_int::try_from(limits.bytes.clamp(crate::text::LONGEST, LENGTH)).unwrap_or(c_int::MAX);
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limits.time)
        .idle_timeout(IDLE)
        .after_connect(move |connection, _| Box::pin(async move { harden(connection, longest).await }))
}

/// No other file, no tricks with the schema, and no value that does not fit the memory.
async fn harden(connection: &mut SqliteConnection, longest: c_int) -> Result<(), sqlx::Error> {
    let mut handle = connection.lock_handle().await?;
    let raw = handle.as_raw_handle().as_ptr();
    // SAFETY: the handle is that of an open connection, which is locked for as long as `handle` lives; the calls take
    // plain numbers, a function that lives as long as the program, and null pointers that
    // nothing is written to.
    unsafe {
        libsqlite3_sys::sqlite3_limit(raw, libsqlite3_sys::SQLITE_LIMIT_ATTACHED, 0);
        libsqlite3_sys::sqlite3_limit(raw, libsqlite3_sys::SQLITE_LIMIT_LENGTH, longest);
        libsqlite3_sys::sqlite3_limit(raw, libsqlite3_sys::SQLITE_LIMIT_COLUMN, COLUMNS);
        libsqlite3_sys::sqlite3_limit(raw, libsqlite3_sys::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN);
        libsqlite3_sys::sqlite3_set_authorizer(raw, Some(nothing_temporary), std::ptr::null_mut());
        libsqlite3_sys::sqlite3_db_config(
            raw,
            libsqlite3_sys::SQLITE_DBCONFIG_DEFENSIVE,
            1 as c_int,
            std::ptr::null_mut::<c_int>(),
        );
    }
    Ok(())
}

/// Nothing that only its connection has: the next statement may have another one, or another plugin this one.
unsafe extern "C" fn nothing_temporary(
    _: *mut c_void,
    action: c_int,
    _: *const c_char,
    _: *const c_char,
    schema: *const c_char,
    _: *const c_char,
) -> c_int {
    // `CREATE TABLE temp.a` comes as a row of that schema.
    // SAFETY: SQLite gives a text that ends with a zero and lives as long as the call, or a null pointer.
    let inserts = action == libsqlite3_sys::SQLITE_INSERT
        && !schema.is_null()
        && unsafe { CStr::from_ptr(schema) }
            .to_bytes()
            .eq_ignore_ascii_case(b"temp");
    match inserts || TEMPORARY.contains(&action) {
        true => libsqlite3_sys::SQLITE_DENY,
        false => libsqlite3_sys::SQLITE_OK,
    }
}

async fn statement(connection: &mut SqliteConnection, work: &Work) -> Result<Outcome, Failure> {
    let text = AssertSqlSafe(work.text.clone()).into_sql_str();
    let statement = connection.prepare(text).await?;
    let wanted = statement
        .parameters()
        .map_or(0, |wanted| wanted.either(<[_]>::len, |count| count));
    work.count(wanted)?;
    let mut arguments = SqliteArguments::default();
    for param in &work.params {
        bind(&mut arguments, param).map_err(sqlx::Error::Encode)?;
    }
    let columns = statement
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    let found = connection.fetch_many(statement.query_with(arguments));
    let mut outcome = work
        .gather(columns, found, SqliteQueryResult::rows_affected, size, cells)
        .await?;
    if !crate::text::changes_rows(Dialect::Sqlite, &work.text) {
        // SQLite tells of the last statement that did.
        outcome.affected = 0;
    }
    Ok(outcome)
}

fn bind(arguments: &mut SqliteArguments, param: &Cell) -> Result<(), sqlx::error::BoxDynError> {
    match param {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Truth(truth) => arguments.add(*truth),
        Cell::Integer(number) => arguments.add(*number),
        Cell::Number(number) => arguments.add(*number),
        Cell::Decimal(text) | Cell::Text(text) | Cell::Time(text) => arguments.add(text.clone()),
        Cell::Bytes(bytes) => arguments.add(bytes.clone()),
    }
}

fn size(row: &SqliteRow) -> usize {
    let value = |at| {
        let raw = row.try_get_raw(at).ok()?;
        let sized = matches!(raw.type_info().name(), "TEXT" | "BLOB");
        let bytes = sized
            .then(|| <&[u8] as Decode<sqlx::Sqlite>>::decode(raw).ok())
            .flatten();
        bytes.map(<[u8]>::len)
    };
    (0..row.len()).filter_map(value).sum()
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, SqlError> {
    let wrong = |error: sqlx::error::BoxDynError| SqlError::Invalid(format!("a value cannot be read: {error}"));
    let cell = |at: usize| {
        let value = row.try_get_raw(at).map_err(|error| wrong(error.into()))?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let kind = value.type_info().name().to_owned();
        let cell = match kind.as_str() {
            "INTEGER" => <i64 as Decode<sqlx::Sqlite>>::decode(value).map(Cell::Integer),
            "REAL" => <f64 as Decode<sqlx::Sqlite>>::decode(value).map(Cell::Number),
            "BLOB" => <Vec<u8> as Decode<sqlx::Sqlite>>::decode(value).map(Cell::Bytes),
            _ => <Vec<u8> as Decode<sqlx::Sqlite>>::decode(value)
                // What was stored as text need not be any.
                .map(|bytes| String::from_utf8(bytes).map_or_else(|error| Cell::Bytes(error.into_bytes()), Cell::Text)),
        };
        cell.map_err(wrong)
    };
    (0..row.len()).map(cell).collect()
}
