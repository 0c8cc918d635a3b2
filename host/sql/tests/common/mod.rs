//! What the tests of all databases say.

#![allow(dead_code, reason = "each test program takes what it needs")]

use moa_sql::{Connection, SqlError};

/// Statements that are the host's in every database.
const HOSTS: [&str; 10] = [
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "SELECT 1; SELECT 2",
    "SET a = 1",
    "USE other",
    "CALL p()",
    "CREATE TEMPORARY TABLE x (a int)",
    "EXECUTE IMMEDIATE 'SELECT 1'",
];

/// Neither as a query nor as an execution are these taken, nor those.
pub async fn refuses_what_is_the_hosts(connection: &Connection, more: &[&str]) {
    for text in HOSTS.iter().chain(more) {
        assert_invalid(connection, text).await;
        let told = connection.execute(text, vec![]).await.unwrap_err();
        assert!(
            matches!(told, SqlError::Invalid(_) | SqlError::ReadOnly(_)),
            "{text}: {told}"
        );
    }
}

/// This is no query.
pub async fn assert_invalid(connection: &Connection, text: &str) {
    match connection.query(text, vec![]).await {
        Err(SqlError::Invalid(_)) => {}
        other => panic!("{text}: {other:?}"),
    }
}
