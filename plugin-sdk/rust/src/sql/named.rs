//! Statements with named parameters.

use super::{Cell, Rows};
use crate::HostError;

/// How a database marks its parameters.
///
/// ```
/// use moa_plugin::sql::{Marks, Named};
///
/// let statement = Named::read("SELECT name FROM members WHERE joined >= :since", Marks::Dollar)?;
/// assert_eq!(statement.text(), "SELECT name FROM members WHERE joined >= $1");
/// # Ok::<(), moa_plugin::sql::NamedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// `?`: MySQL, MariaDB, SQLite.
    Question,
    /// `$1`: PostgreSQL.
    Dollar,
}

/// A statement whose parameters have names, `… WHERE joined >= :since`, as an operator writes it into a configuration. What
/// people say is bound, and never becomes part of it.
///
/// Names begin with a letter of a to z. Strings, quoted names, comments and casts (`::date`) stay as they are. A quote inside a
/// string is doubled (`'it''s'`), not written with a back-slash.
///
/// ```
/// use moa_plugin::prelude::*;
/// use moa_plugin::sql::{Cell, Marks, Named};
///
/// /// Who joined since then.
/// #[command]
/// fn joined(since: Date) -> Result<String> {
///     let text = "SELECT name FROM members WHERE joined >= :since OR left >= :since";
///     let statement = Named::read(text, Marks::Question)?;
///     Ok(statement.query("team", |_| Cell::Time(since.to_string()))?.table())
/// }
///
/// plugin! {
///     name: "joined",
///     commands: [joined],
///     requests: { sql: ["team"] },
/// }
///
/// let host = moa_plugin::testing::Host::new();
/// host.sql_rows(Ok(sql::Rows::of(["name"], [["로지"]])));
/// host.run::<joined>("2026-11-21")?;
/// assert_eq!(host.statements()[0].text, "SELECT name FROM members WHERE joined >= ? OR left >= ?");
/// assert_eq!(host.statements()[0].params.len(), 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    text: String,
    names: Vec<String>,
}

/// Text that is no statement with named parameters.
///
/// ```
/// use moa_plugin::sql::{Marks, Named, NamedError};
///
/// let error: NamedError = Named::read("SELECT 'a", Marks::Dollar).unwrap_err();
/// assert_eq!(error.to_string(), "a quoted text has no end");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamedError {
    /// A string, quoted name or comment.
    #[error("{0} has no end")]
    Open(&'static str),
    /// A `?`, which would take the value of another parameter.
    #[error("a `?` stands for nothing here: write `:name`")]
    Question,
}

impl Named {
    /// Reads a statement; a `;` at its end is left out.
    ///
    /// ```
    /// use moa_plugin::sql::{Marks, Named};
    ///
    /// let statement = Named::read("SELECT :a::date, ':b', :a", Marks::Dollar)?;
    /// assert_eq!(statement.text(), "SELECT $1::date, ':b', $1");
    /// # Ok::<(), moa_plugin::sql::NamedError>(())
    /// ```
    ///
    /// # Errors
    /// [`NamedError`] for what has no end, and for a `?` where that is the mark.
    pub fn read(text: &str, marks: Marks) -> Result<Self, NamedError> {
        let mut statement = Self {
            text: String::new(),
            names: Vec::new(),
        };
        let mut rest = text.trim().trim_end_matches(';').trim_end();
        while let Some(first) = rest.chars().next() {
            let verbatim = verbatim(rest)?;
            let name = parameter(rest).filter(|_| verbatim.is_none());
            if first == '?' && marks == Marks::Question {
                return Err(NamedError::Question);
            }
            let length = verbatim.or(name).unwrap_or(first.len_utf8());
            let (part, behind) = rest.split_at(length);
            match name {
                Some(_) => statement.mark(part.trim_start_matches(':'), marks),
                None => statement.text.push_str(part),
            }
            rest = behind;
        }
        Ok(statement)
    }

    /// As the database takes it.
    ///
    /// ```
    /// # use moa_plugin::sql::{Marks, Named};
    /// assert_eq!(Named::read("SELECT :a;", Marks::Question)?.text(), "SELECT ?");
    /// # Ok::<(), moa_plugin::sql::NamedError>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whose values it takes, in their order; with `?` one may come several times.
    ///
    /// ```
    /// # use moa_plugin::sql::{Marks, Named};
    /// assert_eq!(Named::read("SELECT :a + :b + :a", Marks::Question)?.names(), ["a", "b", "a"]);
    /// assert_eq!(Named::read("SELECT :a + :b + :a", Marks::Dollar)?.names(), ["a", "b"]);
    /// # Ok::<(), moa_plugin::sql::NamedError>(())
    /// ```
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The statement that counts what this one finds, with the same parameters: no limit of rows matters.
    ///
    /// ```
    /// # use moa_plugin::sql::{Marks, Named};
    /// let count = Named::read("SELECT name FROM members -- all", Marks::Question)?.counted();
    /// assert_eq!(count.text(), "SELECT COUNT(*) FROM (\nSELECT name FROM members -- all\n) AS counted");
    /// # Ok::<(), moa_plugin::sql::NamedError>(())
    /// ```
    pub fn counted(&self) -> Self {
        // The line ends keep a comment at its end from what follows.
        Self {
            text: format!("SELECT COUNT(*) FROM (\n{}\n) AS counted", self.text),
            names: self.names.clone(),
        }
    }

    /// [Reads](super::query) with the value of each name.
    ///
    /// ```
    /// # use moa_plugin::{prelude::*, sql::{Marks, Named, Rows}, testing::Host};
    /// # let host = Host::new();
    /// # host.sql_rows(Ok(Rows::of(["n"], [[2]])));
    /// # host.with(|_| {
    /// let statement = Named::read("SELECT count(*) FROM members WHERE team = :team", Marks::Question)?;
    /// let found = statement.query("team", |_| "moa".into())?;
    /// # assert_eq!(found.rows.len(), 1);
    /// # Ok::<(), Error>(())
    /// # })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`query`](super::query).
    pub fn query(&self, connection: &str, value: impl FnMut(&str) -> Cell) -> Result<Rows, HostError> {
        let values: Vec<Cell> = self.names.iter().map(String::as_str).map(value).collect();
        super::query(connection, &self.text, values)
    }

    fn mark(&mut self, name: &str, marks: Marks) {
        let known = self.names.iter().position(|known| known == name);
        let at = known.filter(|_| marks == Marks::Dollar).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len() - 1
        });
        match marks {
            Marks::Question => self.text.push('?'),
            Marks::Dollar => self.text.push_str(&format!("${}", at + 1)),
        }
    }
}

/// The length of a `:name` at the beginning.
fn parameter(text: &str) -> Option<usize> {
    let name = text.strip_prefix(':')?;
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        .then_some(length + 1)
}

/// The length of what is taken as it stands: a string, a quoted name, a comment, a word, a cast (`::date`).
fn verbatim(text: &str) -> Result<Option<usize>, NamedError> {
    let until = |begin: usize, end: &str| {
        let behind = text.get(begin..).unwrap_or_default();
        behind.find(end).map(|at| Some(begin + at + end.len()))
    };
    Ok(match text.chars().next() {
        // A doubled quote ends one string and begins the next, which is as good.
        Some(quote @ ('\'' | '"' | '`')) => until(1, &quote.to_string()).ok_or(NamedError::Open("a quoted text"))?,
        Some('-') if text.starts_with("--") => until(2, "\n").unwrap_or(Some(text.len())),
        Some('/') if text.starts_with("/*") => until(2, "*/").ok_or(NamedError::Open("a comment"))?,
        Some(':') if text.starts_with("::") => Some(2),
        // A name ends before it could have a parameter in it: `a:b` is none.
        Some(c) if c.is_alphanumeric() || c == '_' => {
            let end = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
            Some(text.find(end).unwrap_or(text.len()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, marks: Marks) -> (String, Vec<String>) {
        let statement = Named::read(text, marks).unwrap();
        (statement.text, statement.names)
    }

    #[test]
    fn names_become_marks_and_nothing_else_does() {
        let text =
            "SELECT ':no', \"a:b\", t.x::date -- :no\n FROM t /* :no */ WHERE x>=:since AND y<:since AND z = :who ;";
        let (question, names) = read(text, Marks::Question);
        assert!(question.ends_with("WHERE x>=? AND y<? AND z = ?"), "{question}");
        assert_eq!(names, ["since", "since", "who"]);
        let (dollar, names) = read(text, Marks::Dollar);
        assert!(dollar.ends_with("WHERE x>=$1 AND y<$1 AND z = $2"), "{dollar}");
        assert!(
            dollar.starts_with("SELECT ':no', \"a:b\", t.x::date -- :no\n FROM t /* :no */"),
            "{dollar}"
        );
        assert_eq!(names, ["since", "who"]);
        assert_eq!(
            read("SELECT :a::date, 'it''s :x'", Marks::Dollar).0,
            "SELECT $1::date, 'it''s :x'"
        );
        assert_eq!(read("SELECT 가 FROM 나 WHERE 다=:a", Marks::Question).1, ["a"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in ["SELECT 'a", "SELECT /* a", "SELECT a FROM t WHERE b = ?"] {
            assert!(Named::read(wrong, Marks::Question).is_err(), "{wrong}");
        }
        // An operator of PostgreSQL.
        assert!(Named::read("SELECT a ? 'b'", Marks::Dollar).is_ok());
    }
}
