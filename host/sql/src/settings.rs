//! Where a database is, and how much of it may be asked for.

use crate::SqlError;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which database.
#[derive(Clone)]
pub enum Database {
    /// `sqlite::memory:`: nowhere else, gone with the connection. For transcripts and for trying out.
    Memory,
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(Box<PgConnectOptions>, Password),
    /// `mysql://…` and `mariadb://…`
    MySql(Box<MySqlConnectOptions>, Password),
}

/// What must not stand in any message.
#[derive(Clone, Default)]
pub struct Password(pub(crate) Vec<String>);

/// How much may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows of one query.
    pub rows: usize,
    /// Bytes of one query's rows.
    pub bytes: usize,
    /// How long one statement may take, with the wait for a connection.
    pub time: Duration,
    /// Connections at a time.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 1000,
            bytes: 1 << 20,
            time: Duration::from_secs(10),
            connections: 4,
        }
    }
}

/// What the operator says of a connection.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which database.
    pub database: Database,
    /// Whether it may be written to.
    pub write: bool,
    /// How much may be asked for.
    pub limits: Limits,
}

impl Database {
    /// The database of an address; a relative path is relative to `base`. `name` is the operator's, for the error.
    ///
    /// # Errors
    /// [`SqlError::Settings`] with the forms that there are, and without the address.
    pub fn parse(name: &str, url: &str, base: &Path) -> Result<Self, SqlError> {
        let wrong = |problem: &str| {
            SqlError::Settings {
            connection: name.to_owned(),
            key: "url",
            problem: problem.to_owned(),
            remedy: "It must be \"sqlite:PATH\", \"postgres://USER:PASSWORD@HOST/DATABASE\" or \"mysql://USER:PASSWORD@HOST/DATABASE\", or a secret such as { env = \"DATABASE_URL\" } that is one"
                .into(),
        }
        };
        let (scheme, rest) = url
            .trim()
            .split_once(':')
            .ok_or_else(|| wrong("this is no address of a database"))?;
        match scheme {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                match path {
                    ":memory:" => Ok(Self::Memory),
                    "" => Err(wrong("it names no file")),
                    path if path.contains('?') => Err(wrong("a file's address has no options behind a question mark")),
                    path => Ok(Self::Sqlite(base.join(path))),
                }
            }
            "postgres" | "postgresql" => {
                let options = url
                    .trim()
                    .parse()
                    .map_err(|_| wrong("this is no address of a PostgreSQL database"))?;
                Ok(Self::Postgres(Box::new(options), password(rest)))
            }
            "mysql" | "mariadb" => {
                let url = format!("mysql:{rest}");
                let options = url
                    .parse()
                    .map_err(|_| wrong("this is no address of a MySQL database"))?;
                Ok(Self::MySql(Box::new(options), password(rest)))
            }
            _ => Err(wrong("this is no address of a database")),
        }
    }

    pub(crate) fn passwords(&self) -> &[String] {
        match self {
            Self::Postgres(_, password) | Self::MySql(_, password) => &password.0,
            Self::Memory | Self::Sqlite(_) => &[],
        }
    }
}

/// The passwords of an address, decoded: the one before its host, and the ones in its query.
fn password(rest: &str) -> Password {
    let rest = rest.trim_start_matches('/');
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let written = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split(['&', '#']).filter_map(|pair| pair.split_once('='));
    let in_query = in_query
        .filter(|(key, _)| decode(key) == "password")
        // In a query a plus is a blank.
        .map(|(_, password)| decode(&password.replace('+', " ")));
    let passwords = written
        .map(|(_, password)| decode(password))
        .into_iter()
        .chain(in_query);
    Password(passwords.filter(|password| !password.is_empty()).collect())
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = (byte == b'%').then(|| {
            let mut ahead = rest.clone();
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (high, low) = (digit(ahead.next())?, digit(ahead.next())?);
            u8::try_from(high * 16 + low).ok()
        });
        match hex.flatten() {
            Some(decoded) => {
                bytes.push(decoded);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("sqlite::memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(..) => f.write_str("postgres:[secret]"),
            Self::MySql(..) => f.write_str("mysql:[secret]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Database, SqlError> {
        Database::parse("members", url, Path::new("/etc/moa"))
    }

    #[test]
    fn addresses_are_read() {
        assert!(matches!(parse("sqlite::memory:"), Ok(Database::Memory)));
        for (url, file) in [
            ("sqlite:a.db", "/etc/moa/a.db"),
            ("sqlite://b/c.db", "/etc/moa/b/c.db"),
            ("sqlite:/x.db", "/x.db"),
        ] {
            assert!(
                matches!(parse(url), Ok(Database::Sqlite(path)) if path == Path::new(file)),
                "{url}"
            );
        }
        for url in [
            "postgres://u:p%40ss@h:5433/d?sslmode=disable",
            "mysql://u:p%40ss@h/d",
            "mariadb://u:p%40ss@h/d",
        ] {
            let database = parse(url).unwrap();
            assert_eq!(database.passwords(), ["p@ss"], "{url}");
            assert!(!format!("{database:?}").contains("p@ss") && !format!("{database:?}").contains("p%40ss"));
        }
    }

    #[test]
    fn a_password_in_the_query_is_one_too() {
        let database = parse("postgres://u:first@h/d?sslmode=disable&password=se%40cond+one").unwrap();
        assert_eq!(database.passwords(), ["first", "se@cond one"]);
        let database = parse("postgres://h?user=u&password=hunter2").unwrap();
        assert_eq!(database.passwords(), ["hunter2"]);
        let told = SqlError::Unavailable("of hunter2 and first".into());
        let secrets = ["hunter2".to_owned(), "first".to_owned()];
        assert_eq!(
            told.without(&secrets),
            SqlError::Unavailable("of [secret] and [secret]".into())
        );
    }

    #[test]
    fn a_wrong_address_is_told_without_it() {
        for url in [
            "",
            "sqlite:",
            "sqlite:a.db?mode=rwc",
            "oracle://u:hunter2@h/d",
            "postgres://u:hunter2@h:99999/d",
            "mysql//u:hunter2@h",
        ] {
            let told = parse(url).unwrap_err().to_string();
            assert!(
                told.starts_with("sql.members.url: ") && told.contains("sqlite:PATH"),
                "{told}"
            );
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
