//! Databases that the operator named. Needs the request `sql` with their names.
//!
//! In transcripts `@sql NAME = file.sql` makes one in memory; in unit tests [`testing::Host`](crate::testing::Host) says what
//! they answer and records the statements.
//!
//! A text is one statement. Parameters are bound, never pasted: `?` in SQLite and MySQL, `$1` in PostgreSQL.
//!
//! ```
//! use moa_plugin::prelude::*;
//! use moa_plugin::testing::Host;
//!
//! #[derive(serde::Deserialize)]
//! struct Dish {
//!     name: String,
//!     price: u32,
//! }
//!
//! /// What costs at most so much.
//! #[command]
//! fn dishes(most: u32) -> Result<String> {
//!     let text = "SELECT name, price FROM dishes WHERE price <= ? ORDER BY price";
//!     let found: Vec<Dish> = sql::query("canteen", text, [most])?.read()?;
//!     Ok(text::table(found.iter().map(|dish| [dish.name.clone(), dish.price.to_string()])))
//! }
//!
//! plugin! {
//!     name: "dishes",
//!     commands: [dishes],
//!     requests: { sql: ["canteen"] },
//! }
//!
//! let host = Host::new();
//! host.sql_rows(Ok(sql::Rows::of(["name", "price"], [("soup", 3), ("rice", 4)])));
//! assert!(host.run::<dishes>("5")?.is_some());
//! assert_eq!(host.statements()[0].params, [sql::Cell::Integer(5)]);
//! # Ok::<(), Error>(())
//! ```

mod cell;
mod named;
mod read;
mod shown;

pub use cell::Params;
pub use named::{Marks, Named, NamedError};
pub use read::ReadError;
pub use shown::Csv;

use crate::HostError;
use crate::host::{self, sql as calls};
use serde::de::DeserializeOwned;

/// A value of a column or a parameter. Rust's own values become one by `into`.
///
/// ```
/// use moa_plugin::sql::Cell;
///
/// assert_eq!(Cell::from("soup"), Cell::Text("soup".into()));
/// assert_eq!(Cell::from(None::<i64>), Cell::Null);
/// // What has no type of its own in Rust:
/// let price = Cell::Decimal("12.50".into());
/// # assert_ne!(price, Cell::Number(12.5));
/// ```
pub use crate::bindings::moa::plugin::sql::Cell;

/// What a query found.
///
/// ```
/// use moa_plugin::sql::{Cell, Rows};
///
/// let found = Rows::of(["name", "price"], [("soup", 3)]);
/// assert_eq!((found.columns.len(), &found.rows[0][1], found.truncated), (2, &Cell::Integer(3), false));
/// ```
pub use crate::bindings::moa::plugin::sql::Rows;

/// Reads, inside a read-only transaction that the host opens and ends.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # let host = Host::new();
/// # host.sql_rows(Ok(sql::Rows::of(["count"], [[2]])));
/// # host.with(|_| {
/// let found = sql::query("canteen", "SELECT count(*) FROM orders WHERE who = ? AND paid = ?", ("U1", false))?;
/// let open: Option<u32> = found.first()?;
/// # assert_eq!(open, Some(2));
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`HostError::Invalid`] for what is not one statement
/// that reads, [`HostError::OverLimit`] for one that takes too long, [`HostError::AccessDenied`] for a database that is not
/// granted, [`HostError::Unavailable`] for one that can't be reached.
pub fn query(connection: &str, text: &str, params: impl Params) -> Result<Rows, HostError> {
    let params = params.into_cells();
    host::ask(|| calls::query(connection, text, &params))
}

/// Writes, in a transaction of its own; returns the number of rows concerned. Done at most once.
///
/// ```
/// # use moa_plugin::{prelude::*, testing::Host};
/// # let host = Host::new();
/// # host.sql_changed(Ok(1));
/// # host.with(|ctx| {
/// let paid = sql::execute("canteen", "UPDATE orders SET paid = ? WHERE who = ?", (true, &ctx.who().id))?;
/// # assert_eq!(paid, 1);
/// # Ok::<(), HostError>(())
/// # })?;
/// # Ok::<(), HostError>(())
/// ```
///
/// # Errors
/// Those of [`query`]; [`HostError::AccessDenied`] also where the operator does not let the connection write,
/// [`HostError::Uncertain`] after a crash in the middle.
pub fn execute(connection: &str, text: &str, params: impl Params) -> Result<u32, HostError> {
    let params = params.into_cells();
    host::ask(|| calls::execute(connection, text, &params))
}

impl Rows {
    /// All rows, for [tests](crate::testing::Host::sql_rows): the columns' names, and what is in them.
    ///
    /// ```
    /// use moa_plugin::sql::Rows;
    ///
    /// let found = Rows::of(["name", "price"], [("soup", Some(3)), ("rice", None)]);
    /// assert_eq!(found.rows.len(), 2);
    /// ```
    pub fn of<'a>(columns: impl IntoIterator<Item = &'a str>, rows: impl IntoIterator<Item = impl Params>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            rows: rows.into_iter().map(Params::into_cells).collect(),
            truncated: false,
        }
    }

    /// Each row as a value: a struct by the columns' names, a tuple by their order, or, of a single column, its value.
    ///
    /// Numbers are read as any type that holds them, exact ones also as text; 0 and 1 also as `bool`, where the database
    /// has none; NULL as `None`. Of columns with the same name the last counts: name them by `AS`.
    ///
    /// ```
    /// use moa_plugin::sql::{Cell, ReadError, Rows};
    ///
    /// #[derive(serde::Deserialize, Debug, PartialEq)]
    /// struct Dish {
    ///     name: String,
    ///     price: Option<f64>,
    ///     vegan: bool,
    /// }
    ///
    /// let found = Rows::of(["name", "price", "vegan"], [("soup", Cell::Decimal("3.5".into()), 1)]);
    /// let soup = Dish { name: "soup".into(), price: Some(3.5), vegan: true };
    /// assert_eq!(found.read::<Dish>()?, [soup]);
    /// assert_eq!(found.read::<(String, String, u8)>()?, [("soup".into(), "3.5".into(), 1)]);
    /// # Ok::<(), ReadError>(())
    /// ```
    ///
    /// # Errors
    /// If a row does not fit `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Vec<T>, ReadError> {
        (0..self.rows.len()).filter_map(|at| read::row(self, at)).collect()
    }

    /// The first row, as [`read`](Self::read) does; `None` if nothing was found.
    ///
    /// ```
    /// use moa_plugin::sql::{ReadError, Rows};
    ///
    /// let count: Option<u32> = Rows::of(["count"], [[7]]).first()?;
    /// assert_eq!(count, Some(7));
    /// assert_eq!(Rows::of(["count"], [[0; 1]; 0]).first::<u32>()?, None);
    /// # Ok::<(), ReadError>(())
    /// ```
    ///
    /// # Errors
    /// If the row does not fit `T`.
    pub fn first<T: DeserializeOwned>(&self) -> Result<Option<T>, ReadError> {
        read::row(self, 0).transpose()
    }
}
