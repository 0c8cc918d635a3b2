//! MariaDB and PostgreSQL, real ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects in the shortest way, also outside of its test functions"
)]

mod common;

use common::{assert_invalid, refuses_what_is_the_hosts};
use moa_sql::{Cell, Connection, Database, Limits, Settings, SqlError};
use moa_test_databases::{PASSWORD, mariadb_or_skip, postgres_or_skip};
use std::path::Path;
use std::time::{Duration, Instant};

fn open(url: &str, write: bool, limits: Limits) -> Connection {
    let database = Database::parse("members", url, Path::new("")).unwrap();
    Connection::open(
        "members",
        Settings {
            database,
            write,
            limits,
        },
    )
    .unwrap()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn time(text: &str) -> Cell {
    Cell::Time(text.into())
}

fn decimal(text: &str) -> Cell {
    Cell::Decimal(text.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb() {
    let Some(server) = mariadb_or_skip().unwrap() else {
        return;
    };
    let connection = open(&server.url(), true, Limits::default());
    connection
        .execute("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(100))", vec![])
        .await
        .unwrap();
    parameters(&connection, "?").await;
    mariadb_values(&connection).await;
    guards(&connection, &server.url()).await;
    // Texts mean what they are read as, whatever the server's own modes are.
    assert_eq!(
        connection.query("SELECT @@sql_mode", vec![]).await.unwrap().rows,
        [[text_of(
            "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
        )]]
    );
    temporary_tables_do_not_stay(&server.url()).await;
    // Variables of the session, files, and what is hidden in comments.
    for text in [
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT name INTO @a FROM t",
        "SELECT @a := 1",
        "SELECT /*!50000 1 */",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "SET STATEMENT max_statement_time = 0 FOR SELECT 1",
    ] {
        assert_invalid(&connection, text).await;
    }
    let running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)%' AND info NOT LIKE '%processlist%'";
    cancelled(
        &server.url(),
        "SELECT SLEEP(60)",
        "INSERT INTO t SELECT 100, SLEEP(60)",
        running,
    )
    .await;
    cut_off(
        &server.url(),
        "SELECT a.seq, b.seq FROM seq_1_to_100000 a, seq_1_to_100000 b",
    )
    .await;
    told(&server.url(), "mysql", 3306).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let Some(server) = postgres_or_skip().unwrap() else {
        return;
    };
    let connection = open(&server.url(), true, Limits::default());
    connection
        .execute("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(100))", vec![])
        .await
        .unwrap();
    parameters(&connection, "$").await;
    postgres_values(&connection).await;
    guards(&connection, &server.url()).await;
    for text in [
        "COPY t TO STDOUT",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "LISTEN a",
        "DO $$ BEGIN END $$",
        "DISCARD ALL",
    ] {
        assert_invalid(&connection, text).await;
    }
    sessions_do_not_leak(&server.url()).await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()";
    let insert = "INSERT INTO t SELECT 100, pg_sleep(60)::text";
    cancelled(&server.url(), "SELECT pg_sleep(60)", insert, running).await;
    cut_off(
        &server.url(),
        "SELECT a, b FROM generate_series(1, 100000) a, generate_series(1, 100000) b",
    )
    .await;
    // A plan that a change of its table has overtaken is made anew.
    assert_eq!(
        connection.query("SELECT * FROM t", vec![]).await.unwrap().columns.len(),
        2
    );
    connection
        .execute("ALTER TABLE t ADD COLUMN more INT", vec![])
        .await
        .unwrap();
    assert_eq!(
        connection.query("SELECT * FROM t", vec![]).await.unwrap().columns.len(),
        3
    );
    told(&server.url(), "postgres", 5432).await;
}

/// What is given as a parameter stays one.
async fn parameters(connection: &Connection, mark: &str) {
    let at = |number: u32| {
        if mark == "$" {
            format!("${number}")
        } else {
            mark.to_owned()
        }
    };
    let insert = format!("INSERT INTO t VALUES ({}, {})", at(1), at(2));
    let evil = [
        "'; DROP TABLE t; --",
        "\" OR 1=1 --",
        "\\'; DROP TABLE t; #",
        "$1",
        "?",
        "샐리 😀",
        "",
    ];
    for (id, name) in evil.iter().enumerate() {
        let params = vec![Cell::Integer(id as i64), text(name)];
        assert_eq!(connection.execute(&insert, params).await.unwrap(), 1);
    }
    let select = format!("SELECT id, name FROM t WHERE name = {}", at(1));
    for (id, name) in evil.iter().enumerate() {
        let found = connection.query(&select, vec![text(name)]).await.unwrap();
        assert_eq!(found.rows, [[Cell::Integer(id as i64), text(name)]]);
        assert_eq!(found.columns, ["id", "name"]);
    }
    let none = connection.query(&select, vec![text("x' OR '1'='1")]).await.unwrap();
    assert_eq!((none.columns.len(), none.rows.len()), (2, 0));
    let told = connection.query(&select, vec![]).await.unwrap_err();
    assert!(told.to_string().contains("has 1 parameter and was given 0"), "{told}");
    let told = connection
        .execute(&insert, vec![Cell::Integer(0), Cell::Null])
        .await
        .unwrap_err();
    assert!(matches!(told, SqlError::Conflict(_)), "{told}");
    let changed = connection
        .execute("UPDATE t SET name = 'x' WHERE id < 3", vec![])
        .await
        .unwrap();
    assert_eq!(changed, 3);
}

async fn mariadb_values(connection: &Connection) {
    connection
        .execute(
            "CREATE TABLE v (b BOOLEAN, i BIGINT, u BIGINT UNSIGNED, f DOUBLE, n DECIMAL(40,10), x TEXT CHARACTER SET utf8mb4, y BLOB, \
             d DATE, h TIME(3), dt DATETIME(6), ts TIMESTAMP(6) NULL, bits BIT(12), e ENUM('a','b'), yr YEAR, j JSON, small FLOAT)",
            vec![],
        )
        .await
        .unwrap();
    let insert = "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![
        Cell::Truth(true),
        Cell::Integer(i64::MIN),
        decimal("18446744073709551615"),
        Cell::Number(0.1),
        decimal("-123456789012345678901234567890.0123456789"),
        text("샐리 😀"),
        Cell::Bytes(vec![0, 255, 10]),
        time("2026-11-22"),
        time("09:30:00.5"),
        time("2026-11-22T09:30:00.123456"),
        time("2026-11-22T09:30:00+09:00"),
        Cell::Integer(0b1010_0000_0001),
        text("b"),
        Cell::Integer(2026),
        text("{\"a\": [1]}"),
        Cell::Number(0.5),
    ];
    assert_eq!(connection.execute(insert, values.clone()).await.unwrap(), 1);
    assert_eq!(connection.execute(insert, vec![Cell::Null; 16]).await.unwrap(), 1);
    let found = connection
        .query("SELECT * FROM v ORDER BY i IS NULL", vec![])
        .await
        .unwrap();
    let mut expected = values;
    expected[0] = Cell::Integer(1);
    expected[10] = time("2026-11-22T00:30:00Z");
    assert_eq!(found.rows, [expected, vec![Cell::Null; 16]]);
    // An exact number is compared exactly, an instant in its zone.
    for (select, param) in [
        (
            "SELECT COUNT(*) FROM v WHERE n = ?",
            decimal("-123456789012345678901234567890.0123456789"),
        ),
        ("SELECT COUNT(*) FROM v WHERE u = ?", decimal("18446744073709551615")),
        ("SELECT COUNT(*) FROM v WHERE ts = ?", time("2026-11-21T16:30:00-08:00")),
        ("SELECT COUNT(*) FROM v WHERE dt < ?", time("2026-11-22T09:30:01")),
    ] {
        assert_eq!(
            connection.query(select, vec![param]).await.unwrap().rows,
            [[Cell::Integer(1)]],
            "{select}"
        );
    }
    let none = connection
        .query(
            "SELECT COUNT(*) FROM v WHERE u = ?",
            vec![decimal("18446744073709551614")],
        )
        .await
        .unwrap();
    assert_eq!(none.rows, [[Cell::Integer(0)]]);
    let odd = "SELECT TIMEDIFF('2026-11-22 00:00:00', '2026-11-25 01:02:03'), CAST('x' AS CHAR), x'00', NULL, 1 = 1, 1.50, NOW() > 0";
    let odd = connection.query(odd, vec![]).await.unwrap();
    let expected = vec![
        time("-73:02:03"),
        text("x"),
        Cell::Bytes(vec![0]),
        Cell::Null,
        Cell::Integer(1),
        decimal("1.50"),
        Cell::Integer(1),
    ];
    assert_eq!(odd.rows, [expected]);
}

async fn postgres_values(connection: &Connection) {
    connection
        .execute("CREATE TYPE mood AS ENUM ('good', 'bad')", vec![])
        .await
        .unwrap();
    connection
        .execute("CREATE DOMAIN amount AS NUMERIC(40,10)", vec![])
        .await
        .unwrap();
    connection
        .execute(
            "CREATE TABLE v (b BOOL, s SMALLINT, i INT, l BIGINT, f REAL, g FLOAT8, n NUMERIC, x TEXT, y BYTEA, d DATE, h TIME, \
             dt TIMESTAMP, ts TIMESTAMPTZ, u UUID, j JSON, k JSONB, m mood, a amount, c CHAR(3))",
            vec![],
        )
        .await
        .unwrap();
    let insert = "INSERT INTO v VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)";
    let values = vec![
        Cell::Truth(false),
        Cell::Integer(-32768),
        Cell::Integer(7),
        Cell::Integer(i64::MAX),
        Cell::Number(0.5),
        Cell::Number(0.1),
        decimal("-123456789012345678901234567890.01234567890"),
        text("샐리 😀"),
        Cell::Bytes(vec![0, 255, 10]),
        time("1999-12-31"),
        time("09:30:00.5"),
        time("2026-11-22T09:30:00.123456"),
        time("2026-11-22T09:30:00+09:00"),
        text("6b29fc40-ca47-1067-b31d-00dd010662da"),
        text("{\"a\":  1}"),
        text("{\"a\": [1]}"),
        text("bad"),
        decimal("0.0000000001"),
        text("abc"),
    ];
    assert_eq!(connection.execute(insert, values.clone()).await.unwrap(), 1);
    assert_eq!(connection.execute(insert, vec![Cell::Null; 19]).await.unwrap(), 1);
    let found = connection.query("SELECT * FROM v ORDER BY i", vec![]).await.unwrap();
    let mut expected = values;
    expected[12] = time("2026-11-22T00:30:00Z");
    assert_eq!(found.rows, [expected, vec![Cell::Null; 19]]);
    // Exact numbers of all forms come back as they are written.
    for number in [
        "0",
        "1",
        "-1",
        "10000",
        "9999.9999",
        "0.0001",
        "-0.00010",
        "100000000",
        "12345678.87654321",
        "0.00",
        "5.50000",
    ] {
        let found = connection
            .query("SELECT $1::numeric, $1::numeric::text", vec![decimal(number)])
            .await
            .unwrap();
        assert_eq!(found.rows, [[decimal(number), text(number)]]);
    }
    let odd = "SELECT 'NaN'::numeric, 'infinity'::timestamptz, '24:00'::time, '10:00+09:30'::timetz, '1 year 2 days -3.5 seconds'::interval, \
               '10.0.0.1/8'::inet, ARRAY['a b', 'c', NULL, 'say \"x\"', ''], '{{1,2},{3,4}}'::int[], '{}'::int[], ARRAY[1.50], 'x'::name, \
               ROW(1)::text, pg_sleep(0), '2026-11-22 09:30+09'::timestamptz";
    let odd = connection.query(odd, vec![]).await.unwrap();
    let expected = vec![
        text("NaN"),
        time("infinity"),
        time("24:00:00"),
        time("10:00:00+09:30"),
        text("P1Y2DT-3.5S"),
        text("10.0.0.1/8"),
        text("{\"a b\",c,NULL,\"say \\\"x\\\"\",\"\"}"),
        text("{{1,2},{3,4}}"),
        text("{}"),
        text("{1.50}"),
        text("x"),
        text("(1)"),
        Cell::Null,
        time("2026-11-22T00:30:00Z"),
    ];
    assert_eq!(odd.rows, [expected]);
    // What the server takes a parameter for decides; what does not fit is told.
    let found = connection.query(
        "SELECT $1 || '!', $2::text::inet, 3 = ANY($3::text::int[])",
        vec![Cell::Integer(5), text("10.0.0.1"), text("{1,2,3}")],
    );
    assert_eq!(
        found.await.unwrap().rows,
        [[text("5!"), text("10.0.0.1"), Cell::Truth(true)]]
    );
    for (select, param, word) in [
        (
            "SELECT * FROM v WHERE i = $1",
            text("1"),
            "parameter $1: a text cannot be a INT4",
        ),
        (
            "SELECT * FROM v WHERE s = $1",
            Cell::Integer(40_000),
            "does not fit a INT2",
        ),
        (
            "SELECT * FROM v WHERE ts = $1",
            time("2026-11-22T09:30:00"),
            "is no instant",
        ),
        ("SELECT point(1, 2) AS p", Cell::Null, "`p::text`"),
    ] {
        let params = if select.contains('$') { vec![param] } else { vec![] };
        let told = connection.query(select, params).await.unwrap_err();
        assert!(
            matches!(&told, SqlError::Invalid(text) if text.contains(word)),
            "{told}"
        );
    }
}

/// Nothing is written without the right, whatever the text says: the session itself refuses it.
async fn guards(connection: &Connection, url: &str) {
    let reading = open(url, false, Limits::default());
    for connection in [connection, &reading] {
        for text in [
            "DROP TABLE t",
            "INSERT INTO t VALUES (99, 'x')",
            "CREATE TABLE made (a INT)",
            "ALTER TABLE t ADD COLUMN x INT",
            "TRUNCATE TABLE t",
            "DELETE FROM t",
        ] {
            // Twice: the first must not have opened a way.
            for _ in 0..2 {
                let told = connection.query(text, vec![]).await.unwrap_err();
                let said = told.to_string().to_lowercase();
                let by_session =
                    said.contains("the database refuses") && (said.contains("read only") || said.contains("read-only"));
                assert!(matches!(told, SqlError::Invalid(_)) && by_session, "{text}: {told}");
            }
        }
        refuses_what_is_the_hosts(
            connection,
            &["GRANT ALL ON t TO moa", "LOCK TABLE t", "PREPARE a AS SELECT 1"],
        )
        .await;
        let rows = connection.query("SELECT COUNT(*) FROM t", vec![]).await.unwrap();
        assert_eq!(rows.rows, [[Cell::Integer(7)]]);
    }
    let told = reading.execute("DROP TABLE t", vec![]).await.unwrap_err();
    assert_eq!(told, SqlError::ReadOnly("members".into()));
    // What fails leaves nothing.
    let half = "INSERT INTO t SELECT id + 200, 'half' FROM t WHERE id < 2 UNION ALL SELECT 0, 'twice'";
    assert!(matches!(
        connection.execute(half, vec![]).await,
        Err(SqlError::Conflict(_))
    ));
    let rows = connection.query("SELECT COUNT(*) FROM t", vec![]).await.unwrap();
    assert_eq!(rows.rows, [[Cell::Integer(7)]]);
    reading.close().await;
}

/// A trigger makes a table that only its session has; the next statement does not meet it.
async fn temporary_tables_do_not_stay(url: &str) {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let connection = open(url, true, limits);
    for text in [
        "CREATE TABLE made (a INT)",
        "CREATE TRIGGER makes BEFORE INSERT ON made FOR EACH ROW CREATE TEMPORARY TABLE only_here (a INT)",
        "INSERT INTO made VALUES (1)",
        "INSERT INTO made VALUES (2)",
    ] {
        connection.execute(text, vec![]).await.unwrap();
    }
    assert_invalid(&connection, "SELECT * FROM only_here").await;
    // A session that made none is used again.
    let session = "UPDATE made SET a = CONNECTION_ID()";
    let ids = "SELECT DISTINCT a FROM made";
    connection.execute(session, vec![]).await.unwrap();
    let before = connection.query(ids, vec![]).await.unwrap();
    connection.execute(session, vec![]).await.unwrap();
    assert_eq!(connection.query(ids, vec![]).await.unwrap(), before);
    for text in ["DROP TRIGGER makes", "DROP TABLE made"] {
        connection.execute(text, vec![]).await.unwrap();
    }
    connection.close().await;
}

/// What a statement sets in its session is gone with it.
async fn sessions_do_not_leak(url: &str) {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let connection = open(url, true, limits);
    let set = "SELECT set_config('search_path', 'elsewhere', false), set_config('transaction_read_only', 'off', false)";
    let told = connection.query(set, vec![]).await.unwrap_err();
    assert!(told.to_string().contains("transaction"), "{told}");
    for text in [
        "SELECT set_config('search_path', 'elsewhere', false)",
        "SELECT set_config('default_transaction_read_only', 'off', false)",
        "SELECT pg_advisory_lock(1)",
    ] {
        connection.query(text, vec![]).await.unwrap();
        connection.execute(text, vec![]).await.unwrap();
        let now = "SELECT current_setting('search_path'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')";
        assert_eq!(
            connection.query(now, vec![]).await.unwrap().rows,
            [[text_of("\"$user\", public"), Cell::Integer(0)]]
        );
        assert!(connection.query("DELETE FROM t", vec![]).await.is_err());
    }
    let session = "SELECT pg_backend_pid()";
    let before = connection.query(session, vec![]).await.unwrap();
    // Tables that only a session has, by the ways that no word tells.
    let temporary = "CREATE TABLE pg_temp.only_here (a INT)";
    for _ in 0..2 {
        connection.execute(temporary, vec![]).await.unwrap();
    }
    let left = "SELECT count(*) FROM pg_class WHERE relname = 'only_here'";
    assert_eq!(connection.query(left, vec![]).await.unwrap().rows, [[Cell::Integer(0)]]);
    assert_eq!(
        connection.query(session, vec![]).await.unwrap(),
        before,
        "a session for reading is cleaned, too, rather than closed"
    );
    connection.close().await;
}

fn text_of(value: &str) -> Cell {
    text(value)
}

/// A statement that runs for a minute is cancelled at its limit, or when its caller is gone: the server knows nothing of
/// it any more, and the only connection is usable again.
async fn cancelled(url: &str, sleep: &str, writing_sleep: &str, running: &str) {
    let limits = Limits {
        time: Duration::from_millis(500),
        connections: 1,
        ..Limits::default()
    };
    let connection = open(url, true, limits);
    let watcher = open(url, false, Limits::default());
    let count = async || watcher.query(running, vec![]).await.unwrap().rows[0][0].clone();
    for write in [false, true] {
        let statement = if write { writing_sleep } else { sleep };
        let begun = Instant::now();
        let run = async || match write {
            true => connection.execute(statement, vec![]).await.map(drop),
            false => connection.query(statement, vec![]).await.map(drop),
        };
        let (told, during) = tokio::join!(run(), async {
            tokio::time::sleep(Duration::from_millis(250)).await;
            count().await
        });
        assert_eq!(during, Cell::Integer(1), "{statement}");
        let told = told.unwrap_err();
        assert!(
            matches!(&told, SqlError::OverLimit(text) if text.contains("0.5 seconds")),
            "{told}"
        );
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(count().await, Cell::Integer(0), "{statement}");
        let rows = connection
            .query("SELECT COUNT(*) FROM t WHERE id >= 100", vec![])
            .await
            .unwrap();
        assert_eq!(rows.rows, [[Cell::Integer(0)]]);

        let given_up = tokio::time::timeout(Duration::from_millis(200), run()).await;
        assert!(given_up.is_err());
        let begun = Instant::now();
        while count().await != Cell::Integer(0) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{statement}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let rows = connection
        .query("SELECT COUNT(*) FROM t WHERE id >= 100", vec![])
        .await
        .unwrap();
    assert_eq!(rows.rows, [[Cell::Integer(0)]]);
    connection.close().await;
    watcher.close().await;
}

/// A result without end is cut off, and not read on.
async fn cut_off(url: &str, endless: &str) {
    let limits = Limits {
        rows: 50,
        connections: 1,
        ..Limits::default()
    };
    let connection = open(url, false, limits);
    for _ in 0..2 {
        let begun = Instant::now();
        let found = connection.query(endless, vec![]).await.unwrap();
        assert_eq!((found.rows.len(), found.truncated), (50, true));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    let found = connection.query("SELECT id FROM t", vec![]).await.unwrap();
    assert!(!found.truncated);
    connection.close().await;
}

/// Errors say what is wrong, and never the address or the password.
async fn told(url: &str, scheme: &str, usual_port: u16) {
    let limits = Limits {
        time: Duration::from_secs(2),
        ..Limits::default()
    };
    let wrong_password = url.replace("pass%2Fword", "hunter2hunter2");
    // Nobody listens there.
    let nobody = format!("{scheme}://moa:pass%2Fword%3A1@127.0.0.1:1/moa");
    for url in [wrong_password, nobody] {
        let told = open(&url, false, limits).query("SELECT 1", vec![]).await.unwrap_err();
        let text = told.to_string();
        assert!(
            matches!(told, SqlError::Unavailable(_)) && text.contains("`members`"),
            "{text}"
        );
        for secret in [
            PASSWORD,
            "pass%2Fword",
            "hunter2hunter2",
            "://",
            &usual_port.to_string(),
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    // Not even where the database would quote it.
    let connection = open(url, false, limits);
    let told = connection
        .query("SELECT * FROM \"pass/word:1\"", vec![])
        .await
        .unwrap_err();
    assert!(!told.to_string().contains(PASSWORD), "{told}");
}
