//! A statement's text as the words and signs that the database sees.

/// Whose text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's, with standard strings.
    Postgres,
    /// MySQL's and MariaDB's, in their usual modes: backslashes escape, double quotes hold strings.
    MySql,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word outside of quotes, in capitals; a number too.
    Word(String),
    /// Anything in quotes.
    Quoted,
    /// A character by itself.
    Sign(char),
}

impl Token {
    /// The word, or nothing.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Word(word) => word,
            Self::Quoted | Self::Sign(_) => "",
        }
    }
}

/// Takes a text apart.
pub(super) fn scan(dialect: Dialect, text: &str) -> Result<Vec<Token>, String> {
    let mut scanner = Scanner { dialect, rest: text };
    let mut tokens = Vec::new();
    while let Some(c) = scanner.peek() {
        if let Some(token) = scanner.token(c)? {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

struct Scanner<'a> {
    dialect: Dialect,
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        skipped
    }

    /// The next token, or nothing where there was a comment or white space.
    fn token(&mut self, c: char) -> Result<Option<Token>, String> {
        let (postgres, mysql, sqlite) = (
            self.dialect == Dialect::Postgres,
            self.dialect == Dialect::MySql,
            self.dialect == Dialect::Sqlite,
        );
        if is_blank(c) {
            self.skip(c.len_utf8());
            return Ok(None);
        }
        if self.rest.starts_with("--") && (!mysql || self.is_mysql_dashes()) || mysql && c == '#' {
            // PostgreSQL ends a line at a carriage return too.
            let end = self.rest.find(|c| c == '\n' || postgres && c == '\r');
            self.skip(end.unwrap_or(self.rest.len()));
            return Ok(None);
        }
        if self.rest.starts_with("/*") {
            return self.block_comment().map(|()| None);
        }
        match c {
            '\'' => self.quoted('\'', mysql).map(Some),
            '"' => self.quoted('"', mysql).map(Some),
            '`' if !postgres => self.quoted('`', false).map(Some),
            '[' if sqlite => {
                let end = self.rest.find(']').ok_or_else(|| unended("["))?;
                self.skip(end + 1);
                Ok(Some(Token::Quoted))
            }
            '$' if postgres => self.dollar().map(Some),
            c if is_word(c) => self.word().map(Some),
            c => {
                self.skip(c.len_utf8());
                Ok(Some(Token::Sign(c)))
            }
        }
    }

    /// In MySQL two dashes begin a comment only where a blank or nothing follows.
    fn is_mysql_dashes(&self) -> bool {
        let third = self.rest.chars().nth(2);
        third.is_none_or(|c| c.is_ascii_whitespace() || c.is_ascii_control())
    }

    fn block_comment(&mut self) -> Result<(), String> {
        if self.dialect == Dialect::MySql && (self.rest.starts_with("/*!") || self.rest.starts_with("/*M!")) {
            return Err("a comment that is run (`/*! … */`) is not taken: write the statement itself".into());
        }
        self.skip(2);
        let mut depth = 1_u32;
        while depth > 0 {
            let end = self.rest.find("*/").ok_or_else(|| unended("/*"))?;
            let inner = (self.dialect == Dialect::Postgres)
                .then(|| self.rest.find("/*"))
                .flatten();
            match inner {
                Some(inner) if inner < end => {
                    self.skip(inner + 2);
                    depth += 1;
                }
                _ => {
                    self.skip(end + 2);
                    depth -= 1;
                }
            }
        }
        Ok(())
    }

    /// A string or name in quotes; the quote itself stands twice in it.
    fn quoted(&mut self, quote: char, backslashes: bool) -> Result<Token, String> {
        self.skip(1);
        loop {
            let end = self
                .rest
                .find(|c| c == quote || backslashes && c == '\\')
                .ok_or_else(|| unended(&quote.to_string()))?;
            let is_quote = self.rest.get(end..).is_some_and(|rest| rest.starts_with(quote));
            self.skip(end + 1);
            if !is_quote {
                let escaped = self.peek().ok_or_else(|| unended(&quote.to_string()))?;
                self.skip(escaped.len_utf8());
            } else if self.peek() == Some(quote) {
                self.skip(1);
            } else {
                return Ok(Token::Quoted);
            }
        }
    }

    /// PostgreSQL's `$tag$ … $tag$`, or a parameter.
    fn dollar(&mut self) -> Result<Token, String> {
        let after = self.rest.get(1..).unwrap_or_default();
        let length = after.find(|c: char| !is_word(c)).unwrap_or(after.len());
        let (tag, behind) = after.split_at_checked(length).unwrap_or((after, ""));
        if tag.starts_with(|c: char| c.is_ascii_digit()) || !behind.starts_with('$') {
            self.skip(1);
            return Ok(Token::Sign('$'));
        }
        let mark = self.skip(length + 2);
        let end = self.rest.find(mark).ok_or_else(|| unended(mark))?;
        self.skip(end + mark.len());
        Ok(Token::Quoted)
    }

    fn word(&mut self) -> Result<Token, String> {
        let in_word = |c: char| is_word(c) || c == '$';
        let end = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
        let word = self.skip(end);
        // E'…' has backslashes.
        if self.dialect == Dialect::Postgres && word.eq_ignore_ascii_case("e") && self.peek() == Some('\'') {
            return self.quoted('\'', true);
        }
        Ok(Token::Word(word.to_uppercase()))
    }
}

/// As the databases have it: blanks are ASCII's only.
fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// As the databases have it: all that is not ASCII is part of a name, blanks too.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

fn unended(what: &str) -> String {
    format!("the statement has no end: `{what}` is never closed")
}
