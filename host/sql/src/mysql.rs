//! MySQL and MariaDB.
//!
//! Sessions for reading are set to `TRANSACTION READ ONLY`, so that what ends a transaction by itself (a `DROP TABLE`)
//! ends in another that is read-only too, and every query runs between `START TRANSACTION READ ONLY` and `ROLLBACK`. A
//! statement is cancelled by `KILL QUERY` over another connection.

mod value;

use crate::run::{CANCEL, Failure, GRACE, IDLE, Outcome, Work};
use crate::settings::Limits;
use crate::text::Dialect;
use crate::time::When;
use crate::{Cell, SqlError};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlPoolOptions, MySqlQueryResult, MySqlRow, MySqlTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Decode, Encode, Executor as _,
    MySqlConnection, MySqlPool, Row as _, SqlSafeStr as _, Statement as _, Type, ValueRef as _, raw_sql,
};
use std::time::Duration;
use tokio::time::timeout;

/// How much later the server ends a statement by itself, where it can.
const BEHIND: Duration = Duration::from_secs(2);
/// So that texts mean to the server what [`text`](crate::text) takes them for. They are named one by one, for what is
/// only taken out comes back with the modes that stand for several (`ANSI`, `ORACLE`).
const MODES: &str = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
/// Finds something where the session made a table, and may still have it: a trigger or a function makes temporary ones
/// without a word in the statement. MariaDB counts them by themselves, MySQL together with others.
const MADE: &str =
    "SHOW SESSION STATUS WHERE Variable_name IN ('Com_create_table', 'Com_create_temporary_table') AND Value <> '0'";
const READ_ONLY: &str = "SET SESSION TRANSACTION READ ONLY";

pub(crate) struct MySql {
    options: MySqlConnectOptions,
    reading: MySqlPool,
    writing: Option<MySqlPool>,
}

impl MySql {
    pub(crate) fn new(options: MySqlConnectOptions, write: bool, limits: Limits) -> Self {
        let options = options.pipes_as_concat(false).disable_statement_logging();
        let pool = |reading: bool| {
            MySqlPoolOptions::new()
                .max_connections(limits.connections)
                .acquire_timeout(limits.time)
                .idle_timeout(IDLE)
                .after_connect(move |connection, _| Box::pin(async move { set_up(connection, reading, limits).await }))
                .connect_lazy_with(options.clone())
        };
        Self {
            reading: pool(true),
            writing: write.then(|| pool(false)),
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
        let done = self.on(&mut connection, work).await;
        give_back(connection, work.write, &done).await;
        done.map_err(|failure| match failure {
            Failure::Ours(error) | Failure::Hung(error) => error,
            Failure::Database(error) => work.failed(&error),
        })
    }

    async fn on(&self, connection: &mut MySqlConnection, work: &Work) -> Result<Outcome, Failure> {
        // A type of decimals can be had from the server only.
        let begin = match work.write {
            true => "START TRANSACTION; SELECT CAST(CONNECTION_ID() AS CHAR), CAST(0 AS DECIMAL(1,0))",
            false => "START TRANSACTION READ ONLY; SELECT CAST(CONNECTION_ID() AS CHAR), CAST(0 AS DECIMAL(1,0))",
        };
        let begun = work.answered(raw_sql(begin).fetch_one(&mut *connection)).await?;
        let thread: String = begun.try_get_unchecked(0)?;
        let decimal = begun.try_column(1)?.type_info().clone();
        let done = work
            .until_stopped(statement(connection, work, &decimal), self.cancel(&thread))
            .await;
        // Some statements are done as soon as the server has them, whatever becomes of the transaction.
        let outcome = match done {
            Some(Err(Failure::Database(error))) if work.write => return Err(Failure::Ours(work.unsure(&error))),
            Some(done) => done?,
            None if work.write && !crate::text::changes_rows(Dialect::MySql, &work.text) => {
                return Err(Failure::Ours(work.unsure(&sqlx::Error::PoolTimedOut)));
            }
            None => return Err(Failure::Ours(work.too_late())),
        };
        if outcome.unread {
            // The rest is not read; see `give_back`.
            let _ = timeout(CANCEL, self.cancel(&thread)).await;
        }
        if work.write {
            work.committed(raw_sql("COMMIT").execute(&mut *connection)).await?;
        }
        Ok(outcome)
    }

    /// Tells the server to cancel what a session does.
    async fn cancel(&self, thread: &str) {
        let told = async {
            let mut other = self.options.connect().await?;
            raw_sql(AssertSqlSafe(format!("KILL QUERY {thread}")))
                .execute(&mut other)
                .await?;
            other.close().await
        };
        if let Err(error) = told.await {
            tracing::warn!(error = %SqlError::of(&error, "mysql"), "a statement could not be cancelled");
        }
    }
}

async fn set_up(connection: &mut MySqlConnection, reading: bool, limits: Limits) -> Result<(), sqlx::Error> {
    raw_sql(MODES).execute(&mut *connection).await?;
    if reading {
        raw_sql(READ_ONLY).execute(&mut *connection).await?;
    }
    // For the case that the host itself is gone: MariaDB has the one, MySQL the other.
    let time = limits.time + BEHIND;
    for set in [
        format!("SET SESSION max_statement_time = {}", time.as_secs()),
        format!("SET SESSION max_execution_time = {}", time.as_millis()),
    ] {
        let _ = raw_sql(AssertSqlSafe(set)).execute(&mut *connection).await;
    }
    Ok(())
}

/// Cleans a session, or closes it: nobody knows the state of one in which something was cancelled.
async fn give_back(mut connection: PoolConnection<sqlx::MySql>, write: bool, done: &Result<Outcome, Failure>) {
    let known = match done {
        Ok(outcome) => !outcome.unread,
        Err(Failure::Database(error)) => !SqlError::broke(error),
        Err(Failure::Ours(SqlError::OverLimit(_) | SqlError::Uncertain(_))) => false,
        Err(Failure::Hung(_)) => false,
        Err(Failure::Ours(_)) => true,
    };
    let clean = known && {
        let cleaned = async {
            raw_sql("ROLLBACK").execute(&mut *connection).await?;
            // An old server does not know it.
            let _ = raw_sql("DO RELEASE_ALL_LOCKS()").execute(&mut *connection).await;
            let made = match write {
                true => raw_sql(MADE).fetch_optional(&mut *connection).await?,
                false => None,
            };
            Ok::<_, sqlx::Error>(made.is_none())
        };
        timeout(GRACE, cleaned)
            .await
            .is_ok_and(|cleaned| cleaned.unwrap_or(false))
    };
    if !clean {
        drop(connection.detach());
    }
}

async fn statement(connection: &mut MySqlConnection, work: &Work, decimal: &MySqlTypeInfo) -> Result<Outcome, Failure> {
    let text = AssertSqlSafe(work.text.clone()).into_sql_str();
    let statement = (&mut *connection).prepare(text).await?;
    let wanted = statement
        .parameters()
        .map_or(0, |wanted| wanted.either(<[_]>::len, |count| count));
    work.count(wanted)?;
    let mut arguments = MySqlArguments::default();
    for param in &work.params {
        bind(&mut arguments, param, decimal).map_err(sqlx::Error::Encode)?;
    }
    let columns = statement
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    let found = connection.fetch_many(statement.query_with(arguments));
    work.gather(columns, found, MySqlQueryResult::rows_affected, size, cells)
        .await
}

fn bind(arguments: &mut MySqlArguments, param: &Cell, decimal: &MySqlTypeInfo) -> Result<(), BoxDynError> {
    match param {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Truth(truth) => arguments.add(*truth),
        Cell::Integer(number) => arguments.add(*number),
        Cell::Number(number) => arguments.add(*number),
        Cell::Decimal(text) => arguments.add(Decimal {
            text,
            kind: decimal.clone(),
        }),
        Cell::Text(text) => arguments.add(text.as_str()),
        Cell::Time(text) => arguments.add(moment(text)),
        Cell::Bytes(bytes) => arguments.add(bytes.as_slice()),
    }
}

/// A time as MySQL writes it, an instant in UTC, which is the session's zone.
fn moment(text: &str) -> String {
    match When::read(text) {
        Some(when @ (When::Instant(_) | When::Local(_))) => match when.local() {
            Some(local) => local.to_string().replace('T', " "),
            None => text.to_owned(),
        },
        Some(When::Date(date)) => date.to_string(),
        Some(When::Time(time)) => time.to_string(),
        None => text.to_owned(),
    }
}

/// An exact number, so that it is not compared as a float, as a text would be.
struct Decimal<'a> {
    text: &'a str,
    kind: MySqlTypeInfo,
}

impl Type<sqlx::MySql> for Decimal<'_> {
    fn type_info() -> MySqlTypeInfo {
        <str as Type<sqlx::MySql>>::type_info()
    }
}

impl Encode<'_, sqlx::MySql> for Decimal<'_> {
    fn encode_by_ref(&self, buffer: &mut Vec<u8>) -> Result<IsNull, BoxDynError> {
        <&str as Encode<'_, sqlx::MySql>>::encode_by_ref(&self.text, buffer)
    }

    fn produces(&self) -> Option<MySqlTypeInfo> {
        Some(self.kind.clone())
    }
}

fn size(row: &MySqlRow) -> usize {
    let value = |at| {
        let raw = row.try_get_raw(at).ok().filter(|raw| !raw.is_null())?;
        <&[u8] as Decode<sqlx::MySql>>::decode(raw).ok().map(<[u8]>::len)
    };
    (0..row.len()).filter_map(value).sum()
}

fn cells(row: &MySqlRow) -> Result<Vec<Cell>, SqlError> {
    let cell = |(at, column): (usize, &sqlx::mysql::MySqlColumn)| {
        let raw = row
            .try_get_raw(at)
            .map_err(|error| SqlError::Invalid(error.to_string()))?;
        value::cell(raw).map_err(|why| SqlError::Invalid(format!("the column `{}` {why}", column.name())))
    };
    row.columns().iter().enumerate().map(cell).collect()
}
