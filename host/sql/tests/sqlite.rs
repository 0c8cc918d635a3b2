//! SQLite, in files and in memory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod common;

use common::{assert_invalid, refuses_what_is_the_hosts};
use moa_sql::{Cell, Connection, Database, Limits, Settings, SqlError};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn settings(folder: &Path, write: bool) -> Settings {
    Settings {
        database: Database::parse("members", "sqlite:members.db", folder).unwrap(),
        write,
        limits: Limits::default(),
    }
}

fn memory(limits: Limits) -> Connection {
    let settings = Settings {
        database: Database::Memory,
        write: true,
        limits,
    };
    Connection::open("members", settings).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_go_in_and_come_out() {
    let folder = TempDir::new().unwrap();
    let in_file = Connection::open("members", settings(folder.path(), true)).unwrap();
    for connection in [in_file, memory(Limits::default())] {
        assert_eq!(
            connection.query("SELECT 1 AS one", vec![]).await.unwrap().rows,
            [[Cell::Integer(1)]]
        );
        let made = "CREATE TABLE t (n NUMERIC, i INTEGER, x TEXT, b BLOB, r REAL)";
        assert_eq!(connection.execute(made, vec![]).await.unwrap(), 0);
        let values = vec![
            Cell::Decimal("1.50".into()),
            Cell::Integer(i64::MIN),
            Cell::Text("'; DROP TABLE t; --".into()),
            Cell::Bytes(vec![0, 255]),
            Cell::Number(0.1),
        ];
        let insert = "INSERT INTO t VALUES (?, ?, ?, ?, ?)";
        assert_eq!(connection.execute(insert, values).await.unwrap(), 1);
        let values = vec![
            Cell::Null,
            Cell::Truth(true),
            Cell::Time("2026-11-22T09:30:00+09:00".into()),
            Cell::Null,
            Cell::Integer(2),
        ];
        assert_eq!(connection.execute(insert, values).await.unwrap(), 1);
        let rows = connection
            .query(
                "SELECT *, x AS x FROM t WHERE ?1 = ?1 ORDER BY rowid",
                vec![Cell::Integer(1)],
            )
            .await
            .unwrap();
        assert_eq!(rows.columns, ["n", "i", "x", "b", "r", "x"]);
        let evil = Cell::Text("'; DROP TABLE t; --".into());
        let first = vec![
            Cell::Number(1.5),
            Cell::Integer(i64::MIN),
            evil.clone(),
            Cell::Bytes(vec![0, 255]),
            Cell::Number(0.1),
            evil,
        ];
        let time = Cell::Text("2026-11-22T09:30:00+09:00".into());
        let second = vec![
            Cell::Null,
            Cell::Integer(1),
            time.clone(),
            Cell::Null,
            Cell::Number(2.0),
            time,
        ];
        assert_eq!(rows.rows, [first, second]);
        assert!(!rows.truncated);
        assert_eq!(connection.execute("UPDATE t SET i = 0", vec![]).await.unwrap(), 2);
        let returned = connection.execute("DELETE FROM t RETURNING i", vec![]).await.unwrap();
        assert_eq!(returned, 2);
        let none = connection.query("SELECT x, i FROM t", vec![]).await.unwrap();
        assert_eq!((none.columns.len(), none.rows.len()), (2, 0));
        connection.close().await;
        assert!(matches!(
            connection.query("SELECT 1", vec![]).await,
            Err(SqlError::Unavailable(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_itself_refuses_to_write() {
    let folder = TempDir::new().unwrap();
    let writing = Connection::open("members", settings(folder.path(), true)).unwrap();
    writing.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
    let reading = Connection::open("members", settings(folder.path(), false)).unwrap();
    let memory = memory(Limits::default());
    memory.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
    for connection in [&writing, &reading, &memory] {
        for text in [
            "DROP TABLE t",
            "INSERT INTO t VALUES (1)",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        ] {
            let told = connection.query(text, vec![]).await.unwrap_err();
            assert!(
                matches!(&told, SqlError::Invalid(text) if text.contains("readonly")),
                "{told}"
            );
        }
        refuses_what_is_the_hosts(
            connection,
            &["ATTACH DATABASE 'x' AS y", "PRAGMA query_only = 0", "VACUUM INTO 'x'"],
        )
        .await;
        assert_eq!(
            connection.query("SELECT count(*) FROM t", vec![]).await.unwrap().rows,
            [[Cell::Integer(0)]]
        );
    }
    let told = reading.execute("DROP TABLE t", vec![]).await.unwrap_err();
    assert!(matches!(told, SqlError::ReadOnly(_)) && told.to_string().contains("`write = true` below [sql.members]"));
    // A trigger's or a function's own ways are closed too.
    assert_invalid(&writing, "SELECT load_extension('x')").await;
    assert_invalid(&writing, "SELECT writefile('x', 'y')").await;
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no other file was made"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_cancelled_and_the_connection_goes_on() {
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        time: Duration::from_millis(300),
        connections: 1,
        ..Limits::default()
    };
    let settings = Settings {
        limits,
        ..settings(folder.path(), true)
    };
    for connection in [Connection::open("members", settings).unwrap(), memory(limits)] {
        connection.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
        let begun = Instant::now();
        let told = connection.query(ENDLESS, vec![]).await.unwrap_err();
        assert!(
            matches!(&told, SqlError::OverLimit(text) if text.contains("0.3 seconds")),
            "{told}"
        );
        let insert = format!("INSERT INTO t {ENDLESS}");
        let told = connection.execute(&insert, vec![]).await.unwrap_err();
        assert!(matches!(told, SqlError::OverLimit(_)), "{told}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        // Given up by its caller: the only connection is free again at once.
        let given_up = tokio::time::timeout(Duration::from_millis(50), connection.query(ENDLESS, vec![])).await;
        assert!(given_up.is_err());
        let rows = connection.query("SELECT count(*) FROM t", vec![]).await.unwrap();
        assert_eq!(rows.rows, [[Cell::Integer(0)]]);
        connection.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limits_is_cut_off() {
    const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, ? FROM n";
    let limits = Limits {
        rows: 10,
        bytes: 4000,
        ..Limits::default()
    };
    let connection = memory(limits);
    for (text, rows) in [("x", 10), (&"x".repeat(1000), 3), (&"x".repeat(5000), 0)] {
        let found = connection.query(MANY, vec![Cell::Text(text.into())]).await.unwrap();
        assert_eq!((found.rows.len(), found.truncated), (rows, true));
    }
    assert_eq!(
        connection.query("SELECT 1", vec![]).await.unwrap().rows,
        [[Cell::Integer(1)]]
    );
    let told = connection
        .query("SELECT zeroblob(100000000)", vec![])
        .await
        .unwrap_err();
    assert!(matches!(told, SqlError::Invalid(_)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told() {
    let folder = TempDir::new().unwrap();
    let told = Connection::open("members", settings(folder.path(), false))
        .unwrap_err()
        .to_string();
    assert!(told.starts_with("sql.members.url: there is no database "), "{told}");

    let connection = memory(Limits::default());
    for (text, params, word) in [
        ("SELECT ?", vec![], "has 1 parameter and was given 0"),
        ("SELECT ?, ?", vec![Cell::Null; 3], "has 2 parameters and was given 3"),
        (
            "SELECT ?",
            vec![Cell::Decimal("1e5".into())],
            "parameter 1: `1e5` is no decimal",
        ),
        (
            "SELECT ?",
            vec![Cell::Time("soon".into())],
            "parameter 1: `soon` is no time",
        ),
        ("SELECT ?", vec![Cell::Number(f64::NAN)], "parameter 1"),
        ("SELECT $1", vec![Cell::Null], "written `?`"),
        ("SELECT nowhere", vec![], "no such column"),
        ("SELEC 1", vec![], "SELEC"),
    ] {
        let told = connection.query(text, params).await.unwrap_err();
        assert!(
            matches!(&told, SqlError::Invalid(text) if text.contains(word)),
            "{text}: {told}"
        );
    }
    connection.execute("CREATE TABLE u (a UNIQUE)", vec![]).await.unwrap();
    connection.execute("INSERT INTO u VALUES (1)", vec![]).await.unwrap();
    let told = connection
        .execute("INSERT INTO u VALUES (1)", vec![])
        .await
        .unwrap_err();
    assert!(matches!(told, SqlError::Conflict(_)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_a_session() {
    let folder = TempDir::new().unwrap();
    let in_file = Connection::open("members", settings(folder.path(), true)).unwrap();
    for connection in [in_file, memory(Limits::default())] {
        connection.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
        for text in [
            "CREATE TABLE temp.a (a)",
            "CREATE TABLE \"temp\".a AS SELECT 1",
            "CREATE VIEW [TEMP].a AS SELECT 1",
        ] {
            assert_invalid(&connection, text).await;
        }
        let left = connection.query("SELECT * FROM sqlite_temp_schema", vec![]).await;
        assert!(left.unwrap().rows.is_empty());
        connection.execute("ANALYZE", vec![]).await.unwrap();
        connection.execute("CREATE INDEX i ON t (a)", vec![]).await.unwrap();
        connection.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_is_measured_before_it_is_taken_apart() {
    let connection = memory(Limits::default());
    let half = "SELECT zeroblob(600000)";
    let found = connection.query(half, vec![]).await.unwrap();
    assert_eq!((found.rows.len(), found.truncated), (1, false));
    let found = connection
        .query("SELECT zeroblob(600000), zeroblob(600000)", vec![])
        .await
        .unwrap();
    assert_eq!((found.rows.len(), found.truncated), (0, true));
    for text in [
        "SELECT zeroblob(1100000)".to_owned(),
        format!("SELECT 1{}", ", 1".repeat(200)),
        format!("SELECT 'a' LIKE '{}'", "%a".repeat(200)),
    ] {
        let told = connection.query(&text, vec![]).await.unwrap_err();
        assert!(matches!(told, SqlError::Invalid(_)), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_locks_is_a_conflict_and_not_a_fault() {
    let folder = TempDir::new().unwrap();
    let opened = |milliseconds| {
        let settings = Settings {
            limits: Limits {
                time: Duration::from_millis(milliseconds),
                ..Limits::default()
            },
            ..settings(folder.path(), true)
        };
        Connection::open("members", settings).unwrap()
    };
    let (one, other) = (opened(3000), opened(1000));
    one.execute("CREATE TABLE t (a)", vec![]).await.unwrap();
    const LONG: &str =
        "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let holds = tokio::spawn(async move { one.execute(LONG, vec![]).await });
    // It may not have begun yet.
    let mut told = None;
    while told.is_none() && !holds.is_finished() {
        told = other.execute("INSERT INTO t VALUES (1)", vec![]).await.err();
    }
    let told = told.unwrap();
    assert!(
        matches!(&told, SqlError::Conflict(text) if text.contains("locked")),
        "{told}"
    );
    assert!(matches!(holds.await.unwrap(), Err(SqlError::OverLimit(_))));
}
