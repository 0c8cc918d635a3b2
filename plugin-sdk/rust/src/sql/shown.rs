//! Rows for people: a table in a message, a file for a spreadsheet.

use super::{Cell, Rows};
use crate::bindings::moa::plugin::types::Place;
use crate::{HostError, chat};
use std::fmt::Write as _;

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

    /// Puts the rows into a place as a CSV file, with a comment in portable markup (empty: none). Returns the file's id.
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
    /// assert_eq!((file.name.as_str(), file.data.as_slice()), ("members.csv", "name,born\r\n로지,1999\r\n".as_bytes()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`chat::upload`].
    pub fn send_csv(&self, to: &Place, name: &str, comment: &str) -> Result<String, HostError> {
        chat::upload(to, name, self.csv().as_bytes(), comment)
    }

    /// The rows as a CSV file (RFC 4180, UTF-8), the columns' names in the first line; for
    /// [`objects::put`](crate::objects::put). [`send_csv`](Self::send_csv) puts it into a conversation.
    ///
    /// ```
    /// use moa_plugin::sql::Rows;
    ///
    /// let found = Rows::of(["name", "said"], [("로지", "soup, \"hot\"")]);
    /// assert_eq!(found.csv(), "name,said\r\n로지,\"soup, \"\"hot\"\"\"\r\n");
    /// ```
    pub fn csv(&self) -> String {
        let mut file = String::new();
        line(&mut file, self.columns.iter().map(String::as_str));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(shown).collect();
            line(&mut file, cells.iter().map(String::as_str));
        }
        file
    }
}

fn line<'a>(file: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            file.push(',');
        }
        match cell.contains([',', '"', '\n', '\r']) {
            true => {
                let _ = write!(file, "\"{}\"", cell.replace('"', "\"\""));
            }
            false => file.push_str(cell),
        }
    }
    file.push_str("\r\n");
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
}
