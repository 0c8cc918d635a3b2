//! Databases: a plugin asks them through a bot that runs.

use super::support::bot::Plan;
use super::support::guests::archive;
use super::support::sim::{Line, Workspace};
use moa_sql::{Connection, Database, Limits, Settings};
use moa_test_databases::{PASSWORD, mariadb_or_skip};
use std::path::Path;
use std::time::{Duration, Instant};

const GRANT: &str = "[plugin.archive.grant]\nsql = [\"members\"]\n";

async fn say(workspace: &Workspace, line: &str) -> String {
    workspace.ask(&Line::new(line)).await.text
}

/// A database with two people, made beside the bot.
async fn made(url: &str) -> Connection {
    let settings = Settings {
        database: Database::parse("made", url, Path::new("")).unwrap(),
        write: true,
        limits: Limits::default(),
    };
    let connection = Connection::open("made", settings).unwrap();
    for text in [
        "CREATE TABLE people (name VARCHAR(50), age INT)",
        "INSERT INTO people VALUES ('sally', 31), ('ben', 40)",
    ] {
        connection.execute(text, vec![]).await.unwrap();
    }
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_reads_what_it_is_granted_and_writes_where_the_operator_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("members.db").display());
    made(&url).await.close().await;
    let workspace = Workspace::start().await;
    let section = format!("[sql.members]\nurl = \"{url}\"\nrows = 1\n");
    let plan = Plan::new(&workspace).plugin(archive()).config(&section);
    let mut bot = plan.start().await;
    let told = say(&workspace, "!who sally").await;
    assert!(
        told.contains("AccessDenied") && told.contains("[plugin.archive.grant]"),
        "{told}"
    );
    bot.stop().await;

    let plan = Plan::new(&workspace)
        .plugin(archive())
        .config(&format!("{section}{GRANT}"));
    let mut bot = plan.start().await;
    let found = say(&workspace, "!who sally").await;
    assert!(
        found.contains("sally") && found.contains("Integer(31)") && found.ends_with("false"),
        "{found}"
    );
    let injected = say(&workspace, "!who x' OR '1'='1").await;
    assert!(injected.contains("[] false"), "{injected}");
    let cut = say(&workspace, "!query SELECT name FROM people ORDER BY name").await;
    assert!(
        cut.contains("ben") && !cut.contains("sally") && cut.ends_with("true"),
        "{cut}"
    );
    let told = say(&workspace, "!query DROP TABLE people").await;
    assert!(told.contains("Invalid") && told.contains("readonly"), "{told}");
    let told = say(&workspace, "!execute DROP TABLE people").await;
    assert!(told.contains("AccessDenied") && told.contains("write = true"), "{told}");
    bot.stop().await;

    let write = format!("{section}write = true\n{GRANT}");
    let mut bot = Plan::new(&workspace).plugin(archive()).config(&write).start().await;
    assert_eq!(
        say(&workspace, "!execute UPDATE people SET age = 32 WHERE name = 'sally'").await,
        "1 rows"
    );
    let found = say(&workspace, "!who sally").await;
    assert!(found.contains("Integer(32)"), "{found}");
    bot.stop().await;
    workspace.acknowledged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_never_ends_is_cancelled_at_the_server_and_nothing_is_told_of_the_address() {
    let Some(server) = mariadb_or_skip().unwrap() else {
        return;
    };
    let watcher = made(&server.url()).await;
    let workspace = Workspace::start().await;
    let section = format!("[sql.members]\nurl = {{ env = \"MEMBERS\" }}\nseconds = 1\nconnections = 1\n{GRANT}");
    let plan = Plan::new(&workspace)
        .plugin(archive())
        .config(&section)
        .env("MEMBERS", &server.url());
    let mut bot = plan.start().await;
    let told = say(&workspace, "!query SELECT SLEEP(60)").await;
    assert!(told.contains("OverLimit") && !told.contains(PASSWORD), "{told}");
    let running = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'";
    let begun = Instant::now();
    loop {
        let rows = watcher.query(running, vec![]).await.unwrap().rows;
        if rows == [[moa_sql::Cell::Integer(0)]] {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{rows:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = say(&workspace, "!query DROP TABLE people").await;
    assert!(told.contains("READ ONLY"), "{told}");
    let found = say(&workspace, "!who ben").await;
    assert!(found.contains("Integer(40)"), "{found}");
    bot.stop().await;
    watcher.close().await;
    workspace.acknowledged().await;
}
