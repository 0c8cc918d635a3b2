//! Looking at a service: by an HTTP request, or by a query whose value has bounds.

use crate::settings::Check;
use crate::texts::Texts;
use moa_plugin::{HostError, http, log, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wrong with the service: a text, and what is put into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    key: String,
    values: Vec<String>,
}

impl Failure {
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

impl Check {
    /// Looks.
    pub fn look(&self) -> Seen {
        match &self.url {
            Some(url) => http::get(url)
                .timeout(self.timeout.0)
                .send()
                .map_or_else(Seen::of, |response| self.judge(&response)),
            None => sql::query(&self.sql, &self.query, ()).map_or_else(Seen::of, |rows| self.measure(rows.first())),
        }
    }

    fn judge(&self, response: &http::Response) -> Seen {
        let is_well = match self.status.as_slice() {
            [] => (200..=299).contains(&response.status),
            wanted => wanted.contains(&response.status),
        };
        if !is_well {
            return Seen::failed("status", &[&response.status.to_string()]);
        }
        let body = String::from_utf8_lossy(&response.body);
        if let Some(text) = self.contains.as_ref().filter(|text| !body.contains(text.as_str())) {
            return Seen::failed("lacks", &[text]);
        }
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        for (path, wanted) in &self.json {
            let value = found
                .pointer(&format!("/{}", path.replace('.', "/")))
                .unwrap_or(&Value::Null);
            if value != wanted {
                return Seen::failed("field", &[path, &value.to_string()]);
            }
        }
        Seen::Well
    }

    fn measure(&self, value: Result<Option<Option<f64>>, sql::ReadError>) -> Seen {
        let value = match value {
            Ok(Some(Some(value))) => value,
            Ok(_) => return Seen::failed("no-value", &[]),
            Err(error) => return Seen::Unknown(error.to_string()),
        };
        let shown = format!("{value} {}", self.unit);
        match (self.min, self.max) {
            (Some(min), _) if value < min => Seen::failed("value", &[shown.trim_end(), &format!("≥ {min}")]),
            (_, Some(max)) if value > max => Seen::failed("value", &[shown.trim_end(), &format!("≤ {max}")]),
            _ => Seen::Well,
        }
    }
}

impl Seen {
    fn failed(key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let key = key.to_owned();
        Self::Failed(Failure { key, values })
    }

    fn of(error: HostError) -> Self {
        match error {
            HostError::Unavailable(text) | HostError::OverLimit(text) => {
                log::debug(text);
                Self::failed("no-answer", &[])
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

    fn page(contains: Option<&str>, status: &[u16], json: Value) -> Check {
        let url = "https://shop.example/health";
        serde_json::from_value(json!({ "url": url, "contains": contains, "status": status, "json": json })).unwrap()
    }

    #[test]
    fn a_page_is_well_if_all_of_it_is() {
        let field = |path: &str, got: &str| Seen::failed("field", &[path, got]);
        for (probe, status, body, seen) in [
            (page(None, &[], json!({})), 204, "", Seen::Well),
            (page(None, &[], json!({})), 503, "", Seen::failed("status", &["503"])),
            (page(None, &[401], json!({})), 401, "", Seen::Well),
            (page(None, &[401], json!({})), 200, "", Seen::failed("status", &["200"])),
            (page(Some("ok"), &[], json!({})), 200, "all ok", Seen::Well),
            (
                page(Some("ok"), &[], json!({})),
                200,
                "down",
                Seen::failed("lacks", &["ok"]),
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
        let lag = || -> Check {
            serde_json::from_value(json!({ "sql": "replica", "query": "SELECT lag", "max": 30, "unit": "s" })).unwrap()
        };
        let rows = |cell: Cell| Rows::of(["lag"], [[cell]]);
        let behind = Seen::failed("value", &["1200 s", "≤ 30"]);
        for (rows, seen) in [
            (rows(Cell::Integer(0)), Seen::Well),
            (rows(Cell::Decimal("30".into())), Seen::Well),
            (rows(Cell::Integer(1_200)), behind),
            (rows(Cell::Null), Seen::failed("no-value", &[])),
            (Rows::of(["lag"], [[0; 1]; 0]), Seen::failed("no-value", &[])),
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
            assert_eq!(seen == Seen::failed("no-answer", &[]), is_down, "{seen:?}");
        }
    }
}
