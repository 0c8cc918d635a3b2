use super::Dialect::{MySql, Postgres, Sqlite};
use super::Purpose::{Execute, Query};
use super::*;

const ALL: [Dialect; 3] = [Sqlite, Postgres, MySql];

fn refused(dialect: Dialect, purpose: Purpose, text: &str) -> String {
    match check(dialect, purpose, text) {
        Err(why) => why,
        Ok(()) => panic!("{dialect:?} takes {text:?} as a {purpose:?}"),
    }
}

#[test]
fn one_statement_that_reads_is_a_query() {
    for text in [
        "SELECT 1",
        "select 1;",
        " ( (select a from t) union select 2 ) ; ; -- all\n",
        "WITH a AS (SELECT ';' AS x) SELECT * FROM a",
        "/* which; */ SELECT \"a;b\" FROM t -- more; here",
        "VALUES (1), (2)",
        "EXPLAIN SELECT 1",
        "SELECT 'it''s; fine' FROM commit",
        "SELECT 이름 FROM 사람 WHERE 이름 = ?",
    ] {
        for dialect in ALL {
            assert_eq!(check(dialect, Query, text), Ok(()), "{dialect:?} {text}");
            assert_eq!(check(dialect, Execute, text), Ok(()), "{dialect:?} {text}");
        }
    }
}

#[test]
fn what_writes_is_left_to_the_session_or_refused_as_a_query() {
    for text in [
        "DROP TABLE t",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE t (a int)",
        "delete from t",
        "TRUNCATE TABLE t",
    ] {
        for dialect in ALL {
            assert_eq!(check(dialect, Query, text), Ok(()), "{text}");
            assert_eq!(check(dialect, Execute, text), Ok(()), "{text}");
        }
    }
    for text in [
        "CREATE USER x",
        "DROP DATABASE d",
        "ANALYZE TABLE t",
        "CREATE INDEX i ON t (a)",
        "REINDEX t",
    ] {
        for dialect in ALL {
            assert!(refused(dialect, Query, text).contains("use `execute`"), "{text}");
            assert_eq!(check(dialect, Execute, text), Ok(()), "{text}");
        }
    }
}

#[test]
fn transactions_sessions_and_files_are_the_hosts() {
    for text in [
        "BEGIN",
        "START TRANSACTION",
        "COMMIT",
        "commit work",
        "END",
        "ROLLBACK",
        "ABORT",
        "SAVEPOINT a",
        "RELEASE a",
        "SET a = 1",
        "SET STATEMENT max_statement_time=0 FOR SELECT 1",
        "RESET ALL",
        "USE other",
        "PREPARE a AS SELECT 1",
        "EXECUTE a",
        "EXECUTE IMMEDIATE 'DROP TABLE t'",
        "DEALLOCATE a",
        "LOCK TABLES t WRITE",
        "UNLOCK TABLES",
        "COPY t TO PROGRAM 'sh'",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "CALL p()",
        "DO $$ begin end $$",
        "HANDLER t OPEN",
        "ATTACH 'x' AS y",
        "DETACH y",
        "PRAGMA query_only = 0",
        "VACUUM INTO 'x'",
        "DISCARD ALL",
        "LISTEN a",
        "NOTIFY a",
        "DECLARE c CURSOR FOR SELECT 1",
        "FETCH c",
        "KILL 1",
        "FLUSH TABLES",
        "XA START 'a'",
        "INSTALL SONAME 'x'",
        "GRANT ALL ON t TO x",
        "-- SELECT\nCOMMIT",
        "/* SELECT */ COMMIT",
        "(COMMIT)",
        "BEGIN NOT ATOMIC SELECT 1 END",
        "IF 1 THEN SELECT 1 END IF",
        "\u{feff}COMMIT",
        "1",
        "'SELECT'",
        "\"SELECT\" 1",
        "",
        " ;",
        "-- nothing",
        "SHUTDOWN",
    ] {
        for dialect in ALL {
            refused(dialect, Query, text);
            refused(dialect, Execute, text);
        }
    }
    for text in [
        "CREATE TEMPORARY TABLE t (a int)",
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        "create local temp table t (a int)",
    ] {
        assert!(
            ALL.iter()
                .all(|dialect| refused(*dialect, Execute, text).contains("temporary"))
        );
    }
}

#[test]
fn a_second_statement_does_not_hide() {
    for text in [
        "SELECT 1; DROP TABLE t",
        "SELECT 1;;SELECT 2",
        "SELECT 1 /* ; */ ; COMMIT",
        "SELECT ''; COMMIT; -- '",
        "SELECT 1 -- a\n; COMMIT",
    ] {
        for dialect in ALL {
            assert!(
                refused(dialect, Execute, text).contains("more than one"),
                "{dialect:?} {text}"
            );
        }
    }
    // What is a string or comment to one database is none to another.
    for (dialect, text) in [
        (Sqlite, r"SELECT '\'; COMMIT --'"),
        (Postgres, r"SELECT '\'; COMMIT --'"),
        (MySql, r#"SELECT "'"; COMMIT -- '"#),
        (Postgres, "SELECT $a$ $b$ ; $a$; COMMIT"),
        (Postgres, "SELECT a$b$; COMMIT"),
        (Postgres, r"SELECT E'\''; COMMIT --'"),
        (Postgres, "SELECT /* /* */ ; */ 1; COMMIT"),
        (MySql, "SELECT 1--1; COMMIT"),
        (Sqlite, "SELECT 1 # ; \n; COMMIT"),
        (MySql, "SELECT `a\\`; COMMIT -- `"),
        (Sqlite, "SELECT [a\"]; COMMIT --\"]"),
        (MySql, "SELECT /* /* */ 1; COMMIT"),
    ] {
        assert!(
            refused(dialect, Query, text).contains("more than one"),
            "{dialect:?} {text}"
        );
    }
    for (dialect, text) in [
        (MySql, r"SELECT 'a\'; COMMIT --'"),
        (Postgres, r"SELECT E'a\'; COMMIT --'"),
        (Postgres, "SELECT $x$ ; $y$ ; $x$"),
        (Postgres, "SELECT $$;$$, $1, $2"),
        (MySql, "SELECT 1 # ; \n"),
        (MySql, "SELECT \"a\\\"; b\""),
        (Sqlite, "SELECT [a;b], `c;d`, ?1"),
    ] {
        assert_eq!(check(dialect, Query, text), Ok(()), "{dialect:?} {text}");
    }
}

#[test]
fn comments_and_blanks_end_where_the_database_ends_them() {
    // A carriage return ends a line in PostgreSQL alone.
    let hidden = "--\rCOMMIT /*\nSELECT 1 */";
    assert!(refused(Postgres, Execute, hidden).contains("`COMMIT`"));
    assert!(refused(Sqlite, Execute, "--\nCOMMIT /*\nSELECT 1 */").contains("`COMMIT`"));
    assert_eq!(check(Sqlite, Query, "--\rCOMMIT /*\nSELECT 1"), Ok(()));
    assert_eq!(check(Postgres, Query, "-- one\rSELECT 1 -- two\r\n"), Ok(()));
    // Two dashes before what is not ASCII are no comment in MySQL.
    for c in ['\u{85}', '\u{a0}', '\u{2003}'] {
        assert!(refused(MySql, Query, &format!("SELECT 1--{c}; COMMIT")).contains("more than one"));
        for dialect in ALL {
            // Nor is that a blank anywhere.
            refused(dialect, Query, &format!("{c}SELECT 1"));
        }
    }
    for c in ['\t', '\x01', '\x7f', '\x0b'] {
        assert_eq!(check(MySql, Query, &format!("SELECT 1 --{c}; COMMIT")), Ok(()));
    }
}

#[test]
fn what_has_no_end_is_no_statement() {
    for text in ["SELECT 'a", "SELECT \"a", "SELECT /* a", "SELECT 1\0"] {
        for dialect in ALL {
            refused(dialect, Query, text);
        }
    }
    refused(Postgres, Query, "SELECT $a$ b $A$");
    refused(MySql, Query, r"SELECT 'a\'");
    refused(Sqlite, Query, "SELECT [a");
    refused(Sqlite, Query, &format!("SELECT {}", " ".repeat(LONGEST)));
}

#[test]
fn nothing_is_written_beside_the_tables() {
    for text in [
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT a FROM t into /* where */ dumpfile '/tmp/x'",
        "SELECT 1 INTO @a",
        "SELECT @a := 1",
        "SELECT /*! 1 INTO OUTFILE '/tmp/x' */",
        "SELECT /*M! 1 */ 1",
        "SELECT 1 /*!50000 ; COMMIT */",
    ] {
        refused(MySql, Query, text);
        refused(MySql, Execute, text);
    }
    for text in ["SELECT $1", "SELECT :name", "SELECT @name"] {
        assert!(refused(Sqlite, Query, text).contains("`?`"), "{text}");
    }
    assert_eq!(check(Postgres, Query, "SELECT a::text, $1::int FROM t"), Ok(()));
}
