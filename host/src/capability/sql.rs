//! `sql`: databases that the operator named. A query only asks; what may write is done at most once.

use super::Scene;
use crate::data::sql_error;
use crate::metrics::plugin::Outside;
use crate::recall::print::{Function, Print, Printer};
use async_trait::async_trait;
use moa_core::call::CapResult;
use moa_engine::{Cell, Rows};
use moa_sql::Connection;
use std::sync::Arc;

pub(super) struct Sql(pub(super) Arc<Scene>);

#[async_trait]
impl moa_engine::Sql for Sql {
    async fn query(&self, connection: String, text: String, params: Vec<Cell>) -> CapResult<Rows> {
        let print = print(Function::SqlQuery, &connection, &text, &params).done();
        let live = async {
            let params = params.into_iter().map(into_sql).collect();
            let rows = self
                .connection(&connection)?
                .query(&text, params)
                .await
                .map_err(sql_error)?;
            Ok(Rows {
                columns: rows.columns,
                rows: rows
                    .rows
                    .into_iter()
                    .map(|row| row.into_iter().map(from_sql).collect())
                    .collect(),
                truncated: rows.truncated,
            })
        };
        self.0.counted(Outside::Sql, self.0.read(print, live).await)
    }

    async fn execute(&self, connection: String, text: String, params: Vec<Cell>) -> CapResult<u32> {
        let print = print(Function::SqlExecute, &connection, &text, &params).done();
        let live = |_| async move {
            let params = params.into_iter().map(into_sql).collect();
            let concerned = self
                .connection(&connection)?
                .execute(&text, params)
                .await
                .map_err(sql_error)?;
            Ok(u32::try_from(concerned).unwrap_or(u32::MAX))
        };
        self.0.counted(Outside::Sql, self.0.once(print, live).await)
    }
}

impl Sql {
    fn connection(&self, name: &str) -> CapResult<Connection> {
        self.0.granted.sql(name)?;
        self.0.data.connection(name)
    }
}

fn print(function: Function, connection: &str, text: &str, params: &[Cell]) -> Printer {
    let print = Print::of(function).text(connection).text(text);
    params.iter().fold(print, |print, param| match param {
        Cell::Null => print.number(0),
        Cell::Truth(truth) => print.number(1).number((*truth).into()),
        Cell::Integer(number) => print.number(2).bytes(&number.to_le_bytes()),
        Cell::Number(number) => print.number(3).number(number.to_bits()),
        Cell::Decimal(text) => print.number(4).text(text),
        Cell::Text(text) => print.number(5).text(text),
        Cell::Bytes(bytes) => print.number(6).bytes(bytes),
        Cell::Time(text) => print.number(7).text(text),
    })
}

fn into_sql(cell: Cell) -> moa_sql::Cell {
    match cell {
        Cell::Null => moa_sql::Cell::Null,
        Cell::Truth(truth) => moa_sql::Cell::Truth(truth),
        Cell::Integer(number) => moa_sql::Cell::Integer(number),
        Cell::Number(number) => moa_sql::Cell::Number(number),
        Cell::Decimal(text) => moa_sql::Cell::Decimal(text),
        Cell::Text(text) => moa_sql::Cell::Text(text),
        Cell::Bytes(bytes) => moa_sql::Cell::Bytes(bytes),
        Cell::Time(text) => moa_sql::Cell::Time(text),
    }
}

fn from_sql(cell: moa_sql::Cell) -> Cell {
    match cell {
        moa_sql::Cell::Null => Cell::Null,
        moa_sql::Cell::Truth(truth) => Cell::Truth(truth),
        moa_sql::Cell::Integer(number) => Cell::Integer(number),
        moa_sql::Cell::Number(number) => Cell::Number(number),
        moa_sql::Cell::Decimal(text) => Cell::Decimal(text),
        moa_sql::Cell::Text(text) => Cell::Text(text),
        moa_sql::Cell::Bytes(bytes) => Cell::Bytes(bytes),
        moa_sql::Cell::Time(text) => Cell::Time(text),
    }
}

#[cfg(test)]
mod tests;
