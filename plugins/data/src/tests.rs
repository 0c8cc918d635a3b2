use super::*;
use moa_plugin::sql::{Cell, Rows};
use moa_plugin::testing::Host;
use serde_json::{Value, json};

/// A bot with one query, whose parameters are these.
fn host(params: Value) -> Host {
    let marks: Vec<String> = ["a", "b", "p_from", "p_to", "p_until"]
        .iter()
        .map(|mark| format!(":{mark}"))
        .collect();
    let known = |mark: &&String| {
        let name = mark.trim_start_matches(':').split('_').next();
        params
            .as_array()
            .is_some_and(|params| params.iter().any(|param| param["name"].as_str() == name))
    };
    let marks: Vec<&str> = marks.iter().filter(known).map(String::as_str).collect();
    let sql = format!("SELECT {}", marks.join(", "));
    let host = Host::new().now("2026-11-22T00:30:00+09:00").locale("ko", "Asia/Seoul");
    host.config(json!({ "queries": { "q": { "database": "m", "sql": sql, "params": params } } }))
}

fn asked(params: Value, said: &str) -> Result<Vec<Cell>> {
    let host = host(params);
    host.sql_rows(Ok(Rows::of(["n"], [[1]])));
    host.run::<data>(&format!("q {said}"))?;
    Ok(host.statements().remove(0).params)
}

#[test]
fn what_is_said_is_bound_by_its_type() -> Result<()> {
    let time = |text: &str| Cell::Time(text.into());
    // The bot's day, not that of the clock in Greenwich.
    assert_eq!(
        asked(json!([{ "name": "a", "type": "date" }]), "어제")?,
        [time("2026-11-21")]
    );
    let period = json!([{ "name": "p", "type": "period" }]);
    let week = ["2026-11-09", "2026-11-15", "2026-11-16"].map(time);
    assert_eq!(asked(period, "last week")?, week);
    let two =
        json!([{ "name": "a", "type": "integer", "max": 1000 }, { "name": "b", "type": "text", "optional": true }]);
    assert_eq!(asked(two.clone(), "1,000")?, [Cell::Integer(1000), Cell::Null]);
    assert_eq!(
        asked(two.clone(), r#"b="'; DROP TABLE t; --" 7"#)?,
        [Cell::Integer(7), "'; DROP TABLE t; --".into()]
    );
    assert_eq!(asked(two.clone(), "7 csv")?, [Cell::Integer(7), Cell::Null]);
    for wrong in ["1001", "x", "", "7 b c", "1.5", "1e3"] {
        assert!(asked(two.clone(), wrong).is_err(), "{wrong}");
    }
    let number = json!([{ "name": "a", "type": "number", "min": 0, "default": 1.5 }]);
    assert_eq!(asked(number.clone(), "")?, [Cell::Number(1.5)]);
    for wrong in ["inf", "nan", "-1"] {
        assert!(asked(number.clone(), wrong).is_err(), "{wrong}");
    }
    let choice = json!([{ "name": "a", "type": "choice", "choices": { "골드": "G" } }]);
    assert_eq!(asked(choice.clone(), "골드")?, ["G".into()]);
    assert!(asked(choice, "G").is_err());
    Ok(())
}

#[test]
fn postgres_has_its_own_marks_and_a_count_is_made_by_the_database() -> Result<()> {
    let query = json!({ "database": "m", "sql": "SELECT x FROM t WHERE d >= :a::date OR e >= :a;", "params": [{ "name": "a", "type": "date" }] });
    let host = Host::new().config(json!({ "postgres": ["m"], "queries": { "q": query } }));
    host.sql_rows(Ok(Rows::of(["count"], [[42]])));
    let said = host.run::<data>("q 2026-11-01 count")?.map(|content| content.text);
    assert_eq!(said.as_deref(), Some("*q* (a=2026-11-01): 42"));
    let statement = host.statements().remove(0);
    assert_eq!(
        statement.text,
        "SELECT COUNT(*) FROM (\nSELECT x FROM t WHERE d >= $1::date OR e >= $1\n) AS counted"
    );
    assert_eq!(statement.params.len(), 1);
    Ok(())
}

#[test]
fn a_failure_is_told_without_what_is_none_of_ones_business() {
    for error in [
        HostError::Invalid("no such table: secrets".into()),
        HostError::Unavailable("10.0.0.7 refuses".into()),
        HostError::OverLimit("10 s".into()),
        HostError::AccessDenied("[plugin.data.grant]".into()),
    ] {
        let host = host(json!([]));
        host.sql_rows(Err(error.clone()));
        let told = host.run::<data>("q").unwrap_err().to_string();
        assert!(
            !told.contains("10") && !told.contains("secrets") && !told.contains("grant"),
            "{told}"
        );
        assert!(
            host.log().iter().any(|line| line.contains(&error.to_string())),
            "{:?}",
            host.log()
        );
        // It was asked, and not answered.
        let log = host.run::<data_log>("").unwrap().unwrap().text;
        assert!(log.contains("table -"), "{log}");
    }
}

#[test]
fn what_is_wrong_in_the_configuration_is_told() {
    let param = |param: Value| json!({ "database": "m", "sql": "SELECT :a", "params": [param] });
    for (query, told) in [
        (json!({ "database": "m" }), "missing field `sql`"),
        (json!({ "database": "m", "sql": "SELECT ?" }), "write `:name`"),
        (json!({ "database": "m", "sql": "SELECT 'x" }), "has no end"),
        (
            json!({ "database": "m", "sql": "SELECT 1", "answers": [] }),
            "`answers`",
        ),
        (json!({ "database": "m", "sql": "SELECT :b" }), "`sql` has `:b`"),
        (param(json!({ "name": "a", "type": "day" })), "unknown variant `day`"),
        (param(json!({ "name": "a", "type": "choice" })), "`choices`"),
        (
            param(json!({ "name": "a", "type": "date", "default": "soon" })),
            "default \"soon\"",
        ),
        (
            param(json!({ "name": "a", "type": "integer", "min": "little" })),
            "no limit",
        ),
        (param(json!({ "name": "a", "type": "period" })), "`sql` has `:a`"),
    ] {
        let host =
            Host::new().config(json!({ "queries": { "q": query, "good": { "database": "m", "sql": "SELECT 1" } } }));
        let said = host.run::<data>("").unwrap().unwrap().text.replace('\u{2060}', "");
        assert!(
            said.contains("`queries.q`: ") && said.contains(told) && said.contains("!data good"),
            "{told}: {said}"
        );
        assert!(
            host.log()[0].starts_with("error: [plugin.data.config] `queries.q`"),
            "{:?}",
            host.log()
        );
    }
    let twice = json!({ "a": { "database": "m", "sql": "SELECT 1", "names": ["B"] }, "b": { "database": "m", "sql": "SELECT 1" } });
    let said = Host::new()
        .config(json!({ "queries": twice }))
        .run::<data>("")
        .unwrap()
        .unwrap()
        .text;
    assert!(said.contains("is the name of another query"), "{said}");
}
