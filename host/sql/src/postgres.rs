//! PostgreSQL.
//!
//! Sessions for reading have `default_transaction_read_only`, and every query runs between `BEGIN READ ONLY` and
//! `ROLLBACK`, so that also what a function set in the session is gone. A statement is cancelled by `pg_cancel_backend`
//! over another connection; behind that stands `statement_timeout`, for the case that the host itself is gone.

mod bind;
mod value;

use crate::run::{CANCEL, Failure, GRACE, IDLE, Outcome, Work};
use crate::settings::Limits;
use crate::{Cell, SqlError};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    PgPool, Row as _, SqlSafeStr as _, Statement as _, raw_sql,
};
use std::time::Duration;
use tokio::time::timeout;

/// How much later the server ends a statement by itself.
const BEHIND: Duration = Duration::from_secs(2);
/// What a session is cleaned with before somebody else has it.
const CLEAN: &str =
    "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP";
/// `feature_not_supported`: among others for a plan that a change of the tables has overtaken.
const NOT_SUPPORTED: &str = "0A000";

pub(crate) struct Postgres {
    options: PgConnectOptions,
    reading: PgPool,
    writing: Option<PgPool>,
}

impl Postgres {
    pub(crate) fn new(options: PgConnectOptions, write: bool, limits: Limits) -> Self {
        let options = options
            .application_name("moa")
            .options([
                ("standard_conforming_strings", "on"),
                ("idle_in_transaction_session_timeout", "60000"),
            ])
            .disable_statement_logging();
        let pool = |read_only: &str| {
            PgPoolOptions::new()
                .max_connections(limits.connections)
                .acquire_timeout(limits.time)
                .idle_timeout(IDLE)
                .connect_lazy_with(options.clone().options([("default_transaction_read_only", read_only)]))
        };
        Self {
            reading: pool("on"),
            writing: write.then(|| pool("off")),
            options,
        }
    }

    pub(crate) async fn close(&self) {
        self.reading.close().await;
        if let Some(writing) = &self.writing {
            writing.close().await;
        }
    }

    pub(crate) async fn run(&self, work: &Work) -> Result<Outcome, SqlError> {
        let pool = match &self.writing {
            Some(writing) if work.write => writing,
            None if work.write => return Err(SqlError::ReadOnly(work.name.clone())),
            Some(_) | None => &self.reading,
        };
        let mut connection = work.waited(pool.acquire()).await?;
        let first = self.on(&mut connection, work).await;
        let overtaken = matches!(&first, Err(Failure::Database(sqlx::Error::Database(said)))
            if said.code().as_deref() == Some(NOT_SUPPORTED) && said.message().contains("cached plan"));
        let done = match overtaken {
            false => first,
            true => {
                let again = async {
                    raw_sql("ROLLBACK").execute(&mut *connection).await?;
                    connection.clear_cached_statements().await
                };
                match work.answered(again).await {
                    Ok(()) => self.on(&mut connection, work).await,
                    Err(failure) => Err(failure),
                }
            }
        };
        give_back(connection, &done).await;
        done.map_err(|failure| match failure {
            Failure::Ours(error) | Failure::Hung(error) => error,
            Failure::Database(error) => work.failed(&error),
        })
    }

    async fn on(&self, connection: &mut PgConnection, work: &Work) -> Result<Outcome, Failure> {
        let mode = if work.write { "READ WRITE" } else { "READ ONLY" };
        let milliseconds = (work.limits.time + BEHIND).as_millis();
        let begin =
            format!("BEGIN {mode}; SET LOCAL statement_timeout = {milliseconds}; SELECT pg_backend_pid()::text");
        let begun = work
            .answered(raw_sql(AssertSqlSafe(begin)).fetch_one(&mut *connection))
            .await?;
        let process: String = begun.try_get(0)?;
        let cancelling = self.cancel(&process);
        let done = work.until_stopped(statement(connection, work), cancelling).await;
        // It may have ended in time all the same; that it may not have is what counts.
        let outcome = done.ok_or_else(|| Failure::Ours(work.too_late()))??;
        if outcome.unread {
            // The rest is not read; see `give_back`.
            let _ = timeout(CANCEL, self.cancel(&process)).await;
        }
        if work.write {
            work.committed(raw_sql("COMMIT").execute(&mut *connection)).await?;
        }
        Ok(outcome)
    }

    /// Tells the server to cancel what a session does.
    async fn cancel(&self, process: &str) {
        let told = async {
            let mut other = self.options.connect().await?;
            let text = "SELECT pg_cancel_backend($1::text::int)";
            sqlx::query(text).bind(process).execute(&mut other).await?;
            other.close().await
        };
        if let Err(error) = told.await {
            tracing::warn!(error = %SqlError::of(&error, "postgres"), "a statement could not be cancelled; the server ends it by its own clock");
        }
    }
}

/// Cleans a session, or closes it: nobody knows the state of one in which something was cancelled.
async fn give_back(mut connection: PoolConnection<sqlx::Postgres>, done: &Result<Outcome, Failure>) {
    let known = match done {
        Ok(outcome) => !outcome.unread,
        Err(Failure::Database(error)) => !SqlError::broke(error),
        Err(Failure::Ours(SqlError::OverLimit(_) | SqlError::Uncertain(_))) => false,
        Err(Failure::Hung(_)) => false,
        Err(Failure::Ours(_)) => true,
    };
    let clean = known && {
        let cleaned = timeout(GRACE, raw_sql(CLEAN).execute(&mut *connection)).await;
        cleaned.is_ok_and(|cleaned| cleaned.is_ok())
    };
    if !clean {
        drop(connection.detach());
    }
}

async fn statement(connection: &mut PgConnection, work: &Work) -> Result<Outcome, Failure> {
    let text = AssertSqlSafe(work.text.clone()).into_sql_str();
    // Without types of ours, so that the server says which ones it takes the parameters for.
    let statement = (&mut *connection).prepare(text).await?;
    let types = match statement.parameters() {
        Some(sqlx::Either::Left(types)) => types.to_vec(),
        Some(sqlx::Either::Right(_)) | None => Vec::new(),
    };
    work.count(types.len())?;
    let mut arguments = PgArguments::default();
    for (at, (param, kind)) in work.params.iter().zip(types).enumerate() {
        let bound =
            bind::Bound::of(param, &kind).map_err(|why| SqlError::Invalid(format!("parameter ${}: {why}", at + 1)))?;
        arguments.add(bound).map_err(sqlx::Error::Encode)?;
    }
    let columns = statement
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    let found = connection.fetch_many(statement.query_with(arguments));
    work.gather(columns, found, PgQueryResult::rows_affected, size, cells)
        .await
}

fn size(row: &PgRow) -> usize {
    let value = |at| row.try_get_raw(at).ok()?.as_bytes().ok().map(<[u8]>::len);
    (0..row.len()).filter_map(value).sum()
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, SqlError> {
    let cell = |(at, column): (usize, &sqlx::postgres::PgColumn)| {
        let raw = row
            .try_get_raw(at)
            .map_err(|error| SqlError::Invalid(error.to_string()))?;
        value::cell(&raw).map_err(|why| {
            SqlError::Invalid(format!(
                "the column `{0}` {why}: write it as text in the statement, such as `{0}::text`",
                column.name()
            ))
        })
    };
    row.columns().iter().enumerate().map(cell).collect()
}
