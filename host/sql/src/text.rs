//! Which texts are one statement that may be run here.
//!
//! The text is read as the database reads it, comments and strings left out, and judged by its words. This is the first
//! of two guards: it refuses what a read-only session would not (a second statement, `COMMIT`, `SET`, `ATTACH`, …), and
//! leaves it to the session to refuse what writes.
//!
//! | | may begin with |
//! |---|---|
//! | a query | `SELECT`, `WITH`, `VALUES`, `TABLE`, `EXPLAIN`, `SHOW`, `DESCRIBE` |
//! | a query, for the session to refuse | `INSERT`, `UPDATE`, `DELETE`, `REPLACE`, `MERGE`, and `CREATE`, `ALTER`, `DROP`, `TRUNCATE` of a `TABLE` |
//! | an execution | these and `CREATE`, `ALTER`, `DROP`, `TRUNCATE`, `RENAME`, `COMMENT`, `REFRESH`, `REINDEX`, `ANALYZE` |
//!
//! Everywhere refused: `INTO OUTFILE`, `INTO DUMPFILE` and `INTO @variable`, `:=`, temporary tables, and MySQL's comments
//! that are run (`/*! … */`).

mod scan;

pub use scan::Dialect;

use scan::{Token, scan};

/// What a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It reads.
    Query,
    /// It may write.
    Execute,
}

/// How long a statement may be, in bytes.
pub const LONGEST: usize = 256 << 10;

const READING: [&str; 8] = [
    "SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC",
];
const CHANGING: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];
const DEFINING: [&str; 4] = ["CREATE", "ALTER", "DROP", "TRUNCATE"];
const OTHER: [&str; 5] = ["RENAME", "COMMENT", "REFRESH", "REINDEX", "ANALYZE"];

/// Looks at a text.
///
/// # Errors
/// What is wrong with it, in a sentence for the plugin's author.
pub fn check(dialect: Dialect, purpose: Purpose, text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!(
            "the statement has {} bytes and may have {LONGEST}: what is long belongs into parameters",
            text.len()
        ));
    }
    // Some databases read no further, others do.
    if text.contains('\0') {
        return Err("the statement holds a zero byte".into());
    }
    let mut tokens = scan(dialect, text)?;
    while tokens.last() == Some(&Token::Sign(';')) {
        tokens.pop();
    }
    if tokens.contains(&Token::Sign(';')) {
        return Err("this is more than one statement: run them one by one".into());
    }
    let begin = tokens.iter().position(|token| *token != Token::Sign('('));
    let words: Vec<&str> = tokens.iter().skip(begin.unwrap_or(0)).map(Token::word).collect();
    match words.first() {
        None => return Err("there is no statement".into()),
        Some(first) => begins_well(purpose, first, &words)?,
    }
    anywhere(dialect, &tokens)
}

/// Whether a statement that was checked changes rows, rather than tables, or nothing.
pub(crate) fn changes_rows(dialect: Dialect, text: &str) -> bool {
    let tokens = scan(dialect, text).unwrap_or_default();
    let first = tokens
        .iter()
        .map(Token::word)
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    // What `WITH` begins may.
    CHANGING.contains(&first) || first == "WITH"
}

fn begins_well(purpose: Purpose, first: &str, words: &[&str]) -> Result<(), String> {
    let defines_table = || DEFINING.contains(&first) && words.get(1) == Some(&"TABLE");
    let good = READING.contains(&first)
        || CHANGING.contains(&first)
        || match purpose {
            Purpose::Query => defines_table(),
            Purpose::Execute => DEFINING.contains(&first) || OTHER.contains(&first),
        };
    if !good {
        return Err(match purpose {
            _ if first.is_empty() => "the statement does not begin with a word".to_owned(),
            Purpose::Query if DEFINING.contains(&first) || OTHER.contains(&first) => {
                format!("`{first}` is no query: use `execute` for what writes")
            }
            Purpose::Query | Purpose::Execute => {
                format!("`{first}` is not run here: the host alone begins and ends transactions and sets sessions up")
            }
        });
    }
    if first == "CREATE" && words.iter().take(5).any(|word| matches!(*word, "TEMP" | "TEMPORARY")) {
        return Err("there are no temporary tables here: the next statement may have another session".into());
    }
    Ok(())
}

fn anywhere(dialect: Dialect, tokens: &[Token]) -> Result<(), String> {
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let (word, following) = (token.word(), next.map_or("", Token::word));
        if word == "INTO" && (matches!(following, "OUTFILE" | "DUMPFILE") || next == Some(&Token::Sign('@'))) {
            return Err("a statement may not write to files or variables of the session".into());
        }
        if dialect == Dialect::MySql && *token == Token::Sign(':') && next == Some(&Token::Sign('=')) {
            return Err("a statement may not set variables of the session".into());
        }
        if dialect == Dialect::Sqlite && matches!(token, Token::Sign('$' | '@' | ':')) {
            return Err("parameters are written `?` here, or `?1`".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
