//! What running a statement has in common in all databases.

use crate::settings::Limits;
use crate::{Cell, Rows, SqlError};
use futures_util::{Stream, TryStreamExt as _};
use sqlx::Either;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long a cancelled statement may take to end before its connection is closed under it.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// How long the database is given to take a cancellation.
pub(crate) const CANCEL: Duration = Duration::from_secs(3);
/// How long the rest of a result may take that is read for nothing, so that its connection can be used again.
const DRAIN: Duration = Duration::from_millis(50);
/// How long a connection nobody uses is kept.
pub(crate) const IDLE: Duration = Duration::from_secs(60);

/// One statement, checked.
pub(crate) struct Work {
    /// The operator's name of the connection.
    pub(crate) name: String,
    /// The statement.
    pub(crate) text: String,
    /// Its parameters.
    pub(crate) params: Vec<Cell>,
    /// Whether it may write.
    pub(crate) write: bool,
    /// How much it may give.
    pub(crate) limits: Limits,
    /// When it has to end.
    pub(crate) stop: Stop,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) rows: Rows,
    pub(crate) affected: u64,
    /// Whether the rest of the result is still on its way.
    pub(crate) unread: bool,
}

/// When a statement has to end: at its time, or when nobody waits for it any more.
#[derive(Clone)]
pub(crate) struct Stop {
    pub(crate) gone: CancellationToken,
    pub(crate) deadline: Instant,
}

impl Stop {
    /// Waits until it has to end.
    pub(crate) async fn reached(&self) {
        tokio::select! {
            () = self.gone.cancelled() => {}
            () = sleep_until(self.deadline) => {}
        }
    }
}

impl Work {
    /// Nothing was found in time.
    pub(crate) fn too_late(&self) -> SqlError {
        SqlError::OverLimit(format!(
            "the statement took longer than the {} that a statement of `{}` may take, and was cancelled at the database; make it cheaper, or let the operator raise `seconds` below [sql.{}]",
            seconds(self.limits.time),
            self.name,
            self.name
        ))
    }

    /// What the database says.
    pub(crate) fn failed(&self, error: &sqlx::Error) -> SqlError {
        SqlError::of(error, &self.name)
    }

    /// What the database says of something that it may have done all the same.
    pub(crate) fn unsure(&self, error: &sqlx::Error) -> SqlError {
        match SqlError::broke(error) {
            true => SqlError::Uncertain(format!(
                "the connection to the database behind `{}` broke while the change was being made: look whether it was before repeating it",
                self.name
            )),
            false => self.failed(error),
        }
    }

    /// Waits for a connection, as long as the statement may.
    pub(crate) async fn waited<T>(&self, getting: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, SqlError> {
        tokio::select! {
            got = getting => got.map_err(|error| self.failed(&error)),
            () = self.stop.reached() => Err(SqlError::Unavailable(format!(
                "no connection to the database behind `{}` was to be had within {}; try again later",
                self.name,
                seconds(self.limits.time)
            ))),
        }
    }

    /// Begins a transaction, as long as the statement may take.
    pub(crate) async fn begun<T>(&self, beginning: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Failure> {
        tokio::select! {
            begun = beginning => begun.map_err(Failure::Database),
            () = self.stop.reached() => Err(Failure::Ours(self.too_late())),
        }
    }

    /// The same for a server elsewhere: one that does not say in time that it began is not there, and nothing was asked
    /// of it that could be cancelled.
    pub(crate) async fn answered<T>(
        &self,
        beginning: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            begun = beginning => begun.map_err(Failure::Database),
            () = self.stop.reached() => Err(Failure::Hung(SqlError::Unavailable(format!(
                "the database behind `{}` did not answer within {}, and nothing was changed; try again later",
                self.name,
                seconds(self.limits.time)
            )))),
        }
    }

    /// Waits for the end of a transaction, a little longer than the statement may take: it cannot be taken back.
    pub(crate) async fn committed<T>(
        &self,
        committing: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<(), Failure> {
        match timeout_at(self.stop.deadline + GRACE, committing).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure::Ours(self.unsure(&error))),
            Err(_) => Err(Failure::Hung(SqlError::Uncertain(format!(
                "the database behind `{}` did not say in time whether the change was made: look whether it was before repeating it",
                self.name
            )))),
        }
    }

    /// As many parameters as the statement has?
    pub(crate) fn count(&self, wanted: usize) -> Result<(), SqlError> {
        let given = self.params.len();
        match wanted == given {
            true => Ok(()),
            false => Err(SqlError::Invalid(format!(
                "the statement has {wanted} parameter{} and was given {given}",
                if wanted == 1 { "" } else { "s" }
            ))),
        }
    }

    /// Runs a statement to its end, or cancels it. `None`: it had to end, and the connection is in no state that anybody
    /// knows.
    pub(crate) async fn until_stopped<T>(
        &self,
        running: impl Future<Output = T>,
        cancel: impl Future<Output = ()>,
    ) -> Option<T> {
        let mut running = pin!(running);
        tokio::select! {
            done = &mut running => return Some(done),
            () = self.stop.reached() => {}
        }
        // It is polled on meanwhile: some connections hear the cancellation only so.
        let cancelled = async {
            if timeout(CANCEL, cancel).await.is_err() {
                tracing::warn!(connection = %self.name, "a database did not take a cancellation in time");
            }
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            _ = &mut running => {}
            () = cancelled => {}
        }
        None
    }

    /// Gathers rows within the limits. `size` is what a row takes as it comes, so that it is not made into cells where
    /// that is too much already.
    pub(crate) async fn gather<Done, Row>(
        &self,
        columns: Vec<String>,
        found: impl Stream<Item = Result<Either<Done, Row>, sqlx::Error>>,
        affected: impl Fn(&Done) -> u64,
        size: impl Fn(&Row) -> usize,
        cells: impl Fn(&Row) -> Result<Vec<Cell>, SqlError>,
    ) -> Result<Outcome, Failure> {
        let mut found = pin!(found);
        let mut outcome = Outcome::default();
        outcome.rows.columns = columns;
        let (mut bytes, mut returned) = (0_usize, 0_u64);
        while let Some(item) = found.try_next().await.map_err(Failure::Database)? {
            // A server that is fast enough would never let anybody else look at the clock.
            tokio::task::consume_budget().await;
            match item {
                Either::Left(done) => outcome.affected += affected(&done),
                Either::Right(_) if self.write => returned += 1,
                Either::Right(row) => {
                    let full = outcome.rows.rows.len() >= self.limits.rows
                        || bytes.saturating_add(size(&row)) > self.limits.bytes;
                    let fitting = match full {
                        true => None,
                        false => Some(cells(&row).map_err(Failure::Ours)?),
                    };
                    drop(row);
                    bytes += fitting.iter().flatten().map(Cell::size).sum::<usize>();
                    let Some(cells) = fitting.filter(|_| bytes <= self.limits.bytes) else {
                        outcome.rows.truncated = true;
                        let rest = async {
                            while let Ok(Some(_)) = found.try_next().await {
                                tokio::task::consume_budget().await;
                            }
                        };
                        outcome.unread = timeout(DRAIN, rest).await.is_err();
                        return Ok(outcome);
                    };
                    outcome.rows.rows.push(cells);
                }
            }
        }
        // What gives back what it changed does not always say how much that was.
        outcome.affected = outcome.affected.max(returned);
        Ok(outcome)
    }
}

/// Why a statement failed.
pub(crate) enum Failure {
    Database(sqlx::Error),
    Ours(SqlError),
    /// The database says nothing: its connection is not asked anything any more, not even to clean up.
    Hung(SqlError),
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::Ours(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        1.0 => "second".to_owned(),
        other => format!("{other} seconds"),
    }
}
