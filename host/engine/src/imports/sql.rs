//! `sql`: databases that the operator named.

use super::Answer;
use crate::bindings::moa::plugin::sql::{Cell, Host, Rows};
use crate::convert::all;
use crate::state::State;

impl Host for State {
    async fn query(&mut self, connection: String, text: String, params: Vec<Cell>) -> Answer<Rows> {
        self.enter()?;
        let answer = self.on_host(self.host.sql.query(connection, text, all(params))).await?;
        Ok(answer.map(Rows::from))
    }

    async fn execute(&mut self, connection: String, text: String, params: Vec<Cell>) -> Answer<u32> {
        self.enter()?;
        self.on_host(self.host.sql.execute(connection, text, all(params))).await
    }
}
