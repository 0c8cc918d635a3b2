//! Looking at a service: by an HTTP request, or by a query whose value has bounds.

use crate::texts::Texts;
use moa_plugin::{HostError, http, log, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How to look.
pub enum Probe {
    Http {
        url: String,
        /// Those that are well; none: 200 to 299.
        status: Vec<u16>,
        /// What stands in the body.
        contains: Option<String>,
        /// What stands in the body's JSON, by a path with dots.
        json: BTreeMap<String, Value>,
        timeout: Duration,
    },
    Sql {
        connection: String,
        query: String,
        min: Option<f64>,
        max: Option<f64>,
        /// What the value is, for people.
        unit: String,
    },
}

/// What is wrong with the service: a text, and what is put into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    key: String,
    values: Vec<String>,
}

impl Failure {
    fn new(key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Self {
            key: key.to_owned(),
            values,
        }
    }

    pub fn text(&self, texts: Texts) -> String {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        texts.say(&self.key, &values)
    }

    /// Whether it is the same trouble, if another degree of it: a lag that grows is none that is new.
    pub fn is_like(&self, other: &Self) -> bool {
        self.key == other.key && (self.key != "status" || self.values == other.values)
    }
}

/// What was seen.
#[derive(Debug, PartialEq)]
pub enum Seen {
    Well,
    Failed(Failure),
    /// Not the service's doing: it may not be asked, or not like this. The text is for the operator.
    Unknown(String),
}

impl Probe {
    /// Looks.
    pub fn look(&self) -> Seen {
        match self {
            Self::Http { url, timeout, .. } => match http::get(url).timeout(*timeout).send() {
                Ok(response) => self.judge(&response),
                Err(error) => Seen::of(error),
            },
            Self::Sql { connection, query, .. } => match sql::query(connection, query, ()) {
                Ok(rows) => self.measure(rows.first::<Option<f64>>()),
                Err(error) => Seen::of(error),
            },
        }
    }

    fn judge(&self, response: &http::Response) -> Seen {
        let Self::Http {
            status, contains, json, ..
        } = self
        else {
            return Seen::Well;
        };
        let got = response.status;
        let is_well = if status.is_empty() {
            (200..=299).contains(&got)
        } else {
            status.contains(&got)
        };
        if !is_well {
            return Seen::Failed(Failure::new("status", &[&got.to_string()]));
        }
        let body = String::from_utf8_lossy(&response.body);
        if let Some(text) = contains.as_ref().filter(|text| !body.contains(text.as_str())) {
            return Seen::Failed(Failure::new("lacks", &[text]));
        }
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        for (path, wanted) in json {
            let value = found
                .pointer(&format!("/{}", path.replace('.', "/")))
                .unwrap_or(&Value::Null);
            if value != wanted {
                return Seen::Failed(Failure::new("field", &[path, &value.to_string()]));
            }
        }
        Seen::Well
    }

    fn measure(&self, value: Result<Option<Option<f64>>, sql::ReadError>) -> Seen {
        let Self::Sql { min, max, unit, .. } = self else {
            return Seen::Well;
        };
        let value = match value {
            Ok(Some(Some(value))) => value,
            Ok(_) => return Seen::Failed(Failure::new("no-value", &[])),
            Err(error) => return Seen::Unknown(error.to_string()),
        };
        let broken = |sign: &str, bound: &f64| {
            let (value, bound) = (format!("{value} {unit}"), format!("{sign} {bound}"));
            Seen::Failed(Failure::new("value", &[value.trim_end(), &bound]))
        };
        match (min, max) {
            (Some(min), _) if value < *min => broken("≥", min),
            (_, Some(max)) if value > *max => broken("≤", max),
            _ => Seen::Well,
        }
    }
}

impl Seen {
    fn of(error: HostError) -> Self {
        match error {
            HostError::Unavailable(text) | HostError::OverLimit(text) => {
                log::debug(text);
                Self::Failed(Failure::new("no-answer", &[]))
            }
            other => Self::Unknown(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_plugin::sql::{Cell, Rows};
    use moa_plugin::testing::Host;
    use serde_json::json;

    fn page(contains: Option<&str>, status: &[u16], json: Value) -> Probe {
        Probe::Http {
            url: "https://shop.example/health".into(),
            status: status.into(),
            contains: contains.map(Into::into),
            json: serde_json::from_value(json).unwrap(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn a_page_is_well_if_all_of_it_is() {
        let field = |path: &str, got: &str| Seen::Failed(Failure::new("field", &[path, got]));
        for (probe, status, body, seen) in [
            (page(None, &[], json!({})), 204, "", Seen::Well),
            (
                page(None, &[], json!({})),
                503,
                "",
                Seen::Failed(Failure::new("status", &["503"])),
            ),
            (page(None, &[401], json!({})), 401, "", Seen::Well),
            (
                page(None, &[401], json!({})),
                200,
                "",
                Seen::Failed(Failure::new("status", &["200"])),
            ),
            (page(Some("ok"), &[], json!({})), 200, "all ok", Seen::Well),
            (
                page(Some("ok"), &[], json!({})),
                200,
                "down",
                Seen::Failed(Failure::new("lacks", &["ok"])),
            ),
            (
                page(None, &[], json!({"db.up": true})),
                200,
                r#"{"db": {"up": true}}"#,
                Seen::Well,
            ),
            (
                page(None, &[], json!({"db.up": true})),
                200,
                r#"{"db": {"up": false}}"#,
                field("db.up", "false"),
            ),
            (
                page(None, &[], json!({"db.up": true})),
                200,
                "<html>",
                field("db.up", "null"),
            ),
        ] {
            let host = Host::new();
            host.http(Ok(http::Response::of(status, body)));
            assert_eq!(host.with(|_| probe.look()), seen, "{status} {body}");
        }
    }

    #[test]
    fn a_replica_that_is_up_but_behind_is_not_well() {
        let lag = || Probe::Sql {
            connection: "replica".into(),
            query: "SHOW REPLICA STATUS".into(),
            min: None,
            max: Some(30.0),
            unit: "s".into(),
        };
        let rows = |cell: Cell| Rows::of(["lag"], [[cell]]);
        let behind = Seen::Failed(Failure::new("value", &["1200 s", "≤ 30"]));
        for (rows, seen) in [
            (rows(Cell::Integer(0)), Seen::Well),
            (rows(Cell::Decimal("30".into())), Seen::Well),
            (rows(Cell::Integer(1_200)), behind),
            (rows(Cell::Null), Seen::Failed(Failure::new("no-value", &[]))),
            (
                Rows::of(["lag"], [[0; 1]; 0]),
                Seen::Failed(Failure::new("no-value", &[])),
            ),
        ] {
            let host = Host::new();
            host.sql_rows(Ok(rows));
            assert_eq!(host.with(|_| lag().look()), seen);
        }
    }

    #[test]
    fn what_may_not_be_asked_is_not_known_to_be_down() {
        for (error, is_down) in [
            (HostError::Unavailable("refused".into()), true),
            (HostError::OverLimit("too slow".into()), true),
            (HostError::AccessDenied("add a line".into()), false),
            (HostError::Invalid("no address".into()), false),
        ] {
            let host = Host::new();
            host.http(Err(error));
            let seen = host.with(|_| page(None, &[], json!({})).look());
            assert_eq!(
                seen == Seen::Failed(Failure::new("no-answer", &[])),
                is_down,
                "{seen:?}"
            );
        }
    }
}
