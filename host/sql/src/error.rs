//! What can go wrong with a database, in types.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;

/// Why a statement did not give what it should. No text holds an address or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The statement or a parameter is wrong, or the database refuses it; nothing was changed.
    #[error("{0}")]
    Invalid(String),
    /// Something that is there already, or another transaction, stands in the way; nothing was changed.
    #[error("{0}")]
    Conflict(String),
    /// The operator does not let the connection write.
    #[error(
        "the connection `{0}` is for reading only: the operator lets it write by the line `write = true` below [sql.{0}] in moa.toml"
    )]
    ReadOnly(String),
    /// It took too long and was cancelled at the database; nothing was changed.
    #[error("{0}")]
    OverLimit(String),
    /// The database cannot be reached, or is not well; nothing was changed.
    #[error("{0}")]
    Unavailable(String),
    /// The connection broke at a moment when the change may have been made.
    #[error("{0}")]
    Uncertain(String),
    /// The operator's settings are wrong.
    #[error("sql.{connection}.{key}: {problem}. {remedy}")]
    Settings {
        /// The operator's name of the connection.
        connection: String,
        /// The key in its table.
        key: &'static str,
        /// What is wrong.
        problem: String,
        /// How it would be right.
        remedy: String,
    },
}

/// What PostgreSQL and MySQL number errors by, where it matters here.
mod code {
    /// PostgreSQL: cancelled, by us or by its own clock.
    pub(super) const CANCELED: &str = "57014";
    /// Logins that are refused: PostgreSQL's class, and MySQL's state.
    pub(super) const LOGIN: &str = "28";
    /// Serialisation and deadlocks.
    pub(super) const ROLLBACK: &str = "40";
    /// PostgreSQL: a lock was not to be had in time.
    pub(super) const LOCKED: &str = "55P03";
    /// MySQL's numbers for the same, and for deadlocks.
    pub(super) const MYSQL_LOCKED: [u16; 2] = [1205, 1213];
    /// SQLite's `SQLITE_BUSY` and `SQLITE_LOCKED`: the lower byte of what it says.
    pub(super) const SQLITE_LOCKED: [i32; 2] = [5, 6];
    /// PostgreSQL: no resources, operator intervention, system errors; both: connection trouble.
    pub(super) const NOT_WELL: [&str; 4] = ["53", "57P", "58", "08"];
}

impl SqlError {
    /// What a database says, in these words.
    pub(crate) fn of(error: &sqlx::Error, name: &str) -> Self {
        let away = |reason: &str| Self::Unavailable(format!("the database behind `{name}` {reason}; try again later"));
        let said = match error {
            sqlx::Error::Database(said) => said,
            sqlx::Error::PoolTimedOut => return away("has no connection free, or cannot be reached"),
            sqlx::Error::PoolClosed => return away("is being left: the host stops"),
            sqlx::Error::Io(error) => return away(&format!("cannot be reached ({})", error.kind())),
            sqlx::Error::Tls(_) => {
                return away(
                    "cannot be talked to by TLS: the operator looks at its certificate and `sslmode` in the url",
                );
            }
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                return Self::Invalid(format!("a value cannot be used: {error}"));
            }
            // Its text may quote what was sent.
            sqlx::Error::Configuration(_) => return away("is not configured as it should be"),
            sqlx::Error::Protocol(text) => return away(&format!("says something unexpected ({text})")),
            _ => return away("failed"),
        };
        let text = said.message();
        let code = said.code().unwrap_or_default();
        if code == code::CANCELED {
            return Self::OverLimit(format!("the database behind `{name}` cancelled the statement: {text}"));
        }
        if code.starts_with(code::LOGIN) {
            return away(&format!("refuses the login: {text}; the operator looks at the url"));
        }
        if said.is_unique_violation() || code.starts_with(code::ROLLBACK) || in_the_way(said.as_ref()) {
            return Self::Conflict(format!("the database refuses the statement: {text}"));
        }
        if code::NOT_WELL.iter().any(|class| code.starts_with(class)) {
            return away(&format!("says: {text}"));
        }
        Self::Invalid(format!("the database refuses the statement: {text}"))
    }

    /// Whether it says that the connection broke, so that nobody knows what became of the statement.
    pub(crate) fn broke(error: &sqlx::Error) -> bool {
        !matches!(
            error,
            sqlx::Error::Database(_)
                | sqlx::Error::Encode(_)
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnDecode { .. }
        )
    }

    /// The same without a word that nobody may see.
    pub(crate) fn without(self, secrets: &[String]) -> Self {
        // A shorter one would tear holes into texts that do not hold it.
        const SHORTEST: usize = 4;
        let hide = |text: String| {
            secrets
                .iter()
                .filter(|secret| secret.len() >= SHORTEST)
                .fold(text, |text, secret| text.replace(secret.as_str(), "[secret]"))
        };
        match self {
            Self::Invalid(text) => Self::Invalid(hide(text)),
            Self::Conflict(text) => Self::Conflict(hide(text)),
            Self::OverLimit(text) => Self::OverLimit(hide(text)),
            Self::Unavailable(text) => Self::Unavailable(hide(text)),
            Self::Uncertain(text) => Self::Uncertain(hide(text)),
            other @ (Self::ReadOnly(_) | Self::Settings { .. }) => other,
        }
    }
}

/// Whether another transaction holds what the statement needs.
fn in_the_way(said: &dyn DatabaseError) -> bool {
    if let Some(mysql) = said.try_downcast_ref::<MySqlDatabaseError>() {
        return code::MYSQL_LOCKED.contains(&mysql.number());
    }
    let code = said.code().unwrap_or_default();
    match said.try_downcast_ref::<SqliteError>() {
        Some(_) => code
            .parse::<i32>()
            .is_ok_and(|code| code::SQLITE_LOCKED.contains(&(code & 0xff))),
        None => code == code::LOCKED,
    }
}
