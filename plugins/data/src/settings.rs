//! The queries that the operator wrote.

use crate::asked::Answer;
use moa_plugin::PlaceKind;
use moa_plugin::params::{Kind, Param};
use moa_plugin::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use sql::{Marks, Named};
use std::collections::BTreeMap;

#[derive(Config)]
pub struct Settings {
    /// How often one person may ask one query, within the time of `within`.
    #[default = 20]
    #[min = 1]
    times: u32,
    /// The time that `times` is about.
    #[default = "1h"]
    pub within: Duration,
    /// How many rows a table in a message has at most.
    #[default = 20]
    #[min = 1]
    #[max = 100]
    pub table_rows: u32,
    /// How long it is kept who asked what.
    #[default = "90d"]
    pub keep: Duration,
    /// The databases that are PostgreSQL.
    #[default()]
    postgres: Vec<String>,
    /// The queries by name.
    #[table]
    queries: Option<BTreeMap<String, Value>>,
}

/// A query, as it stands in the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `database` and `sql`")]
pub struct Query {
    /// Its name there.
    #[serde(skip)]
    pub key: String,
    pub database: String,
    /// With `:names` for what people say.
    sql: String,
    /// What people call it besides.
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub params: Vec<Param>,
    /// The first is meant where nobody says which.
    #[serde(default = "Answer::all")]
    pub answers: Vec<Answer>,
    /// Who may ask, by id, and where; empty: all, everywhere.
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    conversations: Vec<String>,
    times: Option<u32>,
}

impl Settings {
    /// # Errors
    /// What cannot be read, for who asked.
    pub fn read() -> Result<Self> {
        system::config().map_err(|error| Error::rejected(error.to_string()))
    }

    /// The queries, and what is wrong with others.
    pub fn queries(&self, today: Date) -> (Vec<Query>, Vec<String>) {
        let (mut queries, mut problems): (Vec<Query>, Vec<String>) = Default::default();
        for (key, value) in self.queries.iter().flatten() {
            let query = self.query(key, value, today).and_then(|query| {
                let is_taken = |name: &&String| queries.iter().any(|other| other.is_called(name));
                match query.names.iter().find(is_taken) {
                    Some(name) => Err(format!("`{name}` is the name of another query, too")),
                    None => Ok(query),
                }
            });
            match query {
                Ok(query) => queries.push(query),
                Err(error) => problems.push(format!("[plugin.data.config] `queries.{key}`: {error}")),
            }
        }
        (queries, problems)
    }

    fn query(&self, key: &str, value: &Value, today: Date) -> Result<Query, String> {
        let mut query: Query = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
        query.key = key.into();
        query.names.push(key.into());
        let statement = self.statement(&query).map_err(|error| format!("`sql`: {error}"))?;
        let known: Vec<String> = query.params.iter().flat_map(marks).collect();
        if let Some(mark) = statement.names().iter().find(|mark| !known.contains(mark)) {
            return Err(format!(
                "`sql` has `:{mark}`; say what that is: `params = [{{ name = \"{mark}\", type = \"date\" }}]`"
            ));
        }
        for param in &query.params {
            let (name, marks) = (&param.name, marks(param));
            if !marks.iter().any(|mark| statement.names().contains(mark)) {
                let could = marks.join("`, `:");
                return Err(format!("`sql` has nothing of `{name}`; there could be `:{could}`"));
            }
            param
                .check(today)
                .map_err(|error| format!("`params`, `{name}`: {error}"))?;
        }
        match query.answers.is_empty() {
            true => Err("`answers` are some of `[\"table\", \"csv\", \"count\"]`".into()),
            false => Ok(query),
        }
    }

    /// How often one person may ask a query.
    pub fn times(&self, query: &Query) -> u32 {
        query.times.unwrap_or(self.times)
    }

    pub fn statement(&self, query: &Query) -> Result<Named, sql::NamedError> {
        let is_postgres = self.postgres.contains(&query.database);
        Named::read(&query.sql, if is_postgres { Marks::Dollar } else { Marks::Question })
    }
}

impl Query {
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.iter().any(|own| own.to_lowercase() == name)
    }

    /// Whether this person may ask it here. Roles are the host's business: its access rules.
    pub fn is_for(&self, ctx: &Context) -> bool {
        let place = ctx.place();
        let is_direct = place.kind == PlaceKind::Direct;
        let here = |listed: &String| *listed == place.conversation || (is_direct && listed == "direct");
        (self.users.is_empty() || self.users.contains(&ctx.who().id))
            && (self.conversations.is_empty() || self.conversations.iter().any(here))
    }
}

/// The `:names` that a statement may have for a parameter.
fn marks(param: &Param) -> Vec<String> {
    match param.kind {
        Kind::Period => ["from", "to", "until"]
            .map(|end| format!("{}_{end}", param.name))
            .into(),
        _ => vec![param.name.clone()],
    }
}
