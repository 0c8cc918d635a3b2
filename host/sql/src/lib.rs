//! Moa's way to databases: SQLite, PostgreSQL, MySQL and MariaDB.
//!
//! A [`Connection`] is the operator's name for a database. What plugins ask of it is one statement at a time with its
//! parameters beside it, inside a transaction that is begun and ended here: read-only for [`Connection::query`], and for
//! [`Connection::execute`] only where the operator said `write = true`. Two things keep a statement from doing more: a
//! reader of the text ([`text`]) that refuses what is no single statement or speaks of transactions, sessions and attached
//! files; and the session itself, which is read-only whatever the text says.
//!
//! A statement that takes too long, or whose caller is gone, is cancelled *at the database*; the connection is usable
//! again, or replaced by another. Errors never hold addresses or passwords.
//!
//! In reading order: [`settings`] says where a database is, [`text`] which statements there are, `cell` what goes in
//! and out; `connection` is what is called, `run` what all databases have in common, and then one module for each.

mod cell;
mod connection;
mod error;
mod mysql;
mod postgres;
mod run;
pub mod settings;
mod sqlite;
pub mod text;
mod time;

pub use cell::{Cell, Rows};
pub use connection::Connection;
pub use error::SqlError;
pub use settings::{Database, Limits, Settings};
