//! What is called: a database under the operator's name for it.

use crate::mysql::MySql;
use crate::postgres::Postgres;
use crate::run::{Outcome, Stop, Work};
use crate::settings::{Database, Settings};
use crate::sqlite::Sqlite;
use crate::text::{self, Dialect, Purpose};
use crate::{Cell, Limits, Rows, SqlError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long statements that are being made may take when the host stops.
const CLOSING: Duration = Duration::from_secs(5);

/// A database under the operator's name for it. Cheap to clone.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    passwords: Vec<String>,
    write: bool,
    limits: Limits,
    backend: Backend,
    under_way: TaskTracker,
}

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
    MySql(MySql),
}

impl Connection {
    /// Makes one, without asking anything of the network. It connects when it is used. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`SqlError::Settings`].
    pub fn open(name: &str, settings: Settings) -> Result<Self, SqlError> {
        let Settings {
            database,
            write,
            limits,
        } = settings;
        let passwords = database.passwords().to_vec();
        let backend = match database {
            Database::Memory => Backend::Sqlite(Sqlite::in_memory(limits)),
            Database::Sqlite(path) => Backend::Sqlite(Sqlite::in_file(name, &path, write, limits)?),
            Database::Postgres(options, _) => Backend::Postgres(Postgres::new(*options, write, limits)),
            Database::MySql(options, _) => Backend::MySql(MySql::new(*options, write, limits)),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                passwords,
                write,
                limits,
                backend,
                under_way: TaskTracker::new(),
            }),
        })
    }

    /// The operator's name of it.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Reads, inside a read-only transaction.
    ///
    /// When the future is dropped the statement is cancelled at the database.
    ///
    /// # Errors
    /// [`SqlError`]; never `ReadOnly` or `Uncertain`.
    pub async fn query(&self, text: &str, params: Vec<Cell>) -> Result<Rows, SqlError> {
        Ok(self.run(Purpose::Query, text, params).await?.rows)
    }

    /// Writes, in a transaction of its own; returns the number of rows concerned.
    ///
    /// When the future is dropped the statement is cancelled at the database, and unless its transaction was ended
    /// already nothing is changed.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn execute(&self, text: &str, params: Vec<Cell>) -> Result<u64, SqlError> {
        if !self.inner.write {
            return Err(SqlError::ReadOnly(self.inner.name.clone()));
        }
        Ok(self.run(Purpose::Execute, text, params).await?.affected)
    }

    /// Runs the statements of a script one after the other, without any of the guards: it is the operator's own. Only for
    /// databases in memory.
    ///
    /// # Errors
    /// What the database refuses; or that the database is another's.
    pub async fn script(&self, text: &str) -> Result<(), SqlError> {
        match &self.inner.backend {
            Backend::Sqlite(backend) => backend.script(&self.inner.name, text).await,
            Backend::Postgres(_) | Backend::MySql(_) => {
                Err(SqlError::Invalid("a script is run in a database in memory only".into()))
            }
        }
    }

    /// Ends what is under way, at the latest after five seconds, and closes.
    pub async fn close(&self) {
        self.inner.under_way.close();
        if timeout(CLOSING, self.inner.under_way.wait()).await.is_err() {
            tracing::warn!(connection = %self.inner.name, "statements were still running when their connection was closed");
        }
        let closed = async {
            match &self.inner.backend {
                Backend::Sqlite(backend) => backend.close().await,
                Backend::Postgres(backend) => backend.close().await,
                Backend::MySql(backend) => backend.close().await,
            }
        };
        // A server that is not there does not say goodbye.
        let _ = timeout(CLOSING, closed).await;
    }

    async fn run(&self, purpose: Purpose, text: &str, params: Vec<Cell>) -> Result<Outcome, SqlError> {
        let inner = &self.inner;
        text::check(inner.backend.dialect(), purpose, text).map_err(SqlError::Invalid)?;
        for (at, param) in params.iter().enumerate() {
            sound(param).map_err(|why| SqlError::Invalid(format!("parameter {}: {why}", at + 1)))?;
        }
        let gone = CancellationToken::new();
        let work = Work {
            name: inner.name.clone(),
            text: text.to_owned(),
            params,
            write: purpose == Purpose::Execute,
            limits: inner.limits,
            stop: Stop {
                gone: gone.clone(),
                deadline: Instant::now() + inner.limits.time,
            },
        };
        // The statement goes on by itself when nobody waits any more, so that it can be cancelled and its connection
        // cleaned up.
        let _goes = gone.drop_guard();
        let connection = self.clone();
        let task = inner.under_way.spawn(async move {
            match &connection.inner.backend {
                Backend::Sqlite(backend) => backend.run(&work).await,
                Backend::Postgres(backend) => backend.run(&work).await,
                Backend::MySql(backend) => backend.run(&work).await,
            }
        });
        let outcome = task.await.unwrap_or_else(|error| {
            // A server that says what the protocol does not have.
            tracing::error!(connection = %inner.name, %error, "a statement ended in an unforeseen way");
            let text = format!("the database behind `{}` said something unexpected", inner.name);
            Err(match purpose {
                Purpose::Query => SqlError::Unavailable(text),
                Purpose::Execute => SqlError::Uncertain(text),
            })
        });
        outcome.map_err(|error| error.without(&inner.passwords))
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("name", &self.inner.name)
            .finish_non_exhaustive()
    }
}

impl Backend {
    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::MySql(_) => Dialect::MySql,
        }
    }
}

/// Whether a parameter is what it says.
fn sound(param: &Cell) -> Result<(), String> {
    match param {
        Cell::Decimal(text) if !Cell::is_decimal(text) => {
            Err(format!("`{text}` is no decimal; such are \"12\" and \"-1.50\""))
        }
        Cell::Number(number) if !number.is_finite() => Err(format!("{number} is no number that a database has")),
        Cell::Time(text) if crate::time::When::read(text).is_none() => Err(format!(
            "`{text}` is no time; such are \"2026-11-22T00:30:00Z\", \"2026-11-22T09:30:00\", \"2026-11-22\" and \"09:30:00\""
        )),
        _ => Ok(()),
    }
}
