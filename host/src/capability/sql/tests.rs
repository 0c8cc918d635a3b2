use super::*;
use crate::capability::{Grants, Said, Says};
use crate::data::{Data, Unnamed};
use crate::testing::{Stage, message};
use moa_core::call::CapError;
use moa_core::config::Grant;
use moa_engine::Sql as _;
use moa_store::Store as _;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

const SCRIPT: &str = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";

async fn stage() -> Stage {
    let mut stage = Stage::of(message("U1", "1.0", "!x")).await;
    let scripts = BTreeMap::from([("members".to_owned(), SCRIPT.to_owned())]);
    stage.data = Arc::new(Data::scripted(&scripts, Unnamed::Nothing).await.unwrap());
    stage.requests.sql = vec!["members".into()];
    stage.grants = Grants::Everything;
    stage
}

async fn count(stage: &Stage) -> i64 {
    let connection = stage.data.connection("members").unwrap();
    let rows = connection.query("SELECT count(*) FROM t", vec![]).await.unwrap();
    match rows.rows[0][0] {
        moa_sql::Cell::Integer(count) => count,
        ref other => panic!("{other:?}"),
    }
}

fn insert() -> (String, String, Vec<Cell>) {
    (
        "members".into(),
        "INSERT INTO t VALUES (?)".into(),
        vec![Cell::Integer(2)],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_used_by_whom_it_is_granted_to() {
    let mut stage = stage().await;
    stage.grants = Grants::Configured(Says::default());
    let sql = Sql(stage.scene(false).await);
    let query = |sql: &Sql| {
        let scene = Arc::clone(&sql.0);
        async move {
            Sql(scene)
                .query("members".into(), "SELECT a FROM t".into(), vec![])
                .await
        }
    };
    let told = query(&sql).await.unwrap_err().to_string();
    assert!(
        told.contains("`sql = [\"members\"]` below [plugin.memo.grant]"),
        "{told}"
    );
    let (connection, text, params) = insert();
    assert!(matches!(
        sql.execute(connection, text, params).await,
        Err(CapError::AccessDenied(_))
    ));
    let told = sql
        .query("other".into(), "SELECT 1".into(), vec![])
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("\"sql\": [\"other\"]"), "{told}");

    stage.grants = Grants::Configured(Says {
        by_plugin: BTreeMap::from([(
            "memo".to_owned(),
            Said {
                grant: Grant::of_line("sql = ['members']").unwrap(),
                deny: Grant::default(),
            },
        )])
        .into(),
        ..Says::default()
    });
    let found = query(&Sql(stage.scene(false).await)).await.unwrap();
    assert_eq!(
        (found.columns, found.rows),
        (vec!["a".to_owned()], vec![vec![Cell::Integer(1)]])
    );
    let drop_it = Sql(stage.scene(false).await)
        .query("members".into(), "DROP TABLE t".into(), vec![])
        .await;
    assert!(matches!(drop_it, Err(CapError::Invalid(_))), "{drop_it:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_written_at_most_once_and_what_was_read_is_given_again() {
    let stage = stage().await;
    let query = async |sql: &Sql| {
        sql.query("members".into(), "SELECT count(*) FROM t".into(), vec![])
            .await
            .unwrap()
    };
    let first = Sql(stage.scene(false).await);
    let before = query(&first).await;
    let (connection, text, params) = insert();
    assert_eq!(first.execute(connection, text, params).await, Ok(1));
    assert_eq!(count(&stage).await, 2);

    // The host ended behind it, and the call runs again.
    let again = Sql(stage.scene(true).await);
    assert_eq!(query(&again).await, before, "as it was then");
    let (connection, text, params) = insert();
    assert_eq!(again.execute(connection, text, params).await, Ok(1));
    assert_eq!(count(&stage).await, 2, "it is not written again");
    // What comes after is new.
    assert_eq!(query(&again).await.rows, [[Cell::Integer(2)]]);

    // Another value is another statement.
    let other = Sql(stage.scene(true).await);
    query(&other).await;
    let differs = other
        .execute("members".into(), insert().1, vec![Cell::Text("2".into())])
        .await;
    assert_eq!(differs, Err(CapError::Stopped));
    assert_eq!(count(&stage).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_and_is_not_known_to_be_done_is_uncertain() {
    let stage = stage().await;
    let first = Sql(stage.scene(false).await);
    let (connection, text, params) = insert();
    assert_eq!(first.execute(connection, text, params).await, Ok(1));
    // Of all that was recorded only that it begins reached the disk.
    let seq = stage.ticket.seq().await.unwrap();
    let recorded = stage.store.effects(seq, "call").await.unwrap();
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    let begun = recorded.into_iter().take(1).collect();
    let past = crate::recall::Past::read(begun).unwrap().unwrap();
    let mut scene = Arc::into_inner(stage.scene(false).await).unwrap();
    scene.recall = crate::recall::Recall::again(past, std::time::SystemTime::now());
    let again = Sql(Arc::new(scene));
    let (connection, text, params) = insert();
    let told = again.execute(connection, text, params).await;
    assert!(matches!(told, Err(CapError::Uncertain(_))), "{told:?}");
    assert_eq!(count(&stage).await, 2, "it is not written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_that_cannot_be_recorded_before() {
    let stage = stage().await;
    stage.store.full.store(true, Ordering::SeqCst);
    let sql = Sql(stage.scene(false).await);
    let (connection, text, params) = insert();
    let told = sql.execute(connection, text, params).await;
    assert!(matches!(told, Err(CapError::Unavailable(_))), "{told:?}");
    assert_eq!(count(&stage).await, 1);
}
