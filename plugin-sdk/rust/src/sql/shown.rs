//! Rows for people: a table in a message, a file for a spreadsheet.

use super::{Cell, Rows};
use crate::bindings::moa::plugin::types::Place;
use crate::{HostError, chat};
use std::fmt::Write as _;

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Csv {
    /// It begins with a byte-order mark, without which Excel takes UTF-8 for something else and shows Hangul as rubbish.
    /// Programs that read CSV may take it for a part of the first column's name.
    pub bom: bool,
    /// A cell that a spreadsheet would run as a formula, because it begins with `=`, `+`, `-`, `@`, a tab or a line end, gets
    /// a `'` before it, which makes it a text. Numbers stay what they are.
    pub disarm: bool,
}

impl Default for Csv {
    /// What [`Rows::csv`] writes: disarmed, without a byte-order mark.
    fn default() -> Self {
        Self {
            bom: false,
            disarm: true,
        }
    }
}

impl Rows {
    /// The rows as a table in a code block, the columns' names above them: an answer as it is. Where there was more than
    /// the connection's limit its last line is `…`.
    ///
    /// ```
    /// use moa_plugin::sql::Rows;
    ///
    /// let found = Rows::of(["name", "price"], [("soup", Some(3)), ("rice", None)]);
    /// assert_eq!(found.table(), "```\nname price\n---- -----\nsoup     3\nrice\n```");
    /// ```
    pub fn table(&self) -> String {
        let rows = self.rows.iter().map(|row| row.iter().map(shown).collect());
        let more = self.truncated.then(|| vec!["…".to_owned()]);
        let all = std::iter::once(self.columns.clone()).chain(rows).chain(more);
        crate::text::table(all.collect::<Vec<Vec<String>>>())
    }

    /// Puts the rows into a place as a CSV file for a spreadsheet, with a comment in portable markup (empty: none). Returns
    /// the file's id. It is [`csv`](Self::csv) with a byte-order mark before it; for another file see
    /// [`csv_with`](Self::csv_with).
    ///
    /// ```
    /// use moa_plugin::prelude::*;
    /// use moa_plugin::testing::Host;
    ///
    /// /// Everybody, as a file.
    /// #[command]
    /// fn members(ctx: &Context) -> Result<()> {
    ///     sql::query("team", "SELECT name, born FROM members", ())?.send_csv(ctx.place(), "members.csv", "Here they are")?;
    ///     Ok(())
    /// }
    ///
    /// plugin! {
    ///     name: "members",
    ///     commands: [members],
    ///     requests: { sql: ["team"] },
    /// }
    ///
    /// let host = Host::new();
    /// host.sql_rows(Ok(sql::Rows::of(["name", "born"], [("로지", 1999)])));
    /// host.run::<members>("")?;
    /// let file = &host.files()[0];
    /// assert_eq!((file.name.as_str(), file.data.as_slice()), ("members.csv", "\u{feff}name,born\r\n로지,1999\r\n".as_bytes()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::upload`].
    pub fn send_csv(&self, to: &Place, name: &str, comment: &str) -> Result<String, HostError> {
        let file = self.csv_with(Csv {
            bom: true,
            ..Csv::default()
        });
        chat::upload(to, name, file.as_bytes(), comment)
    }

    /// The rows as a CSV file (RFC 4180, UTF-8), the columns' names in the first line; for
    /// [`objects::put`](crate::objects::put). [`send_csv`](Self::send_csv) puts it into a conversation. A cell that a
    /// spreadsheet would run as a formula is a text in it: see [`Csv`].
    ///
    /// ```
    /// use moa_plugin::sql::Rows;
    ///
    /// let found = Rows::of(["name", "said"], [("로지", "soup, \"hot\"")]);
    /// assert_eq!(found.csv(), "name,said\r\n로지,\"soup, \"\"hot\"\"\"\r\n");
    /// ```
    pub fn csv(&self) -> String {
        self.csv_with(Csv::default())
    }

    /// The same, written otherwise.
    ///
    /// ```
    /// use moa_plugin::sql::{Csv, Rows};
    ///
    /// let found = Rows::of(["said"], [("=1+1",), ("-5",)]);
    /// assert_eq!(found.csv(), "said\r\n'=1+1\r\n-5\r\n");
    /// assert_eq!(found.csv_with(Csv { bom: true, disarm: false }), "\u{feff}said\r\n=1+1\r\n-5\r\n");
    /// ```
    pub fn csv_with(&self, how: Csv) -> String {
        let mut file = String::from(if how.bom { "\u{feff}" } else { "" });
        line(&mut file, self.columns.iter().map(String::as_str), how.disarm);
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(shown).collect();
            line(&mut file, cells.iter().map(String::as_str), how.disarm);
        }
        file
    }
}

fn line<'a>(file: &mut String, cells: impl Iterator<Item = &'a str>, disarm: bool) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            file.push(',');
        }
        let mark = if disarm && is_formula(cell) { "'" } else { "" };
        let _ = match cell.contains([',', '"', '\n', '\r']) {
            true => write!(file, "\"{mark}{}\"", cell.replace('"', "\"\"")),
            false => write!(file, "{mark}{cell}"),
        };
    }
    file.push_str("\r\n");
}

/// Whether a spreadsheet would run it, as OWASP's page on CSV injection lists it. A sign before a number or nothing is none.
fn is_formula(cell: &str) -> bool {
    let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let behind = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = match behind.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => behind.is_empty() || behind == "inf" || digits(behind),
    };
    begins && !is_number
}

/// NULL is nothing, bytes are hexadecimal digits.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Decimal(text) | Cell::Text(text) | Cell::Time(text) => text.clone(),
        Cell::Bytes(bytes) => bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in `plugin-sdk/{python,go,javascript,c}` too: the same rows are the same text in every language.
    #[test]
    fn every_kind_of_cell_has_one_text() {
        let mut found = Rows::of(
            ["이름", "kind", "sum"],
            [
                ("로지, \"R\"", Cell::Truth(true), Cell::Number(3.0)),
                (" a\r\nb`", Cell::Bytes(vec![0, 255]), Cell::Number(1e-7)),
                ("👍", Cell::Decimal("12.50".into()), Cell::Number(1e21)),
                ("", Cell::Time("2026-11-21T00:50:00.5Z".into()), Cell::Integer(-7)),
                ("e\u{301}", Cell::Null, Cell::Null),
            ],
        );
        found.truncated = true;
        assert_eq!(
            found.csv(),
            "이름,kind,sum\r\n\"로지, \"\"R\"\"\",true,3\r\n\" a\r\nb`\",00ff,0.0000001\r\n\
             👍,12.50,1000000000000000000000\r\n,2026-11-21T00:50:00.5Z,-7\r\ne\u{301},,\r\n"
        );
        assert_eq!(
            found.table(),
            "```\n\
             이름      kind                                      sum\n\
             --------- ---------------------- ----------------------\n\
             로지, \"R\" true                                        3\n\
             a  b`\u{2060}     00ff                                0.0000001\n\
             👍        12.50                  1000000000000000000000\n\
             \u{20}         2026-11-21T00:50:00.5Z                     -7\n\
             e\u{301}\n\
             …\n\
             ```"
        );
    }

    /// This one too.
    #[test]
    fn what_a_spreadsheet_would_run_is_a_text() {
        let found = Rows::of(
            ["=name"],
            [
                "=1+1", "+82", "+82 10", "-", "-5.5", "-x", "@me", "\tx", "\nx", "＝1", "a=1", "=\"a\",b",
            ]
            .map(|text| (text,)),
        );
        let file = "=name\r\n=1+1\r\n+82\r\n+82 10\r\n-\r\n-5.5\r\n-x\r\n@me\r\n\tx\r\n\"\nx\"\r\n＝1\r\na=1\r\n\"=\"\"a\"\",b\"\r\n";
        let disarmed = "'=name\r\n'=1+1\r\n+82\r\n'+82 10\r\n-\r\n-5.5\r\n'-x\r\n'@me\r\n'\tx\r\n\"'\nx\"\r\n'＝1\r\na=1\r\n\"'=\"\"a\"\",b\"\r\n";
        assert_eq!(found.csv(), disarmed);
        assert_eq!(
            found.csv_with(Csv {
                bom: false,
                disarm: false
            }),
            file
        );
        let numbers = Rows::of(
            ["n"],
            [
                (Cell::Number(-2.5),),
                (Cell::Number(f64::NEG_INFINITY),),
                (Cell::Decimal("-0.10".into()),),
            ],
        );
        assert_eq!(numbers.csv(), "n\r\n-2.5\r\n-inf\r\n-0.10\r\n");
    }
}
