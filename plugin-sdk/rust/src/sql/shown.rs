//! Rows for people: a table in a message, a file for a spreadsheet.

use super::{Cell, Rows};
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

    /// The rows as a CSV file (RFC 4180, UTF-8), the columns' names in the first line; for
    /// [`chat::upload`](crate::chat::upload) or [`objects::put`](crate::objects::put).
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
