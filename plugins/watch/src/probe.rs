//! Looking at a service: by an HTTP request, or by a query whose value has bounds.

use crate::Texts;
use crate::settings::Check;
use moa_plugin::{HostError, http, log, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wrong with a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The same trouble to another degree is of the same kind: a lag that grows is none that is new.
    pub kind: String,
    /// As people read it.
    pub text: String,
}

/// What is wrong, if anything. An error is not the service's doing: it may not be asked, or not like this.
pub type Seen = Result<Option<Failure>, HostError>;

impl Check {
    /// Looks.
    pub fn look(&self, texts: &Texts) -> Seen {
        let seen = match &self.url {
            Some(url) => self.judge(texts, http::get(url).timeout(self.timeout.0).send()),
            None => self.measure(texts, sql::query(&self.sql, &self.query, ())),
        };
        match seen {
            Err(HostError::Unavailable(why) | HostError::OverLimit(why)) => {
                log::debug(why);
                failed("no-answer", texts.no_answer())
            }
            seen => seen,
        }
    }

    fn judge(&self, texts: &Texts, page: Result<http::Response, HostError>) -> Seen {
        let page = page?;
        let (status, body) = (page.status, String::from_utf8_lossy(&page.body));
        let is_usual = self.status.is_empty() && (200..=299).contains(&status);
        if !is_usual && !self.status.contains(&status) {
            return failed(&format!("status {status}"), texts.status(status));
        }
        if let Some(text) = self.contains.as_ref().filter(|text| !body.contains(*text)) {
            return failed("lacks", texts.lacks(text));
        }
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        for (path, wanted) in &self.json {
            let value = found.pointer(&format!("/{}", path.replace('.', "/")));
            if value != Some(wanted) {
                return failed("field", texts.field(path, value.unwrap_or(&Value::Null)));
            }
        }
        Ok(None)
    }

    fn measure(&self, texts: &Texts, rows: Result<sql::Rows, HostError>) -> Seen {
        let value = rows?.first::<Option<f64>>();
        let Some(value) = value.map_err(|error| HostError::Invalid(error.to_string()))?.flatten() else {
            return failed("no-value", texts.no_value());
        };
        let bound = match (self.min, self.max) {
            (Some(min), _) if value < min => format!("≥ {min}"),
            (_, Some(max)) if value > max => format!("≤ {max}"),
            _ => return Ok(None),
        };
        failed("value", texts.value(format!("{value} {}", self.unit).trim_end(), bound))
    }
}

fn failed(kind: &str, text: String) -> Seen {
    let kind = kind.to_owned();
    Ok(Some(Failure { kind, text }))
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
        let field = |value: &str| failed("field", format!("db.up is {value}"));
        for (probe, status, body, seen) in [
            (page(None, &[], json!({})), 204, "", Ok(None)),
            (
                page(None, &[], json!({})),
                503,
                "",
                failed("status 503", "HTTP 503".into()),
            ),
            (page(None, &[401], json!({})), 401, "", Ok(None)),
            (
                page(None, &[401], json!({})),
                200,
                "",
                failed("status 200", "HTTP 200".into()),
            ),
            (page(Some("ok"), &[], json!({})), 200, "all ok", Ok(None)),
            (
                page(Some("ok"), &[], json!({})),
                200,
                "down",
                failed("lacks", "“ok” is missing".into()),
            ),
            (
                page(None, &[], json!({"db.up": true})),
                200,
                r#"{"db": {"up": true}}"#,
                Ok(None),
            ),
            (
                page(None, &[], json!({"db.up": true})),
                200,
                r#"{"db": {"up": false}}"#,
                field("false"),
            ),
            (page(None, &[], json!({"db.up": true})), 200, "<html>", field("null")),
        ] {
            let host = Host::new();
            host.http(Ok(http::Response::of(status, body)));
            assert_eq!(host.with(|_| probe.look(&Texts::of("en"))), seen, "{status} {body}");
        }
    }

    #[test]
    fn a_replica_that_is_up_but_behind_is_not_well() {
        let lag = || -> Check {
            serde_json::from_value(json!({ "sql": "replica", "query": "SELECT lag", "max": 30, "unit": "s" })).unwrap()
        };
        let rows = |cell: Cell| Rows::of(["lag"], [[cell]]);
        let behind = failed("value", "1200 s (should be ≤ 30)".into());
        for (rows, seen) in [
            (rows(Cell::Integer(0)), Ok(None)),
            (rows(Cell::Decimal("30".into())), Ok(None)),
            (rows(Cell::Integer(1_200)), behind),
            (rows(Cell::Null), failed("no-value", "there is no value".into())),
            (
                Rows::of(["lag"], [[0; 1]; 0]),
                failed("no-value", "there is no value".into()),
            ),
        ] {
            let host = Host::new();
            host.sql_rows(Ok(rows));
            assert_eq!(host.with(|_| lag().look(&Texts::of("en"))), seen);
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
            let seen = host.with(|_| page(None, &[], json!({})).look(&Texts::of("en")));
            assert_eq!(
                seen == failed("no-answer", "no answer in time".into()),
                is_down,
                "{seen:?}"
            );
        }
    }
}
