//! The demo's database: a shop's members, and how far its replica is behind.

use moa_sql::{Connection, Database, Limits, Settings, SqlError};
use std::path::Path;

/// The file's name in the data directory.
const FILE: &str = "demo.sqlite";
const NAMES: [&str; 12] = [
    "김로지",
    "이샐리",
    "박앨리",
    "최빈센트",
    "정벤",
    "강하나",
    "조두리",
    "윤세나",
    "장보고",
    "임꺽정",
    "한석봉",
    "오달수",
];
const GRADES: [&str; 3] = ["일반", "실버", "골드"];
const REGIONS: [&str; 4] = ["서울", "부산", "제주", "광주"];
/// How many members there are, the newest of today.
const MEMBERS: usize = 120;

/// Makes it, if it is not there.
///
/// # Errors
/// It cannot be written.
pub(super) async fn make(data_dir: &Path) -> Result<(), SqlError> {
    let path = data_dir.join(FILE);
    if path.exists() {
        return Ok(());
    }
    let settings = Settings {
        database: Database::Sqlite(path),
        write: true,
        limits: Limits::default(),
    };
    let connection = Connection::open("demo", settings)?;
    for statement in [
        "CREATE TABLE MEMBER_INFO (MEMBER_NO INTEGER PRIMARY KEY, MEMBER_NAME TEXT NOT NULL, MEMBER_REGIST_DATE TEXT NOT NULL, GRADE TEXT NOT NULL, REGION TEXT NOT NULL)",
        "CREATE TABLE replication (lag_seconds INTEGER NOT NULL)",
        "INSERT INTO replication VALUES (2)",
        &members(),
    ] {
        connection.execute(statement, Vec::new()).await?;
    }
    connection.close().await;
    Ok(())
}

/// Two for each day of two months.
fn members() -> String {
    let pick = |from: &[&'static str], number: usize| from.iter().cycle().nth(number).copied().unwrap_or_default();
    let row = |number: usize| {
        let days = (MEMBERS - number) / 2;
        let name = pick(&NAMES, number * 7);
        let (grade, region) = (pick(&GRADES, number * number), pick(&REGIONS, number * 5 + number / 4));
        format!("({number}, '{name}', date('now', '-{days} days'), '{grade}', '{region}')")
    };
    let rows: Vec<String> = (1..=MEMBERS).map(row).collect();
    format!("INSERT INTO MEMBER_INFO VALUES {}", rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use moa_sql::Cell;

    #[tokio::test]
    async fn members_joined_over_two_months() {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path()).await.unwrap();
        make(dir.path()).await.unwrap();
        let settings = Settings {
            database: Database::Sqlite(dir.path().join(FILE)),
            write: false,
            limits: Limits::default(),
        };
        let text = "SELECT count(*), count(DISTINCT REGION), max(MEMBER_REGIST_DATE) = date('now') FROM MEMBER_INFO";
        let found = Connection::open("demo", settings)
            .unwrap()
            .query(text, Vec::new())
            .await
            .unwrap();
        assert_eq!(found.rows, [[Cell::Integer(120), Cell::Integer(4), Cell::Integer(1)]]);
    }
}
